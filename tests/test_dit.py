"""DiT against diffusers' DiTTransformer2DModel, and the layout of facebook/DiT-XL-2-256."""

import json
from pathlib import Path
from typing import Any

import layouts
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, guided
from genmodels.diffusion.dit import DiT, DiTConfig
from genmodels.errors import Problem
from genmodels.runtime import generators

FILE = "diffusion_pytorch_model.safetensors"
SMALL: dict[str, Any] = {
    "sample_size": 16, "in_channels": 3, "out_channels": 6, "num_layers": 3, "num_attention_heads": 2,
    "attention_head_dim": 12, "num_embeds_ada_norm": 10,
}  # fmt: skip
OURS = DiTConfig(
    sample_size=12, in_channels=1, out_channels=1, num_layers=2, num_attention_heads=2, attention_head_dim=8,
    num_class_embeds=4, prediction="v_prediction", schedule="cosine",
)  # fmt: skip


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def peer_of(**config: Any) -> torch.nn.Module:
    """diffusers' model, all at random, its embedders the same in each block, as in the published one."""
    diffusers = pytest.importorskip("diffusers")
    peer = diffusers.DiTTransformer2DModel(**config)
    for i, p in enumerate(peer.parameters()):
        p.data.copy_(0.15 * noise(*p.shape, seed=i))
    first, *others = (block.norm1.emb for block in peer.transformer_blocks)
    for other in others:
        other.load_state_dict(first.state_dict())
    return peer.eval().requires_grad_(False)


def read(peer: torch.nn.Module, folder: Path) -> DiT:
    peer.save_pretrained(folder)
    return DiT.from_pretrained(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"out_channels": 3},
        {"out_channels": None},
        {"patch_size": 4, "sample_size": 24},
        {"norm_eps": 1e-3, "num_layers": 1},
    ],
    ids=["variances too", "without", "not said", "larger squares", "another norm"],
)
@torch.no_grad()
def test_answers_equal_diffusers(tmp_path, changed):
    peer = peer_of(**SMALL | changed)
    model = read(peer, tmp_path)
    size = model.config.sample_size
    x, t, labels = noise(3, 3, size, size), torch.tensor([0.0, 421.0, 999.0]), torch.tensor([3, 0, 10])
    expected = peer(x, timestep=t, class_labels=labels).sample[:, :3]
    assert expected.std() > 0.1
    found = model(x, t, labels)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert (model(x, t.flip(0), labels) - expected).abs().max() > 0.01
    assert (model(x, t, labels.flip(0)) - expected).abs().max() > 0.01
    torch.testing.assert_close(model(x[2:], t[2:]), expected[2:], atol=1e-4, rtol=0)  # without a label: any


@torch.no_grad()
def test_positions_reach_across_a_larger_picture(tmp_path):
    """Twice the size: the same sines, twice as dense, as diffusers stretches them."""
    peer = peer_of(**SMALL)
    model = read(peer, tmp_path)
    x, t, labels = noise(1, 3, 32, 32), torch.tensor([300.0]), torch.tensor([1])
    expected = peer(x, timestep=t, class_labels=labels).sample[:, :3]
    torch.testing.assert_close(model(x, t, labels), expected, atol=1e-4, rtol=0)
    assert model(noise(1, 3, 16, 24), t, labels).shape == (1, 3, 16, 24)


@torch.no_grad()
def test_the_same_guided_picture_as_its_pipeline(tmp_path):
    """DDIM, 4 as the strength of guidance, from the same noise. The pipeline starts both halves alike."""
    diffusers = pytest.importorskip("diffusers")
    peer = peer_of(**SMALL)
    peer.proj_out_2.weight.mul_(0.1)
    peer.proj_out_2.bias.mul_(0.1)
    model = read(peer, tmp_path)
    labels, steps, chance = torch.tensor([3, 7]), 10, generators(7, 2)
    sigmas = schedules.leading("linear", steps)
    x = samplers.start((3, 16, 16), sigmas[0], chance)
    scheduler = diffusers.DDIMScheduler(clip_sample=True)
    scheduler.set_timesteps(steps)
    z = samplers.noise((3, 16, 16), generators(7, 2))
    for t in scheduler.timesteps:  # of its pipeline, which would also decode by an autoencoder
        both = peer(
            torch.cat([z, z]), timestep=t.expand(4), class_labels=torch.cat([labels, torch.tensor([10, 10])])
        )
        said, unsaid = both.sample[:, :3].chunk(2)
        z = scheduler.step(unsaid + 4 * (said - unsaid), t, z, use_clipped_model_output=True).prev_sample
    *_, last = samplers.ddim(guided(Denoiser.of(model), labels, 4.0), x, sigmas)
    assert z.std() > 0.05
    torch.testing.assert_close(last.x, z, atol=1e-4, rtol=0)


