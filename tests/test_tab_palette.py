"""The tab of palettes: where colours come from, files with palettes, what is kept is kept, its numbers."""

import io
import json
import re
import zipfile

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demos.kit.tab import TEXTS
from demos.palette import against, art, colours, complete, draw, nearest, swap
from demos.palette.art import MIXED, PIXELS, ROWS, SIDE, UNTOLD
from genmodels import hub
from genmodels.data import tiles
from genmodels.data.palettes import NAMED, oklab
from genmodels.data.tiles import KIND_NAMES, KINDS

MODEL = "palette-sprites"
NOTHING = (None, np.zeros((SIDE, SIDE), bool))


def last(steps):
    *_, end = steps
    return end


@pytest.fixture(scope="module")
def made():
    """Six creatures of ours: places, palettes."""
    places, palettes, _ = tiles.creatures(6, 20)
    return places, palettes


# ---------------------------------------------------------------------------- where a palette comes from


@pytest.mark.parametrize("words", ["#FF0000 00f", "ff0000,#00F", "ff0000;\n0000ff, ff0000"])
def test_typed_colours_are_a_canonical_palette(words):
    assert colours.typed(words).tolist() == [[0, 0, 0], [0, 0, 255], [255, 0, 0]]


@pytest.mark.parametrize("words", ["", "   ", "red", "#12345", "#gg0000", "00f " * 16])
def test_what_is_no_list_of_colours_is_refused(words):
    with pytest.raises(gr.Error):
        colours.typed(words)


def test_a_picture_gives_colours_that_it_has():
    with pytest.raises(gr.Error, match="Bring"):
        colours.of_picture(None, "en")
    picture = Image.new("RGB", (500, 300), (200, 30, 30))
    picture.paste((10, 20, 200), (0, 0, 250, 300))
    assert colours.of_picture(picture, "en").tolist() == [[0, 0, 0], [10, 20, 200], [200, 30, 30]]


def test_a_proposed_palette_depends_on_its_own_seed():
    many, one = colours.proposed([2, 3, 0, 1], 5), colours.proposed([0], 7)
    assert np.array_equal(many.rows[2], one.rows[0]) and many.colours[2] == one.colours[0]
    assert many.bits[2] == pytest.approx(one.bits[0], rel=1e-4) and (many.bits > 0).all()
    same = colours.proposed([2, 2, 2], 5, one=True)
    assert (same.rows == same.rows[:1]).all() and np.array_equal(same.rows[0], many.rows[0])


def test_fixed_colours_are_in_the_palette_made_around_them():
    fixed = colours.typed("d95763 2b1d3a")
    found = colours.chosen(colours.MORE, "d95763 2b1d3a", None, [2, 2], 1, "en")
    assert {tuple(c) for c in fixed[1:].tolist()} <= {tuple(c) for c in found.rows[0].tolist()}
    assert found.colours[0] > len(fixed)


def test_kinds_in_turn_depend_on_the_seed_alone():
    kinds, told = art.kinds_of(MIXED, 7, 4)
    assert kinds == told == [3, 0, 1, 2] and art.kinds_of(MIXED, 9, 1)[0] == [1]
    assert art.kinds_of(UNTOLD, 7, 2) == ([3, 0], [UNTOLD, UNTOLD])
    assert art.kinds_of(1, 7, 2) == ([1, 1], [1, 1])


# ---------------------------------------------------------------------------- files to take along


def test_the_sheet_is_indexed_and_every_pixel_is_the_sprite_s(made):
    places, palettes = made
    with Image.open(io.BytesIO(art.png_bytes(art.sheet_file(places, palettes)))) as sheet:
        assert sheet.mode == "P" and sheet.info["transparency"] == 0 and sheet.size == (6 * SIDE, SIDE)
        assert len(sheet.palette.colors) <= 256
        rgba = np.asarray(sheet.convert("RGBA"))
    expected = np.concatenate(tiles.rgba(places, palettes), 1)
    solid = expected[..., 3:] > 0
    assert np.array_equal(rgba[..., 3:] > 0, solid)
    assert np.array_equal(np.where(solid, rgba, 0), np.where(solid, expected, 0))


