"""The VQ-VAEs: `python -m training.vqvae --model vqvae-faces --minutes 10`.

`vqvae-faces` takes painted faces at 32 x 32, the means of 2 x 2 pixels of runs/faces64.npy (painted there if
need be); `vqvae-sprites` takes game tiles and creatures at 24 x 24, with their transparency. `--thin` stores
the decoder of a finished folder thinner; `--measure` computes its metrics.json and card again.
"""

import argparse
import json
import math
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from genmodels.autoencoders.vqvae import (
    USAGE,
    VQVAE,
    VQVAEConfig,
    from_rgba,
    nearest_code,
    straight_through,
)
from genmodels.data import tiles
from genmodels.metrics.psnr import psnr
from genmodels.model import Model
from training import card, loop, thinning, vae_faces
from training.neighbours import finish_neighbours

HELD_OUT = vae_faces.HELD_OUT
MADE, HELD_OUT_MADE = 12_000, 200  # characters, and as many creatures; of each the last are held out
MODELS = {
    "vqvae-faces": VQVAEConfig(dim=16),
    "vqvae-sprites": VQVAEConfig(size=24, channels=4, blocks=2, dim=16, halvings=1),
}
SPRITES = ("icons", "characters", "creatures")  # the parts of the sprites, in this order
VARIANCE = 0.25  # of a value in [-1, 1], about: what the squared error is measured in
COMMITMENT = 0.25  # beta of eq. 3
DECAY = 0.98  # gamma of appendix A.1
DEAD = 0.1  # of an equal share of the batch: below that a vector is not in use
QUIET = 0.8  # of the run; from then on no vector is replaced
WEIGHED = 200  # pictures by which `--thin` sees what matters


class Clock:
    """How much of the budget is done, for what changes during a run. Goes on where a resumed run stopped."""

    def __init__(self, name: str, args: argparse.Namespace):
        file = args.runs / name / "state.json"
        before = json.loads(file.read_text()) if args.resume else {"step": 0, "seconds": 0.0}
        self.args, self.step, self.seconds = args, before["step"], before["seconds"]
        self.began: float | None = None

    def tick(self) -> float:
        """Called once a step."""
        self.began = self.began or time.monotonic()
        self.step += 1
        if self.args.steps:
            return min(1.0, self.step / self.args.steps)
        return min(1.0, (self.seconds + time.monotonic() - self.began) / (60 * self.args.minutes))


# ---- images ------------------------------------------------------------------------------------------------


