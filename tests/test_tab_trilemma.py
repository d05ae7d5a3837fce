"""The trilemma: what the file says is what the page shows, and nobody is measured by another's ruler."""

import json
import math
import re
import time

import pytest

from demos.kit import plots
from demos.trilemma import labels, modes, obey, picture, ranking, scatter, shown, speed, triangle
from genmodels import families
from genmodels.metrics import traits


def last(steps):
    *_, found = steps
    return found


def made(name: str, **values: float) -> shown.Row:
    return families.entry(name), values


MADE = [
    made("vae-faces", frechet=50.0, seconds_16=0.1, recall=0.3, minutes=56.0),
    made("wgan-faces", frechet=500.0, seconds_16=0.01, recall=0.0, minutes=22.0),
    made("ddpm-faces", frechet=25.0, seconds_16=10.0, recall=0.6),
]


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(shown, "rows", lambda data, real=False: [] if real else MADE)


# ---- the file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", shown.DATA)
def test_models_stand_in_the_order_of_the_table(data):
    names = [e.name for e, _ in shown.rows(data)]
    assert names == [e.name for e in families.here(data) if e.name in names] and len(names) >= 8
    assert [e.family for e, _ in shown.rows(data, real=True)] == ["real"] * 2


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_page_says_that_its_ruler_is_our_own(lang):
    never = "never with published" if lang == "en" else "nunca con los FID publicados"
    pages = [
        last(triangle.triangle("faces", "value", "table", lang))[1],
        last(scatter.scatter("fashion", "per_second", "frechet", lang))[0],
        last(ranking.ranking("faces", "frechet", lang))[0],
        last(modes.modes("vae-faces", "hat", lang))[0],
        last(obey.obey("faces", "glasses", lang))[0],
    ]
    where = shown.file()["machine"]
    for page in pages:
        assert never in page and where["processor"] in page and "nan" not in page


# ---- triangles ---------------------------------------------------------------------------------------------


def test_a_corner_is_a_logarithm_between_the_worst_and_the_best(three):
    found = picture.reach("faces")
    assert found["ddpm-faces"][0] == 1 and found["wgan-faces"][0] == picture.LEAST
    assert found["wgan-faces"][1] == 1 and found["ddpm-faces"][1] == picture.LEAST
    share = (math.log(500) - math.log(50)) / (math.log(500) - math.log(25))
    assert found["vae-faces"][0] == pytest.approx(picture.LEAST + (1 - picture.LEAST) * share)
    recall = [picture.LEAST + (1 - picture.LEAST) * v for v in (0.3, 0.0, 0.6)]
    assert [t[2] for t in found.values()] == pytest.approx(recall)


def test_or_a_place(three):
    found = picture.reach("faces", ranks=True)
    half = picture.LEAST + (1 - picture.LEAST) / 2
    assert [t[0] for t in found.values()] == pytest.approx([half, picture.LEAST, 1])
    assert [t[1] for t in found.values()] == pytest.approx([half, 1, picture.LEAST])


@pytest.mark.parametrize("order", ["table", *picture.KEYS])
def test_the_sheet_has_a_triangle_for_each_and_one_for_the_wish(three, order):
    sheet = picture.sheet("faces", False, order, "es", columns=2, side=100)
    assert sheet.size[0] == 220 and sheet.size[1] > 200
    ink = sum(a > 0 for a in sheet.getchannel("A").tobytes())
    assert 0.1 < ink / (sheet.width * sheet.height) < 0.9


# ---- two against each other --------------------------------------------------------------------------------


def test_nobody_beats_those_on_the_line(three):
    spots = scatter.found("faces", "per_second", "frechet")
    assert [s.row[0].name for s in scatter.best(spots, "per_second", "frechet")] == [
        "ddpm-faces", "vae-faces", "wgan-faces",
    ]  # fmt: skip
    assert scatter.place("frechet", 25) > scatter.place("frechet", 500)  # the better, the further up
    front = scatter.best(scatter.found("faces", "recall", "frechet"), "recall", "frechet")
    assert [s.row[0].name for s in front] == ["ddpm-faces"]
    assert scatter.best(spots, "nearer", "frechet") == []


def test_a_model_without_the_number_is_not_on_the_chart(three):
    assert [s.row[0].name for s in scatter.found("faces", "minutes", "frechet")] == [
        "vae-faces",
        "wgan-faces",
    ]


