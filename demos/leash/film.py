"""The film of a training: the same sentence and the same luck, told again at every look."""

from __future__ import annotations

import time
from collections.abc import Iterator

from demos import kit
from demos.kit import plots, say, t
from demos.kit.run import LIVE
from demos.leash import desk
from demos.leash.desk import Tale

FRAME = 0.18  # seconds
TOLD = {"en": slice(0, 2), "es": slice(2, 4)}  # which of the four stories of an entry


def film(checkpoint: str, tongue: str, leash: int, moment: int, seed: int, lang: str) -> Iterator[tuple]:
    """How a policy's stories changed while it was trained, as recorded then; up to a moment, 100 the end."""
    story = desk.record(f"leash-{desk.LEASHES[leash]}")["story"]
    last = max(1, round(moment / 100 * (len(story) - 1)))
    which = TOLD[tongue].start + seed % 2
    for k in range(last + 1):
        figures = {key: story[k][key] for key in ("reward", "true", "kl", "words", "variety")}
        yield (
            frame(story, k, which, lang),
            drawn(story, k, lang),
            {"step": story[k]["step"]} | {f"{key}_here": value for key, value in figures.items()},
        )
        time.sleep(FRAME if k < last else 0)


def frame(story: list[dict], k: int, which: int, lang: str) -> str:
    """The story as it began, and as it is told now."""
    first, now = Tale(story[0]["told"][which]), Tale(story[k]["told"][which])
    heads = (
        say(lang, "before PPO", "antes de PPO"),
        say(lang, f"step {story[k]['step']}", f"paso {story[k]['step']}"),
    )
    return desk.beside(*(desk.column(h, [tale], lang) for h, tale in zip(heads, (first, now), strict=True)))


def drawn(story: list[dict], k: int, lang: str) -> str:
    """Reward and rule over the steps so far; below, how many sentences are in use."""
    steps = [row["step"] for row in story]
    values = [row[key] for row in story for key in ("reward", "true")]
    room = 0.06 * (max(values) - min(values)) + 1e-6
    axes = plots.Axes(
        (0, max(1, steps[-1])), (min(values) - room, max(values) + room), width=620, height=280, left=46
    )
    lines = [
        plots.line(steps[: k + 1], [row[key] for row in story[: k + 1]], kind)
        for key, kind in (("true", "warm"), ("reward", "mark"))
    ]
    title = say(lang, "Means of 192 fresh stories", "Medias de 192 cuentos nuevos")
    across = say(lang, "steps of PPO", "pasos de PPO")
    return plots.plot(axes, *lines, title=title, across=across, up=True, lang=lang) + plots.legend(
        ("mark", say(lang, "learnt reward", "recompensa aprendida")),
        ("warm", say(lang, "the rule: what was wanted", "la regla: lo que se quería")),
    )


def film_code(checkpoint: str, tongue: str, leash: int, moment: int, seed: int) -> str:
    return (
        "import json\n\nfrom genmodels import hub\n\n"
        f'folder = hub.folder("{desk.NAME}") / "leash-{desk.LEASHES[leash]}"\n'
        'for row in json.loads((folder / "story.json").read_text(encoding="utf-8"))["story"]:\n'
        f'    print(row["step"], row["reward"], row["true"], row["told"][{TOLD[tongue].start + seed % 2}])\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("film", "The film of a cheat", "La película de una trampa") as view:
        with view.controls():
            leash = desk.leash_slider(0)
            moment = kit.slider(
                5, 100, 100, t("Up to, % of the training", "Hasta, % del entrenamiento"), step=5
            )
            tongue = desk.language_choice()
            seed = kit.seed(0, t("Luck (two were filmed: even, odd)", "Suerte (se filmaron dos: par, impar)"))
        with view.result():
            told, chart = kit.html(), kit.html()
        inputs = [tab.checkpoint, tongue, leash, moment, seed]
        view.run(film, inputs, [told, chart], ("Show", "Mostrar"), film_code, lane=LIVE)
        view.on([tongue.input, leash.release, moment.release], film)
        desk.in_spanish(tab, tongue)
