"""The pool, the turns and the noise that all visitors share."""

import contextlib
import gc
import mmap
import threading
import time
import weakref
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from genmodels import hub, machine, runtime
from genmodels.errors import Problem
from genmodels.model import Model
from genmodels.runtime import Loaded, Pool, amount, generators, noise, turn
from genmodels.settings import bytes_of, configure, settings

CPU = torch.device("cpu")
BYTES = 4 * 1000  # of one small model


@dataclass(frozen=True)
class SmallConfig:
    dim: int = 1000


class Small(Model):
    Config = SmallConfig
    loads = 0
    gate = None  # an Event that loading waits for
    broken = False

    def __init__(self, config: SmallConfig):
        super().__init__(config)
        self.scale = nn.Parameter(torch.zeros(config.dim))

    @classmethod
    def from_pretrained(cls, *args, **kwargs):
        cls.loads += 1
        if cls.gate:
            assert cls.gate.wait(5)
        if cls.broken:
            raise OSError("the disk is on fire")
        return super().from_pretrained(*args, **kwargs)


@pytest.fixture(autouse=True)
def world(tmp_path, monkeypatch):
    """Bundled models a, b, c and d, stored in halves: 2000 bytes of file, 4000 in memory."""
    monkeypatch.setattr(hub, "WEIGHTS", tmp_path)
    monkeypatch.setattr(runtime, "_lines", {})
    for name in "abcd":
        Small(SmallConfig()).save_pretrained(tmp_path / name)
    Small.loads, Small.gate, Small.broken = 0, None, False
    yield
    configure()


def names(pool: Pool) -> str:
    return "".join(line.name for line in pool.loaded())


def start(*works) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    return threads


def until(condition) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# The pool


def test_a_model_is_loaded_once_and_stays():
    pool = Pool(10 * BYTES)
    with pool.use(Small, "a") as first:
        assert pool.loaded() == [Loaded("a", BYTES, 1)] and pool.bytes == BYTES
        with pool.use(Small, hub.Checkpoint("a", "A", "", "", file="")) as second:
            assert first is second and pool.loaded()[0].users == 2
    assert pool.loaded() == [Loaded("a", BYTES, 0)] and Small.loads == 1
    assert not first.training and first.dtype == torch.float32


def test_two_who_ask_at_once_load_it_once():
    pool, got = Pool(10 * BYTES), []
    Small.gate = threading.Event()

    def visitor():
        with pool.use(Small, "a") as model:
            got.append(model)

    threads = start(*[visitor] * 4)
    until(lambda: Small.loads)
    time.sleep(0.05)
    assert pool.loaded() == [] and not got
    Small.gate.set()
    for thread in threads:
        thread.join(5)
    assert Small.loads == 1 and len(got) == 4 and len(set(map(id, got))) == 1
    assert pool.loaded() == [Loaded("a", BYTES, 0)]


def test_others_load_meanwhile():
    pool = Pool(10 * BYTES)
    Small.gate = threading.Event()
    threads = start(lambda: pool.use(Small, "a").__enter__())
    until(lambda: Small.loads == 1)
    gate, Small.gate = Small.gate, None
    with pool.use(Small, "b"):
        assert names(pool) == "b"
    gate.set()
    threads[0].join(5)
    assert names(pool) == "ab"


def test_the_longest_unused_goes_first():
    pool = Pool(3 * BYTES)
    for name in "abcab":
        with pool.use(Small, name):
            pass
    assert names(pool) == "cab" and Small.loads == 3
    with pool.use(Small, "d"):
        pass
    assert names(pool) == "abd" and pool.bytes == 3 * BYTES


def test_what_leaves_is_freed():
    pool = Pool(BYTES)
    with pool.use(Small, "a") as model:
        gone = weakref.ref(model)
    del model
    with pool.use(Small, "b"):
        gc.collect()
        assert gone() is None


def test_what_is_in_use_stays():
    pool = Pool(2 * BYTES)
    with pool.use(Small, "a") as a:
        for name in "bcd":
            with pool.use(Small, name):
                pass
        assert names(pool) == "ad"
        with pool.use(Small, "d"):
            with pytest.raises(Problem) as caught, pool.use(Small, "b"):
                pass
            assert caught.value.cause == "in_use" and "3.906 KiB" in str(caught.value)
            assert names(pool) == "ad"
        with pool.use(Small, "a") as again:
            assert again is a
    with pool.use(Small, "b"):
        assert Small.loads == 5


