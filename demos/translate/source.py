"""What the views share: a model with its tokens, a question as it wants it, its answer, lines of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.kit import say, t, texts
from genmodels.text import checkpoints

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.tokens import Tokenizer

CHECKPOINTS = (*checkpoints.SEQ2SEQ, *checkpoints.T5)
SEQ2SEQ, PREFIX = checkpoints.SEQ2SEQ[0].name, checkpoints.T5[0].name
BY_NAME = {c.name: c for c in CHECKPOINTS}
LENGTH, LONG = 24, 60  # tokens of an answer of ours, of another's
EXAMPLE = "twenty-one thousand five hundred one"
LANGUAGES = {
    "german": "German",
    "french": "French",
    "romanian": "Romanian",
    "spanish": "Spanish",
    "english": "English",
}
TASKS = (
    ("spanish", "write it in Spanish", "escribirlo en español"),
    ("english", "write it in English", "escribirlo en inglés"),
    ("digits", "write it in digits", "escribirlo en dígitos"),
    ("check", "is it well said?", "¿está bien dicho?"),
    ("german", "write it in German", "escribirlo en alemán"),
    ("french", "write it in French", "escribirlo en francés"),
    ("none", "no prefix", "sin prefijo"),
)


def class_of(checkpoint: str) -> type[Any]:
    if checkpoint == SEQ2SEQ:
        from genmodels.text.seq2seq import Seq2Seq

        return Seq2Seq
    from genmodels.text.t5 import T5

    return T5


class Reader(NamedTuple):
    """A model with an encoder and a decoder, and the tokens of both sides."""

    name: str
    model: Any
    tokens: Tokenizer

    @property
    def length(self) -> int:
        return LENGTH if BY_NAME[self.name].bundled else LONG

    def ids(self, question: str) -> Tensor:
        """(1, n), the end token among them."""
        import torch

        return torch.tensor(
            [[*self.tokens.encode(question), self.model.config.end]], device=self.model.device
        )

    def words(self, ids: Sequence[int]) -> list[str]:
        """Tokens as they are shown: the space before a word is no part of it, the end is a sign."""
        special = {self.model.config.end: "■", self.model.config.start: "▷"}
        return [special.get(i) or self.tokens.word(i).removeprefix("␣") or "␣" for i in ids]

    def text(self, ids: Sequence[int]) -> str:
        end = self.model.config.end
        ids = list(ids)
        return self.tokens.decode(ids[: ids.index(end)] if end in ids else ids).strip()

    def unknown(self, question: str) -> list[str]:
        """Words that are no tokens of this model."""
        strange = self.tokens.id("<unk>")
        return [p.text.strip() for p in self.tokens.pieces(question) if p.id == strange]


@contextmanager
def use(checkpoint: str) -> Iterator[Reader]:
    from genmodels.text.tokens import Tokenizer

    with kit.model(class_of(checkpoint), BY_NAME[checkpoint]) as model:
        yield Reader(checkpoint, model, Tokenizer.of(BY_NAME[checkpoint]))


def question(checkpoint: str, task: str, words: str) -> str:
    """The words with the prefix that this model knows for the task; the Transformer of 2017 takes none."""
    words = re.sub(r"(?<=\d)[.,'\s\u00a0\u202f](?=\d{3}(\D|$))", "", words.strip())  # 21,105 or 21.105
    if checkpoint == SEQ2SEQ or task == "none":
        return words
    if checkpoint == PREFIX or task not in LANGUAGES:
        return f"{task}: {words}"
    return f"translate English to {LANGUAGES[task]}: {words}"


def note_of(reader: Reader, asked: str, lang: str) -> str:
    """A sentence on what the model can't read."""
    found = reader.unknown(asked)
    if not found:
        return ""
    opened, closed = say(lang, "“”", "«»")
    listed = ", ".join(f"{opened}{w[:20]}{closed}" for w in dict.fromkeys(found[:4]))
    en = f"Not in its vocabulary, so it reads a blank: {listed}."
    es = f"No está en su vocabulario, así que lee un hueco: {listed}."
    return f"<p>{texts.visible(say(lang, en, es))}</p>"


class Said(NamedTuple):
    """One token more of a greedy answer."""

    ids: list[int]  # so far
    chances: list[float]  # of each


def answer(reader: Reader, source: Tensor) -> Iterator[Said]:
    """The likeliest token again and again, until the end."""
    from genmodels.text.encdec import Given
    from genmodels.text.writing import Taste, write

    c, ids, chances = reader.model.config, [], []
    steps = write(
        Given(reader.model, source), [c.start], 0, 1, reader.length, Taste(temperature=0), frozenset({c.end})
    )
    for step in steps:
        ids.append(int(step.token[0]))
        chances.append(step.log_probs[0, ids[-1]].exp().item())
        yield Said(ids, chances)


def inked(reader: Reader, said: Said, running: bool = False) -> str:
    """The answer, each token the stronger the surer the model was not."""
    spelled = texts.spelled(reader.tokens, [i for i in said.ids if i != reader.model.config.end])
    tokens = [
        texts.Ink(word, texts.sharpness(texts.bits(p)), f"{100 * p:.1f} %")
        for word, p in zip(spelled, said.chances[: len(spelled)], strict=True)  # less its end
    ]
    return texts.ink([*tokens, *([texts.Ink("", kind="cursor")] if running else [])])


def whole(chances: Sequence[float]) -> float:
    """% chance of a whole answer."""
    from math import prod

    return 100 * prod(chances)


# ------------------------------------------------------------------------------ controls, lines of Python


def words_box(value: str = EXAMPLE, **kwargs: Any) -> Any:
    return kit.words(
        value, t("The number, in words or digits", "El número, en palabras o dígitos"), longest=300, **kwargs
    )


def task_choice() -> Any:
    label = t("For a T5: the task", "Para un T5: la tarea")
    return kit.choice([(t(en, es), key) for key, en, es in TASKS], label)


def loading(checkpoint: str, asked: str, *more: str) -> str:
    """The lines that snippets begin with."""
    module, name = ("seq2seq", "Seq2Seq") if checkpoint == SEQ2SEQ else ("t5", "T5")
    imports = [
        f"from genmodels.text.{module} import {name}",
        "from genmodels.text.tokens import Tokenizer",
        *more,
    ]
    table, number = ("SEQ2SEQ", 0) if checkpoint == SEQ2SEQ else ("T5", int(checkpoint != PREFIX))
    here = f'"{checkpoint}"'
    if not BY_NAME[checkpoint].bundled:
        imports, here = ["from genmodels.text import checkpoints", *imports], f"checkpoints.{table}[{number}]"
    asked = asked if len(asked) <= 60 else f"{asked[:57]}..."
    return (
        "import torch\n"
        + "\n".join(sorted(imports))
        + (
            f"\n\nmodel = {name}.from_pretrained({here})\ntokens = Tokenizer.of({here})\n"
            f"source = torch.tensor([[*tokens.encode({asked!r}), model.config.end]])\n"
        )
    )
