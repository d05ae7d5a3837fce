"""The same network with its eyes open and shut: pixels that see their neighbours, pixels that know only z."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from demos import kit
from demos.kit import card, numbers, plates, plots, say, t
from demos.pixelvae.pictures import RANDOM, block, by_rows, code, levels, seen, start, start_code, use
from genmodels.autoregressive.checkpoints import PIXELVAE

OPEN, SHUT = (c.name for c in PIXELVAE)
PIXELCNN = "pixelcnn-fashion-gated"  # no z at all: its number is exact
KEYS = ("bits_per_dim", "bits_per_dim_tight", "kl_bits", "pixel_bits")
COLUMNS = 6


def compare(kind: int, variant: int, seed: int, lang: str) -> Iterator[tuple]:
    """Both decoders, each from the code of its own encoder; last, the likeliest level of each pixel."""
    from genmodels.autoregressive import sampling

    words = {
        OPEN: say(lang, "each pixel sees those before it", "cada píxel ve a los anteriores"),
        SHUT: say(lang, "each pixel knows only z", "cada píxel solo conoce z"),
    }
    short = {
        OPEN: say(lang, "likeliest, with", "lo más probable, con"),
        SHUT: say(lang, "likeliest, without", "lo más probable, sin"),
    }
    done: list[Image.Image] = []
    table = measures(words, lang)
    likeliest = []
    for name, caption in words.items():
        with use(name) as model:
            z = code(model, kind, variant)
            for x, rows in by_rows(sampling.draw(model, seed, COLUMNS, z=z)):
                yield plates.plate(*done, block(caption, seen(x, rows), COLUMNS)), table, {}
            done.append(block(caption, seen(x), COLUMNS))
            best = sampling.last(sampling.draw(model, seed, 1, z=z, temperature=0))
            likeliest.append(block(short[name], seen(best.cpu()), 1, 256, type=27))
    yield (
        plates.plate(*done, plates.beside(*original(kind, variant, lang), *likeliest)),
        table,
        {"made": 2 * COLUMNS},
    )


def original(kind: int, variant: int, lang: str) -> list[Image.Image]:
    """The garment that was encoded, if there was one."""
    from genmodels.data.garments import garment

    if kind == RANDOM:
        return []
    caption = say(lang, "encoded", "codificada")
    return [block(caption, seen(levels(garment(kind, variant))), 1, 256, type=27)]


def measures(words: dict[str, str], lang: str) -> str:
    """What the measuring commands found on the test pictures, beside a PixelCNN without z."""
    names = {**words, PIXELCNN: say(lang, "PixelCNN, no z", "PixelCNN, sin z")}
    found = {name: card.metrics(name).get("measures", {}) for name in names}
    rows = [
        [
            say(lang, *numbers.WORDS[key]),
            *(numbers.text(key, m[key], lang) if key in m else "—" for m in found.values()),
        ]
        for key in KEYS
    ]
    return plots.table(["", *names.values()], rows)


def compare_code(kind: int, variant: int, seed: int) -> str:
    return start_code(OPEN, {"z": (kind, variant)}) + (
        f"drawn = last(draw(model, {seed}, {COLUMNS}, z=z))  # ({COLUMNS}, 1, 16, 16): 0 to 3\n"
        f"likeliest = last(draw(model, {seed}, 1, z=z, temperature=0))\n"
        f'# and the other: the same with "{SHUT}"\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("compare", "With and without", "Con y sin") as view:
        with view.controls():
            kind = start(t("The code of", "El código de"), 6)
            variant = kit.slider(0, 20, 3, t("Its variant, or its seed", "Su variante, o su semilla"), step=1)
            seed = kit.seed(1, t("Seed of the pixels", "Semilla de los píxeles"))
        with view.result():
            picture = plates.view()
            table = kit.html()
        view.run(compare, [kind, variant, seed], [picture, table], ("Compare", "Comparar"), compare_code)
        view.on([kind.input, variant.release], compare)
