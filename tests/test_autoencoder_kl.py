"""AutoencoderKL and AutoencoderTiny against diffusers, and the layouts of their checkpoints on the Hub."""

import json

import layouts
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from genmodels.autoencoders.autoencoder_kl import AutoencoderKL, AutoencoderKLConfig, Upsample
from genmodels.autoencoders.autoencoder_tiny import AutoencoderTiny, AutoencoderTinyConfig
from genmodels.autoencoders.checkpoints import AUTOENCODER_KL, AUTOENCODER_TINY
from genmodels.errors import Problem
from genmodels.foreign import PROJECTIONS
from genmodels.hub import WEIGHTS
from genmodels.nn import conv

SMALL = AutoencoderKLConfig(block_out_channels=(8, 16, 16), layers_per_block=1, norm_num_groups=4)
WIDE = AutoencoderKLConfig(block_out_channels=(96, 128), layers_per_block=1, norm_num_groups=32)  # Winograd's
TINY = AutoencoderTinyConfig(encoder_block_out_channels=(16,) * 4, decoder_block_out_channels=(16,) * 4)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def stir(module: torch.nn.Module) -> torch.nn.Module:
    """Weights that leave nothing at its initial 0 or 1, the same for the same shapes."""
    for i, p in enumerate(module.parameters()):
        p.data.add_(0.05 * noise(*p.shape, seed=i))
    return module.eval().requires_grad_(False)


def peer_kl(config: AutoencoderKLConfig) -> torch.nn.Module:
    diffusers = pytest.importorskip("diffusers")
    levels = len(config.block_out_channels)
    torch.manual_seed(0)
    peer = diffusers.AutoencoderKL(
        block_out_channels=config.block_out_channels,
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        layers_per_block=config.layers_per_block,
        latent_channels=config.latent_channels,
        norm_num_groups=config.norm_num_groups,
    )
    return stir(peer)


def legacy(state: dict, as_convolutions: bool) -> dict:
    """Today's names of attention layers -> those of 2022, as matrices or as 1x1 convolutions."""
    old = {}
    for key, value in state.items():
        if ".attentions." in key:
            for before, now in PROJECTIONS.items():
                key = key.replace(f".{now}.", f".{before}.")
            value = value[:, :, None, None] if as_convolutions and value.ndim == 2 else value
        old[key] = value.contiguous()
    return old


def as_on_the_hub(peer: torch.nn.Module, folder, **how: bool):
    """A folder as diffusers writes it, attention in the old names if `how` says so."""
    peer.save_pretrained(folder)
    if how:
        file = folder / "diffusion_pytorch_model.safetensors"
        save_file(legacy(load_file(file), **how), file)
    return folder


