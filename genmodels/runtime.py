"""What visitors of one process share: the loaded models, the device, and noise that only a seed decides.

Memory and the device are scarce. `pool` loads each model once, for everybody, and drops the longest unused.
`turn` lets one computation at a time on a device, first come, first served. A generator may be resumed and
closed by other threads than the one that started it, so nothing here belongs to a thread: no RLock.
"""

import contextlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from genmodels import hub, machine, safefile
from genmodels.errors import Problem
from genmodels.machine import device, dtype, fast, memory_free, memory_used
from genmodels.model import Model
from genmodels.settings import configure, settings

__all__ = ["configure", "settings", "device", "dtype", "fast", "memory_free", "memory_used"]

M = TypeVar("M", bound=Model)
Name = str | Path | hub.Checkpoint
Progress = Callable[[int, int], None]

SHARE = 0.5  # of the free memory goes to loaded models; the rest is for what they compute


class Loaded(NamedTuple):
    """A line of the numbers panel."""

    name: str
    bytes: int
    users: int


@dataclass
class Slot:
    name: str
    bytes: int = 0
    users: int = 0
    model: Model | None = None  # None while it loads


class Pool:
    """Models in memory, within a budget of bytes. One in use stays; of the rest the longest unused goes."""

    def __init__(self, budget: int | None = None):
        self._budget = budget  # None: as the settings say
        self._slots: OrderedDict[tuple, Slot] = OrderedDict()  # the least recently used first
        self._changed = threading.Condition(threading.Lock())

    @property
    def bytes(self) -> int:
        with self._changed:
            return self._sum()

    def loaded(self) -> list[Loaded]:
        with self._changed:
            return [Loaded(s.name, s.bytes, s.users) for s in self._slots.values() if s.model]

    def budget(self, target: torch.device) -> int:
        """Bytes all models may take together: as configured, or a share of what is free without them."""
        return self._budget or settings.memory or int(SHARE * (memory_free(target) + self.bytes))

    @contextlib.contextmanager
    def use(
        self, cls: type[M], name: Name, progress: Progress | None = None, device: torch.device | None = None
    ) -> Iterator[M]:
        """`cls.from_pretrained(name)`, loaded unless it is, and kept in memory until the block ends."""
        target = device or machine.device()
        slot = self._take(cls, name, target, progress)
        try:
            yield slot.model
        finally:
            with self._changed:
                slot.users -= 1

    def _take(self, cls: type[M], name: Name, target: torch.device, progress: Progress | None) -> Slot:
        """The slot of a model, with one user more. The first to ask loads it, the others wait."""
        wanted = hub.checkpoint(name)
        key = (cls, wanted.name, wanted.revision, wanted.subfolder, wanted.file, target)
        with self._changed:
            while (slot := self._slots.get(key)) is not None and slot.model is None:
                self._changed.wait()
            if slot is None:
                self._slots[key] = slot = Slot(wanted.name)
            slot.users += 1
            self._slots.move_to_end(key)
        if slot.model is not None:
            return slot
        try:
            model = self._load(cls, name, target, progress, slot)
        except BaseException:  # whatever it was, nothing of it stays, and those who wait try themselves
            with self._changed:
                del self._slots[key]
                self._changed.notify_all()
            raise
        with self._changed:
            slot.model, slot.bytes = model, bytes_of(model)
            self._changed.notify_all()
        return slot

    def _load(
        self, cls: type[M], name: Name, target: torch.device, progress: Progress | None, slot: Slot
    ) -> M:
        """Fetch, make room, load. What does not fit is refused before it is fetched or read."""
        budget = self.budget(target)
        wanted = hub.checkpoint(name)
        must_fit(slot.name, wanted.size or wanted.about, budget)
        file = hub.weights_file(hub.folder(name, progress), name)
        numbers = dtype(target, safefile.parameters(file))
        need = safefile.bytes_in_memory(file, numbers.itemsize)
        must_fit(slot.name, need, budget)
        with self._changed:
            self._make_room(need, budget, slot)
        return fast(cls.from_pretrained(name, target, numbers), target)

    def _make_room(self, need: int, budget: int, slot: Slot) -> None:
        """Reserve `need` for the slot, dropping idle models for it, the longest unused first."""
        in_use = sum(other.bytes for other in self._slots.values() if other.users)
        if in_use + need > budget:
            facts = {"need": amount(need), "used": amount(in_use), "budget": amount(budget)}
            raise Problem("in_use", name=slot.name, **facts)
        idle = [key for key, other in self._slots.items() if not other.users]
        while self._sum() + need > budget:
            del self._slots[idle.pop(0)]
        slot.bytes = need

    def _sum(self) -> int:
        return sum(slot.bytes for slot in self._slots.values())


def must_fit(name: str, need: int, budget: int) -> None:
    if need > budget:
        raise Problem("memory", name=name, need=amount(need), budget=amount(budget))


def bytes_of(model: nn.Module) -> int:
    """Bytes of a model's parameters and buffers."""
    return sum(x.numel() * x.element_size() for x in (*model.parameters(), *model.buffers()))


def amount(size: float) -> str:
    """Bytes as people write them."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} GiB"


pool = Pool()  # the one that all tabs share


# ------------------------------------------------------------------------------------------ whose turn it is


class Line:
    """The people waiting for one device, in the order they came. The first `width` have it."""

    def __init__(self, width: int = 1) -> None:
        self.width = width
        self.places: deque[Place] = deque()
        self.moved = threading.Condition(threading.Lock())


class Place:
    """A place in a line, as a context manager: entering joins at the end, leaving gives device or place up.

        with turn() as mine:
            for ahead in mine.wait():  # how many are before me, now and twice a second, until nobody is
                yield f"{ahead} before you"
            ...  # alone on the device; whatever closes this generator frees it

    Not reentrant: a second turn on the same device inside the first would wait for itself.
    """

    def __init__(self, line: Line):
        self.line = line

    def __enter__(self) -> "Place":
        with self.line.moved:
            self.line.places.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        with self.line.moved:
            self.line.places.remove(self)
            self.line.moved.notify_all()

    def wait(self, every: float = 0.5) -> Iterator[int]:
        """How many are before me, at once and every so many seconds. Ends when it is my turn."""
        while True:
            with self.line.moved:
                ahead = self.ahead()
            if ahead <= 0:
                return
            yield ahead
            with self.line.moved:
                self.line.moved.wait_for(lambda: self.ahead() <= 0, timeout=every)

    def ahead(self) -> int:
        """How many must leave before it is my turn; 0 or less: it is."""
        return self.line.places.index(self) + 1 - self.line.width


_lines: dict[torch.device, Line] = {}


def turn(device: torch.device | None = None) -> Place:
    """A new place in the line of a device (the configured one by default), good for one `with`."""
    return Place(_lines.setdefault(machine.device(str(device or "")), Line()))


@contextlib.contextmanager
def alone(device: torch.device | None = None) -> Iterator[None]:
    """The device to oneself, for code that has nobody to tell how long the line is."""
    with turn(device) as mine:
        for _ in mine.wait():
            pass
        yield


# ------------------------------------------------------------------------------------------ noise


def generators(seed: int, n: int) -> list[torch.Generator]:
    """One CPU generator per image of a batch: image k gets seed + k, alone or in company."""
    return [torch.Generator().manual_seed(seed + k) for k in range(n)]


def noise(
    seed: int,
    n: int,
    shape: tuple[int, ...],
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """(n, *shape) standard normal numbers, drawn on the CPU, then moved: a seed is the same anywhere."""
    return torch.stack([torch.randn(shape, generator=g) for g in generators(seed, n)]).to(device, dtype)
