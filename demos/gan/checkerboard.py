"""Checkerboards: a DCGAN that grows by transposed convolutions, one by repeated pixels, and their waves."""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.gan import models
from demos.gan.reel import MOMENTS, reel, when
from demos.gan.shown import BOTTOM
from demos.kit import pixels, plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

PAIR = (models.TRANSPOSED, models.REPEATED)
SHOWN, CROP = 4, slice(16, 48)  # faces of each, and the middle of them that is magnified
WIDE, COUNT = 620, 24  # pixels of a sheet; faces that the spectra are of
CELLS = 12  # a side, of the stamps shown
DECADES = 2.0  # of power above that of real faces where the map is brightest
KINDS = {"real": "soft", PAIR[0]: "warm", PAIR[1]: "mark"}
KEYS = {"real": "real", PAIR[0]: "transposed", PAIR[1]: "repeated"}


def checkerboard(seed: int, moment: int, kernel: int, stride: int, lang: str) -> Iterator[tuple]:
    """Both ways of growing at a moment of their training: faces, magnified, and what waves they have. Below,
    how many stamps of a transposed convolution lie on each pixel."""
    from genmodels.metrics import spectrum

    laid = stamps(kernel, stride, lang)
    found: dict[str, Tensor] = {}
    waves = {"real": real()}
    for name in PAIR:
        found[name] = pictures(name, seed, moment)
        waves[name] = spectrum.power(found[name])
        shown = {f"peak_{KEYS[k]}": spectrum.peak(w) for k, w in waves.items()}
        yield page(found, waves, moment, lang), graph(waves, lang), laid, shown


def pictures(name: str, seed: int, moment: int) -> Tensor:
    """Of the seeds from `seed` on, drawn now; at earlier moments the dozen of the film."""
    if moment < MOMENTS:
        return reel(name).at(moment)
    with models.use(name) as model:
        return models.draw(model, models.noise(model, seed, COUNT))


@lru_cache(1)
def real() -> Tensor:
    from genmodels.metrics import spectrum

    return spectrum.power(models.painted(models.held_out(0, COUNT)))


def page(found: dict[str, Tensor], waves: dict[str, Tensor], moment: int, lang: str) -> Image.Image:
    return plates.beside(*(column(name, x, waves, moment, lang) for name, x in found.items()))


def column(name: str, x: Tensor, waves: dict[str, Tensor], moment: int, lang: str) -> Image.Image:
    """Faces with square pixels, their middles magnified, and their spectrum against that of real ones."""
    words = {
        PAIR[0]: say(lang, "transposed convolutions", "convoluciones transpuestas"),
        PAIR[1]: say(lang, "repeated pixels", "píxeles repetidos"),
    }[name]
    step = when(reel(name).moments[moment - 1], lang).split(":")[0]
    more = (waves[name] / waves["real"]).log10().clamp(0, DECADES)
    near = x[:SHOWN, :, CROP, CROP]
    over = say(lang, "waves above real faces'", "ondas sobre las reales")
    return plates.plate(
        pixels.sheet(x[:SHOWN], f"{words}, {step}", SHOWN, WIDE),
        pixels.sheet(near, say(lang, "the middle, magnified", "el centro, ampliado"), SHOWN, WIDE),
        pixels.sheet(pixels.heat(more[None], DECADES), over, 1, 2 * WIDE // 3),
    )


def graph(waves: dict[str, Tensor], lang: str) -> str:
    """Power by fineness of the wave, as a power of ten."""
    from genmodels.metrics import spectrum

    rows = {k: spectrum.rows(w).clamp_min(1e-9).log10().tolist() for k, w in waves.items()}
    share = [k / (2 * (len(rows["real"]) - 1)) for k in range(len(rows["real"]))]
    low, high = (f(v for values in rows.values() for v in values) for f in (min, max))
    axes = plots.Axes((0, 0.5), (low - 0.2, high + 0.2), width=760, height=310, left=60, bottom=BOTTOM)
    names = {
        "real": say(lang, "real faces", "caras reales"),
        PAIR[0]: say(lang, "transposed", "transpuestas"),
        PAIR[1]: say(lang, "repeated", "repetidos"),
    }
    marks = [plots.line(share, values, KINDS[k]) for k, values in rows.items()]
    title = say(
        lang,
        "Power of each wave, as power of ten: 0.5 is up and down at every pixel",
        "Potencia de cada onda, como potencia de diez: 0,5 es subir y bajar en cada píxel",
    )
    across = say(lang, "waves per pixel", "ondas por píxel")
    drawn = plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang)
    return plots.legend(*((KINDS[k], names[k]) for k in rows)) + drawn


