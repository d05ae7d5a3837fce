"""Noise on the way: the same start with other dice, for more and more of the noise that a solver may add."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.pixels import Pace
from demos.samplers import runs, tiles
from demos.samplers.grid import grid_choice

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser

COUNT, TILE = 5, 176  # dice, pixels of a picture
AMOUNTS = {"eta": (0.0, 0.3, 0.6, 1.0), "churn": (0.0, 5.0, 20.0, 80.0)}


def luck(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, kind: str, grid: str, steps: int,
    seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Five dice over one start, for four amounts of noise on the way: eta of DDIM, or churn of Heun."""
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    amounts = AMOUNTS[kind]
    done: dict[float, Tensor] = {}
    with denoisers.use(checkpoint) as denoise:
        sigmas = denoisers.grid_of(grid, denoise, steps)
        for amount in amounts:
            pace = Pace(steps, 0)
            for s in thrown(denoise, label, kind, amount, sigmas, seed):
                if pace.due(s.i, last=s.i == steps):
                    x = s.x if s.i == steps else s.x0
                    yield page(done | {amount: x.float().cpu()}, kind, lang), "", {"step": s.i}
            done[amount] = s.x.float().cpu()
    yield page(done, kind, lang), told(done, kind, lang), {"apart_dice": spread(done[amounts[-1]])}


def thrown(
    denoise: Denoiser, label: int, kind: str, amount: float, sigmas: list[float], seed: int
) -> Iterator[Any]:
    """All from one start; picture k throws the dice of seed + k."""
    from genmodels.diffusion import samplers
    from genmodels.diffusion.denoiser import bound
    from genmodels.runtime import generators

    one = samplers.start(denoisers.shape_of(denoise), sigmas[0], generators(seed, 1), denoise.network.device)
    dice = generators(seed + 1, COUNT)  # not the one that made the start
    belief = bound(denoise, denoisers.labels(denoise, *[label] * COUNT))
    x = one.expand(COUNT, -1, -1, -1).contiguous()
    if kind == "eta":
        return samplers.ddim(belief, x, sigmas, dice, eta=amount)
    return samplers.heun(belief, x, sigmas, dice, churn=amount)


def spread(x: Tensor) -> float:
    """How far apart pictures are, pair by pair."""
    pairs = [runs.off(x[a], x[b]) for a, b in combinations(range(len(x)), 2)]
    return sum(pairs) / len(pairs)


def page(done: dict[float, Tensor], kind: str, lang: str) -> Image.Image:
    made = []
    for amount in AMOUNTS[kind]:
        x = done.get(amount)
        cells = [tiles.cell(None if x is None else x[k : k + 1], "", "", TILE) for k in range(COUNT)]
        made.append(tiles.row(cells, name(kind, amount, lang)))
    return tiles.rows(*made)


def name(kind: str, amount: float, lang: str) -> str:
    value = plots.number(amount, lang)
    if kind == "eta":
        known = {0.0: " = DDIM", 1.0: " = DDPM"}.get(amount, "")
        return f"η = {value}{known}"
    return f"{say(lang, 'churn', 'agitación')} {value}" + (" = Heun" if not amount else "")


def told(done: dict[float, Tensor], kind: str, lang: str) -> str:
    rows = [
        [name(kind, amount, lang), runs.level(spread(x), lang), runs.level(runs.off(x, done[0.0]), lang)]
        for amount, x in done.items()
    ]
    head = [
        "",
        say(lang, "levels between two dice", "niveles entre dos tiradas"),
        say(lang, "levels from the one without noise", "niveles respecto de la que no tiene ruido"),
    ]
    en = (
        "All start from the same noise; each column throws its own dice on the way. Without noise on the way "
        "they are one picture, and the start is its code. With it, the start decides less and less."
    )
    es = (
        "Todas parten del mismo ruido; cada columna tira sus propios dados en el camino. Sin ruido en el "
        "camino son una sola imagen, y el comienzo es su código. Con él, el comienzo decide cada vez menos."
    )
    return plots.table(head, rows) + f"<p>{say(lang, en, es)}</p>"


def luck_code(
    checkpoint: str, faces: str, fashion: str, sprites: str, emoji: str, kind: str, grid: str, steps: int,
    seed: int,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    solver = "ddim" if kind == "eta" else "heun"
    draw = (
        "denoise = bound(Denoiser.of(unet), labels)\n"
        f"for amount in {AMOUNTS[kind]}:\n"
        f"    dice = generators({seed + 1}, 1)\n"
        f"    *_, last = samplers.{solver}(denoise, x, sigmas, dice, {kind}=amount)\n"
        "    print(amount, last.x.std().item())  # last.x: (1, C, H, W) in [-1, 1]\n"
    )
    return runs.code(checkpoint, label, grid, steps, seed, 1, draw)


def layout(tab: kit.Tab) -> None:
    with tab.view("luck", "Luck on the way", "Azar en el camino") as view:
        with view.controls():
            classes = denoisers.pickers()
            choices = [
                (t("η, from DDIM to DDPM", "η, de DDIM a DDPM"), "eta"),
                (t("churn of Heun", "agitación de Heun"), "churn"),
            ]
            kind = kit.choice(choices, t("Noise on the way", "Ruido en el camino"))
            grid = grid_choice()
            steps = kit.slider(2, 60, 16, t("Steps", "Pasos"), step=1)
            seed = kit.seed(3)
        with view.result():
            picture = plates.view()
            table = kit.html()
        inputs = [tab.checkpoint, *classes, kind, grid, steps, seed]
        label = ("Throw the dice", "Tirar los dados")
        view.run(luck, inputs, [picture, table], label, luck_code)
        view.on([kind.input, steps.release], luck)
