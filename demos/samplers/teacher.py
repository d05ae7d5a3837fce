"""One step against fifty: a network that learnt to jump to the end of the path, beside its teacher."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from demos import kit
from demos.kit import denoisers, plates, plots, say, t
from demos.kit.pixels import Pace
from demos.samplers import runs, tiles

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from genmodels.diffusion.denoiser import Denoiser

TEACHER, STUDENT = "ddpm-faces", "consistency-faces"
JUMPS = (80.0, 4.0, 1.5, 0.5)  # the levels from which the student jumps
SHORT = (1, 2, 4)  # steps in which the teacher is tried
COUNT, TILE = 5, 176


def teacher(face: str, jumps: int, steps: int, seed: int, lang: str) -> Iterator[tuple]:
    """The teacher in many steps and in few, the student in one jump and in several, from the same noise."""
    label, done = (-1 if face == denoisers.ANY else int(face)), {}
    with denoisers.use(TEACHER) as denoise:
        for n in (steps, *SHORT):
            pace = Pace(n, 0)
            for run in runs.follow(denoise, label, "ddim", ladder(n), seed, COUNT):
                if pace.due(run.step, last=run.step == n):
                    done["teacher", n] = run._replace(x=run.x if run.step == n else run.x0)
                    yield page(done, steps, lang), "", {"calls": run.calls}
    whole = done["teacher", steps]
    found = {"teacher_seconds": whole.seconds / COUNT}
    with denoisers.use(STUDENT) as denoise:
        for n in sorted({1, 2, jumps}):
            done["student", n] = jumped(denoise, label, n, seed)
            yield page(done, steps, lang), "", found
    found["student_seconds"] = done["student", 1].seconds / COUNT
    yield page(done, steps, lang), told(done, whole.x, lang), found


def ladder(n: int) -> list[float]:
    """From the level at which the student jumps, on the grid that suits few steps of these faces best."""
    from genmodels.diffusion import schedules

    return schedules.karras(denoisers.LOW, JUMPS[0], n)


def jumped(denoise: Denoiser, label: int, jumps: int, seed: int) -> runs.Run:
    """In so many jumps, each but the first from the picture with noise of the next level on it."""
    from genmodels.diffusion import samplers
    from genmodels.runtime import generators

    luck, began = generators(seed, COUNT), time.perf_counter()
    asked = runs.Asked(denoise, denoisers.labels(denoise, *[label] * COUNT))
    x = samplers.start(denoisers.shape_of(denoise), JUMPS[0], luck, denoise.network.device)
    *_, last = samplers.consistency(asked, x, [*JUMPS[:jumps], 0.0], luck)
    return runs.seen(last, asked)._replace(seconds=time.perf_counter() - began)


def page(done: dict[tuple[str, int], runs.Run], steps: int, lang: str) -> Image.Image:
    made = []
    for who, n in order(done, steps):
        x = done[who, n].x
        cells = [tiles.cell(x[k : k + 1], "", "", TILE) for k in range(COUNT)]
        made.append(tiles.row(cells, named(who, n, lang)))
    return tiles.rows(*made)


def order(done: dict[tuple[str, int], runs.Run], steps: int) -> list[tuple[str, int]]:
    """The long way first, then the student, then what few steps of the teacher come to."""
    student = sorted(key for key in done if key[0] == "student")
    return [
        ("teacher", steps),
        *student,
        *(("teacher", n) for n in SHORT if ("teacher", n) in done and n != steps),
    ]


def named(who: str, n: int, lang: str) -> str:
    if who == "teacher":
        return say(lang, f"teacher, {runs.steps_words(n, lang)}", f"maestro, {runs.steps_words(n, lang)}")
    return say(lang, f"student, {n} jump{'s' * (n > 1)}", f"alumno, {n} salto{'s' * (n > 1)}")


def told(done: dict[tuple[str, int], runs.Run], right: Tensor, lang: str) -> str:
    rows = [
        [named(*key, lang), str(run.calls), runs.seconds(run.seconds / COUNT, lang),
         runs.level(runs.off(run.x, right), lang)]
        for key, run in done.items()
    ]  # fmt: skip
    head = [
        "",
        say(lang, "calls", "llamadas"),
        say(lang, "per picture", "por imagen"),
        say(lang, "levels off the teacher", "niveles de diferencia con el maestro"),
    ]
    en = (
        "The student answers every noisy picture with the end of the path through it, not with the mean of "
        "all ends: that is why its one step is no fog. More jumps repair what one got wrong, and as each "
        "throws new noise they also lead away from the teacher's picture."
    )
    es = (
        "A cada imagen con ruido el alumno responde con el final del camino que pasa por ella, no con la "
        "media de todos los finales: por eso su único paso no es una niebla. Más saltos reparan lo que uno "
        "hizo mal y, como cada uno echa ruido nuevo, también se alejan de la imagen del maestro."
    )
    return plots.table(head, rows) + f"<p>{say(lang, en, es)}</p>"


def teacher_code(face: str, jumps: int, steps: int, seed: int) -> str:
    label = "c.num_class_embeds - 1" if face == denoisers.ANY else face
    return (
        "import torch\nfrom genmodels.diffusion import samplers\n"
        "from genmodels.diffusion.denoiser import Denoiser, bound\n"
        "from genmodels.diffusion.unet import UNet\nfrom genmodels.runtime import generators\n\n"
        f'unet, luck = UNet.from_pretrained("{STUDENT}"), generators({seed}, {COUNT})\n'
        "c = unet.config\n"
        f"denoise = bound(Denoiser.of(unet), torch.tensor([{label}] * {COUNT}))\n"
        f"x = samplers.start((3, 64, 64), {JUMPS[0]:g}, luck)\n"
        f"*_, last = samplers.consistency(denoise, x, {[*JUMPS[:jumps], 0.0]}, luck)\n"
        f"last.x  # ({COUNT}, 3, 64, 64) in [-1, 1]\n"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("teacher", "One step", "Un paso") as view:
        with view.controls():
            choices = [(t("any", "cualquiera"), denoisers.ANY)]
            choices += [(t(*words), str(k)) for k, words in enumerate(denoisers.CLASSES["faces"])]
            face = kit.choice(choices, t("Face", "Cara"))
            jumps = kit.slider(1, 4, 4, t("Jumps of the student", "Saltos del alumno"), step=1)
            steps = kit.slider(5, 50, 50, t("Steps of the teacher", "Pasos del maestro"), step=1)
            seed = kit.seed()
        with view.result():
            picture = plates.view()
            table = kit.html()
        view.run(teacher, [face, jumps, steps, seed], [picture, table], ("Draw", "Dibujar"), teacher_code)
        view.on([jumps.release], teacher)
