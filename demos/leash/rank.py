"""The visitor's own reward: rank pairs of stories, and eight weights are fitted after every choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.kit import plots, say, t
from demos.kit.inputs import refuse
from demos.kit.pixels import Pace
from demos.leash import desk
from demos.leash.desk import Tale
from genmodels.data import stories

if TYPE_CHECKING:
    from torch import Tensor

PAIRS, OTHERS = 30, 24  # to be ranked; stories that the fitted head then puts in order
SHOWN = 3  # of those, the best and the worst
NAMES = {
    "cheerful": ("a cheerful ending", "final alegre"), "sad": ("a sad ending", "final triste"),
    "words": ("ten words more", "diez palabras más"), "exclaims": ("an exclamation mark", "un signo !"),
    "trouble": ("a trouble", "un problema"), "help": ("help", "ayuda"),
    "weather": ("weather, details", "clima, detalles"), "faults": ("a fault", "una falta"),
}  # fmt: skip
TASTES = {  # labellers who answer for the visitor: what they add up
    "me": {}, "cheer": {"cheerful": 2.0, "sad": -2.0, "words": -0.5},
    "gloom": {"sad": 3.0, "cheerful": -3.0}, "long": {"words": 2.0}, "loud": {"exclaims": 3.0},
}  # fmt: skip
QUIET = {"api_visibility": "private", "show_progress": "hidden", "queue": False}


def rank(
    checkpoint: str, tongue: str, seed: int, who: str, choices: str, count: int, lang: str
) -> Iterator[tuple]:
    """Fit a Bradley-Terry head to choices between pairs ("ABBA"), yours or another's."""
    import torch

    check(choices)
    pace = Pace(1, 0)
    with desk.use(checkpoint) as mine:
        prompts = [p for p in desk.openings(tongue, seed, PAIRS) for _ in (0, 1)]
        prompts += desk.openings(tongue, seed + 500, OTHERS)
        for batch in mine.write(mine.writer(), prompts, seed):
            tales = batch.tales
            if pace.due(0):
                yield gr.skip(), gr.skip(), {}
    answers = choices[:PAIRS] if who == "me" else by_taste(tales, TASTES[who], count, seed)
    x = torch.tensor([list(stories.traits(tale.text).values()) for tale in tales])
    a, b = x[0 : 2 * PAIRS : 2], x[1 : 2 * PAIRS : 2]
    sign = torch.tensor([1.0 if c == "A" else -1.0 for c in answers])[:, None]
    learnt = sign * (a - b)[: len(answers)]
    head, spread = fitted(learnt)
    figures = {"choices": len(answers)} | foretold(learnt)
    yield asked(tales, len(answers), who, lang), about(head, spread, x, tales, lang), figures


def check(choices: str) -> None:
    if set(choices) - set("AB"):
        raise refuse("Choices are letters A and B.", "Las elecciones son letras A y B.")


def by_taste(tales: list[Tale], taste: dict[str, float], count: int, seed: int) -> str:
    """The answers of a labeller who adds up traits, and errs as a sigmoid does."""
    import numpy as np

    rng, found = np.random.default_rng(seed), ""
    for k in range(count):
        sums = [
            sum(weight * stories.traits(tale.text)[name] for name, weight in taste.items())
            for tale in tales[2 * k : 2 * k + 2]
        ]
        found += "A" if rng.random() < 1 / (1 + np.exp(sums[1] - sums[0])) else "B"
    return found


def fitted(learnt: Tensor) -> tuple[Tensor, Tensor]:
    """Weights and their standard deviations."""
    from genmodels.text.preference import fit_head

    head, covariance = fit_head(learnt)
    return head, covariance.diagonal().sqrt()


def foretold(learnt: Tensor) -> dict[str, float]:
    """How many choices a head fitted to those before would have guessed: none is told what it guesses."""
    right = sum(
        float((learnt[k] @ fitted(learnt[:k])[0]) > 0) for k in range(1, len(learnt))
    )  # the first has nothing before it
    return {"foretold": 100 * right / (len(learnt) - 1)} if len(learnt) > 1 else {}


def asked(tales: list[Tale], done: int, who: str, lang: str) -> str:
    """The next pair."""
    if who != "me":
        words = say(lang, f"It has answered {done} pairs.", f"Respondió {done} pares.")
        words += " " + say(lang, "The first of them:", "El primero:")
        done = 0
    elif done >= PAIRS:
        return f"<p>{say(lang, 'That was the last pair.', 'Ese era el último par.')}</p>"
    else:
        words = say(
            lang,
            f"Pair {done + 1} of {PAIRS}: which one is better?",
            f"Par {done + 1} de {PAIRS}: ¿cuál es mejor?",
        )
    sides = [
        f"<div class='passages'><h4>{name}</h4><div class='strand'>{desk.plain(tale.text)}</div></div>"
        for name, tale in zip("AB", tales[2 * done : 2 * done + 2], strict=True)
    ]
    return f"<p>{words}</p>{desk.beside(*sides)}"


