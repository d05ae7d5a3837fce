"""Why it can't write: BERT made to go on with a text, in four orders, beside a GPT that was made for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from demos import kit
from demos.blanks import source
from demos.blanks.source import Three, loading, short
from demos.kit import t, texts
from demos.kit.pixels import heading

if TYPE_CHECKING:
    from torch import Generator, Tensor

ORDERS = (
    ("next", "the next one; nothing stands to the right", "la siguiente; a la derecha no hay nada"),
    ("sure", "all are gaps; the surest first", "todos huecos; primero la más segura"),
    ("lot", "all are gaps; in an order by lot", "todos huecos; en un orden por sorteo"),
    ("once", "all are gaps; all at once", "todos huecos; todas a la vez"),
)


def write(
    checkpoint: str, words: str, order: str, length: int, temperature: float, seed: int, lang: str
) -> Iterator[tuple]:
    """A text continued by BERT, its gaps filled in a chosen order, and by a GPT, which then judges both."""
    with source.use(checkpoint) as three:
        given = source.gapped(three.tokens, source.GAP.sub(" ", words), 1, lang)
        begin = given.ids[: source.MOST - length].tolist() or [three.tokens.end or 0]
        for ids, fresh in filled(three, begin, order, length, temperature, seed):
            page = passage(three, begin, ids, fresh)
            yield page, "", given.note, {}
        ours = {"bits_bert_text": judged(three, begin, ids)}
        yield page, "", given.note, ours
        ids = list(begin)
        for token in continued(three, begin, length, temperature, seed):
            ids.append(token)
            yield page, passage(three, begin, ids, set()), given.note, ours
        theirs = {"bits_gpt_text": judged(three, begin, ids)}
        yield page, passage(three, begin, ids, set()), given.note, ours | theirs


def filled(
    three: Three, begin: Sequence[int], order: str, length: int, temperature: float, seed: int
) -> Iterator[tuple[list[int], set[int]]]:
    """The text step by step, gaps in it where nothing stands yet, and which tokens are new."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    blank, first = three.bert.blank, len(begin)
    ids = [*begin, *([blank] * (1 if order == "next" else length))]
    by_lot = [first + k for k in torch.randperm(length, generator=generator).tolist()]
    for step in range(1 if order == "once" else length):
        open_ = [i for i, id in enumerate(ids) if id == blank]
        logits = three.bert.logits(torch.tensor([ids], device=three.bert.device))[0, open_].float().cpu()
        found, sure = chosen(logits[:, : three.tokens.size], temperature, generator)
        if order == "sure":
            now = [int(sure.argmax())]
        elif order == "lot":
            now = [open_.index(by_lot[step])]
        else:
            now = list(range(len(open_)))
        for k in now:
            ids[open_[k]] = int(found[k])
        yield list(ids), {open_[k] for k in now}
        if order == "next":
            ids.append(blank)


def chosen(logits: Tensor, temperature: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """(n, V) -> a token of each row by lot, and the greatest chance of each row."""
    import torch

    chances = logits.softmax(-1)
    if temperature == 0:
        return logits.argmax(-1), chances.amax(-1)
    bent = (logits / temperature).softmax(-1)
    return torch.multinomial(bent, 1, generator=generator)[:, 0], chances.amax(-1)


def continued(
    three: Three, begin: Sequence[int], length: int, temperature: float, seed: int
) -> Iterator[int]:
    from genmodels.text.writing import Taste
    from genmodels.text.writing import write as draw

    for step in draw(three.gpt, begin, seed, 1, length, Taste(temperature=temperature)):
        yield int(step.token[0])


def judged(three: Three, begin: Sequence[int], ids: Sequence[int]) -> float:
    """Bits per token of what was added, by the GPT."""
    import math

    import torch
    from torch.nn.functional import cross_entropy

    row = torch.tensor([list(ids)], device=three.gpt.device)
    logits = three.gpt.logits(row)[0, len(begin) - 1 : -1].float()
    return cross_entropy(logits, row[0, len(begin) :]).item() / math.log(2)


def passage(three: Three, begin: Sequence[int], ids: Sequence[int], fresh: set[int]) -> str:
    """The given text in grey, what was added, gaps as squares."""
    blank = three.bert.blank
    spelled = texts.spelled(three.tokens, [three.tokens.end or 0 if i == blank else i for i in ids])
    return texts.ink(
        texts.Ink(f" {source.SIGN}" if id == blank else w, 0.6 if i in fresh else 0, kind=kind(i, len(begin)))
        for i, (id, w) in enumerate(zip(ids, spelled, strict=True))
    )


def kind(i: int, given: int) -> str:
    return "given" if i < given else "cool"


def write_code(checkpoint: str, words: str, order: str, length: int, temperature: float, seed: int) -> str:
    return loading(checkpoint) + (
        f"ids = tokens.encode({short(source.GAP.sub(' ', words))!r})\n"
        f"for _ in range({min(length, 24)}):  # the next one, with nothing to its right\n"
        "    logits = model.logits(torch.tensor([[*ids, model.blank]]))[0, -1]\n"
        "    ids.append(logits[: tokens.size].argmax().item())\n"
        "print(tokens.decode(ids))\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("write", "Why it can't write", "Por qué no puede escribir") as view:
        with view.controls():
            words = kit.words(
                "Preheat the oven to 350 degrees. In a large bowl,",
                t("How it begins", "Cómo empieza"),
                longest=1500,
                lines=2,
            )
            order = kit.choice([(t(en, es), key) for key, en, es in ORDERS], t("BERT fills", "BERT llena"))
            length = kit.slider(4, 48, 24, t("Tokens to add", "Tokens que se agregan"), step=1)
            temperature = kit.slider(0, 1.5, 0, t("Temperature", "Temperatura"), step=0.1)
            seed = kit.seed()
            note = kit.html()
        with view.result():
            heading("BERT, made to write", "BERT, obligado a escribir")
            page = kit.html()
            heading("A GPT with the same tokens", "Un GPT con los mismos tokens")
            other = kit.html()
        inputs = [tab.checkpoint, words, order, length, temperature, seed]
        view.run(write, inputs, [page, other, note], ("Write", "Escribir"), write_code)
        view.on([order.input, length.release], write)
