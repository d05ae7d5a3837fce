"""Change a code before it is decoded; and what each bit of it is worth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.autoencoder_kl.source import (
    END,
    PICTURES,
    UNTOUCHED,
    chosen,
    gpu_seconds,
    likeness,
    loaded,
    opened,
    rival,
    saved,
    sheet,
    sizes,
    start_code,
)  # fmt: skip
from demos.kit import plots, t

if TYPE_CHECKING:
    from torch import Tensor


PARTS = [
    (t("nothing", "nada"), "nothing"),
    (t("the right half", "la mitad derecha"), "half"),
    *((t(f"channel {k}", f"el canal {k}"), str(k)) for k in range(1, 5)),
    (t("half of everything (the mean)", "la mitad de todo (el promedio)"), "mean"),
]


def tamper(
    checkpoint: str, picture: str, own: Image.Image | None, size: int,
    bits: int, scale: float, noise: float, seed: int,
    one: bool, two: bool, three: bool, four: bool, other: str, part: str, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Decode a code after parts of another, noise, missing channels, rounding and scaling, in this order."""
    from genmodels import runtime
    from genmodels.autoencoders import codes

    with loaded(checkpoint) as model:
        x = chosen(picture, own, size, model.factor, lang)
        z = before = codes.encode(model, x)
        if part in ("half", "mean") or (part != "nothing" and int(part) <= z.shape[1]):
            z = codes.take(z, codes.encode(model, rival(other, x)), part)
        if noise:
            z = codes.diffuse(z, runtime.noise(seed, 1, z.shape[1:], z.device), noise)
        kept = z.new_tensor((one, two, three, four, *[True] * z.shape[1])[: z.shape[1]])
        z = z * kept[:, None, None]
        z = (codes.quantise(z, bits) if bits < UNTOUCHED else z) * scale
        inside, found = sheet(x, before, z), sizes(x, z, bits)
        yield kit.to_pil(x[0]), gr.skip(), inside, found
        y = codes.decode(model, z)
    yield kit.to_pil(x[0]), kit.to_pil(y[0]), inside, {"psnr": likeness(x, y)} | found


def bits(checkpoint: str, picture: str, own: Image.Image | None, size: int, lang: str) -> Iterator[tuple]:
    """PSNR against the bits spent per pixel: the code at 8 to 1 bits per number, and JPEG."""
    from genmodels.autoencoders import codes

    with loaded(checkpoint) as model:
        x = chosen(picture, own, size, model.factor, lang)
        z = codes.encode(model, x)
        per_bit = z.numel() / x[0, 0].numel()
        best, points, rivals = likeness(x, codes.decode(model, z)), [], rates(x, 8 * per_bit)
        for n in range(8, 0, -1):
            points.append((n * per_bit, likeness(x, codes.decode(model, codes.quantise(z, n)))))
            yield chart(points, rivals, best, 8 * per_bit, lang), {"psnr": best, "step": f"{n} bits"}
    yield chart(points, rivals, best, 8 * per_bit, lang), {"psnr": best}


def rates(x: Tensor, most: float) -> list[tuple[float, float]]:
    """(bits per pixel, PSNR) of JPEGs of x, up to so many bits."""
    files = [saved(x, "JPEG", quality=q) for q in (2, 4, 7, 11, 16, 24, 34, 46, 60, 72, 82, 90, 95)]
    found = [(8 * len(f) / x[0, 0].numel(), likeness(x, opened(f))) for f in files]
    return [p for p in found if p[0] <= 1.02 * most] or found[:1]


