"""Dead leaves: pictures of nothing with the statistics of photographs.

Shapes of all sizes fall on each other like leaves on a floor, each with its colour, shading and grain. What
is seen has the edges, occlusions, smooth areas and textures of a photograph, at every scale, which is what
a compressor of images must learn; it needs no photographer and no licence. The sizes follow the power law
that makes the picture look alike at all distances. Lee, Mumford, Huang 2001 (IJCV 41); as training data:
Baradad et al. 2021, arXiv:2106.05963.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def leaves(seed: int, size: int = 256, count: int = 400) -> np.ndarray:
    """One picture, uint8 (size, size, 3), the same for the same seed."""
    rng = np.random.default_rng(seed)
    fine = 2 * size  # drawn at twice the size, so that edges are smooth
    label = _labels(rng, fine, count)
    n = count + 1
    colour = _colours(rng, n)[label]  # H, W, 3
    y, x = np.mgrid[0:fine, 0:fine].astype(np.float32) / fine - 0.5
    slope = rng.normal(0, 0.35, (2, n)).astype(np.float32)
    shade = slope[0][label] * x + slope[1][label] * y
    grains = np.stack([_grain(rng, fine) for _ in range(4)])
    strength = (0.16 * rng.beta(0.7, 2, n)).astype(np.float32)
    which = rng.integers(0, len(grains), n)[label]
    grain = strength[label] * np.take_along_axis(grains, which[None], 0)[0]
    picture = colour * (1 + shade[..., None]) + grain[..., None]
    image = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))
    image = image.resize((size, size), Image.Resampling.BOX)
    if rng.random() < 0.3:  # out of focus
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2)))
    noise = rng.normal(0, rng.uniform(0, 3), (size, size, 3))  # of a sensor
    return (np.asarray(image) + noise).round().clip(0, 255).astype(np.uint8)


def _labels(rng: np.random.Generator, size: int, count: int) -> np.ndarray:
    """Which leaf is seen at each pixel, 0 is the floor. Density of the radius r^-(power + 1)."""
    label = Image.new("I", (size, size))
    pen = ImageDraw.Draw(label)
    low, high, power = rng.uniform(0.006, 0.03) * size, 0.5 * size, rng.uniform(0.5, 1.5)
    radius = (low**-power + rng.random(count) * (high**-power - low**-power)) ** (-1 / power)
    for i, r in enumerate(np.sort(radius)[::-1] if rng.random() < 0.5 else radius, start=1):
        cx, cy = rng.uniform(-0.1 * size, 1.1 * size, 2)
        kind = rng.integers(4)
        if kind == 0:  # a disc
            pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=i)
        elif kind == 1:  # a stalk
            angle, thick = rng.uniform(0, np.pi), max(1, r / rng.uniform(4, 12))
            dx, dy = 2 * r * np.cos(angle), 2 * r * np.sin(angle)
            pen.line((cx - dx, cy - dy, cx + dx, cy + dy), fill=i, width=int(thick))
        else:  # a polygon, or a round shape of many corners
            corners = rng.integers(3, 7) if kind == 2 else 24
            turn = rng.uniform(0, 2 * np.pi) + np.arange(corners) * 2 * np.pi / corners
            wave = 1 + 0.35 * np.sin(rng.integers(2, 5) * turn + rng.uniform(0, 7)) * (kind == 3)
            flat = rng.uniform(0.4, 1)
            pen.polygon(
                [
                    (cx + r * w * np.cos(t), cy + flat * r * w * np.sin(t))
                    for t, w in zip(turn, wave, strict=True)
                ],
                fill=i,
            )
    return np.asarray(label)


def _colours(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mixtures of a few colours of one light, mostly dull, dark to bright."""
    anchors = rng.random((rng.integers(2, 6), 3)) ** rng.uniform(0.7, 1.6)
    grey = anchors.mean(1, keepdims=True)
    anchors = grey + (anchors - grey) * rng.beta(1.5, 1.5) * 1.2
    mix = rng.dirichlet(np.full(len(anchors), 0.4), n)
    light = rng.uniform(0.35, 1.25, (n, 1))
    return ((mix @ anchors) * light + rng.normal(0, 0.03, (n, 3))).clip(0, 1).astype(np.float32)


def _grain(rng: np.random.Generator, size: int) -> np.ndarray:
    """Noise with amplitude 1 / frequency^alpha, unit variance; sometimes drawn out in one direction."""
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    stretch = rng.choice([1, 1, 1, 4])
    f = np.hypot(fy * stretch, fx) if rng.random() < 0.5 else np.hypot(fy, fx * stretch)
    f[0, 0] = np.inf
    white = rng.normal(size=f.shape) + 1j * rng.normal(size=f.shape)
    grain = np.fft.irfft2(white / f ** rng.uniform(0.4, 1.6), s=(size, size))
    return (grain / grain.std()).astype(np.float32)
