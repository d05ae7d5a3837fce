"""Inputs that refuse what their own widget could not send: an endpoint is as strict as its slider.

Gradio checks some of this; a script can still send NaN, a string, 40 megapixels or nothing at all. Every
check happens before any tab's code runs, and says what was wrong, in the visitor's language.
"""

import math
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from PIL import Image, ImageOps, UnidentifiedImageError

from demos.kit import images
from demos.kit.lang import language, say, t

SEEDS = 2**31 - 1
PIXELS = 16_000_000  # the largest upload that is opened
SIDE = 768  # what an upload is reduced to
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")  # decoders that uploads may reach


def refuse(en: str, es: str) -> gr.Error:
    return gr.Error(say(language(LocalContext.request.get(None)), en, es), print_exception=False)


def number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refuse(f"{value!r:.40} is not a number.", f"{value!r:.40} no es un número.")
    if not low <= value <= high:
        raise refuse(f"{value} is not between {low} and {high}.", f"{value} no está entre {low} y {high}.")
    return value


class Slider(gr.Slider):
    is_template = True

    def preprocess(self, payload: Any) -> float | int:
        value = number(payload, self.minimum, self.maximum)
        return int(value) if float(self.step).is_integer() and float(self.minimum).is_integer() else value


class Seed(gr.Number):
    is_template = True

    def preprocess(self, payload: Any) -> int:
        return int(number(payload, 0, SEEDS))


class Check(gr.Checkbox):
    is_template = True

    def preprocess(self, payload: Any) -> bool:
        if not isinstance(payload, bool):
            raise refuse(
                f"{payload!r:.40} is neither true nor false.", f"{payload!r:.40} no es verdadero ni falso."
            )
        return payload


class Choice(gr.Dropdown):
    is_template = True

    def preprocess(self, payload: Any) -> Any:
        values = [value for _, value in self.choices]
        if isinstance(payload, bool) or payload not in values:
            listed = ", ".join(map(str, values))
            raise refuse(
                f"{payload!r:.40} is none of: {listed}.", f"{payload!r:.40} no es ninguno de: {listed}."
            )
        return payload


class Words(gr.Textbox):
    is_template = True

    def preprocess(self, payload: Any) -> str:
        if not isinstance(payload, str):
            raise refuse(f"{payload!r:.40} is not text.", f"{payload!r:.40} no es texto.")
        if len(payload) > self.max_length:
            n, most = len(payload), self.max_length
            raise refuse(f"{n} characters; at most {most}.", f"{n} caracteres; a lo sumo {most}.")
        return payload


described: dict[type, dict[str, Any]] = {}  # what a picture's file consists of -> that, as a schema


def api_info(self: gr.components.Component) -> dict[str, Any]:
    """What the API's page says of a picture. Gradio works it out for each of hundreds: 0.3 s with 30 tabs."""
    kind = self.data_model
    if kind not in described:
        described[kind] = gr.components.Component.api_info(self)
    return described[kind]


class Upload(gr.Image):
    is_template = True
    api_info = api_info

    def preprocess(self, payload: Any) -> Image.Image | None:
        return None if payload is None else open_picture(payload)


class Drawing(gr.ImageEditor):
    is_template = True
    api_info = api_info

    def preprocess(self, payload: Any) -> Image.Image | None:
        if payload is None:
            return None
        if "composite" not in payload.model_fields_set or payload.id is not None:
            raise refuse("Send the drawing as a file.", "Envía el dibujo como archivo.")
        if payload.composite is None:
            return None
        picture = open_picture(payload.composite).convert("RGBA")
        board = Image.new("RGBA", picture.size, "white")
        board.alpha_composite(picture)
        board = board.convert("RGB")
        return None if board.getextrema() == ((255, 255),) * 3 else board


class Picture(gr.Image):
    is_template = True
    api_info = api_info

    def postprocess(self, value: Any) -> Any:
        """What has a transparent ground travels as WebP, as JPEG has none."""
        if isinstance(value, Image.Image) and value.mode == "RGBA":
            value = images.webp(value)
        return super().postprocess(value)


