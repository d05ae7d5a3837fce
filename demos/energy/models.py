"""The energy models of the tab: their pictures, where chains start, and what training left beside them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from demos import kit
from demos.kit import fashion, say, t
from demos.kit.digits import like_mnist
from demos.kit.lang import Pair
from genmodels import hub
from genmodels.energy.checkpoints import EBM

if TYPE_CHECKING:
    from torch import Tensor

DIGITS, GARMENTS = (c.name for c in EBM)
SIDE = 28
STARTS: dict[str, Pair] = {
    "noise": ("noise", "ruido"),
    "black": ("a black page", "una página negra"),
    "ours": ("a drawing of ours", "un dibujo nuestro"),
    "buffer": ("a chain of the buffer", "una cadena del búfer"),
}
STRIDE, NOISE, CLIP = 10.0, 0.01, 0.03  # those of training
FILM = 29  # pixels from one picture of the film to the next


def use(name: str) -> Any:
    from genmodels.energy.ebm import EBM as Class

    return kit.model(Class, name)


def walk(stride: float, noise: float, clip: float) -> Any:
    from genmodels.energy.langevin import Walk

    return Walk(stride, noise, clip)


def luck(seed: int, count: int) -> list[Any]:
    from genmodels.runtime import generators

    return generators(seed, count)


def start(name: str, kind: str, seed: int, count: int) -> tuple[Tensor, list[Any]]:
    """Where `count` chains begin, (count, 1, 28, 28), and the generators that go on with each."""
    import torch

    from genmodels.energy.langevin import uniform

    generators = luck(seed, count)
    noise = uniform((1, SIDE, SIDE), generators)  # always drawn: the walk's luck is the same from anywhere
    if kind == "black":
        return torch.full_like(noise, -1.0), generators
    if kind == "ours":
        pages = [ours(name, (seed + k) % 10, seed + k) for k in range(count)]
        return torch.cat([tensor(page) for page in pages]), generators
    if kind == "buffer":
        x, _ = buffer(name)
        return x[torch.arange(seed, seed + count) % len(x)], generators
    return noise, generators


def ours(name: str, which: int, variant: int, foreign: bool = False) -> Image.Image:
    """A drawing by rule of what the model knows, a digit or a garment; `foreign`, of what it doesn't."""
    from genmodels.data.digits import digit
    from genmodels.data.garments import garment

    return (digit if (name == DIGITS) != foreign else garment)(which, variant % 1000)


def picture_of(
    name: str, drawing: Image.Image | None, which: int, variant: int, lang: str
) -> tuple[Tensor, str]:
    """The visitor's picture, or ours, as the model has it, (1, 1, 28, 28); and what was done to it."""
    if drawing is None:
        return tensor(ours(name, which, variant)), ""
    page, done = (like_mnist if name == DIGITS else fashion.like_fashion)(drawing, lang)
    return tensor(page), fashion.listed(done, lang)


def tensor(page: Image.Image) -> Tensor:
    """Grey 28 x 28 -> (1, 1, 28, 28) in [-1, 1]."""
    import torch

    return torch.from_numpy(np.array(page.convert("L"), np.float32))[None, None] / 127.5 - 1


def wide(x: Tensor) -> Tensor:
    """(B, 1, H, W) -> (B, 3, H, W): what sheets of pixels take."""
    return x.float().cpu().clamp(-1, 1).expand(-1, 3, -1, -1)


def which_controls(words: Pair = ("With the board empty: ours", "Con el tablero vacío: el nuestro")) -> Any:
    """Which of our drawings: digit or garment, by the model, and its variant."""
    choices = [(t(f"{k} · {en}", f"{k} · {es}"), k) for k, (en, es) in enumerate(fashion.CLASSES)]
    return (
        kit.choice(choices, t(*words), 3),
        kit.slider(0, 20, 3, t("Variant", "Variante"), step=1),
    )


