"""A face that the visitor composes from the painter's attributes, through 128 numbers and back."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.vae_faces.words import CHOICES
from genmodels.data import faces

SLIDERS = {  # attribute -> label, and where it starts
    "skin": (t("Skin, light to dark", "Piel, de clara a oscura"), 0),
    "age": (t("Age, 6 to 90", "Edad, de 6 a 90"), 0),
    "presentation": (t("Feminine to masculine", "De femenina a masculina"), 0),
    "smile": (t("Frown to laugh", "De ceño a risa"), -1),
    "turn": (t("Head turned left to right", "Cabeza, de izquierda a derecha"), -1),
}
KINDS = {
    "hair_style": t("Hair", "Pelo"),
    "hair_colour": t("Hair colour", "Color del pelo"),
    "glasses": t("Glasses", "Anteojos"),
    "beard": t("Beard", "Barba"),
    "hat": t("Hat", "Sombrero"),
}
NAMES = (*SLIDERS, *KINDS)
FIRST = 101_822  # the seed of the person the page opens with
TILE = 320


def compose(
    checkpoint: str, seed: int, skin: float, age: float, presentation: float, smile: float, turn: float,
    hair_style: str, hair_colour: str, glasses: str, beard: str, hat: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Paint a face: these attributes, the rest as the seed has it; then encode it and decode its code."""
    values = (skin, age, presentation, smile, turn, hair_style, hair_colour, glasses, beard, hat)
    face = replace(faces.random_face(seed), **dict(zip(NAMES, values, strict=True)))
    x = kit.to_tensor(Image.fromarray(faces.paint(face)), (64, 64))
    yield from through(checkpoint, x, seed, say(lang, "painted", "pintada"), lang)


def through(checkpoint: str, x: Any, seed: int, caption: str, lang: str) -> Iterator[tuple]:
    """x, what becomes of it, and how far off that is, with the two terms that training balances."""
    from genmodels.autoencoders.vae_faces import VAEFaces
    from genmodels.metrics.likelihood import kl_standard_normal
    from genmodels.metrics.psnr import psnr
    from genmodels.runtime import noise

    captions = (
        say(lang, "decoded from the mean", "decodificada de la media"),
        say(lang, "decoded from a draw", "decodificada de un sorteo"),
        say(lang, "difference, ×2", "diferencia, ×2"),
    )
    first = plates.block(caption, x, tile=TILE)
    empty = Image.new("RGBA", first.size)
    yield square([first, empty, empty, empty]), {}
    with kit.model(VAEFaces, checkpoint) as vae:
        code = vae.encode(x.to(vae.device, vae.dtype))
        mean, log_var = code.mean.float().cpu(), code.log_var.float().cpu()
        z = mean + (0.5 * log_var).exp() * noise(seed, 1, (vae.config.latent,))
        back, drawn = (vae.decode(c.to(vae.device, vae.dtype)).float().cpu() for c in (mean, z))
    away = (2 * (back - x).abs() - 1).clamp(-1, 1)
    rest = [plates.block(c, y, tile=TILE) for c, y in zip(captions, (back, drawn, away), strict=True)]
    figures = {"psnr": psnr(x, back).item(), "kl": kl_standard_normal(mean, log_var).sum().item()}
    yield square([first, *rest]), figures


def square(blocks: list[Image.Image]) -> Image.Image:
    return plates.plate(plates.beside(*blocks[:2]), plates.beside(*blocks[2:]))


def compose_code(checkpoint: str, seed: int, *values: Any) -> str:
    own = asdict(faces.random_face(seed))
    changed = [f"{n}={v!r}, " for n, v in zip(NAMES, values, strict=True) if own[n] != v]
    half = len(changed) // 2
    lines = ["".join(changed[:half]).strip(), "".join(changed[half:]).strip()]
    return (
        "from dataclasses import replace\n\n"
        "import torch\n\n"
        "from genmodels.autoencoders.vae_faces import VAEFaces\n"
        "from genmodels.data.faces import paint, random_face\n\n"
        f"face = random_face({seed})\nface = replace(\n    face,\n    {lines[0]}\n    {lines[1]}\n)\n"
        "x = torch.tensor(paint(face)).permute(2, 0, 1)[None] / 127.5 - 1\n"
        f'vae = VAEFaces.from_pretrained("{checkpoint}")\n'
        "back = vae.decode(vae.encode(x).mean)  # (1, 3, 64, 64) in [-1, 1]"
    )


def person(seed: float) -> list[Any]:
    """What the controls show for the person of a seed."""
    face = faces.random_face(int(seed))
    return [*(round(getattr(face, n), 2) for n in SLIDERS), *(getattr(face, n) for n in KINDS)]


def controls() -> list[Any]:
    values = dict(zip(NAMES, person(FIRST), strict=True))
    made: list[Any] = []
    for names in (("skin", "age"), ("presentation", "smile"), ("turn",)):
        with gr.Row():
            made += [slider(n, values[n]) for n in names]
    for names in (("hair_style", "hair_colour"), ("glasses", "beard", "hat")):
        with gr.Row():
            made += [kind(n, values[n]) for n in names]
    return made


def slider(name: str, value: float) -> Any:
    label, low = SLIDERS[name]
    return kit.slider(low, 1, value, label, step=0.01, min_width=150)


def kind(name: str, value: str) -> Any:
    choices = [(t(*CHOICES[c]), c) for c in faces.CHOICES[name]]
    return kit.choice(choices, KINDS[name], value, min_width=130)


def layout(tab: kit.Tab) -> None:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("compose", "Compose", "Componer") as view:
        with view.controls():
            seed = kit.seed(FIRST)
            take = gr.Button(t("Bring this seed's person", "Traer a la persona de esta semilla"), size="md")
            made = controls()
        with view.result():
            picture = plates.view()
        inputs = [tab.checkpoint, seed, *made]
        label = ("Paint and rebuild", "Pintar y reconstruir")
        view.run(compose, inputs, [picture], label=label, code=compose_code)
        live = [c.release if isinstance(c, gr.Slider) else c.input for c in made]
        view.on(live, compose)
        press = f"()=>document.getElementById('run-{tab.stem}-compose').click()"
        take.click(person, seed, made, **quiet).then(None, None, None, js=press, **quiet)
