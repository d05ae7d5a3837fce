"""The codes of an image autoencoder, handled: scaled as diffusion sees them, rounded, shuffled, looked at.

A code is (1, C, h, w) of about unit variance: the latents times the model's scaling factor. Works for any
model with `encode`, `decode` and `config.scaling_factor`; of an encoder that gives a Gaussian, the mean.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def tensor(pixels: Any) -> Tensor:
    """uint8 (H, W, 3), as an array or as a PIL image -> (1, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None] / 127.5 - 1


def pixels(x: Tensor) -> np.ndarray:
    """(1, 3, H, W) in [-1, 1] -> uint8 (H, W, 3), ready for PIL.Image.fromarray."""
    return ((x[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()


def encode(model: Any, x: Tensor) -> Tensor:
    z = model.encode(x.to(model.device, model.dtype))
    z = z[0] if isinstance(z, tuple) else z
    return z.float() * model.config.scaling_factor


def decode(model: Any, z: Tensor) -> Tensor:
    """The image (1, 3, H, W) in [-1, 1] of a code, on the CPU."""
    z = (z / model.config.scaling_factor).to(model.device, model.dtype)
    return model.decode(z).float().clamp(-1, 1).cpu()


def quantise(z: Tensor, bits: int) -> Tensor:
    """Each number to the middle of one of 2^bits equal steps between its channel's least and greatest."""
    low, high = z.amin((2, 3), keepdim=True), z.amax((2, 3), keepdim=True)
    step = (high - low).clamp_min(1e-6) / 2**bits
    return low + (((z - low) / step).floor().clamp(0, 2**bits - 1) + 0.5) * step


def take(z: Tensor, other: Tensor, part: str) -> Tensor:
    """z with a part of another code in it: "half" the right one, "mean" of both, or a channel, "1" and on."""
    z = z.clone()
    if part == "half":
        z[..., z.shape[3] // 2 :] = other[..., z.shape[3] // 2 :]
    elif part == "mean":
        z = (z + other) / 2
    else:
        z[:, int(part) - 1] = other[:, int(part) - 1]
    return z


def diffuse(z: Tensor, noise: Tensor, share: float) -> Tensor:
    """Part code, part noise, of unit variance throughout: the forward process of diffusion."""
    return (1 - share) ** 0.5 * z + share**0.5 * noise


def shuffle(z: Tensor, side: int, seed: int) -> Tensor:
    """The squares of `side` by `side` positions in another order. What doesn't fill a square stays."""
    side = min(side, *z.shape[2:])
    rows, columns = z.shape[2] // side * side, z.shape[3] // side * side
    squares = F.unfold(z[:, :, :rows, :columns], side, stride=side)  # 1, C * side^2, squares
    order = torch.randperm(squares.shape[2], generator=torch.Generator().manual_seed(seed))
    out = z.clone()
    out[:, :, :rows, :columns] = F.fold(squares[:, :, order.to(z.device)], (rows, columns), side, stride=side)
    return out


def correlation(z: Tensor) -> float:
    """Between a number of the code and the one to its right, over all channels."""
    if z.shape[3] < 2:
        return 0.0
    z = (z - z.mean((2, 3), keepdim=True)) / z.std((2, 3), keepdim=True).clamp_min(1e-6)
    return (z[..., 1:] * z[..., :-1]).mean().item()


def palette(z: Tensor, x: Tensor) -> Tensor:
    """(C + 1, 3): the mixture of channels, and a constant, closest to the colours of x by least squares."""
    small = F.adaptive_avg_pool2d(x.float().cpu(), z.shape[2:])
    return torch.linalg.lstsq(_rows(z), small[0].flatten(1).T).solution


def preview(z: Tensor, palette: Tensor) -> Tensor:
    """(1, 3, h, w) in [-1, 1]: the code as a small colour picture."""
    return (_rows(z) @ palette).T.reshape(1, 3, *z.shape[2:]).clamp(-1, 1)


def _rows(z: Tensor) -> Tensor:
    rows = z[0].cpu().float().flatten(1).T  # h * w, C
    return torch.cat([rows, torch.ones(len(rows), 1)], 1)