def test_what_cannot_fit_is_refused_before_it_is_fetched(monkeypatch):
    pool = Pool(BYTES - 1)
    with pytest.raises(Problem, match=r"a needs 3\.906 KiB; this machine allows 3\.905 KiB") as caught:
        pool.use(Small, "a").__enter__()
    assert caught.value.cause == "memory" and Small.loads == 0 and pool.loaded() == []
    monkeypatch.setattr(hub, "folder", None)  # calling it would fail
    with pytest.raises(Problem) as caught:
        pool.use(Small, hub.Checkpoint("someone/big", "Big", "", "", size=1 << 40)).__enter__()
    assert caught.value.facts["need"] == "1024 GiB" and pool.bytes == 0


def test_a_failed_load_leaves_nothing_and_the_next_one_tries_again():
    pool, errors, got = Pool(BYTES), [], []
    Small.gate, Small.broken = threading.Event(), True

    def visitor():
        try:
            with pool.use(Small, "a") as model:
                got.append(model)
        except OSError as e:
            errors.append(e)
            Small.broken = False  # the disk is put out

    threads = start(visitor, visitor)
    until(lambda: Small.loads)
    Small.gate.set()
    for thread in threads:
        thread.join(5)
    assert len(errors) == len(got) == 1 and Small.loads == 2
    assert pool.loaded() == [Loaded("a", BYTES, 0)] and pool.bytes == BYTES


def test_a_visitor_closed_from_another_thread_lets_go():
    pool = Pool(BYTES)

    def page():
        with pool.use(Small, "a"):
            while True:
                yield

    visit = page()
    next(visit)
    assert pool.loaded()[0].users == 1
    start(visit.close)[0].join(5)
    assert pool.loaded()[0].users == 0


def test_many_visitors_of_many_models():
    pool, wrong = Pool(2 * BYTES), []

    def visitor(k: int):
        for i in range(20):
            try:
                with pool.use(Small, "abcd"[(i * k) % 4]) as model:
                    if model.scale.shape != (1000,) or pool.bytes > 2 * BYTES:
                        wrong.append(model)
            except Problem as e:
                if e.cause != "in_use":
                    wrong.append(e)

    for thread in start(*[lambda k=k: visitor(k) for k in range(1, 7)]):
        thread.join(10)
        assert not thread.is_alive()
    assert not wrong and all(line.users == 0 for line in pool.loaded())


def test_the_budget_is_a_share_of_what_is_free_or_as_configured():
    pool = Pool()
    assert 0 < pool.budget(CPU) <= machine.memory_free(CPU)
    configure(memory="1.5 GiB")
    assert pool.budget(CPU) == 1.5 * 2**30


# Turns


def test_turns_come_in_the_order_of_arrival_and_say_how_many_are_before():
    first, second, third = (contextlib.ExitStack() for _ in range(3))
    assert list(first.enter_context(turn()).wait()) == []
    second.enter_context(turn())
    waiting = third.enter_context(turn()).wait(every=0.01)
    assert next(waiting) == 2 and next(waiting) == 2
    second.close()
    assert next(waiting) == 1
    first.close()
    assert list(waiting) == []
    third.close()


def test_a_turn_is_taken_as_soon_as_it_is_free():
    with contextlib.ExitStack() as later:
        with turn():
            waiting = later.enter_context(turn()).wait(every=30)
            assert next(waiting) == 1
            thread = start(lambda: list(waiting))[0]
            time.sleep(0.05)
            assert thread.is_alive()
        thread.join(5)
        assert not thread.is_alive()


def test_nobody_computes_beside_another():
    inside, most, order = [], [], []

    def visitor(k: int):
        with turn() as mine:
            order.append(k)
            for _ in mine.wait(0.01):
                pass
            inside.append(k)
            most.append(len(inside))
            time.sleep(0.002)
            inside.remove(k)

    for thread in start(*[lambda k=k: visitor(k) for k in range(12)]):
        thread.join(5)
    assert most == [1] * 12


def page(steps: int):
    """What a tab does: wait with a sign, then compute in steps."""
    with turn() as mine:
        for ahead in mine.wait(0.01):
            yield f"{ahead} before you"
        yield from range(steps)


def test_a_visitor_who_leaves_frees_the_device_from_another_thread():
    one, two, three = page(100), page(100), page(3)
    assert next(one) == 0
    assert next(two) == "1 before you"
    assert next(three) == "2 before you"
    start(two.close)[0].join(5)  # leaves the line
    assert next(three) == "1 before you"
    start(one.close)[0].join(5)  # leaves in the middle of a computation
    assert [x for x in three if x != "1 before you"] == [0, 1, 2]
    assert list(page(1)) == [0]


