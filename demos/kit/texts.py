"""What the tabs of text share: their models, the visitor's own words, and words coloured by a number.

    with texts.use(checkpoint) as writer:              # its model and its tokenizer, from the pool
        ids = writer.ids(prompt)                       # never empty: an empty prompt begins a text
        for step in write(writer.model, ids, seed, 1, 80): ...
    page = texts.ink([Ink("hola", 0.3, title="12 %")])  # HTML: everything a visitor typed is escaped

`Ink` is one piece of text: `share`, from 0 to 1, is how strong its ground is; `title` what it says under the
pointer; `kind` a class of the style sheet. `spelled` cuts a sentence where its tokens end, and shows what is
only a part of a character as a dot.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demos.kit import inputs, run
from demos.kit.inputs import Words, refuse
from demos.kit.lang import both, t
from genmodels.text import checkpoints

if TYPE_CHECKING:
    from demos.kit.tab import Tab
    from genmodels.hub import Checkpoint
    from genmodels.text.language import LanguageModel
    from genmodels.text.tokens import Tokenizer

SCRIPT = Path(__file__).parent.parent / "art" / "texts.js"
LONGEST, PAGE = 2000, 100_000  # characters of a prompt, of a text that is only read
SHARP = 12  # bits of surprise that colour a token fully: one in 4096
PART = "\u00b7"  # stands for a token that is only a part of a character
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"  # of SmolLM2-Instruct


# ------------------------------------------------------------------------------ models


CLASSES = (  # the table of a class, its module, its name: what can write from left to right
    (checkpoints.GPT, "genmodels.text.gpt", "GPT"),
    (checkpoints.RNN, "genmodels.text.rnn", "RNN"),
    (checkpoints.NGRAM, "genmodels.text.ngram", "NGram"),
    (checkpoints.LLAMA, "genmodels.text.llama", "Llama"),
)
BY_NAME = {c.name: c for table, _, _ in CLASSES for c in table}
FIRST = ("gpt-shakespeare", "gpt-quijote")  # what opens in English, and in Spanish


def writers(*only: str) -> tuple[Checkpoint, ...]:
    """All that write, the bundled ones first; or those of these names, in this order."""
    if only:
        return tuple(BY_NAME[name] for name in only)
    rest = sorted((c for c in BY_NAME.values() if c.name not in FIRST), key=lambda c: not c.bundled)
    return (*writers(*FIRST), *rest)


def home_of(checkpoint: str) -> tuple[Any, str, str]:
    """Its table, and the module and the name of its class."""
    return next(line for line in CLASSES if any(c.name == checkpoint for c in line[0]))


def class_of(checkpoint: str) -> type[Any]:
    _, module, name = home_of(checkpoint)
    return getattr(import_module(module), name)


def in_spanish(tab: Tab, starts: dict[Any, Any]) -> None:
    """What controls begin with for whoever reads Spanish, where that is something else."""
    tab.spanish |= starts


class Writer(NamedTuple):
    """A model that writes from left to right, and the tokens in which it does."""

    name: str
    model: LanguageModel
    tokens: Tokenizer

    def ids(self, words: str) -> list[int]:
        """A prompt as the model wants it, never empty: ours begin with the token between texts."""
        if self.name.endswith("-Instruct"):
            return self.asked(words)
        ids = self.tokens.encode(words)
        begun = not ids or ("/" not in self.name and self.tokens.end is not None)
        return [self.tokens.end or 0, *ids] if begun else ids

    def asked(self, words: str) -> list[int]:
        """The chat template of SmolLM2-Instruct: a question, and it's the assistant's turn.

        Only the template's own marks become the tokens that switch turns; the same letters in a visitor's
        words stay letters.
        """
        start, end = (self.tokens.id(f"<|im_{name}|>") for name in ("start", "end"))
        found = []
        for turn in (f"system\n{SYSTEM}", f"user\n{words}"):
            found += [start, *self.tokens.encode(turn), end, *self.tokens.encode("\n")]
        return [*found, start, *self.tokens.encode("assistant\n")]


@contextmanager
def use(checkpoint: str) -> Iterator[Writer]:
    """The writer of this name; its model is the one copy that all tabs share."""
    with run.model(class_of(checkpoint), BY_NAME[checkpoint]) as model:
        yield Writer(checkpoint, model, tokenizer(checkpoint))


def tokenizer(checkpoint: str) -> Tokenizer:
    from genmodels.text.tokens import Tokenizer

    return Tokenizer.of(BY_NAME.get(checkpoint, checkpoint))


# ------------------------------------------------------------------------------ what a visitor types


class Prompt(Words):
    """Words of at most LONGEST characters. The box itself holds more, so that what's pasted isn't cut in
    silence but refused with a sentence."""

    longest = LONGEST

    def get_block_name(self) -> str:
        return "textbox"

    def preprocess(self, payload: Any) -> str:
        words = super().preprocess(payload).replace("\r\n", "\n")
        if len(words) > self.longest:
            n, most = f"{len(words):,}", f"{self.longest:,}"
            raise refuse(
                f"This text has {n} characters; here at most {most} fit. Shorten it.",
                f"Este texto tiene {n} caracteres; aquí caben a lo sumo {most}. Acórtalo.".replace(",", "."),
            )
        return words.encode("utf-8", "replace").decode()  # half of a pair of surrogates becomes a ?


class Page(Prompt):
    """Words that are only read, so there may be more of them."""

    longest = PAGE


def prompt(value: str, label: Any = None, kind: type[Prompt] = Prompt, **kwargs: Any) -> Prompt:
    label = label or t("How the text begins", "Cómo empieza el texto")
    kwargs = {"lines": 3, "max_lines": 8, "max_length": 3 * PAGE} | kwargs
    return kind(value, label=label, interactive=True, **kwargs)


# ------------------------------------------------------------------------------ coloured words


class Ink(NamedTuple):
    text: str
    share: float = 0.0  # how strong its ground is
    title: str = ""
    kind: str = ""  # classes of the style sheet: given, forced, cool, top1...
    data: Any = None  # what `demos/art/texts.js` shows when it's pressed: see `alternatives`


def bits(chance: float) -> float:
    """The surprise of what had this chance."""
    return -math.log2(max(chance, 1e-30))


def sharpness(surprise: float) -> float:
    """How strong the ground of a token of so many bits is."""
    return min(1.0, max(0.0, surprise / SHARP))


def visible(words: str, lines: bool = True) -> str:
    """Escaped, with signs for what would not be seen: control characters, ends of lines."""
    words = "".join(chr(0x2400 + ord(c)) if c < " " and c not in "\t\n" else c for c in words)
    return html.escape(words).replace("\n", "<s>↵</s>\n" if lines else "<s>↵</s>")


def ink(tokens: Iterable[Ink], lines: bool = True) -> str:
    """A passage. What follows may be appended: the browser closes what is open.

    A third line end in a row, or any without `lines`, is a sign but no new line.
    """
    parts, before = [], ""
    for token in tokens:
        parts.append(piece(token, lines and not (before == "\n\n" and token.text == "\n")))
        before = (before + token.text)[-2:]
    return "<p class='inked' dir='auto'>" + "".join(parts)


def piece(token: Ink, lines: bool = True) -> str:
    share = round(100 * token.share)
    style = f" style='--s:{share}%'" if share else ""
    kind = f" class='{token.kind}'" if token.kind else ""
    title = f" title='{html.escape(token.title)}'" if token.title else ""
    data = f" data-a='{attribute(token.data)}'" if token.data is not None else ""
    return f"<i{kind}{style}{title}{data}>{visible(token.text, lines)}</i>"


def attribute(data: Any) -> str:
    """JSON that stands between single quotes."""
    words = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return html.escape(words, quote=False).replace("'", "&#39;")


def spelled(tokens: Tokenizer, ids: Sequence[int], after: Sequence[int] = ()) -> list[str]:
    """What each token adds to the text that `after` ends. Of a character in several tokens all but the last
    are a dot."""
    every, found = [*after[-4:], *ids], []
    begin = whole = len(every) - len(ids)  # up to `whole` the text is complete
    for k in range(begin, len(every)):
        first = max(0, whole - 4)  # some that came before, as a decoder may treat a first word differently
        before, now = tokens.decode(every[first:whole]), tokens.decode(every[first : k + 1])
        if now.endswith("\ufffd") and k + 1 - whole < 8:
            found.append(PART)
            continue
        found.append(now[len(before) :])
        whole = k + 1
    return found


def scale(en: str = "", es: str = "") -> str:
    """What the colours of a passage say, and a hint."""
    low, high = both("expected", "esperado"), both(f"{SHARP} bits or more", f"{SHARP} bits o más")
    hint = f"<span>{both(en, es)}</span>" if en else ""
    return f"<div class='ink-scale'><span>{low}</span><i></i><span>{high}</span>{hint}</div>"


def passages(value: str = "", **kwargs: Any) -> gr.HTML:
    """Where passages stand. Pressing a token unfolds its `data`; choosing there is the event `select`."""
    return inputs.html(
        value, js_on_load=SCRIPT.read_text(encoding="utf-8"), elem_classes="passages", **kwargs
    )
