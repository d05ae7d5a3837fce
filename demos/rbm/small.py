"""A machine of four units: all sixteen states, their energies, and Gibbs steps that hop among them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from demos import kit
from demos.kit import plots, say, t
from demos.kit.pixels import Pace
from demos.rbm import machine
from demos.rbm.machine import LEAST, MOST, PAIRS, PRESETS, UNITS
from demos.rbm.shown import moments

if TYPE_CHECKING:
    from genmodels.energy.boltzmann import BoltzmannMachine

SLOW, FRAMES, SECONDS = 14, 44, 8


def small(
    preset: str, w12: float, w13: float, w14: float, w23: float, w24: float, w34: float,
    b1: float, b2: float, b3: float, b4: float, temperature: float, steps: int, seed: int, lang: str,
) -> Iterator[tuple]:  # fmt: skip
    """Four units hop from state to state, one unit at a time, and are in each as often as they must."""
    import torch

    from genmodels.energy.boltzmann import hops

    weights, biases = (w12, w13, w14, w23, w24, w34), (b1, b2, b3, b4)
    made = built(weights, biases)
    energies, exact = made.energy(made.states()).tolist(), made.chances(temperature).tolist()
    counts, track = [0] * 2**UNITS, []
    generator = torch.Generator().manual_seed(seed)
    due = moments(steps, SLOW, FRAMES)
    pace, shown = Pace(len(due), SECONDS), set(due)
    for hop in hops(made, torch.zeros(UNITS), steps, generator, temperature):
        state = [int(s) for s in hop.state]
        here = sum(s << k for k, s in enumerate(state))
        counts[here] += 1
        if hop.i in shown:
            seen = [c / hop.i for c in counts]
            track.append((hop.i, away(seen, exact)))
            pace.due(len(track), last=True)
            drawn = machine.graph(weights, biases, state, hop.unit, hop.chance, lang)
            yield (
                plots.figures(drawn, approach(track, steps, lang), least=300),
                machine.bars(energies, exact, seen, here, lang),
                {"step": hop.i, "away": track[-1][1], "log_z": made.log_z(temperature)},
            )


def built(weights: Sequence[float], biases: Sequence[float]) -> BoltzmannMachine:
    import torch

    from genmodels.energy.boltzmann import BoltzmannMachine

    weight = torch.zeros(UNITS, UNITS)
    for (a, b), w in zip(PAIRS, weights, strict=True):
        weight[a, b] = weight[b, a] = w
    return BoltzmannMachine(weight, torch.tensor(biases, dtype=torch.float32))


def away(seen: Sequence[float], exact: Sequence[float]) -> float:
    """Total variation: the share of time that is spent in the wrong states."""
    return 0.5 * sum(abs(a - b) for a, b in zip(seen, exact, strict=True))


def approach(track: list[tuple[int, float]], steps: int, lang: str) -> str:
    """How far the frequencies are from exact, both axes in powers of ten."""
    x = [math.log10(i) for i, _ in track]
    y = [math.log10(max(d, 1e-4)) for _, d in track]
    end = math.log10(max(steps, 10))
    axes = plots.Axes((0, end), (-3.0, 0.1), height=300, left=52)
    guide = plots.line([0, end], [0, -end / 2], "soft", dashed=True)
    title = say(
        lang, "Distance to the exact ones, as power of ten", "Distancia a las exactas, como potencia de diez"
    )
    across = say(lang, "steps, as power of ten", "pasos, como potencia de diez")
    guided = plots.legend(
        ("mark", say(lang, "this run", "esta corrida")), ("soft", say(lang, "1/√steps", "1/√pasos"))
    )
    drawn = plots.plot(axes, guide, plots.line(x, y, "mark"), title=title, across=across, up=True, lang=lang)
    return f"<div>{drawn}{guided}</div>"


def small_code(
    preset: str, w12: float, w13: float, w14: float, w23: float, w24: float, w34: float,
    b1: float, b2: float, b3: float, b4: float, temperature: float, steps: int, seed: int,
) -> str:  # fmt: skip
    rows = ((0, w12, w13, w14), (w12, 0, w23, w24), (w13, w23, 0, w34), (w14, w24, w34, 0))
    listed = ", ".join("[" + ", ".join(f"{w:g}" for w in row) + "]" for row in rows)
    return (
        "import torch\nfrom genmodels.energy.boltzmann import BoltzmannMachine, hops\n\n"
        f"weight = torch.tensor([{listed}], dtype=torch.float32)\n"
        f"machine = BoltzmannMachine(weight, torch.tensor([{b1:g}, {b2:g}, {b3:g}, {b4:g}]))\n"
        f"luck, seen = torch.Generator().manual_seed({seed}), torch.zeros(2, 2, 2, 2)\n"
        f"for hop in hops(machine, torch.zeros(4), {steps}, luck, {temperature:g}):\n"
        "    seen[tuple(hop.state.int().tolist())] += 1\n"
        f"exact = machine.chances({temperature:g})  # the first unit changes fastest\n"
        "print(exact, seen.permute(3, 2, 1, 0).flatten() / seen.sum())\n"
    )


def values(preset: str, seed: int) -> Any:
    """The sliders of a preset; at random, by the seed. What is set by hand stays."""
    import random

    if preset == "own":
        return [gr.skip()] * (len(PAIRS) + UNITS)
    if preset == "random":
        luck = random.Random(seed)
        return [drawn(luck, 2.5) for _ in PAIRS] + [drawn(luck, 1.0) for _ in range(UNITS)]
    weights, biases = PRESETS[preset]
    return [*weights, *biases]


def drawn(luck: Any, spread: float) -> float:
    """A number that its slider can be set to."""
    return min(MOST, max(LEAST, round(4 * luck.gauss(0, spread)) / 4))


def layout(tab: kit.Tab) -> None:
    quiet = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    with tab.view("small", "A small machine", "Una máquina pequeña") as view:
        with view.controls():
            choices = [
                (t("All agree", "Todas de acuerdo"), "agree"),
                (t("Neighbours alternate", "Las vecinas se alternan"), "alternate"),
                (
                    t(
                        "Frustrated: three that can't all differ",
                        "Frustrada: tres que no pueden diferir todas",
                    ),
                    "frustrated",
                ),
                (t("Two deep valleys", "Dos valles hondos"), "valleys"),
                (t("No ties, only biases", "Sin vínculos, solo sesgos"), "alone"),
                (t("At random, by the seed", "Al azar, según la semilla"), "random"),
                (t("As I set them below", "Como los pongo abajo"), "own"),
            ]
            preset = kit.choice(choices, t("Machine", "Máquina"), "alternate")
            first = PRESETS[preset.value]
            with gr.Accordion(t("Weights and biases", "Pesos y sesgos"), open=True):
                weights, biases = sliders(first)
            temperature = kit.slider(0.2, 5, 1, t("Temperature", "Temperatura"), step=0.1)
            steps = kit.slider(20, 20_000, 4_000, t("Steps", "Pasos"), step=10)
            seed = kit.seed()
        with view.result():
            drawn = kit.html()
            rows = kit.html()
        inputs = [preset, *weights, *biases, temperature, steps, seed]
        view.run(small, inputs, [drawn, rows], ("Let it hop", "Que salte"), small_code)
        gr.on([preset.input, seed.input], values, [preset, seed], [*weights, *biases], **quiet)
        for slider in (*weights, *biases):
            slider.input(lambda: "own", None, preset, **quiet)
        view.on([temperature.release, *(s.release for s in (*weights, *biases))], small)


def sliders(first: tuple[tuple[float, ...], tuple[float, ...]]) -> tuple[list, list]:
    """Two beside each other, so that ten fit."""
    found: list[list] = [[], []]
    names = [
        [f"w{a + 1}{b + 1}" for a, b in PAIRS],
        [f"b{k + 1}" for k in range(UNITS)],
    ]
    for made, labels, values in zip(found, names, first, strict=True):
        for k in range(0, len(labels), 2):
            with gr.Row():
                for label, value in zip(labels[k : k + 2], values[k : k + 2], strict=True):
                    made.append(kit.slider(LEAST, MOST, value, label, step=0.25, min_width=120))
    return found[0], found[1]
