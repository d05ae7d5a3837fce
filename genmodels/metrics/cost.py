"""What a sample costs here, in seconds and memory: `python -m genmodels.metrics.cost NAME`.

In a process of its own, so that the peak of the memory is that of this model: its weights and all that it
computes for sixteen samples, above what Python with torch takes before it is loaded. Prints one JSON object.
"""

import json
import re
import statistics
import sys
import time
from collections.abc import Iterator

from genmodels import families

MANY = 16
ROUNDS, ENOUGH = 5, 3.0  # at most so many rounds, none begun after so many seconds


def seconds(entry: families.Entry, count: int, seed: int = 0) -> Iterator[float]:
    """Of each round that draws `count` samples, whatever the first one had to load left out."""
    sampler = families.load(entry)
    families.last(sampler(seed, 1))
    began = time.perf_counter()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        families.last(sampler(seed, count))
        yield time.perf_counter() - start
        if time.perf_counter() - began > ENOUGH:
            return


def peak() -> int:
    """The most bytes that this process has held so far; 0 where the system does not say."""
    from genmodels.machine import read

    if found := re.search(r"VmHWM:\s+(\d+) kB", read("/proc/self/status")):
        return 1024 * int(found[1])
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: in bytes


def cost(entry: families.Entry) -> dict[str, float]:
    from genmodels import runtime

    runtime.device()  # which sets the number of threads, as the pages do
    before = peak()
    alone = statistics.median(seconds(entry, 1))
    many = statistics.median(seconds(entry, MANY))
    return {"seconds_one": alone, "seconds_16": many, "memory": peak() - before}


if __name__ == "__main__":
    from genmodels import machine

    found = cost(families.entry(sys.argv[1]))
    print(json.dumps(found | {"machine": machine.facts()}))