@pytest.mark.parametrize("how", [{}, {"as_convolutions": False}, {"as_convolutions": True}], ids=str)
@pytest.mark.parametrize("config", [SMALL, WIDE], ids=["small", "wide"])
def test_kl_equals_diffusers(tmp_path, config, how):
    peer = peer_kl(config)
    model = AutoencoderKL.from_pretrained(as_on_the_hub(peer, tmp_path, **how))
    assert model.config == config
    x, z = noise(2, 3, 32, 48).clamp(-1, 1), noise(2, 4, 32 // model.factor, 48 // model.factor)
    with torch.no_grad():
        theirs = peer.encode(x).latent_dist
        mean, log_var = model.encode(x)
        torch.testing.assert_close(mean, theirs.mean, atol=1e-4, rtol=0)
        torch.testing.assert_close(log_var, theirs.logvar, atol=1e-4, rtol=0)
        torch.testing.assert_close(model.decode(z), peer.decode(z).sample, atol=1e-4, rtol=0)


def test_tiny_equals_diffusers(tmp_path):
    diffusers = pytest.importorskip("diffusers")
    widths = {"encoder_block_out_channels": (16,) * 4, "decoder_block_out_channels": (16,) * 4}
    peer = stir(diffusers.AutoencoderTiny(**widths))
    peer.save_pretrained(tmp_path)
    model = AutoencoderTiny.from_pretrained(tmp_path)
    assert model.config == TINY
    x, z = noise(2, 3, 32, 48).clamp(-1, 1), 3 * noise(2, 4, 4, 6)
    with torch.no_grad():
        torch.testing.assert_close(model.encode(x), peer.encode(x).latents, atol=1e-4, rtol=0)
        torch.testing.assert_close(model.decode(z), peer.decode(z).sample, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["sd_vae_kl", "sd_vae_kl.oracle"])
def test_keys_and_shapes_of_the_stable_diffusion_vae(name):
    model = layouts.check(AutoencoderKL, name, "sd_vae_kl")
    assert sum(p.numel() for p in model.parameters()) == 83_653_863
    assert (model.config, model.factor) == (AutoencoderKLConfig(), 8)


def test_keys_and_shapes_of_taesd():
    model = layouts.check(AutoencoderTiny, "taesd", "taesd")
    assert sum(p.numel() for p in model.parameters()) == 2_445_063
    assert (model.config, model.factor) == (AutoencoderTinyConfig(), 8)


@pytest.mark.parametrize("cls, config", [(AutoencoderKL, SMALL), (AutoencoderTiny, TINY)])
@pytest.mark.parametrize("cause", ["extra", "missing", "shape"])
def test_nothing_but_the_exact_keys(tmp_path, cls, config, cause):
    cls(config).save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    key = next(iter(state))
    if cause == "extra":
        state["encoder.more"] = torch.zeros(1)
    elif cause == "missing":
        del state[key]
    else:
        state[key] = state[key][..., None].contiguous()
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(Problem) as problem:
        cls.from_pretrained(tmp_path)
    assert problem.value.cause == cause


@pytest.mark.parametrize(
    "cls, layout, key, value",
    [
        (AutoencoderKL, "sd_vae_kl", "act_fn", "relu"),
        (AutoencoderKL, "sd_vae_kl", "down_block_types", ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"]),
        (AutoencoderKL, "sd_vae_kl", "shift_factor", 0.1),
        (AutoencoderKL, "sd_vae_kl", "use_quant_conv", False),
        (AutoencoderKL, "sd_vae_kl", "brand_new", 1),
        (AutoencoderKL, "sd_vae_kl", "_class_name", "VQModel"),
        (AutoencoderTiny, "taesd", "act_fn", "silu"),
        (AutoencoderTiny, "taesd", "upsampling_scaling_factor", 4),
    ],
)
def test_a_config_of_another_model_is_refused(cls, layout, key, value):
    with pytest.raises(Problem, match=f"{key}|VQModel"):
        cls.read_config(layouts.config(layout) | {key: value})


def test_fields_that_change_nothing_are_ignored():
    more = {"_diffusers_version": "0.4.2", "sample_size": 512, "force_upcast": True, "latents_mean": None}
    assert AutoencoderKL.read_config(layouts.config("sd_vae_kl") | more) == AutoencoderKLConfig()


@pytest.mark.parametrize("cls, config", [(AutoencoderKL, SMALL), (AutoencoderTiny, TINY)])
def test_a_size_that_does_not_divide_is_refused(cls, config):
    with pytest.raises(ValueError, match="multiples of"):
        cls(config).encode(torch.zeros(1, 3, 30, 32))


@torch.no_grad()
@pytest.mark.parametrize("size", [(1, 1), (4, 6), (5, 3), (16, 31)], ids=str)  # the last in one step
def test_upsample_is_repeat_then_convolve(size):
    up, x = stir(Upsample(6)), noise(2, 6, *size)
    expected = up.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
    torch.testing.assert_close(up(x), expected, atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize(
    "shape", [(1, 5, 4, 4), (3, 5, 9, 7), (2, 3, 64, 40), (1, 4, 6, 300), (40, 3, 8, 8)], ids=str
)
def test_winograd_is_the_convolution(shape):
    layer, x = stir(conv.Conv3x3(shape[1], 6)), noise(*shape)
    result = conv.winograd(x, layer.weight, layer.bias)
    torch.testing.assert_close(result, F.conv2d(x, layer.weight, layer.bias, padding=1), atol=1e-4, rtol=0)
    assert result.is_contiguous(memory_format=torch.channels_last)


def test_winograd_only_where_it_pays():
    x, wide, narrow = torch.zeros(1, 256, 48, 48), torch.zeros(256, 256, 3, 3), torch.zeros(96, 256, 3, 3)
    assert not conv.pays(x, wide)  # gradients may be wanted
    with torch.no_grad():
        assert conv.pays(x, wide)
        assert not conv.pays(x, narrow)
        assert not conv.pays(x[..., :4, :4], wide)
        assert not conv.pays(x.bfloat16(), wide.bfloat16())


def test_gradients_reach_every_weight():
    model = AutoencoderKL(SMALL)
    mean, log_var = model.encode(noise(1, 3, 16, 16))
    (model.decode(mean) + log_var.mean()).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@torch.no_grad()
@pytest.mark.parametrize("cls, name", [(AutoencoderKL, AUTOENCODER_KL[0].name)])
def test_the_bundled_checkpoint_is_as_golden(cls, name):
    model, golden = cls.from_pretrained(name), load_file(WEIGHTS / name / "golden.safetensors")
    mean, log_var = model.encode(golden["x"])
    torch.testing.assert_close(mean, golden["mean"], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(log_var, golden["log_var"], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(model.decode(golden["mean"]), golden["image"], atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_diffusers_reads_the_bundled_checkpoint():
    model = AutoencoderKL.from_pretrained(AUTOENCODER_KL[0].name)
    peer = peer_kl(model.config)
    peer.load_state_dict(model.state_dict())
    x = noise(1, 3, 32, 32).clamp(-1, 1)
    torch.testing.assert_close(model.encode(x)[0], peer.encode(x).latent_dist.mean, atol=1e-4, rtol=1e-4)


def test_tables_name_what_they_load():
    for checkpoint in (*AUTOENCODER_KL, *AUTOENCODER_TINY):
        if checkpoint.bundled:
            assert json.loads((WEIGHTS / checkpoint.name / "metrics.json").read_text())["measures"]
        else:
            assert len(checkpoint.revision) == 40 and len(checkpoint.sha256) == 64 and checkpoint.size
