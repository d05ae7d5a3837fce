"""The map: its tables say what is so, in both languages, and its drawings lead where they say."""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from demos import CHAPTERS
from demos.kit import card
from demos.map import ages, ask, guide, history, kinds, pairs, tree, wishes
from demos.then import sizes
from genmodels import families

LANGUAGES = ("en", "es")
ACROSS = {s for (name, _), stems in CHAPTERS for s in stems if name in ("Foundations", "Side by side")}
ALONE = {"palette"}  # its answer to its question is this gallery's own


def last(steps):
    *_, found = steps
    return found


def addresses(page: str) -> set[str]:
    return {a.replace("&amp;", "&") for a in re.findall(r"href='(\?[^']*)'", page)}


# ------------------------------------------------------------------------------------------ the timeline


def test_the_timeline_is_in_order_and_sourced():
    for before, after in pairwise(history.ENTRIES):
        assert before.month <= after.month, after.name
    assert all(e.year < 2013 for e in history.BEFORE) and history.SINCE[0].month == "2013-12"
    for e in history.ENTRIES:
        assert re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", e.month) and e.lane in history.LANES, e.name
        arxiv = re.fullmatch(r"(\d\d)(\d\d)\.\d{4,5}", e.paper)
        if arxiv:  # its number begins with the month; until 2014 four digits follow, from 2015 on five
            assert f"20{arxiv[1]}-{arxiv[2]}" == e.month, e.name
            assert len(e.paper) == (9 if e.year < 2015 else 10), e.name
        else:
            assert re.fullmatch(r"10\.\d{4}/\S+|(openai\.com|openreview\.net)/\S+", e.paper), e.name


def test_no_entry_stands_twice_and_each_speaks_both_languages():
    for key in ("name", "paper", "en", "es"):
        values = [getattr(e, key) for e in history.ENTRIES]
        assert len(set(values)) == len(values), key
    for e in history.ENTRIES:
        assert e.en != e.es and e.en.endswith(".") and e.es.endswith("."), e.name
        assert len(e.en) <= 110 and len(e.es) <= 120 and not re.search(r"[áéíóúñ¿]", e.en), e.name


def test_tabs_of_the_timeline_exist_and_every_tab_of_a_family_is_on_it():
    shown = {e.tab for e in history.ENTRIES} - {""}
    assert shown <= set(card.order())
    assert set(card.order()) - shown - ACROSS <= ALONE


def test_two_tables_of_the_gallery_do_not_contradict_each_other():
    """The chart of language models has its own table: what both tell, both tell alike."""
    told = {e.name: e for e in history.ENTRIES}
    both = [e for e in (*sizes.BOOK, *sizes.SMALL) if e.name in told]
    assert len(both) >= 8
    for e in both:
        assert (told[e.name].month, told[e.name].paper) == (e.month, e.source), e.name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_on_the_timeline_cover_no_other(lang):
    for lane in history.LANES:
        entries = [e for e in history.SINCE if e.lane == lane]
        boxes = []
        for e, (x, row) in zip(entries, ages.placed(entries), strict=True):
            wide = 8 + 7 * len(e.name)
            boxes.append((x - wide, x + 6, row) if ages.turned(e, x) else (x - 6, x + wide, row))
        for a, b in combinations(boxes, 2):
            assert a[2] != b[2] or a[1] <= b[0] or b[1] <= a[0], (lane, a, b)
        assert all(b[1] <= ages.WIDE for b in boxes)


def test_the_timeline_can_be_narrowed():
    whole, _ = last(ages.ages("all", False, 2025, "en"))
    assert whole.count("<li ") == len(history.ENTRIES) and "not here" in whole
    here, _ = last(ages.ages("all", True, 2025, "en"))
    assert here.count("<li ") == sum(bool(e.tab) for e in history.ENTRIES) and "not here" not in here
    early, _ = last(ages.ages("gan", False, 2015, "es"))
    assert "DCGAN" in early and "StyleGAN" not in early and "RealNVP" not in early
    nothing, _ = last(ages.ages("diffusion", False, 2013, "es"))
    assert "<svg" in nothing and "nan" not in nothing


