"""The tab of repair and variations. Nothing here depends on how well its networks have learnt."""

from contextlib import closing
from math import sqrt

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from demos.kit import denoisers, readers, reals
from demos.kit.pixels import kept_cells, kept_pixels
from demos.repair import beyond, edit, encode, fill, given, paint, variations, ways
from genmodels.diffusion import samplers
from genmodels.diffusion.denoiser import Denoiser, bound
from genmodels.runtime import generators

FACES, GARMENTS, SPRITES, EMOJI, FLOW = (c.name for c in ways.CHECKPOINTS)
SHAPES = {
    FACES: (3, 64, 64),
    GARMENTS: (1, 28, 28),
    SPRITES: (3, 24, 24),
    EMOJI: (3, 32, 32),
    FLOW: (1, 28, 28),
}
ANY, OWN = ("any",) * 4, ("own",) * 4
FACE = reals.FACE


def last(steps):
    with closing(steps) as made:
        *_, end = made
    return end


def scribble() -> Image.Image:
    page = Image.new("RGB", (280, 280), "white")
    pen = ImageDraw.Draw(page)
    pen.ellipse((80, 60, 200, 200), "#f2c39b", "#2b2622", 8)
    pen.rectangle((60, 210, 220, 280), "#1f8584")
    return page


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """How many pictures each call of a network was about."""
    calls, plain = [], Denoiser.__call__

    def counted(self, x, sigma, labels=None):
        calls.append(len(x))
        return plain(self, x, sigma, labels)

    monkeypatch.setattr(Denoiser, "__call__", counted)
    return calls


# ------------------------------------------------------------------------------------------ ways


def test_a_share_of_the_way_is_an_angle():
    assert ways.sigma_of(50) == pytest.approx(1)
    assert ways.sigma_of(200 / 3) == pytest.approx(sqrt(3))
    assert all(ways.sigma_of(a) < ways.sigma_of(a + 1) for a in range(ways.LEAST, ways.MOST))


@pytest.mark.parametrize("name", [FACES, FLOW])
def test_a_grid_begins_at_its_share_and_falls(name):
    with denoisers.use(name) as denoise:
        whole = ways.grid(denoise, 20)
        for share in (ways.LEAST, 40, 80, ways.MOST):
            grid = ways.grid(denoise, 20, share)
            assert grid[0] == pytest.approx(min(ways.sigma_of(share), whole[0])) and grid[-1] == 0
            assert all(a > b for a, b in zip(grid, grid[1:], strict=False)) and len(grid) <= 22


def test_of_any_class_guidance_has_nothing_to_say():
    with denoisers.use(FACES) as denoise:
        x = samplers.start((3, 64, 64), 2.0, generators(1, 2))
        free, told, urged = (ways.told(denoise, k, 2, s)(x, 2.0) for k, s in ((-1, 5.0), (3, 1.0), (3, 5.0)))
        assert torch.allclose(free, bound(denoise)(x, 2.0), atol=1e-5)
        assert not torch.allclose(told, urged, atol=1e-3) and urged.abs().max() <= 1


@pytest.mark.parametrize("name", SHAPES)
def test_any_network_has_its_real_pictures_and_takes_the_visitors(name):
    shape = SHAPES[name]
    with denoisers.use(name) as denoise:
        assert denoisers.shape_of(denoise) == shape
        x, note = ways.real(name, denoise, None, 36_507, "en")
        yours, done = ways.real(name, denoise, scribble(), 0, "es")
    assert x.shape == yours.shape == (1, *shape) and note == "" and str(shape[1]) in done
    assert x.abs().max() <= 1 and x.std() > 0.05 and not torch.equal(x, yours)
    assert reals.page_of(name, scribble(), 0).size in ((64, 64), (28, 28))
    wide = 3 if shape[0] == 3 else 1
    imports, lines = reals.code(name, 36_507)
    scope: dict = {}
    exec("\n".join(imports) + "\n" + lines, scope)
    assert scope["x0"].shape == (1, wide, *shape[1:])
    assert torch.allclose(scope["x0"].float(), x, atol=1e-6)


