"""From one face to another: the straight line between their codes, and the arc that keeps their length."""

from collections.abc import Iterator
from typing import Any

from PIL import Image

from demos import kit
from demos.kit import plates, plots, say, t
from demos.vae_faces.start import start_choice, start_code, start_of

STRIP, FRAMES = 9, 25


def morph(checkpoint: str, seed: int, other: int, start: str, path: str, lang: str) -> Iterator[tuple]:
    """A film from the face of one seed to that of another, and both ways there as strips."""
    import torch

    from genmodels.autoencoders.vae_faces import VAEFaces
    from genmodels.nn.paths import PATHS

    with kit.model(VAEFaces, checkpoint) as vae:
        a, b = (start_of(checkpoint, vae, start, s)[0] for s in (seed, other))

        def faces(z: Any) -> Any:
            return vae.decode(z.to(vae.device, vae.dtype)).float().cpu()

        share = torch.linspace(0, 1, STRIP)
        words = {
            "line": say(lang, "straight line", "línea recta"),
            "arc": say(lang, "great circle", "círculo máximo"),
        }
        strips: list[Image.Image] = []
        for name, way in PATHS.items():
            strips.append(plates.block(words[name], faces(way(a, b, share)), columns=STRIP, tile=140))
            yield None, plates.plate(*strips), lengths(a, b, words, lang), {}
        frames: list[Image.Image] = []
        for part in PATHS[path](a, b, torch.linspace(0, 1, FRAMES)).split(9):
            frames += [kit.to_pil(x).resize((384, 384), Image.Resampling.LANCZOS) for x in faces(part)]
            yield frames[-1], plates.plate(*strips), lengths(a, b, words, lang), {}
    yield kit.film(frames, bounce=True), plates.plate(*strips), lengths(a, b, words, lang), {}


def lengths(a: Any, b: Any, words: dict[str, str], lang: str) -> str:
    """How long the code is on the way. Random codes of D numbers are close to sqrt(D) long, all of them."""
    import torch

    from genmodels.nn.paths import PATHS

    share = torch.linspace(0, 1, 41)
    found = {name: way(a, b, share).norm(dim=1).tolist() for name, way in PATHS.items()}
    usual = len(a) ** 0.5
    axes = plots.Axes((0, 1), (0, 1.15 * max(usual, *found["line"])), width=760, height=220, left=44)
    marks = [plots.rule(usual)]
    marks += [
        plots.line(share.tolist(), found[way], kind) for way, kind in (("line", "warm"), ("arc", "mark"))
    ]
    title = say(lang, "Length ‖z‖ of the code along the way", "Largo ‖z‖ del código en el camino")
    drawn = plots.plot(axes, *marks, title=title, across="t", up=True, lang=lang)
    normal = say(lang, f"√{len(a)}, usual under N(0, I)", f"√{len(a)}, lo usual en N(0, I)")
    return plots.legend(("warm", words["line"]), ("mark", words["arc"]), ("soft", normal)) + drawn


def morph_code(checkpoint: str, seed: int, other: int, start: str, path: str) -> str:
    way = {
        "line": "z = a + t * (b - a)",
        "arc": (
            "angle = torch.arccos(a @ b.T / (a.norm() * b.norm()))\n"
            "left, right = torch.sin((1 - t) * angle), torch.sin(t * angle)\n"
            "z = (left * a / a.norm() + right * b / b.norm()) / torch.sin(angle)\n"
            "z = z * (a.norm() + t * (b.norm() - a.norm()))"
        ),
    }[path]
    return (
        start_code(checkpoint, start, {"a": seed, "b": other})
        + f"\nt = torch.linspace(0, 1, {FRAMES})[:, None]\n{way}\n"
        + f"film = vae.decode(z)  # ({FRAMES}, 3, 64, 64)"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("morph", "Morph", "Transformar") as view:
        with view.controls():
            seed = kit.seed(100_264, t("Seed of the first", "Semilla de la primera"))
            other = kit.seed(102_518, t("Seed of the second", "Semilla de la segunda"))
            start = start_choice()
            path = kit.choice(
                [(t("Straight line", "Línea recta"), "line"), (t("Great circle", "Círculo máximo"), "arc")],
                t("Path of the film", "Camino de la película"),
            )
        with view.result():
            film = plates.view()
            strip = plates.view()
            lengths_ = kit.html()
        inputs = [tab.checkpoint, seed, other, start, path]
        outputs = [film, strip, lengths_]
        view.run(morph, inputs, outputs, label=("Make the film", "Hacer la película"), code=morph_code)
