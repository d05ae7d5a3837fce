"""What the views share: a sentence read by a model, its pieces as they are shown, lines of Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demos import kit
from demos.kit import both, say, texts
from demos.kit.pixels import QUIET
from genmodels.text import checkpoints

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.tokens import Tokenizer

FIRST = ("gpt-recipes", *texts.FIRST)  # the plainest heads come first
CHECKPOINTS = texts.writers(*FIRST) + tuple(
    c for table in (checkpoints.GPT, getattr(checkpoints, "LLAMA", ())) for c in table if c.name not in FIRST
)
PIECES = 40  # of a sentence that are drawn
ENGLISH = "The pink elephant tried to get into the car but it was too"
EXAMPLES = {  # what to look at to begin with: something that the model knows
    "gpt-shakespeare": "My lord, the king is dead, and the queen shall be",
    "gpt-quijote": "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho",
    "gpt-recipes": "Preheat the oven. Put the chicken in the",
    "gpt-names": "Annabella",
    "datificate/gpt2-small-spanish": "El elefante rosa quiso entrar en el auto, pero era demasiado",
}


class Reading(NamedTuple):
    """A sentence as a model sees it: the token that begins a text, and its own."""

    model: Any
    tokens: Tokenizer
    ids: Tensor  # (1, n)
    words: list[str]
    note: str  # what the visitor should know: that it was cut

    @property
    def n(self) -> int:
        return len(self.words)


@contextmanager
def read(checkpoint: str, sentence: str, lang: str, most: int = PIECES) -> Iterator[Reading]:
    """The sentence, or as much of it as is drawn, before the model that reads it."""
    import torch

    with texts.use(checkpoint) as writer:
        every = writer.tokens.encode(sentence)
        begin = [] if writer.tokens.end is None else [writer.tokens.end]
        ids = (begin + every)[: min(most, writer.model.context)] or [0]
        note, left = "", len(begin + every) - len(ids)
        if left > 0:
            en = f"Only the first {len(ids)} pieces are drawn; {left:,} more are left out."
            es = f"Solo se dibujan los primeros {len(ids)} trozos; quedan {left:,} afuera.".replace(",", ".")
            note = f"<p class='warn'>{say(lang, en, es)}</p>"
        words = [writer.tokens.word(i) for i in ids]
        if begin:
            words[0] = say(lang, "▷start", "▷inicio")
        yield Reading(
            writer.model, writer.tokens, torch.tensor([ids], device=writer.model.device), words, note
        )


def example(checkpoint: str, sentence: str) -> Any:
    """Another model, another sentence, unless the visitor wrote one."""
    if sentence not in {ENGLISH, "", *EXAMPLES.values()}:
        return gr.skip()
    return EXAMPLES.get(checkpoint, ENGLISH)


def sentence_box(tab: kit.Tab) -> Any:
    """The sentence stands above the views: all of them look at the same."""
    first = CHECKPOINTS[0].name
    box = texts.prompt(EXAMPLES[first], kit.t("Your sentence", "Tu oración"), lines=2, max_lines=3)
    tab.checkpoint.input(example, [tab.checkpoint, box], box, **QUIET)
    texts.in_spanish(tab, {tab.checkpoint: "gpt-quijote", box: EXAMPLES["gpt-quijote"]})
    return box


def explain(en: str, es: str) -> None:
    """A paragraph above the controls of a view."""
    kit.html(f"<p style='font-size:16px;color:var(--soft);margin:0'>{both(en, es)}</p>")


def loading(checkpoint: str, sentence: str, *more: str, most: int = PIECES) -> str:
    """The lines that snippets begin with: `model`, `tokens` and the sentence as `ids`."""
    _, module, name = texts.home_of(checkpoint)
    lines = sorted({f"from {module} import {name}", "from genmodels.text.tokens import Tokenizer", *more})
    which = f'"{checkpoint}"'
    if "/" in checkpoint:  # the table knows its revision, its hash and the files that belong to it
        lines.append("from genmodels.text import checkpoints")
        lines += ["", f"which = next(c for c in checkpoints.{name.upper()} if c.name == {which})"]
        which = "which"
    words = repr(sentence) if len(sentence) <= 80 else repr(sentence[:76] + "...")
    return (
        "import torch\n" + "\n".join(lines) + f"\n\nmodel, tokens = {name}.from_pretrained({which}), "
        f"Tokenizer.of({which})\n"
        f"words = {words}\nids = torch.tensor([[tokens.end, *tokens.encode(words)]])[:, :{most}]\n"
    )
