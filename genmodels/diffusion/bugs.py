"""The mistakes that diffusion's code is known for, each a switch beside what is right.

Written as the textbooks print it, step by step, in pictures of variance 1, x_t = signal x0 + noise e. Without
a switch, `chain` is the forward process (Ho et al. 2020, arXiv:2006.11239, eq. 2) and `draw` gives what
samplers.ddim gives. Nobody should sample with these.

    FORWARD  drowning a picture        FIRST    the noise that a picture starts from
    SCHEDULE rates and moments         REVERSE  from one level to the next
    NETWORK  what it is told, and how its answer is read
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from genmodels.diffusion import schedules
from genmodels.diffusion.denoiser import Denoiser, believed
from genmodels.diffusion.samplers import Luck, noise

FORWARD = ("root", "shrink", "product", "same", "clip")
FIRST = ("quiet", "rand", "clipped", "one")
SCHEDULE = ("rates", "passed", "plain", "other", "leading")
REVERSE = ("once", "subtract", "last", "xt", "sigma", "direction", "late", "again", "alpha", "order")
NETWORK = ("variance", "unit", "ahead", "scale", "epsilon", "positive", "dark", "clamp", "swap", "label")
ALL = (*FORWARD, *FIRST, *SCHEDULE, *REVERSE, *NETWORK)

Wrong = frozenset[str]  # names of ALL
RIGHT: Wrong = frozenset()


def betas() -> Tensor:
    """The steps of the linear schedule."""
    return torch.linspace(1e-4, 0.02, schedules.STEPS, dtype=torch.float64)


# ---- forward -----------------------------------------------------------------------------------------------


def chain(x0: Tensor, luck: Luck, wrong: Wrong = RIGHT) -> Iterator[Tensor]:
    """x_1 to x_1000, one step of the linear schedule after another."""
    x = x0
    e = noise(x0.shape[1:], luck).to(x0)
    for beta in betas().tolist():
        if "product" in wrong:  # alpha of this step, where alpha-bar of all steps is meant
            x = sqrt(1 - beta) * x0 + sqrt(beta) * e
        else:
            keep = 1.0 if "shrink" in wrong else sqrt(1 - beta)
            x = keep * x + (beta if "root" in wrong else sqrt(beta)) * e
        if "clip" in wrong:
            x = x.clamp(-1, 1)
        yield x
        if "same" not in wrong:
            e = noise(x0.shape[1:], luck).to(x0)


def quiet() -> float:
    """The variance with which the forward process ends if its noise lacks the root."""
    end = 1.0
    for beta in betas().tolist():
        end = (1 - beta) * end + beta**2
    return end


def left(x: Tensor, other: Tensor, x0: Tensor) -> float:
    """How much of x0 is in x, where `other` is what the same noise makes of nothing."""
    return (((x - other) * x0).sum() / x0.square().sum()).item()


# ---- schedules ---------------------------------------------------------------------------------------------


class Level(NamedTuple):
    signal: float  # in x = signal x0 + noise e
    noise: float
    told: float  # sigma that the network is told


CLEAN = Level(1.0, 0.0, 0.0)


def levels(schedule: str, steps: int, wrong: Wrong = RIGHT, own: str = "cosine") -> list[Level]:
    """From noise to picture at even moments. `own`: the schedule that the network learnt with."""
    t = torch.linspace(schedules.STEPS - 1, 0, steps + 1, dtype=torch.float64)[:-1]
    if "leading" in wrong:  # every so many-th moment from 0 on
        t = torch.arange(steps - 1, -1, -1, dtype=torch.float64) * (schedules.STEPS // steps)
    if "plain" in wrong:
        found = plain(t)
    else:
        sigma = schedules.sigma_at(schedule, t)
        found = list(map(Level, *(r.tolist() for r in (*schedules.rates(sigma), sigma))))
    if "passed" in wrong:
        found = passed(t)
    if "rates" in wrong:  # alpha-bar and 1 - alpha-bar, which are variances
        found = [Level(a.signal**2, a.noise**2, a.told) for a in found]
    if "other" in wrong:  # the network reads a moment as it learnt to
        read = schedules.sigma_at(own, t).tolist()
        found = [Level(a.signal, a.noise, s) for a, s in zip(found, read, strict=True)]
    found = found[::-1] if "order" in wrong else found[:1] if "once" in wrong else found
    return [*found, CLEAN]


def plain(t: Tensor) -> list[Level]:
    """A cosine without any offset, in 32 bits as printed: at the end 4e-8 of signal, and below 0."""
    angle = (t / (schedules.STEPS - 1)).float() * torch.pi / 2
    pairs = zip(angle.cos().tolist(), angle.sin().tolist(), strict=True)
    return [Level(s, n, n / max(abs(s), 1e-6)) for s, n in pairs]


def passed(t: Tensor) -> list[Level]:
    """alpha-bar as a product over the moments that were asked for, in that order, and no others."""
    steps = betas()[t.round().long()]
    bar = schedules.by_steps(steps).tolist()
    return [Level(sqrt(b), sqrt(1 - b), sqrt((1 - b) / b)) for b in bar]


# ---- reverse -----------------------------------------------------------------------------------------------


class Look(NamedTuple):
    x: Tensor  # what is seen, of variance 1 if all is right
    x0: Tensor  # what is believed
    level: Level
    told: float  # sigma that the network was told
    given: float  # standard deviation of the picture that it was given


@torch.no_grad()
def draw(
    denoise: Denoiser, e: Tensor, way: Sequence[Level], labels: Tensor | None = None, luck: Luck = (),
    wrong: Wrong = RIGHT, eta: float = 1.0, scale: float = 1.0, error: float = 0.0,
) -> Iterator[Look]:  # fmt: skip
    """Down the levels from the noise e. `eta` 1 is DDPM, 0 DDIM; `error`: of the network's noise, added."""
    if unknown := wrong - set(ALL):
        raise ValueError(f"wrong = {sorted(unknown)}: expected some of {ALL}")
    x, labels = first(e, wrong), labels_for(denoise, labels, wrong)
    fresh, z = luck_of(e, luck, eta, error), None
    for here, there in pairwise(way):
        sigma = told(denoise, here, there, wrong)
        eps = guided(denoise, x, sigma, labels, wrong, scale)
        eps = eps + error * next(fresh) if error else eps
        x0 = belief(x, eps, here, there, wrong)
        given = x.std().item() * (sqrt(1 + sigma**2) if "scale" in wrong else 1.0)
        yield Look(x, x0, here, sigma, given)
        z = next(fresh) if z is None or "again" not in wrong else z
        before, x = x, moved(x, x0, eps, here, there, z, wrong, eta)
    x = before if "xt" in wrong else x
    x = 2 * x - 1 if "dark" in wrong else x  # as if it went from 0 to 1
    yield Look(x, x, CLEAN, 0.0, 0.0)


