"""What a pixel sees: the masks, how their reach grows with depth, and what three trained networks look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.pixels import ALARM, QUIET, TEAL, caption_height, factor, heading, mark, pictures, sheet
from demos.pixelcnn import models

if TYPE_CHECKING:
    from PIL import Image

SIDE = 16
WIDE = 288  # pixels of a field on the page
FUTURE, BLIND, WHITE = (46, 50, 55), (196, 62, 48), (250, 247, 240)
GAP = (17, 20, 23)  # between pixels
FAINT = 0.22  # of the colour of what is seen least


def sees(kernel: int, depth: int, row: int, column: int, lang: str) -> Iterator[tuple]:
    """Masks A and B, the field of a stack of them, and the fields of three trained networks at one pixel."""
    i, j = row - 1, column - 1
    drawn, field = masks(kernel, lang), stacked(kernel, depth, i, j)
    caption = say(lang, f"1 mask A, {depth} masks B", f"1 máscara A, {depth} máscaras B")
    plan = sheet(painted(field.astype(float), i, j), caption, 1, WIDE)
    yield drawn, marked(plan, i, j), gr.skip(), gr.skip(), {}
    done, rows = [], []
    for name, words in captions(lang).items():
        found = looked_at(name, i, j)
        done.append(marked(sheet(painted(found, i, j), words, 1, WIDE), i, j))
        rows.append([words, *counted(found > 0, i, j, lang)])
        yield drawn, marked(plan, i, j), plates.beside(*done), table(rows, lang), {}


def captions(lang: str) -> dict[str, str]:
    plain, rnn, gated = (c.name for c in models.SMALL)
    return {
        plain: say(lang, "plain", "simple"),
        gated: say(lang, "gated", "con compuertas"),
        rnn: say(lang, "row LSTM", "LSTM por filas"),
    }


def looked_at(checkpoint: str, i: int, j: int) -> Any:
    """(16, 16) numbers from 0, exactly, for what the network can't see, to 1 for what counts most."""
    from genmodels.autoregressive import reach

    with models.use(checkpoint) as model:
        return reach.influence(reach.seen_by(model, i, j)).numpy()


def before(i: int, j: int) -> Any:
    return np.arange(SIDE * SIDE).reshape(SIDE, SIDE) < i * SIDE + j


def mask(kind: str, size: int) -> Any:
    return np.arange(size * size).reshape(size, size) < size * size // 2 + (kind == "B")


def stacked(kernel: int, depth: int, i: int, j: int) -> Any:
    """(16, 16) bool: what a layer of mask A and `depth` of mask B, all of one size, see from (i, j)."""
    field = np.zeros((SIDE, SIDE), bool)
    field[i, j] = True
    for kind in ("A", *["B"] * depth):
        here, r = field, kernel // 2
        field = np.zeros_like(here)
        for y, x in np.argwhere(mask(kind, kernel)) - r:
            moved = np.zeros_like(here)
            rows, columns = (slice(max(0, v), SIDE + min(0, v)) for v in (y, x))
            sources = (slice(max(0, -v), SIDE + min(0, -v)) for v in (y, x))
            moved[rows, columns] = here[tuple(sources)]
            field |= moved
    return field


def painted(found: Any, i: int, j: int) -> Any:
    """Seen in teal, as strongly as it counts; not seen though it came before, red; what comes later, dark."""
    import torch

    share = FAINT + (1 - FAINT) * found[..., None]
    page = np.where(
        (found > 0)[..., None], share * np.array(TEAL) + (1 - share) * np.array((16, 22, 24)), BLIND
    )
    page = np.where(before(i, j)[..., None], page, FUTURE)
    page[i, j] = WHITE
    return torch.from_numpy(page).float().permute(2, 0, 1)[None] / 127.5 - 1


def marked(page: Image.Image, i: int, j: int) -> Image.Image:
    """Lines between the pixels, so that they can be counted, and a frame around the one that asks."""
    from PIL import ImageDraw

    n, head = factor(1, SIDE, WIDE), page.height - WIDE
    page = page.copy()
    draw = ImageDraw.Draw(page)
    for k in range(1, SIDE):
        draw.line((k * n, head, k * n, page.height), GAP)
        draw.line((0, head + k * n, WIDE, head + k * n), GAP)
    page.paste(mark(page.crop((0, head, WIDE, page.height)), n, i, j, ALARM), (0, head))
    return page


def counted(seen: Any, i: int, j: int, lang: str) -> list[str]:
    earlier = before(i, j)
    blind = int((earlier & ~seen).sum())
    return [str(int((earlier & seen).sum())), str(blind), str(int((seen & ~earlier).sum()))]


def table(rows: list[list[str]], lang: str) -> str:
    head = [
        "",
        say(lang, "pixels it sees", "píxeles que ve"),
        say(lang, "drawn before, not seen", "anteriores que no ve"),
        say(lang, "not drawn yet, seen", "aún sin dibujar, y que ve"),
    ]
    return plots.table(head, rows)