def test_too_many_colours_for_a_byte_are_kept_all_the_same():
    dice = np.random.default_rng(0)
    places = dice.integers(0, 16, (64, SIDE, SIDE)).astype(np.uint8)
    palettes = dice.integers(0, 256, (64, 16, 3)).astype(np.uint8)
    assert art.shared(places, palettes) is None
    sheet = art.sheet_file(places, palettes)
    assert sheet.mode == "RGBA" and sheet.size == (8 * SIDE, 8 * SIDE)
    assert np.array_equal(np.asarray(sheet)[SIDE : 2 * SIDE, :SIDE], tiles.rgba(places, palettes)[8])
    with Image.open(art.drawing_film(places[:20], palettes[:20])) as film:
        assert film.format == "GIF"


def test_the_zip_has_each_sprite_with_its_own_palette(made):
    places, palettes = made
    with zipfile.ZipFile(art.archive(places, palettes)) as held:
        assert len(held.namelist()) == 13
        with Image.open(io.BytesIO(held.read("sprite-03.png"))) as one:
            assert one.mode == "P" and np.array_equal(np.asarray(one), places[2])
        codes = held.read("sprite-03.hex").decode().split()
    assert [list(bytes.fromhex(c)) for c in codes] == art.inks(places[2], palettes[2]).tolist()


def test_the_film_ends_with_the_sprites(made):
    places, palettes = made
    with Image.open(art.drawing_film(places, palettes)) as film:
        assert film.n_frames == PIXELS // 12
        film.seek(film.n_frames - 1)
        rgba = np.asarray(film.convert("RGBA"))[2::4, 2::4]
    expected = np.concatenate(tiles.rgba(places, palettes), 1)
    assert np.array_equal(rgba[..., 3], expected[..., 3])
    assert np.array_equal(rgba[rgba[..., 3] > 0], expected[expected[..., 3] > 0])


# ---------------------------------------------------------------------------- drawing, and a pixel of it


@pytest.fixture(scope="module")
def drawn():
    """Three sprites in the colours of PICO-8."""
    inks = colours.given(NAMED["pico-8"].palette(ROWS), 3)
    return last(draw.drawn(MODEL, inks, [2, 3, 0], 1.0, 11, 0))


def test_what_sprites_cost_is_what_the_model_says_of_them(drawn):
    x, done, nats = drawn
    inks = colours.given(NAMED["pico-8"].palette(ROWS), 3)
    for k, kind in enumerate((2, 3, 0)):
        one = swap.weighed(MODEL, x[k : k + 1], colours.Palettes(*(a[:1] for a in inks[:2]), None), [kind])
        assert one[0] == pytest.approx(nats[k] / np.log(2) / PIXELS, abs=2e-3)
    assert done == PIXELS and x.max() < inks.colours[0]


def test_a_sprite_is_the_same_alone_and_its_pixel_is_one_of_its_inks(drawn):
    x, _, _ = drawn
    steps = draw.pixel(MODEL, 3, "pico-8", "", None, 1.0, 11, 2, 9, 12, "es")
    bars, (places, table, told), found = last(steps)
    assert np.array_equal(places, x[1]) and told == 3 and np.array_equal(table, NAMED["pico-8"].palette(ROWS))
    shares = [float(s.replace(",", ".")) for s in re.findall(r"<em>([\d,]+) %", bars)]
    assert sum(shares) == pytest.approx(100, abs=1) and len(shares) == len(table)
    assert bars.count("chosen") == 1 and found["entropy"] >= 0 and "Fila 9, columna 12" in bars


