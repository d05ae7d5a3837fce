"""The latent space from within: is it N(0, I)? Which numbers does the model use? Where are the codes really?

The codes of faces are q(z), the average of all the blobs q(z|x). Training pulls each blob towards p(z) =
N(0, I), and so their average; what is left between both is why samples are worse than reconstructions.
"""

import math
from collections.abc import Iterator
from typing import Any

from demos import kit
from demos.kit import plots, say, t
from demos.vae_faces.start import painted

PART = 16  # faces painted and encoded between two pictures
PANELS = 48  # histograms shown, of the numbers that are used most
EDGES = [-4 + 0.4 * k for k in range(21)]
BELL = [math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) for x in (-4 + 0.16 * k for k in range(51))]
TURN = [math.tau * k / 60 for k in range(61)]
RING = [2.45 * math.cos(t) for t in TURN], [2.45 * math.sin(t) for t in TURN]  # holds 95 % of N(0, I)
ACTIVE = 0.01  # nats: below it a number says nothing about the face


def inside(checkpoint: str, seed: int, count: int, what: str, lang: str) -> Iterator[tuple]:
    """Encode painted faces and compare their codes with N(0, I): by histogram, by KL, by density."""
    import torch

    from genmodels.autoencoders.vae_faces import VAEFaces
    from genmodels.runtime import noise

    means, log_vars = [], []
    with kit.model(VAEFaces, checkpoint) as vae:
        epsilon = noise(seed, count, (vae.config.latent,))
        for start in range(0, count, PART):
            x = painted(range(seed + start, seed + min(start + PART, count)))
            code = vae.encode(x.to(vae.device, vae.dtype))
            means.append(code.mean.float().cpu())
            log_vars.append(code.log_var.float().cpu())
            mean, log_var = torch.cat(means), torch.cat(log_vars)
            z = mean + (0.5 * log_var).exp() * epsilon[: len(mean)]
            panels, units, numbers = look(mean, log_var, z if what == "z" else mean, lang)
            yield panels, units, "", numbers
    drawn, found = gap(checkpoint, z, seed, lang)
    yield panels, units, drawn, numbers | found


def look(mean: Any, log_var: Any, z: Any, lang: str) -> tuple[str, str, dict[str, float]]:
    """Histograms of the busiest numbers, and the KL of all of them, sorted."""
    from genmodels.metrics.likelihood import kl_standard_normal

    kl = kl_standard_normal(mean, log_var).mean(0)
    order = kl.argsort(descending=True).tolist()
    active = int((kl > ACTIVE).sum())
    title = say(
        lang,
        f"The {PANELS} busiest numbers of the code, over {len(mean)} faces, and N(0, 1)",
        f"Los {PANELS} números más usados del código, en {len(mean)} caras, y N(0, 1)",
    )
    small = "".join(histogram(z[:, k].tolist(), lang) for k in order[:PANELS])
    sizes = kl[order].tolist()
    axes = plots.Axes((0, len(sizes)), (0, 1.15 * max(sizes)), width=760, height=230, left=44)
    words = say(
        lang,
        f"KL of each of the {len(sizes)} numbers, in nats, sorted: {active} say something about the face",
        f"KL de cada uno de los {len(sizes)} números, en nats, en orden: {active} dicen algo de la cara",
    )
    units = plots.plot(
        axes, plots.bars(sizes), title=words, across=say(lang, "number", "número"), up=True, lang=lang
    )
    return (
        f"<h4>{title}</h4><div class='multiples'>{small}</div>",
        units,
        {"kl": kl.sum().item(), "active": active},
    )


def histogram(values: list[float], lang: str) -> str:
    axes = plots.Axes((-4, 4), (0, 0.58), width=100, height=76, left=2, bottom=2)
    bell = plots.line([-4 + 0.16 * k for k in range(51)], BELL, "ink")
    return plots.plot(axes, plots.area(EDGES, density(values, EDGES)), bell, lang=lang)


def density(values: list[float], edges: list[float]) -> list[float]:
    """Heights of a histogram whose area is 1. What lies outside counts, but has no bar."""
    import numpy as np

    counts, _ = np.histogram(values, edges)
    return (counts / len(values) / np.diff(edges)).tolist()


def gap(checkpoint: str, z: Any, seed: int, lang: str) -> tuple[str, dict[str, float]]:
    """Faces' codes, N(0, I) and the mixture: on the plane where they differ most, and by log q(z)/p(z)."""
    from genmodels.autoencoders.mixture import Mixture
    from genmodels.runtime import noise

    with kit.model(Mixture, f"{checkpoint}-mixture") as mixture:
        drawn = mixture.sample(seed, len(z)).float().cpu()
        clouds = {"mark": z, "soft": noise(seed + len(z), len(z), (z.shape[1],)), "warm": drawn}
        ratio = {kind: ratio_of(mixture, points) for kind, points in clouds.items()}
        plane = widest(mixture)
    words = {
        "mark": say(lang, "codes of faces, q(z)", "códigos de caras, q(z)"),
        "soft": say(lang, "N(0, I), the prior", "N(0, I), el prior"),
        "warm": say(lang, "the mixture", "la mezcla"),
    }
    found = {"gap": max(0.0, sum(ratio["mark"]) / len(z))}
    flat = {kind: points @ plane for kind, points in clouds.items()}
    return maps(flat, words, lang) + scale(ratio, words, lang), found