@pytest.mark.parametrize("data", shown.DATA)
@pytest.mark.parametrize("across", scatter.AXES)
def test_names_cover_nobody(data, across):
    page = scatter.chart(scatter.found(data, across, "frechet"), data, across, "frechet", "en")
    assert "nan" not in page and page.count("class='tick'") > 8
    spots = [(0.5, 0.5 + k / 50, "a rather long name") for k in range(12)]
    axes = plots.Axes((0, 1), (0, 1), width=scatter.WIDE, height=scatter.HIGH, left=60)
    places = [re.search(r"x='(-?\d+)' y='(-?\d+)'", m(axes)).groups() for m in labels.named(spots, axes)]
    boxes = [(int(x), int(y) - 13, int(x) + 130, int(y) + 3) for x, y in places]
    assert len(boxes) >= 4 and not any(labels.meet(a, b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_ticks_of_a_logarithm_are_round():
    assert [round(v, 6) for _, v in scatter.logs(0.0, 2.0)] == [1, 2, 5, 10, 20, 50, 100]
    assert [v for _, v in scatter.logs(0.0, 4.0)] == [1, 10, 100, 1000, 10000]
    assert [round(v) for _, v in scatter.logs(2.4, 2.8)] == [300, 400, 500, 600]


# ---- the table ---------------------------------------------------------------------------------------------


def test_the_best_stands_first_and_who_has_no_number_last(three):
    order = lambda by: [e.name for e, _ in ranking.ordered(MADE, by)]  # noqa: E731
    assert order("frechet") == ["ddpm-faces", "vae-faces", "wgan-faces"]
    assert order("per_second") == ["wgan-faces", "vae-faces", "ddpm-faces"]
    assert order("minutes")[-1] == "ddpm-faces"


def test_real_pictures_stand_below_for_measure():
    (page, _) = last(ranking.ranking("faces", "recall", "es"))
    assert page.index("Caras reales") > page.index("WGAN-GP") and "más cerca" in page


# ---- modes -------------------------------------------------------------------------------------------------


def test_lost_is_what_is_common_and_a_third_as_often():
    real, *_ = shown.rows("faces", real=True)
    sizes = {g: len(names) for g, names in traits.groups("faces").items()}
    whole = modes.truth("faces")
    flat = [v for group in sizes for v in whole[group]]
    assert modes.lost("faces", {"attributes": flat}) == []
    none = {"attributes": [0 if v >= modes.COMMON else v for v in flat]}
    assert len(modes.lost("faces", none)) == sum(v >= modes.COMMON for v in flat)
    assert modes.ratio(199, 99) == 1 and modes.ratio(0, 0) == 0
    assert real[0].name == "real-faces"


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("group", modes.GROUPS)
def test_every_attribute_has_words(group, lang):
    data = "fashion" if group == "garment" else "faces"
    assert len(modes.names(group, lang)) == len(traits.groups(data)[group])
    (page, _) = last(modes.modes("cgan-fashion" if data == "fashion" else "vae-faces", group, lang))
    assert all(word in page for word in modes.names(group, lang)) and "→" in page


def test_all_attributes_that_are_counted_are_offered():
    assert set(modes.GROUPS) == set(traits.groups("faces")) | set(traits.groups("fashion"))


# ---- obedience ---------------------------------------------------------------------------------------------


def test_conditional_models_are_those_that_obey():
    (page, _) = last(obey.obey("fashion", "glasses", "en"))
    assert "CGAN" in page and "Glow" not in page.split("<h4>")[0]
    leaks = json.loads(json.dumps(shown.file()["leak"]))
    for edit in obey.EDITS:
        place = leaks["attributes"].index(edit)
        assert "vae-faces" in leaks[edit] and all(row[place] == 1 for row in leaks[edit].values())
        assert set(obey.SHOWN) <= set(leaks["attributes"])


# ---- speed -------------------------------------------------------------------------------------------------


def test_speed_is_measured_here_and_each_is_told_as_it_ends(monkeypatch):
    few = [r for r in shown.rows("faces") if r[0].name in ("vae-faces", "cgan-faces")]
    real = shown.rows
    monkeypatch.setattr(
        shown, "rows", lambda data, real_=False, **k: few if not (real_ or k) else real(data, True)
    )
    pages = list(speed.speed("faces", 2, 90, 1, "en"))
    (page, figures) = pages[-1]
    assert len(pages) >= 3 and figures["made"] == 4 and "This machine" in page and "Not finished" not in page
    assert page.count("<rect") == 2


def test_the_limit_holds_and_who_was_not_reached_is_named():
    began = time.perf_counter()
    (page, _) = last(speed.speed("fashion", 16, 1, 1, "es"))
    assert time.perf_counter() - began < 60 and "No alcanzó el tiempo para" in page


# ---- the page ----------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_another_axis_moves_the_dots(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}, locale="en-GB").new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/trilemma?view=scatter&data=faces&across=minutes&up=recall")
    chart = page.locator("#tab-trilemma svg.plot:visible").first
    chart.wait_for(timeout=60_000)
    caption = page.locator("#tab-trilemma figcaption:visible").first
    assert "minutes trained" in caption.inner_text()
    page.goto(f"{app.url}/trilemma?view=modes&name=wgan-faces&group=hair")
    page.locator("#tab-trilemma .heat:visible").first.wait_for(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280 and errors == []
    page.context.close()