# ---------------------------------------------------------------------------------------------- the tree


@pytest.mark.parametrize("way", kinds.WAYS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_tree_has_every_family_and_hybrid_in_both_drawings(way, lang):
    page, _ = last(tree.tree(way, True, lang))
    drawings = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(drawings) == 2
    for drawing in drawings:
        root = ElementTree.fromstring(drawing.replace("&nbsp;", " "))
        words = [t.text for t in root.iter("text")]
        for one in (*kinds.FAMILIES, *kinds.HYBRIDS):
            name = one.name if isinstance(one.name, str) else one.name[lang == "es"]
            assert name in words
            assert kinds.WAYS[way][1][getattr(one, way)][lang == "es"] in words
        links = {a.get("href") for a in root.iter("a")}
        tabs = {stem for f in kinds.FAMILIES for stem in f.tabs} | {h.tab for h in kinds.HYBRIDS if h.tab}
        assert {re.match(r"\?tab=(\w+)", a)[1] for a in links} == tabs <= set(card.order())


def test_no_words_leave_their_box():
    """In the page's type a letter is 7 wide in the mean, 8.3 in a name (measured in the pictures)."""
    for way in kinds.WAYS:
        for lang in LANGUAGES:
            for parts, (wide, high) in (tree.across(way, True, lang), tree.down(way, True, lang)):
                found = re.findall(r"<text class='(\w*)' x='(\d+)' y='(\d+)'>([^<]*)<", "".join(parts))
                assert found
                for kind, x, y, words in found:
                    letters = len(words.replace("&#x27;", "'"))
                    assert int(x) + letters * (8.4 if kind == "name" else 7.3) <= wide - 4, words
                    assert int(y) <= high


def test_the_tree_follows_the_branches():
    """What the taxonomy says: explicit is tractable or approximate, and only the GAN is implicit."""
    branches = {f.key: f.branch for f in kinds.FAMILIES}
    assert {k for k, b in branches.items() if b == "tractable"} == {"autoregressive", "flow"}
    assert {k for k, b in branches.items() if b == "approximate"} == {"vae", "energy", "diffusion"}
    assert {k for k, b in branches.items() if b == "implicit"} == {"gan"}
    for f in kinds.FAMILIES:
        assert (f.density == kinds.EXACT) == (f.branch == "tractable")
        assert (f.density == kinds.NONE) == (f.branch == "implicit")
    for h in kinds.HYBRIDS:
        assert set(h.parents) <= set(kinds.BY_KEY)


def test_without_hybrids_there_are_none():
    page, _ = last(tree.tree("density", False, "en"))
    assert "TarFlow" not in page.split("<details>")[0] and "hybrid" not in page


# ------------------------------------------------------------------------------------- pairs and the guide


def test_every_two_families_have_a_relation_and_it_says_where_to_look():
    assert pairs.missing() == []
    from demos.map.relations import RELATIONS

    assert len(RELATIONS) == 15
    for r in RELATIONS:
        assert r.en != r.es and r.see and {stem for stem, _ in r.see} <= set(card.order())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_links_of_the_map_lead_to_views_that_exist(lang):
    from demos.kit.page import build

    pages = [last(tree.tree("density", True, lang))[0], last(wishes.wishes("faces", "frechet", lang))[0]]
    pages += [last(pairs.pairs(a, b, lang))[0] for a, b in combinations(kinds.BY_KEY, 2)]
    tabs = build().tabs
    for address in set().union(*map(addresses, pages)):
        query = dict(part.split("=") for part in address[1:].split("&"))
        views = {v.name: v for v in tabs[query["tab"]].views}
        if "view" in query:
            assert query["view"] in views, address
            assert query.keys() - {"tab", "view"} <= views[query["view"]].linked.keys(), address


def test_a_pair_is_the_same_from_both_sides():
    for a, b in combinations(kinds.BY_KEY, 2):
        one, other = (last(pairs.pairs(*p, "en"))[0] for p in ((a, b), (b, a)))
        told = re.compile(r"<p class='map-told'>.*?</p>")
        assert told.search(one)[0] == told.search(other)[0]
    assert "map-told" not in last(pairs.pairs("gan", "gan", "es"))[0]


def test_the_guide_knows_what_the_table_knows():
    def best(**wanted):
        page, _ = last(guide.guide(*(wanted.get(w, False) for w in guide.WISHES), "en"))
        return page

    assert "All of it at once: Normalizing flows." in best(likelihood=True, speed=True)
    assert "All of it at once: Autoregressive." in best(likelihood=True, symbols=True)
    assert "No single family" in best(likelihood=True, speed=True, sharp=True)
    assert "Wish for something" in best()
    for family in kinds.FAMILIES:
        for wish, about in guide.WISHES.items():
            assert all(about.says[guide.mark(family, wish)]), (family.key, wish)


# -------------------------------------------------------------------------------------------- score-card


@pytest.mark.parametrize("data", ["faces", "fashion"])
def test_the_score_card_shows_the_best_that_was_measured(data):
    measured = wishes.measures()
    for row in wishes.rows(data):
        if not row.found:
            continue
        kin = [e for e in families.here(data) if wishes.OF.get(e.family, e.family) == row.kind.key]
        assert row.found["frechet"] == min(measured[e.name]["frechet"] for e in kin if e.name in measured)
    assert any(r.entry for r in wishes.rows(data))


@pytest.mark.parametrize("order", wishes.ORDERS)
def test_the_score_card_is_sorted_and_empty_rows_come_last(order):
    page, _ = last(wishes.wishes("faces", order, "en"))
    models = re.findall(r"<small>([^<]*)</small>", page)
    known = [m for m in models if not m.startswith("none")]
    assert len(models) == len(wishes.KINDS) and models[: len(known)] == known
    found = {r.entry.title: wishes.ORDERS[order][1](r) for r in wishes.rows("faces") if r.entry}
    values = [found[m] for m in known]
    assert values == sorted(values)


# --------------------------------------------------------------------------------------------- ask a point


@pytest.fixture(scope="module")
def trained():
    from genmodels.data import points

    kept, ask.STEPS = ask.STEPS, dict.fromkeys(ask.STEPS, 20)
    truth = points.density("moons")
    models = dict(last(ask.trained(truth, 1))[1])
    yield truth, models
    ask.STEPS = kept


def test_a_bound_is_below_and_an_energy_is_a_density_but_for_a_factor(trained):
    import torch

    _, models = trained
    x = torch.tensor([[0.6, 0.4]])
    assert ask.below(models["vae"], x, 4000) <= models["vae"].log_prob(x).item() + 0.05
    energy = models["energy"]
    assert (energy.height(x) - energy.log_z()).item() == pytest.approx(energy.log_prob(x).item(), abs=1e-4)
    assert models["gan"].log_prob(x) is None and models["diffusion"].log_prob(x) is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_answers_name_every_family_and_its_kind_of_answer(trained, lang):
    page = ask.answers(*trained, (0.6, 0.4), lang)
    assert page.count("<tr>") == 1 + len(ask.STEPS) and "≥" in page and "→ (" in page
    assert "nan" not in page and addresses(page) <= {f"?tab={s}" for s in card.order()}


def test_a_point_asked_again_needs_no_training(trained):
    _, models = trained
    ask.KEPT["moons", 12345] = models
    try:
        steps = list(ask.ask("moons", -4.0, 4.0, 12345, "es"))
    finally:
        del ask.KEPT["moons", 12345]
    assert len(steps) == 1 and steps[0][0].width > 1000


# ------------------------------------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_a_keyboard_walks_the_tree_to_a_tab(app, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 800}, locale="es-AR")
    page = context.new_page()
    page.goto(f"{app.url}/map")
    page.wait_for_selector("svg.map-narrow a", timeout=60_000)
    assert page.locator("svg.map-wide:visible").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("svg.map-narrow a[href='?tab=gan']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/gan"))
    context.close()
