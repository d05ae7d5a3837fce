"""The exact density at any point: beside the truth, their difference, and a point there and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from demos import kit
from demos.flows.models import (
    CELLS,
    WINDOW,
    brightest,
    density_map,
    loading,
    log_prob,
    noise,
    number,
    parts,
    true_map,
    truth,
    use,
)
from demos.kit import plates, plots, say, t
from demos.kit.panels import DATA, TRUTH, Panel, signed

SIDE, SMALL = 560, 420
FAINT = 0.6
QUIET = {"concurrency_limit": None, "api_visibility": "private", "show_progress": "hidden"}
HELD = 2000  # fresh points of the truth on which the cost is measured


def density(checkpoint: str, x1: float, x2: float, seed: int, lang: str) -> Iterator[tuple]:
    """The flow's exact density over the plane beside the truth, and everything about one point."""
    import torch

    name, point = parts(checkpoint)[1], np.array([x1, x2])
    most = brightest(name)
    p = np.exp(true_map(name))
    for q in density_map(checkpoint):
        if q is None:
            yield gr.skip(), gr.skip(), gr.skip(), None
    flat = Panel(WINDOW, SIDE).heat(q, DATA, most, FAINT).axes(22, ("x₁", "x₂")).mark(point).image
    row = [
        Panel(WINDOW, SMALL)
        .heat(p, TRUTH, most, FAINT)
        .mark(point)
        .block(say(lang, "the truth", "la verdad")),
        Panel(WINDOW, SMALL)
        .paint(signed(q - p, 0.25 * most))
        .mark(point)
        .block(say(lang, "flow minus truth", "flujo menos verdad")),
    ]
    yield flat, gr.skip(), gr.skip(), {}
    with use(checkpoint) as flow:
        z, log_det, back = there_and_back(flow, point)
        held = truth(checkpoint).sample(HELD, torch.Generator().manual_seed(seed))
        nll, entropy = -log_prob(flow, held.numpy()).mean(), -float(truth(checkpoint).log_prob(held).mean())
    cloud = (
        Panel(WINDOW, SMALL)
        .cloud(noise(1500, 1), (60, 96, 134), 1.5)
        .mark(z)
        .block(say(lang, "its noise z", "su ruido z"))
    )
    page = plates.plate(plates.beside(*row, cloud))
    exact = float(truth(checkpoint).log_prob(torch.tensor(point[None]))[0])
    found = {
        "nll": nll,
        "entropy_nats": entropy,
        "above_entropy": nll - entropy,
        "round_trip": float(np.abs(back - point).max()),
    }
    mass = float(q.mean()) * WINDOW.width**2
    yield flat, page, told(point, z, log_det, exact, back, lang), found | {"mass": mass}


def there_and_back(flow: Any, point: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """z, log |dz/dx|, and the point again."""
    import torch

    with torch.no_grad():
        z, log_det = flow(torch.tensor(point[None], dtype=torch.float32).to(flow.device))
        back = flow.inverse(z)[0]
    return z[0].cpu().double().numpy(), log_det.item(), back[0].cpu().double().numpy()


def told(point: np.ndarray, z: np.ndarray, log_det: float, exact: float, back: np.ndarray, lang: str) -> str:
    """The sum that gives the density of the point, line by line."""
    prior = -float((z**2).sum()) / 2 - float(np.log(2 * np.pi))
    minus_infinity = "−∞"
    rows = [
        (say(lang, "the point, x", "el punto, x"), pair(point, lang)),
        ("z = f(x)", pair(z, lang)),
        ("log N(z; 0, I)", number(prior, lang)),
        ("+ log |det ∂z/∂x|", number(log_det, lang)),
        (say(lang, "= log p(x), the flow", "= log p(x), el flujo"), number(prior + log_det, lang)),
        (
            say(lang, "log p(x), the truth", "log p(x), la verdad"),
            number(exact, lang) if np.isfinite(exact) else minus_infinity,
        ),
        (say(lang, "f⁻¹(z), back again", "f⁻¹(z), de vuelta"), pair(back, lang, 6)),
    ]
    return plots.table(("", ""), rows)


def pair(v: np.ndarray, lang: str, digits: int = 3) -> str:
    words = [f"{value:.{digits}f}".replace("-", "−") for value in v]
    return f"({'; '.join(words).replace('.', ',')})" if lang == "es" else f"({', '.join(words)})"


def clicked(count: int, event: gr.SelectData) -> tuple[float, float, int]:
    """A click on the map -> the point under it, and one more click."""
    x, y = WINDOW.from_pixel(*event.index, SIDE).clip(-4, 4).tolist()
    return round(x, 2), round(y, 2), count + 1


def density_code(checkpoint: str, x1: float, x2: float, seed: int) -> str:
    return loading(checkpoint) + (
        f"x = torch.tensor([[{x1}, {x2}]])\n"
        "z, log_det = flow(x)\n"
        "print(flow.log_prob(x))  # log N(z; 0, I) + log_det, exactly\n"
        "print(flow.inverse(z)[0] - x)\n"
        f"held = torch.cartesian_prod(*[torch.linspace(-4.2, 4.2, {CELLS})] * 2)\n"
        "print(flow.log_prob(held).exp().mean() * 8.4**2)  # the integral\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("density", "Exact density", "Densidad exacta") as view:
        with view.controls():
            x1 = kit.slider(-4, 4, 1.1, t("A point, x₁", "Un punto, x₁"), step=0.01)
            x2 = kit.slider(-4, 4, -1.6, t("A point, x₂", "Un punto, x₂"), step=0.01)
            seed = kit.seed()
            about = kit.html()
        with view.result():
            words = "The flow's density: click anywhere", "La densidad del flujo: haz clic donde quieras"
            kit.html(f"<p style='margin:0;color:var(--soft);font-size:16px'>{kit.both(*words)}</p>")
            flat = kit.picture(t(*words), show_label=False, height=None)
            page = plates.view()
        inputs, outputs = [tab.checkpoint, x1, x2, seed], [flat, page, about]
        view.run(density, inputs, outputs, ("Show", "Mostrar"), density_code)
        clicks = gr.State(0)
        flat.select(clicked, clicks, [x1, x2, clicks], **QUIET)
        view.on([x1.release, x2.release, clicks.change], density)
