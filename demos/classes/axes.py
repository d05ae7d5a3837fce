"""Can a machine find the two numbers? Only pictures are shown to PCA and to an autoencoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.classes.ground import percent
from demos.kit import plates, plots, say, t
from demos.kit.panels import Panel, around, ramp

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.foundations.latent import PCA, Learnt

SIDE, SHOWN = 460, 16  # of a panel; directions in the figure
RAMP = ((64, 110, 230), (120, 200, 190), (255, 214, 92), (255, 110, 70))


def axes(tins: int, numbers: int, steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """PCA and an autoencoder look at pictures of tins and never hear of height and width."""
    import torch

    from genmodels.data.tins import sample
    from genmodels.foundations.latent import PCA, learn

    pictures, truth = sample(tins, torch.Generator().manual_seed(seed))
    x = pictures.flatten(1)
    flat = PCA.fit(x)
    lost = 1 - flat.shares[:numbers].sum().item()
    straight = cloud(flat.encode(x, 2), truth, lang)
    yield plates.plate(straight), spectrum(flat, numbers, lang), {"directions_90": flat.needed(0.9)}
    for found in learn(x, numbers, steps, torch.Generator().manual_seed(seed + 1)):
        with torch.no_grad():
            code = found.model.encode(x - x.mean(0))
            again = found.model(x - x.mean(0)) + x.mean(0)
        rows = rebuilt(x, flat, numbers, again, straight.width, lang)
        told = compared(flat, found, code, truth, x, lost, numbers, lang)
        figures = {"directions_90": flat.needed(0.9), "lost_pca": 100 * lost, "lost_auto": 100 * found.left}
        yield (
            plates.plate(straight, rows),
            told + spectrum(flat, numbers, lang),
            figures | {"step": found.step},
        )


def cloud(code: Tensor, truth: Tensor, lang: str) -> Image.Image:
    """The two first directions, coloured by height and by width."""
    at = code.numpy()
    window, names = around(at), (say(lang, "coloured by height", "color: alto"),
                                 say(lang, "coloured by width", "color: ancho"))  # fmt: skip
    panels = []
    for k, name in enumerate(names):
        colours = ramp(truth[:, k].numpy(), RAMP).astype(float)
        panels.append(Panel(window, SIDE).points(at, colours, 5.0).block(name, "PCA"))
    return plates.beside(*panels)


def rebuilt(x: Tensor, flat: PCA, numbers: int, again: Tensor, wide: int, lang: str) -> Image.Image:
    """Some tins, and what is left of them after so few numbers."""
    import torch

    side, few = 32, 8
    pca = flat.decode(flat.encode(x[:few], numbers)).float()
    every = torch.cat([x[:few], pca, again[:few]]).reshape(3, few, 1, side, side)
    tile = (wide + plates.GAP) // few - plates.GAP
    unit = say(lang, "numbers", "números") if numbers > 1 else say(lang, "number", "número")
    names = (
        say(lang, "tins", "latas"),
        f"{say(lang, 'PCA, back from', 'PCA, de vuelta desde')} {numbers} {unit}",
        f"{say(lang, 'autoencoder, back from', 'autocodificador, de vuelta desde')} {numbers} {unit}",
    )
    blocks = [
        plates.block(n, row, columns=few, tile=tile, type=28) for n, row in zip(names, every, strict=True)
    ]
    return plates.plate(*blocks)


def spectrum(flat: PCA, numbers: int, lang: str) -> str:
    """How much of the difference between pictures each direction tells."""
    shares = [100 * v for v in flat.shares[:SHOWN].tolist()]
    box = plots.Axes((0, len(shares)), (0, 1.1 * max(shares)), width=640, height=230, left=46)
    marks = [plots.bars(shares, "mark")]
    marks.append(plots.line([numbers, numbers], [0, 1.1 * max(shares)], "warm", dashed=True))
    title = say(
        lang, "Share of the variance, %, of PCA's directions", "Parte de la varianza, %, por dirección de PCA"
    )
    across = say(lang, "direction", "dirección")
    return plots.plot(box, *marks, title=title, across=across, up=True, lang=lang)


def compared(
    flat: PCA, found: Learnt, code: Tensor, truth: Tensor, x: Tensor, lost: float, numbers: int, lang: str
) -> str:
    from genmodels.foundations.latent import explained

    straight = explained(flat.encode(x, numbers), truth)
    bent = explained(code, truth)
    head = ["", "PCA", say(lang, "autoencoder", "autocodificador")]
    table = [
        [say(lang, "lost of the pictures", "se pierde de las imágenes"), percent(lost, lang),
         percent(found.left, lang)],
        [say(lang, "height, told from the code (R²)", "alto, leído del código (R²)"),
         *(plots.number(v, lang) for v in (straight[0], bent[0]))],
        [say(lang, "width, told from the code (R²)", "ancho, leído del código (R²)"),
         *(plots.number(v, lang) for v in (straight[1], bent[1]))],
    ]  # fmt: skip
    many, most = flat.needed(0.9), flat.needed(0.99)
    words = say(
        lang,
        f"Two numbers made these pictures, yet PCA needs {many} directions for 90% of their variance and "
        f"{most} for 99%: it may only add pictures up, and a taller tin is no sum. A bent sheet needs two.",
        f"Dos números hicieron estas imágenes, pero PCA necesita {many} direcciones para el 90 % de la "
        f"varianza y {most} para el 99 %: solo sabe sumar imágenes, y una lata más alta no es una suma. A "
        "una hoja curvada le bastan dos.",
    )
    return plots.table(head, table) + f"<p>{words}</p>"


def axes_code(tins: int, numbers: int, steps: int, seed: int) -> str:
    return (
        "import torch\nfrom genmodels.data.tins import sample\n"
        "from genmodels.foundations.latent import PCA, explained, learn\n\n"
        f"pictures, truth = sample({tins}, torch.Generator().manual_seed({seed}))\n"
        "x = pictures.flatten(1)\n"
        "flat = PCA.fit(x)\n"
        "print(flat.needed(0.9), flat.shares[:8])\n"
        f"for found in learn(x, {numbers}, {steps}, torch.Generator().manual_seed({seed + 1})):\n"
        "    print(found.step, found.left)  # the share of the variance that is lost\n"
        "print(explained(found.model.encode(x - x.mean(0)).detach(), truth))  # height, width\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("axes", "Find the two axes", "Hallar los dos ejes") as view:
        with view.controls():
            tins = kit.slider(20, 400, 200, t("Tins to look at", "Latas que mirar"), step=10)
            numbers = kit.slider(
                1, 8, 2, t("Numbers that may be kept", "Números que se pueden guardar"), step=1
            )
            steps = kit.slider(
                100, 2000, 400, t("Steps of the autoencoder", "Pasos del autocodificador"), step=50
            )
            seed = kit.seed()
        with view.result():
            page = plates.view()
            below = kit.html()
        inputs = [tins, numbers, steps, seed]
        view.run(axes, inputs, [page, below], ("Look at the tins", "Mirar las latas"), axes_code)
        view.on([numbers.release], axes)
