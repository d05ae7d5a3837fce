"""The bug museum: right beside wrong on the same noise; a number on a card is of the run that is shown."""

import re
from contextlib import closing
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
import torch

from demos.bugs import cards, forward, mix, museum, network, schedule, shown, step
from demos.kit.tab import TEXTS
from genmodels.diffusion import bugs
from genmodels.diffusion.checkpoints import UNETS

NAME = next(c.name for c in UNETS if c.name.endswith("fashion"))  # the smallest


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


def boxes(module, *names: str) -> list[bool]:
    return [name in names for name in module.BUGS]


def checks(page: str) -> list[tuple[float, float]]:
    """(wrong, right) of each card."""
    found = re.findall(r"<strong>([^<]*)</strong>; (?:right|bien): <strong>([^<]*)</strong>", page)
    return [
        tuple(float(v.replace("−", "-").replace(",", ".").replace("\u202f", "")) for v in pair)
        for pair in found
    ]


def halves(picture) -> tuple[np.ndarray, np.ndarray]:
    """A plate of two blocks, without the captions."""
    pixels = np.asarray(picture)[60:]
    wide = shown.WIDE
    return pixels[:, :wide], pixels[:, -wide:]


# ------------------------------------------------------------------------------------------ all rooms


def test_every_mistake_of_the_maths_has_a_card_and_no_other():
    cards_ = {**forward.BUGS, **{n: b for room in museum.ROOMS.values() for n, b in room.items()}}
    assert cards_.keys() == {*bugs.ALL, "linear"}
    assert museum.every().keys() <= museum.SHORT.keys()
    for bug in cards_.values():
        assert bug.wrong != bug.right and bug.title[0] != bug.title[1] and bug.why[0] != bug.why[1]
        assert all(40 < len(words) < 330 and words.endswith((".", "?")) for words in bug.why)
        assert bool(bug.probe) == all(bug.measure)


@pytest.mark.parametrize("name", museum.every())
def test_the_sheet_leads_to_the_room_with_that_mistake_alone(name):
    query = dict(parse_qsl(urlsplit(museum.address(name).replace("&amp;", "&")).query))
    room = museum.ROOMS[query["view"]]
    if query["view"] in museum.TICKED:
        assert [n for n in room if query[n] == "1"] == [name] and len(query) == len(room) + 2
    else:
        assert query["mistake"] == name


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_card_has_both_lines_and_the_number_when_the_run_is_over(lang):
    bug = mix.BUGS["linear"]
    page = cards.card(bug, None, lang)
    assert "(1 − t) a + t b" in page and "cos(πt/2) a" in page and "class='check'" not in page
    assert cards.cards(mix.BUGS, [], None, lang).startswith("<p>")


# ------------------------------------------------------------------------------------------ forward


@pytest.mark.parametrize(
    "mistake, low, high", [("root", 0.017, 0.021), ("shrink", 9, 13), ("same", 150, 400), ("clip", 0.2, 0.45)]
)
def test_where_a_thousand_steps_end(mistake, low, high):
    steps = list(forward.forward(NAME, mistake, 1000, 3, 1, "en"))
    strip, ends, page, found = steps[-1]
    ((wrong, right),) = checks(page)
    assert low < wrong < high and right == pytest.approx(1, abs=0.15)
    assert found["variance_wrong"] == pytest.approx(wrong, rel=0.01) and len(steps) > 10
    assert page.count("<polyline") == 4 and strip.width == forward.STRIP and ends.height > 200


def test_the_picture_that_never_drowns_and_a_moment_on_the_way():
    *_, page, found = last(forward.forward(NAME, "product", 1000, 3, 1, "es"))
    assert found["left_right"] == "1%" and found["left_wrong"] == "99%" and "bien" in page
    *_, found = last(forward.forward(NAME, "root", 120, 3, 1, "en"))
    left = 100 * np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))[119] ** 0.5
    assert found["left_right"] == found["left_wrong"] == f"{left:.0f}%"


# ------------------------------------------------------------------------------------------ schedule


def test_the_rates_lose_variance_and_the_plain_cosine_explodes():
    *_, page, _ = last(schedule.schedule(NAME, "rates", 0, True, 12, 1, "en"))
    ((wrong, right),) = checks(page)
    assert wrong == pytest.approx(0.5, abs=0.03) and right == pytest.approx(1)
    *_, page, found = last(schedule.schedule(NAME, "plain", 1, False, 4, 1, "en"))
    assert "e−08" in page and found["largest_wrong"] > 1000 > found["largest_right"]
    *_, found = last(schedule.schedule(NAME, "plain", 1, True, 4, 1, "en"))
    assert 0.001 < found["apart"] <= 2


@pytest.mark.parametrize("mistake", schedule.BUGS)
def test_every_schedule_runs_and_draws_its_curves(mistake):
    steps = list(schedule.schedule(NAME, mistake, 1, True, 3, 2, "es"))
    picture, page, found = steps[-1]
    left, right = halves(picture)
    assert not np.array_equal(left, right) and page.count("<polyline") == 4 and len(steps) >= 2


# ------------------------------------------------------------------------------------------ step, network


