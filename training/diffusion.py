"""The diffusion models: `python -m training.diffusion --model ddpm-faces --minutes 45`.

One recipe for all: a picture, a moment, noise; the network says what its kind says, by squared error. One
picture in eight comes without its label, so that the same network also knows pictures of any class, which
guidance needs. `--thin` stores a finished folder thinner; `training.diffusion_scores` measures it.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from genmodels.data import readers
from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, bound, guided, spread, told
from genmodels.diffusion.dit import DiT, DiTConfig
from genmodels.diffusion.unet import UNet, UNetConfig
from genmodels.model import Model
from genmodels.runtime import generators
from training import card, loop, palette, thinning
from training.gan import hair_and_glasses
from training.vae_faces import HELD_OUT, faces

UNTOLD = 0.125  # of the pictures come without their label
SHEET, STEPS = 40, 20  # pictures of a sheet, steps of their solver
BACKDROP = (255, 255, 255)  # under emoji and sprites
FACE_CLASSES = 12  # six colours of hair, without and with glasses


def unet(
    size: int, patch: int, widths: tuple[int, ...], classes: int, channels: int = 3, **more
) -> UNetConfig:
    """Ours: one block a resolution, attention at the coarsest, told by scale and shift."""
    n = len(widths) - 1
    return UNetConfig(
        sample_size=size, in_channels=channels, out_channels=channels, patch=patch, block_out_channels=widths,
        down_block_types=(*["DownBlock2D"] * n, "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", *["UpBlock2D"] * n),
        layers_per_block=1, attention_head_dim=16, norm_num_groups=8, norm_eps=1e-5,
        resnet_time_scale_shift="scale_shift", flip_sin_to_cos=True, freq_shift=0, time_embedding_dim=128,
        num_class_embeds=classes + 1, **({"prediction": "v_prediction", "schedule": "cosine"} | more),
    )  # fmt: skip


DIT = DiTConfig(
    sample_size=28, in_channels=1, out_channels=1, patch_size=4, num_layers=5, num_attention_heads=2,
    attention_head_dim=32, num_class_embeds=11, prediction="v_prediction", schedule="cosine",
)  # fmt: skip
FLOW = {"prediction": "flow", "schedule": "flow"}
MODELS: dict[str, tuple[type[Model], object]] = {
    "ddpm-faces": (UNet, unet(64, 4, (64, 80), FACE_CLASSES)),
    "ddpm-fashion": (UNet, unet(28, 2, (32, 48), 10, 1)),
    "ddpm-sprites": (UNet, unet(24, 2, (32, 48), 4)),
    "ddpm-emoji": (UNet, unet(32, 2, (40, 64), 9)),
    "flow-fashion": (UNet, unet(28, 2, (32, 48), 10, 1, **FLOW)),
    "dit-fashion": (DiT, DIT),
}

# ---- data --------------------------------------------------------------------------------------------------


def pictures(name: str, args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Bytes (N, H, W, C) or (N, H, W) to learn from, and their classes (N,); the last class is "any"."""
    if name.endswith("fashion"):
        return readers.fashion("train", args.data)
    if name.endswith("sprites"):
        return sprites("train", args)
    if name.endswith("emoji"):
        return emoji(args)
    images, labels = face_labels(args)
    return images[:-HELD_OUT], labels[:-HELD_OUT]


