"""What could have been: a text and the branches that grew where a visitor chose another token.

A branch is (the strand it leaves, how many tokens of that it keeps, the token it goes on with). A list of
them is all of a tree but its settings, so an address holds it: `1a2b3c~0.12.318~1.40.77`. Its first word is a
print of the settings: under others the same numbers would choose nonsense, so then they are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from demos.kit import say
from demos.kit.texts import Ink, ink, spelled, visible
from demos.write.steps import Said, inks, total

if TYPE_CHECKING:
    from demos.kit.texts import Writer

MOST = 12  # branches
TAIL = 48  # characters of what a branch keeps that stand before it


class Branch(NamedTuple):
    parent: int
    at: int  # tokens of the parent's whole text that it keeps
    token: int


@dataclass
class Strand:
    """The tokens that one branch added; of the first, the trunk, all."""

    branch: Branch | None
    before: list[Said] = field(default_factory=list)  # what it keeps
    said: list[Said] = field(default_factory=list)
    over: bool = False

    @property
    def whole(self) -> list[Said]:
        return self.before + self.said


def print_of(*settings: object) -> str:
    return f"{crc32(repr(settings).encode()):08x}"[:6]


def read(words: str, settings: str) -> list[Branch]:
    """The branches that an address holds, as far as they make sense."""
    first, *rest = words.split("~")
    found: list[Branch] = []
    for part in rest[:MOST] if first == settings else ():
        numbers = re.fullmatch(r"(\d{1,2})\.(\d{1,3})\.(\d{1,6})", part)
        if numbers is None or int(numbers[1]) > len(found):
            break
        found.append(Branch(*map(int, numbers.groups())))
    return found


def written(settings: str, branches: Sequence[Branch]) -> str:
    return "~".join([settings, *(".".join(map(str, b)) for b in branches)]) if branches else ""


def grown(words: str, settings: str, branch: Branch) -> str:
    return written(settings, [*read(words, settings), branch])


def pruned(words: str, settings: str, strand: int) -> str:
    """Without a strand and what grew on it."""
    branches, new = read(words, settings), {0: 0}
    kept = []
    for k, b in enumerate(branches, 1):
        if k != strand and b.parent in new:
            kept.append(b._replace(parent=new[b.parent]))
            new[k] = len(kept)
    return written(settings, kept)


def depth(strands: Sequence[Strand], k: int) -> int:
    branch = strands[k].branch
    return 0 if branch is None else 1 + depth(strands, branch.parent)


def order(strands: Sequence[Strand], root: int = 0) -> list[int]:
    """Every branch below the strand it leaves, the later it leaves the later."""
    below = [(s.branch.at, k) for k, s in enumerate(strands) if s.branch and s.branch.parent == root]
    return [root, *(i for _, k in sorted(below) for i in order(strands, k))]


# ------------------------------------------------------------------------------ on the page


def page(
    writer: Writer, prompt: str, ids: Sequence[int], strands: Sequence[Strand], live: int, lang: str
) -> str:
    """The tree. Strand `live` is still growing, -1 for none. What's open at its end is closed by the browser,
    so that a frame of the trunk begins with the frame before, and only the rest of it travels."""
    parts = [strand(writer, prompt, ids, strands, k, live, lang) for k in order(strands)]
    whole = "".join(parts)
    return whole if live < 0 else whole.removesuffix("</div>").removesuffix("</p>")


def strand(
    writer: Writer, prompt: str, ids: Sequence[int], strands: Sequence[Strand], k: int, live: int, lang: str
) -> str:
    s = strands[k]
    kind = "inked live" if k == live else "inked"
    passage = passage_of(writer, prompt, ids, s) + "</p>"
    passage = passage.replace("<p class='inked'", f"<p class='{kind}' data-strand='{k}'", 1)
    if s.branch is None:
        return passage
    title = head(writer, strands, k, live < 0, lang)
    return f"<div class='strand' style='--deep:{depth(strands, k) - 1}'>{title}{passage}</div>"


def passage_of(writer: Writer, prompt: str, ids: Sequence[int], s: Strand) -> str:
    """What stands before, paler, then its own tokens."""
    kept = [x.id for x in s.before]
    after = [*ids, *kept]
    given = prompt if s.branch is None else tail(prompt + "".join(spelled(writer.tokens, kept, ids)))
    own = inks(writer, s.said, after, unfold=True)
    if s.branch is not None and own:
        own[0] = own[0]._replace(kind="forced")
    return ink([Ink(given, kind="given"), *own])


def tail(words: str) -> str:
    words = re.sub(r"\s*\n\s*", " ⏎ ", words)
    return words if len(words) <= TAIL else "…" + words[-TAIL:].partition(" ")[2]


def head(writer: Writer, strands: Sequence[Strand], k: int, still: bool, lang: str) -> str:
    """Which branch this is, what stood there before, and how the two compare."""
    s, b = strands[k], strands[k].branch
    parent = strands[b.parent].whole
    instead = ""
    if b.at < len(parent):
        word = visible(writer.tokens.word(parent[b.at].id))
        instead = say(lang, f"instead of “{word}”", f"en vez de «{word}»")
    rest = parent[b.at :]
    same = min(len(rest), len(s.said))
    less = ""
    if still and same:
        more = total(s.said[:same]) - total(rest[:same])
        less = compared(more, same, lang)
    button = (
        f"<button type='button' data-pick='[{k},-1]' aria-label='{say(lang, 'prune', 'podar')}'>×</button>"
    )
    return f"<p class='head'><b>{k}</b><span>{instead}</span><span>{less}</span>{button}</p>"


def compared(more: float, count: int, lang: str) -> str:
    size = f"{abs(more):.0f}"
    if lang == "es":
        return f"{size} bits {'más' if more > 0 else 'menos'} de sorpresa en {count} tokens"
    return f"{size} bits {'more' if more > 0 else 'less'} surprise over {count} tokens"


def forced(others: Said | None, token: int) -> Said | None:
    """The token that was chosen, if what stood there before knows how likely it was."""
    found = [o for o in others.others if o[0] == token] if others else []
    if not found:
        return None
    (_, p, q), others_list = found[0], others.others
    rank = 1 + sum(o[1] > p for o in others_list)
    return Said(token, p, q, rank, others_list)