def test_keys_and_shapes_of_the_hub():
    """27 copies of the embedders fewer, the published 675 million are left. As zeros that take no room."""
    config = DiT.read_config(layouts.config("dit_xl_2_256"))
    assert config == DiTConfig()
    state = {key: torch.zeros(()).expand(shape) for key, shape in layouts.layout("dit_xl_2_256").items()}
    with torch.device("meta"):
        model = DiT(config)
    assert layouts.shapes(DiT.read_state(state, config)) == layouts.shapes(model.state_dict())
    positions = 16**2 * 1152  # which the published count has among its parameters, and this computes
    assert sum(p.numel() for p in model.parameters()) + positions == 675_129_632


@pytest.mark.parametrize("cause", ["differs", "first missing", "copy missing", "extra", "missing"])
def test_nothing_but_the_exact_keys(tmp_path, cause):
    """A copy that another layer changed is another model; one left out changes nothing."""
    peer_of(**SMALL).save_pretrained(tmp_path)
    state = load_file(tmp_path / FILE)
    name = "transformer_blocks.{}.norm1.emb.timestep_embedder.linear_1.weight"
    if cause == "differs":
        state[name.format(2)][0, 0] += 1
    elif cause == "first missing":
        del state[name.format(0)]
    elif cause == "copy missing":
        del state[name.format(2)]
    elif cause == "extra":
        state["pos_embed.pos_embed"] = torch.zeros(1, 64, 24)
    else:
        del state["proj_out_1.bias"]
    save_file(state, tmp_path / FILE)
    if cause == "copy missing":
        assert DiT.from_pretrained(tmp_path).config.num_layers == 3
        return
    with pytest.raises(Problem) as problem:
        DiT.from_pretrained(tmp_path)
    assert problem.value.cause == ("extra" if cause in ("differs", "extra") else "missing")
    assert cause != "differs" or name.format(2) in str(problem.value)


@pytest.mark.parametrize(
    "key, value",
    [
        ("_class_name", "Transformer2DModel"),
        ("activation_fn", "geglu"),
        ("attention_bias", False),
        ("norm_type", "ada_norm_single"),
        ("norm_elementwise_affine", True),
        ("out_channels", 5),
        ("patch_size", 3),
        ("prediction", "noise"),
        ("caption_channels", 4096),
    ],
)
def test_a_config_of_another_model_is_refused(key, value):
    with pytest.raises(Problem, match=f"{key}|{value}"):
        DiT.read_config(layouts.config("dit_xl_2_256") | {key: value})


@torch.no_grad()
def test_saved_and_read_again(tmp_path):
    model = DiT(OURS).eval()
    for i, p in enumerate(model.parameters()):
        p.copy_(0.2 * noise(*p.shape, seed=i))
    model.save_pretrained(tmp_path, dtype=torch.float32)
    again = DiT.from_pretrained(tmp_path)
    assert again.config == OURS
    x, t, labels = noise(2, 1, 12, 12), torch.tensor([5.0, 700.0]), torch.tensor([0, 3])
    assert torch.equal(again(x, t, labels), model(x, t, labels))
    torch.testing.assert_close(again(x[1:], t[1:]), model(x, t, labels)[1:])
    half = DiT.from_pretrained(tmp_path, dtype=torch.bfloat16)(x, t, labels)
    assert 0 < (half.float() - model(x, t, labels)).abs().max() < 0.1
    raw = json.loads((tmp_path / "config.json").read_text())
    assert raw["num_class_embeds"] == 4 and "any_class" not in raw


def test_at_first_it_answers_nothing_and_learns():
    """Gates and the last layer begin at zero, and yet every weight that counts gets a slope in two steps."""
    torch.manual_seed(0)
    model = DiT(OURS)
    x, t = noise(4, 1, 12, 12), torch.tensor([5.0, 100.0, 700.0, 900.0])
    assert not model(x, t).any()
    step = torch.optim.SGD(model.parameters(), 1.0)
    for _ in range(3):
        step.zero_grad()
        (model(x, t) - noise(4, 1, 12, 12, seed=1)).square().mean().backward()
        step.step()
    assert all(p.grad.any() for p in model.parameters())


def test_a_size_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="multiples of 2"):
        DiT(OURS)(torch.zeros(1, 1, 13, 12), torch.zeros(1))
