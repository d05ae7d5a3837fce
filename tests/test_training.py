"""The loop: it learns, it resumes exactly, it writes a folder that loads."""

import argparse
import json

import pytest
import torch
from safetensors.torch import load_file

from genmodels.autoencoders.vae_plane import Autoencoder, AutoencoderConfig
from training import card, loop


def arguments(tmp_path, **changes) -> argparse.Namespace:
    args = loop.arguments("", 1).parse_args(["--device", "cpu", "--batch", "8", "--runs", str(tmp_path)])
    for name, value in changes.items():
        setattr(args, name, value)
    return args


def recipe(name: str = "tiny") -> loop.Recipe:
    torch.manual_seed(0)
    model = Autoencoder(AutoencoderConfig(channels=(4, 4, 4), hidden=8))

    def batch(rng):
        level = torch.from_numpy(rng.uniform(-1, 1, (8, 1, 1, 1))).float()
        return (level.expand(8, 1, 28, 28),)

    def loss(model, batch, generator):
        seen = batch[0] + 0.1 * torch.randn(batch[0].shape, generator=generator)
        drawn = model.decode(model.encode(seen).mean).float()
        return {"loss": (drawn - batch[0]).square().mean()}

    return loop.Recipe(name, model, batch, loss, lambda m: loop.grid(m.decode(torch.zeros(4, 2)), 2), lr=3e-3)


def same(a, b) -> bool:
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_resumed_run_is_the_uninterrupted_one(tmp_path, monkeypatch):
    whole, _ = loop.train(recipe("whole"), arguments(tmp_path, steps=6))

    ahead = loop.progress
    monkeypatch.setattr(loop, "progress", lambda run, args: 1.0 if run.step == 3 else ahead(run, args))
    half, took = loop.train(recipe("halves"), arguments(tmp_path, steps=6))  # killed after three of six
    monkeypatch.undo()
    assert took["steps"] == 3
    assert not same(half, whole)
    torch.manual_seed(99)  # nothing may depend on the global generator
    rest, took = loop.train(recipe("halves"), arguments(tmp_path, steps=6, resume=True))
    assert took["steps"] == 6
    assert same(rest, whole)


def test_it_learns_and_says_so(tmp_path):
    loop.train(recipe(), arguments(tmp_path, steps=300))
    rows = [json.loads(line) for line in (tmp_path / "tiny" / "log.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rows] == [50, 100, 150, 200, 250, 300]
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
    assert rows[-1]["lr"] < rows[2]["lr"]
    assert list((tmp_path / "tiny").glob("sheet_*.png"))


def test_a_run_of_minutes_ends(tmp_path):
    _, took = loop.train(recipe(), arguments(tmp_path, minutes=0.005))
    assert took["minutes"] <= 0.1
    assert took["images"] == 8 * took["steps"]
    assert took["steps"] > 0


def test_schedule_warms_up_and_cools_down():
    values = [loop.schedule(i / 100) for i in range(101)]
    assert values[0] < 0.1
    assert max(values) == pytest.approx(1, abs=0.01)
    assert values[-1] == pytest.approx(loop.LAST)
    peak = values.index(max(values))
    assert values[peak:] == sorted(values[peak:], reverse=True)


def test_a_bad_batch_does_not_reach_the_weights(tmp_path):
    args = arguments(tmp_path)
    bad = recipe()
    run = loop.start(bad, "cpu")
    before = [p.clone() for p in run.model.parameters()]
    bad.batch = lambda rng: (torch.full((8, 1, 28, 28), float("nan")),)
    loop.one_step(bad, run, args.seed, 1e-3)
    assert all(torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True))


def test_finished_folder_loads_and_repeats_its_golden_outputs(tmp_path, monkeypatch):
    model = recipe().model.eval().requires_grad_(False)
    monkeypatch.setattr("sys.argv", ["/somewhere/training/vae_plane.py", "--model", "ae"])

    def golden(m):
        return {"image": m.decode(torch.ones(2, 2))}

    folder = tmp_path / "out"
    shipped = card.finish(model, folder, golden, {"minutes": 1.5, "steps": 10, "images": 80}, "cpu")
    card.record(folder, measures={"psnr": 20.0})
    card.write_card(
        folder, card.Card("A title", "What it is.", "The data.", "Its limits."), "python -m x --measure"
    )
    again = Autoencoder.from_pretrained(folder)
    assert torch.equal(again.decode(torch.ones(2, 2)), load_file(folder / "golden.safetensors")["image"])
    assert same(again, shipped)
    facts = json.loads((folder / "metrics.json").read_text())
    assert facts["command"] == "python -m training.vae_plane --model ae"
    assert facts["measures"] == {"psnr": 20.0}
    text = (folder / "README.md").read_text()
    for part in ("license: mit", "# A title", facts["command"], "1.5 minutes", "10 steps", "| 20.0 |"):
        assert part in text


def test_grid_and_bytes_there_and_back():
    images = torch.linspace(-1, 1, 6)[:, None, None, None].expand(6, 3, 4, 4)
    sheet = loop.grid(images, 3)
    assert sheet.shape == (3, 10, 15)
    assert sheet[0, 0, 0] == -1
    assert sheet[0, 5, 10] == 1
    pixels = loop.to_uint8(images[2])
    assert torch.allclose(loop.from_uint8(pixels[None])[0], images[2], atol=1 / 255)
