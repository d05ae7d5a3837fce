"""What the views share: a text with gaps as tokens, the three models that are asked, lines of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.kit import say, t, texts
from genmodels.text import checkpoints

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.tokens import Tokenizer

BOTH_WAYS, LEFT = checkpoints.BIRNN[0].name, "gpt-recipes"
EXAMPLE = "Preheat the ___ to 350 degrees. In a large ___, mix the flour, the sugar and a pinch of salt."
GAP = re.compile(r" ?_{2,}")  # a gap is underscores; the space before is part of the word, as in the tokens
SIGN = "▢"
MOST = 96  # tokens of a text that are looked at
TOP = 5
NAMES = (
    ("BERT: both sides", "BERT: ambos lados"),
    ("Recurrent net: both sides", "Red recurrente: ambos lados"),
    ("GPT: the left side only", "GPT: solo la izquierda"),
)


class Three(NamedTuple):
    """Models of the same tokens: one looks everywhere, one reads from both ends, one from the left."""

    bert: Any
    both: Any
    gpt: Any
    tokens: Tokenizer

    def around(self, ids: Tensor, places: Sequence[int]) -> list[Tensor]:
        """Text (n,) whose tokens at `places` are hidden -> of each model the logits there, (places, V)."""
        import torch

        found = []
        for model in (self.bert, self.both):
            shown = ids.clone()
            shown[list(places)] = model.blank
            logits = model.logits(shown[None].to(model.device))[0, list(places)]
            found.append(logits[:, : self.tokens.size].float().cpu())
        begin = torch.tensor([self.tokens.end or 0])
        before = torch.cat([begin, ids])[None].to(self.gpt.device)
        found.append(left(self.gpt, before, places))
        return found


def left(gpt: Any, before: Tensor, places: Sequence[int]) -> Tensor:
    """What the GPT expects at each place. Of a gap further left it takes its own likeliest token."""
    import torch

    ids, rows = before.clone(), []
    for place in sorted(places):
        row = gpt.logits(ids[:, : place + 1])[0, -1].float().cpu()
        if place + 1 < ids.shape[1]:
            ids[0, place + 1] = row.argmax()
        rows.append(row)
    return torch.stack(rows)


@contextmanager
def use(checkpoint: str) -> Iterator[Three]:
    from genmodels.text.bert import Bert
    from genmodels.text.rnn import BiRNN
    from genmodels.text.tokens import Tokenizer

    with ExitStack() as stack:
        bert = stack.enter_context(kit.model(Bert, checkpoint))
        both = stack.enter_context(kit.model(BiRNN, BOTH_WAYS))
        gpt = stack.enter_context(kit.model(texts.class_of(LEFT), texts.BY_NAME[LEFT]))
        yield Three(bert, both, gpt, Tokenizer.of(checkpoint))


class Gapped(NamedTuple):
    ids: Tensor  # (n,); 0 stands in the gaps
    gaps: list[int]  # places of hidden tokens
    words: list[str]  # as they are shown
    note: str


def gapped(tokens: Tokenizer, words: str, wide: int, lang: str) -> Gapped:
    """A text with underscores as tokens, `wide` of them hidden in each gap."""
    import torch

    ids: list[int] = []
    gaps: list[int] = []
    parts = GAP.split(words)
    for k, part in enumerate(parts):
        ids += tokens.encode(part)
        if k + 1 < len(parts):
            gaps += range(len(ids), len(ids) + wide)
            ids += [0] * wide
    note = ""
    if len(ids) > MOST:
        en, es = f"Only its first {MOST} tokens are read.", f"Se leen solo los primeros {MOST} tokens."
        ids, gaps, note = ids[:MOST], [g for g in gaps if g < MOST], f"<p>{say(lang, en, es)}</p>"
    shown = [SIGN if i in gaps else tokens.word(id) for i, id in enumerate(ids)]
    return Gapped(torch.tensor(ids, dtype=torch.long), gaps, shown, note)


def hint(lang: str) -> str:
    """What to do about a text without gaps."""
    en, es = "Write ___ where a word is to be found.", "Escribe ___ donde haya que hallar una palabra."
    return f"<p>{say(lang, en, es)}</p>"


def likeliest(tokens: Tokenizer, logits: Tensor) -> list[list[tuple[str, float]]]:
    """(n, V) -> at each place the likeliest words, with their chances."""
    chances, ids = logits.softmax(-1).topk(TOP, -1)
    return [
        [(tokens.word(i), p) for i, p in zip(*row, strict=True)]
        for row in zip(ids.tolist(), chances.tolist(), strict=True)
    ]


def sentence_box(value: str = EXAMPLE) -> Any:
    label = t(
        "A text; ___ is a gap (the models know recipes in English)",
        "Un texto; ___ es un hueco (los modelos saben recetas en inglés)",
    )
    return kit.words(value, label, longest=1500, lines=3, max_lines=6)


def loading(checkpoint: str, *more: str) -> str:
    imports = ["from genmodels.text.bert import Bert", "from genmodels.text.tokens import Tokenizer", *more]
    return (
        "import torch\n"
        + "\n".join(sorted(imports))
        + (f'\n\nmodel = Bert.from_pretrained("{checkpoint}")\ntokens = Tokenizer.of("{checkpoint}")\n')
    )


def short(words: str, most: int = 66) -> str:
    """So much of a text as fits into a line of code."""
    return words if len(words) <= most else words[:most]
