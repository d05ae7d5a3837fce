"""From one picture to another: through codes, and through pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PIL import Image

from demos import kit
from demos.autoencoder_kl.source import PICTURES, chosen, gpu_seconds, likeness, loaded, rival, start_code
from demos.kit import t


def mix(
    checkpoint: str, picture: str, own: Image.Image | None, size: int, other: str, frames: int, lang: str
) -> Iterator[tuple]:
    """From one picture to another in a straight line of codes, beside the straight line of pixels."""
    import torch

    from genmodels.autoencoders import codes

    shown, found = [], {}
    with loaded(checkpoint) as model:
        x = chosen(picture, own, size, model.factor, lang)
        a, b = codes.encode(model, x), codes.encode(model, rival(other, x))
        start, end = codes.decode(model, a), codes.decode(model, b)  # so that both films begin and end alike
        for k in range(frames):
            part = k / (frames - 1)
            ends = {0: start, frames - 1: end}
            y = ends[k] if k in ends else codes.decode(model, torch.lerp(a, b, part))
            fade = torch.lerp(start, end, part)
            shown.append(kit.grid(torch.cat([y, fade, (y - fade) * 2]), 3, scale=1, gap=8))
            found = {"psnr_paths": likeness(fade, y)} if k == frames // 2 else found
            yield shown[-1], found | {"step": f"{k + 1} / {frames}"}
    yield kit.film(shown, 8, bounce=True), found


def mix_code(checkpoint: str, picture: str, own: Any, size: int, other: str, frames: int) -> str:
    return start_code(checkpoint, picture, size) + (
        f"""b = codes.encode(model, codes.tensor(draw("{other}", {size})))
film = [codes.decode(model, z + (b - z) * k / {frames - 1}) for k in range({frames})]
film = [Image.fromarray(codes.pixels(y)) for y in film]
film[0].save("mix.gif", save_all=True, append_images=film[1:], duration=125, loop=0)
"""
    )


def layout(tab: kit.Tab, source: list[Any]) -> None:
    with tab.view("mix", "Mix", "Mezclar") as view:
        with view.controls():
            other = kit.choice(PICTURES, t("Second picture", "Segunda imagen"), "face")
            frames = kit.slider(5, 25, 9, t("Steps", "Pasos"), step=1)
        with view.result():
            en, es = (
                "Mixed codes | mixed pixels | difference × 2",
                "Códigos mezclados | píxeles mezclados | diferencia × 2",
            )
            film = kit.picture(t(en, es), height=300)
        view.run(mix, [*source, other, frames], [film], ("Mix", "Mezclar"), mix_code, gpu_seconds=gpu_seconds)
