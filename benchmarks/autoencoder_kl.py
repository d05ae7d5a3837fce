"""Stable Diffusion's autoencoder, encode + decode of one image on the CPU, beside diffusers' AutoencoderKL.

Both as they run if nobody sets anything: diffusers in float32, ours as genmodels.runtime loads it (float32
too, or bfloat16 where `genmodels.machine.dtype` says so). Random weights, the same in both. Our lead comes
from fewer multiplications, the result being the same to rounding: Winograd's 3x3 convolutions
(genmodels/nn/conv.py), and upsampling folded into the convolution after it; a little from images lying
channels-last. The variants say what each setting gives: the peer with channels-last too, ours in bfloat16.
"""

from copy import deepcopy
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import race
from genmodels import machine
from genmodels.autoencoders.autoencoder_kl import AutoencoderKL, AutoencoderKLConfig
from genmodels.metrics.psnr import psnr

SMALL = AutoencoderKLConfig(block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4)
TOLERANCE = 1e-3  # of a range of 2: an eighth of a step of 8-bit colour
LIKE = 30.0  # dB from which bfloat16 counts as the same picture


@torch.no_grad()
def run(rounds: int, small: bool) -> dict[str, Any]:
    config, size = (SMALL, 32) if small else (AutoencoderKLConfig(), 256)
    peer, ours = pair(config)
    cpu = torch.device("cpu")
    default = machine.dtype(cpu, sum(p.numel() for p in ours.parameters()))
    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    fast_peer, fast, half = (machine.fast(deepcopy(m), cpu) for m in (peer, ours, ours))
    half = half.bfloat16()
    contenders = {
        "peer": lambda: theirs(peer, x),
        "ours": lambda: mine(half if default == torch.bfloat16 else fast, x),
        "ours, float32": lambda: mine(fast, x),
        "peer, channels-last": lambda: theirs(fast_peer, x.contiguous(memory_format=torch.channels_last)),
        "ours, bfloat16": lambda: mine(half, x),
    }
    images = {name: contender() for name, contender in contenders.items()}
    seconds = race(contenders, rounds)
    ratio = {name: seconds["peer"] / seconds[name] for name in contenders}
    difference = {name: differ(image, images["peer"]) for name, image in images.items()}
    exact = difference["ours, float32"]["largest"] < TOLERANCE
    return {
        "what": f"encode + decode of {size}x{size}, {str(default).removeprefix('torch.')}",
        "ours": seconds["ours"],
        "peer": seconds["peer"],
        "peer_name": f"diffusers {version('diffusers')}",
        "ratio": ratio["ours"],
        "unit": "s",
        "agree": exact and difference["ours"]["psnr"] > LIKE,
        "difference": difference["ours"],
        "variants": {
            name: {"seconds": seconds[name], "ratio": ratio[name], **difference[name]}
            for name in list(contenders)[2:]
        },
    }


def theirs(model: nn.Module, x: Tensor) -> Tensor:
    return model.decode(model.encode(x).latent_dist.mean).sample


def mine(model: AutoencoderKL, x: Tensor) -> Tensor:
    mean, _ = model.encode(x.to(model.dtype, memory_format=torch.channels_last))
    return model.decode(mean).float()


def differ(image: Tensor, reference: Tensor) -> dict[str, float]:
    """On images in [-1, 1]."""
    error = (image - reference).abs()
    return {"mean": error.mean().item(), "largest": error.max().item(), "psnr": psnr(image, reference).item()}


def pair(config: AutoencoderKLConfig) -> tuple[nn.Module, AutoencoderKL]:
    """diffusers' model and ours with its weights."""
    from diffusers import AutoencoderKL as Peer

    levels = len(config.block_out_channels)
    torch.manual_seed(0)
    peer = Peer(
        block_out_channels=config.block_out_channels,
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        layers_per_block=config.layers_per_block,
        norm_num_groups=config.norm_num_groups,
    )
    ours = AutoencoderKL(config)
    ours.load_state_dict(peer.state_dict())
    return peer.eval().requires_grad_(False), ours.eval().requires_grad_(False)
