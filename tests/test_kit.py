"""What every tab leans on: words in two languages, inputs that refuse, a function run for a visitor."""

import cProfile
import inspect
import json
import os
import string
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio import events, utils
from gradio.blocks import BlocksConfig
from gradio.context import Context
from gradio.data_classes import FileData
from gradio.state_holder import SessionState
from PIL import Image

from demos.kit import images, inputs, lang, masks, numbers, pixels, problems, run, tab, thrift
from demos.kit.run import Stream
from genmodels import hub, runtime
from genmodels.errors import MESSAGES, Problem
from genmodels.hub import Checkpoint
from genmodels.settings import settings


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_problem_is_said_in_both_languages_with_the_same_facts():
    assert problems.SPANISH.keys() == MESSAGES.keys()
    for cause, sentence in MESSAGES.items():
        assert fields(problems.SPANISH[cause]) == fields(sentence), cause


def test_a_problem_speaks_the_visitors_language():
    problem = Problem("offline", name="taesd")
    assert problems.explain(problem, "en").startswith("taesd is not on this machine")
    assert problems.explain(problem, "es").startswith("taesd no está en esta máquina")


@pytest.mark.parametrize(
    "query, cookie, house, accepted, expected",
    [
        ({"lang": "es"}, {}, "", "en-GB", "es"),
        ({}, {"latente_lang": "es"}, "", "en", "es"),
        ({"lang": "en"}, {"latente_lang": "es"}, "", "es", "en"),
        ({}, {}, "es", "en-US,en;q=0.9", "es"),
        ({}, {}, "", "fr-FR,es-AR;q=0.8,en;q=0.5", "es"),
        ({"lang": "xx"}, {}, "", "de", "en"),
    ],
)
def test_the_language_is_the_one_chosen_nearest(monkeypatch, query, cookie, house, accepted, expected):
    monkeypatch.setattr(lang, "house", house)
    request = SimpleNamespace(query_params=query, cookies=cookie, headers={"accept-language": accepted})
    assert lang.language(request) == expected


def test_figures_read_as_people_write_them():
    assert numbers.text("ms", 1234, "en") == "1.2 s" and numbers.text("ms", 1234, "es") == "1,2 s"
    assert numbers.text("parameters", 1_234_567, "en") == "1.23 M"
    assert numbers.text("memory", 3 * 2**20, "en") == "3.0 MiB"
    with pytest.raises(KeyError):
        numbers.line({"no such figure": 1}, "en")


BAD = [float("nan"), float("inf"), 1e9, -1, "7", None, [3], True, {}]


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_numbers_refuse_what_they_could_not_show(value):
    for component in (inputs.slider(0, 10, 5, "n", step=1), inputs.Seed(1, precision=0)):
        if isinstance(component, inputs.Seed) and value == 1e9:
            continue  # a seed may be large
        with pytest.raises(gr.Error):
            component.preprocess(value)


def test_a_slider_of_whole_numbers_gives_whole_numbers():
    assert type(inputs.slider(1, 64, 16, "n", step=1).preprocess(16.0)) is int
    assert inputs.slider(0, 1, 0.5, "x", step=0.1).preprocess(0.3) == 0.3


@pytest.mark.parametrize("value", ["c", None, 3, ["a"], True])
def test_choices_checks_and_words_refuse_too(value):
    with pytest.raises(gr.Error):
        inputs.choice([("A", "a"), ("B", "b")], "c").preprocess(value)
    with pytest.raises(gr.Error):
        inputs.words("", "w", longest=3).preprocess(value if value != "c" else "long")
    if value is not True:
        with pytest.raises(gr.Error):
            inputs.check("c").preprocess(value)


def picture_file(folder, size, name="a.png") -> FileData:
    Image.new("RGB", size, "red").save(folder / name)
    return FileData(path=str(folder / name), orig_name=name)


def test_an_upload_is_measured_before_it_is_opened(tmp_path):
    upload = inputs.upload("u")
    assert upload.preprocess(picture_file(tmp_path, (2000, 1000))).size == (768, 384)
    for file in (picture_file(tmp_path, (8000, 5000), "huge.png"), picture_file(tmp_path, (3, 3), "a.tiff")):
        with pytest.raises(gr.Error):
            upload.preprocess(file)
    (tmp_path / "b.png").write_text("not a picture")
    with pytest.raises(gr.Error):
        upload.preprocess(FileData(path=str(tmp_path / "b.png")))


