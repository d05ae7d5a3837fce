"""From one seed to another, in every family that has a z; and an honest "no z" for those that have none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plates, plots, say, t
from demos.same import codes, sheet

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.families import Entry

STOPS = 7
WAYS = {"arc": ("great circle", "círculo máximo"), "line": ("straight line", "línea recta")}
QUICK = (
    "vae-faces", "dcgan-faces", "wgan-gp-faces", "cgan-faces", "glow-faces",
    "consistency-faces@1", "ddpm-faces@10",
)  # fmt: skip
SLOW = ("tarflow-faces",)
NONE = {  # family without a z -> why
    "VQ-VAE + prior": (
        "Sixty-four words, one thrown after the other. Words are numbers of a list: between word 17 and word "
        "90 lies nothing that means halfway.",
        "Sesenta y cuatro palabras, sorteadas una tras otra. Son números de una lista: entre la palabra 17 y "
        "la 90 no hay nada que signifique la mitad.",
    ),
    "PixelCNN, ImageGPT": (
        "A throw of dice per pixel, given those before. The luck is there and can be kept, but another "
        "first pixel changes what all later dice mean, so a small step in it is a leap in the picture.",
        "Una tirada de dados por píxel, según los anteriores. Esa suerte existe y se puede guardar, pero "
        "otro primer píxel cambia lo que significan los dados siguientes: un paso chico, y la imagen "
        "da un salto.",
    ),
    "EBM": (
        "A chain from noise with new noise at every step. It is made to forget where it began; its start is "
        "no code of where it ends.",
        "Una cadena que parte de ruido y recibe más en cada paso. Está hecha para olvidar dónde empezó: su "
        "comienzo no es un código de su final.",
    ),
    "DDPM, ancestral": (
        "With its own dice at each step it forgets as the chain does. The same network sampled without "
        "them (as in the row above) has a z: its noise.",
        "Con sus propios dados en cada paso olvida como la cadena. La misma red muestreada sin ellos (la "
        "fila de arriba) tiene un z: su ruido.",
    ),
}  # fmt: skip


def walk(seed: int, other: int, way: str, slow: bool, lang: str) -> Iterator[tuple]:
    """The way from the z of one seed to that of another, for each family that has one."""
    import torch

    from genmodels import families

    names = [n for n in (*QUICK, *(SLOW if slow else ())) if families.exists(families.entry(n))]
    page, share = sheet.Sheet(1 + len(names), STOPS), torch.linspace(0, 1, STOPS)
    page.name(
        0, say(lang, "No model", "Sin modelo"), say(lang, "two real faces, blended", "dos reales, mezcladas")
    )
    page.pictures(0, blended(seed, other, share))
    for k, name in enumerate(names):
        page.name(k + 1, sheet.title(families.entry(name), lang))
    yield page.copy(), "", {"step": 0}
    jumps = {}
    for k, name in enumerate(names):
        entry = families.entry(name)
        for x in codes.along(name, seed, other, way, share):
            page.pictures(k + 1, x)
            yield page.copy(), "", {"step": k}
        jumps[entry] = jump(x)
        page.name(
            k + 1, sheet.title(entry, lang), "z: " + size(entry, lang) + say(lang, " numbers", " números")
        )
    yield page.copy(), told(jumps, lang), {"jump": max(jumps.values()), "made": STOPS * len(names)}


def blended(seed: int, other: int, share: Tensor) -> Tensor:
    import torch

    from genmodels import families

    real = families.load(families.entry("real-faces"))
    a, b = (families.last(real(s, 1)) for s in (seed, other))
    return torch.lerp(a, b, share[:, None, None, None])


def size(entry: Entry, lang: str) -> str:
    return plots.number(math.prod(codes.CODES[entry.name].shape), lang)


def jump(x: Tensor) -> float:
    """The largest change between neighbours, against the mean one."""
    change = (x[1:] - x[:-1]).abs().flatten(1).mean(1)
    return (change.max() / change.mean()).item()


def told(jumps: dict[Entry, float], lang: str) -> str:
    """How even each way is, and who has none."""
    head = ["", say(lang, "numbers in z", "números en z"),
            say(lang, "largest change between neighbours, against the mean",
                "mayor cambio entre vecinas, frente al medio")]  # fmt: skip
    even = plots.table(
        head, [(sheet.title(e, lang), size(e, lang), plots.number(v, lang, 2)) for e, v in jumps.items()]
    )
    none = plots.table(
        [say(lang, "No z at all", "Sin ningún z"), say(lang, "Why", "Por qué")],
        [(name, say(lang, *words)) for name, words in NONE.items()],
    )
    return even + none


def walk_code(seed: int, other: int, way: str, slow: bool) -> str:
    return (
        "import torch\n"
        "from genmodels.autoencoders.vae_faces import VAEFaces\n"
        f"from genmodels.nn.paths import {way}\nfrom genmodels.runtime import noise\n\n"
        'model = VAEFaces.from_pretrained("vae-faces")  # or any other that has a z\n'
        f"a, b = (noise(seed, 1, (128,))[0] for seed in ({seed}, {other}))\n"
        f"x = model.decode({way}(a, b, torch.linspace(0, 1, {STOPS})))  # ({STOPS}, 3, 64, 64) in [-1, 1]\n"
        "print(tuple(x.shape))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("walk", "Who has a z?", "¿Quién tiene un z?") as view:
        with view.controls():
            seed = kit.seed(7, t("From seed", "Desde la semilla"))
            other = kit.seed(12, t("To seed", "Hasta la semilla"))
            way = kit.choice([(t(*w), k) for k, w in WAYS.items()], t("Way", "Camino"))
            slow = kit.check(t("Also TarFlow (slow)", "También TarFlow (lento)"))
        with view.result():
            picture = plates.view()
            words = kit.html()
        inputs = [seed, other, way, slow]
        view.run(walk, inputs, [picture, words], ("Walk", "Recorrer"), walk_code)
