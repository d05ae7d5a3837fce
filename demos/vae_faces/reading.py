"""What the attribute reader says of an edit: what was asked for, and what leaked.

The reader is a small network that reads all attributes of a painted face; only those that it reads well are
shown. Changes are in units of how much each attribute varies among faces, so that a smile and a hat compare.
"""

from functools import lru_cache
from typing import Any

from demos import kit
from demos.kit import card, plots, say
from demos.vae_faces.words import NAMES, name

READER = "attributes-faces"
TRUSTED = {"number": 0.65, "yes or no": 0.8}  # least share of variance explained, least area under the curve
TABLE = (  # directions of the leak table
    "smile", "age", "skin", "presentation", "glasses", "beard", "hat", "hair_black", "hair_blond",
    "hair_grey", "hair_dyed", "style_bald", "style_long_straight", "style_afro", "turn",
)  # fmt: skip


@lru_cache(maxsize=1)
def spread() -> dict[str, float]:
    """Standard deviation of each attribute among painted faces; the reader learnt numbers scaled to 1."""
    import numpy as np

    from genmodels.data.faces import ATTRIBUTES, random_face, vector

    table = np.stack([vector(random_face(seed)) for seed in range(1000)])
    yes_no = ((table == 0) | (table == 1)).all(0)
    return dict(zip(ATTRIBUTES, np.where(yes_no, table.std(0), 1.0).tolist(), strict=True))


def trusted(attribute: str) -> bool:
    """Whether the reader reads it well enough to be quoted."""
    from genmodels.data.faces import SIGNED, UNSIGNED

    kind = "number" if attribute in SIGNED or attribute in UNSIGNED else "yes or no"
    return card.metrics(READER).get("measures", {}).get(f"of {attribute}", 1.0) >= TRUSTED[kind]


def moved(before: Any, after: Any) -> dict[str, float]:
    """How far each attribute moved from one face to another, as the reader sees it."""
    import torch

    from genmodels.metrics.features import AttributesNet

    with kit.model(AttributesNet, READER) as reader:
        x = torch.cat([before, after]).to(reader.device, reader.dtype)
        out = reader.outputs(x).float().cpu()
        read = torch.where(torch.tensor(reader.config.binary), out.sigmoid(), out)
        change = dict(zip(reader.config.attributes, (read[1] - read[0]).tolist(), strict=True))
    return {a: change[a] / max(spread()[a], 0.02) for a in NAMES if a in change and trusted(a)}


def kind(attribute: str) -> str:
    """Hair can't turn blond without ceasing to be black: colours of hair are one kind, and so are styles."""
    one_of = attribute.startswith(("hair_", "style_")) and attribute != "hair_volume"
    return attribute.split("_")[0] if one_of else attribute


def split(changes: dict[str, float], alphas: dict[str, float]) -> tuple[list[str], list[str]]:
    """Attributes that were asked for and those that were not, the largest change first."""
    wanted = {kind(a) for a, alpha in alphas.items() if alpha}
    order = sorted(changes, key=lambda a: -abs(changes[a]))
    return [a for a in order if kind(a) in wanted], [a for a in order if kind(a) not in wanted]


def leak_of(changes: dict[str, float], alphas: dict[str, float]) -> dict[str, float]:
    """Length of what changed unasked, over the length of what changed as asked."""
    wanted, leaked = (sum(changes[a] ** 2 for a in names) ** 0.5 for names in split(changes, alphas))
    return {"leak": leaked / wanted} if wanted > 0.3 else {}


def verdict(changes: dict[str, float], alphas: dict[str, float], lang: str) -> str:
    """The largest changes as bars, what was asked for before what leaked."""
    title = say(lang, "What the reader sees change", "Lo que el lector ve cambiar")
    if not any(alphas.values()):
        words = say(lang, "Nothing: no slider is moved.", "Nada: ningún control se movió.")
        return f"<h4>{title}</h4><p>{words}</p>"
    unit = say(
        lang,
        "From “decoded” to “edited”, in units of how much each attribute varies among faces.",
        "De «decodificada» a «editada», en unidades de cuánto varía cada atributo entre las caras.",
    )
    wanted, leaked = split(changes, alphas)
    rows = [(name(a, lang), changes[a], "mark") for a in wanted[:6]]
    rows += [(name(a, lang), changes[a], "warm") for a in leaked[:6]]
    names = (("mark", say(lang, "asked for", "pedido")), ("warm", say(lang, "leaked", "se filtró")))
    span = max(2.0, *(abs(value) for _, value, _ in rows))
    return f"<h4>{title}</h4><p>{unit}</p>{plots.legend(*names)}{plots.signed_bars(rows, span, lang)}"


def leak_table(checkpoint: str, lang: str) -> str:
    """The same for every direction, measured over many faces when the directions were made."""
    leak = card.metrics(checkpoint).get("leak")
    if not leak:
        return ""
    chosen = [a for a in TABLE if a in leak["attributes"] and trusted(a)]
    places = [leak["attributes"].index(a) for a in chosen]
    matrix = [[leak["matrix"][i][j] for j in places] for i in places]
    words = [name(a, lang) for a in chosen]
    title = say(lang, "What each direction drags along", "Lo que arrastra cada dirección")
    about = say(
        lang,
        "Each row adds one direction to many faces that the model has not seen; each column is an attribute, "
        "as the reader sees it change. The direction's own effect is 1; off the diagonal is leak.",
        "Cada fila suma una dirección a muchas caras que el modelo no vio; cada columna es un atributo, como "
        "lo ve cambiar el lector. El efecto propio de la dirección es 1; fuera de la diagonal está la fuga.",
    )
    return f"<h4>{title}</h4><p>{about}</p>{plots.heat(words, words, matrix, lang)}"
