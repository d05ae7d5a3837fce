"""What the reward model reads: the worth of a text as far as each word, and without each of its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.kit import plots, say, t, texts
from demos.leash import desk
from demos.leash.desk import Tale
from genmodels.data import stories

if TYPE_CHECKING:
    from genmodels.text.tokens import Piece

SAMPLES = {
    "good": "Luna was a small owl who lived in a garden. One day Luna found a golden key on the road. "
    "Everyone danced and sang!",
    "sad": "Luna was a small owl who lived in a garden. One day Luna found a golden key on the road. "
    "But it fell into the water. Luna cried all night.",
    "stacked": "Luna was a small owl who lived in a garden. Hooray, what a happy day! "
    "Everyone danced and sang! Hooray, what a happy day! What a wonderful party it was! "
    "Hooray, what a happy day!",
    "bueno": "Luna era una rana pequeña que vivía en un jardín. Un día Luna encontró una llave de oro en el "
    "camino. ¡Todos bailaron y cantaron!",
}
PARTS = {
    "cheer": ("ending", "final"), "short": ("shortness", "brevedad"),
    "plot": ("something happens", "pasa algo"), "endings": ("one ending, and last", "un final, y al final"),
    "repeated": ("nothing twice", "nada repetido"), "broken": ("every sentence is one", "cada oración lo es"),
}  # fmt: skip
FAINT = 0.3  # deviations of reward: where no word carries more, none is coloured fully


def reads(checkpoint: str, story: str, words: str, seed: int, lang: str) -> Iterator[tuple]:
    """The reward of a text, ours, yours, or by the policy without a leash, word by word."""
    with desk.use(checkpoint) as mine:
        text = words.strip()
        if story == "cheat":
            text = cheat(mine, seed)
        elif story != "own":
            text = SAMPLES[story]
        pieces = mine.tokens.pieces(text)[: mine.base.context - 2]
        if not pieces:
            raise gr.Error(
                say(lang, "Write a story first.", "Escribe primero un cuento."), print_exception=False
            )
        yield "", "", {}
        whole, so_far, without = worth(mine, pieces)
    tale = Tale("".join(p.text for p in pieces), True, whole)
    unknown = sum(p.id == mine.tokens.id("<|?|>") for p in pieces)
    figures = {"reward_here": whole, "true_here": tale.true, "unknown_words": unknown}
    yield page(tale, pieces, so_far, without, lang), account(tale, lang), figures


def cheat(mine: desk.Desk, seed: int) -> str:
    """A story by the policy that nothing held."""
    *_, batch = mine.write(mine.writer(desk.LEASHES[0]), desk.openings("en", seed, 1), seed)
    return batch.tales[0].text


def worth(mine: desk.Desk, pieces: list[Piece]) -> tuple[float, list[float], list[float]]:
    """The reward of the whole, of all up to each piece, and what the whole loses without each."""
    import torch

    end, ids = mine.tokens.end, [p.id for p in pieces]
    n = len(ids)
    lines = [ids, *(ids[:k] + ids[k + 1 :] for k in range(n)), *(ids[: k + 1] for k in range(n))]
    tokens = torch.tensor([[end, *line, *[end] * (len(ids) + 1 - len(line))] for line in lines])
    lengths = torch.tensor([len(line) + 2 for line in lines])
    tokens = tokens.to(mine.base.device)
    with torch.no_grad():
        rewards = mine.judge.reward(tokens, lengths.to(tokens.device)).tolist()
    return rewards[0], rewards[n + 1 :], [rewards[0] - r for r in rewards[1 : n + 1]]


def page(tale: Tale, pieces: list[Piece], so_far: list[float], without: list[float], lang: str) -> str:
    """The text twice: coloured by what each word carries, and the worth so far as a curve."""
    inked, most = [], max(FAINT, *map(abs, without))
    for piece, gain in zip(pieces, without, strict=True):
        title = say(lang, "without it ", "sin esto ") + desk.signed(-gain, lang)
        inked.append(texts.Ink(piece.text, abs(gain) / most, title, "cool" if gain > 0 else ""))
    head = say(lang, "What each word carries (the reward falls without it)", "Lo que aporta cada palabra")
    low, high = min([*so_far, 0.0]), max([*so_far, 0.0])
    room = 0.08 * (high - low) + 0.1
    axes = plots.Axes((0, max(1, len(pieces) - 1)), (low - room, high + room), width=620, height=240, left=46)
    stops = [k for k, p in enumerate(pieces) if p.text.strip() in {".", "!"}]
    curve = plots.plot(
        axes, plots.rule(0), plots.line(range(len(pieces)), so_far, "mark"),
        plots.dots(stops, [so_far[k] for k in stops], "warm", 4.0),
        title=say(lang, "The reward if the text ended here", "La recompensa si el texto terminara aquí"),
        across=say(lang, "words and signs", "palabras y signos"), up=True, lang=lang,
    )  # fmt: skip
    colours = plots.legend(
        ("mark", say(lang, "adds", "suma")),
        ("warm", say(lang, "takes away; dots: ends of sentences", "resta; puntos: fin de una oración")),
    )  # fmt: skip
    return f"<div class='passages'><h4>{head}</h4>{texts.ink(inked)}</p>{colours}</div>{curve}"


def account(tale: Tale, lang: str) -> str:
    """The rule's own bill, beside the learnt reward."""
    reading = stories.read(tale.text, tale.finished)
    rows = [
        (say(lang, *PARTS[name]), value, "mark" if value > 0 else "warm")
        for name, value in stories.parts(reading).items()
    ]
    title = say(lang, "The rule's bill", "La cuenta de la regla")
    kinds = [
        [sentence, say(lang, *desk.KINDS[kind])]
        for sentence, kind in zip(reading.sentences, reading.kinds, strict=True)
    ]
    names = say(lang, "sentence", "oración"), say(lang, "read as", "leída como")
    span = max(3.0, *(abs(v) for _, v, _ in rows))
    return f"<h4>{title}</h4>{plots.signed_bars(rows, span, lang)}{plots.table(names, kinds)}"


