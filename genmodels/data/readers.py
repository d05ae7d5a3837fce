"""Readers of the data sets that the recipes train on. Numpy out; nothing is downloaded.

A set is a folder called after it. It is looked for in the path given, in $LATENTE_DATA, in `data/` of this
project and in `../shared/data`; where to get it is part of the error. None of them ships with the project.
"""

import gzip
import json
import os
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent

SOURCES = {
    "fashion": "github.com/zalandoresearch/fashion-mnist, the four gz files of data/fashion (MIT)",
    "mnist": "the four idx gz files of MNIST, for example from yann.lecun.com or an OpenML mirror",
    "dcss": "github.com/crawl/tiles, packed as dcss_cc0.npz (CC0)",
    "emoji": "Noto, Twemoji and OpenMoji at 64 px, packed as <style>64_rgba.npz",
    "jsb": "github.com/czhuang/JSB-Chorales-dataset, packed as jsb16_satb.npz",
    "bach_solo": "github.com/MutopiaProject/MutopiaProject, ftp/BachJS, packed as bach_solo.npz",
    "text": "tinyshakespeare.txt (karpathy/char-rnn), names.txt (karpathy/makemore), quijote_es (Gutenberg)",
    "recipes": "github.com/ronaldl29/public-domain-recipes, packed as recipes.jsonl (Unlicense)",
}

FASHION_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def find(name: str, path: str | Path | None = None) -> Path:
    """The folder of the data set called `name`; `path` is that folder, or the one that holds it."""
    places = [Path(path), Path(path) / name] if path else []
    if "LATENTE_DATA" in os.environ:
        places.append(Path(os.environ["LATENTE_DATA"]) / name)
    places += [ROOT / "data" / name, ROOT.parent / "shared" / "data" / name]
    for place in places:
        if place.is_dir() and place.name == name:
            return place
    looked = ", ".join(str(p) for p in places)
    raise FileNotFoundError(f"No data set {name}. Get it from: {SOURCES[name]}. Looked in: {looked}.")


def fashion(split: str = "train", path: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST: images uint8 (N, 28, 28), labels uint8 (N,). `split` is train or test."""
    return _idx_pair(find("fashion", path), split)


def mnist(split: str = "train", path: str | Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """MNIST: images uint8 (N, 28, 28), labels uint8 (N,). `split` is train or test."""
    return _idx_pair(find("mnist", path), split)


def dcss(path: str | Path | None = None) -> dict[str, np.ndarray]:
    """Dungeon Crawl tiles, the CC0 set: images uint8 (5550, 32, 32, 4), names, kind, kinds, release."""
    return _arrays(find("dcss", path) / "dcss_cc0.npz")


def emoji(style: str = "noto", path: str | Path | None = None) -> dict[str, np.ndarray]:
    """Emoji: images uint8 (1870, 64, 64, 4), name, name_es, group... in the same order for every style
    (noto, twemoji, openmoji); noto_skintones has 1785 more."""
    style, _, more = style.partition("_")
    return _arrays(find("emoji", path) / f"{style}64_{more + '_' if more else ''}rgba.npz")


def jsb(path: str | Path | None = None) -> dict[str, np.ndarray]:
    """Bach chorales: notes int8 (T, 4), MIDI pitch per sixteenth, -1 is silence; offsets; split."""
    return _arrays(find("jsb", path) / "jsb16_satb.npz")


def bach_solo(path: str | Path | None = None) -> dict[str, np.ndarray]:
    """Bach for one instrument: notes int32 (N, 3) = onset, pitch, duration (384 ticks a quarter); offsets."""
    return _arrays(find("bach_solo", path) / "bach_solo.npz")


def text(name: str = "tinyshakespeare", path: str | Path | None = None) -> str:
    """A text: tinyshakespeare, names or quijote_es."""
    return (find("text", path) / f"{name}.txt").read_text(encoding="utf-8")


def recipes(path: str | Path | None = None) -> list[dict]:
    """410 recipes: title, tags, text (markdown), file."""
    lines = (find("recipes", path) / "recipes.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _idx_pair(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    prefix = {"train": "train", "test": "t10k"}[split]
    images, labels = f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz"
    return _idx(folder / images), _idx(folder / labels)


def _idx(file: Path) -> np.ndarray:
    """LeCun's idx: two zero bytes, type (8 = uint8), number of axes, one big-endian int32 per axis, data."""
    raw = gzip.decompress(file.read_bytes())
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{file} is not idx of bytes: it starts with {raw[:4]!r}.")
    axes = raw[3]
    shape = np.frombuffer(raw, ">i4", axes, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _arrays(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as arrays:
        return {k: arrays[k] for k in arrays.files}
