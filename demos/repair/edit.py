"""Edit: a real picture goes up as what it is and comes down as something else, perhaps only in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import denoisers, pixels, plates, reals, say, t
from demos.repair import reader, ways

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoise, Denoiser
    from genmodels.diffusion.samplers import Step

SHARES = (40, 60, 75, 88, 95, 99)  # heights of the strip, in percent
WIDE, SMALL = 932, 152
HALF, NOISES = 0.5, 6  # of the greatest difference is inside of the mask; noises that it is the mean of
LIFT = 60  # share of the way at which the two classes are compared
OWN = "own"  # the class that the picture has
FIRST = (3, 4, 3, 3)  # what a picture becomes when the page opens, for each kind


def edit(
    checkpoint: str, drawing: Image.Image | None, number: int, own_faces: str, own_fashion: str,
    own_sprites: str, own_emoji: str, faces: str, fashion: str, sprites: str, emoji: str, scale: float,
    share: float, masked: bool, steps: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A picture (yours or ours) encoded as what it is and decoded as something else, from several heights."""
    own = own_class(checkpoint, drawing, number, own_faces, own_fashion, own_sprites, own_emoji)
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    with denoisers.use(checkpoint) as denoise:
        x, note = ways.real(checkpoint, denoise, drawing, number, lang)
        ask, other = ways.told(denoise, own, 1), ways.told(denoise, label, 1, scale)
        yield top(x, lang), gr.skip(), note, {}
        path = list(climbed(ask, x, ways.grid(denoise, steps)))
        keep = ~mask_of(denoise, x, own, label) if masked else x.new_zeros(x.shape[-2:]).bool()
        back = last(ask, path, keep & False)
        mask = ~keep if masked else None
        for step in ways.paced(down(other, path, share, keep)):
            yield (page := top(x, lang, back, step.x0, mask)), gr.skip(), note, {}
        strip: list[Tensor] = []
        for height in SHARES:
            strip.append(last(other, cut(path, height), keep))
            yield page, heights(x, strip, lang), note, {}
    said, found = reader.verdict(checkpoint, x, back, step.x, own, label, lang)
    altered = {"altered": int((step.x != x)[..., keep].sum())} if masked else {}
    yield page, heights(x, strip, lang), note + said, {"psnr_back": psnr(x, back)} | altered | found


def own_class(checkpoint: str, drawing: Any, number: int, *words: str) -> int:
    word = denoisers.said(checkpoint, *words)
    if word == OWN:
        return reals.class_of(checkpoint, drawing, number)
    return denoisers.asked(checkpoint, *words)


def climbed(ask: Denoise, x: Tensor, grid: list[float]) -> Iterator[Step]:
    """Each step looked at once more, so that the way down meets the same places."""
    from genmodels.diffusion.edit import invert

    return invert(ask, x, grid, rounds=1)


def cut(path: list[Step], share: float) -> list[Step]:
    """The way up, as far as this share of it; at least one step."""
    top = ways.sigma_of(share)
    return [step for k, step in enumerate(path) if k < 2 or step.sigma <= top]


def down(ask: Denoise, path: list[Step], share: float, keep: Tensor) -> Iterator[Step]:
    from genmodels.diffusion.edit import within

    return within(ask, cut(path, share), keep)


def last(ask: Denoise, path: list[Step], keep: Tensor) -> Tensor:
    from genmodels.diffusion.edit import within

    *_, end = within(ask, path, keep)
    return end.x


def mask_of(denoise: Denoiser, x: Tensor, own: int, label: int) -> Tensor:
    """(H, W) where the two classes believe in different things."""
    from genmodels.diffusion.edit import changes
    from genmodels.runtime import generators

    one, other = (ways.told(denoise, c, NOISES) for c in (own, label))
    return changes(one, other, x, ways.sigma_of(LIFT), generators(0, NOISES)) > HALF


# ---- what is shown -----------------------------------------------------------------------------------------


