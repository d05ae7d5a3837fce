"""Side by side with the libraries a user would pick instead: same weights, same work, one process.

Contenders run in turn, round after round, so that a busy machine slows them alike, and each is given its
median.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

BENCHMARKS = {  # name on the command line -> module
    "autoencoder-kl": "benchmarks.autoencoder_kl",
    "ddpm-equal-quality": "benchmarks.ddpm_equal_quality",
    "ddpm-sampling": "benchmarks.ddpm_sampling",
    "flow-inverse": "benchmarks.flow_inverse",
    "gpt-small": "benchmarks.gpt_small",
    "gpt2": "benchmarks.gpt2",
    "imagegpt-sampling": "benchmarks.imagegpt_sampling",
    "lab-modes": "benchmarks.lab_modes",
    "pixelcnn-sampling": "benchmarks.pixelcnn_sampling",
    "startup": "benchmarks.startup",
}


def race(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, after a first call that does not count."""
    for run in contenders.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for _ in range(rounds):
        for name in order:
            began = time.perf_counter()
            contenders[name]()
            seconds[name].append(time.perf_counter() - began)
        order.append(order.pop(0))  # nobody always runs behind the same one
    return {name: statistics.median(values) for name, values in seconds.items()}


def rounded(value: Any, digits: int = 4) -> Any:
    """Numbers to so many significant digits, inside dicts too."""
    if isinstance(value, dict):
        return {k: rounded(v, digits) for k, v in value.items()}
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