def face_labels(args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Hair's colour times two plus glasses; under a hat, or without hair, any."""
    known, labels = hair_and_glasses(args)
    classes = np.full(len(labels), FACE_CLASSES)
    classes[known] = 2 * labels[known, :6].argmax(1) + labels[known, 6:].argmax(1)
    return faces(args)[0], classes


def sprites(split: str, args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """The four kinds of training.palette, in colours on white."""
    found = palette.pictures(split, args.data, args.runs)
    x = [palette.rgb(p["x"], p["palette"], BACKDROP).byte() for p in found.values()]
    return np.concatenate([part.permute(0, 2, 3, 1).numpy() for part in x]), np.concatenate(
        [np.full(len(part), k) for k, part in zip(found, x, strict=True)]
    )


def loop_bytes(x: Tensor) -> np.ndarray:
    """(N, C, H, W) in [-1, 1] -> (N, H, W, C) bytes."""
    return ((x + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def emoji(args: argparse.Namespace, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Noto, its skin tones and Twemoji on white, by group; a group's name in the order of Unicode."""
    found = [readers.emoji(style, args.data) for style in ("noto", "noto_skintones", "twemoji")]
    order = list(dict.fromkeys(found[0]["group"].tolist()))
    groups = np.concatenate([[order.index(g) for g in f["group"].tolist()] for f in found])
    x = torch.from_numpy(np.concatenate([f["images"] for f in found])).float() / 255
    alpha = x[..., 3:]
    x = (x[..., :3] * alpha + 1 - alpha).permute(0, 3, 1, 2)
    return loop_bytes(2 * F.avg_pool2d(x, 64 // size) - 1), groups


def source(name: str, args: argparse.Namespace) -> Callable[[np.random.Generator], tuple[Tensor, ...]]:
    """rng -> pictures and labels. Of sprites and emoji each class is drawn nearly as often as any other."""
    images, labels = pictures(name, args)
    count = np.bincount(labels)[labels]
    edges = np.cumsum(1.0 / count if name.endswith("sprites") else 1 / np.sqrt(count))

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        chosen = np.searchsorted(edges, rng.random(args.batch) * edges[-1], side="right")
        y = np.where(rng.random(args.batch) < UNTOLD, MODELS[name][1].num_class_embeds - 1, labels[chosen])
        return loop.from_uint8(images[chosen]), torch.from_numpy(y.astype(np.int64))

    return batch


# ---- training ----------------------------------------------------------------------------------------------


def recipe(name: str, model: Model, args: argparse.Namespace) -> loop.Recipe:
    return loop.Recipe(name, model, source(name, args), loss, sheet, lr=args.lr, average=0.9995)


def loss(model: Model, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    """What the network should have said against what it said, at any moment alike."""
    x, labels = batch
    denoise = Denoiser.of(model)
    sigma = levels(len(x), denoise, generator).to(x)
    noisy = x + spread(x, sigma) * torch.randn(x.shape, generator=generator).to(x)
    with sdpa_kernel(SDPBackend.MATH):  # on a CPU, training, the shortest way
        said = denoise.answer(noisy, sigma, labels).float()
    return {"loss": F.mse_loss(said, told(denoise.prediction, noisy, x, sigma))}


def levels(n: int, denoise: Denoiser, generator: torch.Generator) -> Tensor:
    """sigma (n,): one moment in each of n equal spans; of flow matching more in the middle (SD3, eq. 19)."""
    u = (torch.arange(n) + torch.rand(n, generator=generator)) / n
    if denoise.prediction == "flow":
        u = torch.special.ndtri(u.clamp(1e-4, 1 - 1e-4)).sigmoid()
    return schedules.sigma_at(denoise.schedule, u * (schedules.STEPS - 1))


def drawn(model: Model, labels: Tensor, seed: int, steps: int = STEPS, scale: float = 1.0) -> Tensor:
    """Samples as the page draws them: DPM-Solver++ on Karras' grid."""
    denoise, c = Denoiser.of(model), model.config
    belief = guided(denoise, labels, scale) if scale != 1 else bound(denoise, labels)
    grid = schedules.karras(0.02, min(denoise.ends[1], 80.0), steps)
    x = samplers.start((c.in_channels, c.sample_size, c.sample_size), grid[0], generators(seed, len(labels)))
    *_, last = samplers.dpm(belief, x.to(model.device), grid)
    return last.x


def sheet(model: Model) -> Tensor:
    labels = torch.arange(SHEET) % (model.config.num_class_embeds - 1)
    return loop.grid(drawn(model, labels.to(model.device), 0), 10)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=30)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--lr", type=float, default=2e-3)
    thinning.option(parser)
    parser.set_defaults(batch=48, sheet_minutes=4.0)
    args = parser.parse_args()
    kind, config = MODELS[args.model]
    torch.manual_seed(args.seed)
    folder, made = args.out / args.model, recipe(args.model, kind(config), args)
    if args.thin:
        thinning.remade(made, kind.from_pretrained(folder), folder, golden, args)
        return
    model, took = loop.train(made, args)
    card.finish(model, folder, golden, took, args.device)


def golden(model: Model) -> dict[str, Tensor]:
    """A corner of a picture, where a network takes any size."""
    c, luck = model.config, torch.Generator().manual_seed(0)
    side = 2 * model.factor if isinstance(model, UNet) else c.sample_size
    x = torch.randn(2, c.in_channels, side, side, generator=luck)
    t, labels = torch.tensor([100.0, 700.5]), torch.tensor([0, c.num_class_embeds - 1])
    return {"x": x, "t": t, "labels": labels, "answer": model(x, t, labels)}


if __name__ == "__main__":
    main()
