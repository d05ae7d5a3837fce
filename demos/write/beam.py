"""The likeliest text: beam search beside greedy writing, luck and a person. The likeliest is not the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from demos import kit
from demos.kit import plots, say, t, texts
from demos.kit.plots import Axes
from demos.kit.texts import Ink, Writer
from demos.write import steps
from demos.write.steps import Clock, loading, repeated, stops, weigh

if TYPE_CHECKING:
    from genmodels.text.writing import Beams

SHOWN = 6  # beams on the page
SMOOTH = 5  # tokens over which the curve is averaged


class Way(NamedTuple):
    """One way to find a text, and what it found."""

    name: str
    ids: list[int]
    bits: list[float]


def beam(
    checkpoint: str, prompt: str, human: str, width: int, penalty: float, length: int, seed: int, lang: str
) -> Iterator[tuple]:
    """Search for the likeliest continuation, and compare it with other ways to go on."""
    from genmodels.text import writing

    clock = Clock(length, 2)
    with texts.use(checkpoint) as writer:
        ids, stop = writer.ids(prompt), stops(writer, "end")
        end = writer.tokens.end or 0
        search = writing.beam(writer.model, ids, width, length, stop, end, penalty)
        for found in clock.run(search):
            if clock.due():
                yield racing(writer, prompt, ids, found, lang), "", clock.numbers()
        ways = [
            Way(
                say(lang, f"beam of {width}", f"haz de {width}"),
                *ended(writer, ids, found.tokens[0].tolist()),
            )
        ]
        for name, heat in (("greedy", 0.0), ("luck", 1.0)):
            words = {
                "greedy": ("greedy: always the likeliest", "voraz: siempre el más probable"),
                "luck": ("by lot, T = 1", "por sorteo, T = 1"),
            }[name]
            drawn = written(writer, ids, seed, length, heat)
            ways.append(Way(say(lang, *words), *ended(writer, ids, drawn)))
            yield racing(writer, prompt, ids, found, lang), compared(writer, ids, ways, lang), clock.numbers()
        told = writer.tokens.encode(human)[:length]
        if told:
            ways.append(Way(say(lang, "a person", "una persona"), told, weigh(writer, ids, told)))
        yield racing(writer, prompt, ids, found, lang), compared(writer, ids, ways, lang), clock.numbers()


def written(writer: Writer, ids: Sequence[int], seed: int, length: int, heat: float) -> list[int]:
    from genmodels.text.writing import Taste, write

    stop = stops(writer, "end")
    return [int(s.token) for s in write(writer.model, ids, seed, 1, length, Taste(temperature=heat), stop)]


def ended(writer: Writer, ids: Sequence[int], found: list[int]) -> tuple[list[int], list[float]]:
    """Up to the token that ends it, which a beam repeats, and the bits of each."""
    end = writer.tokens.end
    found = found[: found.index(end) + 1] if end in found else found
    return found, weigh(writer, ids, found)


def racing(writer: Writer, prompt: str, ids: Sequence[int], found: Beams, lang: str) -> str:
    """The beams, the best first; paler what they all share: there is no way back from that."""
    rows = found.tokens[:SHOWN].tolist()
    shared = 0
    while shared < len(rows[0]) - 1 and len({row[shared] for row in rows}) == 1:
        shared += 1
    parts = [texts.ink([Ink(prompt, kind="given")]) + "</p>"]
    for k, row in enumerate(rows):
        bits = -found.log_prob[k].item() / 0.6931472
        words = texts.spelled(writer.tokens, row, ids)
        inks = [Ink("".join(words[:shared]), kind="given"), Ink("".join(words[shared:]))]
        head = f"<p class='head'><b>{k + 1}</b><span>{plots.number(bits, lang)} bits</span></p>"
        parts.append(f"<div class='strand'>{head}{texts.ink(inks, lines=False)}</p></div>")
    return "".join(parts)


def compared(writer: Writer, ids: Sequence[int], ways: Sequence[Way], lang: str) -> str:
    """Each way's text, its bits, its repetitions; and the surprise of each token on the way."""
    kinds = ("mark", "ink", "warm", "soft")[: len(ways)]
    count = max(len(w.bits) for w in ways)
    top = max(12.0, *(max(smooth(w.bits)) for w in ways))
    lines = [
        plots.line(list(range(1, len(w.bits) + 1)), smooth(w.bits), kind)
        for w, kind in zip(ways, kinds, strict=True)
    ]
    title = say(lang, "Bits of surprise, token by token", "Bits de sorpresa, token por token")
    axes = Axes((1, max(2, count)), (0, top), 640, 260, left=44)
    drawn = plots.plot(axes, *lines, title=title, across="token", up=True, lang=lang)
    names = plots.legend(*((kind, w.name) for w, kind in zip(ways, kinds, strict=True)))
    head = ["", "bits", say(lang, "per token", "por token"), say(lang, "said before", "ya dicho")]
    rows = [
        [
            w.name,
            plots.number(sum(w.bits), lang),
            plots.number(sum(w.bits) / len(w.bits), lang, 2),
            f"{100 * repeated(w.ids):.0f} %",
        ]
        for w in ways
    ]
    said = "".join(
        f"<div class='strand'><p class='head'><b>{w.name}</b></p>{coloured(writer, ids, w)}</div>"
        for w in ways
    )
    return drawn + names + plots.table(head, rows) + said


def coloured(writer: Writer, ids: Sequence[int], way: Way) -> str:
    words = texts.spelled(writer.tokens, way.ids, ids)
    pairs = zip(words, way.bits, strict=True)
    return texts.ink((Ink(w, texts.sharpness(b)) for w, b in pairs), lines=False) + "</p>"


def smooth(values: Sequence[float]) -> list[float]:
    """The mean of some tokens around each."""
    half = SMOOTH // 2
    parts = [values[max(0, k - half) : k + half + 1] for k in range(len(values))]
    return [sum(part) / len(part) for part in parts]


def beam_code(
    checkpoint: str, prompt: str, human: str, width: int, penalty: float, length: int, seed: int
) -> str:
    return loading(checkpoint, prompt, "import math", "from genmodels.text.writing import beam") + (
        f"for found in beam(model, prompt, {width}, {length}, stop={{tokens.end}}, penalty={penalty:g}):\n"
        "    pass  # found.tokens: the best so far; found.parent: which of the last ones they go on with\n"
        "for row, nats in zip(found.tokens, found.log_prob.tolist()):\n"
        '    print(f"{-nats / math.log(2):.1f} bits: {tokens.decode(row)!r}")\n'
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("beam", "The likeliest", "El más probable") as view:
        with view.controls():
            prompt, human = steps.human_boxes()
            width = kit.slider(1, 16, 5, t("Width: beams kept", "Ancho: haces que se conservan"), step=1)
            words = t("Length penalty: rank by bits / lengthᵃ", "Penalización de longitud: bits / longitudᵃ")
            penalty = kit.slider(0, 1.5, 0, words, step=0.1)
            length = kit.slider(10, 150, 60, t("Tokens, at most", "Tokens, como mucho"), step=10)
            seed = kit.seed(1, t("Seed of what is drawn by lot", "Semilla de lo que se sortea"))
        with view.result():
            page, drawn = texts.passages(), texts.passages()
        inputs = [tab.checkpoint, prompt, human, width, penalty, length, seed]
        view.run(beam, inputs, [page, drawn], ("Search", "Buscar"), beam_code)
    texts.in_spanish(tab, dict(zip((prompt, human), steps.HUMAN["es"], strict=True)))
