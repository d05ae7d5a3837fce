"""How far is one set of points from another? By the cheapest way to carry the one to the other, exactly.

Two sets of n points: pair them so that the sum of the squared distances is least, the assignment problem.
The p-Wasserstein distance is the p-th root of the mean of distance^p over the pairs (Peyre and Cuturi 2019,
arXiv:1803.00567, sec. 2.2 and 2.4). It is 0 only for equal sets, so two samples of one density are apart
too: that floor, which falls slowly with n, is the number to compare with.

The solver takes rows one at a time and augments along a shortest path in reduced costs (Jonker and
Volgenant 1987; the dual variables u, v keep cost - u - v >= 0 throughout, and 0 on the pairs). A few
hundred points take some hundredths of a second; the time grows as the cube of n at worst.

The energy distance needs no pairing: 2 E|X - Y| - E|X - X'| - E|Y - Y'| (Szekely and Rizzo 2013), here
without bias, so that two samples of one density are at 0 on average and may come out a little below.
"""

import numpy as np


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Euclidean, of all pairs: (n, D), (m, D) -> (n, m), in float64."""
    return np.sqrt(squares(x, y))


def squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """By coordinates, not by |x|^2 - 2xy + |y|^2, which loses half the digits between neighbours."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"points of shapes {x.shape} and {y.shape}: expected (n, D) and (m, D)")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("points: expected finite coordinates")
    return sum(np.subtract.outer(a, b) ** 2 for a, b in zip(x.T, y.T, strict=True))


def wasserstein(x: np.ndarray, y: np.ndarray, p: int = 2) -> float:
    """Of two sets of equally many points (n, D)."""
    if len(x) != len(y):
        raise ValueError(f"{len(x)} points against {len(y)}: expected equally many")
    cost = squares(x, y) if p == 2 else distances(x, y) ** p
    return float(cost[np.arange(len(cost)), assignment(cost)].mean() ** (1 / p))


def wasserstein_line(x: np.ndarray, y: np.ndarray, p: int = 1) -> float:
    """On the line the cheapest pairs are those in order: (n,), (n,)."""
    return float((np.abs(np.sort(x) - np.sort(y)) ** p).mean() ** (1 / p))


def energy_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Of (n, D) and (m, D), unbiased. Its square root is the metric; the root would have a bias."""
    n, m = len(x), len(y)
    within_x, within_y = distances(x, x).sum() / (n * (n - 1)), distances(y, y).sum() / (m * (m - 1))
    return float(2 * distances(x, y).mean() - within_x - within_y)


# ---- the assignment problem


def assignment(cost: np.ndarray) -> np.ndarray:
    """The column of each row such that the sum of their costs is least: (n, n) -> (n,)."""
    cost = np.ascontiguousarray(cost, float)
    if cost.ndim != 2 or cost.shape[0] != cost.shape[1] or not np.isfinite(cost).all():
        raise ValueError(f"costs of shape {cost.shape}: expected a square of finite numbers")
    v = cost.min(0)
    u = (cost - v).min(1)
    column, row = (
        np.full(len(u), -1),
        np.full(len(v), -1),
    )  # of each row, of each column; -1 while it has none
    best, first = np.unique((cost - v).argmin(1), return_index=True)
    column[first], row[best] = best, first  # pairs whose reduced cost is 0 already
    for free in np.flatnonzero(column < 0):
        augment(cost, u, v, column, row, int(free))
    return column


def augment(
    cost: np.ndarray, u: np.ndarray, v: np.ndarray, column: np.ndarray, row: np.ndarray, free: int
) -> None:
    """Dijkstra from a free row to the nearest free column, then swap pairs on the way."""
    length, before = np.full(len(v), np.inf), np.full(len(v), free)  # of the way to each column; its last row
    open_v, settled, ways = v.copy(), [], []  # -inf for settled columns, so that no way to them is shorter
    now, way = free, 0.0
    while True:
        reduced = cost[now] - (u[now] - way) - open_v
        shorter = reduced < length
        np.copyto(length, reduced, where=shorter)
        before[shorter] = now
        end = int(length.argmin())
        way = float(length[end])
        if row[end] < 0:
            break
        settled.append(end)
        ways.append(way)
        length[end], open_v[end] = np.inf, -np.inf
        now = int(row[end])
    slack = way - np.array(ways)
    u[free] += way
    u[row[settled]] += slack
    v[settled] -= slack
    now = -1
    while now != free:
        now = int(before[end])
        row[end], column[now], end = now, end, int(column[now])
