"""Attribute arithmetic: add directions to a code, see the face change, and have a reader say what else did.

A direction is the mean code of the faces with an attribute, less the mean of those without.
"""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import plates, plots, say, t
from demos.vae_faces.reading import leak_of, leak_table, moved, verdict
from demos.vae_faces.start import painted, start_choice, start_code, start_of
from demos.vae_faces.words import NAMES, name

EDITS = (  # attributes with a slider, two in a row
    "smile", "age", "presentation", "glasses", "beard", "hat",
    "hair_blond", "hair_dyed", "style_afro", "turn",
)  # fmt: skip
FIRST = {"smile": 1.0, "glasses": 1.0}  # sliders that the page opens with moved
ALPHAS = 9  # faces in the strip, from -2 to 2
TILE = 300


def edit(
    checkpoint: str, seed: int, start: str, strip: str, smile: float, age: float, presentation: float,
    glasses: float, beard: float, hat: float, hair_blond: float, hair_dyed: float, style_afro: float,
    turn: float, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """z + the sum of alpha times direction: the face before and after, a strip over one alpha, the leak."""
    import torch

    from genmodels.autoencoders.vae_faces import VAEFaces, directions

    values = (smile, age, presentation, glasses, beard, hat, hair_blond, hair_dyed, style_afro, turn)
    alphas, v = dict(zip(EDITS, values, strict=True)), directions(checkpoint)
    with kit.model(VAEFaces, checkpoint) as vae:
        z = start_of(checkpoint, vae, start, seed)
        edited = z + sum(alpha * v[a] for a, alpha in alphas.items())
        both = vae.decode(torch.cat([z, edited]).to(vae.device, vae.dtype)).float().cpu()
        top = before_after(both, painted([seed]) if start == "painted" else None, lang)
        yield top, gr.skip(), leak_table(checkpoint, lang), {}
        row = edited + (torch.linspace(-2, 2, ALPHAS)[:, None] - alphas[strip]) * v[strip]
        faces = vae.decode(row.to(vae.device, vae.dtype)).float().cpu()
    tile = (top.width - plates.GAP * (ALPHAS - 1)) // ALPHAS
    caption = f"{name(strip, lang)}, α = {plots.number(-2, lang)}…2"
    picture = plates.plate(top, plates.block(caption, faces, columns=ALPHAS, tile=tile, type=27))
    changes = moved(both[:1], both[1:])
    yield picture, verdict(changes, alphas, lang), gr.skip(), leak_of(changes, alphas)


def before_after(both: Any, original: Any, lang: str) -> Any:
    blocks = [] if original is None else [plates.block(say(lang, "painted", "pintada"), original, tile=TILE)]
    blocks.append(plates.block(say(lang, "decoded", "decodificada"), both[:1], tile=TILE))
    blocks.append(plates.block(say(lang, "edited", "editada"), both[1:], tile=TILE))
    return plates.beside(*blocks)


def edit_code(checkpoint: str, seed: int, start: str, strip: str, *values: float) -> str:
    added = [f'    + {alpha:g} * v["{a}"]' for a, alpha in zip(EDITS, values, strict=True) if alpha]
    head = start_code(checkpoint, start, {"z": seed}).replace(
        "import VAEFaces", "import VAEFaces, directions"
    )
    edited = "\n".join(["edited = vae.decode(", "    z", *added, ")  # (1, 3, 64, 64) in [-1, 1]"])
    return f'{head}\nv = directions("{checkpoint}")\n{edited}'


def label(attribute: str) -> Any:
    return t(*(words[0].upper() + words[1:] for words in NAMES[attribute]))


def slider(attribute: str) -> Any:
    return kit.slider(-2, 2, FIRST.get(attribute, 0), label(attribute), step=0.1, min_width=150)


def layout(tab: kit.Tab) -> None:
    with tab.view("edit", "Edit", "Editar") as view:
        with view.controls():
            seed = kit.seed(102_518)
            with gr.Row():
                start = start_choice()
                choices = [(label(a), a) for a in EDITS]
                strip = kit.choice(choices, t("Strip over", "Tira sobre"), "glasses", min_width=140)
            sliders = []
            for pair in zip(EDITS[::2], EDITS[1::2], strict=True):
                with gr.Row():
                    sliders += [slider(a) for a in pair]
        with view.result():
            picture = plates.view()
        read, leak = kit.html(render=False), kit.html(render=False)
        inputs, outputs = [tab.checkpoint, seed, start, strip, *sliders], [picture, read, leak]
        view.run(edit, inputs, outputs, label=("Edit", "Editar"), code=edit_code)
        view.on([*(s.release for s in sliders), strip.input, start.input], edit)
        with view.result():  # below the line of figures
            read.render()
            leak.render()
