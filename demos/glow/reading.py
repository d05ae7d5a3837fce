"""What a reader of faces says of an edit: what was asked for, and what leaked.

The reader learnt faces of 64 pixels; a flow's are enlarged for it, both sides of a comparison alike. Only
attributes that it then still reads well are quoted. Changes are in units of how much each varies among faces.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plots, say

if TYPE_CHECKING:
    from torch import Tensor

READER = "attributes-faces"
NAMES = {  # the flow's directions
    "glasses": ("glasses", "anteojos"),
    "smile": ("smile", "sonrisa"),
    "age": ("age", "edad"),
    "presentation": ("masculine", "masculina"),
    "beard": ("beard", "barba"),
    "hat": ("hat", "sombrero"),
    "skin": ("darker skin", "piel más oscura"),
    "hair_blond": ("blond hair", "pelo rubio"),
    "hair_black": ("black hair", "pelo negro"),
    "hair_red": ("red hair", "pelo rojo"),
    "hair_volume": ("volume of hair", "volumen del pelo"),
    "turn": ("turned right", "girada a la derecha"),
    "tilt": ("tilted right", "inclinada"),
    "light": ("light from the right", "luz de la derecha"),
    "eye_open": ("open eyes", "ojos abiertos"),
    "face_width": ("wide face", "cara ancha"),
}
ALSO = {  # what else may leak
    "hair_grey": ("grey hair", "pelo gris"),
    "hair_brown": ("brown hair", "pelo castaño"),
    "style_bald": ("bald", "sin pelo"),
    "style_afro": ("afro", "afro"),
    "style_long_straight": ("long straight hair", "pelo largo y lacio"),
    "blush": ("blush", "rubor"),
    "jaw": ("square jaw", "mandíbula cuadrada"),
}
UNREAD = ("hair_volume", "eye_open")  # of 600 faces enlarged from 32 pixels it explains only a third


def name(attribute: str, lang: str) -> str:
    return say(lang, *(NAMES | ALSO)[attribute])


@lru_cache(maxsize=1)
def spread() -> dict[str, float]:
    """Standard deviation of each attribute among painted faces; the reader learnt numbers scaled to 1."""
    import numpy as np

    from genmodels.data.faces import ATTRIBUTES, random_face, vector

    table = np.stack([vector(random_face(seed)) for seed in range(1000)])
    yes_no = ((table == 0) | (table == 1)).all(0)
    return dict(zip(ATTRIBUTES, np.where(yes_no, table.std(0), 1.0).tolist(), strict=True))


def moved(before: Tensor, after: Tensor) -> dict[str, float]:
    """How far each attribute moved from one face (1, 3, 32, 32) to another, as the reader sees it."""
    import torch
    from torch.nn import functional as F

    from genmodels.metrics.features import AttributesNet

    with kit.model(AttributesNet, READER) as reader:
        x = F.interpolate(torch.cat([before, after]), scale_factor=2, mode="bicubic")
        out = reader.outputs(x.to(reader.device, reader.dtype)).float().cpu()
        read = torch.where(torch.tensor(reader.config.binary), out.sigmoid(), out)
        change = dict(zip(reader.config.attributes, (read[1] - read[0]).tolist(), strict=True))
    return {a: change[a] / max(spread()[a], 0.02) for a in (*NAMES, *ALSO) if a not in UNREAD}


def kind(attribute: str) -> str:
    """Hair can't turn blond without ceasing to be black: its colours are one kind."""
    return "hair" if attribute.startswith("hair_") and attribute != "hair_volume" else attribute


def split(changes: dict[str, float], asked: dict[str, float]) -> tuple[list[str], list[str]]:
    """Attributes that were asked for and those that were not, the largest change first."""
    wanted = {kind(a) for a, strength in asked.items() if strength}
    order = sorted(changes, key=lambda a: -abs(changes[a]))
    return [a for a in order if kind(a) in wanted], [a for a in order if kind(a) not in wanted]


def leak_of(changes: dict[str, float], asked: dict[str, float]) -> dict[str, float]:
    """Length of what changed unasked, over the length of what changed as asked."""
    wanted, leaked = (sum(changes[a] ** 2 for a in names) ** 0.5 for names in split(changes, asked))
    return {"leak": leaked / wanted} if wanted > 0.3 else {}


def verdict(changes: dict[str, float], asked: dict[str, float], lang: str) -> str:
    """The largest changes as bars, what was asked for before what leaked."""
    title = say(lang, "What the reader sees change", "Lo que el lector ve cambiar")
    if not any(asked.values()):
        words = say(lang, "Nothing: both strengths are 0.", "Nada: las dos intensidades son 0.")
        return f"<h4>{title}</h4><p>{words}</p>"
    about = say(
        lang,
        "From the real face to the edited one, in units of how much each attribute varies among faces.",
        "De la cara real a la editada, en unidades de cuánto varía cada atributo entre las caras.",
    )
    wanted, leaked = split(changes, asked)
    rows = [(name(a, lang), changes[a], "mark") for a in wanted[:4]]
    rows += [(name(a, lang), changes[a], "warm") for a in leaked[:6]]
    names = (("mark", say(lang, "asked for", "pedido")), ("warm", say(lang, "leaked", "se filtró")))
    span = max(2.0, *(abs(value) for _, value, _ in rows))
    return f"<h4>{title}</h4><p>{about}</p>{plots.legend(*names)}{plots.signed_bars(rows, span, lang)}"
