"""The pictures on the cards of two tabs of words: a translation's cross-attention, and a text with gaps."""

import torch
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, TWICE = 480, 300, 2  # drawn twice as large, then made small
DARK, TEAL, LIGHT, SOFT = (17, 24, 28), (31, 133, 132), (238, 247, 240), (120, 140, 142)
SENTENCES = ("forty-one thousand five hundred", "seven hundred one thousand", "thirty-one thousand fifteen")
RECIPE = (
    "Preheat the oven to 350 degrees. In a large _ mix the flour, the sugar and a pinch of _. Add the eggs "
    "and the _ and stir until smooth. Pour into a _ and bake for 30 minutes, until _. Let it cool and serve "
    "with _."
)


def sheet() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", (TWICE * WIDTH, TWICE * HEIGHT), DARK)
    return page, ImageDraw.Draw(page)


def small(page: Image.Image) -> Image.Image:
    return page.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def blend(share: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * share) for a, b in zip(DARK, (90, 210, 200), strict=True))


@torch.no_grad()
def translate() -> Image.Image:
    """Three numbers; from each word of a translation lines to where it looked, as strong as the look."""
    from genmodels.text import encdec
    from genmodels.text.seq2seq import Seq2Seq
    from genmodels.text.tokens import Tokenizer

    name = "transformer-numbers"
    model, tokens = Seq2Seq.from_pretrained(name), Tokenizer.of(name)
    page, draw = sheet()
    for k, sentence in enumerate(SENTENCES):
        ids = [*tokens.encode(sentence), model.config.end]
        source = torch.tensor([ids])
        written = encdec.greedy(model, source, 24)
        start = torch.tensor([[model.config.start]])
        look = encdec.look(model, source, torch.cat([start, written[:, :-1]], 1))
        weights = torch.stack(look.cross).mean((0, 1))[:-1, :-1]  # without the ends
        rows = [[tokens.word(i).strip("␣") for i in row[:-1]] for row in (ids, written[0].tolist())]
        pair(draw, 30 + 190 * k, rows, weights)
    return small(page)


def pair(draw: ImageDraw.ImageDraw, top: int, rows: list[list[str]], weights: torch.Tensor) -> None:
    """Two lines of words, `weights` (lower, upper) between them."""
    font = ImageFont.load_default(30)
    places = [centres(draw, font, words) for words in rows]
    order = sorted((w, i, j) for i, row in enumerate(weights.tolist()) for j, w in enumerate(row))
    for w, i, j in order:
        ends = [(places[1][i], top + 108), (places[0][j], top + 42)]
        draw.line(ends, fill=blend(min(1.0, 2 * w)), width=max(1, round(14 * w)))
    for words, at, y, ink in ((rows[0], places[0], top, SOFT), (rows[1], places[1], top + 112, LIGHT)):
        for word, x in zip(words, at, strict=True):
            draw.text((x, y), word, ink, font, "ma")


def centres(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, words: list[str]) -> list[float]:
    """Where the words of a line stand, spread over the width."""
    wide = [draw.textlength(word, font) for word in words]
    gap = (TWICE * WIDTH - sum(wide)) / (len(words) + 1)
    found, x = [], gap
    for w in wide:
        found.append(x + w / 2)
        x += w + gap
    return found


def blanks() -> Image.Image:
    """A recipe whose gaps are lit."""
    page, draw = sheet()
    font = ImageFont.load_default(44)
    x, y, space = 40.0, 26, draw.textlength(" ", font)
    for word in RECIPE.split():
        gap, rest = word.startswith("_"), word.lstrip("_")
        wide = 130 if gap else draw.textlength(word, font)
        if x + wide > TWICE * WIDTH - 36:
            x, y = 40.0, y + 72
        if gap:
            draw.rounded_rectangle((x, y, x + wide, y + 52), 12, TEAL, (90, 210, 200), 3)
            draw.text((x + wide, y), rest, LIGHT, font)
        else:
            draw.text((x, y), word, LIGHT, font)
        x += wide + space + draw.textlength(rest, font) * gap
    return small(page)
