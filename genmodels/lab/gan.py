"""A generative adversarial network of the plane, made to be watched and broken.

The generator bends a cloud of codes z into points; the discriminator gives every place of the plane a score,
learnt from real and generated points. The generator sees nothing of the truth but the slope of that score:
it moves its points uphill. What either wants is a game of `genmodels.gan.losses`, and so are the ways to keep
the discriminator smooth. Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1; spectral normalisation: Miyato
et al. 2018, arXiv:1802.05957, algorithm 1. Ours: Adam's first moment forgets quickly (0.5, Radford et al.
2015), and the discriminator's loss is the sum, not the mean, of that of real and that of generated points.

`set` changes what can be changed in the middle of a training. Numbers that leave all bounds end it: the
weights stay as they were before, `diverged` says so, and `step` does nothing more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genmodels.data.points import Density
from genmodels.gan.losses import GAMES, clip, gradient_penalty, r1, targets
from genmodels.lab.family import Source, bounded
from genmodels.lab.mlp import Adam, mlp
from genmodels.lab.truth import EDGE
from genmodels.lab.watch import View, diagnosis, watch

__all__ = ["GAN", "Knobs", "View", "diagnosis"]

BOUNDS: dict[str, tuple[float, float]] = {  # of the knobs that are numbers
    "clip": (0, 1),
    "gradient_penalty": (0, 100),
    "r1": (0, 100),
    "lr_generator": (1e-6, 1),
    "lr_discriminator": (1e-6, 1),
    "discriminator_steps": (1, 20),
    "generator_steps": (1, 20),
    "width_generator": (2, 256),
    "width_discriminator": (2, 256),
    "soft": (0, 0.5),
    "flips": (0, 0.5),
    "batch": (4, 1024),
}
LATENTS = (1, 2, 8)
NOISES = ("normal", "uniform")
SIDES = ("", "discriminator", "generator")  # what may be frozen
AFRESH = ("width_generator", "width_discriminator", "latent", "noise")  # another network, or another task
BETAS, EPS = (0.5, 0.9), 1e-4
SMALL = 0.25  # of the weights of the generator's last layer, at first
STRETCH = 3.0  # of each layer of a normalised discriminator. 1 in the paper: too smooth for modes so narrow
SEEN = 512  # codes that every frame shows
HUGE = 1e6  # a loss that does not come back
ROOT3 = 3**0.5  # uniform on [-root 3, root 3] has variance 1


@dataclass(frozen=True)
class Knobs:
    """Everything a visitor may turn. 0 switches a remedy off; several may be on."""

    game: str = "non_saturating"  # one of GAMES
    clip: float = 0.0  # every weight of the discriminator stays within it
    gradient_penalty: float = 0.0  # weight: how far from 1 the slope between real and generated may be
    r1: float = 0.0  # weight: how steep the score may be at real points
    spectral: bool = False  # every layer of the discriminator stretches by STRETCH at most
    lr_generator: float = 2e-3
    lr_discriminator: float = 2e-3
    discriminator_steps: int = 1  # of each step
    generator_steps: int = 1
    width_generator: int = 64  # of the three hidden layers
    width_discriminator: int = 64
    soft: float = 0.0  # how far labels may be moved towards the other
    flips: float = 0.0  # share of labels that lie
    batch: int = 128
    latent: int = 2  # numbers in a code
    noise: str = "normal"  # or "uniform", of the same variance

    def __post_init__(self) -> None:
        bounded(self, BOUNDS, {"game": tuple(GAMES), "latent": LATENTS, "noise": NOISES})


class Discriminator(nn.Module):
    """(B, 2) -> (B,). With `spectral`, no layer stretches anything by more than STRETCH."""

    def __init__(self, width: int, generator: torch.Generator):
        super().__init__()
        self.layers = mlp((2, width, width, width, 1), generator, lambda: nn.LeakyReLU(0.2))
        self.spectral = False
        self.outs = [torch.randn(layer.out_features, generator=generator) for layer in self.layers[::2]]
        self.ins = [layer.weight.new_zeros(layer.in_features) for layer in self.layers[::2]]

    def forward(self, x: Tensor) -> Tensor:
        if not self.spectral:
            return self.layers(x)[:, 0]
        for k, layer in enumerate(self.layers[::2]):
            x = F.leaky_relu(x, 0.2) if k else x
            stretch = torch.dot(self.outs[k], layer.weight @ self.ins[k])
            x = F.linear(x, layer.weight * (STRETCH / stretch), layer.bias)
        return x[:, 0]

    @torch.no_grad()
    def follow(self, rounds: int = 1) -> None:
        """Power iteration: the directions that each layer stretches most."""
        for k, layer in enumerate(self.layers[::2]):
            for _ in range(rounds):
                self.ins[k] = F.normalize(layer.weight.T @ self.outs[k], dim=0)
                self.outs[k] = F.normalize(layer.weight @ self.ins[k], dim=0)


class Generator(nn.Module):
    """(B, latent) -> (B, 2) on the plane: a small cloud in the middle at first, never beyond the edge."""

    def __init__(self, latent: int, width: int, generator: torch.Generator):
        super().__init__()
        self.layers = mlp((latent, width, width, width, 2), generator)
        self.layers[-1].weight.data.mul_(SMALL)

    def forward(self, z: Tensor) -> Tensor:
        x = self.layers(z)
        return x * (1 + (x / EDGE).square()).rsqrt()


class GAN:
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        self.seed, self.freeze = seed, ""
        self.start(knobs)

    def start(self, knobs: Knobs) -> None:
        """From the beginning, as the seed has it."""
        self.random = torch.Generator().manual_seed(self.seed)
        self.done, self.moves, self.diverged, self.losses = 0, 0, False, {}
        self.generator = Generator(knobs.latent, knobs.width_generator, self.random)
        self.discriminator = Discriminator(knobs.width_discriminator, self.random)
        self.down_generator = Adam(self.generator, knobs.lr_generator, BETAS, EPS)
        self.down_discriminator = Adam(self.discriminator, knobs.lr_discriminator, BETAS, EPS)
        self.knobs = knobs
        self.seen = self.noise(SEEN, self.random)
        self.turn(knobs)

    def turn(self, knobs: Knobs) -> None:
        """Take knobs that leave the networks as they are."""
        if knobs.spectral and not self.discriminator.spectral:
            self.discriminator.follow(30)
        self.discriminator.spectral = knobs.spectral
        self.down_generator.lr, self.down_discriminator.lr = knobs.lr_generator, knobs.lr_discriminator
        self.knobs, self.game = knobs, GAMES[knobs.game]
        self.labels = torch.ones(knobs.batch), torch.zeros(knobs.batch)

    def set(self, knobs: Knobs) -> bool:
        """Turn the knobs in the middle of a training. True: it had to start anew."""
        anew = any(getattr(knobs, name) != getattr(self.knobs, name) for name in AFRESH)
        anew = anew or (self.diverged and knobs != self.knobs)
        (self.start if anew else self.turn)(knobs)
        return anew

    # ---- what every family offers

    @property
    def needs(self) -> int:
        return self.knobs.batch * self.knobs.discriminator_steps

    def step(self, x: Tensor) -> dict[str, float]:
        """Each side as often as its knob says, unless it is frozen. {} once it has diverged."""
        if self.freeze not in SIDES:
            raise ValueError(f"freeze = {self.freeze!r}: expected one of {SIDES}")
        if len(x) != self.needs:
            raise ValueError(f"{len(x)} real points: one step takes {self.needs}")
        found: dict[str, float] = {}
        if self.freeze != "discriminator":
            for real in x.split(self.knobs.batch):
                found["discriminator"] = self.learn(self.down_discriminator, lambda r=real: self.judge(r))
                if self.knobs.clip:
                    clip(self.discriminator, self.knobs.clip)
        if self.freeze != "generator":
            for _ in range(self.knobs.generator_steps):
                found["generator"] = self.learn(self.down_generator, self.fool)
                self.moves += 1
        if self.diverged:
            return {}
        self.done, self.losses = self.done + 1, found
        return found

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.generator(self.noise(n, generator))

    def log_prob(self, x: Tensor) -> None:
        """It has none: it draws, and can't say how likely anything is."""

    @torch.no_grad()
    def height(self, x: Tensor) -> Tensor:
        """The score."""
        return self.discriminator(x)

    # ---- learning

    def learn(self, down: Adam, loss: Callable[[], Tensor]) -> float:
        if self.diverged:
            return 0.0
        value = loss()
        self.diverged = not abs(value.item()) < HUGE or not down.step(value)
        return value.item()

    def judge(self, real: Tensor) -> Tensor:
        """What the discriminator wants to be small."""
        knobs, n = self.knobs, len(real)
        if knobs.spectral:
            self.discriminator.follow()
        fake = self.sample(n, self.random)
        one, zero = self.labels
        if knobs.soft or knobs.flips:
            one, zero = (targets(n, side, self.random, knobs.soft, knobs.flips) for side in (True, False))
        score = self.discriminator(torch.cat([real, fake]))
        loss = self.game.judge(score[:n], one) + self.game.judge(score[n:], zero)
        if knobs.gradient_penalty:
            slope = gradient_penalty(self.discriminator, real, fake, self.random)
            loss = loss + knobs.gradient_penalty * slope
        if knobs.r1:
            loss = loss + knobs.r1 * r1(self.discriminator, real)
        return loss

    def fool(self) -> Tensor:
        """What the generator wants to be small."""
        return self.game.fool(self.discriminator(self.generator(self.noise(self.knobs.batch, self.random))))

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent), variance 1."""
        if self.knobs.noise == "normal":
            return torch.randn(n, self.knobs.latent, generator=generator)
        return ROOT3 * (2 * torch.rand(n, self.knobs.latent, generator=generator) - 1)

    def over_train(self, source: Source, steps: int) -> Iterable[dict[str, float]]:
        """The discriminator alone, so many steps, one at a time."""
        before, self.freeze = self.freeze, "generator"
        try:
            for _ in range(steps):
                yield self.step(source.take(self.needs))
        finally:
            self.freeze = before

    # ---- looking

    def show(self, reals: Tensor, truth: Density | None = None, side: int = 32) -> View:
        """What is worth seeing now, with some real points (a few hundred) to compare with."""
        return watch(self, reals, truth, side)

    @torch.no_grad()
    def warp(self, g: int = 12) -> Tensor:
        """Where a lattice of codes goes, (g, g, 2): between two lines lies the same share of all codes.

        One latent number gives a curve of g * g points, (1, g * g, 2). Of eight, the others are 0.
        """
        share = torch.linspace(0.02, 0.98, g * g if self.knobs.latent == 1 else g).tolist()
        normal = self.knobs.noise == "normal"
        line = torch.tensor([NormalDist().inv_cdf(p) if normal else ROOT3 * (2 * p - 1) for p in share])
        if self.knobs.latent == 1:
            return self.generator(line[:, None])[None]
        z = torch.zeros(g, g, self.knobs.latent)
        z[..., 0], z[..., 1] = torch.meshgrid(line, line, indexing="xy")
        return self.generator(z)
