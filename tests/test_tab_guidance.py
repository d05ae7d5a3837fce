"""The tab of classes and guidance: sums of beliefs, ways between noises, readers, numbers of its texts."""

import json
import re

import pytest
import torch
from PIL import Image

from demos.guidance import between, blend, classes, dit, drawing, plane, reading, same, scale, sheets, walk
from demos.kit import denoisers, readers
from demos.kit.denoisers import ANY, CLASSES, kind_of
from demos.kit.tab import TEXTS
from genmodels.diffusion import samplers, schedules
from genmodels.diffusion.denoiser import Denoiser, bound, guided
from genmodels.diffusion.guidance import Kinds, combined, guidance
from genmodels.diffusion.unet import UNet, UNetConfig
from genmodels.energy.score_matching import Blobs
from genmodels.hub import WEIGHTS
from genmodels.runtime import generators

FASHION, FACES = "ddpm-fashion", "ddpm-faces"
NAMES = [c.name for c in drawing.CHECKPOINTS]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Nothing is held back so that it can be watched."""
    monkeypatch.setattr(plane, "SECONDS", 0)


def last(steps):
    *_, end = steps
    return end


def drawn(monkeypatch):
    """What every run of `paint` ends with, caught on its way to the page."""
    caught, paint = [], drawing.paint

    def spy(*given):
        for shown in paint(*given):
            yield shown
        caught.append(shown.clone())

    monkeypatch.setattr(drawing, "paint", spy)
    return caught


def said(word, checkpoint=FASHION):
    """What the four pickers say when that of this checkpoint says `word`."""
    return [word if kind == kind_of(checkpoint) else ANY for kind in CLASSES]


def tiny(classes=5):
    torch.manual_seed(0)
    config = UNetConfig(
        sample_size=8, block_out_channels=(8, 8), norm_num_groups=4, num_class_embeds=classes,
        down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
        layers_per_block=1, prediction="v_prediction", schedule="cosine",
    )  # fmt: skip
    return Denoiser.of(UNet(config).eval().requires_grad_(False))


# ------------------------------------------------------------------------------------------ sums of beliefs


@pytest.mark.parametrize("s", [0.0, 1.0, 3.5])
def test_guidance_is_a_sum_of_two_beliefs_with_weights_that_add_up_to_one(s):
    denoise, x = tiny(), torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    label, none = torch.tensor([0, 3, 1]), torch.tensor([4, 4, 4])
    found = combined(denoise, torch.stack([label, none]), guidance(s, 3))(x, 0.7)
    assert torch.allclose(found, guided(denoise, label, s)(x, 0.7), atol=1e-5)
    assert not torch.allclose(found, bound(denoise, none if s else label)(x, 0.7), atol=1e-3)


def test_what_has_no_weight_is_not_asked():
    asked = []

    def denoise(x, sigma, labels):
        asked.append(labels.tolist())
        return labels[:, None].float() * torch.ones_like(x) / 100

    labels = torch.tensor([[0, 1, 2], [7, 7, 7]])
    belief = combined(denoise, labels, guidance(3.0, 3, 0.4, 5.0))
    assert belief(torch.zeros(3, 2), 6.0)[:, 0].tolist() == pytest.approx([0.0, 0.01, 0.02])
    assert belief(torch.zeros(3, 2), 1.0)[:, 0].tolist() == pytest.approx([-0.14, -0.11, -0.08])
    belief(torch.zeros(3, 2), 0.2)
    assert asked == [[0, 1, 2], [0, 1, 2, 7, 7, 7], [0, 1, 2]]


def test_weights_may_differ_from_place_to_place():
    denoise, x = tiny(), torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    labels = torch.tensor([[4, 4], [0, 0], [2, 2]])
    terms = blend.Terms(torch.tensor([0.5, 0.25]), 1.0, [1.0, 0.0])
    found = combined(denoise, labels, blend.halves(terms, 8))(x, 0.7)
    a, b = (bound(denoise, labels[k])(x, 0.7) for k in (1, 2))
    for picture, edge in ((0, 4), (1, 6)):
        assert torch.allclose(found[picture, :, :, :edge], a[picture, :, :, :edge], atol=1e-5)
        assert torch.allclose(found[picture, :, :, edge:], b[picture, :, :, edge:], atol=1e-5)
    assert not torch.allclose(a, b, atol=1e-3)


# ------------------------------------------------------------------------------------------ without a network


def test_the_exact_belief_is_the_mean_of_what_could_be_under_the_noise():
    """Against the definition: candidates of each kind, weighted by how well they explain what is seen."""
    kinds = Kinds(
        (Blobs(torch.tensor([[0.0, 1.0], [2.0, 0.0]]), 0.3), Blobs(torch.tensor([[-1.0, -1.0]]), 0.3))
    )
    x, sigma = torch.tensor([[0.5, 0.4], [-0.6, 0.2], [0.5, 0.4]]), 0.8
    found = kinds(x, sigma, torch.tensor([0, 1, 2]))
    for at, label, x0 in zip(x, (0, 1, 2), found, strict=True):
        candidates = kinds.of(label).sample(400_000, torch.Generator().manual_seed(3))
        fit = (-(at - candidates).square().sum(1) / (2 * sigma**2)).softmax(0)
        assert torch.allclose(fit @ candidates, x0, atol=0.02)


def test_guidance_empties_the_heap_that_others_are_near_and_its_promise_does_not():
    kinds = plane.truth()
    clouds = {
        s: plane.cloud(kinds, 0, last(plane.flow(kinds, 0, s, "always", 1))) for s in (0.0, 1.0, 2.0, 4.0)
    }
    promised = plane.cloud(kinds, 0, plane.sharpened(kinds, 0, 4.0, 1))
    assert clouds[0.0].obeys == pytest.approx(1 / 3, abs=0.06)
    assert clouds[0.0].obeys < clouds[1.0].obeys < clouds[2.0].obeys <= clouds[4.0].obeys
    assert clouds[0.0].varied > clouds[1.0].varied > clouds[2.0].varied > clouds[4.0].varied
    assert clouds[1.0].middle == pytest.approx(1 / 3, abs=0.06) and clouds[4.0].middle < 0.02
    assert promised.middle > 0.15 and promised.obeys > clouds[1.0].obeys


def test_guided_in_the_middle_only_the_heap_stays():
    kinds = plane.truth()
    always, middle, late = (
        plane.cloud(kinds, 0, last(plane.flow(kinds, 0, 4.0, when, 1)))
        for when in ("always", "middle", "late")
    )
    assert always.middle < late.middle and always.varied < late.varied
    assert middle.varied <= late.varied


def test_told_alone_the_points_are_those_of_the_kind():
    kinds = plane.truth()
    x = last(plane.flow(kinds, 2, 1.0, "always", 4))
    shares = kinds.of(2).nearest(x)
    assert (shares - 1 / 3).abs().max() < 0.06 and kinds.of(2).width(x) == pytest.approx(plane.STD, abs=0.04)
    exact = plane.sharpened(kinds, 2, 1.0, 4)
    assert kinds.of(2).width(exact) == pytest.approx(plane.STD, abs=0.04)


def test_the_plane_says_it_in_both_languages():
    picture, table, _ = last(plane.plane("b", 3.5, "always", 1, "es"))
    assert isinstance(picture, Image.Image) and "s = 3,5" in table and table.count("<tr>") == 4
    assert "s = 3.5" in last(plane.plane("b", 3.5, "always", 1, "en"))[1]


# ------------------------------------------------------------------------------------------ drawing, reading


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_to_take_home_know_the_shapes_and_the_classes(name):
    with denoisers.use(name) as denoise:
        assert denoisers.shape_of(denoise) == drawing.SHAPES[kind_of(name)]
        assert denoise.network.config.num_class_embeds == drawing.classes(name) + 1
        assert drawing.noise(denoise, 1, 1, 5)[1] == schedules.karras(denoisers.LOW, denoisers.HIGH, 5)


def test_a_picture_is_the_same_alone_and_in_company():
    with denoisers.use(FASHION) as denoise:
        pictures = []
        for seed, told in ((4, list(range(10)) + [0, 1, 2, 3]), (17, [3])):
            x, grid = drawing.noise(denoise, seed, len(told), 4)
            pictures.append(last(drawing.paint(x, grid, drawing.ordered(denoise, told, 2.0))).clone())
        y = torch.tensor([3])
        x = samplers.start((1, 28, 28), grid[0], generators(17, 1))
        *_, end = samplers.dpm(guided(denoise, y, 2.0), x, grid)
    assert torch.allclose(pictures[0][13], pictures[1][0], atol=1e-3)
    assert torch.allclose(end.x, pictures[1], atol=1e-3)
    assert not torch.allclose(pictures[0][13], pictures[0][12], atol=0.05)


def test_without_guidance_only_the_label_counts_and_at_zero_not_even_that():
    with denoisers.use(FASHION) as denoise:
        x, grid = drawing.noise(denoise, 1, 1, 4)
        x = x.expand(3, -1, -1, -1)
        none, one, guided_ = (
            last(drawing.paint(x, grid, drawing.ordered(denoise, [0, 7, -1], s))).clone()
            for s in (0.0, 1.0, 3.0)
        )
    assert torch.allclose(none[0], none[2], atol=1e-4) and torch.allclose(none[1], none[2], atol=1e-4)
    assert torch.allclose(guided_[2], one[2], atol=1e-3)  # towards any from any: nothing to add
    assert not torch.allclose(one[0], one[1], atol=0.02)


def test_the_reader_reads_painted_people_as_they_are():
    from genmodels.data.faces import HAIR_COLOURS, batch, random_face

    people = [k for k in range(100_000, 100_120) if random_face(k).hat == "none"]
    people = [k for k in people if random_face(k).hair_style not in ("bald", "balding", "buzz")][:40]
    x = torch.from_numpy(batch(people)[0]).permute(0, 3, 1, 2) / 127.5 - 1
    faces = [random_face(k) for k in people]
    told = [2 * HAIR_COLOURS.index(f.hair_colour) + (f.glasses != "none") for f in faces]
    found = readers.read(FACES, x)
    assert found.beliefs.shape == (len(people), len(CLASSES["faces"]))
    assert torch.allclose(found.beliefs.sum(1), torch.ones(len(people)), atol=1e-4)
    assert reading.obeyed(told, found.found()) > 0.8
    assert readers.read("ddpm-emoji", torch.zeros(2, 3, 32, 32)).found() == []


def test_verdicts_are_short_and_say_what_was_read():
    assert reading.verdict(FACES, 7, 7, "en") == ("✓ red hair\nglasses", True)
    assert reading.verdict(FACES, 7, 7, "en", brief=True) == ("✓", True)
    assert reading.verdict(FACES, 7, 6, "es") == ("× pelo rojo", False)
    assert reading.verdict(FASHION, -1, 9, "es") == ("botín", None)
    assert reading.obeyed([1, 2, -1], [1, 3, 5]) == 0.5
    assert (
        reading.variety(torch.tensor([[0.0, 0.0], [3.0, 4.0]])) == 5
        and reading.variety(torch.ones(1, 2)) == 0
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_keeps_its_size_when_verdicts_come(name):
    x = torch.zeros(4, *drawing.SHAPES[kind_of(name)])
    lines = sheets.lines_of(name)
    before = sheets.sheet(x, 2, heads=["a", "b"], lines=lines)
    found = readers.read(name, x)
    after = sheets.sheet(x, 2, heads=["a", "b"], feet=sheets.feet(name, [0] * 4, found, "es"), lines=lines)
    assert before.size == after.size and before.width <= sheets.WIDE
    assert (before.tobytes() != after.tobytes()) == (kind_of(name) in readers.READERS)


# ------------------------------------------------------------------------------------------ the views


def test_each_in_turn_or_all_of_one(monkeypatch):
    caught = drawn(monkeypatch)
    sheet, figures = last(classes.classes(FASHION, 3, 12, 1.0, 4, *said("each"), "en"))
    assert figures["made"] == 12 and 0 <= figures["obeyed"] <= 1 and isinstance(sheet, Image.Image)
    assert classes.order(FASHION, 12, *said("each")) == [*range(10), 0, 1]
    assert classes.order(FACES, 2, *said("5", FACES)) == [5, 5]
    assert "obeyed" not in last(classes.classes(FASHION, 3, 2, 1.0, 4, *said(ANY), "es"))[-1]
    assert torch.isfinite(torch.cat([x.flatten() for x in caught])).all()


def test_the_strip_has_one_noise_a_row_and_counts_what_it_shows(monkeypatch):
    caught = drawn(monkeypatch)
    strip, words, figures = last(scale.scale(FASHION, 1, 3, 4, "always", *said("6"), "es"))
    assert len(caught) == len(scale.SCALES) and figures == {"made": 3 * len(scale.SCALES)}
    done = [scale.column(FASHION, x, 6) for x in caught]
    percents = re.findall(r"<td>(\d+) %</td>", words)
    assert percents == [f"{100 * c.obeys:.0f}" for c in done]
    assert words.count("<polyline") == 3 and strip.width <= sheets.WIDE
    caught.clear()
    _, words, _ = last(scale.scale(FASHION, 1, 3, 4, "always", *said("2"), "en"))
    assert torch.allclose(caught[0], done[0].x, atol=1e-3)  # at s = 0 no class is told
    assert "%" in words


def test_of_sprites_nobody_says_whether_they_obey():
    _, words, _ = last(scale.scale("ddpm-sprites", 1, 2, 4, "always", *said("0", "ddpm-sprites"), "en"))
    assert words.count("<td>–</td>") == len(scale.SCALES) and words.count("<polyline") == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_class_has_its_column(name):
    columns = [k for group in same.groups(name) for k in group]
    assert sorted(columns) == list(range(drawing.classes(name)))
    assert max(map(len, same.groups(name))) <= same.ACROSS


def test_one_noise_under_every_class(monkeypatch):
    caught = drawn(monkeypatch)
    _, where, words, figures = last(same.same(FASHION, 5, 2, 1.5, 4, "es"))
    (x,) = caught
    assert len(x) == 20 == figures["made"] and where.width > where.height
    with denoisers.use(FASHION) as denoise:
        z, grid = drawing.noise(denoise, 6, 1, 4)
        alone = last(drawing.paint(z, grid, drawing.ordered(denoise, [3], 1.5)))
    assert torch.allclose(x[13], alone[0], atol=1e-3)  # second noise, fourth class
    assert words.count("bar-row'") == 2


def test_shares_of_a_table_are_those_of_its_rows_and_columns():
    noise, label = torch.randn(4, 1, 6), torch.randn(1, 5, 6)
    assert same.split(label.expand(4, 5, 6)) == pytest.approx((1, 0, 0), abs=1e-4)
    assert same.split(noise.expand(4, 5, 6)) == pytest.approx((0, 1, 0), abs=1e-4)
    a, b, both = same.split(noise + label)
    assert a + b == pytest.approx(1, abs=1e-4) and both == pytest.approx(0, abs=1e-4)


def test_a_straight_line_weakens_the_noise_and_an_arc_does_not():
    a, b = (80 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(k)) for k in (1, 2))
    line, stretched, arc = between.ways(a, b)
    strength = torch.stack([line, stretched, arc]).flatten(2).std(2) / 80
    assert strength[0, between.STRIP // 2].item() == pytest.approx(0.5**0.5, abs=0.02)
    assert (strength[1:] - 1).abs().max() < 0.03
    for way in (line, stretched, arc):
        assert torch.allclose(way[:1], a, atol=0.02) and torch.allclose(way[-1:], b, atol=0.02)
    middle = between.STRIP // 2
    assert torch.cosine_similarity(stretched[middle].flatten(), arc[middle].flatten(), dim=0) > 0.999


def test_between_two_noises_ends_are_shared(monkeypatch):
    caught = drawn(monkeypatch)
    sheet, words, figures = last(between.between(FASHION, 1, 2, 1.0, 4, *said("2"), "en"))
    x = caught[0].unflatten(0, (3, between.STRIP))
    assert torch.allclose(x[0, 0], x[2, 0], atol=2e-2) and torch.allclose(x[0, -1], x[2, -1], atol=2e-2)
    assert figures["weakest"] == pytest.approx(0.5**0.5, abs=0.04)
    assert words.count("<polyline") == 7
    assert torch.equal(between.blended(x)[0, 0], x[0, 0])


def test_a_walk_passes_its_stops_and_comes_back():
    z = torch.randn(3, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    x = walk.way(z, 4)
    assert x.shape == (12, 1, 6, 6) and torch.allclose(x[::4], z, atol=1e-4)
    a, b, share = walk.legs([2, 3, 4], 4)
    assert (a[0], b[0], share[0]) == (2, 3, 0) and (a[-1], b[-1], share[-1]) == (4, 2, 0.75)
    assert walk.legs([5, 5], 4)[2] == [0.0] * 8
    assert walk.itinerary(FASHION, 9, 3, True) == [9, 0, 1] and walk.itinerary(FASHION, -1, 2, False) == [
        -1,
        -1,
    ]


def test_the_walk_is_a_film_of_all_its_frames():
    film, strip, words, figures = last(walk.walk(FASHION, 1, 2, 4, True, 1.5, 4, *said("7"), "es"))
    with Image.open(film) as gif:
        assert gif.format == "GIF" and gif.n_frames == 8 == figures["made"]
    assert figures["jump"] >= 1 and strip.width <= sheets.WIDE and "<polyline" in words


@pytest.mark.parametrize("how", blend.HOW)
def test_weights_of_two_classes_add_up_to_one_and_begin_with_the_first(how):
    grid = schedules.karras(0.02, 80.0, 6)
    terms = blend.Terms(torch.linspace(0, 1, blend.STRIP), 2.5, grid)
    found = blend.WEIGHTS[how](terms, 8)
    for sigma in grid[:-1]:
        w = found(sigma) if callable(found) else found
        assert torch.allclose(w.sum(0), torch.ones_like(w[0]), atol=1e-5)
        first = w.reshape(3, blend.STRIP, -1)[:, 0]
        assert (first[2] == 0).all() and (first[1] > 0).all()
        if how != "away":
            end = w.reshape(3, blend.STRIP, -1)[:, -1]
            assert (end[1] == 0).all() and (end[2] == 2.5).all()


def test_between_classes_the_ends_are_those_classes(monkeypatch):
    caught = drawn(monkeypatch)
    words = (*said("7"), *said("9"))
    for how in blend.HOW:
        sheet, curve, figures = last(blend.blend(FASHION, 1, how, 2.0, 4, *words, "es"))
        assert figures == {"made": blend.ROWS * blend.STRIP} and curve.count("<polyline") == 3
    with denoisers.use(FASHION) as denoise:
        x, grid = drawing.noise(denoise, 1, 1, 4)
        ends = [
            last(drawing.paint(x, grid, drawing.ordered(denoise, [k], s))).clone()[0]
            for k, s in ((7, 2.0), (9, 2.0), (7, 1.0))
        ]
    for how, pictures in zip(blend.HOW, caught[: len(blend.HOW)], strict=True):
        assert torch.allclose(pictures[0], ends[2 if how == "away" else 0], atol=1e-3)
        if how != "away":
            assert torch.allclose(pictures[blend.STRIP - 1], ends[1], atol=1e-3)


@pytest.mark.parametrize("how", blend.HOW)
def test_the_lines_to_take_home_blend_as_the_page_does(how, monkeypatch):
    caught = drawn(monkeypatch)
    words = (FASHION, 2, how, 1.5, 4, *said("1"), *said("3"))
    last(blend.blend(*words, "en"))
    scope = {}
    code = blend.blend_code(*words)
    assert len([line for line in code.splitlines() if line.strip()]) <= 16
    exec(code, scope)
    assert torch.allclose(scope["last"].x, caught[0], atol=1e-3)


@pytest.mark.parametrize("when", drawing.WHEN)
def test_the_lines_to_take_home_guide_as_the_page_does(when, monkeypatch):
    caught = drawn(monkeypatch)
    words = (FASHION, 2, 2, 4, when, *said("1"))
    last(scale.scale(*words, "en"))
    scope = {}
    exec(scale.scale_code(*words), scope)
    assert torch.allclose(torch.cat(scope["strip"]), torch.cat(caught), atol=1e-3)


def test_the_lines_to_take_home_walk_as_the_page_does(monkeypatch):
    caught = drawn(monkeypatch)
    words = (FASHION, 2, 2, 4, True, 2.0, 4, *said("1"))
    last(walk.walk(*words, "en"))
    scope = {}
    exec(walk.walk_code(*words), scope)
    assert torch.allclose(scope["last"].x, caught[0], atol=2e-3)


# ------------------------------------------------------------------------------------------ texts, page


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_shares_that_the_text_names_are_those_of_the_plane(lang):
    """Deterministic: exact beliefs and a seed."""
    words = (TEXTS / f"guidance.{lang}.md").read_text(encoding="utf-8")
    percent = "%" if lang == "en" else " %"
    kinds = plane.truth()
    clouds = [plane.cloud(kinds, 0, last(plane.flow(kinds, 0, s, "always", 1))) for s in (1.0, 4.0)]
    clouds.append(plane.cloud(kinds, 0, plane.sharpened(kinds, 0, 4.0, 1)))
    for c in clouds:
        assert f"{100 * c.middle:.0f}{percent}" in words


@pytest.mark.browser
def test_the_page_draws_what_the_link_orders_and_shows_its_pickers(app, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="es-AR")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/?tab=guidance&view=classes&checkpoint={FASHION}&fashion=9&count=2&steps=4")
    page.wait_for_selector("#tab-guidance .status li:visible", timeout=60000)
    prenda = page.get_by_label("Clase", exact=True).locator("visible=true")
    prenda.wait_for(timeout=60000)
    assert prenda.count() == 1 and prenda.input_value() == "botín"
    told = "[...document.querySelectorAll('#tab-guidance .status')].some(e => /obedecen/.test(e.innerText))"
    page.wait_for_function(f"() => {told}", timeout=60000)
    assert errors == []
    context.close()


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_text_says_who_was_measured_to_obey(lang):
    words = (TEXTS / f"guidance.{lang}.md").read_text(encoding="utf-8")
    for name in (FACES, FASHION, "dit-fashion"):
        found = json.loads((WEIGHTS / name / "metrics.json").read_text())["measures"]
        for key in ("obedience", "obedience_guided"):
            said = f"{found[key]:.3g}"
            assert (said if lang == "en" else said.replace(".", ",")) in words, (name, key)


def test_three_networks_get_the_same_noise_and_the_same_order(monkeypatch):
    noises, noise = [], drawing.noise
    monkeypatch.setattr(drawing, "noise", lambda *given: noises.append(noise(*given)) or noises[-1])
    page, words, figures = last(dit.dit(4, 2, "3", 1.0, 4, "es"))
    first, *others = (x for x, _ in noises)
    assert all(torch.equal(first, x) for x in others) and figures == {"made": 6}
    rows = re.findall(r"<tr><th scope='row'>(.*?)</tr>", words)
    assert len(rows) == 3 == len({row.split("<")[0] for row in rows})
    assert rows[0].count("–") == 1 and page.width <= sheets.WIDE
    x = torch.rand(2, 1, 4, 4)
    assert dit.apart(x, x) == 0 and dit.apart(x, x + 0.5) == pytest.approx(0.5)
