"""Four ways of learning, side by side, on machines small enough that the gradient itself can be computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from genmodels.energy.rbm import Gradient

WAYS = ("cd1", "cd10", "persistent", "exact")
ROWS = 60  # of a batch, and chains
TRIES = 8  # steps that a way's direction is averaged over
FONT = (
    "111101101101111", "010110010010111", "111001111100111", "111001011001111", "101101111001001",
    "111100111001111", "111100111101111", "111001010010010", "111101111101111", "111101111001111",
)  # fmt: skip


class Moment(NamedTuple):
    """Where the four are."""

    step: int
    likelihood: dict[str, float]  # mean log p of a pattern, nats, exact
    covered: dict[str, float]  # how much of the model's probability lies on patterns
    angle: dict[str, float]  # cosine between the gradient that each way would take and the exact one
    negative: dict[str, Tensor]  # (n, pixels): where each way looked for what the model does
    weight: dict[str, Tensor]  # (pixels, hidden)


def patterns(kind: str) -> tuple[Tensor, tuple[int, int]]:
    """All patterns, (N, pixels) of 0 and 1, and the size of their picture."""
    import torch

    from genmodels.energy.rbm import states

    if kind == "digits":
        return torch.tensor([[float(c) for c in row] for row in FONT]), (5, 3)
    lines = states(4)
    bars = lines[:, :, None].expand(-1, 4, 4).flatten(1)
    stripes = lines[:, None, :].expand(-1, 4, 4).flatten(1)
    return torch.cat([bars, stripes]).unique(dim=0), (4, 4)


def best(kind: str) -> float:
    """The log-likelihood of a model that knows the patterns and nothing else."""
    import math

    return -math.log(len(patterns(kind)[0]))


class Lesson:
    """One machine, one way of learning."""

    def __init__(self, way: str, data: Tensor, hidden: int, seed: int):
        import torch

        from genmodels.energy.rbm import RBM, RBMConfig

        self.way, self.data = way, data
        start = torch.Generator().manual_seed(seed)
        self.rbm = RBM(RBMConfig(data.shape[1], hidden)).requires_grad_(False)
        self.rbm.weight.data = 0.1 * torch.randn(self.rbm.weight.shape, generator=start)
        self.luck = torch.Generator().manual_seed(seed + 1)
        self.batch = data.repeat(-(-ROWS // len(data)), 1)
        self.chains = self.batch.clone()

    def gradient(self, luck: Generator) -> tuple[Gradient, Tensor]:
        """What this way would do now, and where its chains would then be."""
        from genmodels.energy import rbm

        if self.way == "exact":
            return rbm.exact(self.rbm, self.data), self.chains
        if self.way == "persistent":
            return rbm.persistent(self.rbm, self.batch, self.chains, 1, luck)
        return rbm.contrastive_divergence(self.rbm, self.batch, int(self.way.removeprefix("cd")), luck)

    def learn(self, rate: float) -> None:
        gradient, self.chains = self.gradient(self.luck)
        for p, g in zip((self.rbm.weight, self.rbm.a, self.rbm.b), gradient, strict=True):
            p.data += rate * g

    def angle(self, seed: int) -> float:
        """The cosine between the step that this way takes on average and the true gradient."""
        import torch

        from genmodels.energy.rbm import exact

        luck = torch.Generator().manual_seed(seed)
        tries = 1 if self.way == "exact" else TRIES
        taken = torch.stack([self.gradient(luck)[0].weight for _ in range(tries)]).mean(0)
        true = exact(self.rbm, self.data).weight
        return torch.cosine_similarity(true.flatten(), taken.flatten(), 0).item()

    def particles(self, n: int) -> Tensor:
        """Where the negative phase looked last; the exact way looked everywhere, so a fair draw of it."""
        import torch

        from genmodels.energy.rbm import states

        if self.way != "exact":
            return self.chains[torch.linspace(0, len(self.chains) - 1, n).long()]
        every = states(self.rbm.config.visible)
        chances = (-self.rbm.free_energy(every)).softmax(0)
        luck = torch.Generator().manual_seed(0)
        return every[torch.multinomial(chances, n, replacement=True, generator=luck)]


def school(kind: str, hidden: int, rate: float, steps: int, seed: int, due: set[int]) -> Iterator[Moment]:
    """All four learn from the same start; a moment of it at each of the steps in `due`, and at the end."""
    data, _ = patterns(kind)
    lessons = [Lesson(way, data, hidden, seed) for way in WAYS]
    yield moment(0, lessons)
    for step in range(1, steps + 1):
        for lesson in lessons:
            lesson.learn(rate)
        if step in due:
            yield moment(step, lessons)


def moment(step: int, lessons: list[Lesson]) -> Moment:
    from genmodels.energy import rbm

    found = Moment(step, {}, {}, {}, {}, {})
    for lesson in lessons:
        z = rbm.log_z(lesson.rbm)
        nats = rbm.log_likelihood(lesson.rbm, lesson.data, z)
        found.likelihood[lesson.way] = nats.mean().item()
        found.covered[lesson.way] = nats.exp().sum().item()
        found.negative[lesson.way] = lesson.particles(10)
        found.weight[lesson.way] = lesson.rbm.weight.clone()
        found.angle[lesson.way] = lesson.angle(step)
    return found
