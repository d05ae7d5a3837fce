"""UNet against diffusers' UNet2DModel: block by block, key for key, and the pictures that both sample."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import layouts
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, bound
from genmodels.diffusion.meaning import SCHEDULER, meaning
from genmodels.diffusion.unet import UNet, UNetConfig
from genmodels.errors import Problem
from genmodels.foreign import PROJECTIONS
from genmodels.metrics.psnr import psnr
from genmodels.runtime import generators

diffusers = pytest.importorskip("diffusers")

FILE = "diffusion_pytorch_model.safetensors"
SMALL: dict[str, Any] = {"sample_size": 16, "layers_per_block": 1, "norm_num_groups": 4}
PLAIN = SMALL | {
    "block_out_channels": (8, 16),
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
}
CONSISTENCY = SMALL | {  # as openai/diffusers-cd_imagenet64_l2
    "block_out_channels": (8, 16, 24),
    "down_block_types": ("ResnetDownsampleBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "resnet_time_scale_shift": "scale_shift",
    "attn_norm_num_groups": 8,
    "downsample_type": "resnet",
    "upsample_type": "resnet",
    "num_class_embeds": 10,
    "attention_head_dim": 8,
}
KINDS: dict[str, dict[str, Any]] = {
    "ddpm": PLAIN
    | {"attention_head_dim": None, "downsample_padding": 0, "flip_sin_to_cos": False, "freq_shift": 1}
    | {"norm_eps": 1e-6},
    "ldm": PLAIN | {"attention_head_dim": 4, "layers_per_block": 2},
    "consistency": CONSISTENCY,
    "scale and shift, convolutions": CONSISTENCY | {"downsample_type": "conv", "upsample_type": "conv"},
    "added, residual": CONSISTENCY | {"resnet_time_scale_shift": "default"},
    "all attention": PLAIN
    | {"down_block_types": ("AttnDownBlock2D",) * 2, "up_block_types": ("AttnUpBlock2D",) * 2},
    "residual up, convolution down": PLAIN
    | {"up_block_types": ("AttnUpBlock2D", "ResnetUpsampleBlock2D"), "upsample_type": "resnet"},
    "grey, told by 40 numbers, padding 1": PLAIN
    | {"in_channels": 1, "out_channels": 1, "time_embedding_dim": 40, "downsample_padding": 1},
    "more out than in": PLAIN | {"out_channels": 6},
    "one resolution": SMALL
    | {"block_out_channels": (8,), "down_block_types": ("DownBlock2D",), "up_block_types": ("UpBlock2D",)},
    "wide enough for Winograd": SMALL
    | {"block_out_channels": (96, 128), "sample_size": 32, "norm_num_groups": 32}
    | {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2},
}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def peer_of(**config: Any) -> torch.nn.Module:
    """diffusers' model, also its norms and biases at random, so that none can be left out unseen."""
    torch.manual_seed(0)
    peer = diffusers.UNet2DModel(**config)
    for i, p in enumerate(peer.parameters()):
        p.data.add_(0.05 * noise(*p.shape, seed=i))
    return peer.eval().requires_grad_(False)


def read(peer: torch.nn.Module, folder: Path, **fields: str) -> UNet:
    """Ours, from the folder that diffusers writes; `fields`: what the table of checkpoints says of it."""
    peer.save_pretrained(folder)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))
    return UNet.from_pretrained(folder)


@pytest.mark.parametrize("config", KINDS.values(), ids=KINDS)
@torch.no_grad()
def test_answers_equal_diffusers(tmp_path, config):
    peer = peer_of(**config)
    model = read(peer, tmp_path)
    c = model.config
    assert (c.prediction, c.schedule, c.any_class, c.patch) == ("epsilon", "linear", False, 1)
    x, t = noise(3, c.in_channels, c.sample_size, c.sample_size + 8), torch.tensor([0.0, 421.0, 999.0])
    labels = torch.tensor([3, 0, 9]) if c.num_class_embeds else None
    expected = peer(x, t, class_labels=labels).sample
    assert expected.std() > 0.1
    torch.testing.assert_close(model(x, t, labels), expected, atol=1e-4, rtol=0)
    assert (model(x, t.flip(0), labels) - expected).abs().max() > 0.01  # it listens
    if labels is not None:
        assert (model(x, t, labels.flip(0)) - expected).abs().max() > 0.01


