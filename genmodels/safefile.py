"""A safetensors file, checked before any library opens it.

A file is eight bytes (the length N of the header, little-endian), N bytes of JSON, then the tensors' bytes:
`{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}}`.
Whatever does not fit is a Problem that names the file, and nothing in it was run or allocated.
"""

import hashlib
import json
from math import prod
from pathlib import Path
from typing import Any

from genmodels.errors import Problem

MAX_HEADER = 100_000_000  # bytes; the limit of the safetensors library itself
# Bits per value of each dtype a header may name; those under a byte are packed.
BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64}
BITS |= {
    "U32": 32,
    "U16": 16,
    "U8": 8,
    "BOOL": 8,
    "C64": 64,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "F4": 4,
}
FLOATS = ("F64", "F32", "F16", "BF16")


def header(path: Path) -> dict[str, dict[str, Any]]:
    """The tensors a file holds: name -> dtype, shape, data_offsets; every byte of the file accounted for."""
    size = path.stat().st_size
    with path.open("rb") as f:
        start = f.read(8)
        if kind := is_pickle(start):
            raise Problem("pickle", file=str(path), found=kind)
        length = int.from_bytes(start, "little")
        if len(start) == 8 and length > MAX_HEADER:
            raise Problem("header", file=str(path), found=f"its header claims {length} bytes")
        if size < 8 + length or len(start) < 8:
            raise Problem("truncated", file=str(path), size=size, expected=8 + length)
        text = f.read(length)
    try:
        tensors = json.loads(text)
        tensors.pop("__metadata__", None)
        for name, entry in tensors.items():
            check_entry(path, name, entry)
        spans = sorted(entry["data_offsets"] for entry in tensors.values())
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as e:
        raise Problem("header", file=str(path), found=f"its header is not that of safetensors ({e!r})") from e
    end = 0
    for begin, after in spans:
        if begin != end:
            raise Problem("header", file=str(path), found=f"its tensors overlap or leave a gap at byte {end}")
        end = after
    end += 8 + length
    if size < end:
        raise Problem("truncated", file=str(path), size=size, expected=end)
    if size > end:
        raise Problem("header", file=str(path), found=f"{size - end} bytes follow its last tensor")
    return tensors


def is_pickle(start: bytes) -> str:
    """What a file with these first bytes is, if it is what torch.save or pickle.dump write."""
    if start.startswith(b"PK\x03\x04"):
        return "it is a zip archive, as torch.save writes"
    return (
        "it is a pickle"
        if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
        else ""
    )


def check_entry(path: Path, name: str, entry: dict[str, Any]) -> None:
    """A tensor's bytes are as many as its shape needs."""
    begin, end = entry["data_offsets"]
    shape, bits = entry["shape"], BITS[entry["dtype"]]
    sane = all(type(n) is int and n >= 0 for n in (begin, end, *shape))
    if not sane or (end - begin) * 8 != prod(shape) * bits:
        raise Problem(
            "header", file=str(path), found=f"{name} of shape {shape} lies at bytes {begin} to {end}"
        )


def verify(path: Path, size: int = 0, sha256: str = "") -> None:
    """The whole file is safetensors, and the one that was published, where size and hash are known."""
    found = path.stat().st_size
    header(path)
    if size and found != size:
        raise Problem("size", file=str(path), size=found, expected=size)
    if sha256 and (actual := hash_of(path)) != sha256:
        raise Problem("hash", file=str(path), sha256=actual, expected=sha256)


def hash_of(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def bytes_in_memory(path: Path, bytes_per_float: int) -> int:
    """What the file's tensors take once loaded, its floats at the given width."""
    total = 0
    for entry in header(path).values():
        bits = 8 * bytes_per_float if entry["dtype"] in FLOATS else BITS[entry["dtype"]]
        total += prod(entry["shape"]) * bits // 8
    return total


def parameters(path: Path) -> int:
    """How many numbers a file holds."""
    return sum(prod(entry["shape"]) for entry in header(path).values())
