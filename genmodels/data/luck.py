"""A seed's fixed row of uniform numbers, each with its place: a new attribute never shifts an old one."""

import numpy as np


class Dice:
    def __init__(self, seed: int, n: int):
        self.row = np.random.Generator(np.random.PCG64(seed)).random(n).tolist()

    def unit(self, i: int) -> float:
        return self.row[i]

    def signed(self, i: int) -> float:
        return 2 * self.row[i] - 1

    def chance(self, i: int, p: float) -> bool:
        return self.row[i] < p

    def pick(self, i: int, names, weights=None) -> str:
        """One of the names, evenly or by weight."""
        if weights is None:
            return names[int(self.row[i] * len(names))]
        at, total = 0.0, sum(weights)
        for name, weight in zip(names, weights, strict=True):
            at += weight / total
            if self.row[i] < at:
                return name
        return names[-1]