def test_an_empty_drawing_leaves_the_board_as_it_is():
    blank = Image.new("RGB", (90, 90), "white")
    with pytest.raises(gr.Error, match="almost nothing"):
        reals.page_of(GARMENTS, blank, 0)
    assert given.under(GARMENTS, blank, None, 0, "top") == gr.skip()


def test_classes_of_real_pictures_are_known_unless_hidden():
    from genmodels.data.faces import random_face

    for number in range(36_500, 36_540):
        face, label = random_face(number), reals.class_of(FACES, None, number)
        if face.hat != "none" or face.hair_style in ("bald", "balding", "buzz"):
            assert label == -1
        else:
            assert denoisers.words(FACES, label, "en").startswith(face.hair_colour)
            assert ("glasses" in denoisers.words(FACES, label, "en")) is (face.glasses != "none")
    assert reals.class_of(FACES, scribble(), FACE) == -1
    assert [reals.class_of(GARMENTS, None, k) for k in (3, 19)] == [3, 9]
    assert edit.own_class(FACES, None, FACE, *OWN) == reals.class_of(FACES, None, FACE) == 8
    assert edit.own_class(FACES, None, FACE, "5", "own", "own", "own") == 5


# ------------------------------------------------------------------------------------------ paint


def test_strokes_are_few_paints_in_broad_patches():
    page = reals.ours("faces", FACE)
    rough = paint.strokes(page)
    assert rough.size == page.size and len(rough.getcolors()) <= paint.COLOURS

    def steps(p: Image.Image) -> float:
        return float(np.abs(np.diff(np.asarray(p, float), axis=1)).mean())

    assert steps(rough) < 0.7 * steps(page)
    assert paint.strokes(reals.ours("fashion", 4)).mode == "L"


def test_a_little_noise_changes_a_drawing_a_little():
    with denoisers.use(GARMENTS) as denoise:
        guide, _ = paint.guide_of(GARMENTS, denoise, scribble(), 0, "en")
        made = paint.redrawn(denoise, guide, -1, ways.LEAST, 20, 1)
        assert made.shape == (paint.COUNT, 1, 28, 28) and paint.rms(made - guide) < 0.25
        again = paint.redrawn(denoise, guide, -1, 60, 8, 2)
        assert torch.allclose(again[0], paint.redrawn(denoise, guide, -1, 60, 8, 1)[1], atol=1e-4)


def test_painting_shows_the_way_and_six_heights(monkeypatch):
    monkeypatch.setattr(ways, "EVERY", 0)
    steps = list(paint.paint(GARMENTS, None, 3, 70, *ANY, 4, 1, "es"))
    top, table, words, found = steps[-1]
    assert len(steps) > 1 + len(paint.SHARES) and found == {"made": 3 * 7}
    assert top.width > 800 and table.width == 6 * (paint.SMALL + 4) - 4
    assert "lejos del dibujo" in words and "nan" not in words


# ------------------------------------------------------------------------------------------ fill


def test_the_seam_is_what_lies_on_both_sides_of_the_line():
    kept = torch.tensor([[True, True, False], [True, True, False]])
    x = torch.tensor([[0.0, 0.2, 0.7], [9.0, -0.1, 0.0]])[None, None]
    assert fill.seam(x, kept) == pytest.approx((0.5 + 0.1) / 2)
    assert fill.seam(x, kept.T.reshape(2, 3) | True) == 0


@pytest.mark.parametrize("keep", ["top", "left", "frame", "middle", "painted"])
def test_what_is_given_is_left_alone_and_calls_are_counted(keep, asked):
    cells = kept_cells("left") if keep == "painted" else None
    board = None if cells is None else (None, cells)
    top, page, words, found = last(fill.fill(GARMENTS, None, board, 4, keep, 3, 1, *ANY, 4, 1, "en"))
    assert found["altered"] == 0 and found["made"] == 3 * fill.COUNT and found["calls"] == 3 * 3 + 1
    assert asked == [fill.COUNT] * (4 + 2 * found["calls"])  # pasted, once through, and with going back
    assert words.count("<tr>") == 5 and "the picture itself" in words and page.width > top.width


