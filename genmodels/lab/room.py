"""Where visitors train: how many may, whose turn it is, and what stays of a training between two clicks.

    with ROOM.enter(key) as seat:           # a key is one visitor's one view
        for ahead in seat.wait():           # as many train as may: how many must go before I can
            yield f"{ahead} before you"
        lab = seat.kept = seat.kept or Training(...)  # as I left it, if it is still here
        while not seat.over:                # my time is up, I left, or I pressed the button again
            with ROOM.turn():               # LANES compute at once, the others in the order they came
                train(lab.model, lab.source, SLICE)
            yield frame                     # outside the turn

Memory is bounded by the number of trainings, those that run and those that wait for their visitor's next
click: the longest idle one goes first, one that runs never. Nothing here belongs to a thread, because a
generator may be resumed and closed by any.
"""

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

from genmodels.runtime import Line, Place

LANES = 2  # trainings that compute at the same moment
SLICE = 0.05  # seconds of a turn
PLAY = 90.0  # seconds between admission and the end of one press of the button
CAPACITY = 16  # trainings that run at the same time; as many at most are in memory
IDLE = 600.0  # seconds that a training waits for its visitor


class Kept(NamedTuple):
    what: Any
    since: float


class Seat(Place):
    """A place in a room's line that knows its visitor. Entering joins, leaving keeps `kept`."""

    def __init__(self, room: "Room", key: Hashable, seconds: float):
        super().__init__(room.line)
        self.room, self.key, self.seconds = room, key, seconds
        self.kept: Any = None  # filled when it is admitted
        self.end: float | None = None  # of its time; None until it is admitted
        self.sent_away = self.forgotten = False

    def __enter__(self) -> "Seat":
        super().__enter__()
        with self.line.moved:
            for other in self.before():
                other.sent_away = True  # the last click counts
            self.line.moved.notify_all()
        return self

    def __exit__(self, *error: object) -> None:
        with self.line.moved:
            if self.kept is not None and self.end is not None and not self.forgotten:
                self.room.idle[self.key] = Kept(self.kept, self.room.clock())
        super().__exit__(*error)
        self.room.sweep()

    def wait(self, every: float = 0.5) -> Iterator[int]:
        """As a place's. Then `kept` is what was left here under this key, and the time begins.

        It ends too if it was sent away: then it is `over`, and nothing of it is kept.
        """
        yield from super().wait(every)
        with self.line.moved:
            if self.sent_away:
                return
            self.kept = self.room.idle.pop(self.key, Kept(None, 0)).what
            self.end = self.room.clock() + self.seconds
        self.room.sweep()

    def ahead(self) -> int:
        return 0 if self.sent_away else max(super().ahead(), len(self.before()))

    def before(self) -> list["Seat"]:
        """Earlier seats of the same key: what they train is mine when they have left."""
        earlier = list(self.line.places)[: self.line.places.index(self)]
        return [seat for seat in earlier if seat.key == self.key]

    @property
    def left(self) -> float:
        """Seconds of its time, 0 where it must go."""
        if self.sent_away or self.end is None:
            return 0.0
        return max(0.0, self.end - self.room.clock())

    @property
    def over(self) -> bool:
        return self.left == 0


class Room:
    def __init__(
        self,
        capacity: int = CAPACITY,
        idle_seconds: float = IDLE,
        lanes: int = LANES,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.capacity, self.idle_seconds, self.clock = capacity, idle_seconds, clock
        self.line, self.lanes = Line(capacity), Line(lanes)
        self.idle: OrderedDict[Hashable, Kept] = OrderedDict()  # the longest idle first

    def enter(self, key: Hashable, seconds: float = PLAY) -> Seat:
        """A new seat, good for one `with`."""
        return Seat(self, key, seconds)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """A lane to oneself, in the order of arrival: for a slice, then again at the end of the line."""
        with Place(self.lanes) as mine:
            for _ in mine.wait():
                pass
            yield

    def leave(self, key: Hashable) -> None:
        """The visitor has gone: nothing of it stays, what still runs stops at its next look at the time."""
        with self.line.moved:
            self.idle.pop(key, None)
            for seat in self.line.places:
                if seat.key == key:
                    seat.sent_away = seat.forgotten = True
            self.line.moved.notify_all()

    def running(self) -> int:
        with self.line.moved:
            return self._running()

    def _running(self) -> int:
        return min(len(self.line.places), self.capacity)

    def sweep(self) -> None:
        """Drop what waits too long, or has no room beside those who train; the longest idle first."""
        with self.line.moved:
            while self.idle:
                oldest = next(iter(self.idle.values()))
                fits = len(self.idle) + self._running() <= self.capacity
                if fits and self.clock() - oldest.since < self.idle_seconds:
                    break
                self.idle.popitem(last=False)


ROOM = Room()  # the one that all visitors of a process share
