"""Byte pair encoding, learnt before your eyes on your own text: one merge after another."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import plots, say, t, texts
from demos.tokens.source import bars

if TYPE_CHECKING:
    from genmodels.text.pairs import Merge, Pairs

SHOWN = 700  # characters of the text that are shown
LAST = 14  # merges that are listed
FRAME = 0.25  # seconds between two pictures
SLOW = 12  # merges that get a picture of their own
ENGLISH = """How much wood would a woodchuck chuck
if a woodchuck could chuck wood?
He would chuck, he would, as much as he could,
and chuck as much wood as a woodchuck would
if a woodchuck could chuck wood."""
SPANISH = """Tres tristes tigres tragaban trigo en un trigal,
en tres tristes trastos tragaban trigo tres tristes tigres.
¿En cuántos tristes trastos tragaban trigo tres tristes tigres?
En tres tristes trastos, en un triste trigal."""


def learn(words: str, merges: int, pace: float, lang: str) -> Iterator[tuple]:
    """Merge the commonest pair of a text again and again; the text is cut anew at every step."""
    from genmodels.text.pairs import Pairs

    pairs = Pairs(words)
    steps: list[Merge] = []
    curve, shown_at = [pairs.tokens], time.monotonic()
    yield passage(pairs, words, steps), table(steps, lang), figure(curve, lang), chips(pairs, steps, words)
    for step in pairs.learn(merges):
        steps.append(step)
        curve.append(step.tokens)
        if len(steps) <= SLOW or time.monotonic() - shown_at > FRAME:
            yield (
                passage(pairs, words, steps),
                table(steps, lang),
                figure(curve, lang),
                chips(pairs, steps, words),
            )
            time.sleep(pace if len(steps) <= SLOW else 0)
            shown_at = time.monotonic()
    yield passage(pairs, words, steps), table(steps, lang), figure(curve, lang), chips(pairs, steps, words)


def passage(pairs: Pairs, words: str, steps: list[Merge]) -> str:
    """The beginning of the text, the token that was just made in a frame."""
    new = b"".join(steps[-1].pair) if steps else None
    found = "".join(piece(token, token == new) for token in pairs.spell(words, SHOWN))
    return f"<p class='cuts' dir='auto'>{found}{'…' if len(words) > SHOWN else ''}</p>"


def piece(token: bytes, new: bool) -> str:
    style = " style='outline:2px solid var(--ink)'" if new else ""
    return f"<i{style} title='{token.hex(' ')}'>{texts.visible(spelt(token))}</i>"


def spelt(token: bytes) -> str:
    """As text, or as bytes where it is only a part of a character."""
    try:
        return token.decode()
    except UnicodeDecodeError:
        return f"⟨{token.hex()}⟩"


def signs(token: bytes) -> str:
    return spelt(token).replace(" ", "␣").replace("\n", "⏎")


def table(steps: list[Merge], lang: str) -> str:
    """Which pairs stood to choose at the last step, and the merges made so far."""
    if not steps:
        return ""
    rivals = [
        (f"{signs(a)} + {signs(b)}", float(count), "warm" if k else "mark")
        for k, ((a, b), count) in enumerate(steps[-1].next)
    ]
    head = say(lang, "The commonest pairs; the first is merged", "Los pares más comunes; se une el primero")
    made = say(lang, "Merges", "Fusiones")
    rows = " ".join(
        f"<em>{step.i + 1}.</em>\u00a0{html.escape('·'.join(map(signs, step.pair)))}"
        for step in steps[-LAST:]
    )
    return f"<h4>{head}</h4>{bars(rivals, lang)}<h4>{made}</h4><p class='spelt'>{rows}</p>"


def figure(curve: list[int], lang: str) -> str:
    """Tokens of the text against merges."""
    if len(curve) < 3:
        return ""
    axes = plots.Axes((0, len(curve) - 1), (0, 1.05 * curve[0]), left=56)
    title = say(lang, "tokens of the text", "tokens del texto")
    line = plots.line(range(len(curve)), curve, "mark")
    return plots.plot(axes, line, title=title, across=say(lang, "merges", "fusiones"), up=True, lang=lang)


def chips(pairs: Pairs, steps: list[Merge], words: str) -> dict[str, float]:
    return {
        "characters": len(words),
        "merges": len(steps),
        "tokens_text": pairs.tokens,
        "vocabulary": 256 + len(steps),
    }


def learn_code(words: str, merges: int, pace: float) -> str:
    return (
        "from genmodels.text.pairs import Pairs\n\n"
        f"pairs = Pairs({words[:60]!r})\n"
        f"for step in pairs.learn({merges}):\n"
        "    print(step.pair, step.count, step.tokens)\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("learn", "Learn the pairs", "Aprender los pares") as view:
        with view.controls():
            words = texts.prompt(
                ENGLISH, t("Text to learn from", "Texto del que aprende"), texts.Page, lines=6
            )
            merges = kit.slider(0, 500, 40, t("Merges, at most", "Fusiones, como mucho"), step=10)
            pace = kit.slider(
                0,
                1,
                0.2,
                t("Seconds for each of the first", "Segundos para cada una de las primeras"),
                step=0.1,
            )
            texts.in_spanish(tab, {words: SPANISH})
            curve = kit.html()
        with view.result():
            shown, below = kit.html(), kit.html()
        view.run(learn, [words, merges, pace], [shown, below, curve], ("Learn", "Aprender"), learn_code)
        view.on([merges.release], learn)
