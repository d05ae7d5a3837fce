"""The pictures on the home's cards, each made by the family's own bundled model.

python -m training.cards            # all
python -m training.cards vae_faces  # one: writes demos/art/vae_faces.webp, 480 x 300
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from genmodels import hub
from training.cards_cell import cell
from training.cards_classes import classes
from training.cards_leash import leash
from training.cards_side import blind, same
from training.cards_tokens import tokens
from training.cards_words import blanks, translate
from training.cards_write import write

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


@torch.no_grad()
def imagegpt() -> Image.Image:
    """Upper halves that were given, tinted, and one ending after another."""
    from genmodels.autoregressive.imagegpt import ImageGPT
    from genmodels.autoregressive.sampling import draw, last
    from genmodels.data import greys
    from genmodels.data.garments import garment

    model = ImageGPT.from_pretrained("imagegpt-fashion")
    keep = torch.arange(greys.SIDE)[:, None].expand(-1, greys.SIDE) < greys.SIDE // 2
    tint, tiles = torch.tensor((0.55, 0.95, 0.92))[:, None, None], []
    for which in ((9, 3), (8, 3), (1, 3), (0, 1), (3, 2)):
        x = torch.from_numpy(greys.small(np.asarray(garment(*which))[None]))[:, None].long()
        shown = model.image(last(draw(model, 1, 8, x, keep)))
        tiles.append(torch.where(keep, (shown + 1) * tint - 1, shown))
    large = torch.cat(tiles).repeat_interleave(4, -1).repeat_interleave(4, -2)
    return mosaic(pixels(large), 8)


@torch.no_grad()
def vqvae() -> Image.Image:
    """Three faces that the prior wrote: each word drawn alone, and below all of them together."""
    from genmodels.autoencoders.vqvae import VQVAE
    from genmodels.autoregressive.code_prior import CodePrior
    from genmodels.autoregressive.sampling import draw, last

    model = VQVAE.from_pretrained("vqvae-faces")
    prior = CodePrior.from_pretrained("vqvae-faces-prior")
    codes = last(draw(prior, (16, 45, 32), 3, temperature=0.8))[:, 0]
    alone = model.draw(codes.flatten()[:, None, None].expand(-1, 3, 3))[..., 4:8, 4:8]
    alone = alone.unflatten(0, codes.shape).permute(0, 3, 1, 4, 2, 5).reshape(3, 3, 32, 32)
    both = torch.cat([alone.repeat_interleave(5, 2).repeat_interleave(5, 3), smooth(model.draw(codes), 160)])
    return mosaic(pixels(both), 3)


def smooth(x: Tensor, size: int) -> Tensor:
    return torch.nn.functional.interpolate(x, size=size, mode="bicubic")


@torch.no_grad()
def pixelcnn() -> Image.Image:
    """Garments on their way: from the left, drawn further and further."""
    from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN
    from genmodels.autoregressive.sampling import draw, last
    from genmodels.data.greys import to_image

    rows, columns = 5, 8
    model = GatedPixelCNN.from_pretrained("pixelcnn-fashion-gated")
    labels = torch.tensor([9, 1, 8, 2, 7])
    x = to_image(last(draw(model, 3, rows, temperature=0.8, labels=labels)))
    x = x.repeat_interleave(columns, 0).expand(-1, 3, -1, -1)
    done = (torch.arange(columns).repeat(rows) + 3) * 256 // (columns + 2)
    there = torch.arange(256).reshape(16, 16) < done[:, None, None, None]
    x = torch.where(there, x, torch.tensor([-0.55, -0.18, -0.2])[:, None, None])
    return mosaic(pixels(x.repeat_interleave(4, -1).repeat_interleave(4, -2)), columns)


@torch.no_grad()
def palette() -> Image.Image:
    """One sprite of each kind and palette: proposed ones, old machines', our own."""
    from genmodels.autoregressive import palette_maker, sampling
    from genmodels.autoregressive.palette import PalettePixelCNN
    from genmodels.data import palettes, tiles

    chosen = {2: "game-boy", 4: "pico-8", 7: "candy", 12: "ice", 13: "lava"}  # the others are proposed
    kinds = torch.tensor([2, 3, 2, 2, 2] * 3)
    maker = palette_maker.PaletteMaker.from_pretrained("palette-maker")
    rows, colours = palette_maker.make(maker, kinds, seed=3)
    for k, key in chosen.items():
        table = torch.from_numpy(palettes.NAMED[key].palette(16).astype(np.int64))
        rows[k, : len(table)], colours[k] = table, len(table)
    model = PalettePixelCNN.from_pretrained("palette-sprites")
    told = {"palette": rows, "colours": colours, "labels": kinds}
    x = sampling.last(sampling.draw(model, 3, len(kinds), temperature=0.75, **told))
    rgba = tiles.rgba(x[:, 0].numpy().astype(np.uint8), rows.numpy().astype(np.uint8))
    grounds = np.array([(46, 40, 64), (58, 64, 84), (72, 52, 62)], np.uint8)[np.arange(len(rgba)) % 3]
    rgba = np.pad(rgba, ((0, 0), (4, 4), (4, 4), (0, 0)))
    cells = np.where(rgba[..., 3:] > 0, rgba[..., :3], grounds[:, None, None])
    sheet = cells.reshape(3, 5, 32, 32, 3).transpose(0, 2, 1, 3, 4).reshape(96, 160, 3)
    sheet = np.concatenate([sheet, sheet[-4:]])  # 100 rows: 3 pixels for each fill the card
    return Image.fromarray(sheet.repeat(3, 0).repeat(3, 1))


