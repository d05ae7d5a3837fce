"""New faces: codes drawn from N(0, I), as the VAE promises, or from the mixture fitted to its codes."""

from collections.abc import Iterator

from demos import kit
from demos.kit import card, plates, say, t

PART = 6  # faces decoded between two pictures: the first appears at once


def measured(checkpoint: str, *keys: str) -> dict[str, float]:
    """Those of a checkpoint's measures that exist, for the line of figures."""
    found = card.metrics(checkpoint).get("measures", {})
    return {key: found[key] for key in keys if key in found}


def draw(checkpoint: str, prior: str, seed: int, count: int, temperature: float, latent: int):  # noqa: ANN201
    """(count, latent) codes from "normal" or "mixture". Code k depends on seed + k alone."""
    from genmodels.autoencoders.mixture import Mixture
    from genmodels.runtime import noise

    if prior == "normal":
        return temperature * noise(seed, count, (latent,))
    with kit.model(Mixture, f"{checkpoint}-mixture") as mixture:
        return mixture.sample(seed, count, temperature).float().cpu()


def sample(
    checkpoint: str, seed: int, count: int, temperature: float, prior: str, lang: str
) -> Iterator[tuple]:
    """A grid of new faces, from N(0, I), from the mixture fitted to the codes, or both side by side."""
    import torch

    from genmodels.autoencoders.vae_faces import VAEFaces

    names = {
        "normal": say(lang, "codes from N(0, I)", "códigos de N(0, I)"),
        "mixture": say(lang, "codes from the mixture", "códigos de la mezcla"),
    }
    chosen = list(names) if prior == "both" else [prior]
    columns = max(1, round((count * (0.75 if prior == "both" else 1.6)) ** 0.5))
    tile = min(256, 1280 // (columns * len(chosen)))
    measures = measured(checkpoint, *(f"frechet_{p.replace('normal', 'prior')}" for p in chosen))
    with kit.model(VAEFaces, checkpoint) as vae:
        codes = [draw(checkpoint, p, seed, count, temperature, vae.config.latent) for p in chosen]
        faces: list[list] = [[] for _ in chosen]
        for start in range(0, count, PART):
            for made, z in zip(faces, codes, strict=True):
                part = z[start : start + PART].to(vae.device, vae.dtype)
                made.append(vae.decode(part).float().cpu())
            blocks = (
                plates.block(names[p], torch.cat(made), columns=columns, tile=tile, places=count)
                for p, made in zip(chosen, faces, strict=True)
            )
            yield plates.beside(*blocks), measures | {"made": len(chosen) * min(count, start + PART)}


def sample_code(checkpoint: str, seed: int, count: int, temperature: float, prior: str) -> str:
    lines = ["from genmodels.autoencoders.vae_faces import VAEFaces"]
    normal = f"{temperature:g} * noise({seed}, {count}, (128,))"
    mixture = f'Mixture.from_pretrained("{checkpoint}-mixture").sample({seed}, {count}, {temperature:g})'
    if prior != "normal":
        lines.append("from genmodels.autoencoders.mixture import Mixture")
    if prior != "mixture":
        lines.append("from genmodels.runtime import noise")
    lines += ["", f'vae = VAEFaces.from_pretrained("{checkpoint}")']
    if prior != "mixture":
        lines.append(f"faces = vae.decode({normal})  # ({count}, 3, 64, 64) in [-1, 1]")
    if prior != "normal":
        name = "others" if prior == "both" else "faces"
        lines += [f"z = {mixture}", f"{name} = vae.decode(z)"]
    return "\n".join(lines)


def prior_choice(default: str = "both", *, both: bool = True):  # noqa: ANN201
    choices = [
        (t("N(0, I)", "N(0, I)"), "normal"),
        (t("Mixture fitted to the codes", "Mezcla ajustada a los códigos"), "mixture"),
    ]
    side = [(t("Both, side by side", "Las dos, lado a lado"), "both")] if both else []
    return kit.choice([*side, *choices], t("Where codes come from", "De dónde salen los códigos"), default)


def layout(tab: kit.Tab) -> None:
    with tab.view("sample", "Sample", "Muestrear") as view:
        with view.controls():
            seed = kit.seed(3)
            prior = prior_choice()
            count = kit.slider(1, 48, 12, t("Faces", "Caras"), step=1)
            temperature = kit.slider(0, 1.5, 1, t("Temperature", "Temperatura"), step=0.05)
        with view.result():
            picture = plates.view()
        inputs = [tab.checkpoint, seed, count, temperature, prior]
        view.run(sample, inputs, [picture], label=("Sample", "Muestrear"), code=sample_code)
        view.on([temperature.release, count.release, prior.input], sample)
