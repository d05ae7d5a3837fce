"""From one noise to another: a mixture of two noises is too weak a noise, unless the way is an arc."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.guidance import drawing, sheets
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from torch import Tensor

STRIP = 7  # pictures of a way, ends included
WAYS = {
    "pixels": ("both pictures blended", "ambas imágenes mezcladas"),
    "line": ("noises on a straight line", "ruidos en línea recta"),
    "stretched": ("the same, stretched to the usual length", "lo mismo, estirado al largo habitual"),
    "arc": ("on the great circle", "en el círculo máximo"),
}
KINDS = {"pixels": ("soft", False), "line": ("warm", False), "stretched": ("mark", True),
         "arc": ("mark", False)}  # fmt: skip


def between(
    checkpoint: str, seed: int, other: int, scale: float, steps: int, faces: str, fashion: str, sprites: str,
    emoji: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Three ways from one noise to another, what is drawn on each, and how strong the noise was there."""
    import torch

    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    time = Pace(1, 0)
    with denoisers.use(checkpoint) as denoise:
        (a, grid), (b, _) = (drawing.noise(denoise, s, 1, steps) for s in (seed, other))
        x = ways(a, b)
        ask = drawing.ordered(denoise, [label] * 3 * STRIP, scale)
        for made in drawing.paint(x.flatten(0, 1), grid, ask):
            if time.due(0):
                yield strips(made.unflatten(0, (3, STRIP)), lang), "", {}
    made = made.unflatten(0, (3, STRIP))
    strength = (x.float().cpu().flatten(2).std(2) / grid[0]).tolist()
    drawn = curves(strength, detail(torch.cat([blended(made), made])).tolist(), lang)
    yield strips(made, lang), drawn, {"weakest": strength[0][STRIP // 2], "made": 3 * STRIP}


def ways(a: Tensor, b: Tensor) -> Tensor:
    """Between (1, C, H, W) and (1, C, H, W): on a line, on that line stretched, on an arc. (3, STRIP, ...)"""
    import torch

    from genmodels.nn.paths import arc, line

    share, (u, v) = torch.linspace(0, 1, STRIP, device=a.device), (a.flatten(), b.flatten())
    straight, round_ = line(u, v, share), arc(u, v, share)
    stretched = straight / straight.norm(dim=1, keepdim=True) * round_.norm(dim=1, keepdim=True)
    return torch.stack([straight, stretched, round_]).unflatten(2, a.shape[1:])


def blended(made: Tensor) -> Tensor:
    """The pictures at both ends, mixed: (1, STRIP, ...)."""
    import torch

    share = torch.linspace(0, 1, STRIP)[:, None, None, None]
    return torch.lerp(made[0, :1], made[0, -1:], share)[None]


def strips(made: Tensor, lang: str) -> object:
    import torch

    rows = torch.cat([blended(made), made])
    return plates.plate(
        *(sheets.sheet(x, STRIP, caption=say(lang, *w)) for x, w in zip(rows, WAYS.values(), strict=True))
    )


def detail(x: Tensor) -> Tensor:
    """How much neighbouring pixels differ, root of the mean square: (..., C, H, W) -> (...)."""
    return x.diff(dim=-1).square().mean((-3, -2, -1)).sqrt()


def curves(strength: list[list[float]], fine: list[list[float]], lang: str) -> str:
    """How strong the noise is on each way, and how much detail the picture has that came of it."""
    names = list(WAYS)
    share = [k / (STRIP - 1) for k in range(STRIP)]
    first = panel(
        share, dict(zip(names[1:], strength, strict=True)), (0.0, 1.15),
        say(lang, "Strength of the noise; 1: as trained", "Fuerza del ruido; 1: la del entrenamiento"),
        lang,
    )  # fmt: skip
    top = 1.15 * max(v for row in fine for v in row)
    title = say(
        lang, "Detail: difference of neighbouring pixels", "Detalle: diferencia entre píxeles vecinos"
    )
    second = panel(share, dict(zip(names, fine, strict=True)), (0.0, top), title, lang)
    dashed = say(lang, " (dashed)", " (a trazos)")
    legend = plots.legend(*((KINDS[n][0], say(lang, *WAYS[n]) + dashed * KINDS[n][1]) for n in names))
    return legend + plots.figures(first, second, least=320)


def panel(
    share: list[float], found: dict[str, list[float]], height: tuple[float, float], title: str, lang: str
) -> str:
    axes = plots.Axes((0, 1), height, height=230, left=52)
    marks = [plots.line(share, row, *KINDS[way]) for way, row in found.items()]
    return plots.plot(axes, *marks, title=title, across="t", up=True, lang=lang)


def between_code(
    checkpoint: str, seed: int, other: int, scale: float, steps: int, faces: str, fashion: str, sprites: str,
    emoji: str,
) -> str:  # fmt: skip
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    more = "from genmodels.nn.paths import PATHS"
    head = drawing.start_code(checkpoint, seed, 1, steps, drawing.GUIDED, more)
    *_, start = head.splitlines()
    end = start.replace("x = ", "y = ").replace(f"generators({seed}, 1)", f"generators({other}, 1)")
    return (
        f"{head}{end}\n"
        + drawing.labels_code(checkpoint, [label] * STRIP)
        + f'for path in ("line", "arc"):\n'
        f"    way = PATHS[path](x.flatten(), y.flatten(), torch.linspace(0, 1, {STRIP}))\n"
        "    way = way.unflatten(1, x.shape[1:])\n"
        f"    *_, last = samplers.dpm(guided(denoise, labels, {scale:g}), way, sigmas)\n"
        "    print(path, way.flatten(1).std(1) / sigmas[0], last.x.diff(dim=-1).flatten(1).std(1))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("between", "Between noises", "Entre ruidos") as view:
        with view.controls():
            seed = kit.seed(1, t("Seed of the first", "Semilla del primero"))
            other = kit.seed(2, t("Seed of the second", "Semilla del segundo"))
            told = denoisers.pickers(6, 0, 0, 0)
            scale, steps = drawing.scale_slider(1.5), drawing.steps_slider()
        with view.result():
            picture = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, seed, other, scale, steps, *told]
        view.run(
            between, inputs, [picture, drawn], ("Go from one to the other", "Ir de uno a otro"), between_code
        )
        view.on([*(p.input for p in told), scale.release, steps.release], between)