def test_a_board_with_nothing_painted_keeps_the_top():
    nothing, everything = np.zeros((16, 16), bool), np.ones((16, 16), bool)
    for cells in (nothing, everything):
        assert np.array_equal(given.cells_of("painted", (None, cells)), kept_cells("top"))
    assert np.array_equal(given.cells_of("middle", None), ~kept_cells("frame"))
    assert given.preset(GARMENTS, None, None, 4, "painted") == gr.skip()
    page, cells = given.preset(GARMENTS, None, None, 4, "left")
    assert page.size == (28, 28) and np.array_equal(cells, kept_cells("left"))


def test_the_middle_is_the_same_cells_in_code_and_on_the_board():
    for n in (24, 28, 32, 64):
        keep = torch.zeros(n, n, dtype=torch.bool)
        exec(f"keep{given.MIDDLE} = True", {"keep": keep, "n": n})
        cells = kept_pixels(given.cells_of("middle", None), n)
        assert (keep != cells).sum() <= 3 * n  # up to rounding at the rim
        assert n % 16 or torch.equal(keep, cells)


# ------------------------------------------------------------------------------------------ beyond


def test_a_canvas_has_room_where_it_was_asked_for():
    x = torch.rand(1, 3, 24, 24)
    for side, left in (("right", 0), ("both", 18)):
        canvas, kept = beyond.spread(x, 2.5, side, 4)
        assert canvas.shape == (beyond.COUNT, 3, 24, 60) and kept.shape == (24, 60)
        assert kept.sum() == 24 * 24 and torch.equal(
            canvas[:, :, kept].flatten(), x.flatten().repeat(beyond.COUNT)
        )
        assert kept[0].nonzero()[0].item() == left
    assert beyond.spread(x, 1.5, "both", 8)[0].shape[-1] % 8 == 0


@pytest.mark.parametrize("way", beyond.WAYS)
def test_a_picture_goes_on_and_stays(way, asked):
    page, words, found = last(beyond.beyond(GARMENTS, None, 5, way, "both", 2, 50, 2, *ANY, 4, 1, "en"))
    assert found["altered"] == 0 and found["calls"] == len(asked) and "pixels" in words
    assert page.width == beyond.WIDE and page.height > beyond.WIDE / 2


# ------------------------------------------------------------------------------------------ variations


def test_what_stays_is_told_by_the_size_of_the_detail():
    g = torch.Generator().manual_seed(0)
    x, other = torch.randn(1, 1, 32, 32, generator=g), torch.randn(64, 1, 32, 32, generator=g)
    assert variations.kept(x, x.expand(3, -1, -1, -1)) == pytest.approx([1.0] * 4, abs=1e-5)
    assert max(map(abs, variations.kept(x, other))) < 0.2
    f = torch.fft.fftfreq(32) * 32
    coarse = (f[:, None] ** 2 + f[None] ** 2).sqrt() <= 4
    mixed = torch.fft.ifft2(torch.where(coarse, torch.fft.fft2(x), torch.fft.fft2(other))).real
    first, second, third, fourth = variations.kept(x, mixed)
    assert min(first, second) > 0.99 and max(abs(third), abs(fourth)) < 0.1
    assert variations.octaves(64) == [(1, 2), (2, 4), (4, 8), (8, 16), (16, 32)]


@pytest.mark.parametrize("name", [FLOW, GARMENTS])
def test_relatives_differ_by_their_seeds_alone(name):
    top, page, words, found = last(variations.variations(name, scribble(), 0, 40, 3, *ANY, 6, 5, "es"))
    assert found == {"made": 3} and words.count("bar-row ") == 4 and words.startswith("<p>Tu imagen")
    again = last(variations.variations(name, scribble(), 0, 40, 3, *ANY, 6, 5, "es"))
    assert np.array_equal(np.asarray(page), np.asarray(again[1])) and top.width > 800


