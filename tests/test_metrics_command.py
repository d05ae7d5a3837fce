"""`python -m genmodels.metrics`: the ruler on cases with known answers, and the command itself."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from genmodels import draws, families, hub
from genmodels.data import folder
from genmodels.metrics import MEASURED, attributes, cost, report, traits
from genmodels.metrics.copies import Memory, nearer
from genmodels.metrics.frechet import frechet_distance, moments
from genmodels.metrics.inception import Inception, frechet_inception
from genmodels.metrics.ruler import Ruler, compare, drawn

COUNT = 60


def normal(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def faces() -> Ruler:
    return Ruler.of("faces", COUNT)


def command(*args: str) -> subprocess.CompletedProcess:
    run = [sys.executable, "-W", "error", "-m", "genmodels.metrics", *args]
    return subprocess.run(run, cwd=hub.WEIGHTS.parent, capture_output=True, text=True)


# ---- distances ---------------------------------------------------------------------------------------------


def test_frechet_by_the_eigenvalues_of_the_product():
    """tr (C1 C2)^1/2 is the sum of the roots of the eigenvalues of C1 C2, which need no root of a matrix."""
    x, y = normal(300, 9) @ normal(9, 9, 1), normal(300, 9, 2) + 1
    (m1, c1), (m2, c2) = moments(x), moments(y)
    roots = torch.linalg.eigvals(c1 @ c2).real.clamp_min(0).sqrt().sum()
    expected = (m1 - m2).square().sum() + c1.trace() + c2.trace() - 2 * roots
    assert frechet_distance(m1, c1, m2, c2).item() == pytest.approx(expected.item(), rel=1e-9)


def test_a_lost_mode_costs_recall_and_not_precision():
    centres = torch.tensor([[0.0, 0.0], [20.0, 0.0]])
    real = torch.cat([centres[k] + normal(100, 2, k) for k in (0, 1)])
    half = centres[0] + normal(200, 2, 5)
    found = compare(real, half)
    assert found["precision"] > 0.9 and found["recall"] < 0.6 and found["coverage"] <= 0.5
    whole = compare(real, torch.cat([centres[k] + normal(100, 2, 7 + k) for k in (0, 1)]))
    assert whole["recall"] > 0.9 and whole["coverage"] > 0.9 and whole["frechet"] < found["frechet"] / 10


def test_noise_costs_precision():
    real = normal(200, 8)
    found = compare(real, 4 * normal(200, 8, 1))
    assert found["precision"] < 0.2 and found["density"] < 0.2


# ---- learnt by heart ---------------------------------------------------------------------------------------


def test_nearer_is_a_chance():
    a = torch.tensor([1.0, 2.0, 3.0])
    assert nearer(a, a) == 0.5 and nearer(a - 9, a) == 1 and nearer(a + 9, a) == 0
    assert nearer(torch.tensor([2.0]), a) == pytest.approx(0.5)


def test_copies_are_found_and_new_faces_are_not(faces):
    from genmodels.data.faces import batch

    learnt = torch.from_numpy(batch(range(100, 100 + COUNT), 64)[0]).permute(0, 3, 1, 2).float() / 127.5 - 1
    by_heart, new = faces.copies(learnt), faces.copies(drawn(families.entry("real-faces"), COUNT))
    assert by_heart["nearer"] > 0.99 and by_heart["copies"] > 0.95
    assert 0.3 < new["nearer"] < 0.7 and new["copies"] < 0.1


def test_garments_that_are_not_here_leave_it_out(monkeypatch):
    from genmodels.data import readers

    def missing(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(readers, "fashion", missing)
    assert Memory.of("fashion") is None and Memory.of("faces") is not None


# ---- attributes --------------------------------------------------------------------------------------------


def test_counts_are_stored_and_read_in_one_order(faces):
    at = attributes.edges(faces)
    counts = attributes.histogram(faces, faces.real, at)
    found = traits.parts("faces", counts)
    assert found.keys() == traits.groups("faces").keys()
    for group, names in traits.groups("faces").items():
        assert len(found[group]) == len(names) and sum(found[group]) == pytest.approx(1000, abs=len(names))
    for name in traits.NUMBERS:  # the bins were made so
        assert found[name] == pytest.approx([200] * traits.BINS, abs=20)


def test_what_the_painter_painted_is_what_is_counted(faces):
    from genmodels.data.faces import random_face

    painted = [random_face(draws.HELD_OUT + 5_000 + k) for k in range(COUNT)]
    at, groups = attributes.edges(faces), traits.groups("faces")
    found = attributes.classes(faces, attributes.outputs(faces, faces.real), at)
    for group, of in (("hat", "hat"), ("glasses", "glasses"), ("background", "background")):
        told = [groups[group].index(getattr(face, of)) for face in painted]
        assert (found[group] == torch.tensor(told)).double().mean() > 0.9, group


def test_obedience_of_real_faces_is_the_readers_and_of_others_chance(faces):
    asked = draws.by_lot(families.entry("ddpm-faces"), 5_000, COUNT)
    found = attributes.obedience(faces, faces.real, asked)
    assert found["obedience"] > 0.85 and found["obedience_glasses"] > 0.9
    wrong = attributes.obedience(faces, faces.real, [(c + 3) % 12 for c in asked])
    assert wrong["obedience"] < 0.3


def test_a_leak_is_one_where_it_was_asked_for(faces):
    watched = ["glasses", "smile", "hat"]
    found = attributes.leak(faces, families.entry("cgan-faces"), "glasses", watched, 24)
    assert found[0] == 1 and all(abs(v) < 0.5 for v in found[1:])


# ---- the command -------------------------------------------------------------------------------------------


def test_help_says_what_the_numbers_are_not():
    words = command("--help")
    assert words.returncode == 0 and "NOT comparable" in words.stdout and "--against" in words.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [((), "which one"), (("stylegan",), "neither"), (("wgan-faces", "--samples", "5"), "from 20 to 5000")],
)
def test_a_wrong_question_is_answered(args, told):
    answer = command(*args)
    assert answer.returncode == 2 and told in answer.stderr and "Traceback" not in answer.stderr


def test_one_entry_with_all_that_is_measured():
    answer = command("cgan-faces", "--samples", "40")
    assert answer.returncode == 0, answer.stderr[-2000:]
    found = json.loads(answer.stdout)
    told = {
        "frechet",
        "kernel",
        "precision",
        "recall",
        "density",
        "coverage",
        "nearer",
        "copies",
        "attributes",
    }
    cost_of = {"seconds_one", "seconds_16", "memory", "parameters", "minutes", "weights"}
    assert told | cost_of | {"obedience", "machine"} <= found.keys()
    assert found["memory"] > 4 * found["parameters"] / 4 and found["seconds_16"] > 0
    assert "bits" not in found  # no GAN has a likelihood


def test_a_folder_of_pictures(tmp_path):
    x = drawn(families.entry("real-faces"), 30)
    for k, page in enumerate(((x + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()):
        Image.fromarray(page).save(tmp_path / f"{k:03}.png")
    assert np.array_equal(
        folder.pngs(tmp_path, (3, 64, 64), 5)[2], ((x[2] + 1) * 127.5).round().byte().numpy()
    )
    found = report.folder(tmp_path, "faces", 30)
    assert found["samples"] == 30 and found["precision"] > 0.8
    Image.new("RGB", (32, 32)).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match=r"small.png is 32 x 32, not 64 x 64"):
        folder.pngs(tmp_path, (3, 64, 64))
    with pytest.raises(FileNotFoundError, match=r"no \*.png"):
        folder.pngs(tmp_path / "nothing", (3, 64, 64))


def test_all_goes_on_where_it_was_cut_off(tmp_path, monkeypatch):
    measured: list[str] = []

    def entry(one: families.Entry, samples: int, inception: None) -> dict:
        measured.append(one.name)
        return {"frechet": 1.0, "samples": samples}

    monkeypatch.setattr(report, "entry", entry)
    args = ["--only", "vae-faces", "wgan-faces", "--samples", "50", "--out", str(tmp_path / "m.json")]
    from genmodels.metrics.__main__ import arguments

    report.all_of(arguments().parse_args(["--all", *args]))
    report.all_of(arguments().parse_args(["--all", *args]))
    assert measured == ["vae-faces", "wgan-faces"]
    report.all_of(arguments().parse_args(["--all", *args[:-1], str(tmp_path / "m.json"), "--again"]))
    assert len(measured) == 4
    monkeypatch.setattr(report, "fingerprint", lambda e: "other weights")
    report.all_of(arguments().parse_args(["--all", *args]))
    assert len(measured) == 6
    found = json.loads((tmp_path / "m.json").read_text())
    assert list(found["entries"]) == ["vae-faces", "wgan-faces"] and found["machine"]["threads"] >= 1


def test_bits_are_those_of_the_folder_and_say_what_they_are():
    measures = report.metrics("pixelvae-fashion")["measures"]
    assert report.told(families.entry("pixelvae-fashion"))["bits"] == measures["bits_per_dim_tight"]
    assert "bits" not in report.told(families.entry("wgan-faces"))
    both = report.told(families.entry("vqvae-faces"))
    own = [report.metrics(n)["parameters"] for n in ("vqvae-faces", "vqvae-faces-prior")]
    assert both["parameters"] == sum(own)


def test_the_cost_is_a_peak_of_its_own_process():
    entry = families.entry("cgan-fashion")
    found = report.cost(entry)
    weights = 4 * report.told(entry)["parameters"]
    assert found["seconds_16"] < 20 and weights / 2 < found["memory"] < 600e6
    assert cost.peak() > 0


# ---- the standard distance, for who has the weights --------------------------------------------------------


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Random ones, in the layout of pt_inception-2015-12-05."""
    model, luck = Inception(), torch.Generator().manual_seed(0)
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    for value in (v for v in state.values() if v.dim() == 4):
        value.copy_(torch.randn(value.shape, generator=luck) * (2 / value[0].numel()) ** 0.5)
    file = tmp_path_factory.mktemp("inception") / "inception.safetensors"
    save_file(state | {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}, file)
    return file


