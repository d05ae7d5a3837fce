"""How far back it helps to look: the same words foretold by a model that sees more and more before them."""

from __future__ import annotations

from collections.abc import Iterator
from math import e, log2
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import card, plots, say, t, texts
from demos.then import rivals
from demos.then.same import corpus_choice
from demos.then.scale import under

if TYPE_CHECKING:
    from genmodels.hub import Checkpoint

SEEN = (1, 2, 4, 8, 16, 32, 64, 128)  # tokens before the one that is foretold
PLACES, BATCH = 96, 32  # of the text at most, and at once
KINDS = ("mark", "warm", "ink", "soft")


def reach(corpus: str, words: str, lang: str) -> Iterator[tuple]:
    """Bits per token where a model sees only the last 1, 2, 4... tokens."""
    lines: list[tuple[str, list[float]]] = []
    for checkpoint in rivals.alike(corpus):
        found: list[float] = []
        for value in foretold(checkpoint, words):
            found.append(value)
            yield page([*lines, (card.title(checkpoint, lang), found)], lang), {"step": SEEN[len(found) - 1]}
        lines.append((card.title(checkpoint, lang), found))
    yield page(lines, lang), {"characters": len(words)}


def foretold(checkpoint: Checkpoint, words: str) -> Iterator[float]:
    """Mean bits of the same tokens, the last ones of the text, for each length of sight."""
    import torch
    import torch.nn.functional as F

    with texts.use(checkpoint.name) as writer, torch.no_grad():
        ids = torch.tensor([writer.tokens.end or 0, *writer.tokens.encode(words)], device=writer.model.device)
        targets = range(max(1, len(ids) - PLACES), len(ids))
        for seen in SEEN:
            nats = []
            usable = [k for k in targets if k >= seen]
            if not usable:
                return
            for part in (usable[i : i + BATCH] for i in range(0, len(usable), BATCH)):
                windows = torch.stack([ids[k - seen : k] for k in part])
                logits = writer.model.logits(windows)[:, -1].float()
                nats.append(F.cross_entropy(logits, ids[part], reduction="none"))
            yield torch.cat(nats).mean().item() * log2(e)


def page(lines: list[tuple[str, list[float]]], lang: str) -> str:
    drawn = [(words, values) for words, values in lines if values]
    top = max([v for _, values in drawn for v in values], default=1.0)
    axes = plots.Axes((-0.2, len(SEEN) - 0.8), (0, 1.05 * top), width=640, height=340, left=52, bottom=54)
    marks = []
    for (_, values), kind in zip(drawn, KINDS, strict=False):
        marks += [
            plots.line(range(len(values)), values, kind),
            plots.dots(range(len(values)), values, kind, 3.4),
        ]
    marks += [under(k, str(n)) for k, n in enumerate(SEEN)]
    title = say(
        lang,
        "Bits per token, by how many before it are seen",
        "Bits por token, según cuántos anteriores se ven",
    )
    names = plots.legend(*((kind, words) for (words, _), kind in zip(drawn, KINDS, strict=False)))
    head = [say(lang, "tokens seen", "tokens vistos"), *map(str, SEEN)]
    rows = [
        [words, *(plots.number(v, lang) for v in values), *["–"] * (len(SEEN) - len(values))]
        for words, values in drawn
    ]
    return plots.plot(axes, *marks, title=title, up=True, lang=lang) + names + plots.table(head, rows)


def reach_code(corpus: str, words: str) -> str:
    name = rivals.CORPORA[corpus][2][-1]
    return (
        "import torch\n"
        "from torch.nn.functional import cross_entropy\n\n"
        "from genmodels.text.gpt import GPT\n"
        "from genmodels.text.tokens import Tokenizer\n\n"
        f'model, tokens = GPT.from_pretrained("{name}"), Tokenizer.of("{name}")\n'
        f"ids = torch.tensor([tokens.end, *tokens.encode({words[:24]!r})])  # or yours\n"
        f"for seen in {SEEN[:4]}:\n"
        "    windows = ids.unfold(0, seen, 1)[:-1]\n"
        "    nats = cross_entropy(model.logits(windows)[:, -1], ids[seen:])\n"
        "    print(seen, nats.item() / 0.6931, 'bits per token')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("reach", "How far back", "Cuánto hacia atrás") as view:
        with view.controls():
            corpus = corpus_choice()
            words = texts.prompt(LONG, t("Text", "Texto"), lines=8)
        with view.result():
            chart = kit.html()
        view.run(reach, [corpus, words], [chart], ("Measure", "Medir"), reach_code)


LONG = (
    "# Lemon cake\n\nA light cake for the afternoon.\n\n## Ingredients\n\n- 200 g flour\n- 150 g sugar\n"
    "- 3 eggs\n- 1 lemon\n- 100 g butter\n\n## Directions\n\n1. Preheat the oven to 180 °C.\n2. Melt the "
    "butter and let it cool.\n3. Beat the eggs with the sugar until light.\n4. Add the flour, the melted "
    "butter and the juice of the lemon.\n5. Pour the batter into a cake pan and bake for 35 minutes.\n6. Let "
    "the cake cool before you cut it."
)
