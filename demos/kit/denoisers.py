"""What the tabs of diffusion share: networks as denoisers, classes to ask for, solvers and grids by name.

A picker of classes for each kind of data stands in every view that has one; the page shows that of the
checkpoint in use, and the others count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos.kit.fashion import CLASSES as GARMENTS
from demos.kit.inputs import choice, html
from demos.kit.lang import t
from demos.kit.run import model
from genmodels.diffusion.checkpoints import CONSISTENCY_HUB, HUB

if TYPE_CHECKING:
    from torch import Tensor

    from demos.kit.tab import Tab
    from genmodels.diffusion.denoiser import Denoiser

Pair = tuple[str, str]
ANY = "any"
FIRST = (-1, -1, -1, 0)  # of each kind. Emoji of any group are mostly blots; smileys are not
HAIR = (
    ("black hair", "pelo negro"), ("brown hair", "pelo castaño"), ("blond hair", "pelo rubio"),
    ("red hair", "pelo rojo"), ("grey hair", "pelo gris"), ("dyed hair", "pelo teñido"),
)  # fmt: skip
CLASSES: dict[str, tuple[Pair, ...]] = {  # kind of data, the end of a checkpoint's name -> its classes
    "faces": tuple(p for en, es in HAIR for p in ((en, es), (f"{en}, glasses", f"{es}, anteojos"))),
    "fashion": GARMENTS,
    "sprites": (
        ("monsters", "monstruos"), ("items", "objetos"), ("creatures", "criaturas"),
        ("characters", "personajes"),
    ),
    "emoji": (
        ("smileys", "caritas"), ("people", "personas"), ("animals, nature", "animales, naturaleza"),
        ("food, drink", "comida, bebida"), ("places", "lugares"), ("activities", "actividades"),
        ("objects", "objetos"), ("symbols", "símbolos"), ("flags", "banderas"),
    ),
}  # fmt: skip
SOLVERS: dict[str, Pair] = {  # the names of genmodels.diffusion.samplers.SOLVERS
    "ddim": ("DDIM = Euler", "DDIM = Euler"),
    "ddpm": ("DDPM = Euler ancestral", "DDPM = Euler ancestral"),
    "heun": ("Heun", "Heun"),
    "churn": ("Heun with churn", "Heun con agitación"),
    "midpoint": ("midpoint of flow matching", "punto medio de flow matching"),
    "dpm2": ("DPM-Solver++ 2M", "DPM-Solver++ 2M"),
    "dpm3": ("DPM-Solver++ 3M", "DPM-Solver++ 3M"),
    "unipc": ("UniPC", "UniPC"),
}
GRIDS: dict[str, Pair] = {
    "karras": ("Karras", "Karras"),
    "even": ("even in time", "pareja en el tiempo"),
    "geometric": ("equal ratios", "cocientes iguales"),
    "angle": ("equal angles", "ángulos iguales"),
    "straight": ("straight time of flows", "tiempo recto de los flujos"),
}
LOW, HIGH = 0.02, 80.0  # sigma where a way ends, and at most begins


def kind_of(checkpoint: str) -> str:
    return checkpoint.rsplit("-", 1)[-1]


@contextmanager
def use(checkpoint: str) -> Iterator[Denoiser]:
    from genmodels.diffusion.denoiser import Denoiser
    from genmodels.diffusion.dit import DiT
    from genmodels.diffusion.unet import UNet

    known = {c.name: c for c in (*HUB, *CONSISTENCY_HUB)}  # of which the name alone does not say it all
    kind = DiT if checkpoint.startswith("dit-") else UNet
    with model(kind, known.get(checkpoint, checkpoint)) as network:
        yield Denoiser.of(network)


def shape_of(denoise: Denoiser) -> tuple[int, int, int]:
    c = denoise.network.config
    return c.in_channels, c.sample_size, c.sample_size


def grid_of(name: str, denoise: Denoiser, steps: int) -> list[float]:
    """The sigmas of a grid called so, between the ends that this network knows."""
    from genmodels.diffusion import schedules

    low, high = max(LOW, denoise.ends[0]), min(HIGH, denoise.ends[1])
    if name == "even":
        return schedules.even(denoise.schedule, steps)
    if name in ("angle", "straight"):
        return getattr(schedules, name)(steps, high)
    return getattr(schedules, name)(low, high, steps)


# ---- classes -----------------------------------------------------------------------------------------------


def follow(tab: Tab) -> None:
    """Let the page know which checkpoint is in use, so that it shows its classes."""
    rules = (f"html[data-kind]:not([data-kind='{k}']) .for-{k}" for k in CLASSES)
    first = (f"html:not([data-kind]) .for-{k}" for k in list(CLASSES)[1:])
    html(f"<style>{', '.join([*rules, *first])} {{ display: none !important; }}</style>", visible=True)
    js = "name => { document.documentElement.dataset.kind = name.split('-').pop() }"
    tab.checkpoint.change(None, tab.checkpoint, None, js=js, queue=False, api_visibility="private")


def pickers(
    *values: int | str,
    label: Pair = ("Class", "Clase"),
    any_: bool = True,
    more: tuple[tuple[Pair, str], ...] = (),
) -> list[Any]:
    """A picker for each kind of data, in the order of CLASSES; a value is a class, -1 is any. `more` are
    further choices, which the view reads by `said`."""
    made = []
    for (kind, names), value in zip(CLASSES.items(), values or FIRST, strict=True):
        choices = [(t(*words), key) for words, key in more] + [(t("any", "cualquiera"), ANY)] * any_
        choices += [(t(*pair), str(k)) for k, pair in enumerate(names)]
        with gr.Column(elem_classes=f"for-{kind}", min_width=0):
            made.append(choice(choices, t(*label), ANY if value == -1 else str(value)))
    return made


def asked(checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str) -> int:
    """What the pickers say, as far as it concerns this checkpoint: a class, or -1 for any."""
    word = said(checkpoint, faces, fashion, sprites, emoji)
    return -1 if word == ANY else int(word)


def said(checkpoint: str, *words: str) -> str:
    """The word of the picker that concerns this checkpoint, of those for each kind."""
    return dict(zip(CLASSES, words, strict=True)).get(kind_of(checkpoint), ANY)


def labels(denoise: Denoiser, *classes: int) -> Tensor | None:
    """As the network wants them, one per picture; None where it knows no classes.

    Where it has none for any, pictures of any get one class each, evenly spread.
    """
    import torch

    config = denoise.network.config
    count = config.num_class_embeds
    if not count:
        return None
    if not config.any_class:
        classes = tuple(k * count // len(classes) if c < 0 else c for k, c in enumerate(classes))
    return torch.tensor([count - 1 if c < 0 else c for c in classes], device=denoise.network.device)


def words(checkpoint: str, label: int, lang: str) -> str:
    names = CLASSES.get(kind_of(checkpoint), ())
    if not 0 <= label < len(names):
        return ("any", "cualquiera")[lang == "es"]
    return names[label][lang == "es"]
