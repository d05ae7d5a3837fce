"""Faces of equal quality: ours beside diffusers' default pipeline over a plain U-Net, each share of the lead.

The peer is what one would write first: diffusers' DDIMPipeline, its 50 steps, over a U-Net that works at full
resolution (four resolutions from 64 to 8 pixels, widths 32 to 80, a modest one). Such a network was not
trained here, its weights are random and it counts for its time alone; quality is that of our network under
the same pipeline. From there to ours, each step is measured by itself, in one process:

    squares of pixels as channels    the pipeline over the plain U-Net / over ours
    our implementation               the same network, the same 50 steps: theirs / ours
    solver                           50 steps of DDIM / 12 of DPM-Solver++
    distillation                     12 steps / jumps of the consistency model

The second contender runs our own weights inside diffusers: squares of pixels are taken apart before and put
together after, and what the class "any" adds to the moment becomes part of a bias. "Agree": its faces are
ours, from the same noise, and "ours" is the fastest way whose Frechet distance (2,000 samples, measured by
`training.diffusion_scores`) is not above that of the pipeline's 50 steps. `times` and `frechet` say of every
way, whether it reaches that or not, how much faster it is and what comes out.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import race
from genmodels import machine
from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, bound
from genmodels.diffusion.unet import UNet

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
STEPS, SHORT = 50, 12
JUMPS = (80.0, 4.0, 1.5, 0.5)  # as the distilled model was measured
FIVE = (80.0, 5.0, 2.0, 0.8, 0.3)  # in five
OURS = (
    "prediction",
    "schedule",
    "patch",
    "num_class_embeds",
    "any_class",
)  # fields diffusers knows nothing of
PLAIN = {
    "sample_size": 64, "layers_per_block": 1, "block_out_channels": (32, 48, 64, 80), "norm_num_groups": 8,
    "down_block_types": (*["DownBlock2D"] * 3, "AttnDownBlock2D"), "attention_head_dim": 16,
    "up_block_types": ("AttnUpBlock2D", *["UpBlock2D"] * 3), "resnet_time_scale_shift": "scale_shift",
}  # fmt: skip
MEASURED_BY = "python -m training.diffusion_scores --solvers --model"
TOLERANCE = 0.02  # of a range of 2; both sum in single precision, 50 times over


@torch.no_grad()
def run(rounds: int, small: bool) -> dict[str, Any]:
    count, steps, short = (1, 5, 3) if small else (4, STEPS, SHORT)
    network, jumper = (as_served(name) for name in ("ddpm-faces", "consistency-faces"))
    plain, theirs, noise = pipeline(plain_unet()), pipeline(ours_inside(network)), start(network, count)
    ways: dict[str, Callable[[], Tensor]] = {
        "plain U-Net, diffusers": lambda: drawn(plain, count, steps),
        "our network, diffusers": lambda: drawn(theirs, count, steps),
        "our network, DDIM": lambda: ddim(network, noise, steps),
        "our network, DPM-Solver++": lambda: dpm(network, noise, short),
        "distilled, 5 jumps": lambda: jumps(jumper, noise, FIVE),
        "distilled, 4 jumps": lambda: jumps(jumper, noise, JUMPS),
        "distilled, 2 jumps": lambda: jumps(jumper, noise, JUMPS[:2]),
        "distilled, 1 jump": lambda: jumps(jumper, noise, JUMPS[:1]),
    }
    seconds = race(ways, rounds)
    quality = distances()
    best = fastest(seconds, quality)
    same = F.pixel_shuffle(drawn(theirs, count, steps, use_clipped_model_output=True), network.config.patch)
    error = (same - ddim(network, noise, steps)).abs().max().item()
    peer = seconds["plain U-Net, diffusers"]
    return {
        "what": f"{count} faces of 64 x 64 of equal quality, {best}",
        "ours": seconds[best],
        "peer": peer,
        "peer_name": f"diffusers' DDIMPipeline, {steps} steps, plain U-Net",
        "ratio": peer / seconds[best],
        "unit": "s",
        "agree": error < TOLERANCE,
        "error": error,
        "shares": shares(seconds, best),
        "times": {name: peer / found for name, found in seconds.items()},
        "seconds": seconds,
        "frechet": quality,
    }


def shares(seconds: dict[str, float], best: str) -> dict[str, float]:
    """Factors whose product is the ratio."""
    order = list(seconds)[:4]
    names = "squares of pixels as channels", "implementation", "solver"
    found = {n: seconds[a] / seconds[b] for n, a, b in zip(names, order, order[1:], strict=False)}
    return found | ({"distillation": seconds[order[3]] / seconds[best]} if best not in order else {})


def distances() -> dict[str, float]:
    """As measured; the pipeline's are those of our own DDIM, which draws the same."""
    teacher, student = (
        json.loads((WEIGHTS / name / "metrics.json").read_text())["measures"]
        for name in ("ddpm-faces", "consistency-faces")
    )
    for key, found, name in (("ddim_50", teacher, "ddpm-faces"), ("5", student, "consistency-faces")):
        if f"frechet_{key}" not in found:
            raise ValueError(f"measure first: {MEASURED_BY} {name}")
    return {
        "our network, DDIM": teacher["frechet_ddim_50"],
        "our network, DPM-Solver++": teacher["frechet_dpm_12"],
        "distilled, 5 jumps": student["frechet_5"],
        "distilled, 4 jumps": student["frechet"],
        "distilled, 2 jumps": student["frechet_2"],
        "distilled, 1 jump": student["frechet_1"],
    }


