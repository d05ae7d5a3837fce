"""The same network read as one that tells the noise, the picture or the velocity; what errors of each do."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from typing import TYPE_CHECKING

from PIL import Image

from demos import kit
from demos.diffusion import beliefs, figures, pictures
from demos.kit import denoisers, plates, plots, reals, say, t
from demos.kit.lang import Pair

if TYPE_CHECKING:
    from torch import Tensor

READINGS: dict[str, tuple[Pair, str, bool]] = {  # as genmodels has it: name, colour of its curve, dashed
    "epsilon": (("ε, the noise", "ε, el ruido"), "warm", False),
    "sample": (("x₀, the picture", "x₀, la imagen"), "ink", False),
    "v_prediction": (("v", "v"), "mark", False),
    "flow": (("ε − x₀, of flows", "ε − x₀, de flujos"), "ink", True),
}
LOUD = {"epsilon": 2.2, "sample": 1.0, "v_prediction": 1.8, "flow": 2.4}  # what is shown as white
SIDE, LEFT = 184, 200


def predictions(
    checkpoint: str, drawing: Image.Image | None, number: int, moment: int, wrong: float, seed: int, lang: str
) -> Iterator[tuple]:
    """One answer of the network read in four ways at a level; each made wrong by some per cent."""
    from genmodels import runtime
    from genmodels.diffusion import schedules
    from genmodels.diffusion.denoiser import told

    x, note = reals.picture_of(checkpoint, drawing, number, lang)
    e, more = (runtime.noise(seed + k, 1, tuple(x.shape[1:])) for k in (0, 1000))
    sigma = schedules.table("cosine")[moment - 1].item()
    noisy = x + sigma * e
    right = {name: told(name, noisy, x, sigma) for name in READINGS}
    yield page(right, None, None, wrong, lang), note, {"sigma_level": sigma}
    with denoisers.use(checkpoint) as denoise:
        believed = beliefs.asked(denoise, noisy, [sigma], -1)
        said = {name: told(name, noisy, believed, sigma) for name in READINGS}
        bad = spoilt(noisy, right, sigma, more, wrong / 100)
        top = page(right, said, bad, wrong, lang)
        yield top, note, {"sigma_level": sigma}
        found = beliefs.errors(denoise, x, -1, seed)
    about = table(x, right, said, bad, sigma, wrong, lang) + charts(x, found, sigma, lang) + note
    yield top, about, {"sigma_level": sigma, "psnr_estimate": beliefs.psnr(x, believed)}


def spoilt(
    x: Tensor, right: dict[str, Tensor], sigma: float, more: Tensor, share: float
) -> dict[str, Tensor]:
    """The picture that follows from each right answer when noise of a share of its size is added to it."""
    from genmodels.diffusion.denoiser import believed

    return {name: believed(name, x, y + share * size(y) * more, sigma) for name, y in right.items()}


def size(y: Tensor) -> float:
    """Root mean square."""
    return y.square().mean().item() ** 0.5


def page(
    right: dict[str, Tensor],
    said: dict[str, Tensor] | None,
    bad: dict[str, Tensor] | None,
    wrong: float,
    lang: str,
) -> Image.Image:
    """A column for each reading: what was to be said, what was said, the picture from a wrong answer."""
    import torch

    def row(found: dict[str, Tensor] | None, scaled: bool) -> Tensor:
        if found is None:
            return pictures.empty(torch.cat(list(right.values())))
        return torch.cat([y / (LOUD[name] if scaled else 1) for name, y in found.items()])

    rows = [
        (say(lang, "right would be", "lo correcto"), row(right, True)),
        (say(lang, "the network says", "la red dice"), row(said, True)),
        (say(lang, f"x₀ if {wrong:g}% wrong", f"x₀ con {wrong:g} % de error"), row(bad, False)),
    ]
    return pictures.labelled(rows, [say(lang, *words) for words, *_ in READINGS.values()], SIDE, LEFT)


def gain(name: str, sigma: float, spread: float) -> float:
    """Error of x0 when the answer is wrong by its whole size; data of this spread."""
    signal, noise = (1 + sigma**2) ** -0.5, sigma * (1 + sigma**2) ** -0.5
    return {
        "epsilon": sigma,
        "sample": spread,
        "v_prediction": noise * (signal**2 + (noise * spread) ** 2) ** 0.5,
        "flow": sigma / (1 + sigma) * (1 + spread**2) ** 0.5,
    }[name]


def table(
    x: Tensor, right: dict[str, Tensor], said: dict[str, Tensor], bad: dict[str, Tensor], sigma: float,
    wrong: float, lang: str,
) -> str:  # fmt: skip
    """In numbers."""
    per = plots.number(wrong, lang)
    head = [
        say(lang, f"at σ = {plots.number(sigma, lang, 2)}", f"con σ = {plots.number(sigma, lang, 2)}"),
        say(lang, "the network's error", "error de la red"),
        say(lang, f"{per}% of error moves x₀ by", f"un error de {per} % mueve x₀ en"),
    ]
    rows = [
        (
            say(lang, *words),
            plots.number(100 * size(said[name] - right[name]) / size(right[name]), lang, 2)
            + say(lang, "%", " %"),
            plots.number(size(bad[name] - x), lang, 2),
        )
        for name, (words, *_) in READINGS.items()
    ]
    about = say(
        lang,
        "Errors of the network in % of what it should have said (root mean square). Black to white is 2.",
        "Errores de la red en % de lo que debía decir (raíz del cuadrado medio). De negro a blanco hay 2.",
    )
    return plots.table(head, rows) + f"<p style='font-size:16px'>{about}</p>"


def charts(x: Tensor, found: list[tuple[float, float]], sigma: float, lang: str) -> str:
    """What 1 % of error in each reading does to the picture; what this network's error is in each."""
    spread = size(x)
    names = [
        (kind, say(lang, *words) + say(lang, " (dashed)", " (cortada)") * dashed)
        for words, kind, dashed in READINGS.values()
    ]
    sigmas = [s for s, _ in found]
    gains = {name: [gain(name, s, spread) for s in sigmas] for name in READINGS}
    title = say(lang, "1% of error in the answer moves x₀ by", "Un 1 % de error en la respuesta mueve x₀ en")
    moved = {name: [0.01 * g for g in values] for name, values in gains.items()}
    first = chart(title, sigmas, moved, (0.0004, 0.5), (0.001, 0.01, 0.1), sigma, lang)
    title = say(
        lang, "This network's error, in % of the right answer", "Error de esta red, en % de lo correcto"
    )
    own = {
        name: [100 * off / g for (_, off), g in zip(found, values, strict=True)]
        for name, values in gains.items()
    }
    second = chart(title, sigmas, own, (0.1, 300), (0.1, 1, 10, 100), sigma, lang)
    return plots.figures(first, second, least=320) + plots.legend(*names)


