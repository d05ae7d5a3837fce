"""Learnt by heart: copies of training pictures please every measure but the one that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from demos import kit
from demos.blind import gauge, pictures, shown, spoil
from demos.blind.one import bad
from demos.kit import plates, plots, say, t

if TYPE_CHECKING:
    from torch import Tensor

COPIED = {key: spoil.WAYS[key].words for key in ("train", "test", "repeat")}
BINS = 24


def heart(kind: str, share: float, blur: float, count: int, seed: int, lang: str) -> Iterator[tuple]:
    """A share of copies among real faces, maybe blurred a little, and how near each lies to training."""
    mine = pictures.clean(count, seed)
    for done in gauge.prepare("reader", count, seed):
        yield shown.waiting(mine, done, lang), "", {"step": done}
    bench = gauge.known["reader", count, seed]
    others = spoil.painted(kind, share, mine, seed)
    for done in pictures.paint(others):
        yield shown.waiting(mine, done, lang), "", {"step": done}
    x = spoil.spoilt("blur", blur, bad(kind, share, others, seed), seed)
    page = shown.strip(shown.told(kind, share, count, lang), x)
    yield page, "", {"step": count}
    seen = gauge.look("reader", x)
    now = gauge.measure(bench.real, seen)
    words = shown.bars(bench, now, lang) + histogram(bench.real.away, seen.away, lang)
    yield page, words + told(bench, seen, lang) + shown.verdict(bench, now, lang) + shown.note(lang), {
        "copied": 100 * copied(bench, seen), "precision": now["precision"], "recall": now["recall"],
    }  # fmt: skip


def copied(bench: gauge.Bench, seen: gauge.Seen) -> float:
    """Share that lies nearer to a training picture than all but one in a hundred of the real ones."""
    return (seen.away < bench.real.away.quantile(0.01)).double().mean().item()


def histogram(real: Tensor, made: Tensor, lang: str) -> str:
    import torch

    top = float(max(real.max(), made.max()))
    edges = torch.linspace(0, top, BINS + 1)
    heights = [torch.histogram(v.float().cpu(), edges)[0] / len(v) for v in (made, real)]
    axes = plots.Axes((0, top), (0, 1.05 * float(max(h.max() for h in heights))), width=640, height=240)
    title = say(
        lang,
        "Distance to the nearest of 36,000 training faces",
        "Distancia a la más cercana de 36.000 caras de entrenamiento",
    )
    marks = [
        plots.area(edges.tolist(), heights[0].tolist(), "warm"),
        steps(edges.tolist(), heights[1].tolist()),
    ]
    names = (
        ("warm", say(lang, "these", "estas")),
        ("ink", say(lang, "real ones, never shown", "reales, nunca vistas")),
    )
    return plots.plot(
        axes, *marks, title=title, across=say(lang, "distance", "distancia"), lang=lang
    ) + plots.legend(*names)


def steps(edges: list[float], heights: list[float]) -> plots.Mark:
    """The outline of a histogram."""
    x = [e for pair in pairwise(edges) for e in pair]
    return plots.line(x, [h for h in heights for _ in (0, 1)], "ink")


def told(bench: gauge.Bench, seen: gauge.Seen, lang: str) -> str:
    share = round(100 * copied(bench, seen))
    en = f"{share} % lie nearer to a training face than 99 of 100 real ones do; 1 % is what luck does."
    es = (
        f"El {share} % queda más cerca de una cara de entrenamiento que 99 de cada 100 reales; un 1 % es lo "
        "que hace el azar."
    )
    return f"<p>{say(lang, en, es)}</p>"


def heart_code(kind: str, share: float, blur: float, count: int, seed: int) -> str:
    return (
        "import torch\nfrom genmodels import families\nfrom genmodels.data.faces import batch\n"
        "from genmodels.metrics.copies import Memory, nearer\n\n"
        'draw = families.load(families.entry("real-faces"))\n'
        "real = families.last(draw(5_000, 40))\n"
        "copies = torch.from_numpy(batch(range(40))[0]).permute(0, 3, 1, 2) / 127.5 - 1  # of training\n"
        'memory = Memory.of("faces")\n'
        "print(nearer(memory.away(copies), memory.away(real)))  # 1/2: nothing copied\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("heart", "By heart", "De memoria") as view:
        with view.controls():
            kind = kit.choice([(t(*w), k) for k, w in COPIED.items()], t("Among them", "Entre ellas"))
            share = kit.slider(0, 1, 0.5, t("How many", "Cuántas"), step=0.05)
            blur = kit.slider(0, 1, 0, t("And blurred", "Y desenfocadas"), step=0.05)
            count = kit.slider(64, 384, 160, t("Pictures", "Imágenes"), step=32)
            seed = kit.seed(1)
        with view.result():
            picture = plates.view()
            words = kit.html()
        inputs = [kind, share, blur, count, seed]
        view.run(heart, inputs, [picture, words], ("Measure", "Medir"), heart_code)
        view.on([kind.input, share.release, blur.release], heart)
