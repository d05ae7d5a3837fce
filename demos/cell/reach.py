"""How far back the gradient reaches in an RNN, an LSTM, a GRU and a Transformer: measured, as curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.cell.source import RECIPE, quoted, words_box
from demos.kit import plots, say, t, texts
from demos.kit.inputs import refuse

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST = 240  # tokens that are read; a Transformer of ours sees 256
ENDS = 12  # tokens whose gradient is averaged
LEAST = 24
FLOOR = -9  # powers of ten that the plot shows
MODELS = {
    "rnn-recipes": ("warm", ("plain RNN", "RNN simple")),
    "stacked-recipes": ("mark", ("LSTM, two layers", "LSTM, dos capas")),
    "gru-recipes": ("ink", ("GRU", "GRU")),
    "gpt-recipes": ("soft", ("Transformer", "Transformer")),
}


def reach(words: str, trained: bool, gain: float, seed: int, lang: str) -> Iterator[tuple]:
    """Gradient of what a model says of a token, by the tokens before it, the nearest first: four models."""
    import torch

    from genmodels.text.reach import reach as measured

    curves: dict[str, Tensor] = {}
    for name in MODELS:
        with texts.use(name) as writer:
            ids = [writer.tokens.end or 0, *writer.tokens.encode(words)][:MOST]
            if len(ids) < LEAST:
                raise refuse(
                    f"A text of at least {LEAST} tokens, please.", f"Un texto de al menos {LEAST} tokens."
                )
            model = writer.model if trained else fresh(writer.model, gain, seed)
            back = len(ids) // 2
            ends = [back + (len(ids) - 1 - back) * k // (ENDS - 1) for k in range(ENDS)]
            curves[name] = measured(model, table_of(model), torch.tensor([ids]), back, ends)
            yield drawn(curves, back, lang), table(curves, lang), {"tokens_text": len(ids)}


def table_of(model: Any) -> nn.Embedding:
    """Where a model looks its tokens up."""
    return model.wte if hasattr(model, "wte") else model.embed


def fresh(model: Any, gain: float, seed: int) -> Any:
    """The same network before it learnt, of weights by a seed; those of a recurrence times `gain`."""
    import torch

    made = type(model)(model.config).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, p in made.named_parameters():
        if p.ndim > 1:
            recurrent, wide = "weight_hh" in name, getattr(model.config, "hidden", 0)
            size = 3**-0.5 * wide**-0.5 if "layers" in name else 0.1 if wide else 0.02
            p.copy_(size * (gain if recurrent else 1) * torch.randn(p.shape, generator=generator))
    return made


def drawn(curves: dict[str, Tensor], back: int, lang: str) -> str:
    """Powers of ten over tokens back."""
    tops = [math.log10(max(curve.max().item(), 1e-30)) for curve in curves.values()]
    high = max(1, math.ceil(max(tops)))
    axes = plots.Axes((0, back), (FLOOR, high), width=720, height=380, left=64)
    marks = [powers(FLOOR, high)]
    for name, curve in curves.items():
        y = curve.clamp(min=10.0**FLOOR).log10().tolist()
        marks.append(plots.line(list(range(len(y))), y, MODELS[name][0]))
    title = say(
        lang,
        "Size of the gradient, as a share of that at the last token read",
        "Tamaño del gradiente, como parte del que llega al último token leído",
    )
    names = plots.legend(*((MODELS[name][0], say(lang, *MODELS[name][1])) for name in curves))
    across = say(lang, "tokens back", "tokens hacia atrás")
    return plots.plot(axes, *marks, title=title, across=across, lang=lang) + names


def powers(low: int, high: int) -> plots.Mark:
    """The vertical axis in powers of ten."""

    def draw(axes: plots.Axes) -> str:
        found = []
        for k in range(low, high + 1, 2):
            _, y = axes.at(axes.x[0], k)
            place = f"x='{axes.left - 6}' y='{y + 5:g}' text-anchor='end'"
            found.append(f"<text class='tick' {place}>10{plots.raised(k)}</text>")
        return "".join(found)

    return draw


def table(curves: dict[str, Tensor], lang: str) -> str:
    """What is left at some distances, and the factor by which it shrinks at each token."""
    places = (5, 10, 20, 40)
    head = ("", *(say(lang, f"{k} back", f"{k} atrás") for k in places))
    rows = []
    for name, curve in curves.items():
        shares = [short(curve[k].item(), lang) if k < len(curve) else "–" for k in places]
        rows.append((say(lang, *MODELS[name][1]), *shares))
    return plots.table(head, rows)


def short(share: float, lang: str) -> str:
    """0.012, or 3.1·10⁻⁷"""
    if share == 0 or 1e-3 <= share < 1e4:
        return plots.number(share, lang, 2)
    power = math.floor(math.log10(share))
    return f"{plots.number(share / 10.0**power, lang, 2)}·10{plots.raised(power)}"


def reach_code(words: str, trained: bool, gain: float, seed: int) -> str:
    return f"""import torch
from genmodels.text.gpt import GPT
from genmodels.text.reach import slopes
from genmodels.text.rnn import RNN
from genmodels.text.tokens import Tokenizer

cut = Tokenizer.of("gpt-recipes")
tokens = torch.tensor([[cut.end, *cut.encode({quoted(words)})]])
for kind, name in ((RNN, "rnn-recipes"), (RNN, "gru-recipes"), (GPT, "gpt-recipes")):
    model = kind.from_pretrained(name)
    table = model.wte if kind is GPT else model.embed
    print(name, slopes(model, table, tokens, [tokens.shape[1] - 1])[0])
"""


def layout(tab: kit.Tab) -> None:
    with tab.view("reach", "How far back it learns", "Hasta dónde aprende") as view:
        with view.controls():
            words = words_box(RECIPE)
            trained = kit.check(t("Trained (else as they began)", "Entrenados (si no, como empezaron)"), True)
            gain = kit.slider(
                0.5, 4, 1, t("Untrained: recurrent weights ×", "Sin entrenar: pesos recurrentes ×"), step=0.25
            )
            seed = kit.seed()
        with view.result():
            page, below = kit.html(), kit.html()
        inputs = [words, trained, gain, seed]
        view.run(reach, inputs, [page, below], ("Measure", "Medir"), reach_code)
        view.on([trained.input, gain.release], reach)