@torch.no_grad()
def test_the_names_of_2022(tmp_path):
    """Projections of attention under their old names, as google/ddpm-* and ldm-celebahq-256 have them."""
    peer = peer_of(**KINDS["ddpm"])
    model = read(peer, tmp_path)
    state = load_file(tmp_path / FILE)
    for before, now in PROJECTIONS.items():
        state = {key.replace(f".{now}.", f".{before}."): value for key, value in state.items()}
    assert any(".query." in key for key in state) and not any(".to_q." in key for key in state)
    save_file(state, tmp_path / FILE)
    x, t = noise(2, 3, 16, 16), torch.tensor([5.0, 700.0])
    assert torch.equal(UNet.from_pretrained(tmp_path)(x, t), model(x, t))


@pytest.mark.parametrize(
    "name, config, parameters",
    [
        ("ddpm_cifar10_32", "ddpm_cifar10_32", 35_746_307),
        ("ddpm_cifar10_32.oracle", "ddpm_cifar10_32", 35_746_307),
        ("ldm_celebahq_unet", "ldm_celebahq_unet", 274_056_163),
        ("ldm_celebahq_unet.oracle", "ldm_celebahq_unet", 274_056_163),
        ("consistency_imagenet64_unet", "consistency_imagenet64_unet", 295_899_267),
    ],
)
def test_keys_and_shapes_of_the_hub(name, config, parameters):
    model = layouts.check(UNet, name, config)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_keys_and_shapes_of_256_pixels():
    """ddpm-celebahq-256 and its kin: the config of 32 pixels, six resolutions, attention at the fifth."""
    config = layouts.config("ddpm_cifar10_32") | {
        "sample_size": 256,
        "block_out_channels": [128, 128, 256, 256, 512, 512],
        "down_block_types": [*["DownBlock2D"] * 4, "AttnDownBlock2D", "DownBlock2D"],
        "up_block_types": ["UpBlock2D", "AttnUpBlock2D", *["UpBlock2D"] * 4],
    }
    with torch.device("meta"):
        model = UNet(UNet.read_config(dict(config)))
        del config["_class_name"]
        peer = diffusers.UNet2DModel(**config)
    assert layouts.shapes(model.state_dict()) == layouts.shapes(peer.state_dict())
    assert sum(p.numel() for p in model.parameters()) == 113_673_219


def test_configs_of_the_hub():
    """The defaults of the class are those of the first; diffusers' own fill what the others leave out."""
    cifar = UNet.read_config(layouts.config("ddpm_cifar10_32"))
    assert cifar == UNetConfig(any_class=False)
    jump = UNet.read_config(layouts.config("consistency_imagenet64_unet"))
    assert (jump.norm_eps, jump.flip_sin_to_cos, jump.freq_shift, jump.num_class_embeds) == (
        1e-5,
        True,
        0,
        1000,
    )


@pytest.mark.parametrize(
    "key, value",
    [
        ("_class_name", "UNet2DConditionModel"),
        ("act_fn", "gelu"),
        ("add_attention", False),
        ("attention_head_dim", 5),
        ("attention_head_dim", "8"),
        ("attn_norm_num_groups", 3),
        ("block_out_channels", [128, 256, 256]),
        ("center_input_sample", True),
        ("class_embed_type", "timestep"),
        ("cross_attention_dim", 768),
        ("down_block_types", ["DownBlock2D", "SkipDownBlock2D", "DownBlock2D", "DownBlock2D"]),
        ("downsample_type", "average"),
        ("mid_block_scale_factor", 0.7),
        ("norm_num_groups", 48),
        ("prediction", "noise"),
        ("resnet_time_scale_shift", "spatial"),
        ("sample_size", None),
        ("schedule", "quadratic"),
        ("time_embedding_type", "fourier"),
        ("up_block_types", ["UpBlock2D", "UpBlock2D", "AttnSkipUpBlock2D", "UpBlock2D"]),
    ],
)
def test_a_config_of_another_model_is_refused(key, value):
    with pytest.raises(Problem, match="widths" if key == "block_out_channels" else f"{key}|{value}"):
        UNet.read_config(layouts.config("ddpm_cifar10_32") | {key: value})


def test_without_the_norm_in_the_middle_it_is_another_model(tmp_path):
    """The .bin of the consistency models was made so, before its config was mended."""
    peer = peer_of(**CONSISTENCY | {"attn_norm_num_groups": None})
    with pytest.raises(Problem, match=r"mid_block\.attentions\.0\.group_norm"):
        read(peer, tmp_path)