def ratio_of(mixture: Any, z: Any) -> list[float]:
    """log q(z) - log p(z), in nats, the mixture in the place of q(z).

    Its mean over codes of faces is at most KL(q(z) || p(z)), whatever the mixture is.
    """
    import torch

    log_q = mixture.log_prob(z.to(mixture.device, mixture.dtype)).float().cpu()
    return (log_q - torch.distributions.Normal(0, 1).log_prob(z).sum(1)).tolist()


def widest(mixture: Any) -> Any:
    """(D, 2): the plane on which the mixture's centres lie furthest from each other."""
    import torch

    weights = mixture.log_weights.float().cpu().softmax(0)
    centres = mixture.means.float().cpu() * weights.sqrt()[:, None]
    return torch.linalg.svd(centres, full_matrices=False).Vh[:2].T


def maps(flat: dict[str, Any], words: dict[str, str], lang: str) -> str:
    """Each cloud alone, on a plane."""
    reach = 1.08 * max(points.abs().max().item() for points in flat.values())
    drawn = []
    for kind, points in flat.items():
        axes = plots.Axes((-reach, reach), (-reach, reach), width=300, height=300, left=12, bottom=10)
        marks = plots.dots(*points.T.tolist(), kind), plots.line(*RING, "ink", dashed=True)
        drawn.append(plots.plot(axes, *marks, title=words[kind], lang=lang, floor=False))
    title = say(
        lang,
        "Where the codes are, on the plane that parts groups of faces most. The ring holds 95 % of N(0, I)",
        "Dónde están los códigos, en el plano que más separa los grupos de caras. El anillo: 95 % de N(0, I)",
    )
    return f"<h4>{title}</h4>" + plots.figures(*drawn, least=84)


def scale(ratio: dict[str, list[float]], words: dict[str, str], lang: str) -> str:
    """Histograms of log q(z)/p(z): faces put their codes on the right, and none on the left."""
    every = sorted(v for values in ratio.values() for v in values)
    low, high = every[len(every) // 200], every[-1 - len(every) // 200]
    edges = [low + (high - low) * k / 40 for k in range(41)]
    heights = {kind: density(values, edges) for kind, values in ratio.items()}
    top = 1.1 * max(max(h) for h in heights.values())
    axes = plots.Axes((low, high), (0, top), width=760, height=240)
    marks = [plots.area(edges, heights[kind], kind) for kind in ("soft", "warm", "mark")]
    title = say(
        lang,
        "How much likelier is a code among faces than under the prior? log q(z)/p(z), in nats",
        "¿Cuánto más probable es un código entre las caras que según el prior? log q(z)/p(z), en nats",
    )
    drawn = plots.plot(axes, *marks, title=title, across="nats", lang=lang)
    return plots.legend(*words.items()) + drawn


def inside_code(checkpoint: str, seed: int, count: int, what: str) -> str:
    return (
        "import torch\n\nfrom genmodels.autoencoders.vae_faces import VAEFaces\n"
        "from genmodels.data.faces import batch\n"
        "from genmodels.metrics.likelihood import kl_standard_normal\n\n"
        f"x = torch.from_numpy(batch(range({seed}, {seed + count}))[0]).permute(0, 3, 1, 2) / 127.5 - 1\n"
        f'code = VAEFaces.from_pretrained("{checkpoint}").encode(x)\n'
        "kl = kl_standard_normal(*code).mean(0).sort(descending=True).values  # (128,), in nats"
    )


def layout(tab: kit.Tab) -> None:
    with tab.view("inside", "Inside", "Por dentro") as view:
        with view.controls():
            seed = kit.seed(100_000, t("First face, by seed", "Primera cara, por semilla"))
            count = kit.slider(64, 512, 256, t("Faces to encode", "Caras por codificar"), step=16)
            choices = [
                (t("Codes drawn from q(z|x)", "Códigos sorteados de q(z|x)"), "z"),
                (t("Means of q(z|x) only", "Solo las medias de q(z|x)"), "mean"),
            ]
            what = kit.choice(choices, t("Histograms of", "Histogramas de"))
        with view.result():
            panels, units, gaps = kit.html(), kit.html(), kit.html()
        inputs = [tab.checkpoint, seed, count, what]
        view.run(
            inside, inputs, [panels, units, gaps], label=("Encode faces", "Codificar caras"), code=inside_code
        )
