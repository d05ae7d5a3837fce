"""How much noise at which moment, and which moments to visit.

A schedule says how a picture x0 drowns: at moment t of 1000 the network sees

    signal x0 + noise e,      signal^2 + noise^2 = 1,      signal^2 = alpha-bar

Everything that follows (solvers, guidance, repair) works with one number instead, sigma = noise / signal: it
looks at the same picture divided by `signal`, x0 + sigma e, so that it need not know which schedule a network
learnt with (Karras et al. 2022, arXiv:2206.00364, section 2 and table 1). A grid is the list of sigmas that
a solver visits, falling, with 0 at its end.

    linear          variances of the steps from 1e-4 to 0.02   Ho et al. 2020, arXiv:2006.11239, section 4
    scaled linear   their roots evenly, 0.0015 to 0.0195       Rombach et al. 2022, arXiv:2112.10752
    cosine          falls slowly at both ends                  Nichol, Dhariwal 2021, arXiv:2102.09672, eq. 17
    offset cosine   an angle from arccos 0.95 to arccos 0.02   Foster, Generative Deep Learning, example 8-5
    sigmoid         for larger pictures                        Jabri et al. 2022, arXiv:2212.11972, section 3
    flow            x and noise mixed in proportion t : 1 - t  Lipman et al. 2022, arXiv:2210.02747, eq. 22
"""

from functools import cache
from math import acos, cos, log, pi

import torch
from torch import Tensor

STEPS = 1000


def by_steps(betas: Tensor) -> Tensor:
    """What is left of the variance after steps that each take beta of it."""
    return (1 - betas).cumprod(0)


def linear(low: float = 1e-4, high: float = 0.02) -> Tensor:
    return by_steps(torch.linspace(low, high, STEPS, dtype=torch.float64))


def scaled_linear(low: float = 0.0015, high: float = 0.0195) -> Tensor:
    return by_steps(torch.linspace(low**0.5, high**0.5, STEPS, dtype=torch.float64) ** 2)


def cosine(offset: float = 0.008) -> Tensor:
    """Steps of at most 0.999, or the last would leave no signal at all to divide by."""
    t = torch.arange(STEPS + 1, dtype=torch.float64) / STEPS
    bar = ((t + offset) / (1 + offset) * pi / 2).cos().square()
    return by_steps((1 - bar[1:] / bar[:-1]).clamp(max=0.999))


def offset_cosine(high: float = 0.95, low: float = 0.02) -> Tensor:
    t = torch.linspace(0, 1, STEPS, dtype=torch.float64)
    return (acos(high) + t * (acos(low) - acos(high))).cos().square()


def sigmoid(start: float = -3.0, end: float = 3.0) -> Tensor:
    t = torch.linspace(0, 1, STEPS, dtype=torch.float64)
    ends = torch.tensor([start, end], dtype=torch.float64).sigmoid()
    bar = (ends[1] - (start + t * (end - start)).sigmoid()) / (ends[1] - ends[0])
    return bar.clamp(1e-6, 1 - 1e-6)


def flow() -> Tensor:
    t = (torch.arange(STEPS, dtype=torch.float64) + 0.5) / STEPS
    return (1 - t).square() / ((1 - t).square() + t.square())


SCHEDULES = {
    "linear": linear,
    "scaled_linear": scaled_linear,
    "cosine": cosine,
    "offset_cosine": offset_cosine,
    "sigmoid": sigmoid,
    "flow": flow,
}


@cache
def table(schedule: str) -> Tensor:
    """sigma at each of the 1000 moments, rising."""
    bar = SCHEDULES[schedule]()
    return ((1 - bar) / bar).sqrt()


def moment(schedule: str, sigma: Tensor) -> Tensor:
    """The moment, from 0 to 999 and in between, at which the noise is sigma (B,)."""
    at, logs = sigma.double().log(), table(schedule).log().to(sigma.device)
    above = torch.searchsorted(logs, at.contiguous()).clamp(1, STEPS - 1)
    low, high = logs[above - 1], logs[above]
    return (above - 1 + (at - low) / (high - low)).clamp(0, STEPS - 1)


def sigma_at(schedule: str, t: Tensor) -> Tensor:
    """The noise at moments t, also between two of the table."""
    logs, t = table(schedule).log().to(t.device), t.double().clamp(0, STEPS - 1)
    below = t.floor().long().clamp(max=STEPS - 2)
    return torch.lerp(logs[below], logs[below + 1], t - below).exp()


def rates(sigma: Tensor) -> tuple[Tensor, Tensor]:
    """Signal and noise of a picture of variance 1: cosine and sine of one angle."""
    signal = (1 + sigma.square()).rsqrt()
    return signal, sigma * signal


# Grids: the sigmas that a solver visits


def even(schedule: str, n: int) -> list[float]:
    """Moments at equal distances, from the last one on."""
    t = torch.linspace(STEPS - 1, 0, n + 1)[:-1]
    return [*sigma_at(schedule, t).tolist(), 0.0]


def leading(schedule: str, n: int, offset: int = 0) -> list[float]:
    """Every (1000 / n)th moment from 0 on, as DDPM and DDIM were published: the last ones are left out."""
    t = torch.arange(n - 1, -1, -1) * (STEPS // n) + offset
    return [*table(schedule)[t].tolist(), 0.0]


def karras(low: float, high: float, n: int, rho: float = 7.0) -> list[float]:
    """Closer and closer towards the end, where the details come (Karras et al. 2022, eq. 5)."""
    if n == 1:
        return [high, 0.0]
    ends = high ** (1 / rho), low ** (1 / rho)
    return [*((ends[0] + i / (n - 1) * (ends[1] - ends[0])) ** rho for i in range(n)), 0.0]


def geometric(low: float, high: float, n: int) -> list[float]:
    """Equal ratios."""
    return [*(high * (low / high) ** (i / max(n - 1, 1)) for i in range(n)), 0.0]


def straight(n: int, high: float = 100.0) -> list[float]:
    """Equal distances in the t of flow matching, sigma = t / (1 - t)."""
    top = high / (1 + high)
    times = [top * (1 - i / n) for i in range(n)]
    return [*(t / (1 - t) for t in times), 0.0]


def angle(n: int, high: float = 50.0) -> list[float]:
    """Equal angles, as the cosine schedules go."""
    top = acos(1 / (1 + high**2) ** 0.5)
    return [*(((1 / cos(top * (1 - i / n)) ** 2) - 1) ** 0.5 for i in range(n)), 0.0]


def log_snr(sigma: float) -> float:
    """Logarithm of the ratio of variances, signal to noise."""
    return -2 * log(sigma)
