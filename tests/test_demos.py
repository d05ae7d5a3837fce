"""Every tab keeps the contract of the house.

It speaks both languages, works on the first click, can be taken home as code, and its endpoints are as strict
as its sliders. Nothing here names a tab: a new one is tested by standing in CHAPTERS.
"""

import ast
import asyncio
import contextlib
import json
import math
import re
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import gradio as gr
import httpx
import pytest
from gradio.data_classes import ImageData
from PIL import Image

import demos
from demos.kit import card, inputs, numbers
from demos.kit.masks import URL, Mask
from demos.kit.page import build
from demos.kit.tab import LINKABLE, TEXTS, from_address
from genmodels import hub

ROOT = Path(__file__).resolve().parent.parent
STEMS = card.order()
SECTIONS = {
    "en": [
        "The idea",
        "The formula",
        "Try this",
        "Where it fails",
        "The paper",
        "How these checkpoints were made",
    ],
    "es": [
        "La idea",
        "La fórmula",
        "Prueba esto",
        "Dónde falla",
        "El artículo",
        "Cómo se hicieron estos modelos",
    ],
}


@cache
def page() -> gr.Blocks:
    """The whole page, once for all tests. While it's built Gradio opens event loops that it never closes."""
    opened, new = [], asyncio.new_event_loop
    asyncio.new_event_loop = lambda: opened.append(new()) or opened[-1]
    try:
        return build()
    finally:
        asyncio.new_event_loop = new
        for loop in opened:
            loop.close()


def examples() -> dict[str, tuple]:
    """endpoint -> (function, inputs, code), of all tabs."""
    return {api: example for tab in page().tabs.values() for api, example in tab.examples.items()}


def public() -> dict[str, object]:
    """endpoint -> what Gradio calls, of all that the API lists."""
    return {f.api_name: f for f in page().fns.values() if f.api_visibility == "public"}


ENDPOINTS = sorted(examples())


# ------------------------------------------------------------------------------------------ what a tab says


def test_the_table_of_contents_lists_every_module_once():
    folder = Path(demos.__file__).parent
    tabs = {f.stem for f in folder.glob("*.py")} | {f.parent.name for f in folder.glob("*/__init__.py")}
    assert sorted(STEMS) == sorted(tabs - {"__init__", "kit"})


@pytest.mark.parametrize("stem", STEMS)
def test_a_tab_introduces_itself_in_both_languages(stem):
    module = import_module(f"demos.{stem}")
    assert module.__doc__ and len(module.TITLE) == len(module.CARD) == 2
    assert all(0 < len(words) <= 40 for words in module.TITLE)
    assert all(20 < len(words) <= 140 and words.endswith((".", "?")) for words in module.CARD)
    assert module.CARD[0] != module.CARD[1]


@pytest.mark.parametrize("stem", STEMS)
def test_the_measure_of_a_tab_was_measured(stem):
    if not page().tabs[stem].tables:  # it has no weights: what it trains, it trains before your eyes
        assert not hasattr(import_module(f"demos.{stem}"), "MEASURE")
        return
    name, key = import_module(f"demos.{stem}").MEASURE
    assert key in numbers.WORDS
    assert math.isfinite(card.metrics(name)["measures"][key])


@pytest.mark.parametrize("stem", STEMS)
def test_a_tab_has_what_every_tab_has(stem):
    tab = page().tabs[stem]
    names = [view.name for view in tab.views]
    assert names and len(set(names)) == len(names)
    assert tab.examples and all(api.startswith(f"{stem}_") for api in tab.examples)
    assert any(isinstance(c, inputs.Seed) for v in tab.views for c in v.linked.values())
    if hasattr(tab, "checkpoint"):
        first, *_ = tab.tables[tab.checkpoint].values()
        assert first.bundled and tab.checkpoint.value == first.name


def text(stem: str, lang: str) -> str:
    return (TEXTS / f"{stem}.{lang}.md").read_text(encoding="utf-8")


