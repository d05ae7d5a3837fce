"""What Gradio 6.31 does anew for every block, event and visitor, done once. With 30 tabs, 4700 blocks.

- It describes the whole app five times before it answers, and reads the last: 0.9 s of processor. `Gallery`
  is described when it is launched.
- It compares the name of every event with the names of all before it: 0.4 s, growing with the square of the
  tabs. `Events` counts.
- It finds the event that another one cancels by comparing descriptions of all events: 0.9 s, growing alike.
- It reads the signature of a component's constructor for every instance, several times: 0.4 s. Left on the
  function, `inspect` finds it there; the names of the arguments are kept.
- It describes every block of the whole app anew for each session, for deep links, which this page doesn't
  use: 1.5 s of processor and 5 MB per visitor. `SessionState` describes a block when it changes, too.

tests/test_kit.py holds each; what Gradio no longer does goes from here.
"""

import inspect
import os
from collections.abc import Callable
from copy import copy
from functools import cache
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import component_meta, events
from gradio.block_function import BlockFunction
from gradio.blocks import Block, BlocksConfig
from gradio.state_holder import SessionState
from gradio.utils import get_upload_folder


class Events(BlocksConfig):
    """The events of an app. Each gets the name that Gradio would give it, without a look at the others."""

    def __init__(self, root_block: gr.Blocks):
        super().__init__(root_block)
        self.taken: dict[str, int] = {}  # name -> the last number put behind it

    def set_event_trigger(self, *args: Any, **kwargs: Any) -> tuple[BlockFunction, int]:
        others, self.fns = self.fns, {}
        try:
            event, number = super().set_event_trigger(*args, **kwargs)
        finally:
            self.fns = others
        event.api_name = self.unique(event.api_name)
        self.fns[number] = event
        return event, number

    def unique(self, name: str) -> str:
        free = name
        while free in self.taken:
            self.taken[name] += 1
            free = f"{name}_{self.taken[name]}"
        self.taken[free] = 0
        return free


class Gallery(gr.Blocks):
    """An app that is described when it is launched: before that, only if someone reads `config`."""

    def __init__(self, queue: dict[str, Any], **kwargs: Any):
        self._line = queue  # a later call of queue() would make the server once more
        super().__init__(**kwargs)
        self.default_config = Events(self)

    def queue(self, **kwargs: Any) -> gr.Blocks:
        return super().queue(**self._line | kwargs)

    def get_config_file(self) -> Any:
        """The description, or a promise of it: the last thing that launch() sets is `i18n_instance`."""
        describe = super().get_config_file
        return describe() if hasattr(self, "i18n_instance") else describe

    @property
    def config(self) -> dict[str, Any]:
        if callable(self._config):
            self._config = self._config()
        return self._config

    @config.setter
    def config(self, made: dict[str, Any] | Callable[[], dict[str, Any]]) -> None:
        self._config = made


def cancel_by_number() -> None:
    """An event that cancels another knows its number."""
    events.get_cancelled_fn_indices = lambda cancelled: [event["id"] for event in cancelled]


def remember_folder() -> None:
    """Every component asks where uploads go, and has the path resolved unless it's written here: 0.1 s."""
    os.environ.setdefault("GRADIO_TEMP_DIR", get_upload_folder())


def remember_signatures() -> None:
    """Leave on every component's constructor what `inspect.signature` says of it, and keep its names."""
    kept = {"getfullargspec": cache(inspect.getfullargspec)}
    component_meta.inspect = SimpleNamespace(**vars(inspect) | kept)
    todo = [Block]
    while todo:
        cls = todo.pop()
        todo += cls.__subclasses__()
        init = inspect.unwrap(cls.__init__)
        if inspect.isfunction(init) and not hasattr(init, "__signature__"):
            init.__signature__ = inspect.signature(init)


def light_sessions() -> None:
    """A new session starts with no descriptions: what Gradio's own updating adds is all that is read."""

    def start(self: SessionState, blocks: gr.Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values: dict[int, Any] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, Any] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 600  # seconds that a closed page's state is kept

    SessionState.__init__ = start
