"""Running a tab's function for a visitor: in turn, in steps, with figures, with errors that say what to do.

A tab's function is a plain generator of `(*outputs, numbers)`. `Stream` wraps it: a sign at once, the
download if the checkpoint is not here yet, the place in the queue, the function's own steps, and the last one
as PNG. When the visitor leaves or presses Stop, Gradio closes the generator and the next in line goes on.
"""

from __future__ import annotations

import inspect
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import gradio as gr
from gradio.context import LocalContext
from PIL import Image

from demos.kit import images, numbers
from demos.kit.card import title
from demos.kit.inputs import Picture
from demos.kit.lang import language, say
from demos.kit.problems import explain
from genmodels.errors import Problem
from genmodels.hub import Checkpoint

if TYPE_CHECKING:
    from genmodels.model import Model

COMPUTE = {
    "concurrency_id": "compute",
    "concurrency_limit": 1,
}  # every heavy event of every tab, one at a time
LIVE = {
    "concurrency_id": "live",
    "concurrency_limit": 32,
}  # what visitors train before their own eyes: many at once, each taking turns in slices by itself
STEP = 0.4  # seconds between signs of life, at most
GIVEN = ("lang", "session")  # parameters that no control sets; they come last


def model(cls: type[Model], checkpoint: str | Checkpoint) -> AbstractContextManager[Any]:
    """`with model(VAE, "vae-faces") as vae:` the one copy that all tabs share, kept while it's in use."""
    from genmodels import runtime

    return runtime.pool.use(cls, checkpoint)


def waiting() -> int:
    """How many visitors wait for the device while one's function runs."""
    blocks = LocalContext.blocks.get(None)
    line = blocks._queue.event_queue_per_concurrency_id.get(COMPUTE["concurrency_id"]) if blocks else None
    return len(line.queue) if line else 0


def in_background(work: Callable[[], Any]) -> Iterator[None]:
    """Run `work` on a thread and yield twice a second until it ends. Its error is raised here."""
    result: list[BaseException | None] = []

    def run() -> None:
        try:
            work()
            result.append(None)
        except BaseException as e:  # handed to the visitor's own generator below
            result.append(e)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(STEP)
        if thread.is_alive():
            yield
    if result[0] is not None:
        raise result[0]


def wake(lang: str) -> Iterator[str]:
    """Signs while torch is imported, which happens once, behind the page."""
    import importlib
    import sys

    if "genmodels.runtime" not in sys.modules:
        words = say(lang, "Waking the models…", "Despertando a los modelos…")
        yield numbers.progress(0, 0, words)
        for _ in in_background(lambda: importlib.import_module("genmodels.runtime")):
            yield numbers.progress(0, 0, words)


def fetch(checkpoint: Checkpoint, lang: str) -> Iterator[str]:
    """Signs while a checkpoint comes from the Hub. Nothing if it's here."""
    from genmodels import hub

    if checkpoint.bundled:
        return
    seen = [0, 0]

    def report(done: int, total: int) -> None:
        seen[:] = done, total

    for _ in in_background(lambda: hub.folder(checkpoint, report)):
        done, total = seen
        size = " / ".join(numbers.text("bytes", n, lang) for n in seen) if total else ""
        words = f"{say(lang, 'Fetching', 'Bajando')} {title(checkpoint, lang)} {size}"
        yield numbers.progress(done, total, words)


def finished(outputs: list[Any], components: list[Any]) -> list[Any]:
    """The last outputs as they should be kept: pictures as PNG files."""
    pairs = zip(outputs, components, strict=True)
    return [images.png(v) if isinstance(v, Image.Image) and isinstance(c, Picture) else v for v, c in pairs]


