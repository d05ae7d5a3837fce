"""A mistake as the page has it: its line beside the right one, why, and a number of both runs to check."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from demos.kit import plots, say
from demos.kit.lang import Pair

STYLE = """<style>
.bug { border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; margin: 10px 0; }
.bug h4 { margin: 0 0 8px; font-size: 18px; color: var(--ink); }
.bug .lines { display: grid; gap: 8px;
  grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); }
.bug .lines > div { border-left: 4px solid var(--mark); padding: 2px 0 2px 10px; min-width: 0; }
.bug .lines > .wrong { border-color: var(--warm); }
.bug b { font-size: 15px; color: var(--mark); } .bug .wrong b { color: var(--warm); }
.bug code { display: block; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 16px;
  color: var(--ink); background: none; border: none; padding: 0; }
.bug p { margin: 8px 0 0; font-size: 17px; line-height: 1.45; color: var(--ink); }
.bug .check { color: var(--soft); }
.bugs-list a { color: var(--mark); text-decoration: underline; }
</style>"""


@dataclass(frozen=True)
class Bug:
    """`probe` measures a finished run, as `measure` says. Without one only the pictures tell."""

    title: Pair
    wrong: str
    right: str
    why: Pair
    measure: Pair
    probe: Callable[[Any], float] | None
    schedule: str = "cosine"  # how it is shown in the museum: right in all but this
    eta: float = 0.0
    scale: float = 1.0
    always: frozenset[str] = frozenset()


def card(bug: Bug, runs: tuple[Any, Any] | None, lang: str) -> str:
    """`runs`: the right and the wrong one, once they are over."""
    lines = "".join(
        f"<div class='{kind}'><b>{say(lang, *words)}</b><code>{html.escape(line)}</code></div>"
        for kind, words, line in (
            ("wrong", ("wrong", "mal"), bug.wrong),
            ("right", ("right", "bien"), bug.right),
        )
    )
    check = f"<p class='check'>{checked(bug, runs, lang)}</p>" if runs and bug.probe else ""
    return (
        f"<div class='bug'><h4>{html.escape(say(lang, *bug.title))}</h4><div class='lines'>{lines}</div>"
        f"<p>{html.escape(say(lang, *bug.why))}</p>{check}</div>"
    )


def checked(bug: Bug, runs: tuple[Any, Any], lang: str) -> str:
    values = (bug.probe(run) for run in runs)
    words = (plots.number(v, lang) if isfinite(v) else "∞" for v in values)
    right, wrong = (f"<strong>{w}</strong>" for w in words)
    end = say(lang, f"{wrong}; right: {right}", f"{wrong}; bien: {right}")
    return f"{html.escape(say(lang, *bug.measure))}: {end}"


def ticked(bugs: Mapping[str, Bug], *boxes: bool) -> list[str]:
    """The names of those whose box is ticked."""
    return [name for name, on in zip(bugs, boxes, strict=True) if on]


def cards(bugs: Mapping[str, Bug], names: Sequence[str], runs: tuple[Any, Any] | None, lang: str) -> str:
    """One under the other; without any, what to do."""
    if not names:
        words = say(
            lang,
            "Tick a mistake: nothing is wrong yet, so both are the same.",
            "Marca un error: todavía no hay ninguno, así que las dos son iguales.",
        )
        return f"<p>{words}</p>"
    return "".join(card(bugs[name], runs, lang) for name in names)