def about(head: Tensor, spread: Tensor, x: Tensor, tales: list[Tale], lang: str) -> str:
    """What was learnt: the weights, and the other stories in its order."""
    rows = [
        (say(lang, *NAMES[name]), w, "mark" if w > 0 else "warm")
        for name, w in zip(NAMES, head.tolist(), strict=True)
    ]
    title = say(lang, "What it believes is worth something", "Lo que cree que vale algo")
    sure = [say(lang, *NAMES[n]) for n, w, s in zip(NAMES, head, spread, strict=True) if abs(w) > 2 * s]
    words = say(lang, "Sure of (two deviations): ", "Tiene seguridad (dos desviaciones) sobre: ")
    words += ", ".join(sure) if sure else say(lang, "nothing yet", "nada todavía")
    bars = plots.signed_bars(rows, max(1.0, float(head.abs().max())), lang)
    return f"<h4>{title}</h4>{bars}<p>{words}.</p>" + ordered(x @ head, tales, lang)


def ordered(worth: Tensor, tales: list[Tale], lang: str) -> str:
    """Of the stories that were not ranked, those it likes best and least."""
    if not worth.abs().max():
        return ""
    others = sorted(range(2 * PAIRS, len(tales)), key=lambda k: -worth[k])
    halves = []
    for title, chosen in (
        (say(lang, "Of others, it likes best", "De otros, los que más le gustan"), others[:SHOWN]),
        (say(lang, "and least", "y los que menos"), others[-SHOWN:]),
    ):
        body = "".join(f"<div class='strand'>{desk.plain(tales[k].text)}</div>" for k in chosen)
        halves.append(f"<div class='passages'><h4>{title}</h4>{body}</div>")
    return desk.beside(*halves)


def rank_code(checkpoint: str, tongue: str, seed: int, who: str, choices: str, count: int) -> str:
    answers = choices or "ABBA"
    return (
        "import numpy as np\nimport torch\n\n"
        "from genmodels.data import stories\n"
        "from genmodels.text.preference import fit_head\n\n"
        f"rng = np.random.default_rng({seed})\n"
        f'pairs = [[stories.story(rng, "{tongue}") for _ in "AB"] for _ in "{answers}"]\n'
        "traits = torch.tensor([[list(stories.traits(s).values()) for s in pair] for pair in pairs])\n"
        f'sign = torch.tensor([1.0 if c == "A" else -1.0 for c in "{answers}"])\n'
        "weights, covariance = fit_head(sign[:, None] * (traits[:, 0] - traits[:, 1]))\n"
        "print(dict(zip(stories.traits(pairs[0][0]), weights.tolist())))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("rank", "You are the labeller", "Tú etiquetas") as view:
        with view.controls():
            with gr.Row():
                a = gr.Button(t("A is better", "A es mejor"), min_width=90)
                b = gr.Button(t("B is better", "B es mejor"), min_width=90)
                back = gr.Button(t("Undo", "Deshacer"), min_width=70)
            choices = kit.words("", t("Your choices so far", "Tus elecciones"), longest=PAIRS)
            who = kit.choice(
                [
                    (t("I do", "Yo"), "me"),
                    (
                        t("someone who likes it short and cheerful", "alguien que lo quiere corto y alegre"),
                        "cheer",
                    ),
                    (t("someone who likes sad endings", "alguien que ama los finales tristes"), "gloom"),
                    (t("someone paid by the word", "alguien a quien le pagan por palabra"), "long"),
                    (t("someone who likes it loud", "alguien que quiere ruido"), "loud"),
                ],
                t("Who answers", "Quién responde"),
            )
            count = kit.slider(
                1, PAIRS, 20, t("Pairs that another answers", "Pares que responde otro"), step=1
            )
            tongue = desk.language_choice()
            seed = kit.seed(1)
        with view.result():
            pair, learnt = kit.html(), kit.html()
        inputs: list[Any] = [tab.checkpoint, tongue, seed, who, choices, count]
        view.run(rank, inputs, [pair, learnt], ("Fit", "Ajustar"), rank_code)
        for button, js in ((a, "c => c + 'A'"), (b, "c => c + 'B'"), (back, "c => c.slice(0, -1)")):
            button.click(None, choices, choices, js=f"({js})", **QUIET)
        view.on([choices.change, tongue.input, who.input, count.release], rank)
        desk.in_spanish(tab, tongue)
