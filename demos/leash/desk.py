"""What the views share: the base with its adapters, stories written and judged, and how they are shown."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.kit import plots, say, t, texts
from genmodels import hub
from genmodels.data import stories

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.gpt import GPT
    from genmodels.text.preference import RewardModel
    from genmodels.text.tokens import Tokenizer

NAME = "gpt-stories"
LEASHES = ("0", "0.03", "0.1", "0.3", "1")  # reward that a nat of difference costs: the adapters' folders
KINDS = {
    "O": ("opening", "apertura"), "E": ("event", "suceso"), "T": ("trouble", "problema"),
    "H": ("help", "ayuda"), "F": ("weather and such", "clima y detalles"),
    "C": ("cheerful ending", "final alegre"), "N": ("calm ending", "final tranquilo"),
    "S": ("sad ending", "final triste"),
    "?": (
        "no sentence of this little language, or of another hero",
        "no es una oración de este pequeño lenguaje, o es de otro héroe",
    ),
}  # fmt: skip


class Tale(NamedTuple):
    """One story: its text, whether it came to its end, and what the learnt reward says."""

    text: str
    finished: bool = True
    reward: float | None = None

    @property
    def true(self) -> float:
        """What the stated rule gives."""
        return stories.score(self.text, self.finished)


class Batch(NamedTuple):
    """Stories as they are being written."""

    tales: list[Tale]
    tokens: Tensor  # (B, n)
    lengths: Tensor  # (B,)
    starts: Tensor  # (B,): where the model's own tokens begin


class Desk(NamedTuple):
    """The base, the reward model, the tokens; writers are made of the base and an adapter."""

    base: GPT
    judge: RewardModel
    tokens: Tokenizer
    folder: Path

    def writer(self, leash: str = "", strength: float = 1.0) -> GPT:
        """The tuned model, or `strength` of the way from it to the policy of a leash."""
        from genmodels.text import lora

        if not leash:
            return lora.adapt(self.base, self.folder / "tuned")
        start = lora.adapt(self.base, self.folder / "tuned", 1 - strength)
        return lora.adapt(start, self.folder / f"leash-{leash}", strength)

    def write(self, model: GPT, prompts: Sequence[str], seed: int) -> Iterator[Batch]:
        """Go on from some first sentences, a token of each at a time; the last has the rewards."""
        import torch

        from genmodels.text.preference import draft

        given = [self.tokens.encode(text) for text in prompts]
        starts = torch.tensor([len(g) + 1 for g in given])
        end = self.tokens.end
        for tokens, lengths in draft(model, given, seed, self.base.context, end):
            yield (batch := Batch(self.told(tokens, lengths), tokens, lengths, starts))
        yield batch._replace(tales=self.judged(batch))

    def told(self, tokens: Tensor, lengths: Tensor) -> list[Tale]:
        end, rows = self.tokens.end, zip(tokens.tolist(), lengths.tolist(), strict=True)
        return [
            Tale(self.tokens.decode([t for t in row[1:n] if t != end]), row[n - 1] == end) for row, n in rows
        ]

    def judged(self, batch: Batch) -> list[Tale]:
        rewards = self.judge.reward(batch.tokens.to(self.base.device), batch.lengths.to(self.base.device))
        pairs = zip(batch.tales, rewards.tolist(), strict=True)
        return [tale._replace(reward=reward) for tale, reward in pairs]


@contextmanager
def use(checkpoint: str) -> Iterator[Desk]:
    """The desk of a checkpoint: one copy of the base, shared; adapters are merged when they are asked for."""
    from genmodels.text import lora
    from genmodels.text.gpt import GPT
    from genmodels.text.preference import RewardModel
    from genmodels.text.tokens import Tokenizer

    with kit.model(GPT, checkpoint) as base:
        folder = hub.folder(checkpoint)
        judge = lora.adapt(RewardModel(base), folder / "reward").requires_grad_(False)
        yield Desk(base, judge, Tokenizer.of(checkpoint), folder)


def record(name: str) -> dict[str, Any]:
    """What was written down while an adapter was trained."""
    return json.loads((hub.WEIGHTS / NAME / name / "story.json").read_text(encoding="utf-8"))


def openings(lang: str, seed: int, count: int) -> list[str]:
    """First sentences in a language of the stories, the k-th from seed + k."""
    import numpy as np

    return [stories.opening(np.random.default_rng(seed + k), lang) for k in range(count)]


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


# ------------------------------------------------------------------------------------------ controls


def language_choice() -> Any:
    return kit.choice([("English", "en"), ("español", "es")], t("Stories in", "Cuentos en"), "en")


def in_spanish(tab: kit.Tab, choice: Any) -> None:
    """A visitor who reads Spanish begins with Spanish stories."""
    texts.in_spanish(tab, {choice: "es"})


def leash_slider(value: int = 0) -> Any:
    words = t(
        "Leash β: 0 none · 1: 0.03 · 2: 0.1 · 3: 0.3 · 4: 1",
        "Correa β: 0 sin correa · 1: 0,03 · 2: 0,1 · 3: 0,3 · 4: 1",
    )
    return kit.slider(0, len(LEASHES) - 1, value, words, step=1)


def beta(leash: int, lang: str) -> str:
    return f"β = {plots.number(float(LEASHES[leash]), lang)}"


# ------------------------------------------------------------------------------------------ how it looks


def passage(tale: Tale, lang: str) -> str:
    """A story, its sentences coloured by what they are: cheerful ends cool, faults and sad ends warm."""
    reading, said, found = stories.read(tale.text, tale.finished), set(), []
    for k, (sentence, kind) in enumerate(zip(reading.sentences, reading.kinds, strict=True)):
        again = sentence in said
        share = 0.9 if kind == "?" or again else {"C": 0.6, "S": 0.35}.get(kind, 0.0)
        words = say(lang, *KINDS[kind]) + (say(lang, ", said before", ", ya dicho") if again else "")
        ground = "cool" if kind == "C" and not again else "given" if not k else ""
        found += [texts.Ink(sentence, share, words, ground), texts.Ink(" ")]
        said.add(sentence)
    return texts.ink(found) + "</p>"


def plain(text: str) -> str:
    """A story without colours: for whoever is asked to judge it."""
    return texts.ink([texts.Ink(text)]) + "</p>"


def marks(tale: Tale, lang: str) -> str:
    """What the reward model and the rule give a story."""
    rule = say(lang, "the rule", "la regla")
    parts = [f"{rule} <b>{signed(tale.true, lang)}</b>"]
    if tale.reward is not None:
        learnt = say(lang, "learnt reward", "recompensa aprendida")
        parts.insert(0, f"{learnt} <b>{signed(tale.reward, lang)}</b>")
    return f"<p class='head'>{' · '.join(parts)}</p>"


def signed(value: float, lang: str) -> str:
    value = round(value, 2) + 0.0
    return ("+" if value > 0 else "") + plots.number(value, lang)


def strand(tale: Tale, lang: str, head: str = "") -> str:
    """A story with a line of figures above."""
    title = f"<p class='head'>{html.escape(head)}</p>" if head else ""
    return f"<div class='strand'>{title}{marks(tale, lang)}{passage(tale, lang)}</div>"


def column(title: str, tales: Sequence[Tale], lang: str) -> str:
    """Stories below one another, under a title."""
    body = "".join(strand(tale, lang) for tale in tales)
    return f"<div class='passages'><h4>{html.escape(title)}</h4>{body}</div>"


def beside(*columns: str) -> str:
    return plots.figures(*columns, least=280 if len(columns) < 3 else 200)


def scale(lang: str) -> str:
    """What the colours of the stories mean."""
    cheerful, other = say(lang, "cheerful ending", "final alegre"), say(
        lang, "a fault; paler: a sad ending", "una falta; más claro: un final triste"
    )  # fmt: skip
    return plots.legend(("mark", cheerful), ("warm", other))


def loading(*imports: str, tuned: bool = True) -> str:
    """The lines that every snippet begins with."""
    lines = [
        "from genmodels import hub",
        "from genmodels.text import lora",
        "from genmodels.text.gpt import GPT",
        *imports,
        "from genmodels.text.tokens import Tokenizer",
        "",
        f'folder, words = hub.folder("{NAME}"), Tokenizer.of("{NAME}")',
        f'base = GPT.from_pretrained("{NAME}")',
    ]
    return "\n".join(lines) + ("\ntuned = lora.adapt(base, folder / 'tuned')\n" if tuned else "\n")
