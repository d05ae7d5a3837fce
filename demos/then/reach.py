"""How far back it helps to look: the same words foretold by a model that sees more and more before them."""

from __future__ import annotations

from collections.abc import Iterator
from math import e, log2
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import card, plots, say, t, texts
from demos.then import rivals
from demos.then.same import bring, corpus_choice
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
    """Mean bits of the same tokens, the last ones of the text, for each length of sight.

    One that has fewer before it than that sees them all: left out, the means would be of other tokens.
    """
    import torch
    import torch.nn.functional as F

    with texts.use(checkpoint.name) as writer, torch.no_grad():
        ids = torch.tensor([writer.tokens.end or 0, *writer.tokens.encode(words)], device=writer.model.device)
        targets = torch.arange(max(1, len(ids) - PLACES), len(ids), device=ids.device)
        beginning = writer.model.logits(ids[None, : SEEN[-1]])[0]
        for seen in (n for n in SEEN if n < len(ids)):
            early, late = targets[targets < seen], targets[targets >= seen]
            logits = [beginning[early - 1]]
            for part in late.split(BATCH):
                windows = torch.stack([ids[k - seen : k] for k in part.tolist()])
                logits.append(writer.model.logits(windows)[:, -1])
            yield F.cross_entropy(torch.cat(logits).float(), ids[targets]).item() * log2(e)


def page(lines: list[tuple[str, list[float]]], lang: str) -> str:
    drawn = [(kind, *line) for kind, line in zip(KINDS[: len(lines)], lines, strict=True) if line[1]]
    top = max([v for *_, values in drawn for v in values], default=1.0)
    axes = plots.Axes((-0.2, len(SEEN) - 0.8), (0, 1.05 * top), width=640, height=340, left=52, bottom=54)
    marks = []
    for kind, _, values in drawn:
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
    names = plots.legend(*((kind, words) for kind, words, _ in drawn))
    head = [say(lang, "tokens seen, at most", "tokens vistos, a lo sumo"), *map(str, SEEN)]
    rows = [
        [words, *(plots.number(v, lang) for v in values), *["–"] * (len(SEEN) - len(values))]
        for _, words, values in drawn
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
        f"for seen in {SEEN[:4]}:  # the same tokens each time\n"
        f"    windows = ids[{SEEN[3]} - seen :].unfold(0, seen, 1)[:-1]\n"
        f"    nats = cross_entropy(model.logits(windows)[:, -1], ids[{SEEN[3]}:])\n"
        "    print(seen, nats.item() / 0.6931, 'bits per token')\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("reach", "How far back", "Cuánto hacia atrás") as view:
        with view.controls():
            corpus = corpus_choice()
            words = texts.prompt(LONG["recipes"], t("Text", "Texto"), lines=8)
        with view.result():
            chart = kit.html()
        bring(corpus, words, LONG)
        view.run(reach, [corpus, words], [chart], ("Measure", "Medir"), reach_code)


LONG = {  # written for this page: no model was shown them
    "recipes": (
        "# Lemon cake\n\nA light cake for the afternoon.\n\n## Ingredients\n\n- 200 g flour\n- 150 g sugar\n"
        "- 3 eggs\n- 1 lemon\n- 100 g butter\n\n## Directions\n\n1. Preheat the oven to 180 °C.\n2. Melt the "
        "butter and let it cool.\n3. Beat the eggs with the sugar until light.\n4. Add the flour, the melted "
        "butter and the juice of the lemon.\n5. Pour the batter into a cake pan and bake for 35 minutes.\n"
        "6. Let the cake cool before you cut it."
    ),
    "quijote": (
        "Apenas había el hidalgo dado fin a estas razones, cuando vio venir por el camino a un labrador "
        "sobre su asno, y le dijo: —Detente, buen hombre, y dime si has visto pasar por aquí a una doncella "
        "cautiva, a quien llevan por fuerza dos gigantes. —Señor —respondió el labrador—, yo no he "
        "visto sino dos frailes y un coche con una señora que va a Sevilla. —Pues esos son —dijo don "
        "Quijote—, que los encantadores mudan las figuras de las cosas. Y, volviéndose a Sancho, le "
        "mandó que apretase las cinchas a Rocinante."
    ),
    "shakespeare": (
        "DUKE:\nWelcome, good cousin. What news hast thou brought\nFrom those that keep the borders of our "
        "land?\n\nMESSENGER:\nMy lord, the rebels have laid down their arms,\nAnd those that led them kneel "
        "before thy gates.\n\nDUKE:\nThen let them rise; for he that begs our mercy\nShall find it here, and "
        "none shall say of us\nThat we were swift to strike and slow to pardon.\n\nMESSENGER:\nI'll "
        "bear them word, and pray they use it well."
    ),
}
