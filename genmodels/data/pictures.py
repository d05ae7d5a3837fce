"""A few pictures to try a model on when no photograph may ship: each drawn, the same for the same size.

`draw(name, size)` gives uint8 (size, size, 3). A lake under mountains stands in for a photograph, a wall of
portraits for a busy scene, a test card for everything that compressors dislike: print, hard edges, smooth
slopes, the finest waves. Faces and leaves are drawn from seeds that no training of ours uses.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .faces import paint, random_face
from .leaves import leaves

UNSEEN = 2_000_000  # seeds from here on are in no training set
WAVES = 64  # of the clouds, across


def draw(name: str, size: int = 256) -> np.ndarray:
    """The picture of this name."""
    if not 16 <= size <= 1024:
        raise ValueError(f"size = {size}: expected 16 to 1024")
    return PICTURES[name](size)


def face(size: int) -> np.ndarray:
    return paint(random_face(UNSEEN + 27), size)


def dead_leaves(size: int) -> np.ndarray:
    return leaves(UNSEEN + 3, size, 300)


# ------------------------------------------------------------------------------------------ a lake


def lake(size: int) -> np.ndarray:
    """Clouds, five ridges that fade with distance, their reflection, firs, grass, and the grain of a lens."""
    rng = np.random.default_rng(11)
    fine = 2 * size
    shore = int(0.62 * fine)
    picture = sky(rng, fine)
    for k in range(5):
        ridge(rng, picture, shore, k / 4)
    firs(rng, picture, shore)
    picture[shore:] = water(rng, picture[:shore], fine - shore)
    image = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))
    meadow(rng, image)
    image = image.resize((size, size), Image.Resampling.BOX)
    grain = np.random.default_rng(12).normal(0, 2.0, (size, size, 1))
    return (np.asarray(image) + grain).round().clip(0, 255).astype(np.uint8)


def clouds(
    rng: np.random.Generator, shape: tuple[int, int], power: float, stretch: float = 1.0
) -> np.ndarray:
    """Noise of amplitude 1 / frequency^power, unit variance, drawn out sideways by `stretch`.

    Made of WAVES by WAVES of them whatever the shape, so the same seed looks alike at every size.
    """
    fy, fx = np.fft.fftfreq(2 * WAVES, 1 / (2 * WAVES))[:, None], np.arange(WAVES + 1)[None]
    f = np.hypot(fy / stretch, fx)
    f[0, 0] = np.inf
    white = rng.normal(size=f.shape) + 1j * rng.normal(size=f.shape)
    small = np.fft.irfft2(white / f**power, s=(2 * WAVES, 2 * WAVES))
    image = Image.fromarray((small / small.std()).astype(np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BICUBIC))


def sky(rng: np.random.Generator, size: int) -> np.ndarray:
    y = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    low, high = np.float32([0.98, 0.80, 0.62]), np.float32([0.30, 0.50, 0.74])
    mix = np.clip(y / 0.55, 0, 1) ** 1.2
    plain = np.broadcast_to(high * (1 - mix) + low * mix, (size, size, 3)).copy()
    cover = 1 / (1 + np.exp(-3.2 * (clouds(rng, (size, size), 1.7, 2.5) - 0.45)))[..., None]
    light = np.float32([1.0, 0.95, 0.90]) - 0.22 * cover * np.float32([0.8, 0.9, 0.8])
    x = np.linspace(0, 1, size, dtype=np.float32)[None, :, None]
    glow = np.exp(-((x - 0.68) ** 2 + (y - 0.40) ** 2) / 0.03) * np.float32([0.35, 0.25, 0.10])
    return plain * (1 - cover) + light * cover + glow


def ridge(rng: np.random.Generator, picture: np.ndarray, shore: int, near: float) -> None:
    """One row of mountains, lit from the right. `near` 0 is far and pale, 1 is close, dark and wooded."""
    size = picture.shape[1]
    t = np.linspace(0, 1, size)
    line = sum(
        rng.normal() * np.sin(2 * np.pi * (f * t + rng.random())) / f ** (1.25 - 0.2 * near)
        for f in 1.3 ** np.arange(3, 20)
    )
    line = (line - line.mean()) / line.std()
    top = shore - size * (0.34 - 0.29 * near + (0.055 - 0.03 * near) * line)
    y = np.arange(size)[:, None]
    inside = (y > top) & (y < shore)
    relief = clouds(rng, (size, size), 1.9, 0.7) + 0.35 * clouds(rng, (size, size), 1.0)
    folds = np.abs(clouds(rng, (size, size), 1.6, 0.5))  # valleys run down from the crest
    relief = relief - 1.3 * folds
    light = (np.roll(relief, size // 100, 1) - relief) * 1.6
    shade = (0.55 + 0.5 * light).clip(0.05, 1.15)[..., None]
    rock = np.float32([0.44, 0.39, 0.38]) * (1 - near) + np.float32([0.11, 0.17, 0.10]) * near
    line_of_snow = 0.36 * size + 0.04 * size * relief
    snow = (1 - near) / (1 + np.exp((y - line_of_snow) / (0.008 * size)))[..., None]
    body = rock * (0.4 + 0.9 * shade) * (1 - snow) + (0.62 + 0.34 * shade) * snow
    haze = np.float32([0.80, 0.78, 0.80]) * (1 - near) ** 1.5 * 0.62
    body = body * (1 - 0.62 * (1 - near) ** 1.5) + haze
    picture[inside] = body[inside]


def firs(rng: np.random.Generator, picture: np.ndarray, shore: int) -> None:
    """A wood along the shore: cones of ragged branches, dark below."""
    size = picture.shape[1]
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    for _ in range(70):
        at, high = rng.random() * size, (0.03 + 0.07 * rng.random() ** 2) * size
        foot = shore - rng.random() * 0.015 * size
        box = (
            slice(max(0, int(foot - high)), shore),
            slice(max(0, int(at - high / 3)), int(at + high / 3) + 1),
        )
        down = (y[box] - (foot - high)) / high
        ragged = 0.75 + 0.25 * np.sin(down * 34 + rng.random() * 6)
        inside = np.abs(x[box] - at) < 0.24 * high * down * ragged
        green = np.float32([0.07, 0.13, 0.09]) * (0.7 + 0.9 * rng.random())
        side = 1 + 0.9 * np.clip((x[box] - at) / (0.24 * high), -0.5, 1)
        picture[box][inside] = (green * side[..., None])[inside]


def water(rng: np.random.Generator, above: np.ndarray, rows: int) -> np.ndarray:
    """What is above, upside down, broken by ripples that grow towards the eye."""
    size = above.shape[1]
    depth = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    ripple = clouds(rng, (rows, size), 0.9, 7.0)
    y = len(above) - 1 - np.arange(rows)[:, None] * 1.25 + ripple * depth * 0.035 * size
    x = np.arange(size)[None] + ripple * depth * 0.01 * size
    mirror = above[y.clip(0, len(above) - 1).astype(int), x.clip(0, size - 1).astype(int)]
    mirror = mirror * (0.84 - 0.30 * depth[..., None]) + np.float32([0.01, 0.05, 0.07])
    return mirror + (0.05 * (ripple > 1.5) * (1 - depth))[..., None]


def meadow(rng: np.random.Generator, image: Image.Image) -> None:
    """Blades of grass and flowers in front, out of the lens's depth at the very bottom."""
    size = image.width
    pen = ImageDraw.Draw(image)
    pen.polygon([(0, size), (0, 0.93 * size), (0.45 * size, 0.985 * size), (size, 0.95 * size), (size, size)],
                fill=(38, 48, 22))  # fmt: skip
    for _ in range(1300):
        x, tall = rng.random() * size, (0.03 + 0.09 * rng.random()) * size
        foot = (1.03 - 0.05 * abs(x / size - 0.45)) * size + rng.normal() * 0.01 * size
        lean = rng.normal() * 0.4 * tall
        tone = rng.random()
        colour = (int(40 + 110 * tone), int(62 + 100 * tone), int(20 + 40 * tone))
        path = [(x, foot), (x + 0.3 * lean, foot - 0.6 * tall), (x + lean, foot - tall)]
        pen.line(path, fill=colour, width=max(1, size // 300))
        if rng.random() < 0.035:
            r = (0.004 + 0.005 * rng.random()) * size
            petal = [(236, 226, 120), (232, 120, 110), (240, 236, 230)][rng.integers(3)]
            pen.ellipse((x + lean - r, foot - tall - r, x + lean + r, foot - tall + r), fill=petal)


# ------------------------------------------------------------------------------------------ portraits


def wall(size: int) -> np.ndarray:
    """Seven portraits in frames on striped paper, each with its shadow."""
    u = size / 64
    image = Image.new("RGB", (size, size), (196, 178, 150))
    pen = ImageDraw.Draw(image)
    for k in range(0, 64, 4):
        pen.rectangle((k * u, 0, (k + 2) * u, 57 * u), fill=(186, 166, 138))
    pen.rectangle((0, 57 * u, size, size), fill=(88, 62, 46))
    pen.rectangle((0, 56.4 * u, size, 57.2 * u), fill=(232, 224, 208))
    frames = [(3, 4, 18), (24, 3, 24), (51, 5, 11), (51, 20, 11), (3, 26, 18), (24, 31, 11), (38, 31, 22)]
    woods = [(60, 40, 28), (168, 132, 62), (30, 30, 34)]
    shadow = Image.new("L", (size, size))
    for x, y, side in frames:
        ImageDraw.Draw(shadow).rectangle(
            ((x + 0.8) * u, (y + 1) * u, (x + side + 1.4) * u, (y + side + 1.8) * u), 150
        )
    shadow = shadow.filter(ImageFilter.GaussianBlur(0.7 * u))
    image.paste((60, 44, 30), mask=shadow)
    for k, (x, y, side) in enumerate(frames):
        pen = ImageDraw.Draw(image)
        pen.rectangle((x * u, y * u, (x + side) * u, (y + side) * u), fill=woods[k % 3])
        pen.rectangle(
            ((x + 0.8) * u, (y + 0.8) * u, (x + side - 0.8) * u, (y + side - 0.8) * u), fill=(240, 234, 222)
        )
        inner = max(8, round((side - 4) * u))
        portrait = Image.fromarray(paint(random_face(UNSEEN + 100 + k), inner))
        image.paste(portrait, (round((x + 2) * u), round((y + 2) * u)))
    return np.array(image)


# ------------------------------------------------------------------------------------------ a test card


def card(size: int) -> np.ndarray:
    """Print from large to illegible, rings from coarse to fine, plain colours, smooth slopes, chequers."""
    u = size / 64
    image = Image.new("RGB", (size, size), (244, 242, 236))
    pen = ImageDraw.Draw(image)
    y = 2.0
    for tall, line in zip((8, 5, 3.6, 2.8, 2.2), LINES, strict=True):
        pen.text((2.5 * u, y * u), line, fill=(24, 26, 30), font=ImageFont.load_default(tall * u))
        y += 1.28 * tall
    image.paste(Image.fromarray(rings(int(24 * u))), (int(2 * u), int(38 * u)))
    for k, colour in enumerate(BARS):
        pen.rectangle(((28 + 4.25 * k) * u, 34 * u, (28 + 4.25 * (k + 1)) * u - 1, 44 * u), fill=colour)
    slope = np.linspace(0, 255, int(34 * u))[None].repeat(int(4 * u), 0).astype(np.uint8)
    image.paste(Image.fromarray(slope), (int(28 * u), int(45 * u)))
    hue = np.stack([slope, np.full_like(slope, 110), np.full_like(slope, 210)], -1)
    image.paste(Image.fromarray(hue, "HSV").convert("RGB"), (int(28 * u), int(50 * u)))
    at = 28 * u
    for cell in (0.5, 1, 2):
        yy, xx = np.mgrid[0 : int(7 * u), 0 : int(11 * u)]
        squares = (((yy // max(1, cell * u)) + (xx // max(1, cell * u))) % 2 * 255).astype(np.uint8)
        image.paste(Image.fromarray(squares), (int(at), int(55 * u)))
        at += 11.5 * u
    return np.array(image)


LINES = (
    "Latente",
    "The quick brown fox",
    "jumps over the lazy dog 0123456789",
    "Quiere la boca exhausta vid, kiwi, pollo y jugo",
    "sphinx of black quartz, judge my vow; jovencillo emponzoñado".replace("ñ", "n"),
)
BARS = (
    (230, 230, 230), (226, 206, 40), (40, 196, 206), (60, 180, 70),
    (200, 60, 190), (206, 44, 40), (40, 60, 200), (16, 16, 16),
)  # fmt: skip


def rings(size: int) -> np.ndarray:
    """cos(r^2): rings that reach the finest a grid can hold at the rim."""
    y, x = np.mgrid[0:size, 0:size] - (size - 1) / 2
    return ((0.5 + 0.5 * np.cos(np.pi * (x**2 + y**2) / size)) * 255).astype(np.uint8)


PICTURES = {"lake": lake, "face": face, "wall": wall, "leaves": dead_leaves, "card": card}
