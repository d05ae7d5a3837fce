"""The pictures on the cards of the tabs that compare: families on one sheet, and samples gone bad."""

import numpy as np
import torch
from PIL import Image

from genmodels import families

WIDTH, HEIGHT, TILE = 480, 300, 96
ROWS = ("vae-faces@mixture", "cgan-faces", "real-faces")


def tiled(rows: list[torch.Tensor]) -> Image.Image:
    """Three rows of five pictures (5, 3, H, W) in [-1, 1], a little wider than the card."""
    page = Image.new("RGB", (WIDTH, HEIGHT))
    for i, row in enumerate(rows):
        for k, x in enumerate(((row + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()):
            tile = Image.fromarray(np.ascontiguousarray(x)).resize((TILE, TILE), Image.BILINEAR)
            page.paste(tile, (k * TILE, i * (TILE + 6)))
    return page


@torch.no_grad()
def same() -> Image.Image:
    """A row is a family, the last one real; a column is a seed."""
    return tiled([families.last(families.load(families.entry(name))(7, 5)) for name in ROWS])


@torch.no_grad()
def blind() -> Image.Image:
    """Five people, the same with their quarters exchanged, and the same in a fog."""
    real = families.last(families.load(families.entry("real-faces"))(28, 5))
    fog = torch.nn.functional.avg_pool2d(real, 7, 1, 3, count_include_pad=False)
    return tiled([real, real.roll((32, 32), (2, 3)), fog])
