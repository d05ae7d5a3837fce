"""What the visitor turns: the controls of the duel, and the plan of a training that they amount to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demos import kit
from demos.kit import t
from demos.kit.inputs import refuse
from demos.laboratory import board

if TYPE_CHECKING:
    from genmodels.data.points import Density
    from genmodels.lab.gan import Knobs

DRAWN = "drawn"
DENSITIES = (
    (("Eight Gaussians", "Ocho gaussianas"), "eight_gaussians"),
    (("25 Gaussians", "25 gaussianas"), "grid_gaussians"),
    (("Moons", "Medialunas"), "moons"),
    (("Rings", "Anillos"), "rings"),
    (("Spirals", "Espirales"), "spirals"),
    (("Checkerboard", "Tablero"), "checkerboard"),
    (("Pinwheel", "Molinete"), "pinwheel"),
    (("My drawing", "Mi dibujo"), DRAWN),
)
GAMES = (
    (("Non-saturating: G maximises log D", "No saturante: G maximiza log D"), "non_saturating"),
    (("Minimax: G minimises log(1 − D)", "Minimax: G minimiza log(1 − D)"), "minimax"),
    (("Least squares", "Mínimos cuadrados"), "least_squares"),
    (("Wasserstein, weights clipped", "Wasserstein, con pesos recortados"), "wasserstein"),
    (("Wasserstein, gradient penalty", "Wasserstein, con penalización del gradiente"), "wasserstein_gp"),
    (("Hinge", "Bisagra (hinge)"), "hinge"),
)
BOTH, G_ALONE, D_ALONE = "both", "generator", "discriminator"
LEARNS = (
    (("Both", "Los dos"), BOTH),
    (("Only G: D is frozen", "Solo G: D congelado"), G_ALONE),
    (("Only D: it is over-trained", "Solo D: se sobreentrena"), D_ALONE),
)
FREEZE = {BOTH: "", G_ALONE: "discriminator", D_ALONE: "generator"}
RATES = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
PACES = (
    (("As many steps as fit", "Tantos pasos como entren"), "fast"),
    (("Five steps a frame", "Cinco pasos por cuadro"), "five"),
    (("One step a frame", "Un paso por cuadro"), "one"),
)


@dataclass(frozen=True)
class Plan:
    """Everything a training depends on, in the order of the controls."""

    density: str
    drawing: bytes  # the board's cells, one byte each; empty unless drawn
    game: str
    learns: str
    lr_generator: float
    lr_discriminator: float
    discriminator_steps: int
    generator_steps: int
    r1: float
    spectral: bool
    penalty: float
    clip: float
    soft: float
    flips: float
    batch: int
    width_generator: int
    width_discriminator: int
    noise: str
    latent: int
    pace: str
    steps: int
    seed: int

    @classmethod
    def of(cls, density: str, drawing: Any, *rest: Any) -> Plan:
        cells = b""
        if density == DRAWN:
            mask = board.cells(drawing)
            if not mask.any():
                raise refuse("Draw something on the board first.", "Primero dibuja algo en la pizarra.")
            cells = mask.tobytes()
        return cls(density, cells, *rest)

    def truth(self) -> Density:
        from genmodels.data import points

        if self.density != DRAWN:
            return points.density(self.density)
        return points.drawn(self.cells().astype(np.float64))

    def cells(self) -> np.ndarray:
        return np.frombuffer(self.drawing, bool).reshape(board.SIDE, board.SIDE)

    def knobs(self) -> Knobs:
        from genmodels.lab.gan import Knobs

        own = {f.name for f in fields(Knobs)}
        shared = {k: v for k, v in asdict(self).items() if k in own - {"clip"}}
        penalised = self.game == "wasserstein_gp"
        return Knobs(
            **shared
            | {
                "game": "wasserstein" if penalised else self.game,
                "clip": self.clip if self.game == "wasserstein" else 0.0,
                "gradient_penalty": self.penalty if penalised else 0.0,
            }
        )


def listed(pairs: tuple) -> list[tuple[Any, Any]]:
    return [(t(*words), value) for words, value in pairs]


def rate(en: str, es: str, value: float = 0.002) -> Any:
    pairs = [(t(f"{r:g}", f"{r:g}".replace(".", ",")), r) for r in RATES]
    return kit.choice(pairs, t(en, es), value, min_width=120)


def amount(low: float, high: float, value: float, step: float, en: str, es: str, **kwargs: Any) -> Any:
    return kit.slider(low, high, value, t(en, es), step=step, min_width=130, **kwargs)


def usual() -> dict[str, Any]:
    """What is in view: the points, the game, how fast each side learns."""
    found = {"density": kit.choice(listed(DENSITIES), t("Real points", "Puntos reales"))}
    with gr.Accordion(t("Draw my own", "Dibujar los míos"), open=False):
        found["drawing"] = board.board()
    found["game"] = kit.choice(listed(GAMES), t("Game", "Juego"))
    found["learns"] = kit.choice(listed(LEARNS), t("Who learns", "Quién aprende"))
    with gr.Row(elem_classes="pair"):
        found["lr_generator"] = rate("Learning rate of G", "Tasa de G")
        found["lr_discriminator"] = rate("Learning rate of D", "Tasa de D")
    with gr.Row(elem_classes="pair"):
        found["discriminator_steps"] = amount(1, 10, 1, 1, "Steps of D", "Pasos de D")
        found["generator_steps"] = amount(1, 10, 1, 1, "Steps of G", "Pasos de G")
    price = "R1: price of D's slope at real points", "R1: precio de la pendiente de D en los reales"
    return found | {"r1": amount(0, 10, 0, 0.1, *price)}


def smooth() -> dict[str, Any]:
    """What keeps D from being too sure."""
    penalty = "Gradient penalty (in its game)", "Penalización del gradiente (en su juego)"
    clip = "Clip the weights at (in its game)", "Recortar los pesos en (en su juego)"
    return {
        "spectral": kit.check(t("Spectral norm in D", "Norma espectral en D")),
        "penalty": amount(0, 20, 1, 0.5, *penalty),
        "clip": amount(0.01, 0.5, 0.1, 0.01, *clip),
        "soft": amount(0, 0.5, 0, 0.05, "Label noise, up to", "Ruido en las etiquetas, hasta"),
        "flips": amount(0, 0.4, 0, 0.02, "Share of labels flipped", "Proporción de etiquetas invertidas"),
    }


def networks() -> dict[str, Any]:
    found = {
        "batch": amount(8, 512, 128, 8, "Batch", "Lote"),
        "width_generator": amount(8, 256, 64, 8, "Width of G", "Ancho de G"),
        "width_discriminator": amount(8, 256, 64, 8, "Width of D", "Ancho de D"),
    }
    kinds = ((("Normal", "Normal"), "normal"), (("Uniform", "Uniforme"), "uniform"))
    sizes = [(str(n), n) for n in (1, 2, 8)]
    with gr.Row(elem_classes="pair"):
        found["noise"] = kit.choice(listed(kinds), t("Noise z", "Ruido z"), min_width=120)
        found["latent"] = kit.choice(sizes, t("Numbers in z", "Números en z"), 2, min_width=120)
    found["pace"] = kit.choice(listed(PACES), t("Pace", "Ritmo"), "five")
    note = t("or one minute, whichever ends first", "o un minuto, lo que termine antes")
    press = "Steps of one press of Train", "Pasos cada vez que aprietas Entrenar"
    return found | {"steps": amount(50, 20000, 1200, 50, *press, info=note)}


def controls() -> list[Any]:
    """All of them laid out, in the order of `Plan`."""
    found = usual()
    with gr.Accordion(t("What keeps D smooth; labels", "Lo que suaviza a D; etiquetas"), open=False):
        found |= smooth()
    with gr.Accordion(t("Networks, noise and pace", "Redes, ruido y ritmo"), open=False):
        found |= networks()
    found["seed"] = kit.seed()
    return [found[f.name] for f in fields(Plan)]