def walk_controls(steps: int, most: int = 2000) -> tuple[Any, Any, Any, Any]:
    """Steps, stride, noise and clip of a walk."""
    return (
        kit.slider(10, most, steps, t("Steps", "Pasos"), step=10),
        kit.slider(0.5, 200, STRIDE, t("Step size", "Tamaño del paso"), step=0.5),
        kit.slider(0, 0.3, NOISE, t("Noise of each step", "Ruido de cada paso"), step=0.005),
        kit.slider(
            0.005, 0.3, CLIP, t("Cut each number of the gradient at", "Recortar el gradiente en"), step=0.005
        ),
    )


def walk_code(stride: float, noise: float, clip: float) -> str:
    return f"Walk(stride={stride:g}, noise={noise:g}, clip={clip:g})"


def loading(name: str, *more: str) -> str:
    """The lines that snippets begin with: the model is `ebm`."""
    names = ["EBM"] + [line.split()[-1] for line in more if line.startswith("from genmodels.energy.ebm ")]
    lines = sorted({line for line in more if not line.startswith("from genmodels.energy.ebm ")})
    lines = sorted([*lines, f"from genmodels.energy.ebm import {', '.join(names)}"])
    lines.sort(key=lambda line: line.startswith("from genmodels"))
    return "\n".join(lines) + f'\n\nebm = EBM.from_pretrained("{name}")\n'


def starting(name: str, kind: str, seed: int, count: int) -> tuple[list[str], str]:
    """Imports and lines of a snippet for `start`: x and luck."""
    imports = ["from genmodels.energy.langevin import Walk, langevin, last, uniform"]
    imports.append("from genmodels.runtime import generators")
    lines = f"luck = generators({seed}, {count})\nx = uniform((1, 28, 28), luck)\n"
    if kind == "black":
        lines += "x = x * 0 - 1\n"
    elif kind == "ours":
        module = "digits import digit" if name == DIGITS else "garments import garment"
        imports += ["import numpy as np", "import torch", f"from genmodels.data.{module}"]
        draw = module.split()[-1]
        lines += (
            f"pages = [np.float32({draw}(({seed} + k) % 10, ({seed} + k) % 1000)) for k in range({count})]\n"
            "x = torch.from_numpy(np.stack(pages))[:, None] / 127.5 - 1\n"
        )
    elif kind == "buffer":
        imports.append("from genmodels.energy.ebm import buffer")
        lines += f'x = buffer("{name}")[0][[k % 64 for k in range({seed}, {seed + count})]]\n'
    return imports, lines


# ------------------------------------------------------------------------------ what training left


def buffer(name: str) -> tuple[Tensor, list[int]]:
    """64 chains of the buffer, (64, 1, 28, 28) in [-1, 1], and the steps that each had gone."""
    from genmodels.energy import ebm

    x, age = ebm.buffer(name)
    return x, age.tolist()


def story(name: str) -> dict[str, Any]:
    """Curves, moments of the film, quantiles of the energies of several kinds of pictures."""
    return _story(hub.WEIGHTS / name)


@lru_cache(4)
def _story(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "story.json").read_text())


def film(name: str) -> np.ndarray:
    """(moments, chains, 28, 28) greys: what the same noises became at a dozen moments of training."""
    with Image.open(hub.WEIGHTS / name / "film.webp") as sheet:
        pixels = np.asarray(sheet.convert("L"))
    rows, columns = len(pixels) // SIDE, pixels.shape[1] // FILM
    cut = pixels[:, : columns * FILM].reshape(rows, SIDE, columns, FILM)[..., :SIDE]
    return cut.transpose(0, 2, 1, 3)


def quantile(name: str, kind: str, share: float) -> float:
    """Of the energies of a kind of pictures."""
    found = story(name)["energies"][kind]
    return found[round(share * (len(found) - 1))]


def contents(name: str, lang: str, one: bool = False) -> str:
    """What the model knows, in words."""
    if one:
        return say(lang, *(("digit", "dígito") if name == DIGITS else ("garment", "prenda")))
    return say(lang, *(("digits", "dígitos") if name == DIGITS else ("garments", "prendas")))