def links(words: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]*)\)", words)


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("stem", STEMS)
def test_a_text_has_its_six_sections(stem, lang):
    words = text(stem, lang)
    assert re.findall(r"^## (.*)$", words, re.M) == SECTIONS[lang]
    sections = re.split(r"^## .*$", words, flags=re.M)[1:]
    assert all(len(section.split()) >= 15 for section in sections)
    assert words.count("$") % 2 == 0
    idea, formula, experiments, fails, paper, _ = sections
    assert "$" in formula and "arxiv.org" in paper
    assert len([a for a in links(experiments) if a.startswith("?")]) >= 3
    assert any(a.startswith("?") for a in links(fails))


@pytest.mark.parametrize("stem", STEMS)
def test_both_texts_lead_to_the_same_places(stem):
    assert sorted(links(text(stem, "en"))) == sorted(links(text(stem, "es")))


@pytest.mark.parametrize("stem", STEMS)
def test_links_of_a_text_lead_where_they_say(stem, monkeypatch):
    """To tabs, views and controls that exist, with values that they take; to others' sites by https."""
    refused = []
    monkeypatch.setattr(gr, "Warning", lambda *words, **_: refused.append(words))
    for address in links(text(stem, "en")):
        if not address.startswith("?"):
            assert address.startswith("https://"), address
            continue
        query = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        tab = page().tabs[query["tab"]]
        if "view" in query:
            view = next(v for v in tab.views if v.name == query["view"])
            assert query.keys() - {"tab", "view"} <= view.linked.keys(), address
            assert len(tab.asked(query, "en")) == len(query) - 2
        else:
            assert query.keys() == {"tab"}, address
    assert refused == []


# ------------------------------------------------------------------------------------------ the first click


def defaults(components: list) -> list:
    """What a visitor who touches nothing sends, as the function gets it."""
    return [c.preprocess(c.value if isinstance(c, LINKABLE) else None) for c in components]


def test_the_api_is_what_the_tabs_say_and_nothing_else():
    found = [f.api_name for f in page().fns.values() if f.api_visibility == "public"]
    assert sorted(found) == ENDPOINTS and len(set(found)) == len(found)
    for stem, tab in page().tabs.items():
        assert all(api.startswith(f"{stem}_") for api in tab.examples)
    for api, (fn, _, _) in examples().items():
        assert fn.__doc__, f"{api} has no line that says what it does"


@pytest.mark.parametrize("api", ENDPOINTS)
def test_the_default_click_runs_to_its_end(api, tmp_path):
    """As Gradio runs it, without the browser: every step fills every output."""
    function, (_, components, code) = public()[api], examples()[api]
    steps = list(function.fn(None, *defaults(components)))
    assert all(len(step) == len(function.outputs) for step in steps)
    assert len(steps) >= 3  # a sign at once, something on the way, the end
    end = dict(zip(function.outputs, steps[-1], strict=True))
    for component, value in end.items():
        if isinstance(component, inputs.Picture) and isinstance(value, str):
            with Image.open(value) as picture:
                assert picture.format in ("PNG", "GIF") and min(picture.size) >= 16
        assert value is not None
    assert not code or end[function.outputs[-1]]


@pytest.mark.parametrize("api", ENDPOINTS)
def test_the_code_to_take_home_runs(api, tmp_path, monkeypatch, capsys):
    _, components, code = examples()[api]
    if code is None:
        pytest.skip(f"{api} offers no code")
    snippet = code(*defaults(components))
    nodes = [node for node in ast.walk(ast.parse(snippet)) if isinstance(node, ast.Import | ast.ImportFrom)]
    used = {(getattr(n, "module", None) or n.names[0].name).split(".")[0] for n in nodes}
    assert "genmodels" in used and used <= {"genmodels", "torch", "numpy", "PIL", *sys.stdlib_module_names}
    assert len([line for line in snippet.splitlines() if line.strip()]) <= 16
    assert max(map(len, snippet.splitlines())) <= 110
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        exec(compile(snippet, f"<{api}>", "exec"), {"__name__": "__main__"})  # as the visitor would


