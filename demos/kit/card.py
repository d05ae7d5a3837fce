"""What the page says about a tab and about a checkpoint: heading, card of the home, label of a model."""

import html
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import demos
from demos.kit import numbers
from demos.kit.lang import both, say
from genmodels import hub

SHORT = 8  # rows of a label that a phone shows
ART = Path(__file__).parent.parent / "art"


def order() -> list[str]:
    return [stem for _, stems in demos.CHAPTERS for stem in stems]


def chapter(stem: str) -> tuple[str, str]:
    return next(title for title, stems in demos.CHAPTERS if stem in stems)


def heading(stem: str, module: ModuleType) -> str:
    return (
        f"<header class='heading'><p class='crumb'>{both(*chapter(stem))}</p>"
        f"<h1>{both(*module.TITLE)}</h1><p class='lead'>{both(*module.CARD)}</p></header>"
    )


def home_card(stem: str, module: ModuleType) -> str:
    """One picture, one sentence, one measure. A tab without weights has nothing that was measured before."""
    name, key = getattr(module, "MEASURE", ("", ""))
    value = metrics(name).get("measures", {}).get(key) if name else None
    figure = ""
    if value is not None:
        words = numbers.WORDS[key]
        en, es = (f"{numbers.text(key, value, lang)} {words[i]}" for i, lang in enumerate(("en", "es")))
        figure = f"<p class='measure'>{both(en, es)}</p>"
    picture = f"art/{stem}.webp" if (ART / f"{stem}.webp").exists() else ""
    image = f"<img src='{picture}' alt='' width='480' height='300' loading='lazy'>" if picture else ""
    return (
        f"<a class='card' href='{stem}' data-tab='{stem}'>{image}<div><h3>{both(*module.TITLE)}</h3>"
        f"<p>{both(*module.CARD)}</p>{figure}</div></a>"
    )


def title(checkpoint: hub.Checkpoint, lang: str) -> str:
    return checkpoint.spanish[0] if lang == "es" and checkpoint.spanish else checkpoint.title


def choice(checkpoint: hub.Checkpoint, lang: str) -> str:
    size = numbers.text("bytes", checkpoint.size or checkpoint.about or local_size(checkpoint), lang)
    return f"{title(checkpoint, lang)} · {size}" + ("" if checkpoint.bundled else " · Hub")


def local_size(checkpoint: hub.Checkpoint) -> int:
    file = hub.WEIGHTS / checkpoint.name / checkpoint.file
    return file.stat().st_size if file.exists() else 0


def metrics(name: str) -> dict[str, Any]:
    """What the measuring command wrote beside the weights. A Hub checkpoint has none of ours."""
    file = hub.WEIGHTS / name / "metrics.json"
    return json.loads(file.read_text()) if "/" not in name and file.exists() else {}


def about(checkpoint: hub.Checkpoint, lang: str, note: str = "") -> str:
    """Size, licence, data, our measures of it, and whether this machine can hold it."""
    from genmodels import runtime

    found = metrics(checkpoint.name)
    size = checkpoint.size or checkpoint.about or local_size(checkpoint)
    data = checkpoint.spanish[1] if lang == "es" and checkpoint.spanish else checkpoint.data
    rows = [
        (say(lang, "data", "datos"), html.escape(data)),
        (say(lang, "licence", "licencia"), html.escape(checkpoint.licence)),
        (say(lang, "size", "tamaño"), numbers.text("bytes", size, lang)),
    ]
    if "parameters" in found:
        rows.append(
            (numbers.WORDS["parameters"][lang == "es"], numbers.text("parameters", found["parameters"], lang))
        )
    for key, value in found.get("measures", {}).items():
        if key in numbers.WORDS and isinstance(value, int | float):
            rows.append((say(lang, *numbers.WORDS[key]), numbers.text(key, value, lang)))
    room = runtime.pool.budget(runtime.device())
    if size > room:
        need, has = (numbers.text("bytes", n, lang) for n in (size, room))
        note = say(lang, f"Too big for here: {need} of {has}.", f"No cabe aquí: {need} de {has}.")
    cells = "".join(
        f"<li{'' if i < SHORT else ' class=more'}><span>{k}</span> <b>{v}</b></li>"
        for i, (k, v) in enumerate(rows)
    )
    return (f"<p class='warn'>{html.escape(note)}</p>" if note else "") + f"<ul class='label'>{cells}</ul>"
