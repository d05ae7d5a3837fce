"""The picture on the card of the cell: what an LSTM keeps of a recipe, unit by unit, over the words."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from genmodels.text.rnn import RNN
from genmodels.text.tokens import Tokenizer

WIDTH, HEIGHT, WORDS = 480, 300, 64
GROUND, MORE, LESS, INK = (17, 20, 23), (79, 197, 190), (236, 128, 88), (214, 210, 200)
TEXT = "# Onion soup\n\n1. Chop the onions and fry them in butter"


@torch.no_grad()
def cell() -> Image.Image:
    """The cell state above, what is shown of it below; a column for each token."""
    model, cut = RNN.from_pretrained("lstm-recipes"), Tokenizer.of("lstm-recipes")
    ids = [cut.end, *cut.encode(TEXT)]
    seen = model.look(torch.tensor([ids])).gates[0]
    order = seen["forget"].mean(0).argsort(descending=True)
    page = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    high = (HEIGHT - WORDS - 24) // 2
    for k, name in enumerate(("cell", "hidden")):
        strip = painted(seen[name][1:, order].T).resize((WIDTH - 32, high), Image.NEAREST)
        page.paste(strip, (16, 12 + k * (high + 8)))
    column, pen = (WIDTH - 32) / (len(ids) - 1), ImageFont.load_default(15)
    for k, token in enumerate(ids[1:]):
        word = cut.word(token).replace("␣", "").replace("⏎", "")
        label = Image.new("L", (90, 20))
        ImageDraw.Draw(label).text((0, 1), word, 255, pen)
        label = label.rotate(-50, expand=True, resample=Image.BICUBIC)
        page.paste(INK, (round(16 + column * (k + 0.5)) - 10, HEIGHT - WORDS - 4), label)
    return page


def painted(values: Tensor) -> Image.Image:
    """(H, n) -> a picture: petrol above 0, orange below, the ground at 0."""
    x = (values / values.abs().quantile(0.97)).clamp(-1, 1).numpy()[..., None]
    colour = np.where(x >= 0, MORE, LESS)
    mixed = np.array(GROUND) + np.abs(x) * (colour - np.array(GROUND))
    return Image.fromarray(mixed.round().astype(np.uint8))
