"""The readers of data sets, on files written here: no data set is needed."""

import gzip
import json

import numpy as np
import pytest

from genmodels.data import readers


def idx(array: np.ndarray) -> bytes:
    return gzip.compress(
        bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()
    )


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("fashion", "mnist"):
        (tmp_path / name).mkdir()
        for prefix, count in (("train", 5), ("t10k", 3)):
            images = rng.integers(0, 256, (count, 28, 28), np.uint8)
            (tmp_path / name / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx(images))
            (tmp_path / name / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(
                idx(np.arange(count, dtype=np.uint8))
            )
    for name, file in (
        ("dcss", "dcss_cc0"),
        ("emoji", "noto64_rgba"),
        ("jsb", "jsb16_satb"),
        ("bach_solo", "bach_solo"),
    ):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / f"{file}.npz", images=np.zeros(2), notes=np.ones(3))
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "quijote_es.txt").write_text("En un lugar de la Mancha, año…", encoding="utf-8")
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "recipes.jsonl").write_text(json.dumps({"title": "Tarta"}) + "\n")
    return tmp_path


@pytest.mark.parametrize("reader", [readers.fashion, readers.mnist])
def test_idx(data, reader):
    images, labels = reader("test", data)
    assert images.shape == (3, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert labels.tolist() == [0, 1, 2]
    assert len(reader("train", data)[0]) == 5


def test_the_others(data):
    assert readers.dcss(data)["images"].shape == readers.emoji("noto", data)["images"].shape == (2,)
    assert readers.jsb(data)["notes"].sum() == readers.bach_solo(data)["notes"].sum() == 3
    assert readers.text("quijote_es", data).endswith("año…")
    assert readers.recipes(data) == [{"title": "Tarta"}]


def test_path_may_be_the_folder_itself(data):
    assert readers.find("text", data) == readers.find("text", data / "text") == data / "text"


def test_environment(data, monkeypatch):
    monkeypatch.setenv("LATENTE_DATA", str(data))
    assert readers.find("mnist") == data / "mnist"


def test_missing_set_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "ROOT", tmp_path / "project")
    monkeypatch.delenv("LATENTE_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="zalandoresearch/fashion-mnist") as caught:
        readers.fashion("train", tmp_path)
    assert str(tmp_path / "project" / "data") in str(caught.value)


def test_not_idx(data):
    file = data / "mnist" / "t10k-labels-idx1-ubyte.gz"
    file.write_bytes(gzip.compress(b"hello world"))
    with pytest.raises(ValueError, match="not idx"):
        readers.mnist("test", data)
