"""Round faces on white, drawn by rule: emoji that no model was shown."""

from PIL import Image, ImageDraw

SKIN, EDGE, FEATURES, TONGUE = "#fcc21b", "#e8a50c", "#5f4737", "#e2574c"


def smiley(number: int) -> Image.Image:
    """32 x 32, drawn four times larger; its mood and its eyes are the number's."""
    mood, open_eyes = number % 3, number // 3 % 2
    page = Image.new("RGB", (128, 128), "white")
    pen = ImageDraw.Draw(page)
    pen.ellipse((8, 8, 120, 120), SKIN, EDGE, 4)
    for x in (42, 86):
        if open_eyes:
            pen.ellipse((x - 9, 40, x + 9, 64), FEATURES)
        else:
            pen.arc((x - 12, 44, x + 12, 66), 190, 350, FEATURES, 7)
    if mood == 0:
        pen.chord((34, 62, 94, 108), 0, 180, FEATURES)
        pen.chord((44, 84, 84, 108), 0, 180, TONGUE)
    else:
        box, ends = ((36, 58, 92, 100), (20, 160)) if mood == 1 else ((40, 84, 88, 120), (200, 340))
        pen.arc(box, *ends, FEATURES, 8)
    return page.resize((32, 32), Image.Resampling.BOX)