def test_a_mask_is_what_was_painted_and_travels_both_ways():
    painted = np.zeros((6, 8), bool)
    painted[1:3, 4] = True
    board = masks.mask(6, 8, ("Keep", "Conservar"))
    sent = board.postprocess((Image.new("RGBA", (24, 32), (255, 0, 0, 90)), painted))
    picture, mask = board.preprocess(json.loads(json.dumps(sent)))
    assert np.array_equal(mask, painted) and picture.getpixel((3, 3)) == (255, 0, 0, 90)
    for nothing in (None, {}, {"picture": None, "mask": None}, board.postprocess((None, None))):
        picture, mask = board.preprocess(nothing)
        assert picture is None and mask.shape == (6, 8) and not mask.any()
    assert board.preprocess(board.example_payload())[1].sum() == 24
    with pytest.raises(gr.Error, match="512"):
        board.preprocess(board.postprocess((Image.new("RGBA", (600, 8)), None)))


def two_steps(n):
    yield Image.new("RGB", (2, 2)), {"step": 1}
    yield Image.new("RGB", (2, 2), "red"), {"step": 2}


def values(stream, *args):
    return list(stream(list(args), "en"))


def test_a_run_shows_a_sign_first_and_ends_with_a_png_and_the_code():
    shown = values(Stream(two_steps, [inputs.picture()], {}, lambda n: f"print({n})"), 3)
    assert "Starting" in shown[0][1]
    assert [isinstance(s[0], Image.Image) for s in shown[1:]] == [True, True, False]
    picture, status, code = shown[-1]
    with Image.open(picture) as kept:
        assert kept.format == "PNG" and kept.getpixel((0, 0)) == (255, 0, 0)
    assert "step" in status and code == "print(3)"


def test_samples_are_counted_by_the_second():
    found = run.figures({"made": 30, "psnr": 20.0}, seconds=2.0)
    assert found["per_second"] == 15 and found["ms"] == 2000 and "made" not in found
    assert "samples per second" in numbers.line(found, "en")


def test_a_failed_run_says_why_on_the_page_and_frees_the_device():
    def fails(n):
        yield Image.new("RGB", (2, 2)), {}
        raise Problem("offline", name="taesd")

    steps = Stream(fails, [inputs.picture()], {})([1], "es")
    shown = []
    with pytest.raises(gr.Error, match="no está en esta máquina"):
        for step in steps:
            shown.append(step)
    assert "no está en esta máquina" in shown[-1][1]
    with runtime.turn() as mine:
        assert list(mine.wait()) == []


def test_a_visitor_who_leaves_frees_the_device():
    steps = Stream(two_steps, [inputs.picture()], {})([1], "en")
    while not isinstance(next(steps)[0], Image.Image):
        pass
    with runtime.turn() as mine:
        assert next(mine.wait()) == 1  # it is still the other's turn
        steps.close()
        assert list(mine.wait()) == []


def test_a_live_run_waits_for_nobody_knows_its_visitor_and_gives_its_code_first():
    def live(n, lang, session):
        yield 1, "a sentence"
        yield 2, {"step": n}
        yield 3, None
        yield session, {}

    stream = Stream(live, [gr.JSON()], {}, lambda n: f"print({n})", alone=False)
    with runtime.turn() as other:
        assert list(other.wait()) == []  # somebody else has the device
        sign, first, second, third, *_, last = stream([7], "en", "me")
    assert "Starting" in sign[1] and first == (1, "a sentence", "print(7)")
    assert "<b>7</b> step" in second[1] and second[2] == third[1] == third[2] == gr.skip()
    assert last[0] == "me" and last[2] == "print(7)"
    assert run.visitor(SimpleNamespace(session_hash="me")) == "me"
    assert run.visitor(None) != run.visitor(None)


def test_pictures_and_tensors_are_inverse():
    import torch

    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    again = images.to_tensor(images.to_pil(x[0]), (8, 8))
    assert (again - x).abs().max() < 1 / 127


def test_a_film_plays_there_and_back():
    frames = [Image.new("RGB", (4, 4), (i, 0, 0)) for i in (0, 100, 200)]
    with Image.open(images.film(frames, bounce=True)) as film:
        assert film.n_frames == 4


def test_a_visitor_costs_little_however_many_tabs_there_are():
    thrift.light_sessions()
    with gr.Blocks(analytics_enabled=False) as demo:
        box = gr.Textbox("a")
    session = SessionState(demo)
    assert session.config_values == {}
    session._update_value_in_config(box._id, "b")  # what Gradio does when the visitor types
    assert session.config_values[box._id]["props"]["value"] == "b" and box._id in session


def calls(work: Callable[[], object]) -> Counter[str]:
    """How often each function was called meanwhile, by name: what doesn't depend on who else is at work."""
    profile = cProfile.Profile()
    profile.runcall(work)
    counts: Counter[str] = Counter()
    for entry in profile.getstats():
        counts[getattr(entry.code, "co_name", str(entry.code))] += entry.callcount
    return counts