def open_picture(file: Any) -> Image.Image:
    """An upload as RGB(A), reduced to SIDE pixels. Its size is read before its pixels are."""
    if file.path is None or (file.url or "").startswith("data:"):
        raise refuse("Send the picture as a file.", "Envía la imagen como archivo.")
    try:
        with Image.open(file.path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > PIXELS:
                en = f"The picture has {width} × {height} pixels; at most {PIXELS // 10**6} megapixels."
                es = f"La imagen tiene {width} × {height} píxeles; a lo sumo {PIXELS // 10**6} megapíxeles."
                raise refuse(en, es)
            picture.draft("RGB", (SIDE, SIDE))  # lets a JPEG decode small
            picture = ImageOps.exif_transpose(picture)
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as e:
        raise refuse(
            "This file is not a picture that opens.", "Este archivo no es una imagen que se pueda abrir."
        ) from e
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture


# ----------------------------------------------------------------------------------- as a tab asks for them
# Functions, not constructors: Gradio rebuilds a component from the arguments of its own class.


def slider(minimum: float, maximum: float, value: float, label: Any, *, step: float, **kwargs: Any) -> Slider:
    kwargs = {"interactive": True, "buttons": []} | kwargs
    return Slider(minimum, maximum, value, step=step, label=label, **kwargs)


def seed(value: int = 1, label: Any = None) -> Seed:
    """The seed, with a die beside it. The same number gives the same result, on every machine."""
    with gr.Row(elem_classes="seed"):
        box = Seed(
            value,
            precision=0,
            minimum=0,
            maximum=SEEDS,
            label=label or t("Seed", "Semilla"),
            interactive=True,
            min_width=80,
        )
        die = gr.Button("⚄", elem_classes="dice", scale=0)
    throw = "() => Math.floor(Math.random() * 1e6)"
    die.click(None, None, box, js=throw, queue=False, api_visibility="private", show_progress="hidden")
    return box


def check(label: Any, value: bool = False) -> Check:
    return Check(value, label=label, interactive=True)


def choice(choices: list[tuple[Any, Any]], label: Any, value: Any = None, **kwargs: Any) -> Choice:
    """One of several (label, value) pairs; the first unless said otherwise."""
    value = choices[0][1] if value is None else value
    return Choice(choices, value=value, label=label, interactive=True, filterable=False, **kwargs)


def words(value: str, label: Any, *, longest: int = 500, **kwargs: Any) -> Words:
    """Text with a longest length that scripts can't pass either."""
    return Words(value, label=label, max_length=longest, interactive=True, **kwargs)


def upload(label: Any, **kwargs: Any) -> Upload:
    """A picture that the visitor brings: a PIL image of at most SIDE pixels, or None."""
    kwargs = {"sources": ["upload", "clipboard"], "buttons": [], "height": 280} | kwargs
    return Upload(label=label, type="filepath", image_mode=None, interactive=True, **kwargs)


def drawing(
    label: Any, *, brush: int = 18, colours: tuple[str, ...] = ("#000000",), **kwargs: Any
) -> Drawing:
    """A board to draw on, or to drop a picture on: a PIL image on white, or None while it's blank."""
    tip = gr.Brush(default_size=brush, colors=list(colours), color_mode="fixed")
    kwargs = {"sources": ["upload", "clipboard"], "buttons": [], "transforms": (), "layers": False} | kwargs
    size = {"canvas_size": (280, 280), "fixed_canvas": True, "height": 360}
    return Drawing(
        label=label, type="filepath", image_mode="RGBA", interactive=True, brush=tip, **size, **kwargs
    )


def picture(label: Any = None, **kwargs: Any) -> Picture:
    """A result. Previews travel as JPEG; the last one becomes a PNG, which is what gets downloaded."""
    kwargs = {"show_label": label is not None, "buttons": ["download", "fullscreen"], "height": 480} | kwargs
    return Picture(label=label, format="jpeg", type="filepath", interactive=False, **kwargs)


def html(value: str = "", **kwargs: Any) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, **kwargs)