# ------------------------------------------------------------------------------------------ wrong values

NAN, INF = float("nan"), float("inf")
NEVER = [None, NAN, INF, -INF, 1e9, -1e9, [], {}, [1], "x" * 10_000, {"path": "/etc/passwd"}]


def wrong(component: gr.components.Component) -> list:
    """What a script may send and the widget can't."""
    if isinstance(component, inputs.Slider):
        beyond = [component.minimum - 1, component.maximum + 1, component.maximum * (1 + 1e-9) + 1e-9]
        return [*NEVER, *beyond, True, "1"]
    if isinstance(component, inputs.Seed):
        return [v for v in NEVER if v != 1e9] + [-1, 2**31, 1e300, True, "1"]
    if isinstance(component, inputs.Check):
        return [*NEVER, 0, 1, "true", "1"]
    if isinstance(component, inputs.Choice):
        return [*NEVER, True, "", "../../etc/passwd", "someone/else"]
    if isinstance(component, inputs.Words):
        return [None, NAN, 3, True, [], {}, "x" * (component.max_length + 1)]
    if isinstance(component, Mask):
        rows = ["0" * component.columns] * component.rows
        masks = [rows[1:], [*rows[1:], "0"], [*rows[1:], "2" * component.columns], rows[0], [rows], 7, {}]
        pictures = ["/etc/passwd", "data:image/svg+xml,<svg/>", URL, URL + "AAAA", URL + "é", 3]
        bad = [{"mask": m} for m in masks] + [{"picture": p} for p in pictures]
        return [NAN, 3, True, [], "x", {"path": "/etc/passwd"}, {"mask": rows, "more": 1}, *bad]
    return []


