"""Digits from noise, level by level: where the chains are, and what they are going to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import plates, say, t
from demos.kit.pixels import Pace, pictures
from demos.score import models, plane

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.energy.annealed import Step

TILES = 10  # of the strip
HELD = 10  # frames for which the film shows its end


def digits(
    checkpoint: str, count: int, levels: int, steps: int, eta: float, seed: int, lang: str
) -> Iterator[tuple]:
    """Digits by annealed Langevin dynamics; every frame has x and the estimate x0 that it moves to."""
    from genmodels.energy.annealed import draw
    from genmodels.runtime import generators

    seen: list[Step] = []
    with models.use(checkpoint) as model:
        sigmas, end = model.sigmas(levels), levels * steps + 1
        share, time = models.eta_of(eta, sigmas, steps), Pace(end, models.SECONDS)
        shape = (count, model.config.channels, model.config.size, model.config.size)
        way = draw(models.scored(model), shape, sigmas, steps, share, generators(seed, count))
        for k, step in enumerate(way, start=1):
            if step.k == steps - 1 or k == end:
                seen.append(step)
            if k == end:
                break
            if time.due(k):
                row = strip(seen or [step], levels, model.config, lang)
                yield both(step, levels, model.config, lang), row, None, {"calls": k}
        final = both(step, levels, model.config, lang), strip(seen, levels, model.config, lang)
        found = {"made": count, "calls": end, "share": plane.number(share, lang, 3)}
        yield *final, film(seen, levels, model.config), found


def tamed(step: Step, levels: int, config: Any) -> Tensor:
    """x as it is shown: at its level with the contrast of a digit, at the end as it is."""
    return models.dimmed(step.x, step.sigma if step.level < levels else 0.0, config)


def both(step: Step, levels: int, config: Any, lang: str) -> Image.Image:
    """x and x0 of every chain."""
    level, columns = min(step.level + 1, levels), 4 if len(step.x) > 4 else 2
    where = f"{level}/{levels}, σ = {plane.number(step.sigma, lang)}"
    believed = say(lang, "x₀, what it believes", "x₀, lo que cree")
    return plates.beside(
        models.shown(tamed(step, levels, config), "x", columns, 460, where),
        models.shown(step.x0, believed, columns, 460),
    )


def strip(seen: list[Step], levels: int, config: Any, lang: str) -> Image.Image:
    """The first chain at ten levels: x above, x0 below."""
    import torch

    chosen = [seen[round(k * (len(seen) - 1) / (TILES - 1))] for k in range(TILES)]
    x = torch.cat([tamed(s, levels, config)[:1] for s in chosen])
    x0 = torch.cat([s.x0[:1] for s in chosen])
    en, es = "the first one, level by level: x, and x₀ below", "el primero, nivel por nivel: x, y debajo x₀"
    return models.shown(torch.cat([x, x0]), say(lang, en, es), TILES, 940)


def film(seen: list[Step], levels: int, config: Any) -> str:
    """The first chain: x and x0 beside each other."""
    import torch

    pairs = [torch.cat([tamed(s, levels, config)[:1], s.x0[:1]]) for s in seen]
    frames = [kit.grid(models.rgb(pair), 2, scale=7, ground=90) for pair in pairs]
    return kit.film(frames + frames[-1:] * HELD, fps=10)


def digits_code(checkpoint: str, count: int, levels: int, steps: int, eta: float, seed: int) -> str:
    known = f"{eta:g}" if eta else f"stride(sigmas[0] / sigmas[1], {steps})"
    imports = (
        "from genmodels.energy.annealed import draw" + ("" if eta else ", stride"),
        "from genmodels.runtime import generators",
    )
    return models.loading(checkpoint, *imports) + (
        f"sigmas = model.sigmas({levels})  # from wide to narrow\n"
        f"eta = {known}  # the share of the way to x0 that a step takes\n"
        f"shape = ({count}, 1, 28, 28)\n"
        f"*_, last = draw(model.score, shape, sigmas, {steps}, eta, generators({seed}, {count}))\n"
        "digits = last.x.clamp(-1, 1)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("digits", "Digits", "Dígitos") as view:
        with view.controls():
            count = kit.slider(1, 8, 8, t("How many", "Cuántos"), step=1)
            levels, steps = models.ladder_controls()
            words = t("Share of the way per step, η", "Parte del camino por paso, η")
            theory = t("0: what keeps the noise right", "0: lo que mantiene bien el ruido")
            eta = kit.slider(0, 0.5, 0, words, step=0.01, info=theory)
            seed = kit.seed()
        with view.result():
            now = pictures()
            row = pictures()
            film = kit.picture(t("Film of the first", "Película del primero"), height=250)
        inputs = [tab.checkpoint, count, levels, steps, eta, seed]
        view.run(digits, inputs, [now, row, film], ("Draw", "Dibujar"), digits_code)
