"""Write: tokens as they come, shaded by surprise. Press one to see what else could have stood there; choose
that, and a branch grows from there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from demos import kit
from demos.kit import t, texts
from demos.kit.inputs import refuse
from demos.kit.pixels import QUIET
from demos.write import steps, tree
from demos.write.steps import Clock, Said, loading, over, said, seen, stops, taste_code, taste_of
from demos.write.tree import Branch, Strand

KEPT = 64  # strands that need not be written again
_strands: OrderedDict[tuple, Strand] = OrderedDict()


def write(
    checkpoint: str, prompt: str, seed: int, temperature: float, top_k: int, top_p: float, min_p: float,
    repetition: float, length: int, until: str, pace: float, branches: str, lang: str, session: str = "",
) -> Iterator[tuple]:  # fmt: skip
    """Write on from a prompt, and grow the branches of its tree."""
    taste = taste_of(temperature, top_k, top_p, min_p, repetition)
    settings = (checkpoint, prompt, seed, taste, length, until)
    mark = tree.print_of(*settings)
    grown = tree.read(branches, mark)
    with texts.use(checkpoint) as writer:
        ids, strands, clock = writer.ids(prompt), [], Clock(length, pace)
        for k in range(len(grown) + 1):
            key = (session, *settings, *grown[:k])
            strand = _strands.get(key) if grown else None  # a tree only grows: nothing is written twice
            new = strand is None
            strand = strand or sprout(writer, ids, strands, grown[k - 1] if k else None, taste)
            if strand is None:  # its parent is shorter than an address says
                grown = grown[: k - 1]
                break
            strands.append(strand)
            remember(key, strand)  # now, as it may be stopped half way, and pressed then
            if new:
                clock = Clock(length, pace)
                for _ in grow(writer, ids, strand, seed + k, length, taste, until, clock):
                    if clock.due():
                        shown = tree.page(writer, prompt, ids, strands, k, lang)
                        yield shown, tree.written(mark, grown), clock.numbers()
        shown = tree.page(writer, prompt, ids, strands, -1, lang)
        yield shown, tree.written(mark, grown), figures(strands, clock)


def sprout(
    writer: texts.Writer, ids: Sequence[int], strands: Sequence[Strand], branch: Branch | None, taste: Any
) -> Strand | None:
    """A strand as it begins: the trunk with nothing, a branch with the token that was chosen."""
    if branch is None:
        return Strand(None)
    parent = strands[branch.parent].whole
    if branch.at >= len(parent) or branch.token >= writer.tokens.size:
        return None
    before = parent[: branch.at]
    first = tree.forced(parent[branch.at], branch.token)
    return Strand(branch, before, [first or measured(writer, ids, before, branch.token, taste)])


def measured(
    writer: texts.Writer, ids: Sequence[int], before: Sequence[Said], token: int, taste: Any
) -> Said:
    """A token that nobody chose from those shown: its chances, from the beginning."""
    from genmodels.text.writing import write as go

    step = next(go(writer.model, [*ids, *(s.id for s in before)], 0, 1, 1, taste))
    return seen(token, step.log_probs[0], step.chance[0])


def grow(
    writer: texts.Writer, ids: Sequence[int], strand: Strand, seed: int, length: int, taste: Any, until: str,
    clock: Clock,
) -> Iterator[None]:  # fmt: skip
    """Add tokens to a strand until it's over."""
    from genmodels.text.writing import write as go

    whole = [*ids, *(s.id for s in strand.whole)]
    left = length - len(strand.whole)
    stop = stops(writer, until)
    strand.over = bool(strand.said) and strand.said[-1].id in stop
    if left < 1 or strand.over:
        return
    for step in clock.run(go(writer.model, whole, seed, 1, left, taste, stop)):
        strand.said.append(said(step))
        yield
        if strand.over or over(writer.tokens.decode([s.id for s in strand.said[-3:]]), until):
            strand.over = True
            return


def remember(key: tuple, strand: Strand) -> None:
    _strands[key] = strand
    _strands.move_to_end(key)
    while len(_strands) > KEPT:
        _strands.popitem(last=False)


def figures(strands: Sequence[Strand], clock: Clock) -> dict[str, Any]:
    """Of the strand that grew last."""
    found, last = clock.numbers() if clock.count else {}, strands[-1].whole
    if last:
        bits = steps.total(last) / len(last)
        found |= {"bits_per_token": bits, "ppl": 2**bits}
    return found | ({"branches": len(strands) - 1} if len(strands) > 1 else {})


def write_code(
    checkpoint: str, prompt: str, seed: int, temperature: float, top_k: int, top_p: float, min_p: float,
    repetition: float, length: int, until: str, pace: float, branches: str,
) -> str:  # fmt: skip
    stop = "" if until == "never" else ", stop={tokens.end}"
    return loading(checkpoint, prompt, "from genmodels.text.writing import Taste, write") + (
        f"taste = {taste_code(temperature, top_k, top_p, min_p, repetition)}\n"
        f"for step in write(model, prompt, {seed}, 1, {length}, taste{stop}):\n"
        '    print(tokens.decode(step.token), end="", flush=True)\n'
        "    # step.log_probs[0]: of every token; a branch is the same with another token in the prompt\n"
    )


def press(event: gr.SelectData, branches: str, clicks: int, *settings: Any) -> tuple[str, int]:
    """A press on the page: a token's rival grows a branch, the cross of a branch prunes it."""
    checkpoint, prompt, seed, *taste, length, until = settings
    mark = tree.print_of(checkpoint, prompt, seed, taste_of(*taste), length, until)
    strand, at, *token = map(int, event.index)
    if at < 0:
        return tree.pruned(branches, mark, strand), clicks + 1
    grown = tree.read(branches, mark)
    if len(grown) == tree.MOST:
        most = tree.MOST
        raise refuse(f"At most {most} branches: prune one.", f"A lo sumo {most} ramas: poda una.")
    kept = grown[strand - 1].at if 0 < strand <= len(grown) else 0
    return tree.grown(branches, mark, Branch(strand, kept + at, token[0])), clicks + 1


def layout(tab: kit.Tab) -> None:
    with tab.view("write", "Write", "Escribir") as view:
        with view.controls():
            prompt = steps.prompt_box()
            seed = kit.seed(4)
            temperature = steps.temperature_slider()
            cuts = steps.cuts()
            with gr.Row():
                length = kit.slider(10, 300, 80, t("Tokens", "Tokens"), step=10, min_width=130)
                pace = kit.slider(0, 15, 2, t("At least … s", "Al menos … s"), step=1, min_width=130)
            until = steps.until_choice()
            branches = kit.words("", t("Branches", "Ramas"), longest=300, visible="hidden")
        with view.result():
            kit.html(
                texts.scale(
                    "Press a word: what else could stand there", "Presiona una palabra: qué más podía ir ahí"
                )
            )
            page = texts.passages()
        settings = [tab.checkpoint, prompt, seed, temperature, *cuts, length, until]
        view.run(write, [*settings, pace, branches], [page, branches], ("Write", "Escribir"), write_code)
        clicks = gr.State(0)
        page.select(press, [branches, clicks, *settings], [branches, clicks], **QUIET)
        view.on([clicks.change], write)
    texts.in_spanish(tab, {tab.checkpoint: texts.FIRST[1], prompt: steps.BEGIN["es"]})