def test_signatures_are_read_once():
    thrift.remember_signatures()
    assert inspect.signature(gr.Slider.__init__) is inspect.signature(gr.Slider.__init__)
    gr.Slider()
    counts = calls(lambda: gr.Slider(1, 9, 3).get_config())
    assert counts["wrapper"] > 0 and counts["signature"] > 0  # where Gradio asks
    assert counts["_signature_from_function"] == counts["getfullargspec"] == 0  # and what it costs


def shelf(tabs: int, make: Callable[..., gr.Blocks] = gr.Blocks) -> gr.Blocks:
    """An app with events as the tabs have them: public, without a name, in the browser, cancelling."""
    with make(analytics_enabled=False) as demo:
        for i in range(tabs):
            box, start, stop = gr.Textbox(), gr.Button("Run"), gr.Button("Stop")
            event = start.click(str.upper, box, box, api_name=f"tab{i}")
            other = box.change(str.lower, box, box)
            stop.click(None, None, box, cancels=[event, other], js="() => ''")
            taken = f"lower_{i + i % 2}"  # a name that counting would give, or has given
            stop.click(str.title, box, box, api_name=taken)
    return demo


def gallery(**kwargs: object) -> gr.Blocks:
    return thrift.Gallery(queue={"max_size": 7}, **kwargs)


def test_a_gallery_is_described_as_gradio_would(monkeypatch):
    def described(make: Callable[..., gr.Blocks]) -> dict:
        monkeypatch.setattr(Context, "id", 0)
        return {k: v for k, v in shelf(5, make).config.items() if k != "app_id"}

    monkeypatch.setattr(events, "get_cancelled_fn_indices", utils.get_cancelled_fn_indices)
    plain = described(gr.Blocks)
    assert any(event["cancels"] for event in plain["dependencies"])
    names = {event["api_name"] for event in plain["dependencies"]}
    assert {"lower", "lower_1", "lower_2", "lower_2_1", "lower_3", "lower_4_1"} <= names
    thrift.cancel_by_number()
    assert described(gallery) == plain


def test_a_gallery_is_described_once_before_it_answers(monkeypatch):
    made, describe, here = [], BlocksConfig.get_config, threading.current_thread
    monkeypatch.setattr(BlocksConfig, "get_config", lambda *args: made.append(here()) or describe(*args))
    demo = shelf(2, gallery)
    assert made == [] and demo._queue.max_size == 7
    words = gr.I18n(en={"a": "b"})
    demo.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, i18n=words)
    try:
        told = httpx.get(f"{demo.local_url}config", trust_env=False).json()
    finally:
        demo.close()
    assert told["i18n_translations"] and told["components"]
    assert made == [here()], "once, and not while launch() waits three seconds for an answer"


def test_a_tab_costs_the_same_however_many_there_are():
    thrift.cancel_by_number()
    few, more, most = (calls(lambda n=n: shelf(n, gallery)).total() for n in (10, 20, 40))
    assert most - more == pytest.approx(2 * (more - few), rel=0.02)


def test_a_pictures_schema_is_worked_out_once_and_is_gradios():
    for make in (inputs.upload, inputs.drawing, inputs.picture):
        one, other = make("a"), make("b")
        assert one.api_info() is other.api_info()
        assert one.api_info() == gr.components.Component.api_info(other)


def test_the_folder_of_uploads_is_gradios_own(monkeypatch):
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    folder = utils.get_upload_folder()
    thrift.remember_folder()
    assert utils.get_upload_folder() == folder


HERE = Checkpoint("vae-here", "Here", "MIT", "nothing")
THERE = Checkpoint("someone/there", "There", "MIT", "nothing", revision="0" * 40, size=10**6)


def small_tab(monkeypatch) -> tab.Tab:
    """A tab with one view, as a module would build it."""
    module = SimpleNamespace(TITLE=("A", "A"), CARD=("B", "B"), MEASURE=("vae-here", "psnr"))
    monkeypatch.setattr(tab, "import_module", lambda name: module)
    monkeypatch.setattr(tab.card, "chapter", lambda stem: ("C", "C"))
    monkeypatch.setattr(tab.Tab, "read", lambda self, lang: "text")
    with gr.Blocks(analytics_enabled=False), tab.Tab("demos.small", (HERE, THERE)) as built:  # noqa: SIM117
        with built.view("look", "Look", "Mirar") as view:
            with view.controls():
                seed, deep = inputs.seed(), inputs.check("deep")
                size = inputs.slider(0, 2, 1, "size", step=0.5)
            with view.result():
                shown = inputs.picture()

            def look(checkpoint, seed, size, deep):
                yield Image.new("RGB", (2, 2)), {}

            view.run(look, [built.checkpoint, seed, size, deep], [shown])
    return built


