"""Gibbs sampling on digits: pixels, hidden units, pixels, and so on; and how long one digit stays itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.kit.digits import ours_controls
from demos.kit.pixels import Pace
from demos.rbm import models
from demos.rbm.shown import SLOW, curve, digits, layer, moments, ribbons, sheet, stayed

if TYPE_CHECKING:
    from torch import Tensor

SECONDS, TILE, STRIP = 8, 308, 12


def gibbs(
    checkpoint: str, begin: str, drawing: Image.Image | None, which: int, variant: int, chains: int,
    steps: int, temperature: float, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Chains from noise or a digit: the first in large, what each is read as, and their free energies."""
    import torch

    from genmodels import runtime
    from genmodels.energy import rbm

    v, note = (
        (models.static(seed, chains), "")
        if begin == "noise"
        else start(drawing, which, variant, chains, lang)
    )
    with models.use(checkpoint) as model, models.network() as network, torch.no_grad():
        v = v.to(model.a)
        film = Film(model.free_energy(v), network.read(v), v, steps)
        luck, due = runtime.generators(seed, chains), set(moments(steps))
        pace = Pace(len(due), SECONDS)
        for step in rbm.gibbs(model, v, steps, luck, temperature=temperature):
            film.add(model.free_energy(step.v), network.read(step.v))
            if step.i in due:
                film.keep(step)
                pace.due(len(film.kept), last=True)
                yield (
                    film.page(step, lang),
                    film.plots(models.typical(checkpoint), lang) + note,
                    film.figures(step),
                )


def start(
    drawing: Image.Image | None, which: int, variant: int, chains: int, lang: str
) -> tuple[Tensor, str]:
    v, note = models.picture(drawing, which, variant, lang)
    return v.expand(chains, -1), note


class Film:
    """What the chains have been so far."""

    def __init__(self, energy: Tensor, read: Tensor, v: Tensor, steps: int):
        self.energy = [[e] for e in energy.tolist()]
        self.read = [[k] for k in read.argmax(1).tolist()]
        self.steps, self.first, self.kept = steps, v[:1].cpu(), []

    def add(self, energy: Tensor, read: Tensor) -> None:
        for track, value in zip(self.energy, energy.tolist(), strict=True):
            track.append(value)
        for track, label in zip(self.read, read.argmax(1).tolist(), strict=True):
            track.append(label)

    def keep(self, step: Any) -> None:
        self.kept.append((step.i, step.chances[:1].cpu()))

    def page(self, step: Any, lang: str) -> Image.Image:
        """The first chain in large; where it has been; all chains as they are."""
        sweep = say(lang, f"sweep {step.i}", f"barrido {step.i}")
        now = plates.beside(
            sheet(layer(step.h[:1]), say(lang, "hidden: h", "ocultas: h"), TILE),
            sheet(digits(step.chances[:1]), say(lang, "chances p(v | h)", "probabilidades p(v | h)"), TILE),
            sheet(digits(step.v[:1]), say(lang, f"drawn: v, {sweep}", f"sorteado: v, {sweep}"), TILE),
        )
        return plates.plate(now, self.strip(lang), self.chains(step, lang))

    def strip(self, lang: str) -> Image.Image:
        """A dozen of the moments kept, the last among them."""
        import torch

        n = len(self.kept)
        picked = sorted({round(k * (n - 1) / (STRIP - 1)) for k in range(STRIP)})
        x = torch.cat([self.first, *(self.kept[k][1] for k in picked)])
        at = ", ".join(str(self.kept[k][0]) for k in picked)
        return sheet(digits(x), say(lang, f"sweeps 0, {at}", f"barridos 0, {at}"), 3 * TILE + 40, STRIP + 1)

    def chains(self, step: Any, lang: str) -> Image.Image:
        words = say(lang, "all chains, now", "todas las cadenas, ahora")
        return sheet(digits(step.chances), words, 3 * TILE + 40, max(4, len(step.v)))

    def plots(self, level: float, lang: str) -> str:
        words = say(lang, "test digits, mean", "dígitos de prueba, media")
        return ribbons(self.read, self.steps, lang) + curve(self.energy, level, words, self.steps, lang)

    def figures(self, step: Any) -> dict[str, Any]:
        """Sweeps until the typical chain became another digit."""
        found = [stayed(track) for track in self.read]
        waits = sorted(self.steps + 1 if k is None else k for k in found)
        wait = waits[(len(waits) - 1) // 2]
        shown = {"mixing": wait if wait <= step.i else f"> {step.i}"} if step.i > SLOW else {}
        return {"step": step.i} | shown | {"hidden_on": step.h[0].mean().item() * 100}


def gibbs_code(
    checkpoint: str, begin: str, drawing: Image.Image | None, which: int, variant: int, chains: int,
    steps: int, temperature: float, seed: int,
) -> str:  # fmt: skip
    more = ("import torch",) if begin == "noise" else models.PICTURE
    code = models.loading(checkpoint, *more, "from genmodels.runtime import generators", names="RBM, gibbs")
    code += f"luck = generators({seed}, {chains})\n"
    if begin == "noise":
        noise = f"torch.Generator().manual_seed({seed} + k)"
        code += f"v = torch.stack([torch.rand(784, generator={noise}) for k in range({chains})]).round()\n"
    else:
        code += models.picture_code(which, variant) + f"v = v.expand({chains}, -1)\n"
    return code + (
        f"for step in gibbs(rbm, v, {steps}, luck, temperature={temperature:g}):\n"
        "    x = step.chances  # what step.v was drawn from\n"
        "print(rbm.free_energy(step.v))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("gibbs", "Gibbs sampling", "Muestreo de Gibbs") as view:
        with view.controls():
            choices = [
                (t("noise", "ruido"), "noise"),
                (t("our digit, or what I draw", "nuestro dígito, o lo que dibujo"), "digit"),
            ]
            begin = kit.choice(choices, t("Start from", "Empezar desde"))
            which, variant = ours_controls()
            drawing = models.board()
            chains = kit.slider(1, 8, 4, t("Chains", "Cadenas"), step=1)
            steps = kit.slider(10, 2_000, 600, t("Sweeps", "Barridos"), step=10)
            temperature = kit.slider(0.5, 2, 1, t("Temperature", "Temperatura"), step=0.05)
            seed = kit.seed()
        with view.result():
            page = plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, begin, drawing, which, variant, chains, steps, temperature, seed]
        view.run(gibbs, inputs, [page, drawn], ("Start the chains", "Soltar las cadenas"), gibbs_code)
        view.on([begin.input, which.input, temperature.release], gibbs)
