"""Between two real pictures: through their codes, by a line and by an arc, against blending their pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos import kit
from demos.glow import models
from demos.glow.pictures import board, ours, picture_of, real_code
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

STRIP, FRAMES, TILE = 9, 25, 140
WAYS = {
    "pixels": ("pixels blended", "píxeles mezclados"),
    "line": ("codes, straight line", "códigos, línea recta"),
    "arc": ("codes, great circle", "códigos, círculo máximo"),
}
KINDS = {"pixels": "soft", "line": "warm", "arc": "mark"}


def between(
    checkpoint: str, drawing: Image.Image | None, seed: int, other: int, path: str, lang: str
) -> Iterator[tuple]:
    """Three ways from one real picture to another, what the flow thinks of each stop, and a film of one."""
    import torch

    x, _, note = picture_of(checkpoint, drawing, seed, lang)
    both = torch.cat([x, ours(checkpoint, [other])])
    share = torch.linspace(0, 1, STRIP)
    with models.use(checkpoint) as model:
        ends = models.noised(model, both)
        codes = model(ends)[0].float().cpu()
        rows, costs, norms = [], {}, {}
        for way in WAYS:
            y, z = stops(model, ends, codes, way, share)
            costs[way], norms[way] = models.cost(model, y).tolist(), z.flatten(1).norm(dim=1).tolist()
            shown = model.shown(y).float().cpu()
            rows.append(plates.block(say(lang, *WAYS[way]), shown, columns=STRIP, tile=TILE, type=28))
            yield None, plates.plate(*rows), note, {}
        frames: list[Image.Image] = []
        for part in torch.linspace(0, 1, FRAMES).split(9):
            y, _ = stops(model, ends, codes, path, part)
            frames += [frame(x) for x in model.shown(y).float().cpu()]
            yield frames[-1], plates.plate(*rows), note, {}
        drawn = curves(checkpoint, share.tolist(), costs, norms, models.values(model), lang)
    yield kit.film(frames, bounce=True), plates.plate(*rows), note + drawn, {}


def stops(model: Any, ends: Tensor, codes: Tensor, way: str, share: Tensor) -> tuple[Tensor, Tensor]:
    """(pictures as the flow has them, their codes) along a way."""
    from genmodels.nn.paths import PATHS

    if way == "pixels":
        part = share[:, None, None, None].to(ends)
        y = (1 - part) * ends[:1] + part * ends[1:]
        return y, model(y)[0].float().cpu()
    a, b = codes.flatten(1)
    z = PATHS[way](a, b, share).unflatten(1, codes.shape[1:])
    return model.inverse(z.to(model.device, model.dtype))[0], z


def frame(x: Tensor) -> Image.Image:
    return kit.to_pil(x).resize((320, 320), Image.Resampling.LANCZOS)


def curves(
    checkpoint: str, share: list[float], costs: dict[str, list[float]], norms: dict[str, list[float]],
    values: int, lang: str,
) -> str:  # fmt: skip
    usual = values**0.5
    price = panel(share, costs, say(lang, "What each stop costs: ", "Lo que cuesta cada parada: ")
                  + models.unit(checkpoint, lang), lang)  # fmt: skip
    length = panel(share, norms, say(lang, "Length ‖z‖ of its code", "Largo ‖z‖ de su código"), lang, usual)
    normal = say(lang, f"√{values}, usual under N(0, I)", f"√{values}, lo usual en N(0, I)")
    names = [(KINDS[way], say(lang, *words)) for way, words in WAYS.items()]
    return plots.legend(*names, ("ink", normal)) + plots.figures(price, length, least=320)


def panel(
    share: list[float], found: dict[str, list[float]], title: str, lang: str, usual: float | None = None
) -> str:
    every = [v for row in found.values() for v in row] + ([usual] if usual else [])
    air = 0.08 * (max(every) - min(every)) or 0.1
    axes = plots.Axes((0, 1), (min(every) - air, max(every) + air), height=230, left=58)
    marks = [plots.rule(usual, kind="ink")] if usual else []
    marks += [plots.line(share, row, KINDS[way]) for way, row in found.items()]
    return plots.plot(axes, *marks, title=title, across="t", up=True, lang=lang)


def between_code(checkpoint: str, drawing: Any, seed: int, other: int, path: str) -> str:
    imports, lines = real_code(checkpoint, seed)
    way = "arc" if path == "pixels" else path
    imports.append(f"from genmodels.nn.paths import {way}")
    head, *rest = lines.splitlines()
    second = head.replace(f"[{seed}]", f"[{other}]").replace(
        f"({seed % 10}, {seed // 10})", f"({other % 10}, {other // 10})"
    )
    encode = "flow(y)[0].flatten(1)[0]"
    again = "\n".join([second, *rest])
    return (
        models.loading(checkpoint, *imports)
        + lines
        + (
            f"a = {encode}\n{again}\nb = {encode}\n"
            f"z = {way}(a, b, torch.linspace(0, 1, {STRIP})).unflatten(1, y.shape[1:])\n"
            "x = flow.shown(flow.inverse(z)[0])\n"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("between", "Between two", "Entre dos") as view:
        with view.controls():
            seed, drawing = board(36_264)
            other = kit.seed(36_518, t("The other's number", "Número de la otra"))
            ways = [(t(*WAYS[way]), way) for way in ("arc", "line", "pixels")]
            path = kit.choice(ways, t("The film goes by", "La película va por"))
        with view.result():
            film = kit.picture(height=340)
            strips = plates.view()
            drawn = kit.html()
        inputs, outputs = [tab.checkpoint, drawing, seed, other, path], [film, strips, drawn]
        view.run(between, inputs, outputs, ("Walk", "Recorrer"), between_code)
        view.on([path.input], between)
