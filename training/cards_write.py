"""The picture of the tab that writes, for `training.cards`."""

import torch
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 480, 300


@torch.no_grad()
def write() -> Image.Image:
    """A text, the warmer the more surprising, and a branch that another word grew."""
    from genmodels.text.gpt import GPT
    from genmodels.text.tokens import Tokenizer
    from genmodels.text.writing import Taste, write

    model, tokens = GPT.from_pretrained("gpt-shakespeare"), Tokenizer.of("gpt-shakespeare")
    page = Image.new("RGB", (WIDTH, HEIGHT), (17, 24, 28))
    pen, type = ImageDraw.Draw(page), ImageFont.load_default(25)
    begin = [tokens.end or 0, *tokens.encode("O, speak again, bright")]
    steps = list(write(model, begin, 7, 1, 40, Taste(temperature=0.5)))
    rival = next(int(i) for i in steps[6].log_probs[0].argsort(descending=True) if i != steps[6].token)
    other = [*begin, *(int(s.token) for s in steps[:6]), rival]
    grown = list(write(model, other, 7, 1, 40, Taste(temperature=0.5)))
    parts = (18, 14, 126, steps, begin[1:]), (60, 166, 300, grown, other[-4:])
    for left, top, bottom, found, first in parts:
        x, y = left, top
        said = [(i, 0.0) for i in first]
        said += [(int(s.token), -s.log_probs[0, s.token[0]].item() / 8) for s in found]
        for k, (token, heat) in enumerate(said):
            word = tokens.word(token).replace("␣", " ").replace("⏎", " ")
            if not word.strip():
                x += 6
                continue
            wide = pen.textlength(word, type)
            if x + wide > WIDTH - 14:
                x, y, word = left, y + 37, word.lstrip()
                wide = pen.textlength(word, type)
            if y + 30 > bottom:
                break
            ends = zip((17, 24, 28), (196, 84, 44), strict=True)
            ground = tuple(round(a + min(1.0, heat) * (b - a)) for a, b in ends)
            pen.rounded_rectangle((x, y, x + wide - 1, y + 31), 4, ground)
            if left == 60 and k == len(first) - 1:
                pen.rounded_rectangle((x, y - 1, x + wide, y + 32), 5, None, (79, 197, 190), 3)
            pen.text((x, y), word, (240, 236, 226) if k >= len(first) else (150, 158, 158), type)
            x += wide
    pen.line((34, 150, 34, 262), (79, 197, 190), 4)
    pen.line((34, 262, 50, 262), (79, 197, 190), 4)
    return page
