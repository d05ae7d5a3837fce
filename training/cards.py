"""The pictures on the home's cards, each made by the family's own bundled model.

python -m training.cards            # all
python -m training.cards vae_faces  # one: writes demos/art/vae_faces.webp, 480 x 300
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

ART = Path(__file__).resolve().parent.parent / "demos" / "art"
WIDTH, HEIGHT = 480, 300


def pixels(x: Tensor) -> np.ndarray:
    """(B, C, H, W) in [-1, 1] -> uint8 (B, H, W, 3)."""
    return ((x.clamp(-1, 1) + 1) * 127.5).byte().expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()


def mosaic(tiles: np.ndarray, columns: int) -> Image.Image:
    """Tiles edge to edge, cut to the shape of a card."""
    n, h, w, _ = tiles.shape
    rows = n // columns
    sheet = tiles[: rows * columns].reshape(rows, columns, h, w, 3).transpose(0, 2, 1, 3, 4)
    picture = Image.fromarray(sheet.reshape(rows * h, columns * w, 3))
    scale = max(WIDTH / picture.width, HEIGHT / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.LANCZOS)
    return picture.crop((0, 0, WIDTH, HEIGHT))


@torch.no_grad()
def vae_plane() -> Image.Image:
    """The plane, decoded: garments that turn into one another."""
    from genmodels.autoencoders.vae_plane import VAE

    x, y = torch.linspace(0.03, 0.97, 16), torch.linspace(0.97, 0.03, 10)
    quantile = torch.cartesian_prod(y, x).flip(1)
    z = torch.distributions.Normal(0, 1).icdf(quantile)
    return mosaic(pixels(VAE.from_pretrained("vae-plane-vae").decode(z)), 16)


@torch.no_grad()
def vae_faces() -> Image.Image:
    """Faces sampled from the mixture."""
    from genmodels.autoencoders.mixture import Mixture
    from genmodels.autoencoders.vae_faces import VAEFaces

    z = Mixture.from_pretrained("vae-faces-mixture").sample(seed=198, count=40, temperature=0.7)
    return mosaic(pixels(VAEFaces.from_pretrained("vae-faces").decode(z)), 8)


@torch.no_grad()
def autoencoder_kl() -> Image.Image:
    """A painted face, decoded, before its own code seen as colours."""
    from genmodels.autoencoders.autoencoder_kl import AutoencoderKL
    from genmodels.data.faces import paint, random_face

    model = AutoencoderKL.from_pretrained("autoencoder-kl-small")
    face = torch.from_numpy(paint(random_face(21), 256).copy()).permute(2, 0, 1)[None] / 127.5 - 1
    code, _ = model.encode(face)
    code = code[:, :3] / (2 * code[:, :3].std())
    seen = pixels(torch.nn.functional.interpolate(code, size=256, mode="nearest"))
    return mosaic(np.concatenate([pixels(model.decode(model.encode(face)[0])), seen]), 2)


@torch.no_grad()
def pixelvae() -> Image.Image:
    """A row shares its code: the same garment, its pixels drawn anew."""
    from genmodels.autoregressive.pixelvae import PixelVAE
    from genmodels.autoregressive.sampling import draw, last
    from genmodels.data import greys
    from genmodels.data.garments import garment

    model = PixelVAE.from_pretrained("pixelvae-fashion")
    kinds = [(9, 2), (0, 0), (1, 3), (7, 1), (3, 2), (8, 0), (4, 1)]
    pages = np.stack([np.asarray(garment(*which)) for which in kinds])
    z = model.encode(torch.from_numpy(greys.small(pages))[:, None].long()).mean
    x = greys.to_image(last(draw(model, 1, 70, z=z.repeat_interleave(10, 0))))
    return mosaic(pixels(x.repeat_interleave(3, -1).repeat_interleave(3, -2)), 10)


CARDS = {f.__name__: f for f in (vae_plane, vae_faces, autoencoder_kl, pixelvae)}


def main() -> None:
    for stem in sys.argv[1:] or CARDS:
        CARDS[stem]().save(ART / f"{stem}.webp", quality=86, method=6)
        print(ART / f"{stem}.webp")


if __name__ == "__main__":
    main()
