"""A picture drawn by DDIM on the CPU with the same U-Net and weights, beside diffusers' DDIMPipeline.

The network is that of google/ddpm-cifar10-32, random weights, one picture of 32 x 32, and the pictures at the
end are compared. "Ours" is what one gets who sets nothing: what `genmodels.runtime` loads is laid out
channels-last, and in bfloat16 where the processor multiplies matrices of it (`genmodels.machine.dtype`).
diffusers' default is float32, and its users could set both too: the variants say what that gives them. In
float32 ours does the same work but for Winograd's 3x3 convolutions and upsampling folded into the next
convolution (genmodels/nn/conv.py); "ours, float32" is that.

Random weights make pictures run off; the last layer is scaled so that they stay in range and bfloat16 can be
compared at all.
"Processor" has the same ratios by the processor's own seconds, which a busy machine disturbs less.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from importlib.metadata import version
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import race
from genmodels import machine
from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, bound
from genmodels.diffusion.unet import UNet, UNetConfig
from genmodels.metrics.psnr import psnr
from genmodels.runtime import generators

TOY = UNetConfig(
    sample_size=8,
    block_out_channels=(8, 16),
    down_block_types=("DownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    norm_num_groups=4,
)
STEPS = 10  # the time is as their number
TOLERANCE = 1e-3  # of a range of 2: an eighth of a step of 8-bit colour
LIKE = 30.0  # dB from which bfloat16 counts as the same picture


def run(rounds: int, small: bool) -> dict[str, Any]:
    config, steps = (TOY, 2) if small else (UNetConfig(), STEPS)
    peer, ours = pair(config)
    cpu = torch.device("cpu")
    default = machine.dtype(cpu, sum(p.numel() for p in ours.parameters()))
    fast = {name: machine.fast(deepcopy(m), cpu) for name, m in (("peer", peer), ("ours", ours))}
    half = {name: deepcopy(m).bfloat16() for name, m in fast.items()}
    contenders = {
        "peer": lambda: theirs(peer, steps),
        "ours": lambda: mine(half["ours"] if default == torch.bfloat16 else fast["ours"], steps),
        "ours, float32": lambda: mine(fast["ours"], steps),
        "ours, bfloat16": lambda: mine(half["ours"], steps),
        "peer, channels-last": lambda: theirs(fast["peer"], steps),
        "peer, bfloat16, channels-last": lambda: theirs(half["peer"], steps),
    }
    pictures = {name: contender() for name, contender in contenders.items()}
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    seconds = race({name: partial(timed, run, spent[name]) for name, run in contenders.items()}, rounds)
    processor = {name: median(values[1:]) for name, values in spent.items()}
    ratio = {name: seconds["peer"] / seconds[name] for name in contenders}
    error = {name: differ(picture, pictures["peer"]) for name, picture in pictures.items()}
    exact = error["ours, float32"]["largest"] < TOLERANCE
    return {
        "what": f"{steps} steps of DDIM, network of ddpm-cifar10-32, {str(default).removeprefix('torch.')}",
        "ours": seconds["ours"],
        "peer": seconds["peer"],
        "peer_name": f"diffusers {version('diffusers')}, float32",
        "ratio": ratio["ours"],
        "unit": "s",
        "agree": exact and error["ours"]["psnr"] > LIKE,
        "difference": error["ours"],
        "variants": {
            name: {"seconds": seconds[name], "ratio": ratio[name], **error[name]}
            for name in list(contenders)[2:]
        },
        "processor": {name: processor["peer"] / value for name, value in processor.items()},
    }


def timed(run: Callable[[], object], spent: list[float]) -> None:
    began = time.process_time()
    run()
    spent.append(time.process_time() - began)


def theirs(model: nn.Module, steps: int) -> Tensor:
    from diffusers import DDIMPipeline, DDIMScheduler

    pipeline = DDIMPipeline(model, DDIMScheduler())
    pipeline.set_progress_bar_config(disable=True)
    settings = {"use_clipped_model_output": True, "output_type": "pt"}  # as every solver of ours has it
    found = pipeline(1, generators(0, 1), num_inference_steps=steps, **settings)
    return 2 * found.images.float() - 1


def mine(model: UNet, steps: int) -> Tensor:
    c, sigmas = model.config, schedules.leading("linear", steps)
    x = samplers.start((c.in_channels, c.sample_size, c.sample_size), sigmas[0], generators(0, 1))
    *_, last = samplers.ddim(bound(Denoiser.of(model)), x, sigmas)
    return last.x.clamp(-1, 1)


def differ(picture: Tensor, reference: Tensor) -> dict[str, float]:
    """On pictures in [-1, 1]."""
    error = (picture - reference).abs()
    return {
        "mean": error.mean().item(),
        "largest": error.max().item(),
        "psnr": psnr(picture, reference).item(),
    }


def pair(config: UNetConfig) -> tuple[nn.Module, UNet]:
    """diffusers' model and ours with its weights."""
    from diffusers import UNet2DModel

    ours_only = ("patch", "any_class", "prediction", "schedule")
    torch.manual_seed(0)
    peer = UNet2DModel(**{k: v for k, v in vars(config).items() if k not in ours_only})
    peer.conv_out.weight.data.mul_(0.3)
    ours = UNet(config)
    ours.load_state_dict(peer.state_dict())
    return peer.eval().requires_grad_(False), ours.eval().requires_grad_(False)
