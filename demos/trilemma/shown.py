"""What `python -m genmodels.metrics --all` measured: read, named, and said where it comes from."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from demos import kit
from demos.kit import plots, say, t
from genmodels import families
from genmodels.families import Entry
from genmodels.metrics import MEASURED

Pair = tuple[str, str]
Row = tuple[Entry, dict[str, Any]]
MANY = 16  # samples at once, where that is said
DATA: dict[str, Pair] = {
    "faces": ("Faces, 64 × 64", "Caras, 64 × 64"),
    "fashion": ("Garments, 28 × 28", "Prendas, 28 × 28"),
}
TITLES = {  # in Spanish, where a name is more than a name
    "VAE, mixture": "VAE, mezcla", "VQ-VAE + prior": "VQ-VAE + prior",
    "DCGAN, repeated pixels": "DCGAN, píxeles repetidos", "WGAN, clipped": "WGAN, recortado",
    "DDPM, 50 steps": "DDPM, 50 pasos", "DDPM, 10 steps": "DDPM, 10 pasos",
    "Consistency, 4 jumps": "Consistency, 4 saltos", "Consistency, 1 jump": "Consistency, 1 salto",
    "PixelCNN, mixture": "PixelCNN, mezcla", "EBM, 250 steps": "EBM, 250 pasos",
    "Flow matching, 20 steps": "Flow matching, 20 pasos", "DiT, 20 steps": "DiT, 20 pasos",
    "Real faces": "Caras reales", "Real garments": "Prendas reales",
    "Real faces, 32 px": "Caras reales, 32 px",
    "Real garments, 16 px, 4 greys": "Prendas reales, 16 px, 4 grises",
}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """Something that was measured: its words, what is good, and how to read it from the file."""

    words: Pair
    good: int  # 1: high is good; -1: low is; 0: neither
    log: bool
    of: Callable[[Entry, dict[str, Any]], float | None]


def read(key: str) -> Callable[[Entry, dict[str, Any]], float | None]:
    return lambda _, found: found.get(key)


def rate(key: str, count: int) -> Callable[[Entry, dict[str, Any]], float | None]:
    return lambda _, found: count / found[key] if found.get(key) else None


MEASURES: dict[str, Measure] = {
    "frechet": Measure(("Fréchet distance", "distancia de Fréchet"), -1, True, read("frechet")),
    "kernel": Measure(("kernel distance", "distancia de núcleo"), -1, False, read("kernel")),
    "precision": Measure(("precision", "precisión"), 1, False, read("precision")),
    "recall": Measure(("recall", "exhaustividad"), 1, False, read("recall")),
    "density": Measure(("density", "densidad"), 1, False, read("density")),
    "coverage": Measure(("coverage", "cobertura"), 1, False, read("coverage")),
    "nearer": Measure(("nearer than new ones", "más cerca que nuevas"), 0, False, read("nearer")),
    "bits": Measure(("bits per dimension", "bits por dimensión"), -1, False, read("bits")),
    "per_second": Measure(
        ("samples per second, 16 at once", "muestras por segundo, de a 16"), 1, True, rate("seconds_16", MANY)
    ),
    "alone": Measure(
        ("samples per second, alone", "muestras por segundo, de a una"), 1, True, rate("seconds_one", 1)
    ),
    "passes": Measure(("passes per sample", "pasadas por muestra"), -1, True, lambda e, _: e.passes or None),
    "memory": Measure(
        ("memory for 16, MiB", "memoria para 16, MiB"), -1, True,
        lambda _, found: found["memory"] / 2**20 if found.get("memory") else None,
    ),
    "parameters": Measure(("parameters", "parámetros"), -1, True, read("parameters")),
    "minutes": Measure(("minutes trained", "minutos de entrenamiento"), -1, True, read("minutes")),
    "obedience": Measure(("obedience", "obediencia"), 1, False, read("obedience")),
}  # fmt: skip


def file() -> dict[str, Any]:
    return json.loads(MEASURED.read_text(encoding="utf-8"))


def rows(data: str, real: bool = False) -> list[Row]:
    """The models of a data set that were measured, in the order of the table; or the real pictures."""
    found = file()["entries"]
    return [(e, found[e.name]) for e in families.here(data, real) if e.name in found]


def value(key: str, row: Row) -> float | None:
    return MEASURES[key].of(*row)


def title(entry: Entry, lang: str) -> str:
    return say(lang, entry.title, TITLES.get(entry.title, entry.title))


def words(key: str, lang: str) -> str:
    return say(lang, *MEASURES[key].words)


def number(found: float | None, lang: str) -> str:
    return "–" if found is None else plots.number(found, lang)


def note(lang: str) -> str:
    """Where, when, on how many; and with what the distances must not be compared."""
    found = file()
    where, count = found["machine"], plots.number(found["samples"], lang)
    cores = say(lang, "thread", "hilo") + ("s" if where["threads"] != 1 else "")
    machine = f"{html.escape(where['processor'])}, {where['threads']} {cores}, torch {where['torch']}"
    en = (
        f"Measured on {found['measured']} with {count} samples of each model against {count} real pictures, "
        f"on {machine}. Distances and neighbours are taken on the features of a small reader of our own, "
        "trained on these very pictures: they compare the models of this page with each other, never with "
        "published (Inception) FIDs."
    )
    es = (
        f"Medido el {found['measured']} con {count} muestras de cada modelo frente a {count} imágenes "
        f"reales, en {machine}. Distancias y vecinos se toman sobre los rasgos de un pequeño lector propio, "
        "entrenado con estas mismas imágenes: comparan los modelos de esta página entre sí, nunca con los "
        "FID publicados (de Inception)."
    )
    return f"<p class='told'>{say(lang, en, es)}</p>"


# ---- controls ----------------------------------------------------------------------------------------------


def data_choice(value: str = "faces") -> Any:
    return kit.choice([(t(*pair), key) for key, pair in DATA.items()], t("Pictures", "Imágenes"), value)


def measure_choice(label: Pair, value: str, keys: Sequence[str] = tuple(MEASURES)) -> Any:
    return kit.choice([(t(*MEASURES[key].words), key) for key in keys], t(*label), value)


# ---- a chart that several views draw -----------------------------------------------------------------------

LINE, LABEL, WIDE, END = 30, 188, 480, 84  # of a chart of bars: a row's height, room for names, all, numbers


def bars(rows: Sequence[tuple[str, Sequence[tuple[float, str]], str]], most: float, words: str) -> str:
    """(name, [(value, kind)...], what stands at its end) as bars from the left; `most` fills the width."""
    drawn = []
    for k, (name, values, told) in enumerate(rows):
        top, thick = k * LINE + 4, (LINE - 8) / max(1, len(values))
        drawn.append(f"<text x='{LABEL - 8}' y='{top + 16}' text-anchor='end'>{html.escape(name)}</text>")
        for i, (found, kind) in enumerate(values):
            wide = max(0.0, min(1.0, found / most)) * (WIDE - LABEL - END)
            box = f"x='{LABEL}' y='{top + i * thick:.1f}' width='{wide:.1f}' height='{thick - 1:.1f}'"
            drawn.append(f"<rect class='fill {kind}' style='fill-opacity:.75' {box}/>")
        drawn.append(f"<text x='{WIDE}' y='{top + 16}' text-anchor='end'>{html.escape(told)}</text>")
    size = f"style='max-width:560px' viewBox='0 0 {WIDE} {len(rows) * LINE + 4}'"
    label = f"role='img' aria-label='{html.escape(words, quote=True)}'"
    svg = f"<svg class='plot' {size} {label}>{''.join(drawn)}</svg>"
    return f"<figure class='figure'><figcaption>{html.escape(words)}</figcaption>{svg}</figure>"
