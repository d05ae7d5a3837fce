"""RealNVP, live: the flow of `genmodels.flow.plane.realnvp`, trained by maximum likelihood.

Without `stretch` it is NICE less its last scaling: areas stay, so no density can exceed that of N(0, I),
1 / 2 pi. The couplings see their coordinate alone, without its sines, which takes less time a step.
"""

from dataclasses import dataclass

import torch

from genmodels.flow.plane.realnvp import AffineConfig, AffineFlow
from genmodels.lab.family import bounded
from genmodels.lab.likelihood import Likelihood

BOUND = 1.5  # of |s|. With 2, eight layers learn restlessly; with 1, they stretch too little for thin curves


@dataclass(frozen=True)
class Knobs:
    layers: int = 8  # couplings, 2 to 16; neighbours swap the coordinates' roles
    width: int = 64  # of the two hidden layers of each, 8 to 128
    stretch: bool = True  # without it: NICE
    lr: float = 6e-3  # 1e-5 to 1e-1
    batch: int = 256  # 16 to 1024

    def __post_init__(self) -> None:
        bounded(self, {"layers": (2, 16), "width": (8, 128), "lr": (1e-5, 0.1), "batch": (16, 1024)})


class RealNVP(Likelihood):
    Knobs = Knobs

    def __init__(self, knobs: Knobs = Knobs(), seed: int = 0):  # noqa: B008 - frozen
        config = AffineConfig(knobs.layers, knobs.width, 0, knobs.stretch, bound=BOUND, scale=1.0)
        super().__init__(knobs, AffineFlow(config, torch.Generator().manual_seed(seed)))
