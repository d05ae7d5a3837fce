"""What may be asked of each checkpoint: its attributes, their classes in two languages, and pickers of them.

A picker of each attribute stands in every view; the page shows those of the checkpoint in use, and the others
count for nothing. Whoever calls the endpoints may leave them as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import fashion, say, t
from genmodels.gan.checkpoints import CGANS

Pair = tuple[str, str]
FACES, FASHION = (c.name for c in CGANS)
ANY = "any"  # a class drawn by lot for each picture
HAIR = {
    "black": ("black", "negro"), "brown": ("brown", "castaño"), "blond": ("blond", "rubio"),
    "red": ("red", "rojo"), "grey": ("grey", "gris"), "dyed": ("dyed", "teñido"),
}  # fmt: skip
GLASSES = {"bare": ("no glasses", "sin anteojos"), "glasses": ("glasses", "anteojos")}
KEYS = (
    "tshirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)
GARMENT = dict(zip(KEYS, fashion.CLASSES, strict=True))
GROUPS: dict[str, dict[str, dict[str, Pair]]] = {  # checkpoint -> attribute -> class -> words
    FACES: {"hair": HAIR, "glasses": GLASSES},
    FASHION: {"garment": GARMENT},
}
ATTRIBUTES = {
    "hair": ("Hair", "Pelo"),
    "glasses": ("Glasses", "Anteojos"),
    "garment": ("Garment", "Prenda"),
}
Label = tuple[int, ...]  # a class of each attribute; -1 is any
STYLE = (  # which pickers are shown: those of the checkpoint that the page was told last
    f"html[data-cgan='{FASHION}'] .for-{FACES}, html:not([data-cgan='{FASHION}']) .for-{FASHION} "
    "{ display: none !important; }"
)


def asked(checkpoint: str, hair: str, glasses: str, garment: str) -> Label:
    """What the pickers say, as far as it concerns this checkpoint."""
    said = {"hair": hair, "glasses": glasses, "garment": garment}
    return tuple(
        -1 if said[name] == ANY else list(classes).index(said[name])
        for name, classes in GROUPS[checkpoint].items()
    )


def every(checkpoint: str) -> list[Label]:
    """All labels, in the order of the film's columns: the first attribute runs fastest."""
    sizes = [range(len(classes)) for classes in GROUPS[checkpoint].values()]
    return [label[::-1] for label in product(*sizes[::-1])]


def by_lot(checkpoint: str, label: Label, seed: int, count: int) -> list[Label]:
    """One label per picture; what is `any` is drawn for picture k from seed + k, alone or in company."""
    import numpy as np

    sizes = [len(classes) for classes in GROUPS[checkpoint].values()]
    return [
        tuple(
            int(np.random.default_rng((seed + k, g)).integers(n)) if c < 0 else c
            for g, (c, n) in enumerate(zip(label, sizes, strict=True))
        )
        for k in range(count)
    ]


def words(checkpoint: str, label: Label, lang: str) -> str:
    """A label as it reads: "red, glasses". Who wears none is not told so."""
    groups = GROUPS[checkpoint].items()
    keys = [(name, list(classes)[c]) for (name, classes), c in zip(groups, label, strict=True)]
    return ", ".join(say(lang, *GROUPS[checkpoint][name][key]) for name, key in keys if key != "bare")


def differing(checkpoint: str, wanted: Label, got: Label, lang: str) -> str:
    """Where two labels differ, a line each: "red ≠ grey"."""
    groups = GROUPS[checkpoint].values()
    pairs = [(list(g.values()), a, b) for g, a, b in zip(groups, wanted, got, strict=True) if a != b]
    return "\n".join(f"{say(lang, *names[a])} ≠ {say(lang, *names[b])}" for names, a, b in pairs)


# ------------------------------------------------------------------------------------------ on the page


def follow(tab: kit.Tab) -> None:
    """Let the page know which checkpoint is in use, so that it shows its pickers."""
    kit.html(f"<style>{STYLE}</style>", visible=True)
    js = "name => { document.documentElement.dataset.cgan = name }"
    tab.checkpoint.change(None, tab.checkpoint, None, js=js, queue=False, api_visibility="private")


@contextmanager
def only(checkpoint: str) -> Iterator[None]:
    """Controls that are shown while this checkpoint is in use."""
    with gr.Column(elem_classes=f"for-{checkpoint}", min_width=0):
        yield


def picker(attribute: str, value: str, any_: bool, label: Pair | None = None) -> Any:
    group = next(g[attribute] for g in GROUPS.values() if attribute in g)
    choices = [(t("any", "cualquiera"), ANY)] if any_ else []
    choices += [(t(*pair), key) for key, pair in group.items()]
    return kit.choice(choices, t(*(label or ATTRIBUTES[attribute])), value, min_width=120)


def pickers(hair: str, glasses: str, garment: str, *, any_: bool = False, to: bool = False) -> list[Any]:
    """One picker per attribute; `to` names them as the end of a way."""
    ends = {k: (f"{en}, at the end", f"{es}, al final") for k, (en, es) in ATTRIBUTES.items()}
    names = ends if to else ATTRIBUTES
    with only(FACES), gr.Row():
        made = [picker("hair", hair, any_, names["hair"]), picker("glasses", glasses, any_, names["glasses"])]
    with only(FASHION):
        made.append(picker("garment", garment, any_, names["garment"]))
    return made
