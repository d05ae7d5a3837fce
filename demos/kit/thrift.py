"""Two things that Gradio 6.31 does again for every block, done once. Measured with 24 tabs, 3400 blocks.

- It reads the signature of a component's constructor for every instance, several times: left on the
  function, `inspect` finds it there.
- It describes every block of the whole app anew for each session, for deep links, which this page doesn't
  use: 1.5 s of processor and 5 MB per visitor. `SessionState` describes a block when it changes, too.

tests/test_kit.py holds both; when Gradio no longer does this, this file goes.
"""

import inspect
from copy import copy
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.state_holder import SessionState


def remember_signatures() -> None:
    """Leave on every component's constructor what `inspect.signature` says of it."""
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
