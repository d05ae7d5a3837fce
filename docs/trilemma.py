"""The picture of the trilemma on README's first screen, and the one on its card, from what was measured.

    python docs/trilemma.py    # after python -m genmodels.metrics --all

writes docs/trilemma.webp, at most 40 kB, and demos/art/trilemma.webp, 480 x 300.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from demos.kit import plates  # noqa: E402
from demos.kit.plane import font  # noqa: E402
from demos.trilemma import picture, shown  # noqa: E402

PAPER, DARK, MOST = (251, 250, 247, 255), (21, 23, 25, 255), 40_000
CARD = ("wgan-gp-faces", "vae-faces", "glow-faces", "vqvae-faces", "ddpm-faces")  # besides the wish
LEFT_OUT = ("dcgan-faces-repeat",)  # of the large one: its sister stands for it
WIDE, HIGH, SIDE = 480, 300, 152  # of the card, and of its triangles


def ground(sheet: Image.Image, colour: tuple[int, ...], border: int) -> Image.Image:
    page = Image.new("RGBA", (sheet.width + 2 * border, sheet.height + 2 * border), colour)
    page.alpha_composite(sheet, (border, border))
    return page.convert("RGB")


def readme(columns: int = 7, side: int = 180) -> Image.Image:
    """The triangles of the faces, and what stands at the corners."""
    rows = [e for e, _ in shown.rows("faces") if e.name not in LEFT_OUT]
    found, words = picture.reach("faces"), [en for en, _ in picture.WORDS]
    tiles = [picture.tile((1, 1, 1), "the wish", side, words, picture.WARM)]
    tiles += [picture.tile(found[e.name], e.title, side) for e in rows if e.name in found]
    lines = [tiles[k : k + columns] for k in range(0, len(tiles), columns)]
    sheet = plates.plate(*(plates.beside(*line) for line in lines))
    facts = shown.file()
    told = (
        f"Faces, {facts['samples']:,} samples of each, measured on {facts['machine']['processor']}. Quality: "
        "Fréchet distance on features of our own, log; speed: samples per second, log; coverage: recall."
    )
    foot = Image.new("RGBA", (sheet.width, 44))
    ImageDraw.Draw(foot).text((0, 14), told, (*plates.CAPTION, 255), plates.fit(told, sheet.width, 20))
    return ground(plates.plate(sheet, foot), PAPER, 24)


def card() -> Image.Image:
    """Six of them, in the shape of a card."""
    found, page = picture.reach("faces"), Image.new("RGBA", (WIDE, HIGH), DARK)
    titles = {e.name: e.title for e, _ in shown.rows("faces")}
    tiles = [picture.tile((1, 1, 1), "", SIDE, (), picture.WARM)]
    tiles += [picture.tile(found[name], "", SIDE) for name in CARD if name in found]
    words = ["the wish", *(titles[name] for name in CARD if name in found)]
    pen = ImageDraw.Draw(page)
    for k, (tile, word) in enumerate(zip(tiles, words, strict=True)):
        small = tile.crop((0, round(SIDE * 0.15), SIDE, tile.height)).resize(
            (118, 106), Image.Resampling.LANCZOS
        )
        x, y = 80 + k % 3 * 160, 34 + k // 3 * 142
        page.alpha_composite(small, (x - 59, y))
        pen.text((x, y - 6), word, (214, 210, 200, 255), font(15), anchor="mb")
    return page.convert("RGB")


def main() -> None:
    large, file = readme(), ROOT / "docs" / "trilemma.webp"
    for quality in (80, 65, 50, 35, 20):
        large.save(file, quality=quality, method=6)
        if file.stat().st_size <= MOST:
            break
    art = ROOT / "demos" / "art" / "trilemma.webp"
    card().save(art, quality=86, method=6)
    for made in (file, art):
        print(made, made.stat().st_size)


if __name__ == "__main__":
    main()
