"""Surprise: any text, and how many bits each of its tokens costs the model that would have written it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from demos import kit
from demos.kit import plots, say, t, texts
from demos.kit.texts import Ink, Writer
from demos.write import steps
from demos.write.steps import Clock, loading, percent

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.text.tokens import Piece

SHOWN = 1500  # tokens with their colour; the rest counts all the same
LARGE = 6000  # characters that a model of the Hub reads here
ROWS = 40  # sentences in the table
TOPS = (10, 100, 1000)  # ranks where a colour ends
SENTENCE = re.compile(r"(?<=[.!?…])[\"'”»)\]]*\s+|\n\s*\n")


class Read(NamedTuple):
    """What is known of a token that was read."""

    bits: float
    rank: int
    best: list[tuple[int, float]]  # what was expected there, and its chance


class Watched:
    """A model, and what it said last: `surprises` keeps only the bits of what came."""

    def __init__(self, model: Any):
        self.model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def feed(self, tokens: Tensor, memory: Any) -> Tensor:
        self.logits = self.model.feed(tokens, memory)
        return self.logits


def surprise(checkpoint: str, words: str, colour: str, lang: str) -> Iterator[tuple]:
    """Read a text: bits of every token, bits per character, perplexity of every sentence."""
    with texts.use(checkpoint) as writer:
        text, note = within(checkpoint, words, lang)
        pieces = writer.tokens.pieces(text)
        yield passage(writer, pieces, [], colour), note, {}
        clock, found = Clock(1), []
        for part in clock.run(reading(writer, pieces)):
            found += part
            if clock.due() and len(found) < SHOWN:
                yield passage(writer, pieces, found, colour), note, figures(pieces, found, clock)
            elif clock.count % 8 == 0:
                yield texts.gr.skip(), note, figures(pieces, found, clock)
        below = note + summary(text, pieces, found, lang)
        yield passage(writer, pieces, found, colour, True), below, figures(pieces, found, clock)


def within(checkpoint: str, words: str, lang: str) -> tuple[str, str]:
    """As much as a large model reads here in reasonable time, and a sentence if that's not all."""
    if "/" not in checkpoint or len(words) <= LARGE:
        return words, ""
    en = f"This large model reads the first {LARGE} characters here."
    return words[
        :LARGE
    ], f"<p>{say(lang, en, f'Este modelo grande lee aquí los primeros {LARGE} caracteres.')}</p>"


def reading(writer: Writer, pieces: Sequence[Piece]) -> Iterator[list[Read]]:
    """The tokens of a text as the model meets them, part by part."""
    from genmodels.text.writing import surprises

    model, done = Watched(writer.model), 0
    for nats in surprises(model, [p.id for p in pieces], writer.tokens.end or 0):
        ids = [p.id for p in pieces[done : done + len(nats)]]
        done += len(nats)
        yield judged(model.logits[0, -len(nats) :].float(), nats, ids)


def judged(logits: Tensor, nats: Tensor, ids: Sequence[int]) -> list[Read]:
    import torch

    own = logits.gather(1, torch.tensor(ids, device=logits.device)[:, None])
    ranks = 1 + (logits > own).sum(1)
    best = logits.log_softmax(-1).topk(min(4, logits.shape[1]))
    rows = zip(best.indices.tolist(), best.values.exp().tolist(), strict=True)
    bits = (nats / math.log(2)).tolist()
    return [
        Read(b, r, list(zip(*row, strict=True))) for b, r, row in zip(bits, ranks.tolist(), rows, strict=True)
    ]


def passage(
    writer: Writer, pieces: Sequence[Piece], found: Sequence[Read], colour: str, unfold: bool = False
) -> str:
    """The text, coloured as far as it has been read."""
    inks = []
    for piece, read in zip(pieces[:SHOWN], found, strict=False):
        kind = f"top{1 + sum(read.rank > top for top in TOPS)}" if colour == "rank" else ""
        share = 0.0 if kind else texts.sharpness(read.bits)
        data = unfolded(writer, piece, read) if unfold and piece.text else None
        inks.append(Ink(piece.text, share, kind=kind, data=data))
    rest = "".join(p.text for p in pieces[len(found) : SHOWN])
    more = "…" if len(pieces) > SHOWN else ""
    return texts.ink([*inks, Ink(rest + more, kind="given")])


def unfolded(writer: Writer, piece: Piece, read: Read) -> dict[str, Any]:
    chance = 2**-read.bits
    rows = [[i, writer.tokens.word(i), percent(p), None] for i, p in read.best]
    if all(piece.id != row[0] for row in rows):
        rows.append([piece.id, writer.tokens.word(piece.id), percent(chance), None])
    return {"id": piece.id, "p": percent(chance), "r": read.rank, "of": writer.tokens.size, "a": rows}