def checkerboard_code(seed: int, moment: int, kernel: int, stride: int) -> str:
    return (
        "from genmodels.gan.dcgan import DCGAN\nfrom genmodels.gan.latent import truncated\n"
        "from genmodels.metrics.spectrum import peak, power, stamps\n\n"
        f"for name in {PAIR}:\n"
        "    gan = DCGAN.from_pretrained(name)\n"
        f"    x = gan.generator(truncated({seed}, {COUNT}, gan.config.latent))\n"
        "    print(name, peak(power(x)), 'dB')  # of the finest wave above its neighbours\n"
        f"print(stamps({kernel}, {stride}, 8).int())  # how many lie on each pixel\n"
    )


def stamps(kernel: int, stride: int, lang: str) -> str:
    """Even where the kernel is a multiple of the stride. Away from the border, where stamps are missing."""
    from genmodels.metrics import spectrum

    start = kernel + stride
    counts = spectrum.stamps(kernel, stride, 24)[start : start + CELLS, start : start + CELLS]
    return overlap(counts.int().tolist(), kernel, stride, lang)


def overlap(counts: list[list[int]], kernel: int, stride: int, lang: str) -> str:
    side, top = 26, max(map(max, counts))
    cells = "".join(
        f"<rect x='{side * j}' y='{side * i}' width='{side - 2}' height='{side - 2}' rx='4' "
        f"style='fill:var(--mark);fill-opacity:{0.08 + 0.8 * n / top:.2f}'/>"
        f"<text x='{side * j + side / 2 - 1}' y='{side * i + 18}' text-anchor='middle' "
        f"style='fill:var(--ink)'>{n}</text>"
        for i, row in enumerate(counts)
        for j, n in enumerate(row)
    )
    even = kernel % stride == 0
    words = say(
        lang,
        f"Kernel {kernel}, stride {stride}: "
        + ("every pixel gets equally many stamps." if even else "some pixels get more stamps than others."),
        f"Núcleo {kernel}, paso {stride}: "
        + (
            "cada píxel recibe igual cantidad de sellos."
            if even
            else "unos píxeles reciben más sellos que otros."
        ),
    )
    wide = side * len(counts)
    return (
        f"<figure class='figure' style='max-width:420px'><figcaption>{html.escape(words)}</figcaption>"
        f"<svg class='plot' viewBox='0 0 {wide} {wide}' role='img' aria-label='{html.escape(words)}'>{cells}"
        "</svg></figure>"
    )


def stamps_code(kernel: int, stride: int) -> str:
    return (
        "from genmodels.metrics.spectrum import stamps\n\n"
        f"print(stamps({kernel}, {stride}, 8).int())  # how many stamps lie on each pixel\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("checkerboard", "Checkerboards", "Tableros de damas") as view:
        with view.controls():
            seed = kit.seed(0)
            words = t("Moment of the training (12: the end)", "Momento del entrenamiento (12: el final)")
            moment = kit.slider(1, MOMENTS, 4, words, step=1)
            kernel = kit.slider(2, 6, 3, t("Kernel of the stamps", "Núcleo de los sellos"), step=1)
            stride = kit.slider(1, 3, 2, t("Stride of the stamps", "Paso de los sellos"), step=1)
        with view.result():
            picture = plates.view()
            drawn = kit.html()
            laid = kit.html()
        inputs, outputs = [seed, moment, kernel, stride], [picture, drawn, laid]
        view.run(checkerboard, inputs, outputs, ("Compare", "Comparar"), checkerboard_code)
        view.on([moment.release, kernel.release, stride.release], checkerboard)
