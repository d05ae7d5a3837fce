"""The picture on the card of the classes: one set of points, what two models make of it on either side."""

import numpy as np
import torch
from PIL import Image, ImageDraw

from genmodels.data.labelled import cloud
from genmodels.foundations.gaussian import GaussianClasses
from genmodels.foundations.logistic import features, fit

WIDTH, HEIGHT, TWICE = 480, 300, 2  # drawn twice as large, then made small
DARK, INK = (17, 20, 23), (244, 241, 234)
HUES = np.array([(255, 170, 92), (110, 190, 255)], float)


def classes() -> Image.Image:
    """Left: Gaussians, bright where points are. Right: logistic regression, sure of every corner."""
    wide, high = TWICE * WIDTH, TWICE * HEIGHT
    x, y = cloud("tilted", 70, torch.Generator().manual_seed(5))
    across = (torch.arange(wide, dtype=torch.float64) + 0.5) / wide * 7.2 - 3.6
    up = 2.25 - (torch.arange(high, dtype=torch.float64) + 0.5) / high * 4.5
    at = torch.cartesian_prod(up, across).flip(1)
    model = GaussianClasses.fit(x, y)
    density = model.log_prob(at).exp().reshape(high, wide).numpy()
    odds = model.log_posterior(at).diff(dim=1)[:, 0].reshape(high, wide).numpy()
    line = (features(at) @ fit(features(x), y)).reshape(high, wide).numpy()
    odds[:, wide // 2 :] = line[:, wide // 2 :]
    chance = 1 / (1 + np.exp(-odds.clip(-50, 50)))
    light = 0.9 * (density / density.max()) ** 0.6
    light[:, wide // 2 :] = (0.1 + 0.65 * abs(2 * chance - 1))[:, wide // 2 :]
    ground = np.array(DARK, float)
    pixels = ground + light[..., None] * (HUES[0] + chance[..., None] * (HUES[1] - HUES[0]) - ground)
    page = Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))
    return marked(page, odds, x, y).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def marked(page: Image.Image, odds: np.ndarray, x: torch.Tensor, y: torch.Tensor) -> Image.Image:
    """The border of either side, the line between the sides, the points."""
    wide, high = page.size
    rim = np.zeros(odds.shape, bool)
    for axis in (0, 1):
        rim |= np.diff(odds > 0, axis=axis, append=np.take(odds > 0, [-1], axis))
    rim[:, wide // 2 - 1 : wide // 2 + 1] = False
    thick = np.logical_or.reduce([np.roll(rim, (a, b), (0, 1)) for a in (-1, 0, 1) for b in (-1, 0, 1)])
    page.paste(INK, mask=Image.fromarray(np.where(thick, 230, 0).astype(np.uint8)))
    pen = ImageDraw.Draw(page)
    pen.line((wide // 2, 0, wide // 2, high), DARK, 6)
    for (a, b), k in zip(x.tolist(), y.tolist(), strict=True):
        u, v = (a + 3.6) / 7.2 * wide, (2.25 - b) / 4.5 * high
        for r, fill in ((9, DARK), (6, tuple(HUES[k].astype(int)))):
            pen.ellipse((u - r, v - r, u + r, v + r), fill)
    return page
