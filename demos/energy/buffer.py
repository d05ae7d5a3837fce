"""The buffer: what long chains became during training, and how one of them goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from demos import kit
from demos.energy import models
from demos.energy.chain import Chains, frames
from demos.energy.shown import WIDE, energy_plot, strip
from demos.kit import plates, plots, say, t
from demos.kit.pixels import QUIET, Pace, caption_height, factor

COLUMNS, SECONDS = 16, 3.0


def buffer(
    checkpoint: str, which: int, steps: int, stride: float, noise: float, clip: float, seed: int, lang: str
) -> Iterator[tuple]:
    """64 chains as training left them with the steps they had gone; one goes on before your eyes."""
    from genmodels.energy.langevin import langevin

    kept, ages = models.buffer(checkpoint)
    page = all_of(kept, ages, which, lang)
    yield page, gr.skip(), gr.skip(), {}
    seen, pace = Chains(steps), Pace(steps + 1, SECONDS)
    walk = models.walk(stride, noise, clip)
    with models.use(checkpoint) as model:
        x, luck = kept[which - 1 : which].to(model.device), models.luck(seed, 1)
        with closing(langevin(model.energy, x, steps, walk, luck)) as walking:
            for step in walking:
                seen.see(step, lang)
                if step.i and pace.due(step.i, last=step.i == steps):
                    drawn = energy_plot(checkpoint, [(seen.at, seen.mean(), "mark", False)], steps, lang)
                    found = {"energy_now": seen.mean()[-1], "age": ages[which - 1] + step.i}
                    caption = say(
                        lang, f"chain {which}, by step from here", f"cadena {which}, por paso desde aquí"
                    )
                    yield page, frames(seen, caption, lang), drawn, found


def all_of(kept: Any, ages: list[int], which: int, lang: str) -> Any:
    words = say(
        lang,
        "64 chains of 8,192, and the steps each has gone",
        "64 cadenas de 8.192, y los pasos de cada una",
    )
    return strip(kept, [plots.number(age, lang, 5) for age in ages], words, COLUMNS, which - 1)


def clicked(clicks: int, event: gr.SelectData) -> tuple[int, int]:
    """A click on the sheet -> the chain, from 1."""
    n = factor(COLUMNS, models.SIDE, WIDE)
    side = n * models.SIDE
    step, line = side + 6, round(1.5 * max(19, min(26, n * 5)))
    x, y = (int(v) for v in event.index)
    row = max(0, y - caption_height(COLUMNS * step - 6)) // (side + line)
    return 1 + min(row, 64 // COLUMNS - 1) * COLUMNS + min(x // step, COLUMNS - 1), clicks + 1


def buffer_code(
    checkpoint: str, which: int, steps: int, stride: float, noise: float, clip: float, seed: int
) -> str:
    more = (
        "from genmodels.energy.ebm import buffer",
        "from genmodels.energy.langevin import Walk, langevin, last",
        "from genmodels.runtime import generators",
    )
    walk = models.walk_code(stride, noise, clip)
    return models.loading(checkpoint, *more) + (
        f'x, age = buffer("{checkpoint}")  # 64 chains, and the steps that each had gone\n'
        f"luck = generators({seed}, 1)\n"
        f"x = last(langevin(ebm.energy, x[{which - 1} : {which}], {steps}, {walk}, luck))\n"
        f"print(age[{which - 1}] + {steps}, ebm.energy(x))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("buffer", "The buffer", "El búfer") as view:
        with view.controls():
            which = kit.slider(1, 64, 1, t("Chain: click one", "Cadena: haz clic en una"), step=1)
            steps, stride, noise, clip = models.walk_controls(500)
            seed = kit.seed()
        with view.result():
            page, row = plates.view(), plates.view()
            drawn = kit.html()
        inputs = [tab.checkpoint, which, steps, stride, noise, clip, seed]
        view.run(buffer, inputs, [page, row, drawn], ("Go on", "Seguir"), buffer_code)
        clicks = gr.State(0)
        page.select(clicked, clicks, [which, clicks], **QUIET)
        view.on([which.release, clicks.change], buffer)