def figures(found: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The tab's own numbers, between the time it took and what the models weigh. `made` counts samples."""
    from genmodels import runtime

    own = {k: v for k, v in found.items() if k != "made"}
    speed = {"per_second": found["made"] / seconds} if "made" in found else {}
    held = runtime.pool.bytes
    here = ({"memory": held} if held else {}) | {"device": str(runtime.device())}
    return {"ms": 1000 * seconds} | speed | own | here


def visitor(request: gr.Request | None) -> str:
    """Whose run this is: the page's session. A call without one is a visitor of its own."""
    return getattr(request, "session_hash", None) or uuid4().hex


class Stream:
    """A tab's function as Gradio wants it: a generator of (*outputs, status line[, code]). It yields figures
    for the line, or a sentence where there are none yet, or None to leave the line as it is.

    `tables` says which arguments name a checkpoint: position -> {name: Checkpoint}. `gpu_seconds` of the
    arguments is how long a Space that lends GPUs by the call should lend one; 0 stays on the CPU there.
    Without `alone` it doesn't wait for the device: such a function takes its turns itself. What isn't a
    control is asked for by name: `lang`, and `session`, a word that tells visitors apart.
    """

    def __init__(
        self,
        fn: Callable[..., Iterator[tuple]],
        outputs: list[Any],
        tables: dict[int, dict[str, Checkpoint]],
        code: Callable[..., str] | None = None,
        gpu_seconds: Callable[..., int] | None = None,
        alone: bool = True,
    ):
        self.fn, self.outputs, self.tables, self.code = lent(fn, gpu_seconds), outputs, tables, code
        self.asks, self.alone = [p for p in inspect.signature(fn).parameters if p in GIVEN], alone

    def __call__(self, values: list[Any], lang: str, session: str = "") -> Iterator[tuple]:
        given = {"lang": lang, "session": session}
        try:
            yield from self.steps(values, lang, [given[name] for name in self.asks])
        except (Problem, MemoryError, gr.Error) as e:
            words = sentence(e, lang)
            yield self.sign(numbers.warning(words))
            raise gr.Error(words, print_exception=False) from e
        except Exception as e:  # a mistake of ours: its words are for the log, not for a visitor
            words = say(
                lang, "Something broke here. It is in the log.", "Algo se rompió aquí. Quedó en el registro."
            )
            yield self.sign(numbers.warning(words))
            raise gr.Error(words) from e

    def sign(self, status: str) -> tuple:
        """Only the status line changes."""
        return (*[gr.skip()] * len(self.outputs), status, *[gr.skip()] * bool(self.code))

    def steps(self, values: list[Any], lang: str, given: list[str]) -> Iterator[tuple]:
        yield self.sign(numbers.progress(0, 0, say(lang, "Starting…", "Empezando…")))
        yield from map(self.sign, wake(lang))
        for i, table in self.tables.items():
            yield from map(self.sign, fetch(table[values[i]], lang))
        from genmodels import runtime

        with runtime.turn() if self.alone else nullcontext() as mine:
            for ahead in mine.wait(STEP) if mine else ():
                yield self.sign(queueing(ahead, lang))
            yield from self.compute(values, lang, given)

    def compute(self, values: list[Any], lang: str, given: list[str]) -> Iterator[tuple]:
        start, status = time.perf_counter(), ""
        shown: list[Any] = [gr.skip()] * len(self.outputs)
        snippet = [self.code(*values)] if self.code else []
        code = snippet if not self.alone else [gr.skip()] * len(snippet)  # what's live is stopped, not ended
        with closing(self.fn(*values, *given)) as made:
            for *shown, found in made:
                if isinstance(found, dict):
                    found = status = numbers.line(figures(found, time.perf_counter() - start), lang)
                yield (*shown, gr.skip() if found is None else found, *code)
                code = [gr.skip()] * len(snippet)
        yield (*finished(shown, self.outputs), status, *snippet)


def handler(stream: Stream, fn: Callable) -> Callable[..., Iterator[tuple]]:
    """The function that Gradio calls: the request, then `fn`'s own parameters, whose names the API takes."""

    def run(request: gr.Request, *values: Any) -> Iterator[tuple]:
        yield from stream(list(values), language(request), visitor(request))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [inspect.Parameter(name, kind) for name in inspect.signature(fn).parameters if name not in GIVEN]
    run.__signature__ = inspect.Signature([inspect.Parameter("request", kind, annotation=gr.Request), *own])
    run.__annotations__ = {"request": gr.Request}
    run.__name__, run.__doc__ = fn.__name__, fn.__doc__
    return run


def queueing(ahead: int, lang: str) -> str:
    words = say(lang, f"In line, {ahead} before you", f"En la fila, {ahead} antes que tú")
    return numbers.progress(0, 0, words)


def sentence(error: Exception, lang: str) -> str:
    if isinstance(error, Problem):
        return explain(error, lang)
    if isinstance(error, gr.Error):
        return error.message
    en = "Out of memory. Try something smaller, or wait until the others are done."
    return say(lang, en, "No queda memoria. Prueba con algo más chico o espera a que terminen los demás.")


def lent(fn: Callable[..., Iterator[tuple]], seconds: Callable[..., int] | None) -> Callable:
    """On a ZeroGPU Space: `fn` with a GPU, in a forked process; what it yields must be pictures and numbers.

    The fork gets a pool of its own: the parent's locks may be held by threads that the child doesn't have.
    """
    if seconds is None or not os.environ.get("SPACES_ZERO_GPU"):
        return fn
    import spaces

    @spaces.GPU(duration=seconds)
    def on_gpu(*values: Any) -> Iterator[tuple]:
        from genmodels import runtime

        runtime.settings.device, runtime.pool = "cuda", runtime.Pool()
        yield from fn(*values)

    def where_it_pays(*values: Any) -> Iterator[tuple]:
        yield from (on_gpu if seconds(*values) else fn)(*values)

    return where_it_pays
