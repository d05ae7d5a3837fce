"""New pictures, word by word: every word with an equal chance, beside the prior that was learnt."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import card, plates, plots, say, t
from demos.vqvae import source, words
from demos.vqvae.codes import CLICK, on_map
from demos.vqvae.source import SPRITES, block, factor, loaded, shown
from genmodels.data.tiles import KIND_NAMES, KINDS

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.model import Model

BLANK = (0.16, 0.02, -0.14)  # in [-1, 1]: where no word stands yet
FRAME = 0.2  # seconds between frames, at least
TOP = 12  # words of a distribution that are shown
ANY = -1


def condition(checkpoint: str, model: Model, kind: int, count: int) -> dict[str, Tensor]:
    """What the prior is told: the kind of sprite, if it was chosen and the model knows kinds."""
    import torch

    if kind == ANY or not model.config.classes:
        return {}
    return {"labels": torch.full((count,), kind, device=model.device)}


def part(model: Model, codes: Tensor, done: int) -> Tensor:
    """Pictures (B, 3, H, W) of the first `done` words of grids (B, h, w); the rest is blank."""
    import torch

    rows, columns = codes.shape[1:]
    there = (torch.arange(rows * columns) < done).view(rows, columns)
    z = model.lookup(codes) * there.to(model.device)
    f = factor(model)
    large = there.repeat_interleave(f, 0).repeat_interleave(f, 1)
    return torch.where(large, shown(model.decode(z)), torch.tensor(BLANK).view(3, 1, 1))


def equal(seed: int, count: int, shape: tuple[int, int], total: int) -> Tensor:
    """Grids whose words all have the same chance, from the uniforms that the learnt prior takes."""
    from genmodels.autoregressive.sampling import uniforms

    return (uniforms(seed, count, (*shape, 1))[..., 0] * total).long()


def new(checkpoint: str, seed: int, count: int, temperature: float, kind: int, lang: str) -> Iterator[tuple]:
    """New pictures word by word, from a uniform prior and from the learnt one, by the same random numbers."""
    from genmodels.autoregressive import sampling

    with source.prior(checkpoint, lang) as model, loaded(checkpoint) as coder:
        (rows, columns), total = model.config.size, model.config.codes
        told, params, then = condition(checkpoint, model, kind, count), [], 0.0
        uniform = equal(seed, count, (rows, columns), total).to(model.device)
        for n, step in enumerate(sampling.draw(model, seed, count, temperature=temperature, **told), 1):
            params.append(step.params[0].float())
            if time.monotonic() < then and n < rows * columns:
                continue
            made = part(coder, uniform, n), part(coder, step.x[:, 0], n)
            seen = words.token_map(made[1][0], step.x[0, 0].cpu(), done=n)
            yield (
                two(made, lang),
                seen,
                gr.skip(),
                gr.skip(),
                {"step": f"{n} / {rows * columns}", "made": count},
            )
            then = time.monotonic() + FRAME
        bits = -model.log_prob(step.x, **told).flatten(1).sum(1).mean().item() / math.log(2)
        hard = max(range(len(params)), key=lambda k: uncertainty(model.chances(params[k])))
        at = divmod(hard, columns)
        bars, note = behind(checkpoint, model, coder, params[hard], step.x[0, 0].cpu(), at, temperature, lang)
        seen = words.token_map(made[1][0], step.x[0, 0].cpu(), at)
    found = {"prior_bits": bits, "uniform_bits": rows * columns * math.log2(total), "made": count}
    found |= {k: v for k, v in measures(checkpoint).items() if k == "bits_per_image"}
    first = say(lang, "The word of the first picture that was hardest to guess:",
                "La palabra de la primera imagen más difícil de adivinar:")  # fmt: skip
    yield two(made, lang), seen, bars, words.told(first) + note, found


def measures(checkpoint: str) -> dict[str, float]:
    return card.metrics(f"{checkpoint}-prior").get("measures", {})


def two(made: tuple[Tensor, Tensor], lang: str) -> Image.Image:
    """The same pictures under both priors."""
    captions = (
        say(lang, "uniform prior", "prior uniforme"),
        say(lang, "learnt prior", "prior aprendido"),
    )
    columns = max(1, round(len(made[0]) ** 0.5))
    tile = 560 // columns
    return plates.beside(*(block(c, x, columns, tile) for c, x in zip(captions, made, strict=True)))


def new_code(checkpoint: str, seed: int, count: int, temperature: float, kind: int) -> str:
    cls = source.family(checkpoint)
    told = f", labels=torch.full(({count},), {kind})" if kind != ANY and checkpoint == SPRITES else ""
    return (
        f"import torch\nfrom {cls.__module__} import {cls.__name__}\n"
        "from genmodels.autoregressive.code_prior import CodePrior\n"
        "from genmodels.autoregressive.sampling import draw, last\n\n"
        f'prior = CodePrior.from_pretrained("{checkpoint}-prior")\n'
        f'model = {cls.__name__}.from_pretrained("{checkpoint}")\n'
        f"codes = last(draw(prior, {seed}, {count}, temperature={temperature:g}{told}))[:, 0]\n"
        "pictures = model.draw(codes)  # in [-1, 1]\n"
        "mush = model.draw(torch.randint(prior.config.codes, codes.shape))  # the uniform prior\n"
    )


def chances(
    checkpoint: str, seed: int, temperature: float, kind: int, row: int, column: int, lang: str
) -> Iterator[tuple]:
    """The distribution that one word of a new picture was drawn from: the likeliest words, their chances."""
    from genmodels.autoregressive import sampling

    with source.prior(checkpoint, lang) as model, loaded(checkpoint) as coder:
        told = condition(checkpoint, model, kind, 1)
        rows, columns = model.config.size
        at = min(row, rows) - 1, min(column, columns) - 1
        for step in sampling.draw(model, seed, 1, temperature=temperature, **told):
            if (step.i, step.j) == at:
                params = step.params[0].float()
        grid = step.x[0, 0].cpu()
        seen = words.token_map(part(coder, step.x[:, 0], grid.numel())[0], grid, at)
        yield seen, gr.skip(), gr.skip(), {}
        bars, note = behind(checkpoint, model, coder, params, grid, at, temperature, lang)
        found = {"entropy": uncertainty(model.chances(params))}
    yield seen, bars, note, found


def uncertainty(p: Tensor) -> float:
    """Entropy in bits."""
    return -(p * p.clamp_min(1e-12).log2()).sum().item()


def behind(
    checkpoint: str, model: Model, coder: Model, params: Tensor, grid: Tensor, at: tuple[int, int],
    temperature: float, lang: str,
) -> tuple[Image.Image, str]:  # fmt: skip
    """The distribution that a word of a grid was drawn from: the likeliest words, and it in words."""
    p = model.chances(params).cpu()
    warm = model.chances(params / temperature).cpu() if temperature else p
    first, word = warm.topk(TOP).indices.tolist(), int(grid[at])
    images, marks = words.drawn(checkpoint, coder, first), [] if temperature == 1 else p[first].tolist()
    bars = words.ranking(images, first, warm[first].tolist(), lang, word, marks)
    return bars, about(word, p, uncertainty(p), at, temperature, lang)


def about(word: int, p: Tensor, entropy: float, at: tuple[int, int], temperature: float, lang: str) -> str:
    place, many = int((p > p[word]).sum()) + 1, plots.number(2**entropy, lang, 2 if entropy < 6.6 else 3)
    first = say(
        lang,
        f"Row {at[0] + 1}, column {at[1] + 1}, given the words before it: <b>word {word}</b> was drawn, "
        f"number {place} of {len(p)} by chance, {words.percent(p[word].item(), lang)}.",
        f"Fila {at[0] + 1}, columna {at[1] + 1}, dadas las palabras anteriores: salió la <b>palabra "
        f"{word}</b>, la número {place} de {len(p)} por probabilidad, {words.percent(p[word].item(), lang)}.",
    )
    second = say(
        lang,
        f"Entropy {plots.number(entropy, lang, 2)} bits: as hard to guess as one of "
        f"{many} words; before learning, one of {len(p)}.",
        f"Entropía de {plots.number(entropy, lang, 2)} bits: tan difícil de adivinar como una de "
        f"{many} palabras; antes de aprender, una de {len(p)}.",
    )
    third = "" if temperature == 1 else say(
        lang,
        "Bars: the chances at this temperature. Thin lines: at temperature 1.",
        "Barras: las probabilidades a esta temperatura. Líneas finas: a temperatura 1.",
    )  # fmt: skip
    return words.told(first, second, third)


def chances_code(checkpoint: str, seed: int, temperature: float, kind: int, row: int, column: int) -> str:
    told = f", labels=torch.tensor([{kind}])" if kind != ANY and checkpoint == SPRITES else ""
    return (
        "import torch\nfrom genmodels.autoregressive.code_prior import CodePrior\n"
        "from genmodels.autoregressive.sampling import draw\n\n"
        f'prior = CodePrior.from_pretrained("{checkpoint}-prior")\n'
        f"for step in draw(prior, {seed}, 1, temperature={temperature:g}{told}):\n"
        f"    if (step.i, step.j) == ({row - 1}, {column - 1}):\n"
        "        print(prior.chances(step.params[0]).topk(12))\n"
    )


def kind_choice() -> Any:
    choices = [(t("not told", "sin decir"), ANY)]
    choices += [(t(*KIND_NAMES[name]), k) for k, name in enumerate(KINDS)]
    return kit.choice(choices, t("Kind (sprites only)", "Tipo (solo sprites)"), ANY)


def layout(tab: kit.Tab) -> None:
    with tab.view("prior", "Prior", "Prior") as view:
        with view.controls():
            seed = kit.seed(4)
            count = kit.slider(1, 25, 9, t("Pictures of each", "Imágenes de cada uno"), step=1)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            kind = kind_choice()
        with view.result():
            pictures = plates.view()
            with gr.Row():
                with gr.Column(scale=1, min_width=280):
                    seen = words.titled(
                        "The first, learnt: click a word", "La primera, aprendida: haz clic en una palabra"
                    )
                with gr.Column(scale=1, min_width=280):
                    note = kit.html()
                    bars = words.titled("What it was drawn from", "De qué se sorteó")
        inputs = [tab.checkpoint, seed, count, temperature, kind]
        view.run(new, inputs, [pictures, seen, bars, note], ("Draw", "Sortear"), new_code)
        view.on([temperature.release, count.release, kind.input], new)
        with view.controls(), gr.Row():
            row = kit.slider(1, 12, 5, t("Row", "Fila"), step=1, min_width=130)
            column = kit.slider(1, 12, 4, t("Column", "Columna"), step=1, min_width=130)
        inputs = [tab.checkpoint, seed, temperature, kind, row, column]
        label = ("What was it drawn from?", "¿De qué se sorteó?")
        view.run(chances, inputs, [seen, bars, note], label, chances_code, name="chances")
        clicks = gr.State(0)
        seen.select(on_map, [tab.checkpoint, clicks], [row, column, clicks], **CLICK)
        view.on([clicks.change, row.release, column.release], chances)
