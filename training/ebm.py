"""Deep energy models of digits and of garments: `python -m training.ebm --model mnist --minutes 20`.

Contrastive divergence: the energy of real pictures goes down, that of the model's own goes up. Those come
from a buffer of chains; at each step some of them, one in twenty begun again from noise, go on by a few steps
of Langevin dynamics. `--measure` computes metrics.json and the card of a finished folder again. What the
chains became lies beside the weights (`buffer.safetensors`), and so does what the tab draws without the data:
curves, quantiles of energies, chains at a dozen moments (`story.json`, `film.webp`).
"""

import argparse
import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from genmodels.data import readers
from genmodels.energy.ebm import EBM, EBMConfig
from genmodels.energy.langevin import Walk, langevin, last
from genmodels.metrics.features import FashionNet
from genmodels.metrics.frechet import frechet_distance, moments
from training import card, loop

PLAIN = EBMConfig(channels=(), hidden=(168, 168, 168))
MODELS = {
    "mnist": PLAIN,
    "fashion": PLAIN,
    "mnist-conv": EBMConfig(),
    "fashion-conv": EBMConfig(),
}
SETS = {"mnist": readers.mnist, "fashion": readers.fashion}
CHAINS, FRESH = 8192, 0.05  # in the buffer; share of those drawn that start again
REAL_NOISE = 0.01  # on real pictures, as the chains' own
WALK = Walk(noise=0.01)
CURVES, QUANTILES = 120, 201  # points kept of each curve; quantiles kept of each kind of picture
STARTS, MOMENTS, FILM_STEPS = 6, 12, 250  # chains of the film, moments kept, and their length
SAMPLES = 2500  # pictures that a Frechet distance is taken on


@cache
def images(name: str, split: str, data: Path | None) -> Tensor:
    return loop.from_uint8(SETS[name](split, data)[0])


def even(n: int, generator: torch.Generator) -> Tensor:
    """(n, 1, 28, 28): where chains start."""
    return 2 * torch.rand(n, 1, 28, 28, generator=generator) - 1


class Buffer:
    """The chains: what they became, and how many steps each has gone since it began."""

    def __init__(self) -> None:
        self.x, self.age = even(CHAINS, torch.Generator().manual_seed(0)), torch.zeros(CHAINS)

    def go_on(self, model: EBM, count: int, steps: int, generator: torch.Generator) -> Tensor:
        """Some chains, some steps further."""
        which = torch.randperm(CHAINS, generator=generator)[:count]
        fresh = torch.rand(count, generator=generator) < FRESH
        x = torch.where(fresh[:, None, None, None], even(count, generator), self.x[which])
        x = last(langevin(model.energy, x.to(model.device), steps, WALK, generator))
        self.x[which], self.age[which] = x.cpu(), torch.where(fresh, 0.0, self.age[which]) + steps
        return x

    def save(self, file: Path) -> None:
        save_file({"x": self.x, "age": self.age}, file)

    def restore(self, file: Path) -> None:
        state = load_file(file)
        self.x, self.age = state["x"], state["age"]