# ------------------------------------------------------------------------------------------ there and back


def test_white_noise_is_told_from_a_picture():
    white = encode.noise_of(torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)))
    assert white["deviation"] == pytest.approx(1, abs=0.02) and abs(white["correlation"]) < 0.03
    ramp = encode.noise_of(torch.linspace(0, 1, 64).expand(1, 1, 64, 64))
    assert ramp["correlation"] > 0.9


def test_there_and_back_and_between(asked):
    top, strip, words, found = last(encode.encode(GARMENTS, None, 4, 9, 4, 1, "en"))
    assert found["psnr"] > 0 and top.width > 800 and strip.width > 800
    assert words.count("<svg") == 1 and "looking again 2 times" in words
    # up for both with a second look, down for both, down for the strip; and what the curves tried
    assert asked[:13] == [2] * (4 * 2 + 1 + 4)
    assert asked[13:17] == [encode.STRIP] * 4
    assert len(asked) == 17 + sum(n * (2 + r) + 1 for r, counts in encode.TRIED.items() for n in counts)


def test_the_ends_of_the_strip_are_the_two_pictures():
    with denoisers.use(GARMENTS) as denoise:
        code, grid = samplers.start((1, 28, 28), 80.0, generators(1, 2)), ways.grid(denoise, 4)
        strip = encode.between(denoise, code, grid)
        ends = encode.down(ways.told(denoise, -1, 2), code, grid)
        assert torch.allclose(strip[[0, -1]], ends, atol=1e-3)
        assert len(strip) == encode.STRIP and not torch.allclose(strip[3], ends[0], atol=1e-2)


# ------------------------------------------------------------------------------------------ edit


def test_outside_of_its_mask_an_edit_changes_nothing():
    page, strip, words, found = last(
        edit.edit(GARMENTS, None, 2, *OWN, "3", "4", "2", "3", 3, 97, True, 6, "en")
    )
    assert found["altered"] == 0 and "Up as pullover, down as coat." in words
    assert 0 <= found["read_as_asked"] <= 100 and words.count("<tr>") == 4
    assert page.width <= edit.WIDE + 20 and strip.width > 800


def test_down_as_what_it_is_nothing_is_edited():
    label = str(reals.class_of(FACES, None, FACE))
    args = (FACES, None, FACE, *OWN, label, "4", "2", "3", 1, ways.MOST, False, 5, "es")
    with denoisers.use(FACES) as denoise:
        x, _ = ways.real(FACES, denoise, None, FACE, "en")
        ask = ways.told(denoise, int(label), 1)
        path = list(edit.climbed(ask, x, ways.grid(denoise, 5)))
        whole = edit.last(ask, path, torch.tensor(False))
    *_, words, found = last(edit.edit(*args))
    assert found["psnr_back"] == pytest.approx(edit.psnr(x, whole), abs=0.01)
    assert "Sube como pelo gris, baja como pelo gris." in words and "altered" not in found


def test_an_edit_begins_at_its_height():
    path = [samplers.Step(k, torch.zeros(1), torch.zeros(1), s) for k, s in enumerate((0, 0.1, 1, 10, 80))]
    assert [s.sigma for s in edit.cut(path, 60)] == [0, 0.1, 1]
    assert [s.sigma for s in edit.cut(path, ways.LEAST)] == [0, 0.1]  # one step at least
    assert [s.sigma for s in edit.cut(path, ways.MOST)] == [0, 0.1, 1, 10]


