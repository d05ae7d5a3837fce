"""How a discrete VAE learns: words mixed at a temperature, until one is left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import numbers, plates, plots, say, t
from demos.vqvae import words
from demos.vqvae.codes import CLICK
from demos.vqvae.source import block, chosen, likeness, loaded, place, shown
from genmodels.autoencoders.checkpoints import DVAES

if TYPE_CHECKING:
    from torch import Tensor

NAME = DVAES[0].name
STEPS = (16.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.125, 0.0)
TOP = 12  # bars


def weights(logits: Tensor, tau: float, noise: Tensor) -> Tensor:
    """Of each word at each place, (B, K, h, w). At temperature 0 a single word: the one drawn."""
    import torch

    from genmodels.autoencoders.dvae import relax as soften

    if tau:
        return soften(logits, tau, noise)
    return torch.nn.functional.one_hot((logits + noise).argmax(1), logits.shape[1]).movedim(-1, 1).float()


def relax(
    picture: str, seed: int, own: Image.Image | None, drawing: Image.Image | None,
    tau: float, draw: int, row: int, column: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """The discrete VAE as it trains: words mixed by Gumbel noise at a temperature, and what they draw."""
    import torch

    from genmodels.autoencoders.dvae import gumbel

    with loaded(NAME) as model:
        x = chosen(model, picture, seed, own, drawing, lang)
        logits = model.encode(x).float()
        noise = gumbel(logits.shape, torch.Generator().manual_seed(draw)).to(logits.device)
        w = weights(logits, tau, noise)
        y = model.decode(model.mix(w.to(model.dtype)))
        at = place(row, column, logits)
        seen = words.token_map(shown(x)[0], w.argmax(1)[0], at)
        q = logits.softmax(1)
        found = {
            "psnr": likeness(x, y),
            "entropy": bits(q).mean().item(),
            "mixed": (2 ** bits(w)).mean().item(),
            "kl_words": (math.log2(logits.shape[1]) - bits(q)).sum().item(),
        }
        yield seen, gr.skip(), gr.skip(), gr.skip(), found
        frames = [model.decode(model.mix(weights(logits, s, noise).to(model.dtype))) for s in STEPS]
        here, chance = w[0, :, at[0], at[1]].cpu(), q[0, :, at[0], at[1]].cpu()
        first = here.topk(TOP).indices.tolist()
        images = words.drawn(NAME, model, first)
    bars = words.ranking(images, first, here[first].tolist(), lang, -1, chance[first].tolist())
    yield seen, poster(x, y, frames, tau, lang), bars, about(here, chance, at, tau, lang), found


def bits(p: Tensor) -> Tensor:
    """Entropy over the words, (B, h, w)."""
    import torch

    return torch.special.entr(p.float()).sum(1) / math.log(2)


def poster(x: Tensor, y: Tensor, frames: list[Tensor], tau: float, lang: str) -> Image.Image:
    big = [
        block(say(lang, "the picture", "la imagen"), shown(x), 1, 330, type=27),
        block(f"τ = {plots.number(tau, lang)}: {quality(x, y, lang)}", shown(y), 1, 330, type=27),
    ]
    names = [
        f"τ = {plots.number(s, lang)}: {quality(x, f, lang)}" for s, f in zip(STEPS, frames, strict=True)
    ]
    strip = [block(n, shown(f), 1, 160, type=22) for n, f in zip(names, frames, strict=True)]
    return plates.plate(plates.beside(*big), plates.beside(*strip[:4]), plates.beside(*strip[4:]))


def quality(x: Tensor, y: Tensor, lang: str) -> str:
    return numbers.text("psnr", likeness(x, y), lang)


def about(here: Tensor, chance: Tensor, at: tuple[int, int], tau: float, lang: str) -> str:
    mixed = 2 ** bits(here[None, :, None, None]).item()
    sure = 2 ** bits(chance[None, :, None, None]).item()
    word, share = here.argmax().item(), here.max().item()
    first = say(
        lang,
        f"Row {at[0] + 1}, column {at[1] + 1}, τ = {plots.number(tau, lang)}: <b>word {word}</b> has "
        f"{words.percent(share, lang)} of the mixture, as if it had {plots.number(mixed, lang, 3)} equal "
        "words.",
        f"Fila {at[0] + 1}, columna {at[1] + 1}, τ = {plots.number(tau, lang)}: la <b>palabra {word}</b> "
        f"tiene el {words.percent(share, lang)} de la mezcla, como si hubiera "
        f"{plots.number(mixed, lang, 3)} palabras iguales.",
    )
    second = say(
        lang,
        "Bars: the mixture. Thin lines: q(z|x), what the encoder says, worth "
        f"{plots.number(sure, lang, 3)} words.",
        f"Barras: la mezcla. Líneas finas: q(z|x), lo que dice el codificador, que vale por "
        f"{plots.number(sure, lang, 3)} palabras.",
    )
    return words.told(first, second)


def relax_code(
    picture: str, seed: int, own: Any, drawing: Any, tau: float, draw: int, row: int, column: int
) -> str:
    mixture = f"relax(logits, {tau:g}, noise)" if tau else "relax(logits, 1e-6, noise)"
    return (
        "import torch\nfrom genmodels.autoencoders.dvae import DVAE, gumbel, kl_uniform, relax\n"
        "from genmodels.data.faces import batch\n\n"
        f'model = DVAE.from_pretrained("{NAME}")\n'
        f"x = torch.from_numpy(batch([{seed}], 64)[0]).permute(0, 3, 1, 2) / 127.5 - 1\n"
        "logits = model.encode(torch.nn.functional.avg_pool2d(x, 2))  # (1, 512, 8, 8); or your 32 x 32\n"
        f"noise = gumbel(logits.shape, torch.Generator().manual_seed({draw}))\n"
        f"w = {mixture}\n"
        f"print(w[0, :, {row - 1}, {column - 1}].topk(12), kl_uniform(logits).sum() / 0.6931)\n"
        "again = model.decode(model.mix(w))  # (1, 3, 32, 32) in [-1, 1]\n"
    )


def layout(tab: kit.Tab, picture: list[Any]) -> None:
    with tab.view("relax", "Relaxed words", "Palabras relajadas") as view:
        with view.controls():
            en = (
                "The **discrete VAE** of faces, whatever is chosen above. Its encoder gives every word a "
                "chance; in training a mixture of words is decoded, sharper as τ falls."
            )
            es = (
                "El **VAE discreto** de caras, sea cual sea el elegido arriba. Su codificador le da a cada "
                "palabra una probabilidad; al entrenar se decodifica una mezcla, más nítida a medida que "
                "baja τ."
            )
            gr.Markdown(t(en, es))
            tau = kit.slider(0, 16, 1, t("Temperature τ", "Temperatura τ"), step=0.05)
            draw = kit.seed(1, t("Seed of the Gumbel noise", "Semilla del ruido de Gumbel"))
            with gr.Row():
                row = kit.slider(1, 8, 4, t("Row", "Fila"), step=1, min_width=130)
                column = kit.slider(1, 8, 4, t("Column", "Columna"), step=1, min_width=130)
        with view.result():
            with gr.Row():
                with gr.Column(scale=1, min_width=280):
                    seen = words.titled(
                        "The likeliest words: click one", "Las palabras más probables: haz clic en una"
                    )
                with gr.Column(scale=1, min_width=280):
                    note = kit.html()
                    bars = words.titled("The mixture there", "La mezcla en ese lugar")
            page = plates.view()
        inputs = [*picture, tau, draw, row, column]
        view.run(relax, inputs, [seen, page, bars, note], ("Relax", "Relajar"), relax_code)
        clicks = gr.State(0)
        seen.select(on_map, clicks, [row, column, clicks], **CLICK)
        view.on([clicks.change, tau.release, row.release, column.release], relax)


def on_map(count: int, event: gr.SelectData) -> tuple[int, int, int]:
    return words.pressed(8, count, event)
