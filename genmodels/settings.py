"""What the person who starts the gallery decides once: device, memory, threads, network. Imports no torch."""

import re
from dataclasses import dataclass

UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


@dataclass
class Settings:
    device: str = "auto"  # auto = cuda, else mps, else cpu; or a name such as cuda:1
    memory: int | None = None  # bytes of models kept loaded; None = a share of what is free
    threads: int | None = None  # CPU threads that compute; None = all cores but one
    offline: bool = False  # never ask the Hub


settings = Settings()  # the one instance; `configure` changes it, everybody reads it


def configure(
    device: str = "auto",
    memory: str | int | None = None,
    offline: bool = False,
    threads: int | None = None,
) -> None:
    """Called by the app before its first model. `memory` is bytes or a text such as "4GiB"."""
    settings.device, settings.offline, settings.threads = device, offline, threads
    settings.memory = bytes_of(memory) if isinstance(memory, str) else memory


def bytes_of(text: str) -> int:
    """ "4GiB", "512 MB" or "1000" in bytes. Units are powers of two, whether written GB or GiB."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", text.lower())
    if match is None:
        raise ValueError(f"{text!r} is not an amount of memory such as 4GiB")
    return int(float(match[1]) * UNITS[match[2]])