def test_the_reader_reads_real_pictures_in_the_order_of_the_classes():
    numbers = [n for n in range(36_500, 36_560) if reals.class_of(FACES, None, n) >= 0]
    x = torch.cat([reals.picture_of(FACES, None, n, "en")[0] for n in numbers])
    found = readers.read(FACES, x).beliefs
    assert found.shape == (len(numbers), 12) and torch.allclose(
        found.sum(1), torch.ones(len(numbers)), atol=1e-4
    )
    right = found.argmax(1) == torch.tensor([reals.class_of(FACES, None, n) for n in numbers])
    assert right.float().mean() > 0.75
    assert readers.read(GARMENTS, torch.zeros(2, 1, 28, 28)).beliefs.shape == (2, 10)
    assert readers.read(EMOJI, torch.zeros(2, 3, 32, 32)).beliefs is None


def test_sprites_are_edited_without_a_reader():
    *_, words, found = last(
        edit.edit(SPRITES, scribble(), 0, *OWN, "3", "4", "1", "3", 2, 80, False, 4, "en")
    )
    assert "Up as any, down as items." in words and found.keys() == {"psnr_back"}


# ------------------------------------------------------------------------------------------ to take home


def result(snippet: str) -> torch.Tensor:
    lines = [line for line in snippet.splitlines() if line.strip()]
    assert len(lines) <= 16 and max(map(len, lines)) <= 110
    scope: dict = {}
    exec(snippet, scope)
    return scope["end"].x


@pytest.mark.parametrize("keep", ["top", "frame", "middle"])
def test_the_lines_to_take_home_fill_the_same_hole(keep):
    end = result(fill.fill_code(FACES, None, None, FACE, keep, 2, 1, *ANY, 4, 3))
    with denoisers.use(FACES) as denoise:
        x, _ = ways.real(FACES, denoise, None, FACE, "en")
        kept, ask = kept_pixels(given.cells_of(keep, None), 64), ways.told(denoise, -1, fill.COUNT)
        *_, own = fill.run("again", ask, x, kept, ways.grid(denoise, 4), 2, 1, 3)
    assert torch.allclose(end, own.x, atol=1e-4)


@pytest.mark.parametrize("way", beyond.WAYS)
def test_the_lines_to_take_home_go_as_far_beyond(way):
    end = result(beyond.beyond_code(GARMENTS, None, 4, way, "both", 1.75, 50, 2, *ANY, 4, 1))
    with denoisers.use(GARMENTS) as denoise:
        x, _ = ways.real(GARMENTS, denoise, None, 4, "en")
        canvas, kept = beyond.spread(x, 1.75, "both", denoise.network.factor)
        *_, own = beyond.grown(denoise, -1, canvas, kept, way, 14, 2, 4, 1)
    assert torch.allclose(end, own, atol=1e-4)


def test_the_lines_to_take_home_make_the_same_edit():
    words = (GARMENTS, None, 2, *OWN, "3", "4", "2", "3", 3, 97, True, 6)
    end = result(edit.edit_code(*words))
    with denoisers.use(GARMENTS) as denoise:
        x, _ = ways.real(GARMENTS, denoise, None, 2, "en")
        path = list(edit.climbed(ways.told(denoise, 2, 1), x, ways.grid(denoise, 6)))
        keep = ~edit.mask_of(denoise, x, 2, 4)
        own = edit.last(ways.told(denoise, 4, 1, 3), edit.cut(path, 97), keep)
    assert torch.allclose(end, own, atol=1e-3)


# ------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_a_hole_is_filled_in_the_browser_and_what_is_given_can_be_painted(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/repair?view=fill&checkpoint=ddpm-fashion&number=4&keep=left&again=2&steps=4&seed=3")
    page.locator("#run-repair-fill").wait_for()
    page.wait_for_function("() => document.body.innerText.includes('step across the line')")
    shown = "[...document.querySelectorAll('#tab-repair .result img')].filter(i => i.offsetParent)"
    page.wait_for_function(f"() => {shown}.length == 2")
    board = page.locator(".mask-input canvas:visible")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    page.mouse.up()
    page.wait_for_function(
        "() => [...document.querySelectorAll('input')].some(i => i.value.includes('I paint'))"
    )
    assert errors == []
    page.context.close()
