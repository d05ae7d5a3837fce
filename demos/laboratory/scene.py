"""The picture of a race: the truth and two families beside each other, points above and densities below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from demos.kit import say
from demos.kit.plane import GROUND, INK, SOFT, Plane, Plot

if TYPE_CHECKING:
    from torch import Tensor

    from demos.laboratory.race import Lane
    from genmodels.data.points import Density

SIDE, GAP, HEAD = 380, 10, 46  # pixels of a panel, between panels, above them
POINTS = 700
CELLS = 60  # a side, of a map of the density; FINAL for the last one
FINAL = 90
TRUE, FIRST, SECOND = (176, 184, 190), (255, 170, 92), (110, 190, 255)
PAGE = (30, 34, 38)


class Scene:
    """What stays the same from frame to frame: the real points, their map and how bright it is."""

    def __init__(self, truth: Density, seed: int, lang: str):
        import torch

        from genmodels.lab.truth import EDGE

        self.lang, self.seed = lang, seed
        self.plane = Plane(-EDGE, -EDGE, 2 * EDGE)
        self.reals = truth.sample(POINTS, torch.Generator().manual_seed(seed)).numpy()
        density = self.map(truth.log_prob, FINAL)
        self.most = float(np.quantile(density[density > 1e-4], 0.98))
        self.real = self.points(self.reals, TRUE), self.ground(density, TRUE)

    def draw(self, lanes: list[Lane], final: bool = False) -> Image.Image:
        """One frame. The last one knows all densities; until then only those that cost little."""
        columns = [(say(self.lang, "the truth", "la verdad"), "", *self.real)]
        for lane, colour in zip(lanes, (FIRST, SECOND), strict=True):
            density = self.density(lane, final)
            below = self.ground(density, colour) if density is not None else self.none(lane, final)
            columns.append((lane.title(self.lang), f"{lane.steps}", self.cloud(lane, colour), below))
        sheet = Image.new("RGB", (3 * SIDE + 2 * GAP, HEAD + 2 * SIDE + GAP), PAGE)
        pen = Plot(self.plane, image=sheet)
        for k, (title, steps, above, below) in enumerate(columns):
            x = k * (SIDE + GAP)
            sheet.paste(above, (x, HEAD))
            sheet.paste(below, (x, HEAD + SIDE + GAP))
            pen.write((x + 4, 6), title, 27, (TRUE, FIRST, SECOND)[k])
            if steps:
                pen.write((x + SIDE - 4, 12), f"{say(self.lang, 'step', 'paso')} {steps}", 20, SOFT, "ra")
        return sheet

    def points(
        self, x: np.ndarray, colour: tuple[int, int, int], under: np.ndarray | None = None
    ) -> Image.Image:
        plot = Plot(self.plane, SIDE)
        if under is not None:
            plot.points(under, np.tile(np.array(TRUE, float) * 0.55, (len(under), 1)), 1.3, 0.6)
        return plot.points(x, np.tile(np.array(colour, float), (len(x), 1)), 1.9).image

    def cloud(self, lane: Lane, colour: tuple[int, int, int]) -> Image.Image:
        import torch

        x = lane.model.sample(POINTS, torch.Generator().manual_seed(self.seed)).numpy()
        return self.points(x[np.isfinite(x).all(1)], colour, self.reals)

    def map(self, log_prob: Any, cells: int) -> np.ndarray:
        """(cells, cells): the density, the top row first."""
        import torch

        found: Tensor = log_prob(torch.from_numpy(self.plane.grid(cells)).float())
        return found.double().exp().nan_to_num().reshape(cells, cells).numpy()

    def density(self, lane: Lane, final: bool) -> np.ndarray | None:
        if final:
            import torch

            has = lane.model.log_prob(torch.zeros(1, 2)) is not None
            return self.map(lane.model.log_prob, FINAL) if has else None
        return self.map(lane.model.height, CELLS) if lane.quick else None

    def ground(self, density: np.ndarray, colour: tuple[int, int, int]) -> Image.Image:
        """Brightness is the square root of the density, on the truth's scale: thin bridges are seen."""
        share = np.sqrt((density / self.most).clip(0, 1))[..., None]
        pixels = np.array(GROUND) + (np.array(colour) - GROUND) * share
        tile = Image.fromarray(pixels.round().astype(np.uint8))
        return tile.resize((SIDE, SIDE), Image.Resampling.BILINEAR)

    def none(self, lane: Lane, final: bool) -> Image.Image:
        en, es = ("no density: it only draws", "sin densidad: solo dibuja")
        if not final and lane.late:
            en, es = ("its density comes at the end", "su densidad, al final")
        middle = (SIDE / 2, SIDE / 2)
        return Plot(self.plane, SIDE).write(middle, say(self.lang, en, es), 21, INK, "mm").image