@pytest.mark.parametrize("cause", ["extra", "missing", "shape"])
def test_nothing_but_the_exact_keys(tmp_path, cause):
    peer_of(**PLAIN).save_pretrained(tmp_path)
    state = load_file(tmp_path / FILE)
    key = "down_blocks.1.attentions.0.to_q.weight"
    if cause == "extra":
        state["down_blocks.0.attentions.0.to_q.weight"] = state[key].clone()
    elif cause == "missing":
        del state[key]
    else:
        state[key] = state[key][:8].contiguous()
    save_file(state, tmp_path / FILE)
    with pytest.raises(Problem) as problem:
        UNet.from_pretrained(tmp_path)
    assert problem.value.cause == cause


def test_a_size_that_does_not_divide_is_refused():
    model = UNet(UNetConfig(**PLAIN, patch=2))
    with pytest.raises(ValueError, match="multiples of 4"):
        model(torch.zeros(1, 3, 18, 16), torch.zeros(1))


def test_any_is_a_class_where_there_is_one():
    model = UNet(UNetConfig(**PLAIN, num_class_embeds=11))
    assert model.any(torch.zeros(2, 3, 16, 16)).tolist() == [10, 10]
    for config in (UNetConfig(**PLAIN), UNetConfig(**PLAIN, num_class_embeds=11, any_class=False)):
        with pytest.raises(ValueError, match="no class for any"):
            UNet(config).any(torch.zeros(2, 3, 16, 16))


@torch.no_grad()
def test_saved_and_read_again(tmp_path):
    model = UNet(UNetConfig(**PLAIN, patch=2, num_class_embeds=3, prediction="v_prediction")).eval()
    model.save_pretrained(tmp_path, dtype=torch.float32)
    again = UNet.from_pretrained(tmp_path)
    assert again.config == model.config
    x, t = noise(2, 3, 16, 16), torch.tensor([5.0, 700.0])
    assert torch.equal(again(x, t), model(x, t))
    torch.testing.assert_close(again(x[:1], t[:1]), model(x, t)[:1], atol=1e-5, rtol=1e-5)


# What the answer means


@pytest.mark.parametrize(
    "scheduler, expected",
    [
        (diffusers.DDPMScheduler(), {"prediction": "epsilon", "schedule": "linear"}),
        (
            diffusers.DDIMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction"),
            {"prediction": "v_prediction", "schedule": "cosine"},
        ),
        (
            diffusers.DDIMScheduler(beta_schedule="scaled_linear", beta_start=0.0015, beta_end=0.0195),
            {"prediction": "epsilon", "schedule": "scaled_linear"},
        ),
        (diffusers.CMStochasticIterativeScheduler(), {"prediction": "consistency"}),
    ],
    ids=["linear", "cosine", "scaled linear", "consistency"],
)
def test_a_schedulers_file_beside_says_what_the_answer_means(tmp_path, scheduler, expected):
    """And the schedule of that name is the scheduler's."""
    scheduler.save_pretrained(tmp_path)
    config = read(peer_of(**PLAIN), tmp_path).config
    assert {key: getattr(config, key) for key in expected} == expected
    if "schedule" in expected:
        bar = 1 / (1 + schedules.table(expected["schedule"]).square())
        torch.testing.assert_close(bar.float(), scheduler.alphas_cumprod, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    "changed",
    [
        {"beta_schedule": "sigmoid"},
        {"beta_end": 0.012},
        {"beta_schedule": "scaled_linear"},  # with the ends of the linear one
        {"num_train_timesteps": 4000},
        {"rescale_betas_zero_snr": True},
        {"_class_name": "CMStochasticIterativeScheduler", "sigma_max": 60.0},
    ],
)
def test_a_scheduler_of_another_kind_is_refused(changed):
    with pytest.raises(Problem, match=SCHEDULER):
        meaning(dict(diffusers.DDPMScheduler().config) | {"_class_name": "DDPMScheduler"} | changed)
    kind = {"prediction_type": "learned"}
    with pytest.raises(Problem, match="learned"):
        UNet.read_config(layouts.config("ddpm_cifar10_32") | {SCHEDULER: kind})


# The picture at the end


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> tuple[torch.nn.Module, UNet]:
    """diffusers' and ours. Random networks explode on the way; one that says little stays in range."""
    peer = peer_of(**PLAIN)
    peer.conv_out.weight.mul_(0.3)
    return peer, read(peer, tmp_path_factory.mktemp("unet"))


def luck() -> list[torch.Generator]:
    return generators(7, 2)


def picture(pipeline: Any, **settings: Any) -> Tensor:
    pipeline.set_progress_bar_config(disable=True)
    found = pipeline(batch_size=2, generator=luck(), output_type="pt", **settings)
    return found.images if hasattr(found, "images") else found


