"""One way to spoil samples against all measures: move the strength and see who notices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.blind import gauge, pictures, shown, spoil
from demos.kit import plates, say, t

if TYPE_CHECKING:
    from torch import Tensor


def one(way: str, strength: float, eyes: str, count: int, seed: int, lang: str) -> Iterator[tuple]:
    """Spoil `count` real faces in one way and measure them against as many others."""
    mine = pictures.clean(count, seed)
    for done in gauge.prepare(eyes, count, seed):
        yield shown.waiting(mine, done, lang), "", {"step": done}
    bench = gauge.known[eyes, count, seed]
    others = spoil.painted(way, strength, mine, seed)
    for done in pictures.paint(others):
        yield shown.strip(say(lang, "real", "reales"), bench.x), "", {"step": done}
    x = bad(way, strength, others, seed)
    page = plates.plate(
        shown.strip(say(lang, "real", "reales"), bench.x),
        shown.strip(shown.told(way, strength, count, lang), x),
    )
    yield page, "", {"step": count}
    now = gauge.measure(bench.real, gauge.look(eyes, x))
    words = shown.bars(bench, now, lang) + shown.verdict(bench, now, lang) + shown.note(lang)
    yield page, words, {key: now[key] for key in ("frechet", "precision", "recall")}


def bad(way: str, strength: float, seeds: list[int], seed: int) -> Tensor:
    return spoil.spoilt(way, strength, pictures.tensor(seeds), seed)


def one_code(way: str, strength: float, eyes: str, count: int, seed: int) -> str:
    """The same with a few faces, and one thing done to them: the page's other ways are as short."""
    return shown.LINES + (
        f"worse = torch.lerp(x, x.flip(1), {strength:g})  # red and blue swapped; now it is your turn\n"
        "for made in (x, worse):\n"
        "    print(compare(net.features(real), net.features(made)))\n"
    )


def way_choice(words: Any, value: str) -> Any:
    return kit.choice([(t(*way.words), key) for key, way in spoil.WAYS.items()], words, value)


def strength_slider(value: float) -> Any:
    return kit.slider(0, 1, value, t("How much", "Cuánto"), step=0.05)


def common() -> tuple[Any, Any, Any]:
    """Eyes, how many pictures, seed."""
    eyes = kit.choice([(t(*w), k) for k, w in gauge.EYES.items()], t("Seen by", "Vistas por"))
    count = kit.slider(64, 384, 160, t("Pictures", "Imágenes"), step=32)
    return eyes, count, kit.seed(1)


def layout(tab: kit.Tab) -> None:
    with tab.view("one", "Who notices?", "¿Quién lo nota?") as view:
        with view.controls():
            way = way_choice(t("The faces are", "Las caras están"), "blur")
            strength = strength_slider(0.3)
            eyes, count, seed = common()
        with view.result():
            picture = plates.view()
            words = kit.html()
        inputs = [way, strength, eyes, count, seed]
        view.run(one, inputs, [picture, words], ("Measure", "Medir"), one_code)
        view.on([way.input, strength.release, eyes.input], one)