def test_an_address_sets_the_controls_it_names_and_only_within_their_bounds(monkeypatch):
    built = small_tab(monkeypatch)
    names = built.views[0].linked
    query = {
        "view": "look",
        "checkpoint": "someone/there",
        "seed": "7",
        "size": "9",
        "deep": "1",
        "other": "x",
    }
    with pytest.warns(UserWarning, match="size=9"):
        found = built.asked(query, "en")
    assert found == {names["checkpoint"]: "someone/there", names["seed"]: 7, names["deep"]: True}
    assert built.asked({"view": "nowhere", "seed": "7"}, "en") == {}
    assert built.asked({"seed": "7"}, "en") == {names["seed"]: 7}  # of the first view
    with pytest.warns(UserWarning, match="seed=nan"):
        assert built.asked({"view": "look", "seed": "nan", "size": "1.5"}, "en") == {names["size"]: 1.5}


def test_a_checkpoint_that_can_not_be_had_leaves_the_bundled_one_in_use(monkeypatch):
    built = small_tab(monkeypatch)

    def offline(checkpoint, report=None):
        report(10, 100)
        raise Problem("offline", name=checkpoint.name)

    monkeypatch.setattr(hub, "folder", offline)
    request = SimpleNamespace(query_params={"lang": "es"}, cookies={}, headers={})
    with pytest.warns(UserWarning, match="no está en esta máquina"):
        *signs, (chosen, about) = built.choose("someone/there", request)
    assert chosen == "vae-here" and "someone/there no está en esta máquina" in about
    assert "There" in signs[0][1]


def test_a_download_shows_how_far_it_is(monkeypatch):
    def slow(checkpoint, report=None):
        for done in (25, 50, 100):
            report(done * 1024, 100 * 1024)
            time.sleep(1.5 * run.STEP)

    monkeypatch.setattr(hub, "folder", slow)
    signs = list(run.fetch(THERE, "en"))
    assert any("25" in s and "There" in s for s in signs) and any("--done:50.0%" in s for s in signs)
    assert list(run.fetch(HERE, "en")) == []


def test_a_lent_gpu_runs_the_function_with_a_pool_of_its_own(monkeypatch):
    """As on a ZeroGPU Space, with the lender faked: the real one forks."""
    asked = []

    def lend(duration):
        asked.append(duration)
        return lambda fn: fn

    def where(n):
        yield settings.device, runtime.pool

    pool, device = runtime.pool, settings.device
    assert run.lent(where, None) is where  # elsewhere nothing changes
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lend))
    borrows = run.lent(where, lambda n: 20 * n)
    assert next(borrows(0)) == (device, pool)
    try:
        ((name, own),) = borrows(1)
    finally:
        runtime.pool, settings.device = pool, device
    assert len(asked) == 1 and asked[0](3) == 60 and name == "cuda" and own is not pool


def test_what_a_run_makes_is_where_the_hourly_sweep_finds_it():
    from gradio.processing_utils import move_files_to_cache

    component, path = inputs.picture(), images.png(Image.new("RGB", (5, 7), "blue"))
    sent = move_files_to_cache(component.postprocess(path), component, postprocess=True)
    assert sent["path"] == path and path in component.temp_files  # no second copy that nobody would delete


def test_the_same_picture_drawn_again_is_not_cut_short_for_who_is_reading_it():
    with open(images.keep(b"seen", ".png"), "rb") as reader:
        before = os.fstat(reader.fileno())
        path = Path(images.keep(b"seen", ".png"))
        assert reader.read() == path.read_bytes() == b"seen"
        assert os.fstat(reader.fileno()).st_mtime_ns == before.st_mtime_ns, "its bytes were not written again"
        assert path.stat().st_ino != before.st_ino and [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_drawing_is_held_back_only_while_nobody_waits(monkeypatch):
    slept = []
    monkeypatch.setattr(pixels.time, "sleep", slept.append)
    pace = pixels.Pace(positions=10, seconds=5.0)
    pace.due(1)
    assert len(slept) == 1 and slept[0] == pytest.approx(0.5, abs=0.1)
    monkeypatch.setattr(pixels, "waiting", lambda: 1)
    pace.due(5)
    monkeypatch.setattr(pixels, "waiting", lambda: 0)
    pace.due(10, last=True)
    assert len(slept) == 1, "once somebody waits it stops holding back, for good"
    assert run.waiting() == 0, "and outside of an app nobody waits"
