"""The price of a sentence: keys and values kept, against computing all anew for every word, right here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.imagegpt.source import at_most, capped, gpu_seconds, loading, positions, seen, timed, use
from demos.kit import plates, plots, say, t
from demos.kit.pixels import Pace, across, sheet

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.autoregressive.imagegpt import ImageGPT

LIMIT = 30.0  # seconds that each way is given
WIDE = 300  # pixels of a sheet
POINTS = 128  # of a curve, at most
WAYS = ("quick", "naive")


def timer(checkpoint: str, count: int, seed: int, lang: str) -> Iterator[tuple]:
    """Seconds that the same drawing takes with a cache of keys and values, and computing all anew."""
    import torch

    from genmodels.autoregressive import sampling

    with use(checkpoint) as model:
        race = Race(model, at_most(model, count, 1), lang)
        note = capped(race.count, count, lang)
        yield race.page(), race.bars(), note, race.figures()
        model.logits(torch.zeros(race.count, *model.shape, dtype=torch.long, device=model.device))  # warm
        for way in WAYS:
            pace = Pace(1, 0)
            for step, done, seconds in timed(sampling.draw(model, seed, race.count, naive=way == "naive")):
                race.note(way, done, seconds, step.x)
                over = seconds > LIMIT or done == race.total
                if pace.due(0, last=over):
                    yield race.page(), race.bars() + race.curves(), note, race.figures()
                if over:
                    break
        yield race.page(), race.bars() + race.curves() + race.verdict(), note, race.figures()


class Race:
    """What both ways have drawn so far, and in what time."""

    def __init__(self, model: ImageGPT, count: int, lang: str):
        self.model, self.count, self.lang, self.total = model, count, lang, positions(model)
        self.times: dict[str, list[float]] = {way: [] for way in WAYS}  # after each position
        self.x: dict[str, Tensor] = {}

    def note(self, way: str, done: int, seconds: float, x: Tensor) -> None:
        self.times[way].append(seconds)
        self.x[way] = x.cpu()

    def names(self) -> dict[str, str]:
        return {
            "naive": say(self.lang, "all anew for each pixel", "todo de nuevo en cada píxel"),
            "quick": say(self.lang, "keys and values kept", "claves y valores guardados"),
        }

    def page(self) -> Image.Image:
        import torch

        blank = torch.zeros(self.count, *self.model.shape, dtype=torch.long)
        blocks = [
            sheet(
                seen(self.model, self.x.get(way, blank), len(self.times[way])),
                words,
                across(self.count),
                WIDE,
            )
            for way, words in self.names().items()
        ]
        return plates.beside(*blocks)

    def foreseen(self, way: str) -> float:
        """Seconds that it will have taken, by those of its pixels so far."""
        times = self.times[way]
        return times[-1] * self.total / len(times) if times else 0.0

    def bars(self) -> str:
        longest = max(1e-9, *(self.foreseen(way) for way in WAYS))
        rows = []
        for way, words in self.names().items():
            times, whole = self.times[way], self.foreseen(way)
            rows.append(
                f"<div class='bar-row {hue(way)}' style='grid-template-columns:minmax(90px,34%) 1fr 104px'>"
                f"<span>{words}</span><i style='background:none'>"
                f"<b style='left:0;width:{100 * whole / longest:.2f}%;opacity:.28'></b>"
                f"<b style='left:0;width:{100 * (times[-1] if times else 0) / longest:.2f}%'></b></i>"
                f"<em>{self.time(way)}</em></div>"
            )
        return f"<div class='bar-rows'>{''.join(rows)}</div>"

    def time(self, way: str) -> str:
        if not (times := self.times[way]):
            return ""
        spent, whole = (
            f"{plots.number(s, self.lang, 2 if s < 10 else 3)} s" for s in (times[-1], self.foreseen(way))
        )
        return spent if len(times) == self.total else f"{spent} / ~{whole}"

    def curves(self) -> str:
        """Seconds spent after each pixel."""
        high = 1.06 * max(times[-1] for times in self.times.values() if times)
        marks = []
        for way, times in self.times.items():
            every = max(1, len(times) // POINTS)
            shown = [0.0, *times[every - 1 :: every]]
            marks.append(plots.line([k * every for k in range(len(shown))], shown, hue(way)))
        title = say(self.lang, "Seconds spent, pixel after pixel", "Segundos gastados, píxel tras píxel")
        words = say(self.lang, "pixels drawn", "píxeles dibujados")
        axes = plots.Axes((0, self.total), (0, high), width=620, height=250, left=52)
        return plots.plot(axes, *marks, title=title, across=words, up=True, lang=self.lang)

    def figures(self) -> dict[str, Any]:
        c = self.model.config
        cache = 2 * c.n_layer * self.count * self.total * c.n_embd * self.model.dtype.itemsize
        found: dict[str, Any] = {"cache": cache}
        if times := self.times["quick"]:
            found["tokens"] = self.count * len(times) / times[-1]
        quick, naive = self.foreseen("quick"), self.foreseen("naive")
        return found | ({"faster": naive / quick} if quick and naive else {})

    def verdict(self) -> str:
        """Whether both ways gave the same pictures, pixel for pixel."""
        done = {way: len(times) for way, times in self.times.items()}
        n = min(done.values())
        a, b = (self.x[way].flatten(1)[:, :n] for way in WAYS)
        same, all_of = int((a == b).sum()), a.numel()
        words = say(
            self.lang,
            f"Both are the same picture: {same} of {all_of} pixels are equal.",
            f"Las dos son la misma imagen: {same} de {all_of} píxeles son iguales.",
        )
        if n < self.total:
            words += say(
                self.lang,
                f" Each way was given {LIMIT:.0f} s; of {self.total} pixels, computing all anew drew "
                f"{done['naive']}.",
                f" Cada manera tuvo {LIMIT:.0f} s; de {self.total} píxeles, calculando todo de nuevo se "
                f"dibujaron {done['naive']}.",
            )
        return f"<p>{words}</p>"


def hue(way: str) -> str:
    return {"naive": "warm", "quick": "mark"}[way]


def timer_code(checkpoint: str, count: int, seed: int) -> str:
    imports = ["from genmodels.autoregressive.sampling import draw, last", "import time"]
    return loading(checkpoint, *imports) + (
        "for naive in (False, True):\n    start = time.perf_counter()\n"
        f"    x = last(draw(model, {seed}, {count}, naive=naive))\n"
        '    print("all anew" if naive else "keys and values kept", time.perf_counter() - start, x.sum())\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("timer", "The price of a sentence", "El precio de una oración") as view:
        with view.controls():
            count = kit.slider(1, 8, 1, t("Pictures", "Imágenes"), step=1)
            seed = kit.seed()
        with view.result():
            page = plates.view()
            bars = kit.html()
            note = kit.html()
        inputs, label = [tab.checkpoint, count, seed], ("Race", "Competir")
        view.run(timer, inputs, [page, bars, note], label, timer_code, gpu_seconds=gpu_seconds)
