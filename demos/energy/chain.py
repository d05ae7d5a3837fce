"""A chain, frame by frame: from noise down the energy, and the same luck without the noise of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from demos import kit
from demos.energy import models
from demos.energy.shown import energy_plot, moments, strip
from demos.kit import plates, plots, say, t
from demos.kit.pixels import Pace, pictures, sheet

if TYPE_CHECKING:
    from torch import Tensor

SECONDS = 4.0  # that a walk takes at least, so that it is seen
POINTS = 160  # of a curve, about


class Chains:
    """Chains that walk together, and what was seen of them."""

    def __init__(self, steps: int):
        self.steps, self.every, self.wanted = steps, max(1, steps // POINTS), set(moments(steps))
        self.at: list[int] = []
        self.energies: list[list[float]] = []  # of every chain, at those steps
        self.frames: list[Tensor] = []  # of the first chain, at the moments
        self.words: list[str] = []
        self.x: Tensor | None = None

    def see(self, step: Any, lang: str) -> None:
        self.x = step.x.cpu()
        last = step.i == self.steps
        if step.i and (step.i % self.every == 0 or step.i < 12 or last):
            self.at.append(step.i - 1)  # the slope was taken before the step
            self.energies.append(step.energy.cpu().tolist())
        if step.i in self.wanted:
            self.frames.append(self.x[:1])
            self.words.append(plots.number(step.i, lang, 4))

    def mean(self) -> list[float]:
        return [sum(row) / len(row) for row in self.energies]

    def one(self, k: int) -> list[float]:
        return [row[k] for row in self.energies]


def chain(
    checkpoint: str, start: str, count: int, steps: int, stride: float, noise: float, clip: float,
    calm: bool, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Chains walk down the energy from noise: all of them, frames of the first, energy against the step."""
    from genmodels.energy.langevin import langevin

    walk, x0 = models.walk(stride, noise, clip), models.start(checkpoint, start, seed, count)[0]
    walks = [(walk, Chains(steps))] + ([(replace(walk, noise=0.0), Chains(steps))] if calm else [])
    with models.use(checkpoint) as model:
        for k, (how, seen) in enumerate(walks):
            luck, pace = (
                models.start(checkpoint, start, seed, count)[1],
                Pace(steps + 1, SECONDS / len(walks)),
            )
            with closing(langevin(model.energy, x0.to(model.device), steps, how, luck)) as walking:
                for step in walking:
                    seen.see(step, lang)
                    if pace.due(step.i, last=step.i == steps):
                        yield view(checkpoint, [s for _, s in walks[: k + 1]], steps, lang)


def view(checkpoint: str, walks: list[Chains], steps: int, lang: str) -> tuple[Any, ...]:
    names = [say(lang, "with noise", "con ruido"), say(lang, "without noise", "sin ruido")]
    alone, names = len(walks) == 1, names[: len(walks)]
    sheets = [sheet(models.wide(w.x), "" if alone else n, 0, 400) for w, n in zip(walks, names, strict=True)]
    rows = [frames(w, "" if alone else n, lang) for w, n in zip(walks, names, strict=True)]
    lines = [(w.at, w.one(k), "soft", False) for w in walks[:1] for k in range(min(12, len(w.x)))]
    kinds = ("mark", "warm")
    lines += [(w.at, w.mean(), kinds[k], k == 1) for k, w in enumerate(walks)]
    legend = [(kinds[k], f"{say(lang, 'mean', 'media')}, {names[k]}") for k in range(len(walks))]
    legend.append(
        (
            "soft",
            say(
                lang,
                "single chains; the band holds nine real pictures in ten",
                "cadenas sueltas; la banda contiene nueve de cada diez imágenes reales",
            ),
        )
    )
    drawn = energy_plot(checkpoint, lines, steps, lang, legend) if walks[0].at else ""
    return plates.beside(*sheets), plates.plate(*rows), drawn, figures(checkpoint, walks)


def frames(seen: Chains, caption: str, lang: str) -> Image.Image:
    """The first chain at its moments, with room for those to come."""
    import torch

    missing = len(seen.wanted) - len(seen.frames)
    x = torch.cat([*seen.frames, torch.full((missing, 1, 28, 28), -0.85)])
    words = caption or say(lang, "the first chain, by step", "la primera cadena, por paso")
    return strip(x, [*seen.words, *[""] * missing], words)


def figures(checkpoint: str, walks: list[Chains]) -> dict[str, float]:
    found = {"made": len(walks) * len(walks[0].x)}
    if walks[0].energies:
        found["energy_now"] = walks[0].mean()[-1]
    if len(walks) > 1 and walks[1].energies:
        found["energy_calm"] = walks[1].mean()[-1]
    return found | {"energy_test": models.quantile(checkpoint, "test", 0.5)}


def chain_code(
    checkpoint: str, start: str, count: int, steps: int, stride: float, noise: float, clip: float,
    calm: bool, seed: int,
) -> str:  # fmt: skip
    imports, lines = models.starting(checkpoint, start, seed, count)
    how, bare = (models.walk_code(stride, shake, clip) for shake in (noise, 0.0))
    still = f"still = last(langevin(ebm.energy, start, {steps}, {bare}, luck))\n" if calm else ""
    return (
        models.loading(checkpoint, *imports)
        + lines
        + "start = x\n"
        + f"x = last(langevin(ebm.energy, start, {steps}, {how}, luck))\n"
        + still
        + "print(ebm.energy(x))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("chain", "A chain", "Una cadena") as view:
        with view.controls():
            start = kit.choice(
                [(t(*words), name) for name, words in models.STARTS.items()], t("Start from", "Empezar desde")
            )
            count = kit.slider(1, 25, 9, t("Chains", "Cadenas"), step=1)
            steps, stride, noise, clip = models.walk_controls(250)
            calm = kit.check(t("The same without noise, beside it", "Lo mismo sin ruido, al lado"))
            seed = kit.seed()
        with view.result():
            page, row = pictures(), plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, start, count, steps, stride, noise, clip, calm, seed]
        view.run(chain, inputs, [page, row, drawn], ("Walk down", "Bajar"), chain_code)