def test_with_nothing_ticked_both_are_the_same():
    for made in (
        step.step(NAME, *boxes(step), "cosine", 3, 1, "en"),
        network.network(NAME, *boxes(network), 3, 3, 1, "en"),
    ):
        picture, page, found = last(made)
        left, right = halves(picture)
        assert found["apart"] == 0 and np.array_equal(left, right) and page.startswith("<p>")


@pytest.mark.parametrize("name", step.BUGS)
def test_a_mistake_of_the_step_changes_the_pictures_and_its_number(name):
    _, page, found = last(step.step(NAME, *boxes(step, name), "linear", 5, 1, "en"))
    ((wrong, right),) = checks(page)
    assert found["apart"] > 0.01 and wrong != right


@pytest.mark.parametrize("name", network.BUGS)
def test_a_mistake_of_the_network_changes_the_pictures_and_its_number(name):
    _, page, found = last(network.network(NAME, *boxes(network, name), 8, 6, 1, "es"))
    assert found["apart"] > 0.001
    for wrong, right in checks(page):
        assert wrong != right or name == "clamp"
    assert len(checks(page)) == (network.BUGS[name].probe is not None)


def test_two_mistakes_at_once_have_two_cards():
    _, page, _ = last(step.step(NAME, *boxes(step, "xt", "late"), "cosine", 2, 1, "en"))
    assert page.count("<div class='bug'>") == 2


def test_values_beyond_all_bounds_are_said_to_be_so():
    """Everything wrong at once, without a clamp, and the schedule that divides by nothing."""
    *_, found = last(network.network(NAME, *[True] * len(network.BUGS), 8, 6, 1, "en"))
    assert isinstance(found["apart"], float | str)
    *_, found = last(schedule.schedule(NAME, "plain", 5, False, 50, 1, "en"))
    assert found["largest_wrong"] == "∞" or found["largest_wrong"] > 1e4
    for value in (float("inf"), float("nan")):
        assert shown.figure(value) == museum.far(value, "en") == "∞"
    assert shown.far(torch.zeros(3), torch.full((3,), float("nan"))) == float("inf")


def test_fresh_noise_needs_room_and_without_its_root_it_needs_less():
    """What the text says of the two together."""
    apart = []
    for names in (("direction",), ("direction", "sigma")):
        *_, found = last(step.step(NAME, *boxes(step, *names), "cosine", 8, 1, "en"))
        apart.append(found["apart"])
    assert apart[1] < apart[0]


# ------------------------------------------------------------------------------------------ first noise


@pytest.mark.parametrize(
    "mistake, wrong, right",
    [("linear", 0.5, 1), ("quiet", 0.019, 1), ("rand", 0.5, 0), ("clipped", 0.516, 1), ("one", 1, 7)],
)
def test_the_first_noise_is_what_the_card_says(mistake, wrong, right):
    rows, page, _ = last(mix.mix(NAME, mistake, 3, 1, "en"))
    ((found, should),) = checks(page)
    assert found == pytest.approx(wrong, rel=0.12, abs=0.002)
    assert should == pytest.approx(right, abs=0.15) or mistake == "one" and should > 1
    assert rows.width == pytest.approx(960, abs=8)


# ------------------------------------------------------------------------------------------ the sheet


def test_the_sheet_shows_each_and_lists_them_by_distance():
    steps = list(museum.museum(NAME, 2, 3, "en"))
    sheet, page, found = steps[-1]
    assert found["made"] == 2 * len(museum.every()) and len(steps) >= 2
    assert all(picture.size == sheet.size for picture, *_ in steps)  # it doesn't jump while it grows
    far = [float(v) if "," not in v else 0 for v in re.findall(r"<td>([\d.]+)</td>", page)]
    assert far == sorted(far, reverse=True) and page.count("?tab=bugs&amp;view=") == len(museum.every())


# ------------------------------------------------------------------------------------------ the texts


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_text_are_those_of_the_maths(lang):
    words = (TEXTS / f"bugs.{lang}.md").read_text(encoding="utf-8").replace("{,}", ",")
    point = "." if lang == "en" else ","
    for value in (f"{bugs.quiet():.3f}", f"{1 + bugs.betas().sum().item():.2f}"):
        assert value.replace(".", point) in words
    signal = bugs.levels("offset_cosine", 2, frozenset(["plain"]))[0].signal
    assert f"{signal:.0e}" == "-4e-08" and "-4\\cdot10^{-8}" in words and 0.01 / -signal > 2e5


# ------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_a_mistake_ticked_in_the_browser_is_drawn_and_explained(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1100}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/bugs?view=step&xt=1&direction=0&steps=4&seed=2", timeout=60_000)
    text = "document.querySelector('#tab-bugs, main, body').innerText"
    page.wait_for_function(f"() => {text}.includes('return x₀')", timeout=60_000)
    page.wait_for_function(f"() => {text}.includes('noise in the finished picture')", timeout=60_000)
    box = page.get_by_label("Times in the wrong order")
    box.check()
    page.wait_for_function(f"() => {text}.includes('for t in range(T, 0')", timeout=60_000)
    assert errors == []
    page.context.close()