def faces(args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Faces to learn from and faces held out, uint8 (N, 32, 32, 3)."""
    file = args.runs / "faces32.npy"
    if not file.exists():
        large = vae_faces.faces(args)[0]
        parts = [halve(large[i : i + 1000]) for i in range(0, len(large), 1000)]
        np.save(file, np.concatenate(parts))
    images = np.load(file)
    return images[:-HELD_OUT], images[-HELD_OUT:]


def halve(images: np.ndarray) -> np.ndarray:
    """uint8 (N, 2h, 2w, C) -> (N, h, w, C), the means of 2 x 2 pixels."""
    n, h, w, c = images.shape
    return (images.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4)) + 0.5).astype(np.uint8)


def sprites(args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Sprites to learn from, and those held out, uint8 (N, 24, 24, 4): tiles, then characters, creatures."""
    found = tiles.dataset(args.data, args.runs)
    real = tiles.rgba(found.indices, found.palettes)
    file = args.runs / "sprites24.npz"
    if not file.exists():
        made = {SPRITES[1]: tiles.characters(MADE, 0, args.data), SPRITES[2]: tiles.creatures(MADE, 0)}
        np.savez(file, **{kind: tiles.rgba(*parts[:2]) for kind, parts in made.items()})
    with np.load(file) as made:
        ends = [(made[kind][:-HELD_OUT_MADE], made[kind][-HELD_OUT_MADE:]) for kind in made.files]
    train = [real[found.split == 0], *(a for a, _ in ends)]
    held_out = [real[found.split == 1], *(b for _, b in ends)]
    return np.concatenate(train), np.concatenate(held_out)


def as_input(images: np.ndarray) -> Tensor:
    return from_rgba(images) if images.shape[-1] == 4 else loop.from_uint8(images)


def face_batch(train: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    return train[rng.integers(len(train), size=size)]


def sprite_batch(train: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Half of them tiles; half of all mirrored, a half moved, a fifth with its colours exchanged."""
    real = len(train) - 2 * (MADE - HELD_OUT_MADE)
    tile, any_of = rng.integers(real, size=size), rng.integers(len(train), size=size)
    out = train[np.where(rng.random(size) < 0.5, tile, any_of)]
    for i in range(size):
        if rng.random() < 1 / 2:
            out[i] = out[i, :, ::-1]
        if rng.random() < 1 / 2:
            out[i] = moved(out[i], int(rng.integers(-3, 1)), int(rng.integers(-2, 3)))
        if rng.random() < 1 / 5:
            out[i, ..., :3] = out[i][..., rng.permutation(3)]
    return out


def moved(picture: np.ndarray, down: int, right: int) -> np.ndarray:
    """What leaves on one side is lost; what enters on the other is clear."""
    h, w = picture.shape[:2]
    wide = np.pad(picture, ((4, 4), (4, 4), (0, 0)))
    return wide[4 - down : 4 - down + h, 4 - right : 4 - right + w]


IMAGES = {"vqvae-faces": faces, "vqvae-sprites": sprites}


# ---- training ----------------------------------------------------------------------------------------------


class Dictionary:
    """The codebook as moving averages of what chose each vector; a vector nothing chooses starts anew.

    None of this ships: only the vectors do.
    """

    def __init__(self, codes: int, dim: int, device: torch.device):
        self.count = torch.zeros(codes, device=device)  # N of eq. 6: how many chose each, in a batch
        self.total = torch.zeros(codes, dim, device=device)  # m of eq. 7: the sum of what they were
        self.begun = False

    @torch.no_grad()
    def follow(self, codebook: Tensor, z: Tensor, generator: torch.Generator | None) -> int:
        """Move the vectors after one batch z (B, D, h, w). Without a generator none is revived."""
        codes = nearest_code(z, codebook).flatten()
        z = z.float().movedim(1, -1).flatten(0, -2)
        share = len(z) / len(codebook)
        if not self.begun:  # a vector is worth a share of a batch, at the start and after a resumption
            self.count.fill_(share)
            self.total.copy_(codebook * share)
            self.begun = True
        self.count.lerp_(torch.bincount(codes, minlength=len(codebook)).float(), 1 - DECAY)
        self.total.lerp_(torch.zeros_like(self.total).index_add_(0, codes, z), 1 - DECAY)
        dead = revive(self.count, self.total, z, share, generator) if generator else 0
        codebook.copy_(self.total / self.count.clamp_min(1e-6)[:, None])
        return dead


@torch.no_grad()
def begin(model: VQVAE, x: Tensor) -> None:
    """The first vectors are outputs of the encoder, chosen at random."""
    z = model.encode(x).movedim(1, -1).flatten(0, -2)
    model.codebook.copy_(z[torch.randint(len(z), (len(model.codebook),))])


def revive(count: Tensor, total: Tensor, z: Tensor, share: float, generator: torch.Generator) -> int:
    """Dead vectors become outputs of the encoder, chosen at random. Returns how many were dead."""
    dead = (count < DEAD * share).nonzero().flatten()[: len(z)]
    chosen = z[torch.randperm(len(z), generator=generator)[: len(dead)].to(z.device)]
    count[dead] = share
    total[dead] = share * chosen
    return len(dead)


def vq_loss(
    model: VQVAE,
    batch: tuple[Tensor, ...],
    generator: torch.Generator,
    dictionary: Dictionary,
    clock: Clock,
) -> dict[str, Tensor]:
    """Eq. 3 without its second term, which the moving averages stand for."""
    (x,) = batch
    x = x.contiguous(memory_format=torch.channels_last)
    z = model.encode(x).float()
    done = clock.tick()
    codes = nearest_code(z, model.codebook)
    quantised = model.lookup(codes)
    y = model.decode(straight_through(z, quantised)).float()
    error = (y - x).square().mean() / VARIANCE
    if x.shape[1] == 4:  # pixel art has edges: the median of what a pixel may be, not the mean
        error = error / 2 + (y - x).abs().mean()
    commitment = (z - quantised).square().mean()
    revived = dictionary.follow(model.codebook, z.detach(), generator if done < QUIET else None)
    return {
        "loss": error + COMMITMENT * commitment,
        "error": (y - x).square().mean(),
        "commitment": commitment,
        "revived": torch.tensor(float(revived)),
        "used": torch.tensor(float(len(codes.unique()))),
        "spread": model.codebook.std(),
    }


def recipe(name: str, model: VQVAE, args: argparse.Namespace) -> loop.Recipe:
    train, held_out = IMAGES[name](args)
    model.codebook.requires_grad_(False)  # it moves, but not by gradient
    begin(model, as_input(train[np.linspace(0, len(train) - 1, 64).astype(int)]))
    dictionary = Dictionary(model.config.codes, model.config.dim, torch.device(args.device))
    choose = sprite_batch if name == "vqvae-sprites" else face_batch

    def draw(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return (as_input(choose(train, args.batch, rng)),)

    shown = as_input(held_out[np.linspace(0, len(held_out) - 1, 48).astype(int)])
    loss = partial(vq_loss, dictionary=dictionary, clock=Clock(name, args))
    return loop.Recipe(name, model, draw, loss, lambda m: sheet(m, shown), lr=args.lr, average=0.998)


@torch.no_grad()
def made_thin(model: VQVAE, train: np.ndarray, share: float) -> VQVAE:
    """Its decoder only: a word must go on meaning what it does, as a prior has learnt the words."""
    x = as_input(train[np.linspace(0, len(train) - 1, WEIGHED).astype(int)])
    z = model.lookup(model.codes(x))
    model.decoder = thinning.thinned(model.decoder, lambda decoder: decoder(z), share)
    return model


def sheet(model: VQVAE, x: Tensor) -> Tensor:
    return pairs(x, model.draw(model.codes(x.to(model.device))).cpu())


def pairs(x: Tensor, again: Tensor) -> Tensor:
    """Images over what becomes of them, in pairs of rows; of sprites the colours on black."""
    rows = [t for pair in zip(x.split(16), again.split(16), strict=True) for t in pair]
    return loop.grid(torch.cat(rows)[:, :3], 16).repeat_interleave(3, 1).repeat_interleave(3, 2)


def golden(model: VQVAE) -> dict[str, Tensor]:
    """Two grids of words drawn, and what the encoder says of the pictures: of both every fourth place."""
    shape = (2, model.side, model.side)
    codes = torch.randint(model.config.codes, shape, generator=torch.Generator().manual_seed(0))
    image = model.draw(codes)
    z = model.encode(image)[:, :16]
    return {"codes": codes.short(), "image": image[..., ::4, ::4], "z": z[..., ::4, ::4]}


# ---- measures ----------------------------------------------------------------------------------------------


@torch.no_grad()
def measure(model: VQVAE, images: np.ndarray) -> dict[str, float]:
    """On held-out images: how close the reconstructions are, how much of the codebook is in use."""
    x = as_input(images)
    codes = torch.cat([model.codes(part) for part in x.split(250)])
    again = torch.cat([model.draw(part) for part in codes.split(250)])
    close = psnr(x, again)
    values = {"psnr": close.mean().item(), **usage(codes, model.config.codes)}
    if x.shape[1] == 4:
        parts = close.split([len(x) - 2 * HELD_OUT_MADE, HELD_OUT_MADE, HELD_OUT_MADE])
        values |= {f"psnr_{kind}": part.mean().item() for kind, part in zip(SPRITES, parts, strict=True)}
        values["outline"] = ((x[:, 3] > 0) == (again[:, 3] > 0)).float().mean().item()
    values |= {"dim": model.config.dim, "image_bits": 8 * images[0].size}
    return {k: round(v, 3) for k, v in values.items()}


def usage(codes: Tensor, words: int) -> dict[str, float]:
    """How many of the words occur in codes (N, h, w), how evenly, and what a grid takes."""
    share = torch.bincount(codes.flatten(), minlength=words).double() / codes.numel()
    used = int((share > 0).sum())
    entropy = -torch.special.xlogy(share, share).sum().item()
    return {
        "codebook": words,
        "codes_used": used,
        "codes_dead": words - used,
        "perplexity": math.exp(entropy),
        "usage_bits": entropy / math.log(2),
        "code_bits": codes[0].numel() * math.log2(words),
    }


@torch.no_grad()
def finish_usage(model: Model, folder: Path, images: np.ndarray) -> None:
    """How often held-out images use each word, beside the weights."""
    codes = torch.cat([model.codes(part) for part in as_input(images).split(250)])
    counts = torch.bincount(codes.flatten(), minlength=model.config.codes)
    save_file({"counts": counts.int()}, folder / USAGE)


# ---- cards -------------------------------------------------------------------------------------------------

FACES_LIMITS = (
    "It knows this one style of painting; a photograph comes back as the nearest painting. What one word in "
    "512 can't say of 4 by 4 pixels is lost: freckles, thin frames of glasses, patterns of clothes."
)
FACES_DATA = (
    f"{vae_faces.COUNT - HELD_OUT:,} faces painted by `genmodels.data.faces` (MIT) at 64 px, seeds 0 to "
    f"{vae_faces.COUNT - HELD_OUT - 1}, halved to 32 px; the next {HELD_OUT:,} are held out and measured on. "
    "Nobody was photographed."
)


def describe(name: str) -> card.Card:
    words = "a dictionary of 512"
    if name == "vqvae-faces":
        return card.Card(
            title="VQ-VAE of painted faces, 32 px, 8 x 8 codes",
            what=(
                f"Turns a face of 32 by 32 pixels into 8 by 8 words of {words}, 72 bytes in all, and draws "
                "the face from the words. `vqvae-faces-prior` writes new ones."
            ),
            data=FACES_DATA,
            tags=("vq-vae", "faces", "procedural", "teaching"),
            pipeline_tag="image-to-image",
            limits=FACES_LIMITS,
        )
    return card.Card(
        title="VQ-VAE of sprites, 24 px, 12 x 12 codes",
        what=(
            f"Turns a sprite of 24 by 24 pixels, with its transparency, into 12 by 12 words of {words}, "
            "162 bytes in all, and draws it from the words. `neighbours.safetensors` holds the words of the "
            "training tiles, so that the one nearest to a sample can be shown. `vqvae-sprites-prior` "
            "writes new ones."
        ),
        data=(
            "Nine tenths of the monsters and items among the CC0 tiles of Dungeon Crawl Stone Soup, fitted "
            f"to 24 by 24 pixels by `genmodels.data.tiles`, {MADE - HELD_OUT_MADE:,} characters made of its "
            f"paper dolls, and as many creatures of `genmodels.data.sprites`. Held out: the other tenth, "
            f"{HELD_OUT_MADE} characters, {HELD_OUT_MADE} creatures."
        ),
        tags=("vq-vae", "pixel-art", "sprites", "teaching"),
        pipeline_tag="image-to-image",
        limits=(
            "A word for 2 by 2 pixels keeps outlines and most single pixels, at two bits a pixel; with a "
            "word for 4 by 4, tried first, sprites came back blurred. It has no palette: colours are any."
        ),
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=10)
    parser.set_defaults(batch=16)  # many small steps learn more per image than few large ones
    parser.add_argument("--model", choices=MODELS, default="vqvae-faces")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    parser.add_argument(
        "--thin", type=float, help="no training: make the finished decoder this share of itself"
    )
    parser.add_argument("--neighbours", action="store_true", help="only the codes of the tiles again")
    args = parser.parse_args()
    folder = args.out / args.model
    if args.thin:
        thin = made_thin(VQVAE.from_pretrained(folder), IMAGES[args.model](args)[0], args.thin)
        thinning.stored(thin, folder, golden, args)
    elif not (args.measure or args.neighbours):
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(args.model, VQVAE(MODELS[args.model]), args), args)
        card.finish(model, folder, golden, took, args.device)
    model = VQVAE.from_pretrained(folder)
    if args.model == "vqvae-sprites" and not args.thin:
        finish_neighbours(model, folder, args)
    if args.neighbours:
        return
    held_out = IMAGES[args.model](args)[1]
    values = measure(model, held_out)
    finish_usage(model, folder, held_out)
    card.record(folder, measures=values)
    card.write_card(folder, describe(args.model), f"python -m training.vqvae --measure --model {args.model}")
    print(args.model, values)


if __name__ == "__main__":
    main()