def chart(
    title: str,
    sigmas: list[float],
    curves: dict[str, list[float]],
    span: tuple,
    ticks: tuple,
    at: float,
    lang: str,
) -> str:
    axes = plots.Axes(
        (log10(beliefs.LOW), log10(beliefs.HIGH)), (log10(span[0]), log10(span[1])), height=270, left=58
    )
    marks = [figures.across((0.1, 1, 10), "σ", lang), figures.up(ticks, lang)]
    inside = min(beliefs.HIGH, max(beliefs.LOW, at))
    marks.append(figures.upright(log10(inside), f"σ = {plots.number(at, lang, 2)}"))
    for name, values in curves.items():
        _, kind, dashed = READINGS[name]
        marks.append(figures.curve(sigmas, values, axes, kind, dashed))
    return plots.plot(axes, *marks, title=title, lang=lang)


def predictions_code(
    checkpoint: str, drawing: Image.Image | None, number: int, moment: int, wrong: float, seed: int
) -> str:
    imports, lines = reals.code(checkpoint, number)
    return pictures.snippet(
        [
            *imports,
            pictures.NETWORK[1],
            "from genmodels.diffusion import schedules",
            "from genmodels.diffusion.denoiser import Denoiser, believed, told",
            "from genmodels.runtime import noise",
        ],  # fmt: skip
        lines
        + pictures.loading(checkpoint)
        + f'sigma = schedules.table("cosine")[{moment - 1}].item()\n'
        + f"x = x0 + sigma * noise({seed}, 1, x0.shape[1:])\n"
        + 'for kind in ("epsilon", "sample", "v_prediction", "flow"):\n'
        + "    right = told(kind, x, x0, sigma)\n"
        + f"    wrong = right + {wrong / 100:g} * right.square().mean().sqrt() * torch.randn_like(x)\n"
        + "    print(kind, (believed(kind, x, wrong, sigma) - x0).square().mean().sqrt())\n",
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("predictions", "What it predicts", "Qué predice") as view:
        with view.controls():
            label = t("Moment t (cosine schedule)", "Momento t (calendario coseno)")
            moment = kit.slider(20, 990, 900, label, step=10)
            words = t("Error added to the answer, in %", "Error que se suma a la respuesta, en %")
            wrong = kit.slider(0, 20, 5, words, step=1)
            number, drawing = reals.board(36_521)
            seed = kit.seed(1, t("Seed of the noise", "Semilla del ruido"))
        with view.result():
            picture = plates.view()
            about = kit.html()
        inputs = [tab.checkpoint, drawing, number, moment, wrong, seed]
        view.run(predictions, inputs, [picture, about], ("Compare", "Comparar"), predictions_code)
        view.on([moment.release, wrong.release], predictions)
