"""The tab of the conditional GAN: what labels decide, both terms of the critic, the numbers of its texts."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from demos.cgan import blend, film, labels, mismatch, mix, models, same, sample, subjects, table, traits
from demos.cgan.labels import ANY, FACES, FASHION
from demos.kit import card
from demos.kit.tab import TEXTS
from genmodels import hub

BOTH = [FACES, FASHION]


def last(steps):
    *_, end = steps
    return end


def drawn(monkeypatch):
    """Every batch that the model draws, caught on its way to the page."""
    caught, draw = [], models.draw
    monkeypatch.setattr(models, "draw", lambda *given: caught.append(draw(*given)) or caught[-1])
    return caught


def alone(checkpoint, seed, *label, truncation=3.0):
    with models.use(checkpoint) as model:
        z = models.noise(model, seed, 1, truncation)
        return models.draw(model, z, models.one_hot(model, [label]))[0]


# ------------------------------------------------------------------------------------------ labels


@pytest.mark.parametrize("name", BOTH)
def test_labels_stand_in_the_order_of_the_networks_numbers(name):
    """The film was drawn by the recipe, column by column: its labels are ours."""
    facts, x = film.recorded(name)
    with models.use(name) as model:
        assert models.one_hot(model, labels.every(name)).tolist() == facts["labels"]
        classes = [key for group in labels.GROUPS[name].values() for key in group]
        assert len(classes) == len(model.config.classes) and len(x) == film.MOMENTS
        if name == FACES:
            assert tuple(classes) == model.config.classes
    assert x.shape[1] == len(labels.every(name)) and x.min() >= -1 and x.max() <= 1


def test_what_is_left_open_is_drawn_by_lot_and_belongs_to_the_seed():
    open_ = labels.asked(FACES, "red", ANY, "boot")
    assert open_ == (3, -1)
    many = labels.by_lot(FACES, open_, 7, 60)
    assert {hair for hair, _ in many} == {3} and {g for _, g in many} == {0, 1}
    assert many[5] == labels.by_lot(FACES, open_, 12, 1)[0]
    assert labels.asked(FASHION, "red", ANY, "boot") == (9,)


def test_a_verdict_names_what_differs():
    assert labels.words(FACES, (3, 0), "es") == "rojo" and labels.words(FACES, (3, 1), "en") == "red, glasses"
    assert labels.differing(FACES, (3, 1), (0, 1), "en") == "red ≠ black"
    assert labels.differing(FACES, (3, 1), (0, 0), "es") == "rojo ≠ negro\nanteojos ≠ sin anteojos"


# ------------------------------------------------------------------------------------------ drawing


@pytest.mark.parametrize("name", BOTH)
def test_a_picture_is_the_same_alone_or_in_company(name, monkeypatch):
    caught = drawn(monkeypatch)
    last(sample.sample(name, 4, 14, 2.0, "grey", "glasses", "bag", "en"))
    x = torch.cat(caught)
    assert x.shape[0] == 14 and x.std(0).mean() > 0.02
    label = labels.asked(name, "grey", "glasses", "bag")
    assert torch.allclose(x[13], alone(name, 17, *label, truncation=2.0), atol=1e-4)


@pytest.mark.parametrize("name", BOTH)
def test_without_noise_there_is_one_picture_per_label(name, monkeypatch):
    caught = drawn(monkeypatch)
    *_, figures = last(table.table(name, 1, 4, 0.0, "en"))
    x = torch.cat(caught).unflatten(0, (4, -1))
    assert (x - x[:1]).abs().max() < 1e-4
    assert x[0].flatten(1).unique(dim=0).shape[0] == len(labels.every(name))
    count = len(labels.every(name))
    assert (figures["obeyed"] * count) == pytest.approx(round(figures["obeyed"] * count))


@pytest.mark.parametrize("name", BOTH)
def test_a_blend_ends_at_the_pure_labels_and_may_go_beyond(name, monkeypatch):
    caught, ends = drawn(monkeypatch), (("black", "bare", "shirt"), ("red", "glasses", "trousers"))
    a, b = (labels.asked(name, *keys) for keys in ends)
    file, _, curves, figures = last(blend.blend(name, 5, *ends[0], *ends[1], 0.0, "es"))
    strips = [*caught]  # what is drawn below is caught, too
    for row, strip in enumerate(strips):
        assert torch.allclose(strip[0], alone(name, 5 + row, *a), atol=1e-4)
        assert torch.allclose(strip[-1], alone(name, 5 + row, *b), atol=1e-4)
    assert figures["made"] == sum(map(len, strips)) == 3 * 17 and curves.count("<svg") == 2
    with Image.open(file) as gif:
        assert gif.format == "GIF" and gif.n_frames > len(strips[0])
    share, y = blend.between(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 5, 0.5)
    assert share.tolist() == [-0.5, 0.0, 0.5, 1.0, 1.5] and y[0].tolist() == [1.5, -0.5]


def test_an_invented_label_its_double_none_and_all_at_once(monkeypatch):
    caught, y = drawn(monkeypatch), labels.asked(FACES, "black", "glasses", ANY)
    numbers = [1.0, *[0.0] * 6, 1.0, *[0.0] * 10]
    picture, words, figures = last(mix.mix(FACES, 3, *numbers, "en"))
    rows = [*caught]
    assert torch.allclose(rows[0][0], alone(FACES, 3, *y), atol=1e-4)
    assert len(rows) == 4 and figures["made"] == 4 * mix.COUNT and words.count("<tr>") == 5
    with models.use(FACES) as model:
        z = models.noise(model, 3, mix.COUNT, 3.0)
        assert torch.allclose(rows[2], models.draw(model, z, torch.zeros(mix.COUNT, 8)), atol=1e-4)


# ------------------------------------------------------------------------------------------ the critic


@pytest.mark.parametrize("name", BOTH)
def test_the_score_is_the_sum_of_its_two_terms(name):
    with models.use(name) as model:
        y = models.one_hot(model, labels.every(name))
        x = models.draw(model, models.noise(model, 1, len(y), 3.0), y)
        real, fits = models.score(model, x)
        half = 0.5 * y + 0.5 * y.flip(0)
        for label in (y, half, 0 * y):
            whole = model.critic(x, label)
            assert torch.allclose(real + (fits * label).sum(1), whole, atol=1e-3, rtol=1e-4)


def test_held_out_people_carry_their_own_labels():
    from genmodels.data.faces import HAIR_COLOURS, random_face

    x, told = subjects.painted(10, 6, (-1, -1))
    assert x.shape == (6, 3, 64, 64) and x.min() < -0.5 and x.max() <= 1
    people = [
        f for f in map(random_face, range(traits.FIRST + 10, traits.FIRST + 40)) if traits.shows_hair(f)
    ]
    assert [HAIR_COLOURS[hair] for hair, _ in told] == [f.hair_colour for f in people[:6]]
    assert models.read(FACES, x).count(told[0]) >= 1 and models.obeyed(told, models.read(FACES, x)) > 0.6


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("source", ["generated", "held-out"])
def test_the_critic_is_asked_about_every_label(name, source):
    picture, bars, _ = last(mismatch.mismatch(name, None, source, 2, "red", "glasses", "boot", "es"))
    groups = labels.GROUPS[name].values()
    assert bars.count("bar-row ") == 1 + sum(map(len, groups)) and bars.count("● ") == len(groups)
    words, figures = last(mismatch.count(name, source, 2, 32, "en"))
    assert 0 <= figures["critic_right"] <= 1 and ", 32<" in words


def test_a_visitor_s_picture_has_no_right_label():
    board = Image.new("RGB", (280, 280), "white")
    board.paste("black", (60, 40, 220, 250))
    for name in BOTH:
        _, bars, _ = last(mismatch.mismatch(name, board, "generated", 2, "red", "glasses", "boot", "en"))
        assert "●" not in bars and "reader says" in bars


# ------------------------------------------------------------------------------------------ counting


@pytest.mark.parametrize("name", BOTH)
def test_rows_of_the_table_add_up_to_what_was_drawn(name):
    *_, counted, figures = last(table.table(name, 1, 6, 3.0, "en"))
    sizes = [len(group) for group in labels.GROUPS[name].values()]
    rows = re.findall(r"<tr><th scope='row'>.*?</tr>", counted)
    sums = [sum(int(n or 0) for n in re.findall(r">(\d*)</td>", row)) for row in rows]
    whole = 6 * len(labels.every(name))
    assert sums == [whole // n for n in sizes for _ in range(n)] and figures["made"] == whole
    assert table.confusion([0, 0, 1], [0, 1, 1], 2).tolist() == [[1, 1], [0, 1]]


def test_a_trait_has_three_parts_and_they_are_found():
    rng = torch.Generator().manual_seed(0)
    z, y = torch.randn(16, 1, 1, generator=rng), torch.randn(1, 12, 1, generator=rng)
    for made, part in (
        (y.expand(16, 12, 1), 0),
        (z.expand(16, 12, 1), 1),
        ((z - z.mean()) * (y - y.mean()), 2),
    ):
        assert traits.split(made)[part] == pytest.approx(1, abs=1e-4)
    sum_ = traits.split(torch.randn(16, 12, 3, generator=rng) + z + 2 * y)
    assert sum(sum_[:3]) == pytest.approx(1, abs=1e-4) and sum_.label > sum_.noise > sum_.both / 9


def test_the_data_s_own_ties_are_those_of_the_painter():
    """Grey comes with age, glasses and hair with neither clothes nor background."""
    found = traits.in_data()
    assert found["age"] > 0.05 and found["skin"] > 0.005
    assert all(found[k] < 0.01 for k in ("smile", "turn", "light", "clothes_", "background_"))
    noise = np.random.default_rng(0).normal(size=(600, 1))
    label = np.arange(600) % 3
    assert traits.between(noise, label) < 0.02 and traits.between(noise + 10 * label[:, None], label) > 0.97


def test_the_reader_does_not_take_grey_hair_for_age():
    """The same people, painted under every label: what changes is what was painted."""
    from genmodels.data.faces import HAIR_COLOURS, paint, random_face

    people = [f for f in map(random_face, range(traits.FIRST, traits.FIRST + 20)) if traits.shows_hair(f)][:6]
    worn = ("none", "round")
    faces = [
        paint(replace(f, hair_colour=HAIR_COLOURS[hair], glasses=worn[glasses]))
        for f in people
        for hair, glasses in labels.every(FACES)
    ]
    x = torch.from_numpy(np.stack(faces)).permute(0, 3, 1, 2) / 127.5 - 1
    parts = traits.decided(FACES, x.unflatten(0, (len(people), -1)))
    assert min(parts[k].label for k in traits.ASKED[FACES]) > 0.8
    assert max(p.label for p in parts.values() if p.data is not None) < 0.05


@pytest.mark.parametrize("name", BOTH)
def test_the_label_decides_what_it_says_and_the_noise_the_rest(name, monkeypatch):
    """Of a face nearly all the rest; of garments, which have less in common, at least how light they are."""
    kept, decided = [], traits.decided
    monkeypatch.setattr(traits, "decided", lambda *given: kept.append(decided(*given)) or kept[-1])
    _, _, words, figures = last(same.same(name, 3, 2, 3.0, "es"))
    (parts,) = kept
    assert words.count("bar-row") == 1 + len(parts) == 1 + len(traits.TRAITS[name])
    asked = [parts[trait].label for trait in traits.ASKED[name]]
    if name == FACES:
        assert (
            figures["by_label"] < 0.25 and max(p.label for k, p in parts.items() if p.data is not None) < 0.5
        )
    else:
        assert min(asked) > 0.9 and parts["brightness"].noise > parts["brightness"].label


@pytest.mark.parametrize("name", BOTH)
def test_obedience_is_learnt_during_the_film(name):
    first, end = (last(film.film(name, k, "en")) for k in (1, film.MOMENTS))
    assert first[-1]["obeyed"] < 0.5 < 0.8 <= end[-1]["obeyed"]
    assert end[2].count("<svg") == 3 and first[2] != end[2]


# ------------------------------------------------------------------------------------------ texts, page


def cells(words, title):
    (row,) = re.findall(rf"^\| {re.escape(title)}[^|]*\|(.*)\|$", words, re.M)
    return re.findall(r"[\d.]+", row)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_text_are_those_that_were_measured(lang):
    words = (TEXTS / f"cgan.{lang}.md").read_text(encoding="utf-8")
    assert "@@" not in words
    words = re.sub(r"(\d),(\d)", r"\1.\2", words) if lang == "es" else words
    found = [card.metrics(name) for name in BOTH]
    rows = {
        ("obedience", "obediencia"): "obedience",
        ("the reader", "acuerdo del"): "reader",
        ("held-out", "imágenes apartadas"): "critic_label",
    }
    for titles, key in rows.items():
        expected = [f"{100 * m['measures'][key]:.1f}" for m in found]
        assert cells(words, titles[lang == "es"]) == expected
    minutes = cells(words, ("minutes", "minutos")[lang == "es"])
    assert minutes == [f"{m['minutes']:g}" for m in found]
    far = [m["measures"][k] for m in found for k in ("frechet", "frechet_real")]
    distances = [f"{v:.1f}" if v >= 10 else f"{v:.2f}" if v >= 1 else f"{v:.3g}" for v in far]
    assert cells(words, ("Fréchet", "distancia de Fréchet")[lang == "es"]) == distances


def test_what_the_text_claims_was_measured():
    faces, fashion = (card.metrics(name)["measures"] for name in BOTH)
    assert faces["critic_label"] > 0.5 < fashion["critic_label"]
    assert min(fashion["obedience"], faces["obedience"]) > 0.95
    assert faces["obedience_hair"] > faces["obedience_glasses"]
    assert fashion["reader"] < fashion["obedience"] and fashion["recall"] < 0.9
    assert card.metrics(FACES)["command"].count("--push 3") == 1  # three times, late
    sizes = [json.loads((hub.WEIGHTS / name / "metrics.json").read_text())["parameters"] for name in BOTH]
    for lang in ("en", "es"):
        words = (TEXTS / f"cgan.{lang}.md").read_text(encoding="utf-8")
        (row,) = re.findall(r"^\| (?:parameters|parámetros).*$", words, re.M)
        parts = [int(re.sub(r"\D", "", n)) for n in re.findall(r"\d[\d,\u202f ]*\d", row)]
        assert [sum(parts[:2]), sum(parts[2:])] == sizes


@pytest.mark.browser
def test_the_page_shows_the_pickers_of_the_checkpoint_in_use(app, chromium):
    """By link with the garments, then back to the faces by hand; the picture is a garment, then a face."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="es-AR")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/?tab=cgan&view=sample&checkpoint={FASHION}&garment=boot&count=4")
    page.wait_for_selector("#tab-cgan .status li:visible", timeout=60000)
    prenda = page.get_by_label("Prenda", exact=True).locator("visible=true")
    pelo = page.get_by_label("Pelo", exact=True).locator("visible=true")
    assert prenda.count() == 1 and pelo.count() == 0 and prenda.input_value() == "botín"
    page.get_by_label("Modelo entrenado").locator("visible=true").click()
    page.get_by_role("option", name=re.compile("Caras según")).click()
    pelo.wait_for(timeout=20000)
    assert prenda.count() == 0
    page.click("#run-cgan-sample")
    page.wait_for_function(
        "() => [...document.querySelectorAll('#tab-cgan .status')].some(e => /obedecen/.test(e.innerText))"
    )
    assert errors == []
    context.close()