def fastest(seconds: dict[str, float], quality: dict[str, float]) -> str:
    enough = [name for name, found in quality.items() if found <= quality["our network, DDIM"]]
    return min(enough, key=seconds.__getitem__)


# ---- ours --------------------------------------------------------------------------------------------------


def as_served(name: str) -> UNet:
    """As the pool of models would hold it."""
    return machine.fast(UNet.from_pretrained(name), torch.device("cpu"))


def start(network: UNet, count: int) -> Tensor:
    """The noise that the pipeline draws from seed 0, as a picture."""
    c = network.config
    shape = count, c.in_channels * c.patch**2, c.sample_size // c.patch, c.sample_size // c.patch
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return F.pixel_shuffle(noise, c.patch)


def last(steps: Any) -> Tensor:
    *_, step = steps
    return step.x


def at(noise: Tensor, sigma: float) -> Tensor:
    return (1 + sigma**2) ** 0.5 * noise


def ddim(network: UNet, noise: Tensor, steps: int) -> Tensor:
    sigmas = schedules.leading(network.config.schedule, steps)
    return last(samplers.ddim(bound(Denoiser.of(network)), at(noise, sigmas[0]), sigmas))


def dpm(network: UNet, noise: Tensor, steps: int) -> Tensor:
    sigmas = schedules.karras(0.02, 80.0, steps)
    return last(samplers.dpm(bound(Denoiser.of(network)), at(noise, sigmas[0]), sigmas))


def jumps(network: UNet, noise: Tensor, levels: tuple[float, ...]) -> Tensor:
    luck = [torch.Generator().manual_seed(k) for k in range(len(noise))]
    return last(samplers.consistency(bound(Denoiser.of(network)), at(noise, levels[0]), [*levels, 0.0], luck))


# ---- theirs ------------------------------------------------------------------------------------------------


def plain_unet() -> Any:
    from diffusers import UNet2DModel

    torch.manual_seed(0)
    return UNet2DModel(**PLAIN).eval()


def ours_inside(network: UNet) -> Any:
    """Our weights in diffusers' class, which sees the squares as channels and knows of no classes."""
    from diffusers import UNet2DModel

    c = network.config
    fields = {k: v for k, v in asdict(c).items() if k not in OURS}
    fields["in_channels"] = fields["out_channels"] = c.in_channels * c.patch**2
    fields["sample_size"] //= c.patch
    fields["attn_norm_num_groups"] = c.attn_norm_num_groups or c.norm_num_groups  # else it has no norm there
    state = network.state_dict()
    state["time_embedding.linear_2.bias"] = (
        state["time_embedding.linear_2.bias"] + state.pop("class_embedding.weight")[-1]
    )
    model = UNet2DModel(**fields)
    model.load_state_dict(state)
    return model.eval()


def pipeline(model: Any) -> Any:
    from diffusers import DDIMPipeline, DDIMScheduler

    schedule = DDIMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction")
    made = DDIMPipeline(unet=model, scheduler=schedule)
    made.set_progress_bar_config(disable=True)
    return made


def drawn(pipe: Any, count: int, steps: int, **more: Any) -> Tensor:
    """(B, C, H, W) in [-1, 1]."""
    random = torch.Generator().manual_seed(0)
    made = pipe(count, random, num_inference_steps=steps, output_type="np", return_dict=False, **more)
    return torch.from_numpy(made[0]).permute(0, 3, 1, 2) * 2 - 1
