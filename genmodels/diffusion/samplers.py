"""From noise to picture: solvers. Each is a generator function and knows nothing of networks or schedules.

They all go down a grid of sigmas and ask at each what the picture might be, `denoise(x, sigma)`. Without
noise of their own they follow

    dx / d sigma = (x - denoise(x, sigma)) / sigma        (Karras et al. 2022, arXiv:2206.00364, eq. 3)

which carries noise to data, always to the same. In x = x0 + sigma e many published samplers are the same:

    ddim        eta 0: DDIM (Song et al. 2021, arXiv:2010.02502, eq. 12), and Euler's method, and Euler's
                method of flow matching on its own grid. eta 1: DDPM (Ho et al. 2020, arXiv:2006.11239,
                algorithm 2), and what k-diffusion calls Euler ancestral
    heun        a second look at the end of each step (Karras et al. 2022, algorithm 1); with `churn` noise
                is added and taken away again (algorithm 2)
    dpm         remembers the last beliefs: DPM-Solver++ multistep (Lu et al. 2022, arXiv:2211.01095, alg. 2)
    unipc       the same, and corrects each step by what it finds there (Zhao et al. 2023, arXiv:2302.04867)
    midpoint    looks again in the middle of the step, along the straight time of flow matching
    consistency jumps to the end, adds noise of the next level, jumps again (Song et al. 2023,
                arXiv:2303.01469, algorithm 1)

x starts at the level of the grid's first sigma (`start`). At every level a `Step` comes out: what is seen
there and what is believed; the last one, at sigma 0, is the picture. Whoever stops in between holds x and
sigma and can go on from there with another solver, seed or label.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from math import expm1, factorial, log
from typing import NamedTuple

import torch
from torch import Tensor

from genmodels.diffusion.denoiser import Denoise

Luck = Sequence[torch.Generator]  # one for each picture


class Step(NamedTuple):
    i: int  # 0 at the start, len(sigmas) - 1 at the end
    x: Tensor  # (B, C, H, W) x0 + sigma e
    x0: Tensor  # (B, C, H, W) what the network believes is under it
    sigma: float


def noise(shape: Sequence[int], luck: Luck) -> Tensor:
    """A picture's worth of standard normal numbers from each generator, (B, *shape)."""
    return torch.stack([torch.randn(tuple(shape), generator=g) for g in luck])


def start(shape: Sequence[int], sigma: float, luck: Luck, device: torch.device | str = "cpu") -> Tensor:
    """Noise as it is at that level, data of variance 1 drowned in it; shape is that of one picture."""
    return (1 + sigma**2) ** 0.5 * noise(shape, luck).to(device)


def renoised(x: Tensor, sigma: float, luck: Luck) -> Tensor:
    return x + sigma * noise(x.shape[1:], luck).to(x)


@torch.no_grad()
def ddim(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    luck: Luck = (),
    eta: float = 0.0,
    large: bool = False,
) -> Iterator[Step]:
    """`large`: DDPM's other choice of variance, that of the forward step (its section 3.2)."""
    for i, (s, t) in enumerate(pairwise(sigmas)):
        x0 = denoise(x, s)
        yield Step(i, x, x0, s)
        up2 = eta**2 * t**2 * (s**2 - t**2) / s**2
        x = x0 + (t**2 - up2) ** 0.5 / s * (x - x0)
        if eta and t:
            up = ((1 + t**2) * (s**2 - t**2) / (1 + s**2)) ** 0.5 if large else up2**0.5
            x = renoised(x, up, luck)
    yield Step(len(sigmas) - 1, x, x, sigmas[-1])


@torch.no_grad()
def heun(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], luck: Luck = (), churn: float = 0.0
) -> Iterator[Step]:
    """`churn`: how much noise over the whole way; as in the paper at most 41 % more than there was."""
    for i, (s, t) in enumerate(pairwise(sigmas)):
        if churn:
            more = s * (1 + min(churn / (len(sigmas) - 1), 2**0.5 - 1))
            x, s = renoised(x, (more**2 - s**2) ** 0.5, luck), more
        x0 = denoise(x, s)
        yield Step(i, x, x0, s)
        slope = (x - x0) / s
        ahead = x + (t - s) * slope
        if t:
            slope = (slope + (ahead - denoise(ahead, t)) / t) / 2
        x = x + (t - s) * slope
    yield Step(len(sigmas) - 1, x, x, sigmas[-1])


@torch.no_grad()
def midpoint(denoise: Denoise, x: Tensor, sigmas: Sequence[float], luck: Luck = ()) -> Iterator[Step]:
    """In y = x / (1 + sigma) and t = sigma / (1 + sigma) the velocity is (y - x0) / t."""
    for i, (s, t) in enumerate(pairwise(sigmas)):
        x0 = denoise(x, s)
        yield Step(i, x, x0, s)
        y, a, b = x / (1 + s), s / (1 + s), t / (1 + t)
        half = (a + b) / 2
        y_half = y + (half - a) * (y - x0) / a
        x0 = denoise(y_half / (1 - half), half / (1 - half))
        x = (y + (b - a) * (y_half - x0) / half) / (1 - b)
    yield Step(len(sigmas) - 1, x, x, sigmas[-1])


