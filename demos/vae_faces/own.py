"""A picture the visitor draws or brings: the model can only answer with a painted face."""

from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageDraw

from demos import kit
from demos.kit import plates, say, t
from demos.vae_faces.compose import through

PENCILS = ("#2b2622", "#8a5a3c", "#f2c39b", "#d9a441", "#b8431c", "#aed3ea", "#ffffff")


def own(checkpoint: str, drawing: Image.Image | None, lang: str) -> Iterator[tuple]:
    """Your own drawing or picture, reduced to 64 pixels, through the model and back. None gets a doodle."""
    caption = say(lang, "yours, at 64 pixels", "la tuya, a 64 píxeles")
    if drawing is None:
        drawing, caption = (
            doodle(),
            say(lang, "ours: the board is blank", "la nuestra: el tablero está vacío"),
        )
    yield from through(checkpoint, kit.to_tensor(drawing, (64, 64)), 1, caption, lang)


def doodle() -> Image.Image:
    """A face as a child draws it."""
    board = Image.new("RGB", (280, 280), "white")
    pen = ImageDraw.Draw(board)
    pen.ellipse((85, 60, 195, 200), fill="#f2c39b", outline="#2b2622", width=5)
    for x in (115, 155):
        pen.ellipse((x, 115, x + 12, 130), fill="#2b2622")
    pen.arc((110, 130, 170, 175), 20, 160, fill="#b8431c", width=6)
    for x in range(90, 195, 13):
        pen.line((x, 78, x - 4 + (x - 140) // 5, 40), fill="#8a5a3c", width=7)
    pen.polygon([(40, 280), (100, 220), (180, 220), (240, 280)], fill="#1f8584")
    return board


def own_code(checkpoint: str, drawing: Any) -> str:
    return (
        "import torch\n\nfrom genmodels.autoencoders.vae_faces import VAEFaces\n\n"
        "x = torch.rand(1, 3, 64, 64) * 2 - 1  # your picture goes here: 64 x 64, in [-1, 1]\n"
        f'vae = VAEFaces.from_pretrained("{checkpoint}")\n'
        "back = vae.decode(vae.encode(x).mean)"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("own", "Draw or upload", "Dibujar o subir") as view:
        with view.controls():
            words = t("Your face", "Tu cara")
            board = kit.drawing(words, brush=12, colours=PENCILS)
        with view.result():
            picture = plates.view()
        label = ("Rebuild it", "Reconstruirla")
        view.run(own, [tab.checkpoint, board], [picture], label=label, code=own_code)
