"""Keep some of the words of a picture and have the prior write the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from demos import kit
from demos.kit import plates, say, t
from demos.vqvae import source, words
from demos.vqvae.prior import BLANK, FRAME, condition, kind_choice
from demos.vqvae.source import SPRITES, block, chosen, factor, loaded, shown, start_code

if TYPE_CHECKING:
    from torch import Tensor

CELLS = 24  # of the board a side: two or three for a word
KEEP = [
    (t("the upper half", "la mitad de arriba"), "top"),
    (t("the lower half", "la mitad de abajo"), "bottom"),
    (t("the left half", "la mitad izquierda"), "left"),
    (t("the right half", "la mitad derecha"), "right"),
    (t("the middle", "el centro"), "middle"),
    (t("the border", "el borde"), "border"),
    (t("what I paint on the board", "lo que pinto en el tablero"), "painted"),
]
LARGE, TILE = 330, 216
TIMES = 6  # a change of the kept part is shown so many times as large


def preset(keep: str, shape: tuple[int, int]) -> np.ndarray:
    """Which words of a grid stay, bool (h, w)."""
    rows, columns = shape
    i, j = np.indices(shape)
    inner = (abs(i - (rows - 1) / 2) < rows / 4) & (abs(j - (columns - 1) / 2) < columns / 4)
    return {
        "top": i < rows // 2,
        "bottom": i >= rows // 2,
        "left": j < columns // 2,
        "right": j >= columns // 2,
        "middle": inner,
        "border": ~inner,
    }[keep]


def painted(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A board of cells -> words: one stays if at least half of its cells do."""
    rows, columns = shape
    return mask.reshape(rows, CELLS // rows, columns, CELLS // columns).mean((1, 3)) >= 0.5


def kept(keep: str, board: Any, shape: tuple[int, int]) -> np.ndarray:
    if keep != "painted":
        return preset(keep, shape)
    return painted(np.zeros((CELLS, CELLS), bool) if board is None else board[1], shape)


def complete(
    checkpoint: str, picture: str, seed: int, own: Image.Image | None, drawing: Image.Image | None,
    keep: str, board: Any, draws: int, count: int, temperature: float, kind: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Keep a part of a picture's words and let the prior write the others, several times."""
    import torch

    from genmodels.autoregressive import sampling

    with source.prior(checkpoint, lang) as model, loaded(checkpoint) as coder:
        x = chosen(coder, picture, seed, own, drawing, lang)
        grid = coder.codes(x)
        mask = kept(keep, board, model.config.size)
        before = shown(coder.draw(grid))
        cells = mask.repeat(CELLS // len(mask), 0).repeat(CELLS // mask.shape[1], 1)
        painting = kit.to_pil(before[0]), cells
        given, then = {"given": grid[:, None], "keep": torch.from_numpy(mask)}, 0.0
        told = condition(checkpoint, model, kind, count)
        first = plates.beside(*look(before, mask, factor(coder), lang))
        for n, step in enumerate(
            sampling.draw(model, draws, count, temperature=temperature, **given, **told), 1
        ):
            if time.monotonic() < then and n < mask.size:
                continue
            made = growing(coder, step.x[:, 0], grid, mask, n)
            yield (
                painting,
                plates.plate(first, row(made, lang)),
                gr.skip(),
                gr.skip(),
                {"step": f"{n} / {mask.size}"},
            )
            then = time.monotonic() + FRAME
    codes = step.x[:, 0].cpu()
    same = codes[:, torch.from_numpy(mask)] == grid[0].cpu()[torch.from_numpy(mask)]
    touched, plate, note = overlap(before, made, codes[0], mask, lang)
    found = {"kept_words": f"{int(mask.sum())} / {mask.size}", "kept_same": 100 * same.float().mean().item()}
    if not mask.any():
        found = {"kept_words": f"0 / {mask.size}"}
    yield painting, plates.plate(first, row(made, lang)), plate, note, found | touched | {"made": count}


def growing(coder: Any, codes: Tensor, grid: Tensor, mask: np.ndarray, done: int) -> Tensor:
    """The completions so far: the kept words and the first `done` of the grid; the rest is blank."""
    import torch

    there = torch.from_numpy(mask).clone()
    there.view(-1)[:done] = True
    whole = torch.where(torch.from_numpy(mask).to(codes.device), grid, codes)
    z = coder.lookup(whole) * there.to(codes.device)
    f = factor(coder)
    large = there.repeat_interleave(f, 0).repeat_interleave(f, 1)
    return torch.where(large, shown(coder.decode(z)), torch.tensor(BLANK).view(3, 1, 1))


def look(before: Tensor, mask: np.ndarray, f: int, lang: str) -> list[Image.Image]:
    """The picture through its words, and what is kept of it."""
    import torch

    large = torch.from_numpy(mask).repeat_interleave(f, 0).repeat_interleave(f, 1)
    veiled = torch.where(large, before, torch.tensor(BLANK).view(3, 1, 1))
    names = (
        (say(lang, "decoded from its words", "decodificada de sus palabras"), before),
        (say(lang, "what is kept", "lo que se conserva"), veiled),
    )
    return [block(caption, image, 1, LARGE, type=27) for caption, image in names]


def row(made: Tensor, lang: str) -> Image.Image:
    return block(
        say(lang, "written by the prior", "escritas por el prior"), made, min(3, len(made)), TILE, type=27
    )


def overlap(
    before: Tensor, made: Tensor, codes: Tensor, mask: np.ndarray, lang: str
) -> tuple[dict, Any, str]:
    """How much the pixels of kept words moved although the words did not: the decoder looks at neighbours."""
    import torch

    f = before.shape[-1] // mask.shape[-1]
    large = torch.from_numpy(mask).repeat_interleave(f, 0).repeat_interleave(f, 1)
    apart = (made - before).abs().amax(1).mean(0) / 2  # (H, W), in parts of the whole range
    heat = (TIMES * apart).clamp(0, 1).where(large, torch.tensor(0.0)) * 2 - 1
    heat = torch.where(large, heat.expand(3, -1, -1), torch.tensor(BLANK).view(3, 1, 1))
    caption = say(
        lang, f"change of the kept pixels, × {TIMES}", f"cambio de los píxeles conservados, × {TIMES}"
    )
    page = block(caption, heat[None], 1, LARGE, type=27)
    grid = words.token_map(made[0], codes, kept=mask).resize(
        (page.width, page.width), Image.Resampling.LANCZOS
    )
    name = say(lang, "the words of the first", "las palabras de la primera")
    framed = block(name, before, 1, LARGE, type=27)
    framed.paste(grid, (0, framed.height - framed.width))
    en = (
        "The framed <b>words</b> are those of your picture, in every completion. Their <b>pixels</b> may "
        "still move next to a new word: the decoder draws each word with a look at its neighbours."
    )
    es = (
        "Las <b>palabras</b> con marco son las de tu imagen en todas las versiones. Sus <b>píxeles</b> "
        "igual pueden moverse junto a una palabra nueva: el decodificador dibuja cada palabra mirando a "
        "sus vecinas."
    )
    moved = {"kept_moved": 100 * apart[large].mean().item()} if mask.any() else {}
    return moved, plates.beside(framed, page), words.told(say(lang, en, es))


def complete_code(
    checkpoint: str, picture: str, seed: int, own: Any, drawing: Any, keep: str, board: Any, draws: int,
    count: int, temperature: float, kind: int,
) -> str:  # fmt: skip
    mask = kept(keep, board, (source.side(checkpoint),) * 2)
    rows = ", ".join("0b" + "".join("01"[int(c)] for c in r) for r in mask)
    n = len(mask)
    told = f", labels=torch.full(({count},), {kind})" if kind >= 0 and checkpoint == SPRITES else ""
    extra = (
        "from genmodels.autoregressive.code_prior import CodePrior\n"
        "from genmodels.autoregressive.sampling import draw, last\n"
    )
    return start_code(checkpoint, picture, seed).replace("\nmodel =", extra + "\nmodel =", 1) + (
        f'prior = CodePrior.from_pretrained("{checkpoint}-prior")\n'
        f"rows = [{rows}]\n"
        f"keep = torch.tensor([[bool(r >> k & 1) for k in reversed(range({n}))] for r in rows])\n"
        f"given = dict(given=codes[:, None], keep=keep{told})\n"
        f"new = last(draw(prior, {draws}, {count}, temperature={temperature:g}, **given))[:, 0]\n"
        "pictures = model.draw(new)\n"
    )


def layout(tab: kit.Tab, picture: list[Any]) -> None:
    with tab.view("complete", "Complete", "Completar") as view:
        with view.controls():
            keep = kit.choice(KEEP, t("Keep", "Conservar"))
            board = kit.mask(CELLS, CELLS, ("Or paint what to keep", "O pinta lo que se conserva"), brush=4)
            board.input(None, None, keep, js="() => 'painted'", **source.QUIET)
            draws = kit.seed(1, t("Seed of the completions", "Semilla de las versiones"))
            count = kit.slider(1, 12, 6, t("Completions", "Versiones"), step=1)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
            kind = kind_choice()
        with view.result():
            made = plates.view()
            note = kit.html()
            proof = plates.view()
        inputs = [tab.checkpoint, *picture, keep, board, draws, count, temperature, kind]
        label = ("Complete it", "Completarla")
        view.run(complete, inputs, [board, made, proof, note], label, complete_code)
        view.on([keep.input, count.release, temperature.release, kind.input], complete)
