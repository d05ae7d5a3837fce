"""What the views share: the models, a text as they read it, what they expect next, lines of Python."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from demos.kit import say, t, texts
from genmodels.text.checkpoints import RNN

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.rnn import Seen

TABLE = RNN[:4]  # those of recipes
MOST = 72  # tokens of a text whose every step is drawn
SENTENCE = (
    "# Onion soup\n\n- 2 onions (chopped)\n- 1 l of water\n\n1. Chop the onions and fry them in butter."
)
RECIPE = """# Tomato soup

## Ingredients

- 2 onions (chopped)
- 1 can of tomatoes
- 3 cloves of garlic (peeled)
- 1 tablespoon of olive oil
- salt and pepper

## Directions

1. Chop the onions and fry them in olive oil for 5 minutes.
2. Add the garlic and the tomatoes, and bring to a boil.
3. Cover the pot and let it simmer for 20 minutes.
4. Add salt and pepper to taste (and a little sugar), then serve with bread.
"""

# what a gate or a state is called, and what it does
NAMES = {
    "forget": (
        "forget gate f: how much of the cell stays",
        "compuerta de olvido f: cuánto queda de la celda",
    ),
    "input": ("input gate i: how much comes in", "compuerta de entrada i: cuánto entra"),
    "candidate": ("candidate: what would come in", "candidato: lo que entraría"),
    "cell": ("cell state C: what is kept", "estado de la celda C: lo que se guarda"),
    "output": ("output gate o: how much is shown", "compuerta de salida o: cuánto se muestra"),
    "hidden": ("hidden state h: what the others see", "estado oculto h: lo que ven los demás"),
    "reset": (
        "reset gate r: how much of the past the candidate sees",
        "compuerta de reinicio r: cuánto pasado ve el candidato",
    ),
    "update": (
        "update gate z: how much is written anew",
        "compuerta de actualización z: cuánto se reescribe",
    ),
}
SIGNED = ("candidate", "cell", "hidden")  # the others lie between 0 and 1


class Read(NamedTuple):
    """A text as a model read it, the end token first."""

    ids: list[int]
    words: list[str]  # of each token, as it is shown
    seen: Seen
    log_probs: Tensor  # (n, V) of what comes after each
    cut: bool  # whether the text was longer

    def surprise(self, k: int) -> float:
        """Bits of token k, given those before it."""
        return -self.log_probs[k - 1, self.ids[k]].item() / math.log(2)

    def mean(self) -> float:
        return sum(self.surprise(k) for k in range(1, len(self.ids))) / max(1, len(self.ids) - 1)


def read(writer: texts.Writer, words: str, most: int = MOST) -> Read:
    import torch

    with torch.no_grad():
        end = writer.tokens.end or 0
        ids = [end, *writer.tokens.encode(words)]
        cut, ids = len(ids) > most, ids[:most]
        seen = writer.model.look(torch.tensor([ids]))
        log_probs = writer.model.read(seen.hidden[-1]).log_softmax(-1)
    return Read(ids, [shown(writer, i) for i in ids], seen, log_probs, cut)


def shown(writer: Any, token: int) -> str:
    """A token in a narrow place: without the space before it."""
    if token == writer.tokens.end:
        return "∎"
    word = writer.tokens.word(token)
    word = "?" if word.startswith("<|unk") else word
    return word[1:] if word.startswith("␣") and len(word) > 1 else word


def expected(writer: Any, read: Read, lang: str, until: int) -> str:
    """A row for each token: how surprising it was, and the five that were likeliest after it."""
    head = (("read", "leído"), ("bits", "bits"), ("then expects", "y ahora espera"))
    rows = []
    for k in range(until):
        best = read.log_probs[k].topk(5)
        after = read.ids[k + 1] if k + 1 < len(read.ids) else None
        chips = "".join(
            chip(shown(writer, i), math.exp(p), i == after)
            for p, i in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        )
        bits = f"{read.surprise(k):.1f}".replace(".", "," if lang == "es" else ".") if k else ""
        rows.append((html.escape(read.words[k]), bits, chips))
    return expects([say(lang, *h) for h in head], rows)


def chip(word: str, chance: float, came: bool) -> str:
    kind, share = " class='came'" if came else "", 100 * min(1.0, chance)
    return f"<i{kind} style='--s:{share:.0f}%'>{html.escape(word)} <u>{share:.0f}</u></i>"


def expects(head: Sequence[str], rows: Sequence[tuple[str, str, str]]) -> str:
    """A table whose last column is chips. The first is HTML already."""
    top = "".join(f"<th scope='col'>{h}</th>" for h in head)
    body = "".join(f"<tr><th scope='row'>{a}</th><td>{b}</td><td>{c}</td></tr>" for a, b, c in rows)
    return f"<div class='heat plain expects'><table><thead><tr>{top}</tr></thead>{body}</table></div>"


def note(read: Read, lang: str) -> str:
    if not read.cut:
        return ""
    return f"<p>{say(lang, f'The first {MOST} tokens of it.', f'Los primeros {MOST} tokens.')}</p>"


def words_box(value: str = SENTENCE, label: Any = None) -> texts.Prompt:
    return texts.prompt(value, label or t("What it reads", "Lo que lee"), lines=6)


def quoted(words: str, most: int = 56) -> str:
    """A text in a snippet, shortened so that it fits in a line."""
    while len(repr(words)) > most:
        words = words[: max(1, len(words) * 3 // 4)] if len(words) > 1 else ""
    return repr(words)


def loading(checkpoint: str, words: str, *imports: str) -> str:
    """The lines that snippets begin with: the model and the tokens of a text."""
    lines = [*imports, "import torch", "from genmodels.text.rnn import RNN"]
    lines += ["from genmodels.text.tokens import Tokenizer"]
    lines = sorted(set(lines), key=lambda line: (line.startswith("from genmodels"), line.split()[1]))
    return (
        "\n".join(lines)
        + f'\n\nmodel, cut = RNN.from_pretrained("{checkpoint}"), Tokenizer.of("{checkpoint}")\n'
        + f"tokens = [cut.end, *cut.encode({quoted(words)})]\n"
    )