@torch.no_grad()
def dpm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Sequence[float],
    luck: Luck = (),
    order: int = 2,
    whole: bool = False,
) -> Iterator[Step]:
    """Goes on as if the belief were a polynomial of log sigma through the last `order` ones.

    Exactly so if `whole`. As published, a straight line counts as its value halfway, and a parabola's
    curvature counts half, which costs three beliefs an order: errors fall with the square of the steps.
    """
    past: list[tuple[float, Tensor]] = []  # (-log sigma, belief), the newest last
    for i, (s, t) in enumerate(pairwise(sigmas)):
        x0 = denoise(x, s)
        yield Step(i, x, x0, s)
        past = [*past, (-log(s), x0)][-order:]
        x = t / s * x + (1 - t / s) * x0 + (bend(past, -log(t), whole) if t else 0)
    yield Step(len(sigmas) - 1, x, x, sigmas[-1])


def bend(past: list[tuple[float, Tensor]], to: float, whole: bool = False) -> Tensor | float:
    """What the beliefs' slope and curvature add to a step that takes the last belief for all of it."""
    if len(past) == 1:
        return 0.0
    (now, a), (before, b) = past[-1], past[-2]
    h, r0 = to - now, (now - before) / (to - now)
    slope, fall = (a - b) / r0, expm1(-h)
    if len(past) == 2:
        return (fall / h + 1 if whole else -0.5 * fall) * slope
    earlier, c = past[-3]
    r1 = (before - earlier) / h
    steeper = (slope - (b - c) / r1) / (r0 + r1)
    return (fall / h + 1) * (slope + r0 * steeper) - (1 + whole) * ((fall + h) / h**2 - 0.5) * steeper


@torch.no_grad()
def unipc(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], luck: Luck = (), order: int = 2
) -> Iterator[Step]:
    """Predict, look, correct: the look serves the next prediction too, so a step is one question."""
    past: list[tuple[float, Tensor]] = []
    before = x
    for i, (s, t) in enumerate(pairwise(sigmas)):
        x0 = denoise(x, s)
        if past:
            x = moved(before, past, -log(s), x0)
        yield Step(i, x, x0, s)
        past, before = [*past, (-log(s), x0)][-order:], x
        x = moved(x, past, -log(t)) if t else x0
    yield Step(len(sigmas) - 1, x, x, sigmas[-1])


def moved(x: Tensor, past: list[tuple[float, Tensor]], to: float, found: Tensor | None = None) -> Tensor:
    """From the last place in `past` on to -log sigma = `to`; with what was `found` there: the correction."""
    (now, last), h = past[-1], to - past[-1][0]
    others = [((at - now) / h, (belief - last) / ((at - now) / h)) for at, belief in past[-2::-1]]
    if found is not None:
        others.append((1.0, found - last))
    share = weights([r for r, _ in others], h)
    step = -expm1(-h)
    return x * (1 - step) + step * (last + sum((w * d for w, (_, d) in zip(share, others, strict=True)), 0.0))


def weights(ratios: list[float], h: float) -> list[float]:
    """How much each slope counts, so that polynomials are met exactly (theorem 3.1, B = e^-h - 1)."""
    if len(ratios) < 2:
        return [0.5] * len(ratios)  # of order 1 the paper takes a half
    phi, wanted = expm1(-h) / -h - 1, []
    for n in range(1, len(ratios) + 1):
        wanted.append(phi * factorial(n) / expm1(-h))
        phi = phi / -h - 1 / factorial(n + 1)
    powers = torch.tensor([[r**n for r in ratios] for n in range(len(ratios))], dtype=torch.float64)
    return torch.linalg.solve(powers, torch.tensor(wanted, dtype=torch.float64)).tolist()


@torch.no_grad()
def consistency(
    denoise: Denoise, x: Tensor, sigmas: Sequence[float], luck: Luck = (), least: float = 0.002
) -> Iterator[Step]:
    """For networks that jump; one that believes means would average a picture more at every jump."""
    for i, (s, t) in enumerate(pairwise(sigmas)):
        x0 = denoise(x, s)
        yield Step(i, x, x0, s)
        x = renoised(x0, max(t**2 - least**2, 0) ** 0.5, luck) if t else x0
    yield Step(len(sigmas) - 1, x, x, sigmas[-1])


SOLVERS: dict[str, Callable[..., Iterator[Step]]] = {  # (denoise, x, sigmas, luck)
    "ddim": ddim,
    "ddpm": partial(ddim, eta=1.0),
    "heun": heun,
    "churn": partial(heun, churn=40.0),
    "midpoint": midpoint,
    "dpm2": dpm,
    "dpm3": partial(dpm, order=3),
    "unipc": unipc,
}
LOOKS = {"heun": 2, "churn": 2, "midpoint": 2}  # questions per step, where they are not one
