"""Blur or holes: the same network trained with three weights of the reconstruction term."""

from collections.abc import Iterator
from typing import Any

from demos import kit
from demos.kit import card, numbers, plates, plots, say
from demos.vae_faces.sample import draw, prior_choice
from demos.vae_faces.start import painted
from genmodels.autoencoders.checkpoints import VAE_FACES

ORDER = (
    "vae-faces-blur",
    "vae-faces",
    "vae-faces-sharp",
)  # from the weakest reconstruction term to the strongest
KEYS = ("psnr", "kl", "active", "frechet_reconstruction", "frechet_prior", "frechet_mixture")
COLUMNS = 6


def compare(seed: int, prior: str, lang: str) -> Iterator[tuple]:
    """Reconstructions and samples of the three checkpoints, same faces and same seeds."""
    from genmodels.autoencoders.vae_faces import VAEFaces

    x = painted(range(seed, seed + COLUMNS))
    source = {
        "normal": say(lang, "sampled from N(0, I)", "muestras de N(0, I)"),
        "mixture": say(lang, "sampled from its mixture", "muestras de su mezcla"),
    }[prior]
    rebuilt, sampled = [row(say(lang, "painted", "pintadas"), x)], []
    table = measures(lang)
    yield plates.plate(*rebuilt), None, table, {}
    for name in ORDER:
        with kit.model(VAEFaces, name) as vae:
            back = vae.decode(vae.encode(x.to(vae.device, vae.dtype)).mean).float().cpu()
            z = draw(name, prior, seed, COLUMNS, 1.0, vae.config.latent)
            new = vae.decode(z.to(vae.device, vae.dtype)).float().cpu()
        rebuilt.append(row(f"{say(lang, 'rebuilt', 'reconstruidas')} · {words(name, lang)}", back))
        sampled.append(row(f"{source} · {words(name, lang)}", new))
        yield plates.plate(*rebuilt), plates.plate(*sampled), table, {}


def row(caption: str, x: Any) -> Any:
    return plates.block(caption, x, columns=COLUMNS, tile=190)


def words(name: str, lang: str) -> str:
    beta = plots.number(beta_of(name), lang)
    return {
        "vae-faces-blur": say(lang, f"strong prior, β = {beta}", f"prior fuerte, β = {beta}"),
        "vae-faces": say(lang, f"balanced, β = {beta}", f"equilibrado, β = {beta}"),
        "vae-faces-sharp": say(
            lang, f"strong reconstruction, β = {beta}", f"reconstrucción fuerte, β = {beta}"
        ),
    }[name]


def beta_of(name: str) -> float:
    import json

    from genmodels import hub

    return json.loads((hub.WEIGHTS / name / "config.json").read_text())["beta"]


def measures(lang: str) -> str:
    """What the measuring command found for each, on held-out faces."""
    found = [card.metrics(name).get("measures", {}) for name in ORDER]
    rows = [
        [
            say(lang, *numbers.WORDS[key]),
            *(numbers.text(key, m[key], lang) if key in m else "" for m in found),
        ]
        for key in KEYS
    ]
    return plots.table(["", *(words(name, lang) for name in ORDER)], rows)


def compare_code(seed: int, prior: str) -> str:
    make = {
        "normal": f"noise({seed}, {COLUMNS}, (128,))",
        "mixture": f'Mixture.from_pretrained(name + "-mixture").sample({seed}, {COLUMNS})',
    }[prior]
    source = {
        "normal": "from genmodels.runtime import noise",
        "mixture": "from genmodels.autoencoders.mixture import Mixture",
    }[prior]
    return (
        "import torch\n\nfrom genmodels.autoencoders.vae_faces import VAEFaces\n"
        "from genmodels.data.faces import batch\n"
        f"{source}\n\n"
        f"x = torch.from_numpy(batch(range({seed}, {seed + COLUMNS}))[0]).permute(0, 3, 1, 2) / 127.5 - 1\n"
        f"for name in {ORDER}:\n"
        "    vae = VAEFaces.from_pretrained(name)\n"
        f"    back, new = vae.decode(vae.encode(x).mean), vae.decode({make})"
    )


def layout(tab: kit.Tab) -> None:
    assert {c.name for c in VAE_FACES} >= set(ORDER)
    with tab.view("compare", "Blur or holes", "Borroso o con huecos") as view:
        with view.controls():
            seed = kit.seed(100_003)
            prior = prior_choice("normal", both=False)
        with view.result():
            rebuilt = plates.view()
            sampled = plates.view()
            table = kit.html()
        outputs = [rebuilt, sampled, table]
        view.run(compare, [seed, prior], outputs, ("Compare", "Comparar"), compare_code)
        view.on([prior.input], compare)