def chart(points: list, rivals: list, best: float, most: float, lang: str) -> str:
    heights = [best, *(p[1] for p in (*points, *rivals))]
    axes = plots.Axes((0, 1.04 * most), (min(heights) - 1, max(heights) + 2), width=760, height=300, left=44)
    x, y = zip(*points, strict=True)
    rx, ry = zip(*rivals, strict=True)
    marks = [
        plots.rule(best, kit.say(lang, "the code as it is", "el código tal cual")),
        plots.line(rx, ry, "warm"),
        plots.dots(rx, ry, "warm", 4),
        plots.line(x, y, "mark"),
        plots.dots(x, y, "mark", 5),
    ]
    name = kit.say(lang, "the code, rounded to 8, 7… 1 bits", "el código, redondeado a 8, 7… 1 bits")
    across = kit.say(lang, "bits per pixel (the picture has 24)", "bits por píxel (la imagen tiene 24)")
    drawn = plots.plot(axes, *marks, title="PSNR, dB", across=across, up=True, lang=lang)
    return plots.legend(("mark", name), ("warm", "JPEG")) + drawn


def tamper_code(
    checkpoint: str,
    picture: str,
    own: Any,
    size: int,
    bits: int,
    scale: float,
    noise: float,
    seed: int,
    *rest: Any,
) -> str:
    *kept, other, part = rest
    lines = []
    if part != "nothing":
        second = f'codes.encode(model, codes.tensor(draw("{other}", {size})))'
        lines.append(f'z = codes.take(z, {second}, "{part}")')
    if noise:
        lines.append("from genmodels.runtime import noise")
        lines.append(f"z = codes.diffuse(z, noise({seed}, 1, z.shape[1:]), {noise:g})")
    if gone := [k for k, on in enumerate(kept) if not on]:
        lines.append(f"z[:, {gone}] = 0")
    if bits < UNTOUCHED:
        lines.append(f"z = codes.quantise(z, {bits})")
    if scale != 1:
        lines.append(f"z = z * {scale:g}")
    return start_code(checkpoint, picture, size) + "\n".join([*lines, END])


def bits_code(checkpoint: str, picture: str, own: Any, size: int) -> str:
    return (
        start_code(checkpoint, picture, size)
        + """from genmodels.metrics.psnr import psnr
for bits in range(1, 9):
    print(bits, psnr(x, codes.decode(model, codes.quantise(z, bits))).item(), "dB")
"""
    )


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("tamper", "Tamper", "Intervenir") as view:
        with view.controls():
            words = t("Bits per number (16: untouched)", "Bits por número (16: sin tocar)")
            depth = kit.slider(1, UNTOUCHED, 3, words, step=1)
            scale = kit.slider(0, 2, 1, t("Code times", "Código por"), step=0.05)
            noise = kit.slider(0, 1, 0, t("Share of noise", "Proporción de ruido"), step=0.02)
            keep = []
            for two in ((1, 2), (3, 4)):
                with gr.Row():
                    keep += [kit.check(t(f"Channel {k}", f"Canal {k}"), True) for k in two]
            with gr.Row():
                part = kit.choice(PARTS, t("Put in", "Poner"), min_width=140)
                other = kit.choice(PICTURES, t("of the code of", "del código de"), "face", min_width=140)
            seed = kit.seed()
        with view.result():
            with gr.Row():
                looks = {"height": 360, "min_width": 240}
                before = kit.picture(t("The picture", "La imagen"), **looks)
                after = kit.picture(t("Decoded from this code", "Decodificada de este código"), **looks)
            words = t("The code before and after", "El código antes y después")
            inside = kit.picture(words, height=330, elem_classes="pixels")
        inputs, outputs = [*source, depth, scale, noise, seed, *keep, other, part], [before, after, inside]
        view.run(tamper, inputs, outputs, ("Decode", "Decodificar"), tamper_code, gpu_seconds=gpu_seconds)
        moved = [depth.release, scale.release, noise.release, *(c.input for c in (*keep, other, part))]
        view.on(moved, tamper)
        with view.result():
            plot = kit.html()
        label = ("How many bits does it take?", "¿Cuántos bits hacen falta?")
        view.run(bits, source, [plot], label, bits_code, name="bits", gpu_seconds=gpu_seconds)
