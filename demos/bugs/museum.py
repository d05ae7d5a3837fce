"""Every mistake of the way back on one seed, each with its right picture, and how far apart they are."""

from __future__ import annotations

import html
from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.bugs import mix, network, schedule, shown, step
from demos.bugs.cards import Bug
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.numbers import WORDS
from demos.kit.pixels import Pace

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser

COLUMNS, TILE = 4, 118
ROOMS = {"schedule": schedule.BUGS, "step": step.BUGS, "network": network.BUGS, "mix": mix.BUGS}
TICKED = ("step", "network")  # views with boxes, where others have a choice
SHORT = {  # what fits over a pair of tiles
    "rates": ("variances as rates", "varianzas como tasas"),
    "plain": ("cosine to zero", "coseno hasta cero"),
    "passed": ("product of few", "producto de pocos"),
    "other": ("another schedule", "otro plan"),
    "leading": ("start too low", "parte más abajo"),
    "once": ("all at once", "todo de una vez"),
    "subtract": ("subtract, repeat", "restar y repetir"),
    "last": ("last step's noise", "ruido de un paso"),
    "alpha": ("α for ᾱ", "α por ᾱ"),
    "xt": ("x instead of x₀", "x en vez de x₀"),
    "late": ("noise at the end", "ruido al final"),
    "sigma": ("σ² for σ", "σ² por σ"),
    "direction": ("no room for z", "sin lugar para z"),
    "again": ("same z each step", "la misma z"),
    "order": ("times reversed", "tiempos al revés"),
    "variance": ("n for n²", "n por n²"),
    "unit": ("t from 0 to 1", "t de 0 a 1"),
    "ahead": ("next level told", "nivel siguiente"),
    "scale": ("x not scaled", "x sin escalar"),
    "epsilon": ("v taken for ε", "v tomada por ε"),
    "positive": ("clip to [0, 1]", "límite [0, 1]"),
    "dark": ("shown from 0", "mostrada desde 0"),
    "clamp": ("no clamp", "sin límite"),
    "swap": ("guidance swapped", "guía al revés"),
    "label": ("class + 1", "clase + 1"),
    "linear": ("linear mix", "mezcla lineal"),
    "quiet": ("weak noise", "ruido débil"),
    "rand": ("rand()", "rand()"),
    "clipped": ("clipped noise", "ruido recortado"),
    "one": ("one noise for all", "un ruido para todas"),
}


def every() -> dict[str, Bug]:
    """All but the one that shows only between pictures."""
    return {name: bug for bugs in ROOMS.values() for name, bug in bugs.items() if name != "one"}


def museum(checkpoint: str, steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """One picture for each mistake, and beside it the same without the mistake."""
    pairs: dict[str, tuple[Tensor, Tensor]] = {}
    bugs, rights = every(), {}
    pace = Pace(1, 0)
    with denoisers.use(checkpoint) as denoise:
        for k, (name, bug) in enumerate(bugs.items()):
            base = bug.schedule, bug.eta, bug.scale, bug.always, name == "linear"
            if base not in rights:
                rights[base] = one(denoise, bug, "", steps, seed)
            pairs[name] = rights[base], one(denoise, bug, name, steps, seed)
            if pace.due(k):
                yield sheet(pairs, lang), "", {"made": 2 * len(pairs)}
    yield sheet(pairs, lang), table(pairs, lang), {"made": 2 * len(pairs)}


def one(denoise: Denoiser, bug: Bug, name: str, steps: int, seed: int) -> Tensor:
    """A picture with this mistake, or what it should have been; the class is the seed's."""
    import torch

    from genmodels.diffusion import bugs

    wrong = frozenset([name] if name else [])
    e, labels = shown.start(denoise, 1, seed)
    if bug is mix.BUGS["linear"]:  # halfway to another noise
        e = bugs.mixed(e, shown.start(denoise, 1, seed + mix.FAR)[0], 0.5, bool(name))
        wrong = bugs.RIGHT
    if labels is not None:
        labels = torch.full_like(labels, seed % (denoise.network.config.num_class_embeds - 1))
    way = bugs.levels(bug.schedule, steps, wrong)
    luck, error = shown.luck(seed, 1), 0.01 if bug.always else 0.0
    *_, last = bugs.draw(
        denoise, e, way, labels, luck, wrong | bug.always, eta=bug.eta, scale=bug.scale, error=error
    )
    return last.x.float().cpu()


def sheet(pairs: dict[str, tuple[Tensor, Tensor]], lang: str) -> Image.Image:
    """All pairs so far, on a page that doesn't grow."""
    import torch

    blocks = [
        shown.block(f"{k}. {say(lang, *SHORT[name])}", torch.cat(pair), 2, 2 * TILE + plates.GAP, 24)
        for k, (name, pair) in enumerate(pairs.items(), start=1)
    ]
    rows = -(-len(every()) // COLUMNS)
    wide, high = blocks[0].width + plates.AIR, blocks[0].height + plates.AIR
    page = Image.new("RGBA", (COLUMNS * wide - plates.AIR, rows * high - plates.AIR))
    for k, block in enumerate(blocks):
        page.paste(block, (k % COLUMNS * wide, k // COLUMNS * high))
    return page


def table(pairs: dict[str, tuple[Tensor, Tensor]], lang: str) -> str:
    """From the one that shows most to the one that shows least; each leads to its room."""
    apart = {name: shown.far(*pair) for name, pair in pairs.items()}
    number = {name: k for k, name in enumerate(pairs, start=1)}
    rows = "".join(
        f"<tr><th scope='row'>{number[name]}. <a href='{address(name)}'>{words}</a></th>"
        f"<td>{far(apart[name], lang)}</td></tr>"
        for name in sorted(apart, key=lambda n: -apart[n])
        for words in [html.escape(say(lang, *every()[name].title))]
    )
    head = say(lang, *WORDS["apart"])
    return (
        "<div class='heat plain bugs-list'><table>"
        f"<thead><tr><td></td><th scope='col'>{head}</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def far(value: float, lang: str) -> str:
    return plots.number(value, lang) if isfinite(value) else "∞"


def address(name: str) -> str:
    """Its room, with nothing else wrong."""
    room = next(view for view, bugs in ROOMS.items() if name in bugs)
    if room not in TICKED:
        return f"?tab=bugs&amp;view={room}&amp;mistake={name}"
    boxes = "&amp;".join(f"{other}={int(other == name)}" for other in ROOMS[room])
    return f"?tab=bugs&amp;view={room}&amp;{boxes}"


def museum_code(checkpoint: str, steps: int, seed: int) -> str:
    return shown.loading(checkpoint, 1, seed) + (
        f"labels = labels + {seed} % (c.num_class_embeds - 1)\n"
        'for name in ("", *bugs.REVERSE, *bugs.NETWORK):\n'
        "    wrong = frozenset([name] if name else [])\n"
        f'    way, luck = bugs.levels("cosine", {steps}, wrong), generators({seed + 1_000_003}, 1)\n'
        "    *_, last = bugs.draw(denoise, e, way, labels, luck, wrong, scale=3.0)\n"
        "    print(name, last.x.std())  # last.x: the picture\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("museum", "All of them", "Todos") as view:
        with view.controls():
            steps = kit.slider(4, 30, 12, t("Steps", "Pasos"), step=1)
            seed = kit.seed(3)
        with view.result():
            picture = plates.view()
            words = kit.html()
        view.run(museum, [tab.checkpoint, steps, seed], [picture, words], ("Open it", "Abrirlo"), museum_code)
