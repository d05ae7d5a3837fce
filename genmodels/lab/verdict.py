"""How good is what was trained: everything that can be said of a family with the truth at hand, measured."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import mean, median

import torch

from genmodels.data.points import Density
from genmodels.lab.family import Family
from genmodels.lab.truth import EDGE, covered, good, kl, modes, plane
from genmodels.metrics.transport import energy_distance, wasserstein

POINTS = 400  # of the sets that are paired: the time grows as the cube
PAIRS = 3  # of sets, whose mean is told
MANY = 1500  # points of the energy distance
SIDE = 72  # cells a side that densities are summed on: one narrowest standard deviation each, exact enough


@dataclass(frozen=True)
class Verdict:
    """None: not measured yet, or there is no such thing."""

    energy: float | None = (
        None  # energy distance to real points; about 0, and it may be below, if it's as good
    )
    w2: float | None = None  # 2-Wasserstein distance of POINTS samples from POINTS real points
    floor: float | None = None  # the same of two sets of real points: no model can be expected to be below
    kl: float | None = None  # KL(truth || model), nats
    nats: float | None = None  # mean log density of real points under the model
    entropy: float | None = None  # minus that is what the truth itself reaches
    modes: int | None = None  # covered, where the truth is a few Gaussians
    of: int | None = None
    good: float | None = None  # share of the samples that lie in one of them
    draw: float | None = None  # seconds for 1000 samples
    done: bool = False  # all that can be measured has been


def verdict(model: Family, truth: Density, seed: int) -> Iterator[Verdict]:
    """More of it at each step, and every step is short but that of a density which has to be followed."""
    random = torch.Generator().manual_seed(seed)
    known = modes(truth)
    found = Verdict(
        draw=drawing(model, seed), of=None if known is None else len(known), entropy=entropy(truth)
    )
    x = model.sample(max(MANY, PAIRS * POINTS), random)
    found = replace(found, modes=covered(truth, x), good=good(truth, x))
    yield found
    real, other = (truth.sample(len(x), random).numpy() for _ in range(2))
    x = torch.nan_to_num(x).numpy()
    found = replace(found, energy=energy_distance(real[:MANY], x[:MANY]))
    yield found
    pairs, floors = [], []
    for k in range(0, PAIRS * POINTS, POINTS):
        pairs.append(wasserstein(real[k : k + POINTS], x[k : k + POINTS]))
        floors.append(wasserstein(real[k : k + POINTS], other[k : k + POINTS]))
        found = replace(found, w2=mean(pairs), floor=mean(floors))
        yield found
    if (above := kl(truth, model, SIDE)) is not None:
        found = replace(found, kl=above, nats=-found.entropy - above)
    yield replace(found, done=True)


def drawing(model: Family, seed: int) -> float:
    """Seconds for 1000 samples, the median of three times."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        model.sample(1000, torch.Generator().manual_seed(seed))
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def entropy(truth: Density, side: int = SIDE) -> float:
    """In nats, summed over the cells of the plane."""
    log_p = truth.log_prob(plane(side).flatten(0, 1)).double()
    p = log_p.exp()
    return -(p * torch.where(p > 0, log_p, 0.0)).sum().item() * (2 * EDGE / side) ** 2