def luck_of(e: Tensor, luck: Luck, eta: float, error: float) -> Iterator[Tensor]:
    """Noise of the way, on and on; nothing where none is wanted."""
    while True:
        yield noise(e.shape[1:], luck).to(e) if luck and (eta or error) else torch.zeros_like(e)


def first(e: Tensor, wrong: Wrong) -> Tensor:
    """What stands for the last moment: as it should be, standard normal and each picture's own."""
    if "quiet" in wrong:
        e = quiet() ** 0.5 * e
    if "rand" in wrong:  # the same luck, evenly from 0 to 1
        e = torch.special.ndtr(e)
    if "clipped" in wrong:
        e = e.clamp(-1, 1)
    return e[:1].expand_as(e) if "one" in wrong else e


def labels_for(denoise: Denoiser, labels: Tensor | None, wrong: Wrong) -> Tensor | None:
    if "label" not in wrong or labels is None:
        return labels
    return (labels + 1).clamp(max=denoise.network.config.num_class_embeds - 1)  # counted from 1


def guided(
    denoise: Denoiser, x: Tensor, sigma: float, labels: Tensor | None, wrong: Wrong, scale: float
) -> Tensor:
    """The noise that the network sees in x, away from what it would see without a label."""
    if scale == 1 or labels is None:
        return noise_in(denoise, x, sigma, labels, wrong)
    both = torch.cat([labels, denoise.network.any(x)])
    with_label, without = noise_in(denoise, torch.cat([x, x]), sigma, both, wrong).chunk(2)
    if "swap" in wrong:
        with_label, without = without, with_label
    return torch.lerp(without, with_label, scale)


