"""The frame of a tab: heading, checkpoint picker, views with controls on one side and the result beside.

    with Tab(__name__, VAE_FACES) as tab:
        with tab.view("sample", "Sample", "Muestrear") as view:
            with view.controls():
                seed = kit.seed()
            with view.result():
                picture = kit.picture()
            view.run(sample, [tab.checkpoint, seed], [picture], code=sample_code)

`run` gives a view its buttons (run, stop, link), its line of figures, its endpoint `<stem>_<view>` and its
place in the link that reopens the tab as it stands. The names in that link are the function's parameters.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, Self

import gradio as gr

from demos.kit import card, numbers
from demos.kit.inputs import Check, Choice, Seed, Slider, Words, choice, html
from demos.kit.lang import language, say, t
from demos.kit.problems import explain
from demos.kit.run import COMPUTE, GIVEN, Stream, fetch, handler, wake
from genmodels.errors import Problem
from genmodels.hub import Checkpoint

TEXTS = Path(__file__).parent.parent / "texts"
LATEX = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]
LINKABLE = (Slider, Seed, Check, Choice, Words)  # what fits in an address; pictures don't
HIDDEN = {"api_visibility": "private", "show_progress": "hidden"}


class View:
    """One thing to do in a tab."""

    def __init__(self, tab: "Tab", name: str):
        self.tab, self.name = tab, name
        with gr.Row(equal_height=False, elem_classes="view"):
            self._controls = gr.Column(scale=4, min_width=300, elem_classes="controls")
            self._result = gr.Column(scale=7, min_width=300, elem_classes="result")
        self.linked: dict[str, Any] = {}  # name in the address -> component
        self.runs: dict[Callable, tuple] = {}  # function -> how its button runs it

    def controls(self) -> gr.Column:
        return self._controls

    def result(self) -> gr.Column:
        return self._result

    def run(
        self,
        fn: Callable[..., Iterator[tuple]],
        inputs: list[Any],
        outputs: list[Any],
        label: tuple[str, str] = ("Run", "Ejecutar"),
        code: Callable[..., str] | None = None,
        name: str = "",
        gpu_seconds: Callable[..., int] | None = None,
        lane: dict[str, Any] = COMPUTE,
        place: gr.Column | None = None,
    ) -> gr.Button:
        """Wire `fn` to this view's button. A view with several functions gives each further one a `name`.

        `gpu_seconds` of the inputs: how long a Space that lends GPUs by the call should lend one, 0 for not.
        `lane`: COMPUTE has the device to itself, LIVE trains beside others. `place`: where the buttons go.
        """
        tab, key = self.tab, name or self.name
        names = [p for p in signature(fn).parameters if p not in GIVEN]
        pairs = {n: c for n, c in zip(names, inputs, strict=True) if isinstance(c, LINKABLE)}
        self.linked |= pairs
        with place or self._controls, gr.Row(elem_classes="actions"):
            variant = "secondary" if name else "primary"
            start = gr.Button(
                t(*label), variant=variant, elem_id=f"run-{tab.stem}-{key}", scale=3, min_width=120
            )
            stop = gr.Button(t("Stop", "Parar"), variant="stop", scale=1, min_width=70)
            link = gr.Button(t("Link", "Enlace"), scale=1, min_width=70, elem_classes="link")
        with self._result:
            status = html(elem_classes="status")
        work, api = self.wrap(fn, inputs, outputs, code, gpu_seconds, lane is COMPUTE), f"{tab.stem}_{key}"
        shown = [*outputs, status, *([tab.code] if code else [])]
        event = start.click(work, inputs, shown, api_name=api, show_progress="hidden", **lane)
        stop.click(stopped, None, status, cancels=[event], queue=False, **HIDDEN)
        address = f"(...v)=>latente.link({json.dumps([tab.stem, self.name, list(pairs)])}, v)"
        link.click(None, list(pairs.values()), None, js=address, queue=False, **HIDDEN)
        tab.examples[api], self.runs[fn] = (fn, inputs, code), (work, inputs, shown, stop, lane)
        return start

    def on(self, triggers: list[Any], fn: Callable) -> None:
        """What the button of `fn` does, done when a control moves, too."""
        work, inputs, shown, stop, lane = self.runs[fn]
        event = gr.on(triggers, work, inputs, shown, trigger_mode="always_last", **lane, **HIDDEN)
        stop.click(None, None, None, cancels=[event], queue=False, **HIDDEN)

    def wrap(
        self, fn: Callable, inputs: list[Any], outputs: list[Any], code: Any, gpu_seconds: Any, alone: bool
    ) -> Callable:
        tables = {i: self.tab.tables[c] for i, c in enumerate(inputs) if c in self.tab.tables}
        return handler(Stream(fn, outputs, tables, code, gpu_seconds, alone), fn)


class Tab:
    """The frame around a family's views."""

    def __init__(self, module: str, checkpoints: tuple[Checkpoint, ...] = ()):
        self.module, self.stem = import_module(module), module.rpartition(".")[2]
        self.views: list[View] = []
        self.tables: dict[Any, dict[str, Checkpoint]] = {}  # picker -> its table
        self.examples: dict[str, tuple] = {}  # endpoint -> (function, inputs, code)
        self.spanish: dict[Any, Any] = {}  # control -> what it begins with for whoever reads Spanish
        html(card.heading(self.stem, self.module))
        if checkpoints:
            with gr.Row(elem_classes="checkpoint"):
                self.checkpoint = self.picker(checkpoints)
                self.about = html(elem_classes="about")
            self.checkpoint.input(
                self.choose, self.checkpoint, [self.checkpoint, self.about],
                concurrency_id="fetch", concurrency_limit=4, **HIDDEN,
            )  # fmt: skip
        self._tabs: gr.Tabs | None = (
            None  # made with the first view: what a tab lays out before stands above it
        )

    def picker(self, checkpoints: tuple[Checkpoint, ...], label: Any = None, **kwargs: Any) -> Choice:
        """A choice of checkpoints: the bundled first, then the Hub's."""
        choices = [(t(card.choice(c, "en"), card.choice(c, "es")), c.name) for c in checkpoints]
        label = label or t("Checkpoint", "Modelo entrenado")
        picker = choice(choices, label, min_width=260, scale=1, **kwargs)
        self.tables[picker] = {c.name: c for c in checkpoints}
        return picker

    @contextmanager
    def view(self, name: str, en: str, es: str) -> Iterator[View]:
        self._tabs = self._tabs or gr.Tabs(elem_classes="views", overflow_behavior="wrap")
        with self._tabs, gr.Tab(t(en, es), id=name, elem_id=f"view-{self.stem}-{name}"):
            view = View(self, name)
            self.views.append(view)
            yield view

    def __enter__(self) -> Self:
        # made first so that views can point at it, placed last so that the page ends with it
        self.code = gr.Code(language="python", label="Python", interactive=False, render=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind:
            return
        words = t(
            "Take it with you: the lines that make it again", "Para llevar: las líneas que lo hacen de nuevo"
        )
        with gr.Accordion(words, open=False, elem_classes="code"):
            self.code.render()
        self.text = gr.Markdown(latex_delimiters=LATEX, elem_classes="text", elem_id=f"text-{self.stem}")
        self.wire()

    def wire(self) -> None:
        """A button that only the page's script presses: when the tab is opened, or its address changes."""
        controls = list(dict.fromkeys(c for v in self.views for c in v.linked.values()))
        about = [self.about] if hasattr(self, "about") else []
        start = gr.Button(visible="hidden", elem_id=f"open-{self.stem}")

        def opened(request: gr.Request) -> Iterator[tuple]:
            lang, asked = language(request), dict(request.query_params)
            found = (self.spanish if lang == "es" else {}) | self.asked(asked, lang)
            view = (
                gr.Tabs(selected=asked["view"])
                if asked.get("view") in {v.name for v in self.views}
                else gr.skip()
            )
            values = [found[c] if c in found else gr.skip() for c in controls]
            yield (self.read(lang), view, *values, *[gr.skip()] * len(about))
            if about:
                table = self.tables[self.checkpoint]
                for _ in wake(lang):
                    yield (gr.skip(),) * (2 + len(controls) + 1)
                chosen = table[found.get(self.checkpoint, next(iter(table)))]
                yield (*(gr.skip(),) * (2 + len(controls)), card.about(chosen, lang))

        outputs = [self.text, self._tabs, *controls, *about]
        event = start.click(opened, None, outputs, concurrency_limit=None, **HIDDEN)
        event.then(
            None, None, None, js=f"()=>latente.opened('{self.stem}', '{self.views[0].name}')", **HIDDEN
        )

    def first_step(self) -> None:
        """What the default click would do first, with nobody watching: its models are loaded afterwards."""
        fn, inputs, _ = next(iter(self.examples.values()))
        values = [component.preprocess(component.value) for component in inputs]
        given = {"lang": "en", "session": "first step"}
        asked = [given[p] for p in signature(fn).parameters if p in GIVEN]
        from genmodels import runtime

        with runtime.alone(), closing(fn(*values, *asked)) as made:
            next(made)

    def asked(self, query: dict[str, str], lang: str) -> dict[Any, Any]:
        """The controls that an address sets. What it sets wrongly is named and left as it was."""
        named = query.get("view", self.views[0].name)
        view = next((v for v in self.views if v.name == named), None)
        found, wrong = {}, []
        for name, component in (view.linked if view else {}).items():
            if name in query:
                try:
                    found[component] = component.preprocess(from_address(component, query[name]))
                except (gr.Error, ValueError):
                    wrong.append(f"{name}={query[name]:.40}")
        if wrong:
            gr.Warning(
                say(lang, "The link asks for what isn't possible: ", "El enlace pide algo imposible: ")
                + ", ".join(wrong)
            )
        return found

    def read(self, lang: str) -> str:
        return (TEXTS / f"{self.stem}.{lang}.md").read_text(encoding="utf-8")

    def choose(self, name: str, request: gr.Request) -> Iterator[tuple]:
        """Fetch what was picked; if that fails say why, and go back to the bundled one."""
        lang, table = language(request), self.tables[self.checkpoint]
        try:
            yield gr.skip(), numbers.progress(0, 0, card.title(table[name], lang))
            for sign in wake(lang):
                yield gr.skip(), sign
            for sign in fetch(table[name], lang):
                yield gr.skip(), sign
            yield gr.skip(), card.about(table[name], lang)
        except Problem as problem:
            first = next(iter(table.values()))
            gr.Warning(explain(problem, lang), duration=20)
            yield first.name, card.about(first, lang, explain(problem, lang))


def from_address(component: Any, text: str) -> Any:
    """A value as an address writes it -> as the component takes it."""
    if isinstance(component, Check):
        return {"1": True, "true": True, "0": False, "false": False}.get(text, text)
    if isinstance(component, Slider | Seed):
        return float(text)
    if isinstance(component, Choice):
        return next((value for _, value in component.choices if str(value) == text), text)
    return text


def stopped(request: gr.Request) -> str:
    return numbers.line({}, language(request), say(language(request), "Stopped.", "Detenido."))
