"""New garments: a row shares its code, a column shares its pixel noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plates, say, t
from demos.pixelvae.pictures import block, by_rows, seen, use

if TYPE_CHECKING:
    from torch import Tensor


def sample(
    checkpoint: str, seed: int, pixels: int, rows: int, columns: int, temperature: float, lang: str
) -> Iterator[tuple]:
    """New garments from z ~ N(0, I): those of a row share z, those of a column the chance of the pixels."""
    from genmodels.autoregressive import sampling
    from genmodels.runtime import noise

    caption = say(
        lang, "a row: one z · a column: one pixel noise", "una fila: un z · una columna: un ruido de píxeles"
    )
    with use(checkpoint) as model:
        z = noise(seed, rows, (model.config.latent,)).repeat_interleave(columns, 0)
        seeds = [pixels + k for _ in range(rows) for k in range(columns)]
        steps = sampling.draw(
            model, seeds, len(seeds), temperature=temperature, z=z.to(model.device, model.dtype)
        )
        for x, done in by_rows(steps):
            shown = block(caption, seen(x, done), columns)
            yield shown, differences(x.unflatten(0, (rows, columns))) | {"made": len(x)}


def differences(x: Tensor) -> dict[str, float]:
    """Share of pixels, in percent, that differ between two neighbours of a row, and of a column."""
    found = {}
    if x.shape[1] > 1:
        found["differ_row"] = 100 * (x[:, 1:] != x[:, :-1]).float().mean().item()
    if x.shape[0] > 1:
        found["differ_column"] = 100 * (x[1:] != x[:-1]).float().mean().item()
    return found


def sample_code(checkpoint: str, seed: int, pixels: int, rows: int, columns: int, temperature: float) -> str:
    return (
        "from genmodels.autoregressive.pixelvae import PixelVAE\n"
        "from genmodels.autoregressive.sampling import draw, last\nfrom genmodels.runtime import noise\n\n"
        f'model = PixelVAE.from_pretrained("{checkpoint}")\n'
        f"z = noise({seed}, {rows}, (32,)).repeat_interleave({columns}, 0)  # a row shares its code\n"
        f"seeds = [{pixels} + k for _ in range({rows}) for k in range({columns})]  # a column its chance\n"
        f"x = last(draw(model, seeds, len(seeds), temperature={temperature:g}, z=z))  "
        f"# ({rows * columns}, 1, 16, 16): 0 to 3\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("sample", "Sample", "Muestrear") as view:
        with view.controls():
            seed = kit.seed(1, t("Seed of the codes (rows)", "Semilla de los códigos (filas)"))
            pixels = kit.seed(1, t("Seed of the pixels (columns)", "Semilla de los píxeles (columnas)"))
            rows = kit.slider(1, 8, 5, t("Codes", "Códigos"), step=1)
            columns = kit.slider(1, 8, 7, t("Drawings of each", "Dibujos de cada uno"), step=1)
            temperature = kit.slider(
                0, 1.5, 1, t("Temperature of the pixels", "Temperatura de los píxeles"), step=0.05
            )
        with view.result():
            picture = plates.view()
        inputs = [tab.checkpoint, seed, pixels, rows, columns, temperature]
        view.run(sample, inputs, [picture], ("Sample", "Muestrear"), sample_code)
        view.on([rows.release, columns.release, temperature.release], sample)