def told(denoise: Denoiser, here: Level, there: Level, wrong: Wrong) -> float:
    """sigma as the network is told it, in the moments of its own schedule."""
    low, high = denoise.ends
    sigma = there.told if "ahead" in wrong else here.told
    if "variance" in wrong:  # it learnt with the variance of the noise, and is given its root
        n = min((sigma**2 / (1 + sigma**2)) ** 0.5, 1 - 1e-7)
        sigma = sqrt(n / (1 - n))
    sigma = min(max(sigma, low), high)
    if "unit" in wrong:  # a share of the time, where it learnt with moments up to 999
        t = schedules.moment(denoise.schedule, torch.tensor([sigma])) / (schedules.STEPS - 1)
        sigma = schedules.sigma_at(denoise.schedule, t).item()
    return sigma


def noise_in(denoise: Denoiser, x: Tensor, sigma: float, labels: Tensor | None, wrong: Wrong) -> Tensor:
    """Any network's answer about a picture of variance 1, as noise."""
    large = x * sqrt(1 + sigma**2)
    if "scale" in wrong:  # x0 + sigma e as it is, not shrunk to what the network learnt with
        t = schedules.moment(denoise.schedule, torch.full((len(x),), sigma)).to(x)
        answer = denoise.network(large, t, labels)
    else:
        answer = denoise.answer(large, sigma, labels)
    if "epsilon" in wrong:  # whatever it means, taken for the noise
        return answer
    return (large - believed(denoise.prediction, large, answer, sigma)) / sigma


def belief(x: Tensor, eps: Tensor, here: Level, there: Level, wrong: Wrong) -> Tensor:
    """The picture under x, kept where pictures are."""
    signal, part = here.signal, here.noise
    if "alpha" in wrong:  # of this step, where alpha-bar is meant
        signal, part = step_of(here, there)
    x0 = (x - part * eps) / signal
    if "clamp" in wrong:
        return x0
    return x0.clamp(0, 1) if "positive" in wrong else x0.clamp(-1, 1)


def step_of(here: Level, there: Level) -> tuple[float, float]:
    """sqrt(alpha) and sqrt(beta) of the step from there to here."""
    alpha = min((here.signal / there.signal) ** 2, 1.0)
    return sqrt(alpha), sqrt(1 - alpha)


def moved(
    x: Tensor, x0: Tensor, eps: Tensor, here: Level, there: Level, z: Tensor, wrong: Wrong, eta: float
) -> Tensor:
    """Believed picture, its noise, fresh noise (Song et al. 2021, arXiv:2010.02502, eq. 12)."""
    keep, add = step_of(here, there)
    up = eta * there.noise / here.noise * add  # the standard deviation of the fresh noise
    if "subtract" in wrong:  # all of the noise, each time
        return x - eps
    if "last" in wrong:  # as if eps were only the noise of the last step
        return (x - add * eps) / keep
    eps = (x - here.signal * x0) / here.noise  # of what is believed now
    old = there.noise if "direction" in wrong else sqrt(max(there.noise**2 - up**2, 0.0))
    if "late" in wrong and not there.noise:  # there is no step after it to take it out
        up = eta * add
    return there.signal * x0 + old * eps + (up**2 if "sigma" in wrong else up) * z


def mixed(a: Tensor, b: Tensor, share: float, wrong: bool = False) -> Tensor:
    """From one noise to another: on the sphere, or straight through it."""
    if wrong:
        return (1 - share) * a + share * b
    angle = torch.tensor(share * torch.pi / 2)
    return angle.cos() * a + angle.sin() * b
