"""One picture under eight levels of noise, and what the network believes of each: all in one look."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log, log10
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.diffusion import figures, pictures
from demos.kit import denoisers, plates, plots, reals, say, t

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser

LEVELS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 20.0)  # sigmas that are shown
LEFT, SIDE = 128, 97
FINE, DRAWS = 17, 3  # levels of the curve, and noises at each
STEPS = 12  # from a level on to the end
LOW, HIGH = 0.05, 40.0  # sigmas of the curve


def beliefs(
    checkpoint: str, drawing: Image.Image | None, number: int, faces: str, fashion: str, sprites: str,
    emoji: str, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """One picture under eight levels of noise: what the network believes of each, where going on leads."""
    from genmodels import runtime
    from genmodels.diffusion.denoiser import seen, spread

    x, note = reals.picture_of(checkpoint, drawing, number, lang)
    e = runtime.noise(seed, 1, tuple(x.shape[1:]))
    noisy = x + spread(x.expand(len(LEVELS), -1, -1, -1), list(LEVELS)) * e
    looks = [seen(part[None], s)[0] for part, s in zip(noisy, LEVELS, strict=True)]
    yield page(checkpoint, looks, None, None, lang), note, {}
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    with denoisers.use(checkpoint) as denoise:
        believed = asked(denoise, noisy, list(LEVELS), label)
        yield page(checkpoint, looks, believed, None, lang), note, {}
        found = errors(denoise, x, label, seed)
        about = curves(found, (believed - x).square().flatten(1).mean(1).sqrt().tolist(), lang) + note
        numbers = {"psnr_estimate": psnr(x, believed[LEVELS.index(1.0)])}
        yield page(checkpoint, looks, believed, None, lang), about, numbers
        ends: list[Tensor] = []
        for k, sigma in enumerate(LEVELS):
            ends.append(onwards(denoise, noisy[k : k + 1], sigma, label))
            yield page(checkpoint, looks, believed, ends, lang), about, numbers


def asked(denoise: Denoiser, x: Tensor, sigmas: list[float], label: int) -> Tensor:
    """What is believed of each of a batch, (B, C, H, W) on the CPU."""
    import torch

    from genmodels.diffusion.denoiser import bound

    device = denoise.network.device
    belief = bound(denoise, denoisers.labels(denoise, *[label] * len(x)))
    with torch.no_grad():
        return belief(x.to(device), torch.tensor(sigmas, device=device)).float().cpu()


def onwards(denoise: Denoiser, x: Tensor, sigma: float, label: int) -> Tensor:
    """From a noisy picture all the way back."""
    from genmodels.diffusion import samplers, schedules
    from genmodels.diffusion.denoiser import bound

    belief = bound(denoise, denoisers.labels(denoise, label))
    grid = schedules.karras(min(denoisers.LOW, sigma / 2), sigma, STEPS)
    *_, last = samplers.dpm(belief, x.to(denoise.network.device), grid)
    return last.x.float().cpu()


def page(
    checkpoint: str, looks: list[Tensor], believed: Tensor | None, ends: list[Tensor] | None, lang: str
) -> Image.Image:
    import torch

    seen = torch.stack(looks)
    blank = pictures.empty(seen)
    walked = [*(p.expand(-1, 3, -1, -1) for p in ends or []), blank][: len(LEVELS) + 1]
    rows = [
        (say(lang, "it sees", "ve"), seen),
        (say(lang, "it believes", "cree"), blank if believed is None else believed),
        (say(lang, "goes on", "si sigue"), torch.cat(walked)[: len(LEVELS)]),
    ]
    heads = [plots.number(s, lang) for s in LEVELS]
    heads[0] = f"σ = {heads[0]}"
    return pictures.labelled(rows, heads, SIDE, LEFT, smooth=pictures.smooth(checkpoint))


def errors(denoise: Denoiser, x: Tensor, label: int, seed: int) -> list[tuple[float, float]]:
    """(sigma, root mean square error of the belief), over some noises."""
    from genmodels import runtime
    from genmodels.diffusion.denoiser import spread

    sigmas = [LOW * exp(k / (FINE - 1) * log(HIGH / LOW)) for k in range(FINE)]
    every = [s for s in sigmas for _ in range(DRAWS)]
    e = runtime.noise(seed + 1, DRAWS, tuple(x.shape[1:])).repeat(FINE, 1, 1, 1)
    noisy = x + spread(e, every) * e
    off = (asked(denoise, noisy, every, label) - x).square().flatten(1).mean(1)
    return list(zip(sigmas, off.view(FINE, DRAWS).mean(1).sqrt().tolist(), strict=True))


def psnr(x: Tensor, y: Tensor) -> float:
    return -10 * log10(max(1e-9, ((x - y) / 2).square().mean().item()))


def curves(found: list[tuple[float, float]], shown: list[float], lang: str) -> str:
    """Error by level, of the belief and of leaving the noise on, on logarithmic axes."""
    sigmas, off = zip(*found, strict=True)
    axes = plots.Axes((log10(LOW), log10(HIGH)), (log10(0.01), log10(2.0)), width=640, height=300, left=62)
    marks = [
        figures.across((0.1, 0.3, 1, 3, 10, 30), "σ", lang),
        figures.up((0.01, 0.03, 0.1, 0.3, 1), lang),
        figures.curve((LOW, 2.0), (LOW, 2.0), axes, "soft", dashed=True),
        figures.curve(sigmas, off, axes, "mark"),
        figures.spots(LEVELS, shown, axes, "mark", 5),
    ]
    title = say(
        lang, "Error of the belief at each level (root mean square, black to white is 2)",
        "Error de lo que cree en cada nivel (raíz del error cuadrático medio; de negro a blanco hay 2)",
    )  # fmt: skip
    names = ("mark", say(lang, "what it believes", "lo que cree")), (
        "soft", say(lang, "the noise itself, if left on (dashed)", "el ruido mismo, si se deja (cortada)"),
    )  # fmt: skip
    return plots.plot(axes, *marks, title=title, lang=lang) + plots.legend(*names)


def beliefs_code(
    checkpoint: str, drawing: Image.Image | None, number: int, faces: str, fashion: str, sprites: str,
    emoji: str, seed: int,
) -> str:  # fmt: skip
    imports, lines = reals.code(checkpoint, number)
    label = denoisers.asked(checkpoint, faces, fashion, sprites, emoji)
    return pictures.snippet(
        [*imports, *pictures.NETWORK, "from genmodels.runtime import noise"],
        lines
        + pictures.loading(checkpoint)
        + f"sigma = torch.tensor({list(LEVELS)})\n"
        + f"noisy = x0 + sigma[:, None, None, None] * noise({seed}, 1, x0.shape[1:])\n"
        + f"label = {f'torch.full((8,), {label})' if label >= 0 else 'None'}\n"
        + "with torch.no_grad():\n    believed = denoise(noisy, sigma, label).clamp(-1, 1)\n"
        + "print((believed - x0).square().mean((1, 2, 3)).sqrt())\n",
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("beliefs", "Beliefs", "Lo que cree") as view:
        with view.controls():
            number, drawing = reals.board(36_521)
            classes = denoisers.pickers(label=("Class it is told", "Clase que se le dice"))
            seed = kit.seed(1, t("Seed of the noise", "Semilla del ruido"))
        with view.result():
            picture = plates.view()
            about = kit.html()
        inputs = [tab.checkpoint, drawing, number, *classes, seed]
        view.run(beliefs, inputs, [picture, about], ("Ask the network", "Preguntarle a la red"), beliefs_code)