def recipe(name: str, model: EBM, args: argparse.Namespace) -> loop.Recipe:
    """The loop's recipe. The buffer belongs to it, and is saved with each sheet."""
    train, test = (images(args.model.split("-")[0], split, args.data) for split in ("train", "test"))
    buffer, folder = Buffer(), args.runs / name
    if args.resume:
        buffer.restore(folder / "buffer.safetensors")
    else:
        shutil.rmtree(folder / "frames", ignore_errors=True)  # of an earlier run

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return tuple(x[torch.from_numpy(rng.integers(len(x), size=args.batch))] for x in (train, test))

    def loss(model: EBM, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
        with torch.autocast(model.device.type, enabled=False):  # halves would drown the slopes
            fake = buffer.go_on(model, args.batch, args.walk, generator)
            return divergence(model, *batch, fake, args.weight, generator)

    def sheet(model: EBM) -> Tensor:
        buffer.save(folder / "buffer.safetensors")
        return look(model, buffer, folder)

    return loop.Recipe(name, model, batch, loss, sheet, lr=args.lr)


def divergence(
    model: EBM, real: Tensor, held_out: Tensor, fake: Tensor, weight: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """The loss; and what it can't show, as the chains get better too: held-out pictures against noise.

    The penalty wants no chain higher than 1 / (2 weight). Where chains get stuck, the energy rises to that
    and stays, flat, and nothing drives them out: then a smaller weight helps.
    """
    shake = REAL_NOISE * torch.randn(real.shape, generator=generator).to(real)
    energies = model.energy(torch.cat([(real + shake).clamp(-1, 1), fake]))
    low, high = energies.chunk(2)
    gap, size = low.mean() - high.mean(), low.square().mean() + high.square().mean()
    with torch.no_grad():
        others = model.energy(torch.cat([held_out, even(len(real), generator).to(real)]))
    unseen, noise = others.chunk(2)
    values = {"real": low.mean(), "fake": high.mean(), "held_out": unseen.mean(), "noise": noise.mean()}
    return {"loss": gap + weight * size, "size": size} | values


def look(model: EBM, buffer: Buffer, folder: Path) -> Tensor:
    """Some of the buffer; chains from noise after 60 and after FILM_STEPS steps. Keeps the film's frame."""
    generator = torch.Generator().manual_seed(1)
    rows, x = [buffer.x[:32]], even(32, generator).to(model.device)
    for steps in (60, FILM_STEPS - 60):
        x = last(langevin(model.energy, x, steps, WALK, generator))
        rows.append(x.cpu())
    frames = folder / "frames"
    frames.mkdir(exist_ok=True)
    number = len(list(frames.iterdir()))
    loop.save_png(loop.grid(x[:STARTS], STARTS), frames / f"{number:03d}.png")
    return loop.grid(torch.cat(rows), 16)


def golden(model: EBM) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = even(1, generator)
    return {"x": x, "energy": model.energy(x), "slope": next(langevin(model.energy, x, 0, WALK, [])).slope}


# ------------------------------------------------------------------------------ what is kept and measured


def keep(folder: Path, run: Path) -> None:
    """64 chains of the buffer, the curves and the film, from the run to the finished folder."""
    state = load_file(run / "buffer.safetensors")
    old = state["age"].argsort(descending=True, stable=True)[:: CHAINS // 128][
        :64
    ]  # half the buffer, the older
    x = ((state["x"][old] + 1) * 127.5).round().byte()
    save_file({"x": x, "age": state["age"][old].int()}, folder / "buffer.safetensors")
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    chosen = [rows[k] for k in np.unique(np.linspace(0, len(rows) - 1, CURVES).astype(int))]
    names = ("step", "loss", "real", "fake", "held_out", "noise")
    story = {"curves": {name: [round(row[name], 3) for row in chosen] for name in names}}
    frames = sorted((run / "frames").iterdir())
    chosen = [frames[k] for k in np.unique(np.linspace(0, len(frames) - 1, MOMENTS).astype(int))]
    film = np.concatenate([np.asarray(Image.open(f))[:28] for f in chosen])
    Image.fromarray(film).save(folder / "film.webp", lossless=True, method=6)
    story |= {"moments": [round((int(f.stem) + 1) / len(frames), 3) for f in chosen], "steps": FILM_STEPS}
    (folder / "story.json").write_text(json.dumps(story))


@torch.no_grad()
def measure(model: EBM, folder: Path, name: str, data: Path | None) -> dict[str, float]:
    """Energies of several kinds of pictures, and where features exist, how far samples are from real ones."""
    x, generator = images(name, "test", data), torch.Generator().manual_seed(0)
    other = images("fashion" if name == "mnist" else "mnist", "test", data)
    chains = dict(walked(model, even(SAMPLES, generator), (60, 250, 1000), generator))
    kept = load_file(folder / "buffer.safetensors")["x"].float() / 127.5 - 1
    kinds = {"test": x, "upside": x.flip(2), "other": other, "noise": even(len(x), generator)}
    kinds |= {"samples": chains[250], "buffer": kept, "black": torch.full((1, 1, 28, 28), -1.0)}
    energy = {
        kind: torch.cat([model.energy(part) for part in pile.split(500)]) for kind, pile in kinds.items()
    }
    story = json.loads((folder / "story.json").read_text())
    story["energies"] = {kind: quantiles(e) for kind, e in energy.items()}
    (folder / "story.json").write_text(json.dumps(story))
    values = {f"energy_{kind}": energy[kind].mean().item() for kind in ("test", "samples", "noise", "buffer")}
    for kind in ("samples", "noise", "upside", "other"):
        values[f"lower_than_{kind}"] = lower(energy["test"], energy[kind])
    return values | (distances(x, chains, data) if name == "fashion" else {})


def walked(
    model: EBM, x: Tensor, stops: tuple[int, ...], generator: torch.Generator
) -> list[tuple[int, Tensor]]:
    """Chains from x, at so many steps."""
    found = []
    for before, stop in zip((0, *stops), stops, strict=False):
        x = torch.cat([last(langevin(model.energy, p, stop - before, WALK, generator)) for p in x.split(500)])
        found.append((stop, x))
    return found


def quantiles(energy: Tensor) -> list[float]:
    at = torch.linspace(0, 1, QUANTILES if len(energy) > 1 else 1)
    return [round(v, 3) for v in energy.quantile(at).tolist()]


def lower(a: Tensor, b: Tensor) -> float:
    """Chance that one of a lies lower than one of b; half where they can't be told apart."""
    place = torch.cat([a, b]).argsort().argsort().double()
    return 1 - ((place[: len(a)].mean() - (len(a) - 1) / 2) / len(b)).item()


def distances(x: Tensor, chains: dict[int, Tensor], data: Path | None) -> dict[str, float]:
    """Frechet distances to the test pictures, of chains after some steps and of the neighbours' samples."""
    from genmodels.autoencoders.vae_plane import VAE
    from genmodels.gan.cgan import CGAN

    generator = torch.Generator().manual_seed(0)
    net, gan = FashionNet.from_pretrained("features-fashion"), CGAN.from_pretrained("cgan-fashion")
    vae = VAE.from_pretrained("vae-plane-vae")
    z = torch.randn(SAMPLES, gan.config.latent, generator=generator)
    y = torch.stack([gan.label(k % 10) for k in range(SAMPLES)])
    piles = {"frechet": chains[250], "frechet_60": chains[60], "frechet_1000": chains[1000]}
    piles["frechet_vae"] = vae.decode(torch.randn(SAMPLES, vae.config.latent, generator=generator))
    framed = [gan.generator(a, b) for a, b in zip(z.split(250), y.split(250), strict=True)]
    piles["frechet_gan"] = torch.cat(framed)[..., 2:-2, 2:-2]  # it draws 28 pixels in a frame of black
    piles["frechet_real"] = images("fashion", "train", data)[:SAMPLES]

    def found(pile: Tensor) -> tuple[Tensor, ...]:
        return moments(torch.cat([net.features(part) for part in pile.split(500)]))

    real = found(x)
    return {key: frechet_distance(*found(pile), *real).item() for key, pile in piles.items()}


def describe(key: str, model: EBM) -> card.Card:
    name = key.split("-")[0]
    what, data = {
        "mnist": ("digits", "MNIST, the 60,000 training digits. The pictures do not ship."),
        "fashion": (
            "garments",
            "Fashion-MNIST (Zalando, MIT), the 60,000 training images. The images do not ship.",
        ),
    }[name]
    return card.Card(
        title=f"Deep energy model, {what}",
        what=(
            f"One number for a picture of 28 by 28 pixels: low where it looks like one of the {what} it was "
            "shown. `buffer.safetensors` holds 64 chains of the buffer as training left them, `story.json` "
            "the curves and the quantiles of energies, `film.webp` what chains from noise became at a dozen "
            "moments."
        ),
        data=data,
        datasets=("ylecun/mnist",) if name == "mnist" else ("zalando-datasets/fashion_mnist",),
        tags=("energy-based-model", "langevin", "teaching"),
        limits=(
            "Its samples are grainy, far behind those of a GAN of the same pictures, and cost hundreds of "
            "passes each. Energies are known up to a constant: they compare pictures, and are no "
            "likelihoods. It is made to be looked at in a lesson."
        ),
    )


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=20)
    parser.add_argument("--model", choices=MODELS, default="mnist")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--walk", type=int, default=20, help="Langevin steps of a chain per step of training")
    parser.add_argument("--weight", type=float, default=0.1, help="of the penalty on the energies' size")
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder = args.out / f"ebm-{args.model}"
    if not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(folder.name, EBM(MODELS[args.model]), args), args)
        card.finish(model, folder, golden, took, args.device)
        keep(folder, args.runs / folder.name)
    model = EBM.from_pretrained(folder)
    values = measure(model, folder, args.model.split("-")[0], args.data)
    card.record(folder, measures={k: round(v, 3) for k, v in values.items()})
    card.write_card(
        folder, describe(args.model, model), f"python -m training.ebm --measure --model {args.model}"
    )
    print(folder.name, values)


if __name__ == "__main__":
    main()
