"""VQModel against diffusers, and the layouts of the two checkpoints on the Hub that it reads."""

import json
from dataclasses import replace

import layouts
import pytest
import torch
from safetensors.torch import load_file, save_file

from genmodels.autoencoders.checkpoints import VQ_MODEL
from genmodels.autoencoders.vq_model import VQModel, VQModelConfig
from genmodels.errors import Problem
from genmodels.foreign import PROJECTIONS
from tests.fakehub import FakeHub

FILE = "diffusion_pytorch_model.safetensors"
LDM = VQModelConfig(
    block_out_channels=(8, 16, 16), layers_per_block=1, num_vq_embeddings=50, norm_num_groups=4
)
AMUSED = replace(
    LDM,
    block_out_channels=(8, 8, 16),
    latent_channels=12,
    mid_block_add_attention=False,
    lookup_from_codebook=True,
    scaling_factor=0.18215,
)
NARROW = replace(
    LDM, vq_embed_dim=5, num_vq_embeddings=2000
)  # more vectors than ROWS, codes of another width
KINDS = pytest.mark.parametrize("config", [LDM, AMUSED, NARROW], ids=["ldm", "amused", "narrow"])


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def peer_of(config: VQModelConfig) -> torch.nn.Module:
    """diffusers' model, its codebook as wide as its vectors, so that many codes occur."""
    diffusers = pytest.importorskip("diffusers")
    levels = len(config.block_out_channels)
    torch.manual_seed(0)
    peer = diffusers.VQModel(
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        **vars(config),
    )
    for i, p in enumerate(peer.parameters()):
        p.data.add_(0.05 * noise(*p.shape, seed=i))
    with torch.no_grad():
        z = peer.encode(noise(4, 3, 32, 32)).latents
        book = peer.quantize.embedding.weight
        centre, width = z.mean((0, 2, 3)), z.std((0, 2, 3))
        book.copy_(centre + width * noise(*book.shape))
    return peer.eval().requires_grad_(False)


def folder_of(peer: torch.nn.Module, folder, legacy: bool = False):
    """As diffusers writes it; `legacy`: as in July 2022, names of attention and fields of config."""
    peer.save_pretrained(folder)
    if legacy:
        state = {}
        for key, value in load_file(folder / FILE).items():
            for before, now in PROJECTIONS.items():
                key = key.replace(f".{now}.", f".{before}.")
            state[key] = value
        save_file(state, folder / FILE)
        file = folder / "config.json"
        raw = json.loads(file.read_text())
        for key in ("scaling_factor", "norm_type", "mid_block_add_attention", "lookup_from_codebook"):
            del raw[key]
        file.write_text(json.dumps(raw))
    return folder


@KINDS
@torch.no_grad()
def test_codes_and_pictures_equal_diffusers(tmp_path, config):
    peer = peer_of(config)
    model = VQModel.from_pretrained(folder_of(peer, tmp_path))
    assert model.config == config and model.factor == 4
    x = noise(3, 3, 96, 80).clamp(-1, 1)
    seen = x / 2 + 0.5 if config is AMUSED else x  # as its pipeline gives images to the peer
    z, codes = peer.encode(seen).latents, model.codes(x)
    rounded, _, (_, _, theirs) = peer.quantize(z)
    torch.testing.assert_close(model.encode(x), z, atol=1e-5, rtol=1e-5)
    assert codes.shape == (3, 24, 20) and codes.dtype == torch.int64 and len(codes.unique()) > 20
    assert torch.equal(codes.flatten(), theirs)
    torch.testing.assert_close(model.lookup(codes), rounded, atol=1e-5, rtol=0)
    expected = peer.decode(z).sample
    for drawn in (model.draw(codes), model.decode(model.lookup(codes))):
        drawn = drawn / 2 + 0.5 if config is AMUSED else drawn
        torch.testing.assert_close(drawn, expected, atol=1e-5, rtol=0)
    assert torch.equal(model.nearest(model.lookup(codes)), codes)


