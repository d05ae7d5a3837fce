"""The picture on the card of the leash: learnt rewards that rise while what was meant falls."""

import json

from PIL import Image, ImageDraw

from genmodels import hub

WIDTH, HEIGHT, ZOOM = 480, 300, 4
GROUND, GRID = (17, 20, 23), (44, 49, 54)
LEARNT, MEANT = (88, 196, 190), (236, 128, 88)


def leash() -> Image.Image:
    """Both over the root of the KL, every leash a line: the looser, the brighter."""
    files = (hub.WEIGHTS / "gpt-stories").glob("leash-*/story.json")
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    found.sort(key=lambda run: -run["leash"])
    rows = [row for run in found for row in run["story"]]
    far = max(row["kl"] for row in rows) ** 0.5
    page = Image.new("RGB", (WIDTH * ZOOM, HEIGHT * ZOOM), GROUND)
    pen = ImageDraw.Draw(page)
    for k in range(1, 5):
        pen.line((0, k * HEIGHT * ZOOM // 5, WIDTH * ZOOM, k * HEIGHT * ZOOM // 5), GRID, 3)
    for key, colour in (("true", MEANT), ("reward", LEARNT)):
        low, high = (f(row[key] for row in rows) for f in (min, max))
        for i, run in enumerate(found):
            share = 0.35 + 0.65 * (i + 1) / len(found)
            tone = tuple(round(g + share * (c - g)) for c, g in zip(colour, GROUND, strict=True))
            line = [place(row["kl"] ** 0.5 / far, (row[key] - low) / (high - low)) for row in run["story"]]
            pen.line(line, tone, 5 * ZOOM if run["leash"] == 0 else 3 * ZOOM, "curve")
            x, y = line[-1]
            r = 6 * ZOOM
            pen.ellipse((x - r, y - r, x + r, y + r), tone)
    return page.resize((WIDTH, HEIGHT), Image.LANCZOS)


def place(across: float, up: float) -> tuple[float, float]:
    """Parts of the width and the height -> a point of the enlarged page, within its margins."""
    return (ZOOM * (24 + across * (WIDTH - 48)), ZOOM * (HEIGHT - 24 - up * (HEIGHT - 48)))
