"""The price: the same pictures drawn the plain way and incrementally, and a VAE's in one pass, right here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import gradio as gr

from demos import kit
from demos.kit import plates, plots, say, t
from demos.kit.pixels import FRAME, across, sheet
from demos.pixelcnn import models
from demos.pixelcnn.pictures import seen

if TYPE_CHECKING:
    from torch import Tensor

VAE = "vae-plane-vae"
LIMIT = 40.0  # seconds that the plain way is given
WIDE = 300  # pixels of a sheet
PASSES = 5  # of the VAE, of which the shortest counts


def timer(checkpoint: str, count: int, seed: int, lang: str) -> Iterator[tuple]:
    """Seconds that the same drawings take: all anew for each pixel, incrementally; a VAE's one pass."""
    import torch

    race = Race(checkpoint, count, lang)
    yield gr.skip(), race.bars(), {}
    with models.use(checkpoint) as model, torch.no_grad():
        model.logits(torch.zeros(count, *model.shape, dtype=torch.long, device=model.device))  # warm
        for name in ("quick", "vae", "naive"):
            steps = one_pass(race, seed) if name == "vae" else drawing(race, model, name, seed)
            for found in steps:
                yield (*found, race.figures())
    yield race.page(), race.bars() + race.verdict(), race.figures()


class Race:
    """What the three have made so far, and in what time."""

    def __init__(self, checkpoint: str, count: int, lang: str):
        self.checkpoint, self.count, self.lang = checkpoint, count, lang
        self.side, self.levels = models.side(checkpoint), models.levels(checkpoint)
        self.total = self.side**2
        self.seconds = {"quick": 0.0, "vae": 0.0, "naive": 0.0}
        self.done = {"quick": 0, "vae": 0, "naive": 0}  # positions
        self.x: dict[str, Tensor] = {}

    def names(self) -> dict[str, str]:
        return {
            "naive": say(self.lang, "all anew for each pixel", "todo de nuevo en cada píxel"),
            "quick": say(self.lang, "incremental", "incremental"),
            "vae": say(self.lang, "a VAE, one pass", "un VAE, una pasada"),
        }

    def page(self):  # noqa: ANN201
        """The three sheets."""
        import torch

        blocks = []
        for name, words in self.names().items():
            if name == "vae":
                shown = torch.full((self.count, 3, 28, 28), -0.85) if name not in self.x else self.x[name]
            else:
                x = self.x.get(name, torch.zeros(self.count, 1, self.side, self.side))
                shown = seen(x, self.levels, self.done[name])
            blocks.append(sheet(shown, words, across(self.count), WIDE))
        return plates.beside(*blocks)

    def foreseen(self, name: str) -> float:
        """Seconds that it will have taken, from those of its first pixels."""
        return self.seconds[name] * self.total / self.done[name] if self.done[name] else 0.0

    def bars(self) -> str:
        longest = max(1e-9, *(self.foreseen(name) for name in self.seconds))
        rows = []
        for name, words in self.names().items():
            spent, whole = self.seconds[name], self.foreseen(name)
            hue = {"naive": "warm", "quick": "mark", "vae": "soft"}[name]
            rows.append(
                f"<div class='bar-row {hue}' style='grid-template-columns:minmax(90px,34%) 1fr 104px'>"
                f"<span>{words}</span><i style='background:none'>"
                f"<b style='left:0;width:{100 * whole / longest:.2f}%;opacity:.28'></b>"
                f"<b style='left:0;width:{100 * spent / longest:.2f}%'></b></i>"
                f"<em>{self.time(name)}</em></div>"
            )
        return f"<div class='bar-rows'>{''.join(rows)}</div>"

    def time(self, name: str) -> str:
        spent, whole = self.seconds[name], self.foreseen(name)
        if not self.done[name]:
            return ""
        unit = (lambda s: f"{plots.number(1000 * s, self.lang)} ms") if whole < 1 else (
            lambda s: f"{plots.number(s, self.lang)} s"
        )  # fmt: skip
        return unit(spent) if self.done[name] == self.total else f"{unit(spent)} / ~{unit(whole)}"

    def figures(self) -> dict[str, float]:
        quick, naive = self.foreseen("quick"), self.foreseen("naive")
        found = {"faster": naive / quick} if quick and naive else {}
        return found | ({"slower": quick / self.seconds["vae"]} if self.done["vae"] and quick else {})

    def verdict(self) -> str:
        """Whether both ways gave the same pictures, pixel for pixel."""
        n = self.done["naive"]
        if not n:
            return ""
        a, b = (self.x[name].flatten(1)[:, :n] for name in ("naive", "quick"))
        same, all_of = int((a == b).sum()), a.numel()
        words = say(
            self.lang,
            f"The first two are the same pictures: {same} of {all_of} pixels are equal.",
            f"Las dos primeras son las mismas imágenes: {same} de {all_of} píxeles son iguales.",
        )
        if n < self.total:
            words += say(
                self.lang,
                f" The plain way was stopped after {LIMIT:.0f} s, with {n} of {self.total} pixels drawn.",
                f" A la manera simple se la detuvo a los {LIMIT:.0f} s, con {n} de {self.total} píxeles.",
            )
        return f"<p>{words}</p>"


def drawing(race: Race, model, name: str, seed: int) -> Iterator[tuple]:  # noqa: ANN001
    """One way of drawing; the clock runs only while the model does."""
    from genmodels.autoregressive import sampling

    steps, shown = sampling.draw(model, seed, race.count, naive=name == "naive"), time.perf_counter()
    while race.done[name] < race.total and race.seconds[name] < LIMIT:
        start = time.perf_counter()
        step = next(steps)
        now = time.perf_counter()
        race.seconds[name] += now - start
        race.done[name] += 1
        race.x[name] = step.x.cpu()
        if now - shown > 2 * FRAME or race.done[name] == race.total:
            yield race.page(), race.bars()
            shown = time.perf_counter()


def one_pass(race: Race, seed: int) -> Iterator[tuple]:
    """As many garments from a VAE: noise, one pass through its decoder, done."""
    from genmodels.autoencoders.vae_plane import VAE as Plane
    from genmodels.runtime import noise

    with kit.model(Plane, VAE) as vae:
        z, times = noise(seed, race.count, (2,)).to(next(vae.parameters()).device), []
        for _ in range(PASSES + 1):
            start = time.perf_counter()
            x = vae.decode(z).float().cpu()
            times.append(time.perf_counter() - start)
    race.x["vae"], race.done["vae"] = x.clamp(-1, 1).expand(-1, 3, -1, -1), race.total
    race.seconds["vae"] = min(times[1:])
    yield race.page(), race.bars()


def timer_code(checkpoint: str, count: int, seed: int) -> str:
    imports = ["from genmodels.autoregressive.sampling import draw, last", "import time"]
    return models.loading(checkpoint, *imports) + (
        "for naive in (False, True):\n    start = time.perf_counter()\n"
        f"    x = last(draw(model, {seed}, {count}, naive=naive))\n"
        '    print("all anew" if naive else "incremental", time.perf_counter() - start, x.sum())\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("timer", "The price", "El precio") as view:
        with view.controls():
            count = kit.slider(1, 16, 1, t("Pictures", "Imágenes"), step=1)
            seed = kit.seed()
        with view.result():
            page = plates.view()
            bars = kit.html()
        view.run(timer, [tab.checkpoint, count, seed], [page, bars], ("Race", "Competir"), timer_code)
