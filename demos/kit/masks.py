"""A small picture, enlarged, on which the visitor paints what to keep: one bit per cell.

The cells are the model's own (pixels of a sprite, codes of a grid), so the brush has no soft edge that
somebody must round later. It is a piece of HTML with its own script (`demos/art/mask.js`), as Gradio's image
editor paints on a canvas of its own size.

A value travels as {"picture": a PNG as data URL, or null, "mask": one string of 0 and 1 per row, or null}. A
function gets (picture, mask): a PIL image in RGBA or None, and a bool array (rows, columns), true where kept.
"""

import base64
import binascii
import io
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, UnidentifiedImageError

from demos.kit.inputs import refuse
from demos.kit.lang import Pair, both

SCRIPT = Path(__file__).parent.parent / "art" / "mask.js"
SIDE = 512  # pixels, the largest picture under the cells
LENGTH = 600_000  # characters, the longest one
URL = "data:image/png;base64,"
Painted = tuple[Image.Image | None, np.ndarray]


class Mask(gr.HTML):
    is_template = True

    def __init__(self, value: Any = None, *, rows: int = 24, columns: int = 24, **kwargs: Any):
        self.rows, self.columns = rows, columns
        super().__init__(value, rows=rows, columns=columns, **kwargs)

    def preprocess(self, payload: Any) -> Painted:
        payload = {} if payload is None else payload
        if not isinstance(payload, dict) or payload.keys() - {"picture", "mask"}:
            raise refuse(
                'Send {"picture": a PNG as data URL or null, "mask": a string of 0 and 1 per row, or null}.',
                'Envía {"picture": un PNG como data URL o null, "mask": un texto de 0 y 1 por fila, o null}.',
            )
        return opened(payload.get("picture")), self.cells(payload.get("mask"))

    def cells(self, mask: Any) -> np.ndarray:
        if mask is None:
            return np.zeros((self.rows, self.columns), bool)
        good = isinstance(mask, list) and len(mask) == self.rows
        if not good or not all(
            isinstance(r, str) and len(r) == self.columns and set(r) <= {*"01"} for r in mask
        ):
            size = f"{self.rows} × {self.columns}"
            raise refuse(f"The mask isn't {size} of 0 and 1.", f"La máscara no es de {size} ceros y unos.")
        return np.array([[cell == "1" for cell in row] for row in mask])

    def postprocess(self, value: Painted | None) -> dict[str, Any] | None:
        """(picture or None, mask or None); None for the mask leaves nothing painted."""
        if value is None:
            return None
        picture, mask = value
        rows = None if mask is None else ["".join("01"[int(cell)] for cell in row) for row in mask]
        return {"picture": None if picture is None else data_url(picture), "mask": rows}

    def api_info(self) -> dict[str, Any]:
        rows = {"type": "array", "items": {"type": "string"}}
        return {"type": "object", "properties": {"picture": {"type": "string"}, "mask": rows}}

    def example_payload(self) -> dict[str, Any]:
        kept = self.rows // 2
        rows = ["1" * self.columns] * kept + ["0" * self.columns] * (self.rows - kept)
        return {"picture": None, "mask": rows}

    example_value = example_payload


def data_url(picture: Image.Image) -> str:
    out = io.BytesIO()
    picture.convert("RGBA").save(out, "PNG")
    return URL + base64.b64encode(out.getvalue()).decode()


def opened(url: Any) -> Image.Image | None:
    """The picture in a data URL. Paths and addresses are not looked at."""
    if url is None:
        return None
    if not isinstance(url, str) or not url.startswith(URL) or len(url) > LENGTH:
        raise refuse(
            "Send the picture as a small PNG, as data URL.", "Envía la imagen como PNG chico, en data URL."
        )
    try:
        data = base64.b64decode(url[len(URL) :], validate=True)
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            size = picture.size
            found = picture.convert("RGBA") if max(size) <= SIDE else None
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError) as e:
        raise refuse("This is not a PNG that opens.", "Esto no es un PNG que se pueda abrir.") from e
    if found is None:
        words = "{} × {}".format(*size)
        raise refuse(f"{words} pixels; at most {SIDE}.", f"{words} píxeles; a lo sumo {SIDE}.")
    return found


TOOLS: tuple[tuple[str, Pair], ...] = (
    ("keep", ("Keep", "Conservar")),
    ("free", ("Redraw", "Redibujar")),
    ("all", ("All", "Todo")),
    ("none", ("Nothing", "Nada")),
    ("turn", ("Swap", "Invertir")),
)


def mask(
    rows: int, columns: int, label: Pair, value: Painted | None = None, *, brush: int = 2, **kwargs: Any
) -> Mask:
    """Paint what to keep of a picture. `value` is (picture, mask), which a handler can return too; cells are
    rows x columns whatever the picture's size. Its event `input` comes at the end of a stroke."""
    tools = "".join(
        f"<button type='button' data-do='{name}'>{both(*words)}</button>" for name, words in TOOLS
    )
    tips = "".join(
        f"<button type='button' data-tip='{n}' aria-label='{n} × {n}'>"
        f"<i style='--tip:{4 + 3 * n}px'></i></button>"
        for n in (1, 2, 4)
    )
    note = both("Bright: kept. Hatched: drawn anew.", "Claro: se conserva. Rayado: se dibuja de nuevo.")
    board = (
        f"<p class='mask-label'>{both(*label)}</p><div class='mask-tools'>{tools}<span>{tips}</span></div>"
        f"<canvas tabindex='0' role='img' aria-label='{label[0]}'></canvas><p class='mask-note'>{note}</p>"
    )
    return Mask(
        value,
        rows=rows,
        columns=columns,
        brush=brush,
        html_template=board,
        js_on_load=SCRIPT.read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_classes="mask-input",
        **kwargs,
    )
