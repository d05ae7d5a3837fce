"""Two ways to spoil side by side: measures disagree about which is worse."""

from __future__ import annotations

import html
from collections.abc import Iterator

from demos import kit
from demos.blind import gauge, pictures, shown, spoil
from demos.blind.one import bad, common, strength_slider, way_choice
from demos.kit import plates, plots, say, t


def pair(
    first: str, much: float, second: str, more: float, eyes: str, count: int, seed: int, lang: str
) -> Iterator[tuple]:
    """The same faces spoilt in two ways, all measures of each, and which each measure prefers."""
    mine = pictures.clean(count, seed)
    for done in gauge.prepare(eyes, count, seed):
        yield shown.waiting(mine, done, lang), "", {"step": done}
    bench = gauge.known[eyes, count, seed]
    found, strips, figures = [], [], []
    for way, strength in ((first, much), (second, more)):
        others = spoil.painted(way, strength, mine, seed)
        for done in pictures.paint(others):
            yield shown.waiting(mine, done, lang), "", {"step": done}
        x, name = bad(way, strength, others, seed), shown.told(way, strength, count, lang)
        strips.append(shown.strip(name, x))
        found.append(gauge.measure(bench.real, gauge.look(eyes, x)))
        figures.append(shown.bars(bench, found[-1], lang, name))
        yield plates.plate(*strips), plots.figures(*figures, least=320), {"step": count}
    names = [say(lang, *spoil.WAYS[w].words) for w in (first, second)]
    words = plots.figures(*figures, least=320) + prefer(bench, found, names, lang) + shown.note(lang)
    yield plates.plate(*strips), words, {}


def prefer(bench: gauge.Bench, found: list[dict[str, float]], names: list[str], lang: str) -> str:
    """Which of the two each measure takes for the better one, where luck doesn't decide."""
    one, two = (gauge.reactions(bench.values, now, bench.spread) for now in found)
    sides: dict[str, list[str]] = {names[0]: [], names[1]: []}
    for key in gauge.NAMES:
        if abs(one[key] - two[key]) >= shown.SURE:
            sides.setdefault(names[one[key] < two[key]], []).append(say(lang, *gauge.NAMES[key]))
    for_ = say(lang, "For “{}” vote", "Por «{}» votan")
    nobody = say(lang, "nobody", "nadie")
    parts = [f"{for_.format(name)}: {', '.join(keys) or nobody}." for name, keys in sides.items()]
    return f"<p>{html.escape(' '.join(parts))}</p>"


def pair_code(first: str, much: float, second: str, more: float, eyes: str, count: int, seed: int) -> str:
    return shown.LINES + (
        "noisy = x + 0.2 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))\n"
        "few = x[:4].repeat(10, 1, 1, 1)\n"
        "for made in (noisy, few):\n"
        "    print(compare(net.features(real), net.features(made)))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("pair", "Which is worse?", "¿Cuál es peor?") as view:
        with view.controls():
            first = way_choice(t("On one side", "De un lado"), "quarters")
            much = strength_slider(0.5)
            second = way_choice(t("On the other", "Del otro"), "repeat")
            more = strength_slider(0.5)
            eyes, count, seed = common()
        with view.result():
            picture = plates.view()
            words = kit.html()
        inputs = [first, much, second, more, eyes, count, seed]
        view.run(pair, inputs, [picture, words], ("Measure both", "Medir las dos"), pair_code)
        view.on([first.input, second.input, much.release, more.release], pair)