def figures(pieces: Sequence[Piece], found: Sequence[Read], clock: Clock) -> dict[str, float]:
    if not found:
        return {}
    bits, characters = sum(r.bits for r in found), pieces[len(found) - 1].end
    return {
        "bits_per_character": bits / max(1, characters),
        "bits_per_token": bits / len(found),
        "ppl": 2 ** (bits / len(found)),
        "read_second": len(found) / clock.worked,
    }


# ------------------------------------------------------------------------------ sentence by sentence


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each begins and ends, in characters."""
    found, start = [], 0
    for gap in SENTENCE.finditer(text):
        if gap.start() > start:
            found.append((start, gap.start()))
        start = gap.end()
    return [*found, *([(start, len(text))] if text[start:].strip() else [])]


def summary(text: str, pieces: Sequence[Piece], found: Sequence[Read], lang: str) -> str:
    """How predictable it is on the whole, and which sentences are not."""
    if not found:
        en, es = (
            "There is nothing to read: an empty text surprises nobody.",
            "No hay nada que leer: un texto vacío no sorprende a nadie.",
        )
        return f"<p>{say(lang, en, es)}</p>"
    return ranks(found, lang) + table(text, pieces, found, lang)


def ranks(found: Sequence[Read], lang: str) -> str:
    """How often the token was among the model's first ten, hundred, thousand guesses."""
    last, parts = 0, []
    for k, top in enumerate((*TOPS, None), 1):
        count = sum(last < r.rank and (top is None or r.rank <= top) for r in found)
        words = say(lang, f"first {top}", f"primeros {top}") if top else say(lang, "beyond", "más allá")
        parts.append(f"<u class='top{k}'>{words}: <b>{100 * count / len(found):.0f} %</b></u>")
        last = top
    head = say(lang, "The token was among the model's", "El token estaba entre los")
    return f"<div class='ink-scale'><span>{head}</span>{''.join(parts)}</div>"


def table(text: str, pieces: Sequence[Piece], found: Sequence[Read], lang: str) -> str:
    """Each sentence with its bits per character and its perplexity."""
    rows, at = [], 0
    for start, end in sentences(text):
        own = []
        while at < len(found) and pieces[at].start < end:
            own.append(found[at].bits)
            at += 1
        if own:
            rows.append((text[start:end], sum(own) / (end - start), 2 ** (sum(own) / len(own))))
    head = [
        say(lang, "sentence", "oración"),
        say(lang, "bits per character", "bits por carácter"),
        say(lang, "perplexity", "perplejidad"),
    ]
    note = ""
    if len(rows) > ROWS:
        rows = sorted(rows, key=lambda row: -row[1])[:ROWS]
        en, es = f"The {ROWS} most surprising sentences.", f"Las {ROWS} oraciones más sorprendentes."
        note = f"<p>{say(lang, en, es)}</p>"
    lines = [[short(w), plots.number(b, lang), plots.number(p, lang)] for w, b, p in rows]
    return note + plots.table(head, lines)


def short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= 90 else words[:88] + "…"


def surprise_code(checkpoint: str, words: str, colour: str) -> str:
    text = words if len(words) <= 80 else words[:76] + "..."
    return loading(
        checkpoint, text, "import math", "from genmodels.text.writing import surprise", first=False
    ) + (
        "bits = surprise(model, prompt, tokens.end or 0) / math.log(2)  # of each token\n"
        "for token, b in zip(prompt, bits.tolist()):\n"
        '    print(f"{tokens.word(token):>16} {b:6.2f}")\n'
        f'print(bits.sum().item() / {len(text)}, "bits per character")\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("surprise", "Surprise", "Sorpresa") as view:
        with view.controls():
            label = t("Any text: yours, a headline, a poem", "Cualquier texto: tuyo, un titular, un poema")
            words = texts.prompt("".join(steps.HUMAN["en"]), label, texts.Page, lines=9, max_lines=18)
            choices = [
                (t("by its bits of surprise", "por sus bits de sorpresa"), "bits"),
                (t("by its place among the guesses", "por su lugar entre las apuestas"), "rank"),
            ]
            colour = kit.choice(choices, t("Colour each token", "Colorear cada token"))
        with view.result():
            kit.html(texts.scale("Press a word: what was expected", "Presiona una palabra: qué se esperaba"))
            page, below = texts.passages(), kit.html()
        view.run(
            surprise, [tab.checkpoint, words, colour], [page, below], ("Read it", "Leerlo"), surprise_code
        )
        view.on([colour.input], surprise)
    texts.in_spanish(tab, {words: "".join(steps.HUMAN["es"])})
