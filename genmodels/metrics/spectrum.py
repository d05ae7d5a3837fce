"""Which waves pictures are made of, and how much of it is a checkerboard.

The mean power of the discrete Fourier transform over many pictures. Natural pictures have little of the
finest waves; a generator that grows by stamps leaves peaks where the stamps repeat: at 1/2 of a wave per
pixel for a stride of two, at 1/4 and 1/8 from the layers before (Odena et al. 2016, distill.pub/2016/
deconv-checkerboard; Zhang et al. 2019, arXiv:1907.06515).
"""

import torch
from torch import Tensor


def window(side: int, like: Tensor) -> Tensor:
    """Fades the borders out, which would otherwise be an edge as sharp as any."""
    return torch.hann_window(side, dtype=like.dtype, device=like.device)


def power(x: Tensor) -> Tensor:
    """Mean power by wave, (B, C, H, W) -> (H, W): constants in the middle, the finest waves at the edges."""
    h, w = x.shape[-2:]
    faded = (x - x.mean((2, 3), keepdim=True)) * window(h, x)[:, None] * window(w, x)
    found = torch.fft.fft2(faded).abs().square().mean((0, 1)) / (h * w)
    return torch.fft.fftshift(found)


def rows(spectrum: Tensor) -> Tensor:
    """Power by the fineness of the wave, across and down alike: (n, n) -> (n / 2 + 1,), from 0 to 1/2 per
    pixel."""
    half = len(spectrum) // 2
    across, down = spectrum.mean(0), spectrum.mean(1)
    both = (across + down) / 2
    return torch.cat([both[half:], both[:1]])  # what is shifted to the front is the finest wave


def peak(spectrum: Tensor) -> float:
    """How far the finest wave stands out above those a little coarser, in decibels. 0: not at all."""
    by_wave = rows(spectrum)
    return (10 * (by_wave[-1] / by_wave[-6:-2].mean()).log10()).item()


def stamps(size: int, stride: int, steps: int) -> Tensor:
    """How many stamps of a transposed convolution lie on each pixel, (n, n): `steps` stamps a side."""
    kernel = torch.ones(1, 1, size, size)
    return torch.nn.functional.conv_transpose2d(torch.ones(1, 1, steps, steps), kernel, stride=stride)[0, 0]