def test_an_error_and_a_forgotten_visitor_free_the_device():
    with pytest.raises(ZeroDivisionError), turn() as mine:
        list(mine.wait())
        raise ZeroDivisionError
    visit = page(100)
    next(visit)
    del visit
    gc.collect()
    assert list(page(1)) == [0]


def test_alone_waits_its_turn():
    order = []

    def other():
        with runtime.alone():
            order.append("other")

    with runtime.alone(CPU):
        thread = start(other)[0]
        time.sleep(0.05)
        order.append("first")
    thread.join(5)
    assert order == ["first", "other"]


# Noise


def test_a_seed_is_a_picture_alone_or_in_a_batch():
    assert torch.equal(noise(5, 1, (3, 8, 8))[0], noise(3, 3, (3, 8, 8))[2])
    assert torch.equal(noise(60, 1, (3, 8, 8))[0], noise(0, 64, (3, 8, 8))[60])
    assert not torch.equal(noise(5, 1, (8,)), noise(6, 1, (8,)))
    assert noise(0, 2, (4,), dtype=torch.float16).dtype == torch.float16
    assert torch.equal(noise(7, 1, (4,), dtype=torch.bfloat16), noise(7, 1, (4,)).bfloat16())
    assert [g.initial_seed() for g in generators(3, 2)] == [3, 4]
    assert noise(0, 400, (100,)).mean().abs() < 0.02 and (noise(0, 400, (100,)).std() - 1).abs() < 0.02


def test_noise_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    noise(0, 3, (5,))
    assert torch.equal(torch.random.get_rng_state(), before)


# The machine


def test_device():
    assert machine.device("cpu") == CPU
    assert machine.device().type in ("cuda", "mps", "cpu")
    configure(device="cpu")
    assert machine.device() == CPU
    with pytest.raises(Problem, match=r"No device called tpu here\. This machine has: .*cpu"):
        machine.device("tpu")
    configure(device="cuda:99")
    with pytest.raises(Problem):
        machine.device()


def test_numbers_are_float32_unless_bfloat16_is_fast(monkeypatch):
    monkeypatch.setattr(machine, "read", lambda file: "flags: avx2 avx512f")
    assert machine.dtype(CPU, 10**9) == torch.float32
    for flags in ("avx2 avx512_bf16 sha", "amx_bf16"):
        monkeypatch.setattr(machine, "read", lambda file, flags=flags: f"flags: {flags}")
        assert machine.dtype(CPU, 10**9) == torch.bfloat16
    assert machine.dtype(CPU, 10**6) == machine.dtype(torch.device("cuda"), 10**9) == torch.float32


def test_fast_puts_channels_last():
    model = machine.fast(nn.Conv2d(3, 4, 3), CPU)
    assert model.weight.is_contiguous(memory_format=torch.channels_last)


def test_a_container_may_have_less_than_its_host(monkeypatch):
    files = {"/sys/fs/cgroup/cpu.max": "50000 100000", "/proc/meminfo": "MemAvailable:  1000 kB"}
    files |= {"/sys/fs/cgroup/memory.max": "900000", "/sys/fs/cgroup/memory.current": "100000"}
    monkeypatch.setattr(machine, "read", lambda file: files.get(file, ""))
    assert machine.cores() == 1 and machine.memory_free(CPU) == 800_000
    files["/sys/fs/cgroup/memory.max"] = "max"
    assert machine.memory_free(CPU) == 1_024_000
    files["/proc/meminfo"] = ""
    assert machine.memory_free(CPU) > 0


def test_memory_used_counts_this_process():
    before = machine.memory_used()
    with mmap.mmap(-1, 64 << 20) as block:  # fresh pages: the heap may have some left from other tests
        block.write(b"1" * len(block))
        assert machine.memory_used() - before > 48 << 20


def test_amounts_of_memory():
    assert bytes_of("4GiB") == bytes_of("4 gb") == bytes_of("4096M") == 4 * 2**30
    assert bytes_of("1000") == 1000 and amount(1000) == "1000 bytes" and amount(3 * 2**29) == "1.5 GiB"
    with pytest.raises(ValueError, match="a lot"):
        configure(memory="a lot")
    assert settings.memory is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_the_pool_and_the_noise_on_a_gpu():
    target = machine.device("cuda")
    pool = Pool()
    with pool.use(Small, "a", device=target) as model, pool.use(Small, "a", device=CPU) as other:
        assert model.device == target and other.device == CPU and len(pool.loaded()) == 2
    assert torch.equal(noise(1, 2, (3, 8, 8), target).cpu(), noise(1, 2, (3, 8, 8)))
    assert 0 < pool.budget(target) < machine.memory_free(target)
