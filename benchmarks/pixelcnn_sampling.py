"""Sixteen sprites of 24 x 24 drawn on the CPU, beside the loop that posts and books draw with.

That loop (`peer`) runs the whole network for every pixel, 576 times, and uses one position of the result.
"peer, rows so far" is the same by somebody more careful, who leaves out the rows below, which can't matter.
Ours computes what the last pixel changed. The weights are the same, and so is the luck of every pixel,
therefore the sprites must be the same to the last pixel.

The weights are those of palette-sprites where it is bundled, else random: the time is the same. The slow
loops run once, to the end; before each of their rows ours draws all the sprites, so that a busy machine slows
them alike; its time is the mean. What such a machine gives to others is not in the seconds of the processor.
"""

import time
from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from genmodels import hub
from genmodels.autoregressive import sampling
from genmodels.autoregressive.palette import PaletteConfig, PalettePixelCNN

SMALL = PaletteConfig((6, 6), channels=8, dilations=(1, 2), ink=8)
BUNDLED = "palette-sprites"
# fmt: off
COLOURS = (  # transparent, and fifteen of the PICO-8
    (0, 0, 0), (29, 43, 83), (126, 37, 83), (0, 135, 81), (171, 82, 54), (95, 87, 79), (194, 195, 199),
    (255, 241, 232), (255, 0, 77), (255, 163, 0), (255, 236, 39), (0, 228, 54), (41, 173, 255),
    (131, 118, 156), (255, 119, 168), (255, 204, 170),
)
# fmt: on


class RowsSoFar:
    """The model, asked about a part of the picture: the rows to the one being drawn."""

    def __init__(self, model: PalettePixelCNN):
        self.model, self.where = deepcopy(model), model.stacks.where
        self.shape, self.draws, self.device, self.pick = model.shape, model.draws, model.device, model.pick

    def cut(self, rows: int) -> None:
        self.rows = rows
        self.model.stacks.where = nn.Parameter(self.where[:, :rows], requires_grad=False)

    def logits(self, x: Tensor, **condition: Tensor) -> Tensor:
        return self.model.logits(x[:, :, : self.rows], **condition)


def run(rounds: int, small: bool) -> dict[str, Any]:
    """`rounds` is not asked: each row of the picture is one."""
    model, weights = load(small)
    count = 2 if small else 16
    condition = {
        "palette": torch.tensor(COLOURS).expand(count, -1, -1),
        "colours": torch.full((count,), len(COLOURS)),
        "labels": torch.arange(count) % model.config.kinds,
    }
    careful = RowsSoFar(model)
    loops = {
        "peer": sampling.draw(model, 0, count, naive=True, **condition),
        "peer, rows so far": sampling.draw(careful, 0, count, naive=True, **condition),
    }
    rows, columns = model.config.size
    drawn, _ = take(sampling.draw(model, 0, count, **condition))  # the first call does not count
    sprites, spent = {"ours": drawn}, {name: torch.zeros(2) for name in ("ours", *loops)}
    for row in range(rows):
        careful.cut(row + 1)
        turns = {"ours": (sampling.draw(model, 0, count, **condition), None)}
        turns |= {name: (loop, columns) for name, loop in loops.items()}
        for name, turn in turns.items():
            sprites[name], seconds = take(*turn)
            spent[name] += seconds
    spent["ours"] /= rows  # it drew them all each time
    seconds, processor = ({name: s[k].item() for name, s in spent.items()} for k in (0, 1))
    return {
        "what": f"{count} sprites of {rows}x{columns}, palette PixelCNN, {weights} weights, float32",
        "ours": seconds["ours"],
        "peer": seconds["peer"],
        "peer_name": "the whole network for every pixel",
        "ratio": seconds["peer"] / seconds["ours"],
        "unit": "s",
        "agree": all(torch.equal(x, drawn) for x in sprites.values()),
        "pixels": {"drawn": drawn.numel(), "colours": len(drawn.unique())},
        "variants": {name: compare(name, seconds, processor) for name in loops},
        "processor": processor,
    }


def compare(name: str, seconds: dict[str, float], processor: dict[str, float]) -> dict[str, float]:
    """Seconds on the clock, and how many times ours that is: on the clock, and in the processor's time."""
    ratios = {"ratio": seconds, "ratio, processor": processor}
    return {"seconds": seconds[name], **{key: s[name] / s["ours"] for key, s in ratios.items()}}


def take(steps: Iterator[sampling.Step], count: int | None = None) -> tuple[Tensor, Tensor]:
    """So many steps, or all: the pictures then, and the seconds on the clock and of the processor."""
    began = time.perf_counter(), time.process_time()
    x = sampling.last(islice(steps, count))
    return x, torch.tensor([time.perf_counter() - began[0], time.process_time() - began[1]])


def load(small: bool) -> tuple[PalettePixelCNN, str]:
    if not small and (hub.WEIGHTS / BUNDLED).is_dir():
        return PalettePixelCNN.from_pretrained(BUNDLED), "bundled"
    torch.manual_seed(0)
    model = PalettePixelCNN(SMALL if small else PaletteConfig())
    for layer in model.stacks.layers:
        nn.init.normal_(layer.out.weight, std=0.1)  # zero in a new model, where layers do nothing
    return model.eval().requires_grad_(False), "random"
