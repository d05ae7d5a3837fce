"""What a position looks at: its receptive field, and the blind spot of the plain PixelCNN.

The network is asked, not its plan. A picture of amounts goes in, and what comes back at every pixel is the
derivative of the parameters at one position; where it is zero, that pixel is not looked at, whatever the
arrows in a figure say. The parameters are added up with random signs, so that the mean of the squares over
pictures is that of all their derivatives (Hutchinson's trick), and one pass forward and one back do for a
batch. A ReLU that is shut hides what lies behind it: hence several pictures, of noise unless some are given.

Names (places in a palette, words of a code book) have no derivative. For them `moved_by` changes one pixel
after another and looks at what the chances do, for every kind of model and on the picture at hand, at the
price of a pass for each pixel.
"""

import torch
from torch import Tensor

from genmodels.autoregressive.sampling import uniforms
from genmodels.model import Model


def seen_by(
    model: Model, i: int, j: int, x: Tensor | None = None, count: int = 8, **condition: Tensor
) -> Tensor:
    """(H, W): how strongly each pixel bears on (i, j), exactly zero where not. On pictures x, or noise."""
    if x is None:
        x = (uniforms(0, count, model.shape) * model.config.levels).long()
    amounts = x.to(model.device, model.dtype).requires_grad_(True)
    with torch.enable_grad():
        params = model.logits(amounts, **condition)[:, i, j]  # (B, P)
        signs = uniforms(0, len(x), params.shape[1:]).to(params).sub(0.5).sign()
        (slope,) = torch.autograd.grad((params * signs).sum(), amounts)
    return slope.float().square().sum(1).mean(0).sqrt().cpu()


def before(i: int, j: int, size: tuple[int, int]) -> Tensor:
    """(H, W) bool: the positions that come before (i, j), all of which it may look at."""
    return torch.arange(size[0] * size[1]).reshape(size) < i * size[1] + j


def blind_spot(model: Model, i: int, j: int, **condition: Tensor) -> Tensor:
    """(H, W) bool: positions before (i, j) that the model can't see from there."""
    return before(i, j, model.shape[1:]) & (seen_by(model, i, j, **condition) == 0)


def influence(seen: Tensor) -> Tensor:
    """A map of this file for the eye: 1 at the strongest; the root, because what is far away is faint."""
    return (seen / seen.max().clamp(min=1e-30)).sqrt()


@torch.no_grad()
def moved_by(model: Model, x: Tensor, other: Tensor, i: int, j: int, **condition: Tensor) -> Tensor:
    """(H, W): by how much the chances at (i, j) move, in total variation, when one pixel before it changes.

    x (1, C, H, W) is the picture, and each pixel takes its value from `other` (1, C, H, W).
    """
    earlier = before(i, j, model.shape[1:])
    one = torch.zeros(1 + earlier.sum(), *earlier.shape, dtype=torch.bool)
    one[1:][:, earlier] = torch.eye(len(one) - 1, dtype=torch.bool)  # the first picture stays as it is
    chances = []
    for where in one.to(x.device).split(64):
        told = {k: v.expand(len(where), *v.shape[1:]) for k, v in condition.items()}
        changed = torch.where(where[:, None], other, x)
        chances.append(model.chances(model.logits(changed, **told)[:, i, j]))
    chances = torch.cat(chances).float().cpu()
    moved = torch.zeros(earlier.shape)
    moved[earlier] = (chances[1:] - chances[0]).abs().sum(1) / 2
    return moved