@torch.no_grad()
def cgan() -> Image.Image:
    """A row is one person: six colours of hair, and two of them again with glasses."""
    from genmodels.gan.cgan import CGAN
    from genmodels.gan.latent import truncated

    model = CGAN.from_pretrained("cgan-faces")
    y = torch.stack([model.label(*label) for label in (*((hair, 0) for hair in range(6)), (3, 1), (0, 1))])
    z = torch.cat([truncated(seed, 1, model.config.latent, 2.0) for seed in (1, 2, 3, 4, 5)])
    return mosaic(pixels(model.generator(z.repeat_interleave(8, 0), y.repeat(5, 1))), 8)


def gan() -> Image.Image:
    """The film of a training: what five noises became, from left to right."""
    folder = hub.folder("wgan-gp-faces")
    with Image.open(folder / "film.webp") as sheet:
        film = np.asarray(sheet.convert("RGB"))
    film = film.reshape(len(film) // 64, 64, -1, 64, 3)
    tiles = film.transpose(2, 0, 1, 3, 4)  # (noise, moment, 64, 64, 3)
    seen = tiles[[0, 3, 4, 7, 8]][:, [1, 2, 3, 4, 5, 6, 8, 11]]
    return mosaic(seen.reshape(-1, 64, 64, 3), seen.shape[1])


@torch.no_grad()
def energy() -> Image.Image:
    """Chains on their way: a row is one noise, from left to right further down the energy."""
    from genmodels.energy.ebm import EBM
    from genmodels.energy.langevin import Walk, langevin, uniform
    from genmodels.runtime import generators

    rows, stops = (3, 5, 8, 11, 14), (0, 8, 16, 32, 64, 100, 160, 250)
    luck = [generators(seed, 1)[0] for seed in rows]
    steps = langevin(
        EBM.from_pretrained("ebm-mnist").energy, uniform((1, 28, 28), luck), 250, Walk(noise=0.01), luck
    )
    x = torch.stack([step.x for step in steps if step.i in stops], 1).flatten(0, 1)
    return mosaic(pixels(x.repeat_interleave(3, -1).repeat_interleave(3, -2)), len(stops))


@torch.no_grad()
def change() -> Image.Image:
    """Cells of a grid, bent by two maps, in the colour of how their areas change."""
    from genmodels.flow.change import MAPS, Chain

    zoom, n, fine = 4, 30, torch.linspace(0, 1, 7, dtype=torch.float64)[:-1]
    zero, one = torch.zeros_like(fine), torch.ones_like(fine)
    sides = ((fine, zero), (one, fine), (1 - fine, one), (zero, 1 - fine))
    rim = torch.cat([torch.stack(side, 1) for side in sides])
    step = torch.arange(n, dtype=torch.float64)
    corners = torch.cartesian_prod(step, step)[:, None] + rim - n / 2
    bent, by = corners / n * torch.tensor((12.0, 8.0)), Chain((MAPS["coupling"](0.3), MAPS["lens"](0.9)))
    log_det = by.forward(bent.mean(1))[1].numpy()
    places = (-1.4, -0.4, 0, 0.5, 1.6)
    shades = ((255, 150, 96), (150, 66, 36), (30, 35, 39), (18, 98, 100), (120, 220, 214))
    tone = np.stack([np.interp(log_det, places, [c[k] for c in shades]) for k in range(3)], -1)
    page = Image.new("RGB", (WIDTH * zoom, HEIGHT * zoom), (17, 20, 23))
    pen, scale = ImageDraw.Draw(page), torch.tensor((WIDTH / 10, -WIDTH / 10))
    for ring, colour in zip(by.forward(bent)[0], tone.astype(int).tolist(), strict=True):
        at = zoom * (ring * scale + torch.tensor((WIDTH / 2, HEIGHT / 2)))
        pen.polygon([tuple(v) for v in at.tolist()], tuple(colour), (12, 14, 16), 3)
    return page.resize((WIDTH, HEIGHT), Image.LANCZOS)


@torch.no_grad()
def flows() -> Image.Image:
    """Noise in the colours of its directions, with rings around its middle, bent into moons by splines."""
    import colorsys

    from genmodels.flow.plane.spline import SplineFlow

    flow, zoom = SplineFlow.from_pretrained("flow-plane-spline-moons"), 4
    page = Image.new("RGB", (WIDTH * zoom, HEIGHT * zoom), (17, 20, 23))
    pen, r, middle = ImageDraw.Draw(page), 2.3 * zoom, torch.tensor((WIDTH / 2, HEIGHT / 2))

    def place(z: Tensor) -> list[tuple[float, ...]]:
        at = flow.inverse(z)[0] / 8.2 * torch.tensor((WIDTH, -WIDTH)) + middle
        return [tuple(v) for v in (zoom * at).tolist()]

    turn = torch.linspace(0, 2 * torch.pi, 1441)
    for radius in (0.4, 0.8, 1.2, 1.6, 2.0, 2.4):
        pen.line(place(radius * torch.stack([turn.cos(), turn.sin()], 1)), (92, 98, 104), 5, "curve")
    z = torch.randn(900, 2, generator=torch.Generator().manual_seed(4))
    for (x, y), (a, b) in zip(z.tolist(), place(z), strict=True):
        hue, rich = (np.arctan2(y, x) / (2 * np.pi)) % 1, min(0.75, max(0.25, np.hypot(x, y) / 1.8))
        colour = tuple(int(255 * c) for c in colorsys.hsv_to_rgb(hue, rich, 1.0))
        pen.ellipse((a - r, b - r, a + r, b + r), colour)
    return page.resize((WIDTH, HEIGHT), Image.LANCZOS)


def laboratory() -> Image.Image:
    """A GAN that has nearly found eight Gaussians: what its discriminator says, and both kinds of points."""
    from genmodels.data import points
    from genmodels.lab.family import Source
    from genmodels.lab.gan import GAN, Knobs

    truth, zoom = points.density("eight_gaussians"), 4
    gan, source, generator = GAN(Knobs(r1=0.1), 5), Source(truth, 5), torch.Generator().manual_seed(5)
    for _ in range(260):
        gan.step(source.take(gan.needs))
    wide, high = torch.linspace(-6.4, 6.4, WIDTH), torch.linspace(4, -4, HEIGHT)
    plane = torch.stack(torch.meshgrid(wide, high, indexing="xy"), -1)
    sure = 2 * gan.height(plane.flatten(0, 1)).sigmoid().view(HEIGHT, WIDTH, 1).numpy() - 1
    petrol, brick = np.array((15, 107, 109)), np.array((184, 67, 28))
    ground = 255 + (np.where(sure > 0, petrol, brick) - 255) * 0.5 * np.abs(sure) ** 0.8
    page = Image.fromarray(ground.round().astype(np.uint8)).resize((WIDTH * zoom, HEIGHT * zoom))
    pen, r = ImageDraw.Draw(page), 2.8 * zoom
    for x, colour in ((truth.sample(420, generator), petrol), (gan.sample(420, generator), brick)):
        for a, b in zoom * (x.numpy() * (WIDTH / 12.8, -HEIGHT / 8) + (WIDTH / 2, HEIGHT / 2)):
            pen.ellipse((a - r, b - r, a + r, b + r), tuple(colour), (255, 255, 255), 2)
    return page.resize((WIDTH, HEIGHT), Image.LANCZOS)


@torch.no_grad()
def score() -> Image.Image:
    """Five chains of annealed Langevin dynamics, from left to right: from noise to a digit."""
    from genmodels.energy.annealed import draw, stride
    from genmodels.energy.ncsn import NCSN
    from genmodels.runtime import generators

    model, steps, columns = NCSN.from_pretrained("ncsn-mnist"), 5, 8
    sigmas, (mean, std) = model.sigmas(), (model.config.mean, model.config.std)
    luck = [generators(seed, 1)[0] for seed in (0, 2, 4, 5, 9)]
    walk = draw(model.score, (5, 1, 28, 28), sigmas, steps, stride(sigmas[0] / sigmas[1], steps), luck)
    seen = {step.level: step for step in walk}
    moments = [seen[28 + 6 * k] for k in range(columns - 1)]
    shown = [mean + (s.x - mean) * std / (std**2 + s.sigma**2) ** 0.5 for s in moments]
    x = torch.stack([*shown, seen[len(sigmas)].x], 1).flatten(0, 1).clamp(-1, 1)
    dark, light = (torch.tensor(c)[:, None, None] for c in ((-0.84, -0.72, -0.70), (1.0, 0.92, 0.78)))
    x = torch.lerp(dark, light, (x + 1) / 2)
    return mosaic(pixels(x.repeat_interleave(3, -1).repeat_interleave(3, -2)), columns)


@torch.no_grad()
def rbm() -> Image.Image:
    """Digits that the machine dreams, between hidden units as their weights."""
    from genmodels.energy.rbm import RBM, gibbs, last
    from genmodels.runtime import generators

    model, luck = RBM.from_pretrained("rbm-mnist"), generators(40, 20)
    noise = torch.stack([torch.rand(784, generator=g) for g in luck]).round()
    dreams = 2 * last(gibbs(model, noise, 1_500, luck)).chances.reshape(-1, 1, 28, 28) - 1
    units = model.weight[:, model.weight.norm(dim=0).argsort(descending=True)[:20]].T.reshape(-1, 28, 28)
    share = (units / units.abs().flatten().quantile(0.995)).clamp(-1, 1)[..., None]
    ground, low, high = (torch.tensor(c) / 127.5 - 1 for c in ((16, 19, 22), (236, 128, 62), (92, 214, 205)))
    coloured = ground + share.clamp_min(0) * (high - ground) - share.clamp_max(0) * (low - ground)
    tiles = torch.stack([dreams.expand(-1, 3, -1, -1), coloured.permute(0, 3, 1, 2)], 1).flatten(0, 1)
    turned = tiles.reshape(5, 4, 2, 3, 28, 28)
    turned[1::2] = turned[1::2].flip(2)  # a checkerboard of both
    return mosaic(pixels(turned.flatten(0, 2)).repeat(4, 1).repeat(4, 2), 8)


@torch.no_grad()
def glow() -> Image.Image:
    """A row is one painted face: as it is, then with something added to its code."""
    from genmodels.data.faces import batch
    from genmodels.flow.directions import directions
    from genmodels.flow.glow import Glow

    flow, seeds = Glow.from_pretrained("glow-faces"), [36_518, 36_512, 36_500, 36_507, 36_503]
    large = torch.from_numpy(batch(seeds)[0]).permute(0, 3, 1, 2).float()
    x = torch.nn.functional.avg_pool2d(large, 2) / 127.5 - 1
    luck = [torch.Generator().manual_seed(k) for k in seeds]
    z, ways = flow(flow.noised(x, luck))[0], directions("glow-faces")
    added = ("hair_red", "hair_blond", "hair_black", "hat", "beard", "skin", "glasses")
    columns = [flow.shown(flow.inverse(z + 2.2 * ways[a])[0]) for a in added]
    tiles = torch.stack([x, *columns], 1).flatten(0, 1)
    return mosaic(pixels(smooth(tiles, 64)), 8)


@torch.no_grad()
def inside() -> Image.Image:
    """Attention: a tile is a head that reads a sentence, its words across and down."""
    from genmodels.text.gpt import GPT
    from genmodels.text.tokens import Tokenizer

    sentences = {
        "gpt-quijote": "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo",
        "gpt-shakespeare": "My lord, the king is dead, and the queen shall be the king. The queen is dead",
        "gpt-recipes": "Put the butter and the sugar in a bowl. Mix the butter and the sugar, then add the",
    }
    tiles = []
    for name, words in sentences.items():
        ids = torch.tensor([Tokenizer.of(name).encode(words)[:16]])
        weights = torch.stack(GPT.from_pretrained(name).look(ids).attention).flatten(0, 1)
        tiles.append((weights[:, 1:] / weights[:, 1:, 1:].amax((1, 2), keepdim=True)).clamp(max=1) ** 0.6)
    share = torch.cat(tiles)[:40].repeat_interleave(4, 1).repeat_interleave(4, 2)[:, None, :, :60]
    places = ((0.0, (17, 24, 28)), (0.5, (31, 133, 132)), (1.0, (238, 247, 240)))
    at, colours = zip(*places, strict=True)
    mixed = [np.interp(share.numpy(), at, [c[k] for c in colours]) for k in range(3)]
    return mosaic(np.concatenate(mixed, 1).transpose(0, 2, 3, 1).round().astype(np.uint8), 8)


MADE = (
    laboratory,
    vae_plane,
    vae_faces,
    autoencoder_kl,
    pixelvae,
    imagegpt,
    vqvae,
    pixelcnn,
    palette,
    cgan,
    gan,
)
MADE += (glow, score, energy, change, flows, rbm, inside, blanks, translate, write)
MADE += (leash, cell, tokens, same, blind, classes)
CARDS = {f.__name__: f for f in MADE}


def main() -> None:
    for stem in sys.argv[1:] or CARDS:
        CARDS[stem]().save(ART / f"{stem}.webp", quality=86, method=6)
        print(ART / f"{stem}.webp")


if __name__ == "__main__":
    main()
