"""Diffusion's tables of checkpoints: what ships, what is asked of the Hub, what the answers then mean.

A Hub on the loopback serves small networks in the layouts of the real ones, old names of attention included.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from demos.kit import card, denoisers
from genmodels import adapter, hub
from genmodels.autoencoders.checkpoints import VQ_MODEL
from genmodels.autoencoders.vq_model import VQModel
from genmodels.diffusion import checkpoints, latent, samplers, schedules
from genmodels.diffusion.checkpoints import CONSISTENCY_HUB, DIT_HUB, HUB, LATENT_HUB
from genmodels.diffusion.denoiser import Denoiser, bound, guided
from genmodels.diffusion.dit import DiT
from genmodels.diffusion.unet import UNet
from genmodels.errors import Problem
from genmodels.foreign import PROJECTIONS
from genmodels.runtime import Pool, generators
from tests.fakehub import FakeHub
from tests.test_dit import SMALL
from tests.test_dit import peer_of as dit_of
from tests.test_unet import CONSISTENCY, FILE, KINDS, peer_of
from tests.test_vq_model import LDM
from tests.test_vq_model import peer_of as vq_of

diffusers = pytest.importorskip("diffusers")

BUNDLED = (*checkpoints.UNETS, *checkpoints.FLOWS, *checkpoints.DITS, *checkpoints.CONSISTENCY)
ALL = (*HUB, *CONSISTENCY_HUB, *LATENT_HUB, *DIT_HUB)


def files(peer: Any, folder: Path, below: str = "", legacy: bool = False) -> dict[str, bytes]:
    """As diffusers saves it; `legacy`: with the names of 2022."""
    peer.save_pretrained(folder)
    if legacy:
        state = load_file(folder / FILE)
        for before, now in PROJECTIONS.items():
            state = {key.replace(f".{now}.", f".{before}."): value for key, value in state.items()}
        save_file(state, folder / FILE)
    return {f"{below}{f.name}": f.read_bytes() for f in folder.iterdir()}


def here(checkpoint: hub.Checkpoint) -> hub.Checkpoint:
    """The line of the table, but for the commit and the hash of files that are not the real ones."""
    pinned = len(checkpoint.revision) == 40
    return replace(checkpoint, revision=FakeHub.commit if pinned else checkpoint.revision, sha256="")


CIFAR = KINDS["ddpm"]


@pytest.mark.parametrize("checkpoint", HUB, ids=lambda c: c.name)
def test_networks_of_pixels(hub_here, tmp_path, checkpoint):
    """Epsilon on the linear schedule, as DDPM; of the one whose file we could not see, as it says."""
    peer = peer_of(**CIFAR)
    served = files(peer, tmp_path / "unet", legacy=checkpoint.name != "1aurent/ddpm-mnist")
    served["diffusion_pytorch_model.bin"] = b"a pickle"
    expected = ("epsilon", "linear")
    if checkpoint.also:
        scheduler = diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="sample")
        served |= files(scheduler, tmp_path / "scheduler")
        expected = ("sample", "cosine")
    hub_here.put(checkpoint.name, served)
    model = UNet.from_pretrained(here(checkpoint))
    denoise = Denoiser.of(model)
    assert (denoise.prediction, denoise.schedule) == expected
    assert not hub_here.asked("GET", ".bin")
    x, t = torch.randn(1, 3, 16, 16, generator=generators(0, 1)[0]), torch.tensor([500.0])
    torch.testing.assert_close(model(x, t), peer(x, t).sample, atol=1e-4, rtol=0)


def test_a_consistency_model_and_its_classes(hub_here, tmp_path, monkeypatch):
    """The table says that it jumps; it has no class for any, so any is all of them in turn."""
    checkpoint = here(CONSISTENCY_HUB[0])
    served = files(peer_of(**CONSISTENCY), tmp_path / "unet", "unet/")
    hub_here.put(checkpoint.name, served | {"config.json": b"{}"})
    monkeypatch.setattr(denoisers, "CONSISTENCY_HUB", (checkpoint,))
    with denoisers.use(checkpoint.name) as denoise:
        assert (denoise.prediction, denoise.ends) == ("consistency", (0.002, 80.0))
        assert denoisers.labels(denoise, -1, -1, 3, -1).tolist() == [0, 2, 3, 7]
        assert denoisers.labels(denoise, -1).tolist() == [0]
        with pytest.raises(ValueError, match="no class for any"):
            denoise(torch.zeros(1, 3, 16, 16), 80.0)


def test_without_classes_nothing_is_guided(hub_here, tmp_path, monkeypatch):
    checkpoint = here(HUB[1])
    hub_here.put(checkpoint.name, files(peer_of(**CIFAR), tmp_path / "unet"))
    monkeypatch.setattr(denoisers, "HUB", (checkpoint,))
    with denoisers.use(checkpoint.name) as denoise:
        labels = denoisers.labels(denoise, 3)
        assert labels is None and denoisers.words(checkpoint.name, 3, "en") == "any"
        x = torch.ones(1, 3, 16, 16)
        assert torch.equal(guided(denoise, labels, 4.0)(x, 2.0), bound(denoise)(x, 2.0))


def test_latent_diffusion_draws_what_its_pipeline_draws(hub_here, tmp_path):
    unets = peer_of(**KINDS["ldm"])
    unets.conv_out.weight.mul_(0.3)
    vq = vq_of(LDM)
    table, codes = LATENT_HUB[0], VQ_MODEL[1]
    assert table.name == codes.name
    served = files(unets, tmp_path / "unet", "unet/", legacy=True)
    hub_here.put(table.name, served | files(vq, tmp_path / "vqvae", "vqvae/", legacy=True))
    model, autoencoder = UNet.from_pretrained(table), VQModel.from_pretrained(codes)
    scheduler = diffusers.DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.0015, beta_end=0.0195, clip_sample=False
    )
    pipeline = diffusers.LDMPipeline(vqvae=vq, unet=unets, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    found = pipeline(batch_size=2, generator=generators(7, 2), num_inference_steps=10, output_type="np")
    expected = torch.from_numpy(found.images).permute(0, 3, 1, 2)
    sigmas = schedules.leading("scaled_linear", 10)
    x = samplers.start((3, 16, 16), sigmas[0], generators(7, 2))
    *_, last = samplers.ddim(Denoiser.of(model), x, sigmas)
    drawn = latent.decode(autoencoder, last.x)
    assert drawn.shape == (2, 3, 64, 64) and expected.std() > 0.02
    close = ((drawn / 2 + 0.5 - expected).abs() < 1e-4).float().mean()
    assert close > 0.95  # a vector between two codes may fall either way
    z = latent.encode(autoencoder, drawn)
    torch.testing.assert_close(z, vq.encode(drawn).latents, atol=1e-5, rtol=1e-5)


def test_dit_is_read_without_its_copies(hub_here, tmp_path):
    checkpoint = here(DIT_HUB[0])
    hub_here.put(checkpoint.name, files(dit_of(**SMALL), tmp_path / "dit", "transformer/"))
    model = DiT.from_pretrained(checkpoint)
    assert (model.config.prediction, model.config.schedule) == ("epsilon", "linear")
    assert model.any(torch.zeros(2, 3, 16, 16)).tolist() == [10, 10]


def test_weights_that_are_not_the_published_ones_are_refused(hub_here, tmp_path):
    checkpoint = replace(HUB[1], revision=FakeHub.commit)
    hub_here.put(checkpoint.name, files(peer_of(**CIFAR), tmp_path / "unet"))
    with pytest.raises(Problem, match=checkpoint.sha256):
        UNet.from_pretrained(checkpoint)


def test_what_this_machine_cannot_hold_is_refused_before_it_is_fetched(hub_here):
    """Also where only the rounded size is known."""
    for checkpoint in ALL:
        kind = DiT if checkpoint in DIT_HUB else UNet
        with pytest.raises(Problem) as problem, Pool(budget=1_000_000).use(kind, checkpoint):
            pass
        assert problem.value.cause == "memory" and checkpoint.name in str(problem.value)
    assert not hub_here.requests


def test_the_tables_say_what_they_know():
    assert len({c.name for c in ALL}) == len(ALL)
    for checkpoint in ALL:
        assert not checkpoint.bundled and checkpoint.file == FILE and checkpoint.about > 1_000_000
        assert checkpoint.licence and checkpoint.data and len(checkpoint.spanish) == 2
        assert dict(checkpoint.says).keys() <= {"prediction", "schedule"}
        assert card.choice(checkpoint, "es").startswith(checkpoint.spanish[0])
    assert card.choice(HUB[1], "en").endswith(" · 136 MiB · Hub")
    assert all(c.bundled and not c.says for c in BUNDLED)


@pytest.mark.parametrize("name", [c.name for c in BUNDLED])
@torch.no_grad()
def test_what_ships(name):
    folder = hub.WEIGHTS / name
    if not (folder / "golden.safetensors").is_file():
        pytest.skip(f"{name} is not trained yet")
    model = (DiT if name.startswith("dit-") else UNet).from_pretrained(name)
    golden = load_file(folder / "golden.safetensors")
    found = model(golden["x"], golden["t"], golden["labels"])
    torch.testing.assert_close(found, golden["answer"], atol=1e-4, rtol=1e-4)
    facts = json.loads((folder / "metrics.json").read_text())
    assert facts["parameters"] == sum(p.numel() for p in model.parameters())
    size = (folder / "model.safetensors").stat().st_size
    changed = adapter.BASE in json.loads((folder / "config.json").read_text())
    whole = not changed and "--thin" not in facts["command"]
    assert size < 2 * facts["parameters"] + 40_000 and (size > 2 * facts["parameters"]) == whole  # halves
