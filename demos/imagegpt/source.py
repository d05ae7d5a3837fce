"""What the views share: the model, its pictures as colours, what a visitor brings, a drawing against time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from demos import kit
from demos.kit import fashion, pixels, say, t
from genmodels.autoregressive.checkpoints import IMAGEGPT

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.autoregressive.imagegpt import ImageGPT
    from genmodels.autoregressive.sampling import Step

GREYS = IMAGEGPT[0].name  # the one of garments in four greys; the others take any picture
FACE, DRAWN = 10, -1  # pictures beside the ten garments: a painted face, one that the model draws
SMALL = 256  # positions of a picture that many of can be drawn at once
FEW = 4  # of larger ones
KEPT = 16  # drawings that are not drawn again
_drawn: dict[tuple[str, int], Tensor] = {}


def use(checkpoint: str) -> Any:
    from genmodels.autoregressive.imagegpt import ImageGPT

    return kit.model(ImageGPT, checkpoint)


def gpu_seconds(checkpoint: str, *_: Any) -> int:
    """Of a Space that lends them: none for the small one, which a CPU draws in an instant."""
    return 0 if checkpoint == GREYS else 60


def positions(model: ImageGPT) -> int:
    return model.shape[1] * model.shape[2]


def at_most(model: ImageGPT, count: int, few: int = FEW) -> int:
    """A large picture is a thousand steps, and each of the batch keeps its own keys and values."""
    return count if positions(model) <= SMALL else min(count, few)


def capped(count: int, asked: int, lang: str) -> str:
    """A sentence if fewer were drawn than asked for."""
    if count == asked:
        return ""
    en, es = (
        f"This large model draws {count} here at a time.",
        f"Este modelo grande dibuja aquí {count} por vez.",
    )
    return f"<p>{say(lang, en, es)}</p>"


def seen(model: ImageGPT, x: Tensor, done: int | None = None, keep: Tensor | None = None) -> Tensor:
    """Numbers (B, 1, H, W) -> (B, 3, H, W) in [-1, 1]. After `done` positions, blank but for `keep`."""
    shown = model.image(x.to(model.device)).float().cpu()
    return shown if done is None else pixels.blank(shown, done, keep)


# ------------------------------------------------------------------------------ a drawing and its clock


class Timed(NamedTuple):
    step: Step
    done: int  # positions
    seconds: float  # that the model worked


def timed(steps: Iterator[Step]) -> Iterator[Timed]:
    """The clock runs only while the model does, not while frames are painted or waited for."""
    done, seconds = 0, 0.0
    while True:
        start = time.perf_counter()
        step = next(steps, None)
        if step is None:
            return
        seconds, done = seconds + time.perf_counter() - start, done + 1
        yield Timed(step, done, seconds)


def drawn(checkpoint: str, seed: int) -> Iterator[Tensor | None]:
    """One picture that the model draws, (1, 1, H, W), last; None, now and then, on the way."""
    from genmodels.autoregressive import sampling

    if (checkpoint, seed) not in _drawn:
        with use(checkpoint) as model:
            pace = pixels.Pace(1, 0)
            for step in sampling.draw(model, seed, 1):
                x = step.x
                if pace.due(0):
                    yield None
            _drawn[checkpoint, seed] = x.cpu()
        while len(_drawn) > KEPT:
            del _drawn[next(iter(_drawn))]
    yield _drawn[checkpoint, seed]


# ------------------------------------------------------------------------------ what a visitor brings


class Brought(NamedTuple):
    before: Tensor  # (1, 3 or 1, h, w) in [-1, 1], what was brought, made small
    x: Tensor  # (1, 1, H, W), in the model's own colours
    note: str  # HTML: what was done to it


def ours(which: int, variant: int) -> Image.Image:
    """A garment of 28 x 28, or a painted face."""
    from genmodels.data.faces import paint, random_face
    from genmodels.data.garments import garment

    return Image.fromarray(paint(random_face(variant), 64)) if which == FACE else garment(which, variant)


def small(checkpoint: str, drawing: Image.Image | None, which: int, variant: int, lang: str) -> tuple:
    """The visitor's picture, or ours, at the size where its colours are taken; and what was done to it."""
    if checkpoint != GREYS:
        return kit.to_pil(kit.to_tensor(drawing or ours(which, variant), (32, 32))[0]), []
    if drawing is not None:
        return fashion.like_fashion(drawing, lang)
    page = ours(which, variant).convert("L")
    return page.resize((fashion.SIDE, fashion.SIDE), Image.Resampling.BOX), []


