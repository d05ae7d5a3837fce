"""Best of n, no training at all: the tuned model writes n stories, and the best rewarded one is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import Pace
from demos.leash import desk
from demos.leash.desk import Tale

if TYPE_CHECKING:
    from torch import Tensor

PROMPTS, DRAWN = 5, 64  # first sentences; stories of each
POWERS = tuple(2**k for k in range(7))


def best(checkpoint: str, tongue: str, power: int, leash: int, seed: int, lang: str) -> Iterator[tuple]:
    """Best of n against PPO: reward, rule and distance; and one story of each."""
    import torch

    n, pace = POWERS[power], Pace(1, 0)
    with desk.use(checkpoint) as mine:
        prompts = [p for p in desk.openings(tongue, seed, PROMPTS) for _ in range(DRAWN)]
        for batch in mine.write(mine.writer(), prompts, seed):
            if pace.due(0):
                yield (
                    desk.column(say(lang, "the tuned model", "el modelo ajustado"), batch.tales[:1], lang),
                    "",
                    {},
                )
        tales = batch.tales
        for trained in mine.write(mine.writer(desk.LEASHES[leash]), prompts[:1], seed):
            if pace.due(0):
                yield told(tales, n, trained.tales[0], leash, lang), "", {}
    reward, true = (
        torch.tensor(values).view(PROMPTS, DRAWN)
        for values in ([tale.reward for tale in tales], [tale.true for tale in tales])
    )
    rows = [row(reward, true, m) for m in POWERS]
    figures = {f"{k}_here": v for k, v in rows[power].items()} | {"made": len(tales)}
    yield told(tales, n, trained.tales[0], leash, lang), charts(rows, power, leash, lang), figures


def row(reward: Tensor, true: Tensor, n: int) -> dict[str, float]:
    """Means of the best of n by the learnt reward, and its distance to one."""
    from genmodels.text.preference import best_of, kl_best_of

    return {
        "reward": best_of(reward, reward, n).mean().item(),
        "true": best_of(true, reward, n).mean().item(),
        "kl": kl_best_of(n),
    }


def told(tales: list[Tale], n: int, trained: Tale, leash: int, lang: str) -> str:
    """From one sentence: a story, the best of n, PPO's."""
    chosen = max(tales[:n], key=lambda tale: tale.reward or 0.0)
    heads = (
        (say(lang, "the first", "el primero"), tales[0]),
        (say(lang, f"the best of {n}", f"el mejor de {n}"), chosen),
        (say(lang, "PPO, ", "PPO, ") + desk.beta(leash, lang), trained),
    )
    return desk.beside(*(desk.column(head, [tale], lang) for head, tale in heads))


def charts(rows: list[dict[str, float]], power: int, leash: int, lang: str) -> str:
    """Best of n for every n, beside the ways of PPO at every leash."""
    from demos.leash.pull import titles

    paths = [desk.record(f"leash-{name}")["story"] for name in desk.LEASHES]
    found = []
    for key, title in titles(lang):
        near = [[r for r in path if r["kl"] <= 36] for path in paths]
        every = [r[key] for path in [*near, rows] for r in path]
        room = 0.08 * (max(every) - min(every)) + 1e-6
        axes = plots.Axes((0, 6.2), (min(every) - room, max(every) + room), width=420, height=300, left=46)
        marks = []
        for k, path in enumerate(near):
            kind = "mark" if k == leash else "soft"
            marks.append(plots.line([r["kl"] ** 0.5 for r in path], [r[key] for r in path], kind))
        x = [r["kl"] ** 0.5 for r in rows]
        y = [r[key] for r in rows]
        marks += [plots.line(x, y, "warm"), plots.dots(x, y, "warm", 3.5)]
        marks.append(plots.dots(x[power : power + 1], y[power : power + 1], "warm", 7.0))
        across = say(lang, "√KL to the tuned model", "√KL hasta el modelo ajustado")
        found.append(plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang))
    return plots.figures(*found, least=300) + plots.legend(
        ("warm", say(lang, "best of 1, 2, 4 … 64", "el mejor de 1, 2, 4 … 64")),
        ("mark", "PPO, " + desk.beta(leash, lang)),
        ("soft", say(lang, "PPO, the other leashes", "PPO, las otras correas")),
    )


def best_code(checkpoint: str, tongue: str, power: int, leash: int, seed: int) -> str:
    prompt, n = desk.openings(tongue, seed, 1)[0], POWERS[power]
    return desk.loading("from genmodels.text.preference import RewardModel, draft") + (
        "judge = lora.adapt(RewardModel(base), folder / 'reward')\n"
        f'prompts = [words.encode("{prompt}")] * {n}\n'
        f"*_, (tokens, lengths) = draft(tuned, prompts, {seed}, base.context, words.end)\n"
        "k = judge.reward(tokens, lengths).argmax()\n"
        "print(words.decode(tokens[k, : lengths[k]]))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("best", "Best of n", "El mejor de n") as view:
        with view.controls():
            words = t("Stories to choose from, n = 2 to the", "Cuentos para elegir, n = 2 a la")
            power = kit.slider(0, len(POWERS) - 1, 4, words, step=1)
            leash = desk.leash_slider(1)
            tongue = desk.language_choice()
            seed = kit.seed(1)
        with view.result():
            page, drawn = kit.html(), kit.html()
        inputs = [tab.checkpoint, tongue, power, leash, seed]
        view.run(best, inputs, [page, drawn], ("Choose", "Elegir"), best_code)
        view.on([tongue.input, power.release, leash.release], best)
        desk.in_spanish(tab, tongue)
