"""A 3x3 convolution that is up to twice as fast on a CPU: the same weights and, to rounding, the same result.

Winograd's minimal filtering F(4x4, 3x3), Lavin and Gray, arXiv:1509.09308, section 4.2: a 4x4 square of the
output needs a 6x6 square d of the input, and with three fixed matrices

    Y = A^T [ (G w G^T) * (B^T d B) ] A        (* per entry, summed over the input channels)

costs 36 products per pair of channels instead of 144. The sums over channels are 36 plain matrix products.
The libraries under torch do this on some GPUs and not on CPUs. Rounding grows about tenfold (1e-5 of the
result), which rules out half precision, so there, in training, and where channels are too few to pay for the
transforms, the convolution is torch's own.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEAST_CHANNELS = 192  # below, the transforms cost more than they save
LEAST_WORK = 2**19  # channels times pixels; below, transforming the weights does
LEAST_DOUBLED = 768  # pixels to double; below, summing the kernel costs more than it saves
TILES = 128  # 4x4 squares at a time: the six-fold intermediate stays in the processor's cache

# fmt: off
_BT = ((4,  0, -5,  0, 1, 0),
       (0, -4, -4,  1, 1, 0),
       (0,  4, -4, -1, 1, 0),
       (0, -2, -1,  2, 1, 0),
       (0,  2, -1, -2, 1, 0),
       (0,  4,  0, -5, 0, 1))
_G = (( 1 / 4,       0,      0),
      (-1 / 6,  -1 / 6, -1 / 6),
      (-1 / 6,   1 / 6, -1 / 6),
      (1 / 24,  1 / 12,  1 / 6),
      (1 / 24, -1 / 12,  1 / 6),
      (     0,       0,      1))
_AT = ((1, 1,  1, 1,  1, 0),
       (0, 1, -1, 2, -2, 0),
       (0, 1,  1, 4,  4, 0),
       (0, 1, -1, 8, -8, 1))
# fmt: on


class Conv3x3(nn.Conv2d):
    """nn.Conv2d(c_in, c_out, 3, padding=1), by the shorter way where that is faster."""

    def __init__(self, c_in: int, c_out: int):
        super().__init__(c_in, c_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if pays(x, self.weight):
            return winograd(x, self.weight, self.bias)
        return super().forward(x)


class Upsample(nn.Module):
    """Twice the size: each pixel repeated 2x2, then a 3x3 convolution; where it pays, both in one step.

    Of the nine pixels under the kernel at most four differ, so both together are a transposed convolution
    of stride 2, its 4x4 kernel the 3x3 one summed over the four pixels of a repeat: 16 products, not 36.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() // x.shape[1] < LEAST_DOUBLED:
            return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        w = self.conv.weight.flip(2, 3).transpose(0, 1)  # in, out, 3, 3: as transposed convolutions want it
        w = sum(F.pad(w, (j, 1 - j, i, 1 - i)) for i in (0, 1) for j in (0, 1))  # in, out, 4, 4
        return F.conv_transpose2d(x, w, self.conv.bias, stride=2, padding=1)


def pays(x: Tensor, weight: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
        and min(weight.shape[:2]) >= LEAST_CHANNELS
        and x.numel() >= LEAST_WORK
    )


def winograd(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The 3x3 convolution of x (B, C, H, W), zeros around it. The result lies channels-last."""
    (b, c, height, width), c_out = x.shape, len(weight)
    x = x.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)  # B, H, W, C
    h, w = -(-height // 4), -(-width // 4)  # tiles down and across, the last ones in part outside
    to_input, to_weight, to_output = (kron(m, x) for m in (_BT, _G, _AT))
    taps = weight.permute(0, 2, 3, 1).reshape(c_out, 9, c)
    # In four parts: for a block as large as the whole malloc maps fresh pages, which are slow to fill.
    u = [(part @ taps).permute(1, 2, 0) for part in to_weight.split(9)]  # 4 times 9, C, O
    y = x.new_empty(b, h, 4, w, 4, c_out)
    rows = max(1, min(h, TILES // w))
    images = max(1, TILES // (h * w))
    for n in range(0, b, images):
        for top in range(0, h, rows):
            d = windows(x[n : n + images], top, min(top + rows, h), w)  # 6, 6, b, h, w, C
            v = (to_input @ d.reshape(36, -1)).view(36, -1, c)  # 36, bhw, C
            m = x.new_empty(36, v.shape[1], c_out)
            for of, by, out in zip(v.split(9), u, m.split(9), strict=True):
                torch.bmm(of, by, out=out)
            part = y[n : n + images, top : top + rows].permute(2, 4, 0, 1, 3, 5)  # 4, 4, b, h, w, O
            torch.add((to_output @ m.view(36, -1)).view(part.shape), bias, out=part)
    y = y.view(b, 4 * h, 4 * w, c_out)[:, :height, :width].permute(0, 3, 1, 2)
    return y.contiguous(memory_format=torch.channels_last)


def windows(x: Tensor, top: int, bottom: int, w: int) -> Tensor:
    """Of x (B, H, W, C) the 6x6 windows around tiles, rows `top` to `bottom` of them, w in each row."""
    height, width = x.shape[1:3]
    first, last = 4 * top - 1, 4 * bottom + 1
    strip = x[:, max(first, 0) : last]
    strip = F.pad(strip, (0, 0, 1, 4 * w + 1 - width, max(-first, 0), max(last - height, 0)))
    return strip.unfold(1, 6, 4).unfold(2, 6, 4).permute(4, 5, 0, 1, 2, 3)  # overlapping: nothing is copied


def kron(matrix: tuple[tuple[float, ...], ...], like: Tensor) -> Tensor:
    """M d M^T of a square d, as one matrix that acts on d flattened."""
    m = torch.tensor(matrix, dtype=like.dtype, device=like.device)
    return torch.kron(m, m)
