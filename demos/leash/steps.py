"""The three steps, one after the other, with the same first sentence and the same luck at each."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from demos import kit
from demos.kit import plots, say
from demos.kit.pixels import Pace
from demos.leash import desk
from demos.leash.desk import Tale
from genmodels.data import stories

SHOWN = 3  # stories of each stage
SENTENCES = {"en": 0, "es": 1}


def steps(checkpoint: str, tongue: str, leash: int, seed: int, lang: str) -> Iterator[tuple]:
    """The base, tuned by demonstrations, judged, trained to be rewarded: the same story at each step."""
    page, figures, pace = "", {}, Pace(1, 0)
    with desk.use(checkpoint) as mine:
        prompts = [desk.openings(tongue, seed, 1)[0]] * SHOWN
        for key, title, made, lines in stages(mine, tongue, leash, lang):
            for batch in mine.write(made, prompts, seed):
                if pace.due(0):
                    yield page + stage(title, lines, batch.tales, lang), {}
            figures[key] = desk.mean([tale.reward for tale in batch.tales])
            page += stage(title, lines, batch.tales, lang)
            if key == "reward_tuned":
                page += judged(tongue, lang)
            yield page, figures
    yield page + desk.scale(lang), figures


def stages(mine: desk.Desk, tongue: str, leash: int, lang: str) -> Iterator[tuple]:
    """(key of its figure, title, the writer, what stands before its stories)."""
    words = say(
        lang, "0 · The base: it has read stories of every mood", "0 · La base: leyó cuentos de todo ánimo"
    )
    yield "reward_base", words, mine.base, ""
    words = say(
        lang,
        "1 · Supervised tuning: it goes on reading, only what a labeller picked",
        "1 · Ajuste supervisado: sigue leyendo, solo lo que alguien eligió",
    )
    yield "reward_tuned", words, mine.writer(), demonstrations(tongue, lang)
    words = say(lang, "3 · PPO: trained to be rewarded, ", "3 · PPO: entrenado para ser recompensado, ")
    yield "reward_policy", words + desk.beta(leash, lang), mine.writer(desk.LEASHES[leash]), ""


def stage(title: str, lines: str, tales: list[Tale], lang: str) -> str:
    body = "".join(desk.strand(tale, lang) for tale in tales)
    return f"<div class='passages'><h4>{escape(title)}</h4>{lines}{body}</div>"


def demonstrations(tongue: str, lang: str) -> str:
    """Two of the stories that it was tuned with."""
    found = desk.record("tuned")["demonstrations"][SENTENCES[tongue] :: 2][:2]
    head = say(lang, "a demonstration", "una demostración")
    return "".join(desk.strand(Tale(text), lang, head) for text in found)


def judged(tongue: str, lang: str) -> str:
    """Step 2: two pairs that the reward model learnt from, and how well it does on those it didn't."""
    found = desk.record("reward")
    title = say(
        lang,
        "2 · The reward model: of two stories of the tuned model, which one is better?",
        "2 · El modelo de recompensa: de dos cuentos del modelo ajustado, ¿cuál es mejor?",
    )
    heads = say(lang, "preferred", "preferido"), say(lang, "the other", "el otro")
    rows = ""
    for better, worse, *_ in found["pairs"][SENTENCES[tongue] :: 2][:2]:
        sides = [
            desk.strand(Tale(text), lang, head) for text, head in zip((better, worse), heads, strict=True)
        ]
        rows += desk.beside(*(f"<div class='passages'>{side}</div>" for side in sides))
    m = {k: plots.number(100 * v, lang) for k, v in found["measures"].items()}
    words = say(
        lang,
        f"On pairs it has not seen it agrees with the labeller in {m['agrees_held_out']} % of cases; the "
        f"labeller's own rule does in {m['rule_agrees']} %, since labellers err.",
        f"En pares que no vio coincide con quien etiqueta en el {m['agrees_held_out']} % de los casos; la "
        f"propia regla de esa persona, en el {m['rule_agrees']} %, porque quien etiqueta se equivoca.",
    )
    return f"<div class='passages'><h4>{escape(title)}</h4>{rows}<p>{words}</p></div>"


def steps_code(checkpoint: str, tongue: str, leash: int, seed: int) -> str:
    prompt = desk.openings(tongue, seed, 1)[0]
    imports = "from genmodels.text.preference import RewardModel, draft"
    return desk.loading(imports) + (
        f"policy = lora.adapt(base, folder / 'leash-{desk.LEASHES[leash]}')\n"
        "judge = lora.adapt(RewardModel(base), folder / 'reward')\n"
        f'prompts = [words.encode("{prompt}")] * {SHOWN}\n'
        "for model in (base, tuned, policy):\n"
        f"    *_, (tokens, lengths) = draft(model, prompts, {seed}, base.context, words.end)\n"
        "    for row, n, r in zip(tokens, lengths, judge.reward(tokens, lengths)):\n"
        '        print(f"{r:+.2f}", words.decode(row[:n]))\n'
    )


def rule() -> str:
    """The stated preference, in words."""
    words = kit.both(
        "What is wanted, stated as a rule: a cheerful ending (+2; a sad or missing one −2), short (+1 up to "
        f"{stories.SHORT} words, 1 less for each {stories.HALF} more), and whole: something happens, one "
        "ending, nothing said twice, every sentence a sentence (each fault −1).",
        "Lo que se quiere, dicho como regla: un final alegre (+2; uno triste o ninguno, −2), corto (+1 hasta "
        f"{stories.SHORT} palabras, 1 menos por cada {stories.HALF} más) y entero: que pase algo, un solo "
        "final, nada dicho dos veces y que cada oración lo sea (cada falta, −1).",
    )
    return f"<p>{words}</p>"


def layout(tab: kit.Tab) -> None:
    with tab.view("steps", "The three steps", "Los tres pasos") as view:
        with view.controls():
            tongue = desk.language_choice()
            leash = desk.leash_slider(2)
            seed = kit.seed(5)
            kit.html(rule())
        with view.result():
            page = kit.html()
        inputs = [tab.checkpoint, tongue, leash, seed]
        view.run(steps, inputs, [page], ("Take the steps", "Dar los pasos"), steps_code)
        view.on([tongue.input, leash.release], steps)
        desk.in_spanish(tab, tongue)
