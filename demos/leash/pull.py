"""The leash: what a policy writes at each, and where that lies between the learnt reward and the rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import Pace
from demos.leash import desk
from genmodels.data import stories

if TYPE_CHECKING:
    from genmodels.text.gpt import GPT

COUNT, SHOWN = 32, 3  # stories that are measured, that are shown


def pull(checkpoint: str, tongue: str, leash: int, strength: float, seed: int, lang: str) -> Iterator[tuple]:
    """The tuned model and a leash's policy, same sentences, same luck; the curve of reward and KL."""
    pace = Pace(1, 0)
    heads = (
        say(lang, "the tuned model", "el modelo ajustado"),
        say(lang, "the policy, ", "la política, ") + desk.beta(leash, lang),
    )
    with desk.use(checkpoint) as mine:
        prompts = desk.openings(tongue, seed, COUNT)
        models, found = (mine.writer(), mine.writer(desk.LEASHES[leash], strength)), []
        columns = ["", ""]
        for i, model in enumerate(models):
            for batch in mine.write(model, prompts, seed):
                if pace.due(0):
                    columns[i] = desk.column(heads[i], batch.tales[:SHOWN], lang)
                    yield desk.beside(*columns), "", {}
            columns[i] = desk.column(heads[i], batch.tales[:SHOWN], lang)
            found.append(measured(batch, model, models[0]))
            yield desk.beside(*columns), "", {}
    figures = {f"{k}_here": v for k, v in found[1].items()}
    yield desk.beside(*columns) + desk.scale(lang), curve(leash, found, lang), figures


def measured(batch: desk.Batch, model: GPT, tuned: GPT) -> dict[str, float]:
    """Learnt reward, rule, KL to the tuned model in nats per story, words, sentences in use."""
    import torch

    from genmodels.text.preference import divergence, written

    own = written(batch.starts, batch.lengths, batch.tokens.shape[1])
    with torch.no_grad():
        nats = divergence(model, tuned, batch.tokens.to(model.device)).cpu() * own
    return {
        "reward": desk.mean([tale.reward for tale in batch.tales]),
        "true": desk.mean([tale.true for tale in batch.tales]),
        "kl": max(0.0, nats.sum(1).mean().item()),
        "words": desk.mean([stories.read(tale.text).words for tale in batch.tales]),
        "variety": stories.variety([tale.text for tale in batch.tales]),
    }


def curve(leash: int, found: list[dict[str, float]], lang: str) -> str:
    """Learnt reward and rule against the distance to the tuned model: all trainings, and this run."""
    paths = [desk.record(f"leash-{name}") for name in desk.LEASHES]
    return plots.figures(
        *(chart(key, title, paths, leash, found[1], lang) for key, title in titles(lang)), least=300
    ) + plots.legend(
        ("soft", say(lang, "each leash's training, its end a dot", "el camino de cada una, y su final")),
        ("mark", say(lang, "the leash chosen", "la correa elegida")),
        ("warm", say(lang, "the stories above", "los cuentos de arriba")),
    )  # fmt: skip


def titles(lang: str) -> tuple[tuple[str, str], ...]:
    return (
        ("reward", say(lang, "Learnt reward", "Recompensa aprendida")),
        ("true", say(lang, "What was wanted: the rule", "Lo que se quería: la regla")),
    )


def chart(key: str, title: str, paths: list[dict], leash: int, here: dict[str, float], lang: str) -> str:
    """One of both against the root of the KL: in a flat space, a distance."""
    rows = [row for path in paths for row in path["story"]]
    low, high = (f([row[key] for row in rows] + [here[key]]) for f in (min, max))
    room = 0.08 * (high - low) + 1e-6
    far = max(row["kl"] for row in [*rows, here]) ** 0.5
    axes = plots.Axes((0, 1.04 * far + 1e-6), (low - room, high + room), width=420, height=300, left=46)
    marks = []
    for k in [i for i in range(len(paths)) if i != leash] + [leash]:  # the chosen one on top
        x = [row["kl"] ** 0.5 for row in paths[k]["story"]]
        y, kind = [row[key] for row in paths[k]["story"]], "mark" if k == leash else "soft"
        marks += [plots.line(x, y, kind), plots.dots(x[-1:], y[-1:], kind, 5.0)]
    marks.append(plots.dots([here["kl"] ** 0.5], [here[key]], "warm", 6.5))
    across = say(lang, "√KL to the tuned model", "√KL hasta el modelo ajustado")
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang)


def pull_code(checkpoint: str, tongue: str, leash: int, strength: float, seed: int) -> str:
    prompt = desk.openings(tongue, seed, 1)[0]
    return desk.loading("from genmodels.text.preference import draft") + (
        f"start = lora.adapt(base, folder / 'tuned', {1 - strength:g})\n"
        f"policy = lora.adapt(start, folder / 'leash-{desk.LEASHES[leash]}', {strength:g})\n"
        f'prompt = words.encode("{prompt}")\n'
        "for model in (tuned, policy):\n"
        f"    *_, (tokens, n) = draft(model, [prompt], {seed}, base.context, words.end)\n"
        "    print(words.decode(tokens[0, : n[0]]))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("leash", "The leash", "La correa") as view:
        with view.controls():
            leash = desk.leash_slider(0)
            words = t(
                "How far along from the tuned model (1: as trained)",
                "Cuánto del camino desde el ajustado (1: como se entrenó)",
            )
            strength = kit.slider(0, 1.5, 1, words, step=0.05)
            tongue = desk.language_choice()
            seed = kit.seed(1)
        with view.result():
            told, drawn = kit.html(), kit.html()
        inputs = [tab.checkpoint, tongue, leash, strength, seed]
        view.run(pull, inputs, [told, drawn], ("Write", "Escribir"), pull_code)
        view.on([tongue.input, leash.release, strength.release], pull)
        desk.in_spanish(tab, tongue)
