"""Tins of biscuits: every picture is told in full by two numbers, how tall the tin is and how wide.

A tin stands on a table, seen a little from above; light comes from the left. Grey, SIDE pixels a side. What a
picture of it needs is a thousand numbers, what made it is a point of the unit square: (height, width).
"""

import torch
from torch import Tensor

SIDE, FINE = 32, 3  # pixels, and how much finer it is drawn before it is reduced
FLOOR = 0.86  # where the tin stands, as a share of the picture from the top
TALL, WIDE = (0.08, 0.58), (0.12, 0.42)  # height, and half of the width, of the smallest and of the largest
TILT = 0.26  # how round the lid looks: 0 from the side, 1 from above
TABLE, WALL, LID, RIM = -0.55, -0.8, 0.75, 0.25  # greys, in [-1, 1]


def draw(z: Tensor) -> Tensor:
    """z (N, 2), height and width from 0 to 1 -> pictures (N, 1, SIDE, SIDE) in [-1, 1]."""
    n = SIDE * FINE
    at = (torch.arange(n, dtype=torch.float32) + 0.5) / n
    y, x = at[None, :, None], at[None, None, :] - 0.5  # the middle of the tin is in the middle
    tall = (TALL[0] + z[:, 0].float() * (TALL[1] - TALL[0]))[:, None, None]
    wide = (WIDE[0] + z[:, 1].float() * (WIDE[1] - WIDE[0]))[:, None, None]
    flat = TILT * wide  # half the height of the lid's ellipse
    bottom, top = FLOOR - flat, FLOOR - flat - tall
    share = (x / wide).clamp(-1, 1)
    curve = flat * (1 - share**2).clamp_min(0).sqrt()
    across = x.abs() < wide
    body = across & (y > top) & (y < bottom + curve)
    lid = (x / wide) ** 2 + ((y - top) / flat) ** 2 < 1
    inner = (x / (0.86 * wide)) ** 2 + ((y - top) / (0.82 * flat)) ** 2 < 1
    band = body & ((y - curve - top).abs() < 0.025)
    shadow = ((x - 0.16 * tall - 0.05) / (1.1 * wide)) ** 2 + ((y - bottom) / (1.15 * flat)) ** 2 < 1
    light = 0.55 - 0.75 * (share + 0.35) ** 2
    page = torch.where(y > 0.62, TABLE, WALL).expand(len(z), n, n)
    page = torch.where(shadow & (y > 0.62), page - 0.25, page)
    page = torch.where(body, light.expand_as(page), page)
    page = torch.where(band, light - 0.5, page)
    page = torch.where(lid, torch.tensor(RIM), page)
    page = torch.where(inner, torch.tensor(LID), page).clamp(-1, 1)
    return torch.nn.functional.avg_pool2d(page[:, None], FINE)


def sample(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tins as a shop has them: pictures (n, 1, SIDE, SIDE) and what made them (n, 2)."""
    z = torch.rand(n, 2, generator=generator)
    return draw(z), z