def brought(
    model: ImageGPT, checkpoint: str, drawing: Image.Image | None, which: int, variant: int, lang: str
) -> Brought:
    """A picture as this model has it: its size, and of each pixel the nearest of its colours."""
    import torch

    from genmodels.data import greys

    page, done = small(checkpoint, drawing, which, variant, lang)
    rows, columns, n = *model.config.size, model.levels
    before = kit.to_tensor(page, page.size)
    if checkpoint == GREYS:
        x = torch.from_numpy(greys.small(np.asarray(page)[None])).long()[None]
    else:
        before = kit.to_tensor(page, (columns, rows))
        x = model.tokens(before.to(model.device)).cpu()
    if drawing is None:
        return Brought(before, x, "")
    size, words = (
        f"{rows} × {columns}",
        ("colours", "colores") if model.config.clusters else ("greys", "grises"),
    )
    done.append(
        say(lang, f"taken to {size} pixels in {n} {words[0]}", f"llevada a {size} píxeles en {n} {words[1]}")
    )
    return Brought(before, x, fashion.listed(done, lang))


def board_picture(checkpoint: str, drawing: Image.Image | None, which: int, variant: int) -> Image.Image:
    """What the board shows, without waiting for the model: small, and in greys where those are known."""
    from genmodels.data import greys

    page, _ = small(checkpoint, drawing, which, variant, "en")
    if checkpoint != GREYS:
        return page
    return Image.fromarray(greys.small(np.asarray(page)[None])[0] * (255 // (greys.LEVELS - 1)))


def which_choice(label: Any, value: int = 9, *, drawing: bool = False) -> Any:
    choices = [(t(*words), k) for k, words in enumerate(fashion.CLASSES)]
    choices += [(t("a painted face", "una cara pintada"), FACE)]
    choices += [(t("one that it draws itself", "una que dibuja él mismo"), DRAWN)] if drawing else []
    return kit.choice(choices, label, value)


# ------------------------------------------------------------------------------ lines of Python


def loading(checkpoint: str, *more: str) -> str:
    """The lines that snippets begin with."""
    lines = [*more, "from genmodels.autoregressive.imagegpt import ImageGPT"]
    lines.sort(key=lambda line: (line.startswith("from genmodels"), line.split()[1]))
    return "\n".join(lines) + f'\n\nmodel = ImageGPT.from_pretrained("{checkpoint}")\n'


def picture_code(checkpoint: str, which: int, variant: int) -> tuple[list[str], str]:
    """A picture of ours as the model has it, in a snippet: (imports, lines)."""
    imports = ["import numpy as np", "import torch"]
    if which == FACE:
        imports += ["from PIL import Image", "from genmodels.data.faces import paint, random_face"]
        lines = f"picture = Image.fromarray(paint(random_face({variant}), 64))  # or yours\n"
    else:
        imports += ["from genmodels.data.garments import garment"]
        lines = f"picture = garment({which}, {variant})  # or yours\n"
    if checkpoint == GREYS:
        imports += ["from genmodels.data.greys import small"]
        lines += (
            'page = np.array(picture.convert("L").resize((28, 28), 4))\n'  # 4: box
            "x = torch.from_numpy(small(page[None])).long()[None]  # (1, 1, 16, 16): 0 to 3\n"
        )
    else:
        lines += (
            'page = np.array(picture.convert("RGB").resize((32, 32), 1))\n'  # 1: Lanczos
            "image = torch.from_numpy(page).permute(2, 0, 1)[None] / 127.5 - 1\n"
            "x = model.tokens(image)  # (1, 1, 32, 32): the nearest of its 512 colours\n"
        )
    return imports, lines