@pytest.mark.parametrize("count", [1, 4, 7, 12, 64])
def test_a_click_finds_the_pixel_it_was_on(count):
    places = np.zeros((count, SIDE, SIDE), np.uint8)
    places[-1, 5, 20] = 1
    palettes = np.zeros((count, 2, 3), np.uint8)
    palettes[:, 1] = 255, 0, 0
    sheet = np.asarray(art.sprites(places, palettes, [""] * count))
    strip = (sheet[..., :3] == (255, 0, 0)).all(-1)
    zoom = art.zoom_of(art.columns_of(count))
    boxes = [(y, x) for y, x in np.argwhere(strip) if strip[y : y + zoom, x : x + zoom].all()]
    hits = {draw.hit(x + zoom // 2, y + zoom // 2, count) for y, x in boxes}
    assert (count, 6, 21) in hits and hits <= {(count, 6, 21), None}
    assert draw.hit(5000, 5000, count) is None


# ---------------------------------------------------------------------------- completing


@pytest.mark.parametrize("keep", ["top", "bottom", "painted"])
def test_kept_pixels_are_never_altered(keep):
    mask = np.random.default_rng(3).random((SIDE, SIDE)) < 0.3
    shown, _, (x, table), found = last(
        complete.complete(MODEL, complete.CREATURE, 9, (None, mask), keep, 2, 1.3, 4, "en")
    )
    places, palette = complete.creature(9)
    kept = complete.region(keep, (None, mask))
    assert np.array_equal(table, palette) and (x == places)[:, kept].all() and found["altered"] == 0
    assert len(np.unique(x, axis=0)) == complete.COUNT and found["bits_redrawn"] > 0
    assert kept.sum() == (mask.sum() if keep == "painted" else PIXELS // 2)


def test_a_sprite_brought_enlarged_is_the_sprite():
    sprite = complete.creature(5)
    page = complete.page_of(sprite).resize((192, 192), Image.Resampling.NEAREST)
    (places, table), done = complete.fitted(page, "en")
    assert np.array_equal(tiles.rgba(places, table), tiles.rgba(*sprite)) and "8 times" in done[0]
    (places, table), done = complete.fitted(complete.page_of(sprite), "en")
    assert np.array_equal(places, sprite[0]) and done == []


def test_any_picture_becomes_a_sprite_and_is_told_how():
    noise = Image.effect_noise((300, 200), 90).convert("RGB")
    (places, table), done = complete.fitted(noise, "es")
    assert places.shape == (SIDE, SIDE) and len(table) <= ROWS and "300 × 200" in done[0]
    flat = Image.new("RGB", (12, 10), (9, 99, 9))
    flat.paste((200, 0, 0), (4, 3, 8, 9))
    (places, table), done = complete.fitted(flat, "en")
    assert (places > 0).sum() == 24 and len(table) == 2 and "corners" in done[0]
    for empty in (Image.new("RGBA", (30, 30)), Image.new("RGB", (30, 30), "white")):
        with pytest.raises(gr.Error):
            complete.fitted(empty, "en")


def test_the_board_is_asked_for_a_sprite():
    with pytest.raises(gr.Error, match="board"):
        complete.sprite_of(complete.BOARD, 0, NOTHING, "en")
    page = complete.page_of(complete.creature(3))
    (places, _), note = complete.sprite_of(complete.BOARD, 0, (page, NOTHING[1]), "en")
    assert np.array_equal(places, complete.creature(3)[0]) and note == ""


def test_a_click_on_a_completion_is_that_one():
    places, table = complete.creature(5)
    x = np.repeat(places[None], 6, 0)
    page = complete.plate(places, x, table, NOTHING[1], PIXELS, "en")
    tile = SIDE * complete.ZOOM
    assert complete.hit(tile // 2, tile // 2) is None  # the sprite itself
    assert complete.hit(page.width - tile // 2, tile // 2) == 2
    assert complete.hit(page.width - 2 * tile, tile + tile // 2) == 4


# ---------------------------------------------------------------------------- swapping, rivals, neighbours


def test_a_recoloured_sprite_keeps_its_outline_and_its_light():
    places, table = complete.creature(12)
    for named in NAMED.values():
        other = named.palette(ROWS)
        new = swap.remap(places, table, other)
        assert np.array_equal(new > 0, places > 0)
        order = [int(new[places == k][0]) for k in np.unique(places[places > 0])]
        light = oklab(other)[order, 0]
        assert (np.diff(light) >= -1e-9).all()


def test_all_palettes_are_swapped_in_at_once():
    first, both, _, found = last(swap.swap(MODEL, 2, colours.HEXES, None, 0.9, 5, "es"))
    assert first.size[0] > 200 and both.size[0] > 900
    assert {"bits_original", "bits_recoloured", "bits_anew"} <= found.keys()
    assert found["bits_recoloured"] > found["bits_original"]


def test_clear_counts_as_one_colour():
    rgba = np.zeros((2, SIDE, SIDE, 4), np.uint8)
    rgba[0, 0, 0] = 1, 2, 3, 255
    rgba[1, :, :, :3] = 7  # clear, whatever lies below
    assert against.colours_of(rgba).tolist() == [2, 1]


def test_the_sum_of_palette_and_pixels_is_compared_with_rgb():
    for kind in (0, 2, MIXED):
        pixels, inks, values = against.held_out(kind)
        assert 0 < inks < 1 and min(pixels, values) > 0
    mean = np.mean([against.held_out(k) for k in range(4)], 0)
    assert against.held_out(MIXED) == pytest.approx(mean)


def test_a_training_tile_finds_itself():
    from genmodels.autoencoders import neighbours, vqvae

    known, model = neighbours.table(nearest.VQVAE), vqvae.VQVAE.from_pretrained(nearest.VQVAE)
    drawn = vqvae.to_rgba(model.draw(known.codes[40:44]))
    _, close, found = nearest.looked_up(np.concatenate([drawn, drawn[:, :, ::-1]]))
    assert [name for name, _ in found[:4]].count(known.names[40]) >= 1
    assert np.mean([d for _, d in found]) < nearest.typical()["near"]
    assert close.shape == (8, SIDE, SIDE, 4)
    assert nearest.short("mon/undead/skeletal_warrior_new") == "skeletal warrior"


# ---------------------------------------------------------------------------- the numbers of the text


def metrics(name: str) -> dict:
    return json.loads((hub.WEIGHTS / name / "metrics.json").read_text())


def in_words(text: str, lang: str) -> str:
    swapped = str.maketrans(".,", ",.")
    return re.sub(r"\d[.,]\d", lambda m: m[0].translate(swapped), text) if lang == "es" else text


def measured(lang: str) -> str:
    """The table of the text, from what the commands wrote."""
    head = (
        ("", "pixels, palette known", "palette", "sum", "red, green, blue"),
        ("", "píxeles, con la paleta", "paleta", "suma", "rojo, verde, azul"),
    )[lang == "es"]
    names = [words[lang == "es"] for words in KIND_NAMES.values()] + [("Mean", "Media")[lang == "es"]]
    rows = ["| " + " | ".join(head) + " |", "|---|---|---|---|---|"]
    for name, kind in zip(names, [*range(len(KINDS)), MIXED], strict=True):
        pixels, inks, values = against.held_out(kind)
        rows.append(f"| {name} | {pixels:.2f} | {inks:.2f} | **{pixels + inks:.2f}** | **{values:.2f}** |")
    return in_words("\n".join(rows), lang)


def effort(lang: str) -> str:
    form = (
        "Palette model: {:.0f} minutes, {:,} pictures, {:.2f} million weights. Red, green and blue: {:.0f} "
        "minutes, {:,} pictures, {:.2f}. Palette maker: {:.0f} minutes, {:,} palettes, {:.2f}.",
        "Modelo con paleta: {:.0f} minutos, {:,} imágenes, {:.2f} millones de pesos. Rojo, verde y azul: "
        "{:.0f} minutos, {:,} imágenes, {:.2f}. La que hace paletas: {:.0f} minutos, {:,} paletas, {:.2f}.",
    )[lang == "es"]
    found = [metrics(n) for n in (MODEL, against.RGB, colours.MAKER)]
    values = [v for f in found for v in (f["minutes"], f["training"]["images"], f["parameters"] / 1e6)]
    return in_words(form.format(*values), lang)


def answer(lang: str) -> str:
    pixels, inks, values = against.held_out(MIXED)
    form = (
        "A sprite it never saw costs **{:.2f}** bits per pixel, its palette included; a rival of the same "
        "size that draws red, green and blue needs **{:.2f}**.",
        "Un sprite que nunca vio cuesta **{:.2f}** bits por píxel, con su paleta incluida; un rival del "
        "mismo tamaño que dibuja rojo, verde y azul necesita **{:.2f}**.",
    )[lang == "es"]
    return in_words(form.format(pixels + inks, values), lang)


def hardware(lang: str) -> str:
    (found,) = {metrics(n)["hardware"] for n in (MODEL, colours.MAKER, against.RGB)}
    words = ("one core of an ", "un núcleo de un ")[lang == "es"]
    return found.replace("1 core of ", words)


def tiles_learnt(lang: str) -> str:
    many = f"{metrics(nearest.VQVAE)['neighbours']['tiles']:,}"
    return many.replace(",", ".") if lang == "es" else many


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_numbers_of_the_text_are_those_that_were_measured(lang):
    words = (TEXTS / f"palette.{lang}.md").read_text(encoding="utf-8")
    for said in (measured(lang), effort(lang), answer(lang), hardware(lang), tiles_learnt(lang)):
        assert said in words