def test_the_names_and_the_config_of_2022(tmp_path):
    """Without a scaling factor it is 1: diffusers' default is another model's (0.18215)."""
    peer = peer_of(LDM)
    model = VQModel.from_pretrained(folder_of(peer, tmp_path, legacy=True))
    assert model.config == LDM and LDM.scaling_factor == 1.0
    codes = torch.arange(48).view(1, 6, 8)
    expected = peer.decode(model.lookup(codes)).sample
    torch.testing.assert_close(model.draw(codes), expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_pictures_of_amused_are_between_minus_one_and_one():
    """Our pixels are [-1,1] for both kinds, theirs [0,1] for aMUSEd."""
    model = VQModel(AMUSED).eval()
    ours = VQModel(replace(AMUSED, lookup_from_codebook=False)).eval()
    ours.load_state_dict(model.state_dict())
    x, z = noise(1, 3, 16, 16).clamp(-1, 1), noise(1, 12, 4, 4)
    torch.testing.assert_close(model.encode(x), ours.encode((x + 1) / 2))
    torch.testing.assert_close(model.decode(z), 2 * ours.decode(z) - 1)


@pytest.mark.parametrize(
    "name, config, parameters, factor",
    [
        ("amused_vqvae", "amused_vqvae", 146_244_675, 16),
        ("ldm_celebahq_vqvae", "ldm_celebahq_vqvae", 55_322_782, 4),
        ("ldm_celebahq_vqvae.oracle", "ldm_celebahq_vqvae", 55_322_782, 4),
    ],
)
def test_keys_and_shapes_of_the_hub(name, config, parameters, factor):
    model = layouts.check(VQModel, name, config)
    assert sum(p.numel() for p in model.parameters()) == parameters and model.factor == factor


def test_configs_of_the_hub():
    assert VQModel.read_config(layouts.config("ldm_celebahq_vqvae")) == VQModelConfig()
    amused = VQModelConfig(
        block_out_channels=(128, 256, 256, 512, 768),
        latent_channels=64,
        mid_block_add_attention=False,
        lookup_from_codebook=True,
        scaling_factor=0.18215,
    )
    assert VQModel.read_config(layouts.config("amused_vqvae")) == amused


@pytest.mark.parametrize(
    "key, value",
    [
        ("norm_type", "spatial"),
        ("down_block_types", ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"]),
        ("act_fn", "relu"),
        ("vq_width", 4),
        ("_class_name", "AutoencoderKL"),
    ],
)
def test_a_config_of_another_model_is_refused(key, value):
    with pytest.raises(Problem, match=f"{key}|AutoencoderKL"):
        VQModel.read_config(layouts.config("ldm_celebahq_vqvae") | {key: value})


@pytest.mark.parametrize("config", [LDM, AMUSED], ids=["ldm", "amused"])
@pytest.mark.parametrize("cause", ["extra", "missing", "shape"])
def test_nothing_but_the_exact_keys(tmp_path, config, cause):
    VQModel(config).save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    if cause == "extra":  # what a model of the other kind has
        state["decoder.mid_block.attentions.0.key.weights"] = torch.zeros(16, 16)
    elif cause == "missing":
        del state["quantize.embedding.weight"]
    else:
        state["quantize.embedding.weight"] = state["quantize.embedding.weight"][:40].contiguous()
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(Problem) as problem:
        VQModel.from_pretrained(tmp_path)
    assert problem.value.cause == cause


@KINDS
@torch.no_grad()
def test_saved_and_read_again(tmp_path, config):
    model, x = VQModel(config).eval(), noise(1, 3, 16, 16)
    model.save_pretrained(tmp_path, dtype=torch.float32)
    again = VQModel.from_pretrained(tmp_path)
    assert again.config == config
    assert torch.equal(again.codes(x), model.codes(x))


@torch.no_grad()
def test_a_batch_is_its_pictures_one_by_one():
    model, x = VQModel(LDM).eval(), noise(3, 3, 16, 24)
    model.quantize.embedding.weight.normal_(generator=torch.Generator().manual_seed(0))
    assert torch.equal(model.codes(x), torch.cat([model.codes(one) for one in x.split(1)]))


@torch.no_grad()
def test_halves_find_the_same_codes():
    """Distances are compared in float32 whatever the weights are."""
    book = noise(500, 3).bfloat16()
    model = VQModel(replace(LDM, num_vq_embeddings=500)).eval().bfloat16()
    model.quantize.embedding.weight.copy_(book)
    codes = torch.arange(500).view(1, 20, 25)
    assert torch.equal(book[model.nearest(model.lookup(codes))], book[codes])


def test_a_size_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="multiples of 4"):
        VQModel(LDM).encode(torch.zeros(1, 3, 30, 32))


@pytest.mark.parametrize(
    "checkpoint, config", [(VQ_MODEL[0], AMUSED), (VQ_MODEL[1], LDM)], ids=["amused", "ldm"]
)
def test_the_table_leads_into_the_subfolder(hub_here, tmp_path, checkpoint, config):
    """The config.json above it is not this model's; the revision of the table is asked for."""
    peer = peer_of(config)
    folder = folder_of(peer, tmp_path / "vqvae", legacy=config is LDM)
    files = {f"vqvae/{f.name}": f.read_bytes() for f in folder.iterdir()}
    hub_here.put(checkpoint.name, files | {"config.json": b"{}"})
    model = VQModel.from_pretrained(checkpoint)
    assert model.config == config
    assert torch.equal(model.quantize.embedding.weight, peer.quantize.embedding.weight)
    asked = [path for _, path, _ in hub_here.requests if path.endswith("config.json")]
    revision = "refs/pr/7" if config is LDM else "main"
    assert asked and all(f"/{revision}/vqvae/" in path or FakeHub.commit in path for path in asked)


def test_the_table_says_what_it_knows():
    for checkpoint in VQ_MODEL:
        assert checkpoint.subfolder == "vqvae" and checkpoint.file == FILE and not checkpoint.bundled
        assert checkpoint.licence and len(checkpoint.spanish) == 2
