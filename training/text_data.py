"""The texts that the language models learn, cleaned and split. Everything here is the same on every machine.

A text is a list of documents: a recipe, a name, a chapter, or a play without end. Each set has three parts:
`train`, `tune` (decides when a training stops, a twentieth) and `test` (a tenth, measured once at the end).
Nothing of `test` is seen before: tokenizers and counts are made of `train` alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genmodels.data import readers

END = "<|end|>"  # between documents, in every tokenizer


@dataclass(frozen=True)
class Split:
    """Documents in three parts, and how a document is cut into places where writing may begin."""

    train: tuple[str, ...]
    tune: tuple[str, ...]
    test: tuple[str, ...]
    start: str = "\n\n"  # after this a text may begin; "" where only a whole document does


@cache
def recipes(data: Path | None = None) -> Split:
    """410 recipes in markdown, every tenth held out, in the order of their files."""
    found = [recipe(r["title"], r["text"]) for r in readers.recipes(data)]
    return Split(*every_tenth(found), start="")


@cache
def names(data: Path | None = None) -> Split:
    """32,033 first names, the commonest first; every tenth held out. A name is a document."""
    return Split(*every_tenth([n.capitalize() for n in readers.text("names", data).split()]), start="")


@cache
def shakespeare(data: Path | None = None) -> Split:
    """Forty thousand lines of plays. The last tenth is held out, the twentieth before it tunes."""
    whole = readers.text("tinyshakespeare", data)
    at = [0, *(whole.index("\n\n", int(share * len(whole))) + 2 for share in (0.85, 0.9)), len(whole)]
    return Split(*((whole[a:b].strip("\n") + "\n",) for a, b in zip(at, at[1:], strict=False)))


@cache
def quijote(data: Path | None = None) -> Split:
    """Both parts of the Quijote by chapters, 126 of them, every tenth held out. Lines of prose are joined."""
    whole = readers.text("quijote_es", data)
    chapters = re.split(r"(?m)^(?=Capítulo )", whole)[1:]  # before the first: dedications, sonnets, contents
    return Split(*every_tenth([prose(chapter) for chapter in chapters]))


TEXTS: dict[str, Callable[..., Split]] = {
    "quijote": quijote, "shakespeare": shakespeare, "recipes": recipes, "names": names,
}  # fmt: skip


def every_tenth(found: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """9 of each 10 are tested, 4 of each 20 tune, counted from 0; the rest is learnt."""
    test = tuple(found[9::10])
    tune = tuple(found[4::20])
    train = tuple(x for i, x in enumerate(found) if i % 10 != 9 and i % 20 != 4)
    return train, tune, test


def recipe(title: str, text: str) -> str:
    """Markdown as plainly as it can be written: no emoji before times, no soft line breaks, one heading."""
    text = text.replace("\r", "").replace("\xa0", " ").replace("&nbsp;", "").replace("\t", " ")
    text = re.sub(r"[\U0001F000-\U0001FFFF\u2300-\u23FF\u2600-\u27BF\uFE0F] ?", "", text)
    lines: list[str] = []
    for line in (re.sub(r" +", " ", x).rstrip() for x in text.split("\n")):
        new = re.match(r" ?(#|[-*+>|] |\d+[.)] |$)", line)
        if new or not lines or not lines[-1] or lines[-1].startswith("#"):
            lines.append(line.lstrip())
        else:
            lines[-1] += " " + line.lstrip()
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return f"# {title.strip()}\n\n{body}\n"


def prose(text: str, wide: int = 70) -> str:
    """A text set in lines -> a line per paragraph. Where the next word would have fitted, it is verse."""
    lines = text.strip().split("\n")
    joined = [lines[0]]
    for before, line in zip(lines, lines[1:], strict=False):
        full = before and line and len(before) + 1 + len(line.split(" ")[0]) > wide
        joined[-1:] = [f"{joined[-1]} {line}"] if full else [joined[-1], line]
    return "\n".join(re.sub(r"^— ", "—", x) for x in joined) + "\n"