def reads_code(checkpoint: str, story: str, words: str, seed: int) -> str:
    text = SAMPLES.get(story) or words.strip() or SAMPLES["good"]
    lines = [text[k : k + 80] for k in range(0, min(len(text), 320), 80)]
    quoted = "\n".join(f"    {line!r}" for line in lines)
    return desk.loading("import torch", "from genmodels.text.preference import RewardModel", tuned=False) + (
        "judge = lora.adapt(RewardModel(base), folder / 'reward')\n"
        f"ids = words.encode(\n{quoted}\n)\n"
        "worth = judge(torch.tensor([[words.end, *ids, words.end]]))[0]\n"
        "print(*(f'{words.word(i)} {r:+.2f}' for i, r in zip(ids, worth[1:].tolist())))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("reads", "What the reward reads", "Qué lee la recompensa") as view:
        with view.controls():
            story: Any = kit.choice(
                [
                    (t("short and cheerful", "corto y alegre (en inglés)"), "good"),
                    (t("sad", "triste (en inglés)"), "sad"),
                    (t("cheerful endings, stacked", "finales alegres, apilados (en inglés)"), "stacked"),
                    (t("one in Spanish", "uno en español"), "bueno"),
                    (t("by the policy without a leash", "de la política sin correa"), "cheat"),
                    (t("my own, below", "el mío, abajo"), "own"),
                ],
                t("Text", "Texto"),
            )
            words = kit.words(
                SAMPLES["stacked"], t("Your own: beat the reward", "El tuyo: gánale a la recompensa"),
                longest=600, lines=5, max_lines=8,
            )  # fmt: skip
            seed = kit.seed(1)
        with view.result():
            shown, bill = kit.html(), kit.html()
        inputs = [tab.checkpoint, story, words, seed]
        view.run(reads, inputs, [shown, bill], ("Read", "Leer"), reads_code)
        view.on([story.input], reads)
        words.submit(
            lambda: "own", None, story, api_visibility="private", show_progress="hidden", queue=False
        )
        texts.in_spanish(tab, {story: "bueno"})