def drawn(denoise: samplers.Denoise, sigmas: list[float], **settings: Any) -> Tensor:
    """Ours, and as the pipelines hand a picture over."""
    chance = luck()
    x = samplers.start((3, 16, 16), sigmas[0], chance)
    *_, last = samplers.ddim(denoise, x, sigmas, chance, **settings)
    assert last.x.abs().max() < 1000
    return (last.x / 2 + 0.5).clamp(0, 1)


def held(model: UNet, clip: bool) -> samplers.Denoise:
    denoise = Denoiser.of(model)
    return bound(denoise) if clip else denoise


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large"])
def test_the_same_picture_as_ddpm(network, variance, clip):
    """fixed_large and clipped as google/ddpm-cifar10-32 draws, fixed_small and clipped as those of 256 px."""
    peer, model = network
    scheduler = diffusers.DDPMScheduler(variance_type=variance, clip_sample=clip)
    expected = picture(diffusers.DDPMPipeline(peer, scheduler), num_inference_steps=20)
    sigmas = schedules.leading("linear", 20)
    found = drawn(held(model, clip), sigmas, eta=1.0, large=variance == "fixed_large")
    assert expected.std() > 0.05
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
def test_the_same_picture_as_ddim(network, eta, clip):
    """Where the belief is kept in range diffusers goes on with the noise that the network named, unless
    `use_clipped_model_output`; ours, as every solver here, with the noise that the belief leaves."""
    peer, model = network
    scheduler = diffusers.DDIMScheduler(clip_sample=clip)
    settings = {"num_inference_steps": 20, "eta": eta, "use_clipped_model_output": clip}
    expected = picture(diffusers.DDIMPipeline(peer, scheduler), **settings)
    found = drawn(held(model, clip), schedules.leading("linear", 20), eta=eta)
    assert expected.std() > 0.05
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("schedule, prediction", [("cosine", "v_prediction"), ("scaled_linear", "sample")])
def test_the_same_picture_of_other_kinds(tmp_path, network, schedule, prediction):
    peer, _ = network
    ends = {"beta_start": 0.0015, "beta_end": 0.0195} if schedule == "scaled_linear" else {}
    name = {"cosine": "squaredcos_cap_v2"}.get(schedule, schedule)
    scheduler = diffusers.DDIMScheduler(
        beta_schedule=name, prediction_type=prediction, clip_sample=False, **ends
    )
    scheduler.save_pretrained(tmp_path)
    model = read(peer, tmp_path)
    expected = picture(diffusers.DDIMPipeline(peer, scheduler), num_inference_steps=10)
    found = drawn(Denoiser.of(model), schedules.leading(schedule, 10))
    assert expected.std() > 0.05
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("times", [[0], [22, 0], [35, 20, 0]])
def test_the_same_picture_as_a_consistency_model(tmp_path, times):
    """One jump, and several, of 40 levels. `times` are diffusers' numbers, which it counts from below."""
    peer = peer_of(**CONSISTENCY)
    model = read(peer, tmp_path, prediction="consistency")
    scheduler = diffusers.CMStochasticIterativeScheduler()
    pipeline = diffusers.ConsistencyModelPipeline(peer, scheduler)
    labels = torch.tensor([3, 8])
    settings = (
        {"num_inference_steps": 1} if times == [0] else {"num_inference_steps": None, "timesteps": times}
    )
    expected = picture(pipeline, class_labels=labels.tolist(), **settings)
    levels = schedules.karras(0.002, 80.0, 40)
    sigmas = [*(levels[t] for t in reversed(times)), 0.0]
    chance = luck()
    x = sigmas[0] * samplers.noise((3, 16, 16), chance)
    *_, last = samplers.consistency(bound(Denoiser.of(model), labels), x, sigmas, chance)
    assert len(sigmas) == len(scheduler.timesteps) + 1 and expected.std() > 0.05
    torch.testing.assert_close(last.x / 2 + 0.5, expected, atol=1e-4, rtol=0)


@torch.no_grad()
def test_half_precision_and_channels_last_draw_nearly_the_same(network):
    _, model = network
    half = UNet(replace(model.config)).eval().requires_grad_(False)
    half.load_state_dict(model.state_dict())
    half = half.to(torch.bfloat16, memory_format=torch.channels_last)
    x, t = noise(2, 3, 16, 16), torch.tensor([5.0, 700.0])
    difference = (half(x, t).float() - model(x, t)).abs()
    assert 0 < difference.max() < 0.1 * model(x, t).abs().max()
    full = drawn(held(model, clip=True), schedules.leading("linear", 10))
    assert psnr(drawn(held(half, clip=True), schedules.leading("linear", 10)), full, peak=1.0).min() > 35