@cache
def bad_pictures() -> list[Path]:
    """A picture of 40 megapixels in a few bytes, one that ends early, a text, an empty file."""
    import tempfile

    folder = Path(tempfile.mkdtemp())
    Image.new("1", (8000, 5000)).save(folder / "huge.png")
    Image.effect_noise((300, 300), 90).save(folder / "whole.png")
    (folder / "cut.png").write_bytes((folder / "whole.png").read_bytes()[:5000])
    (folder / "text.png").write_text("not a picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "vector.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return sorted(set(folder.iterdir()) - {folder / "whole.png"})


def refused(component: gr.components.Component, value: object) -> None:
    with pytest.raises(gr.Error) as error:
        taken = component.preprocess(value)
        pytest.fail(f"{component.label} took {value!r:.80} as {taken!r:.80}")
    assert len(error.value.message) > 10 and not error.value.print_exception


@pytest.mark.parametrize("api", ENDPOINTS)
def test_no_input_takes_what_its_widget_could_not_send(api):
    """Every input of every public endpoint, one by one."""
    for component in public()[api].inputs:
        name = f"{api}: {type(component).__name__} {component.label}"
        strict = (*LINKABLE, inputs.Upload, inputs.Drawing, Mask)
        assert isinstance(component, strict), f"{name} is not one of the kit's"
        for value in wrong(component):
            refused(component, value)
        if isinstance(component, inputs.Upload):
            for file in [*bad_pictures(), Path("/etc/passwd"), Path("/nowhere/at/all.png"), ROOT]:
                refused(component, ImageData(path=str(file)))
            refused(component, ImageData(path=None, url="data:image/png;base64,AAAA"))
            assert component.preprocess(None) is None


def test_addresses_can_not_say_more_than_sliders():
    for tab in page().tabs.values():
        for view in tab.views:
            for name, component in view.linked.items():
                for words in ("nan", "inf", "1e9", "-1e9", "<script>", "../x"):
                    with contextlib.suppress(gr.Error, ValueError):
                        value = component.preprocess(from_address(component, words))
                        assert isinstance(component, inputs.Words | inputs.Seed), (name, words, value)


class Api:
    """The HTTP interface of the running app, as any script in any language uses it."""

    def __init__(self, url: str):
        once = httpx.Limits(max_keepalive_connections=0)  # after an error the server hangs up
        self.web = httpx.Client(base_url=f"{url}/gradio_api", trust_env=False, timeout=60, limits=once)

    def call(self, name: str, data: list) -> tuple[str, str]:
        """(the last event, what came with it)."""
        body = json.dumps({"data": data})  # Python's json writes NaN as NaN, and Starlette's reads it
        answer = self.web.post(f"/call/{name}", content=body, headers={"Content-Type": "application/json"})
        if not answer.is_success:
            return "error", answer.text
        event = ("", "")
        with self.web.stream("GET", f"/call/{name}/{answer.json()['event_id']}") as lines:
            for line in lines.iter_lines():
                if line.startswith("event: "):
                    event = (line[7:], "")
                elif line.startswith("data: "):
                    event = (event[0], line[6:])
                if event[0] in ("complete", "error") and event[1]:
                    break
        return event

    def upload(self, file: Path) -> dict:
        with file.open("rb") as data:
            path = self.web.post("/upload", files={"files": (file.name, data)}).json()[0]
        return {"path": path, "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def api(app) -> Api:
    return Api(app.url)


def sent(components: list) -> list:
    return [c.value if isinstance(c, LINKABLE) else None for c in components]


def unkind(component: gr.components.Component, api: Api) -> Iterator[object]:
    if isinstance(component, LINKABLE):
        values = wrong(component)
        yield from [values[1], values[-1], None, [1]]
        return
    yield {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    yield {"path": "http://127.0.0.1:1/x.png", "meta": {"_type": "gradio.FileData"}}
    yield {"path": None, "url": "data:image/png;base64,AAAA", "meta": {"_type": "gradio.FileData"}}
    yield "data:image/png;base64,AAAA"
    yield from (api.upload(file) for file in bad_pictures() if file.name in ("huge.png", "text.png"))


@pytest.mark.parametrize("stem", STEMS)
def test_scripts_get_an_error_and_the_next_visitor_notices_nothing(api, app, stem):
    """Through the door: each kind of input of a tab with wrong values, then what a polite visitor asks."""
    tried = set()
    for name, (_, components, _) in page().tabs[stem].examples.items():
        good = sent(components)
        for i, component in enumerate(components):
            if type(component) in tried:
                continue
            tried.add(type(component))
            for value in unkind(component, api):
                if (
                    isinstance(component, inputs.Words)
                    and value == "x" * 10_000
                    and component.max_length >= 10_000
                ):
                    continue
                kind, words = api.call(name, [*good[:i], value, *good[i + 1 :]])
                assert kind == "error", (name, component.label, str(value)[:80], words[:200])
                assert "root:" not in words and "Traceback" not in words
    name, (_, components, _) = next(iter(page().tabs[stem].examples.items()))
    assert api.call(name, sent(components)[:-1])[0] == "error"
    assert api.call(name, sent(components))[0] == "complete"
    # Gradio logs what it refuses itself; none of our own lines may be in a traceback
    assert not re.search(rf'File "{ROOT}/(demos|genmodels)/(?!kit/inputs)', app.output()), app.output()[
        -3000:
    ]


def test_a_door_that_does_not_exist_is_closed(api):
    assert api.call("nothing_like_this", [])[0] == "error"
    assert api.web.get("/file=/etc/passwd").status_code in (403, 404)
    assert api.web.get(f"/file={ROOT / 'app.py'}").status_code in (403, 404)


def test_weights_of_the_pickers_are_here():
    bundled = {
        c.name
        for tab in page().tabs.values()
        for table in tab.tables.values()
        for c in table.values()
        if c.bundled
    }
    assert not {name for name in bundled if not (hub.WEIGHTS / name / "model.safetensors").exists()}
