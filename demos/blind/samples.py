"""How many samples are enough? The Frechet distance is biased by their number, the kernel distance isn't."""

from __future__ import annotations

import math
from collections.abc import Iterator

from demos import kit
from demos.blind import gauge, pictures, spoil
from demos.blind.one import bad, strength_slider, way_choice
from demos.blind.shown import short
from demos.kit import plots, say, t

DRAWS = 6  # sets of each size
LEAST = 20


def sizes(most: int) -> list[int]:
    """From LEAST to the most, each half as large again or so."""
    n = round(math.log(most / LEAST, 1.6))
    return [round(LEAST * (most / LEAST) ** (k / n)) for k in range(n + 1)]


def samples(way: str, strength: float, most: int, seed: int, lang: str) -> Iterator[tuple]:
    """Both distances of clean and of spoilt pictures, from ever more of them, several sets of each size."""
    import torch

    from genmodels.metrics.ruler import compare

    mine = pictures.clean(most, seed)
    for done in gauge.prepare("reader", most, seed):
        yield waiting(done, lang), {"step": done}
    bench = gauge.known["reader", most, seed]
    others = spoil.painted(way, strength, mine, seed)
    for done in pictures.paint(others):
        yield waiting(done, lang), {"step": done}
    made = gauge.features("reader", bad(way, strength, others, seed))
    g = torch.Generator().manual_seed(seed)
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for n in sizes(most):
        for _ in range(DRAWS):
            some = torch.randperm(most, generator=g)[:n], torch.randperm(most, generator=g)[:n]
            for kind, all_ in (("clean", bench.clean.features), ("bad", made)):
                values = compare(bench.real.features[some[0]], all_[some[1]])
                for key in ("frechet", "kernel"):
                    found.setdefault((key, kind), {}).setdefault(n, []).append(values[key])
        yield charts(found, lang), {"step": n}
    clean = {n: mean(v) for n, v in found["frechet", "clean"].items()}
    yield (
        charts(found, lang) + told(found, way, lang),
        {"frechet": clean[most], "ratio": clean[LEAST] / clean[most]},
    )


def waiting(done: int, lang: str) -> str:
    return f"<p>{say(lang, f'Painting faces: {done}', f'Pintando caras: {done}')}</p>"


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def charts(found: dict[tuple[str, str], dict[int, list[float]]], lang: str) -> str:
    made = []
    for key in ("frechet", "kernel"):
        kinds = {kind: found[key, kind] for kind in ("clean", "bad")}
        every = [v for rows in kinds.values() for values in rows.values() for v in values]
        low, high = min(0.0, *every), max(every)
        air = 0.06 * (high - low) or 1.0
        axes = plots.Axes((0, 1.04 * max(kinds["clean"])), (low - air, high + air), left=62)
        marks = [plots.rule(0.0)] if key == "kernel" else []
        for kind, colour in (("clean", "mark"), ("bad", "warm")):
            rows = kinds[kind]
            marks.append(plots.line(list(rows), [mean(v) for v in rows.values()], colour))
            marks.append(plots.dots([n for n, v in rows.items() for _ in v], sum(rows.values(), []), colour))
        across = say(lang, "pictures", "imágenes")
        title = say(lang, *gauge.NAMES[key])
        made.append(plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang, floor=False))
    names = (
        ("mark", say(lang, "real pictures", "imágenes reales")),
        ("warm", say(lang, "spoilt ones", "estropeadas")),
    )
    return plots.legend(*names) + plots.figures(*made, least=320)


def told(found: dict[tuple[str, str], dict[int, list[float]]], way: str, lang: str) -> str:
    clean, bad_ = ({n: mean(v) for n, v in found["frechet", kind].items()} for kind in ("clean", "bad"))
    most, ratio = max(clean), clean[LEAST] / clean[max(clean)]
    lies = [n for n in clean if clean[n] > bad_[most]]
    en = (
        f"Real pictures against real pictures should be at 0. With {LEAST} the Fréchet distance says "
        f"{short(clean[LEAST], lang)}, with {most} {short(clean[most], lang)}: "
        f"{plots.number(ratio, lang, 2)} times less for nothing but more of the same. "
    )
    es = (
        f"Reales contra reales deberían dar 0. Con {LEAST}, la distancia de Fréchet dice "
        f"{short(clean[LEAST], lang)}; con {most}, {short(clean[most], lang)}: "
        f"{plots.number(ratio, lang, 2)} veces menos solo por ser más. "
    )
    if lies:
        en += f"{max(lies)} perfect pictures look worse than {most} spoilt ones: compare equal numbers. "
        es += f"{max(lies)} imágenes perfectas parecen peores que {most} estropeadas. "
    en += "The kernel distance scatters around the truth from the first."
    es += "La distancia de núcleo se dispersa alrededor de la verdad desde el principio."
    return f"<p>{say(lang, en, es)}</p>"


def samples_code(way: str, strength: float, most: int, seed: int) -> str:
    return (
        "from genmodels import families\n"
        "from genmodels.metrics.features import AttributesNet\n"
        "from genmodels.metrics.ruler import compare\n\n"
        'net = AttributesNet.from_pretrained("attributes-faces")\n'
        'draw = families.load(families.entry("real-faces"))\n'
        "real, x = (net.features(families.last(draw(first, 80))) for first in (5_000, 100_000))\n"
        f"for n in {[n for n in sizes(most) if n <= 80]}:\n"
        "    found = compare(real[:n], x[:n])\n"
        '    print(n, found["frechet"], found["kernel"])\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("samples", "How many samples?", "¿Cuántas muestras?") as view:
        with view.controls():
            way = way_choice(t("The spoilt ones are", "Las estropeadas están"), "blur")
            strength = strength_slider(0.25)
            most = kit.slider(
                96, 384, 256, t("At most so many pictures", "A lo sumo tantas imágenes"), step=32
            )
            seed = kit.seed(1)
        with view.result():
            words = kit.html()
        inputs = [way, strength, most, seed]
        view.run(samples, inputs, [words], ("Measure", "Medir"), samples_code)
