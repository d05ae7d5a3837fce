"""This machine: the device that computes, in which numbers, on how many threads, with how much memory."""

import os
import platform
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from genmodels.errors import Problem
from genmodels.settings import settings

Net = TypeVar("Net", bound=nn.Module)

BF16_FROM = 20_000_000  # parameters from which bfloat16 pays on a CPU with its instructions
BF16_CPU = r"\b(amx|avx512)_bf16\b"


def device(name: str = "") -> torch.device:
    """The device called `name`, by default the configured one. Its first use sets the number of threads."""
    name = name or settings.device
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    found = [f"cuda:{i}" for i in range(torch.cuda.device_count() if cuda else 0)] + ["mps"] * mps + ["cpu"]
    set_threads(settings.threads)
    if name == "auto":
        return torch.device(found[0])
    if name not in found and not (name == "cuda" and cuda):
        raise Problem("device", name=name, found=", ".join(found))
    return torch.device("cuda:0" if name == "cuda" else name)


@cache
def set_threads(threads: int | None) -> None:
    """All cores but one, which stays with the web server, unless OMP_NUM_THREADS says otherwise."""
    if threads or "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads or max(1, cores() - 1))


def cores() -> int:
    """Cores this process may use. A container's quota does not show in the number of cores."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = read("/sys/fs/cgroup/cpu.max").partition(" ")
    return min(count, max(1, int(quota) // int(period))) if quota.isdigit() else count


def dtype(device: torch.device, parameters: int = 0) -> torch.dtype:
    """float32, so that a seed is the same picture everywhere; bfloat16 for big models on CPUs made for it."""
    if device.type == "cpu" and parameters >= BF16_FROM and re.search(BF16_CPU, read("/proc/cpuinfo")):
        return torch.bfloat16
    return torch.float32


def fast(model: Net, device: torch.device) -> Net:
    """The model laid out as it runs fastest on this device: images with their channels last."""
    return model.to(device, memory_format=torch.channels_last)


def memory_used() -> int:
    """Bytes this process holds, on the host and on its CUDA devices."""
    pages = read("/proc/self/statm").split()
    if pages:
        host = int(pages[1]) * os.sysconf("SC_PAGE_SIZE")
    elif sys.platform == "win32":  # does not say without a further library
        host = 0
    else:  # macOS: the peak, in bytes
        import resource

        host = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return host + sum(torch.cuda.memory_allocated(i) for i in range(torch.cuda.device_count()))


def memory_free(device: torch.device) -> int:
    """Bytes that could still be taken on the device, within the container's limit."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    available = re.search(r"MemAvailable: +(\d+) kB", read("/proc/meminfo"))
    if not available:  # macOS and Windows: half of all there is, or of a small laptop
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
        return (pages * os.sysconf("SC_PAGE_SIZE") if pages else 8 * 2**30) // 2
    free = int(available[1]) * 1024
    limit = read("/sys/fs/cgroup/memory.max")
    if limit.isdigit():
        free = min(free, int(limit) - int(read("/sys/fs/cgroup/memory.current")))
    return max(free, 0)


def read(file: str) -> str:
    """A file of the kernel, empty where it does not exist."""
    path = Path(file)
    return path.read_text().strip() if path.is_file() else ""


def facts() -> dict[str, Any]:
    """On what it was measured."""
    models = [
        line.partition(":")[2].strip() for line in read("/proc/cpuinfo").splitlines() if "model name" in line
    ]
    return {
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
