"""Where a walk begins: the code of a painted face, or a code drawn from a prior."""

from collections.abc import Iterable
from typing import Any

from demos import kit
from demos.kit import t
from demos.vae_faces.sample import draw

STARTS = [
    (t("Painted face", "Cara pintada"), "painted"),
    (t("Mixture", "Mezcla"), "mixture"),
    (t("N(0, I)", "N(0, I)"), "normal"),
]


def start_choice() -> Any:
    return kit.choice(STARTS, t("Start from", "Partir de"))


def painted(seeds: Iterable[int]) -> Any:
    """The painter's faces of some seeds: (N, 3, 64, 64) in [-1, 1]."""
    import torch

    from genmodels.data.faces import batch

    return torch.from_numpy(batch(seeds)[0]).permute(0, 3, 1, 2) / 127.5 - 1


def start_of(checkpoint: str, vae: Any, start: str, seed: int) -> Any:
    """The code (1, D) to start from, in float32 on the CPU."""
    if start == "painted":
        return vae.encode(painted([seed]).to(vae.device, vae.dtype)).mean.float().cpu()
    return draw(checkpoint, start, seed, 1, 1.0, vae.config.latent)


def start_code(checkpoint: str, start: str, seeds: dict[str, int]) -> str:
    """The lines that make the model and one code per name."""
    imports = {
        "painted": "from genmodels.data.faces import batch",
        "mixture": "from genmodels.autoencoders.mixture import Mixture",
        "normal": "from genmodels.runtime import noise",
    }[start]
    make = {
        "painted": "vae.encode(face({})).mean",
        "mixture": "mixture.sample({})",
        "normal": "noise({}, 1, (128,))",
    }[start]
    help_ = {
        "painted": "face = lambda seed: torch.from_numpy(batch([seed])[0]).permute(0, 3, 1, 2) / 127.5 - 1\n",
        "mixture": f'mixture = Mixture.from_pretrained("{checkpoint}-mixture")\n',
        "normal": "",
    }[start]
    lines = "\n".join(f"{name} = {make.format(seed)}" for name, seed in seeds.items())
    return (
        f"import torch\n\nfrom genmodels.autoencoders.vae_faces import VAEFaces\n{imports}\n\n"
        f'vae = VAEFaces.from_pretrained("{checkpoint}")\n{help_}{lines}'
    )
