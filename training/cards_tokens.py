"""The picture on the card of the tokens: a sentence cut by letters, by a tokenizer of English, of Spanish."""

from PIL import Image, ImageDraw, ImageFont

from genmodels.text.tokens import Tokenizer

WIDTH, HEIGHT, TWICE = 480, 300, 2  # drawn twice as large, then made small
DARK, INK, HUES = (17, 24, 28), (238, 247, 240), ((31, 110, 112), (150, 62, 34))
TEXT = "En un lugar de la Mancha, de cuyo nombre no quiero acordarme"
EDGE, LINE, GAP, TALL = 30, 68, 3, 56


def tokens() -> Image.Image:
    """Three passages under one another, every other piece in the other colour."""
    page = Image.new("RGB", (TWICE * WIDTH, TWICE * HEIGHT), DARK)
    draw, top = ImageDraw.Draw(page), 22
    for name in ("", "gpt-shakespeare", "gpt-quijote"):
        pieces = [p.text for p in Tokenizer.of(name).pieces(TEXT)] if name else list(TEXT)
        top = passage(draw, pieces, top) + LINE + 22
    return page.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def passage(draw: ImageDraw.ImageDraw, pieces: list[str], top: int) -> int:
    """Pieces in boxes, line by line; where the last line stands."""
    font, x = ImageFont.load_default(46), float(EDGE)
    for k, piece in enumerate(p for p in pieces if p):
        wide = font.getlength(piece) + GAP
        if x + wide > TWICE * WIDTH - EDGE:
            x, top = float(EDGE), top + LINE
        draw.rounded_rectangle((x, top, x + wide - GAP, top + TALL), 6, fill=HUES[k % 2])
        draw.text((x, top), piece, INK, font)
        x += wide
    return top