def top(
    x: Tensor, lang: str, back: Tensor | None = None, made: Tensor | None = None, mask: Tensor | None = None
) -> Image.Image:
    """The picture, what comes back of it, the edit, what changed, and where it was allowed to."""
    blank = ways.blank(x, 1)
    heat = blank if made is None else pixels.heat((made - x).abs().mean(1), 1.0)
    tiles = {
        ("the picture", "la imagen"): x,
        ("back", "de vuelta"): blank if back is None else back,
        ("edited", "editada"): blank if made is None else made,
        ("what changed", "qué cambió"): heat,
    }
    if mask is not None:
        tiles["where it may", "dónde podía"] = ways.without(x, mask)
    side = (WIDE + plates.AIR) // len(tiles) - plates.AIR
    return plates.beside(*(ways.block(say(lang, *words), tile, side) for words, tile in tiles.items()))


def heights(x: Tensor, strip: list[Tensor], lang: str) -> Image.Image:
    """The same edit from each height, with room for those to come."""
    tiles = [ways.rgb(s) for s in strip] + [ways.blank(x, 1)] * (len(SHARES) - len(strip))
    named = zip(SHARES, tiles, strict=True)
    return ways.close(*(ways.block(ways.percent(s, lang), tile, SMALL) for s, tile in named))


def psnr(x: Tensor, y: Tensor) -> float:
    from genmodels.metrics.psnr import psnr as of

    return of(x, y).mean().item()


def edit_code(
    checkpoint: str, drawing: Any, number: int, own_faces: str, own_fashion: str, own_sprites: str,
    own_emoji: str, faces: str, fashion: str, sprites: str, emoji: str, scale: float, share: float,
    masked: bool, steps: int,
) -> str:  # fmt: skip
    own = own_class(checkpoint, drawing, number, own_faces, own_fashion, own_sprites, own_emoji)
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    was, now = (f"torch.tensor([{k}])" if k >= 0 else "denoise.network.any(x0)" for k in (own, label))
    keep, imports = "torch.tensor(False)", []
    lines = f"was, now = {was}, {now}\nown, other = bound(denoise, was), guided(denoise, now, {scale:g})\n"
    if masked:
        imports = ["from genmodels.runtime import generators"]
        lines += f"both = (bound(denoise, k.expand({NOISES})) for k in (was, now))\n"
        keep = f"edit.changes(*both, x0, {ways.sigma_of(LIFT):.4g}, generators(0, {NOISES})) <= {HALF}"
    imports += ["from genmodels.diffusion import edit, schedules"]
    code = ways.code(checkpoint, number, *imports).replace("Denoiser, bound", "Denoiser, bound, guided")
    return (
        code
        + lines
        + (
            f"path = list(edit.invert(own, x0, schedules.karras(0.02, 80, {steps}), rounds=1))\n"
            f"path = [step for step in path if step.sigma <= {ways.sigma_of(share):.4g}]\n"
            f"*_, end = edit.within(other, path, {keep})\n"
        )
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("edit", "Edit", "Editar") as view:
        with view.controls():
            number, drawing = reals.board()
            more = ((("as it is", "la que tiene"), OWN),)
            own = denoisers.pickers(*[OWN] * 4, label=("It is", "Es"), more=more)
            other = denoisers.pickers(*FIRST, label=("Let it be", "Que sea"), any_=False)
            share = ways.share_slider(97)
            scale = kit.slider(
                1, 8, 3, t("Guidance on the way down", "Guía en el camino de bajada"), step=0.5
            )
            words = t("Only where the two classes differ", "Solo donde las dos clases difieren")
            masked = kit.check(words, False)
            with gr.Accordion(t("Steps", "Pasos"), open=False):
                steps = ways.steps_slider(24)
        with view.result():
            page, strip = plates.view(), plates.view()
        said = kit.html(render=False)
        inputs = [tab.checkpoint, drawing, number, *own, *other, scale, share, masked, steps]
        view.run(edit, inputs, [page, strip, said], ("Edit", "Editar"), edit_code)
        view.on([scale.release, share.release, masked.input], edit)
        with view.result():
            said.render()