def masks(kernel: int, lang: str) -> str:
    """The two masks as grids of ones and zeros."""
    found = []
    for kind in "AB":
        cells = mask(kind, kernel)
        centre = kernel // 2
        grid = "".join(
            cell(int(on), (y, x) == (centre, centre), kernel) for (y, x), on in np.ndenumerate(cells)
        )
        words = say(
            lang,
            f"Mask {kind}: {cells.sum()} of {kernel**2}",
            f"Máscara {kind}: {cells.sum()} de {kernel**2}",
        )
        found.append(
            "<div style='max-width:180px;flex:1 1 130px'>"
            f"<p style='font-size:16px;margin:0 0 4px'>{words}</p>"
            f"<div style='display:grid;gap:2px;grid-template-columns:repeat({kernel},1fr)'>{grid}</div></div>"
        )
    return f"<div style='display:flex;flex-wrap:wrap;gap:16px 28px'>{''.join(found)}</div>"


def cell(on: int, centre: bool, kernel: int) -> str:
    ground, ink = ("var(--mark)", "var(--paper)") if on else ("var(--line)", "var(--soft)")
    ring = "outline:3px solid var(--warm);outline-offset:-2px" if centre else ""
    return (
        "<b style='display:flex;align-items:center;justify-content:center;aspect-ratio:1;border-radius:3px;"
        f"font-size:{max(11, 22 - kernel)}px;font-weight:400;background:{ground};color:{ink};{ring}'>{on}</b>"
    )


def sees_code(kernel: int, depth: int, row: int, column: int) -> str:
    return (
        "from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN\n"
        "from genmodels.autoregressive.pixelcnn import PixelCNN, mask\n"
        "from genmodels.autoregressive.pixelrnn import PixelRNN\n"
        "from genmodels.autoregressive.reach import blind_spot, seen_by\n\n"
        f'print(mask("A", {kernel}), mask("B", {kernel}), sep="\\n")\n'
        'names = {PixelCNN: "fashion", GatedPixelCNN: "fashion-gated", PixelRNN: "fashion-rnn"}\n'
        "for cls, name in names.items():\n"
        '    model = cls.from_pretrained(f"pixelcnn-{name}")\n'
        f"    strength = seen_by(model, {row - 1}, {column - 1})  # (16, 16)\n"
        f"    print(name, (strength > 0).sum(), blind_spot(model, {row - 1}, {column - 1}).sum())\n"
    )


def clicked(clicks: int, event: gr.SelectData) -> tuple[int, ...]:
    """A click on any field: they stand beside each other, each under a caption."""
    n = factor(1, SIDE, WIDE)
    x, y = (int(v) for v in event.index)
    head = caption_height(WIDE)
    return min(SIDE, max(1, (y - head) // n + 1)), min(SIDE, x % (WIDE + plates.AIR) // n + 1), clicks + 1


def key() -> str:
    """What the colours of a field mean."""
    chip = (
        "display:inline-block;width:14px;height:14px;margin-right:7px;border-radius:3px;vertical-align:-1px"
    )
    rows = (
        (TEAL, "seen: the brighter, the more it counts", "lo que ve: más brillante, más cuenta"),
        (BLIND, "blind spot: came before, not seen", "punto ciego: es anterior y no lo ve"),
        (FUTURE, "not drawn yet", "aún sin dibujar"),
    )
    lines = (f"<div><i style='{chip};background:rgb{c}'></i>{kit.both(en, es)}</div>" for c, en, es in rows)
    return f"<div style='font-size:16px'>{''.join(lines)}</div>"


def layout(tab: kit.Tab) -> None:
    with tab.view("sees", "What a pixel sees", "Qué ve un píxel") as view:
        with view.controls():
            kernel = kit.slider(3, 9, 3, t("Size of the masks", "Tamaño de las máscaras"), step=2)
            depth = kit.slider(
                0, 12, 5, t("Masks B after the first", "Máscaras B después de la primera"), step=1
            )
            with gr.Row():
                row = kit.slider(1, SIDE, 9, t("Row", "Fila"), step=1, min_width=120)
                column = kit.slider(1, SIDE, 8, t("Column", "Columna"), step=1, min_width=120)
            kit.html(key())
        with view.result():
            drawn = kit.html()
            with gr.Row():
                with gr.Column(scale=1, min_width=200):
                    heading("By the masks alone", "Solo por las máscaras")
                    plan = pictures()
                with gr.Column(scale=3, min_width=260):
                    heading(
                        "Trained, from their gradients: click a pixel",
                        "Entrenadas, por sus gradientes: haz clic",
                    )
                    fields = pictures()
            rows = kit.html()
        inputs, outputs = [kernel, depth, row, column], [drawn, plan, fields, rows]
        view.run(sees, inputs, outputs, ("Look", "Mirar"), sees_code)
        clicks = gr.State(0)
        for picture in (plan, fields):
            picture.select(clicked, clicks, [row, column, clicks], **QUIET)
        view.on([kernel.release, depth.release, row.release, column.release, clicks.change], sees)
