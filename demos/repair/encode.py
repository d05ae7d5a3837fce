"""Encode: up the very path that leads down, a real picture becomes noise that is its own; and between two."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import acos, sin
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from PIL import Image

from demos import kit
from demos.kit import denoisers, pixels, plates, plots, reals, say, t
from demos.repair import ways

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoise, Denoiser

STRIP = 7  # pictures from one to the other
TRIED = {0: (5, 10, 20, 30), 2: (3, 5, 10, 15)}  # looks again -> steps of the way, for as many calls
TILE, SMALL = 217, 130
LOST = 0.5  # difference that is as bright as can be


class Back(NamedTuple):
    """One way there and back."""

    calls: int
    psnr: float


def encode(
    checkpoint: str, drawing: Image.Image | None, number: int, other: int, steps: int, rounds: int,
    lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """A picture (yours or ours) as noise, what comes back from that, and those between it and another."""
    import torch

    with denoisers.use(checkpoint) as denoise:
        x, note = ways.real(checkpoint, denoise, drawing, number, lang)
        second, _ = ways.real(checkpoint, denoise, None, other, lang)
        both, ask, grid = torch.cat([x, second]), ways.told(denoise, -1, 2), ways.grid(denoise, steps)
        for top, at in up(ask, both, grid, rounds, lang):
            yield top, gr.skip(), note, {}
            code = at
        back = down(ask, code, grid)
        top = there_and_back(x, code[:1], back[:1], grid[0], lang)
        yield top, gr.skip(), note, {}
        strip = between(denoise, code, grid)
        shown = ways.block(say(lang, "between the two codes", "entre los dos códigos"), strip, SMALL)
        found = {"psnr": psnr(x, back[:1]), **noise_of(code[:1] / grid[0])}
        yield top, shown, note, found
        rows: dict[int, list[Back]] = {rounds: [] for rounds in TRIED}
        for again, n in ((r, n) for r, counts in TRIED.items() for n in counts):
            rows[again].append(tried(denoise, x, n, again))
            yield gr.skip(), gr.skip(), gr.skip(), None
    yield top, shown, note + curves(rows, lang), found


def up(
    ask: Denoise, x: Tensor, grid: list[float], rounds: int, lang: str
) -> Iterator[tuple[Image.Image, Tensor]]:
    """On the way up; the last is the code."""
    from genmodels.diffusion import edit

    due = 0.0
    for step in edit.invert(ask, x, grid, rounds):
        if step.i == len(grid) - 1 or time.perf_counter() >= due:
            due = time.perf_counter() + ways.EVERY
            yield there_and_back(x[:1], step.x[:1], None, step.sigma, lang), step.x


def down(ask: Denoise, code: Tensor, grid: list[float]) -> Tensor:
    from genmodels.diffusion.samplers import ddim

    *_, end = ddim(ask, code, grid)
    return end.x


def between(denoise: Denoiser, code: Tensor, grid: list[float]) -> Tensor:
    """Pictures of the codes from one to the other, along an arc: halfway a straight line is too short."""
    import torch

    a, b = code[:1], code[1:]
    angle = acos(max(-1.0, min(1.0, ((a * b).sum() / (a.norm() * b.norm())).item())))
    shares = torch.linspace(0, 1, STRIP).tolist()
    arc = [(sin((1 - s) * angle) * a + sin(s * angle) * b) / sin(angle) for s in shares]
    return down(ways.told(denoise, -1, STRIP), torch.cat(arc), grid)


def tried(denoise: Denoiser, x: Tensor, steps: int, rounds: int) -> Back:
    """There and back in so many steps."""
    from genmodels.diffusion import edit

    ask, grid = ways.told(denoise, -1, 1), ways.grid(denoise, steps)
    *_, code = edit.invert(ask, x, grid, rounds)
    return Back(steps * (2 + rounds), psnr(x, down(ask, code.x, grid)))


def psnr(x: Tensor, y: Tensor) -> float:
    from genmodels.metrics.psnr import psnr as of

    return float(of(x, y).mean())


def noise_of(code: Tensor) -> dict[str, float]:
    """A code should look like white noise: deviation 1, neighbours that know nothing of each other."""
    z = code.float()
    left, right = (z[..., :-1] - z.mean()).flatten(), (z[..., 1:] - z.mean()).flatten()
    return {"deviation": z.std().item(), "correlation": (left @ right / (left.norm() * right.norm())).item()}


# ---- what is shown -----------------------------------------------------------------------------------------


def there_and_back(x: Tensor, code: Tensor, back: Tensor | None, sigma: float, lang: str) -> Image.Image:
    from genmodels.diffusion.denoiser import seen

    last, lost = ways.blank(x, 1), ways.blank(x, 1)
    if back is not None:
        last, lost = back, pixels.heat((back - x).abs().mean(1), LOST)
    return plates.beside(
        ways.block(say(lang, "the picture", "la imagen"), x, TILE),
        ways.block(ways.sigma_words(sigma, lang), seen(code, sigma), TILE, noisy=True),
        ways.block(say(lang, "and back", "y de vuelta"), last, TILE),
        ways.block(say(lang, "what was lost", "qué se perdió"), lost, TILE),
    )


def curves(rows: dict[int, list[Back]], lang: str) -> str:
    """PSNR of what comes back, over the calls that it takes."""
    every = [b for row in rows.values() for b in row]
    low, high = min(b.psnr for b in every), max(b.psnr for b in every)
    across = say(lang, "calls of the network, up and down", "llamadas a la red, ida y vuelta")
    axes = plots.Axes(
        (0, 1.04 * max(b.calls for b in every)), (max(0, low - 2), high + 2), width=640, height=240, left=58
    )
    marks, names = [], []
    for (r, row), kind in zip(rows.items(), ("mark", "warm"), strict=True):
        marks += [plots.line(*zip(*row, strict=True), kind), plots.dots(*zip(*row, strict=True), kind, 4)]
        en = f"looking again {r} times" if r else "as DDIM goes up"
        es = f"mirando {r} veces más" if r else "como sube DDIM"
        names.append((kind, say(lang, en, es)))
    title = say(lang, "What comes back (PSNR, dB)", "Lo que vuelve (PSNR, dB)")
    return plots.plot(axes, *marks, title=title, across=across, up=True, lang=lang) + plots.legend(*names)


def encode_code(checkpoint: str, drawing: Any, number: int, other: int, steps: int, rounds: int) -> str:
    return ways.code(checkpoint, number, "from genmodels.diffusion import edit, samplers, schedules") + (
        f"ask, sigmas = bound(denoise), schedules.karras(0.02, 80, {steps})\n"
        f"*_, up = edit.invert(ask, x0, sigmas, rounds={rounds})\n"
        "code = up.x / sigmas[0]  # its own noise\n"
        "*_, down = samplers.ddim(ask, up.x, sigmas)  # and down.x is x0 again, nearly\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("encode", "There and back", "Ida y vuelta") as view:
        with view.controls():
            number, drawing = reals.board()
            other = kit.seed(36_507, t("The other picture, number", "La otra imagen, número"))
            steps = ways.steps_slider(20)
            rounds = kit.slider(0, 4, 0, t("Looks again at each step", "Miradas de más en cada paso"), step=1)
        with view.result():
            top, strip = plates.view(), plates.view()
        said = kit.html(render=False)
        inputs = [tab.checkpoint, drawing, number, other, steps, rounds]
        view.run(encode, inputs, [top, strip, said], ("Up and down", "Subir y bajar"), encode_code)
        view.on([rounds.release], encode)
        with view.result():
            said.render()
