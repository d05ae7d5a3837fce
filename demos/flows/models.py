"""What the views share: the nine flows and their truths, points with colours, films as lists of places."""

from __future__ import annotations

import colorsys
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from demos import kit
from demos.kit import plots
from demos.kit.plane import Plane
from genmodels.flow.checkpoints import FLOW_PLANE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from genmodels.data.points import Density

KINDS = {"realnvp": "AffineFlow", "spline": "SplineFlow", "ffjord": "ContinuousFlow"}
WINDOW = Plane(-4.2, -4.2, 8.4)
CELLS = 96  # a side, of a map of a density
CHUNK = 4096  # points that a flow is asked at once
MOMENTS = 8  # of a flow without layers, in a film: it stops where its 16 steps do anyway


def parts(checkpoint: str) -> tuple[str, str]:
    """flow-plane-spline-moons -> spline, moons"""
    _, _, kind, density = checkpoint.split("-")
    return kind, density


def of(*kinds: str) -> tuple[Any, ...]:
    """The checkpoints of some kinds."""
    return tuple(c for c in FLOW_PLANE if parts(c.name)[0] in kinds)


def kind(checkpoint: str) -> type:
    from importlib import import_module

    name = parts(checkpoint)[0]
    return getattr(import_module(f"genmodels.flow.plane.{name}"), KINDS[name])


def use(checkpoint: str) -> Any:
    return kit.model(kind(checkpoint), checkpoint)


def truth(checkpoint: str) -> Density:
    from genmodels.data import points

    return points.density(parts(checkpoint)[1])


def loading(checkpoint: str) -> str:
    """The lines that snippets share."""
    name = parts(checkpoint)[0]
    return (
        f"import torch\nfrom genmodels.flow.plane.{name} import {KINDS[name]}\n\n"
        f'flow = {KINDS[name]}.from_pretrained("{checkpoint}")\n'
    )


class Step(NamedTuple):
    """Where points are after a layer, or at a moment."""

    name: str  # "start", "scale", "coupling", "time"
    x: np.ndarray  # (B, 2)
    log_det: np.ndarray  # (B,) of this step alone
    note: float = 0.0  # the coordinate that stays, or the time


def film(flow: Any, points: np.ndarray, forward: bool, areas: bool = True) -> list[Step]:
    """Data to noise, or noise to data: layer by layer, or moment by moment where there are no layers.

    Without `areas` no log-determinants are worked out where they cost much.
    """
    import torch

    with torch.no_grad():
        x = torch.as_tensor(np.asarray(points), dtype=torch.float32).to(flow.device)
        if not hasattr(flow, "couplings"):
            return moments(flow, x, forward, areas)
        found = flow.film(x) if forward else flow.rewind(x)
        return [Step(f.name, plain(f.x), plain(f.log_det), -1 if f.keeps is None else f.keeps) for f in found]


def plain(x: Tensor) -> np.ndarray:
    return x.cpu().double().numpy()


def moments(flow: Any, x: Tensor, forward: bool, areas: bool) -> list[Step]:
    """A flow in time, as steps: the scaling where the data is, then equal times."""
    times = np.linspace(1, 0, MOMENTS + 1) if forward else np.linspace(0, 1, MOMENTS + 1)
    scale = flow.config.scale
    whole, passed = np.full(len(x), 2 * np.log(scale)), []
    if areas:
        passed = [(m.t, plain(m.x), plain(m.log_det)) for m in flow.trajectory(x, times.tolist())]
    else:
        ways = flow.solver.follow(flow.velocity, x / scale if forward else x, times.tolist())
        passed = [(m.t, plain(m.y), 0 * whole) for m in ways]
    changes = [0 * whole, *(b[2] - a[2] for a, b in pairwise(passed))]
    found = [Step("time", at, change, t) for (t, at, _), change in zip(passed, changes, strict=True)]
    if forward:
        return [Step("start", plain(x), 0 * whole), Step("scale", found[0].x, -whole, 1.0), *found[1:]]
    last = Step("scale", found[-1].x * scale, whole, 1.0)
    return [Step("start", found[0].x, 0 * whole), *found[1:], last]


def steps_of(checkpoint: str) -> int:
    """How many steps a film of it has, the start not counted: read from its config, without the weights."""
    import json

    from genmodels import hub

    if parts(checkpoint)[0] == "ffjord":
        return MOMENTS + 1
    config = json.loads((hub.folder(checkpoint) / "config.json").read_text())
    return config["layers"] + 1 + bool(config.get("ends"))


def log_prob(flow: Any, x: np.ndarray) -> np.ndarray:
    """(B, 2) -> (B,) nats."""
    import torch

    rows = torch.as_tensor(np.asarray(x), dtype=torch.float32).to(flow.device)
    with torch.no_grad():
        found = [flow.log_prob(part) for part in rows.split(CHUNK)]
    return plain(torch.cat(found))


maps: dict[tuple[str, int], np.ndarray] = {}  # of the nine flows, in the two sizes that the views draw


def density_map(checkpoint: str, cells: int = CELLS) -> Iterator[np.ndarray | None]:
    """(cells, cells): the flow's density over the window, the top row first. Nothing while it is worked out:
    following thousands of points through a flow in time takes seconds."""
    key = (checkpoint, cells)
    if key not in maps:
        found, few = [], 256 if parts(checkpoint)[0] == "ffjord" else CHUNK
        with use(checkpoint) as flow:
            for k in range(0, cells * cells, few):
                found.append(log_prob(flow, WINDOW.grid(cells)[k : k + few]))
                yield None
        maps[key] = np.exp(np.concatenate(found)).reshape(cells, cells)
    yield maps[key]


@lru_cache(maxsize=8)
def true_map(density: str, cells: int = CELLS) -> np.ndarray:
    import torch

    from genmodels.data import points

    found = points.density(density).log_prob(torch.from_numpy(WINDOW.grid(cells)))
    return found.reshape(cells, cells).numpy()


def brightest(density: str) -> float:
    """The density that is drawn brightest: the truth's, but for its highest peaks."""
    p = np.exp(true_map(density))
    return float(np.quantile(p[p > 1e-3], 0.98))


def colours(z: np.ndarray) -> np.ndarray:
    """(B, 3): hue by the direction of noise, paler towards its middle: where each part of it goes is seen."""
    hue = (np.arctan2(z[:, 1], z[:, 0]) / (2 * np.pi)) % 1
    rich = np.clip(np.hypot(*z.T) / 1.8, 0.25, 0.78)
    return np.array([colorsys.hsv_to_rgb(h, s, 1.0) for h, s in zip(hue, rich, strict=True)]) * 255


def noise(n: int, seed: int) -> np.ndarray:
    from genmodels.runtime import noise

    return noise(seed, n, (2,)).double().numpy()


def number(value: float, lang: str, digits: int = 3) -> str:
    """Rounded to what is worth reading."""
    return plots.number(round(float(value), digits) + 0.0, lang, 4)