def test_inception_has_the_names_and_shapes_of_the_network_that_fids_are_taken_on():
    """Those of torchvision 0.29 with 1,008 classes and no auxiliary head, as pytorch-fid stores it."""
    state = Inception().state_dict()
    rows = sorted(f"{k} {tuple(v.shape)}" for k, v in state.items() if not k.endswith("num_batches_tracked"))
    assert (
        len(rows) == 470 and hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16] == "e22ffc91a09f7caa"
    )
    assert sum(p.numel() for p in Inception().parameters()) == 23_850_960 - 1008 * 2049


def test_inception_reads_strictly_and_its_distance_is_none_of_the_same(weights):
    x = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(1)) - 0.5
    assert frechet_inception(weights, x, x) == pytest.approx(0, abs=1e-3)
    state = load_file(weights)
    missing = weights.with_name("missing.safetensors")
    save_file({k: v for k, v in state.items() if k != "Mixed_6a.branch3x3.conv.weight"}, missing)
    with pytest.raises(ValueError, match=r"Mixed_6a.branch3x3.conv.weight is missing"):
        Inception.read(missing)
    save_file(state | {"AuxLogits.fc.bias": torch.zeros(3)}, missing)
    with pytest.raises(ValueError, match=r"AuxLogits.fc.bias is not of Inception"):
        Inception.read(missing)


# ---- what ships --------------------------------------------------------------------------------------------


def test_the_file_that_ships_is_small_and_whole():
    found = json.loads(MEASURED.read_text())
    assert MEASURED.stat().st_size <= 25_000
    assert {"machine", "measured", "samples", "neighbours", "entries", "leak"} <= found.keys()
    assert {e["samples"] for e in found["entries"].values()} == {
        found["samples"]
    }  # or distances do not compare
    for name, values in found["entries"].items():
        entry = families.entry(name)
        assert len(values["attributes"]) == sum(map(len, traits.groups(entry.data).values()))
        assert 0 <= values["precision"] <= 1 and 0 <= values["recall"] <= 1 and values["frechet"] >= 0
        if entry.checkpoint:
            assert values["seconds_16"] > 0 and values["parameters"] > 0


def test_the_file_that_ships_is_of_these_weights():
    found = json.loads(MEASURED.read_text())["entries"]
    there = {e.name for e in families.here()}
    assert there == {name for name in found if families.entry(name).checkpoint}
    stale = [n for n in there if found[n]["hash"] != report.fingerprint(families.entry(n))]
    assert not stale, f"measure again: python -m genmodels.metrics --all ({', '.join(sorted(stale))})"
