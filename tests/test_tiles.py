"""Pictures of few colours: exact where they can be, near where they cannot, and the same for ever."""

import hashlib

import numpy as np
import pytest

from genmodels.data import palettes, readers, tiles


@pytest.fixture(scope="module")
def dcss():
    """The fitted tiles, or a skip that says where to get them."""
    try:
        return tiles.dataset()
    except FileNotFoundError as problem:
        pytest.skip(str(problem))


def picture(rng: np.random.Generator, colours: int, size: int = 24) -> np.ndarray:
    table = rng.integers(0, 256, (colours, 3), np.uint8)
    out = np.full((size, size, 4), 255, np.uint8)
    out[..., :3] = table[rng.integers(0, colours, (size, size))]
    out[..., 3] = rng.choice([0, 127, 128, 255], (size, size))
    return out


def drawn(indices: np.ndarray, palette: np.ndarray, original: np.ndarray) -> np.ndarray:
    """The picture again, its transparent pixels as in the original."""
    return np.where((indices > 0)[..., None], palette[indices], original[..., :3])


def lightness(palette: np.ndarray) -> np.ndarray:
    return palettes.oklab(palette)[..., 0]


# ---- colours


def test_oklab_is_that_of_its_author_and_returns():
    known = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    expected = [[1, 0, 0], [0.628, 0.225, 0.126], [0.866, -0.234, 0.179], [0.452, -0.032, -0.312]]
    np.testing.assert_allclose(palettes.oklab(known), expected, atol=1e-3)
    every = np.random.default_rng(0).integers(0, 256, (20_000, 3), np.uint8)
    assert np.array_equal(palettes.from_oklab(palettes.oklab(every)), every)


@pytest.mark.parametrize("colours", (1, 2, 15))
def test_few_colours_are_kept_exactly(colours):
    image = picture(np.random.default_rng(colours), colours)
    indices, palette = palettes.quantise(image, 16)
    assert indices.dtype == palette.dtype == np.uint8
    assert np.array_equal(indices > 0, image[..., 3] >= 128)
    assert np.array_equal(drawn(indices, palette, image), image[..., :3])
    assert len(palette) == colours + 1 and not palette[0].any()


def test_a_gradient_loses_little():
    rise = np.linspace(0, 255, 24).astype(np.uint8)
    image = np.full((24, 24, 4), 255, np.uint8)
    image[..., :3] = rise[:, None]
    indices, palette = palettes.quantise(image, 16)
    error = np.abs(lightness(drawn(indices, palette, image)) - lightness(image[..., :3]))
    assert len(palette) == 16 and error.max() < 0.05 and error.mean() < 0.02
    image[..., 1] = rise[None]
    indices, palette = palettes.quantise(image, 16)
    apart = palettes.oklab(drawn(indices, palette, image)) - palettes.oklab(image[..., :3])
    assert np.sqrt(np.square(apart).sum(-1)).mean() < 0.06


def test_a_rare_colour_survives():
    """The two pixels of an eye, on a body of a hundred greens."""
    image = np.full((24, 24, 4), 255, np.uint8)
    image[..., :3] = np.random.default_rng(0).integers((30, 90, 30), (60, 160, 60), (24, 24, 3))
    image[8, 8:10, :3] = 255, 20, 20
    indices, palette = palettes.quantise(image, 16)
    assert np.abs(palette[indices[8, 8]].astype(int) - (255, 20, 20)).max() <= 3


def test_palettes_go_from_dark_to_light_without_repeats():
    rng = np.random.default_rng(1)
    images = np.stack([picture(rng, colours) for colours in (3, 15, 40, 576)])
    indices, table, count = palettes.quantise_all(images, 16)
    for image, i, palette, n in zip(images, indices, table, count, strict=True):
        assert (np.diff(lightness(palette[1:n])) >= 0).all()
        assert len(np.unique(palette[1:n], axis=0)) == n - 1 and not palette[n:].any()
        alone, its_palette = palettes.quantise(image, 16)
        assert np.array_equal(alone, i) and np.array_equal(its_palette, palette[:n])


def test_nothing_to_see_and_nonsense():
    indices, palette = palettes.quantise(np.zeros((5, 7, 4), np.uint8), 16)
    assert indices.shape == (5, 7) and not indices.any() and palette.tolist() == [[0, 0, 0]]
    with pytest.raises(ValueError, match="colours = 1"):
        palettes.quantise(np.zeros((5, 7, 4), np.uint8), 1)
    with pytest.raises(ValueError, match=r"float64 \(1, 5, 7, 4\)"):
        palettes.quantise(np.zeros((5, 7, 4)), 16)


@pytest.mark.parametrize("name", palettes.NAMED)
def test_named_palettes(name):
    named = palettes.NAMED[name]
    palette = named.palette()
    assert named.english and named.spanish and 5 <= len(palette) <= 17
    assert len(palette) == len(named.hexes.replace(" ", "")) // 6 + 1, "a colour is given twice"
    assert (np.diff(lightness(palette[1:])) >= 0).all()
    assert len(named.palette(16)) == min(len(palette), 16)


@pytest.mark.parametrize("name", palettes.NAMED)
def test_remap_keeps_light_and_shade(name):
    rng = np.random.default_rng(2)
    to = palettes.NAMED[name].palette(16)
    for colours in (1, 3, 15):
        indices, palette = palettes.quantise(picture(rng, colours), 16)
        new = palettes.remap(indices, palette, to)
        assert np.array_equal(new > 0, indices > 0) and new.max() < len(to)
        table = [int(new[indices == i][0]) for i in range(1, len(palette)) if (indices == i).any()]
        assert table == sorted(table)
        assert len(set(table)) >= min(len(table), len(to) - 1) / 3, "contrast survives too"


def test_remap_to_itself_changes_nothing():
    indices, palette = palettes.quantise(picture(np.random.default_rng(3), 15), 16)
    assert np.array_equal(palettes.remap(indices, palette, palette), indices)
    assert not palettes.remap(np.zeros_like(indices), palette, palette[:2]).any()
    with pytest.raises(ValueError, match="index 15 of 4 rows"):
        palettes.remap(indices, palette[:4], palette)


# ---- fitting


def test_a_small_picture_stands_in_the_middle_untouched():
    image = np.zeros((32, 32, 4), np.uint8)
    image[3:9, 20:30] = np.random.default_rng(0).integers(100, 256, (6, 10, 4))
    image[3:9, 20:30, 3] = 255
    out = tiles.fit(image)
    assert np.array_equal(out[18:, 7:17], image[3:9, 20:30])
    assert (out[..., 3] > 0).sum() == 60


@pytest.mark.parametrize("smooth", (False, True))
@pytest.mark.parametrize("shape", ((32, 32), (32, 5), (7, 30), (25, 25)))
def test_a_large_picture_fills_the_frame(shape, smooth):
    image = np.random.default_rng(0).integers(50, 256, (*shape, 4), np.uint8)
    image[..., 3] = 255
    out = tiles.fit(image, smooth)
    solid = out[..., 3] > 0
    h, w = (max(1, round(side * 24 / max(shape))) for side in shape)
    assert solid.sum() == h * w and solid[-1].any()
    if not smooth:
        colours = {tuple(c) for c in image[..., :3].reshape(-1, 3).tolist()}
        assert {tuple(c) for c in out[solid][:, :3].tolist()} <= colours, "every pixel is one of the artist's"


def test_rows_left_out_are_the_repeated_ones():
    rows = np.repeat(np.random.default_rng(0).integers(50, 256, (24, 24, 4), np.uint8), [1, 2, 1] * 8, 0)
    rows[..., 3] = 255
    assert rows.shape == (32, 24, 4)
    assert np.array_equal(tiles._thin(rows, 24), rows[[True, True, False, True] * 8])


def test_the_shadow_goes_and_the_outline_stays():
    image = np.zeros((32, 32, 4), np.uint8)
    image[5:20, 5:20] = 0, 0, 0, 255  # outline
    image[6:19, 6:19] = 200, 60, 60, 255
    image[9:12, 9:12] = 0, 0, 0, 255  # a black mouth inside
    plain = image.copy()
    image[12:24, 19:26] = 0, 0, 0, 255
    bare = tiles.without_shadow(image)
    plain[19, 19] = 0  # the corner of the outline is indistinguishable from shadow
    assert np.array_equal(bare, plain)
    black = np.zeros((32, 32, 4), np.uint8)
    black[5:20, 5:20, 3] = 255
    assert np.array_equal(tiles.without_shadow(black), black), "a black thing is no shadow"


def test_empty_tiles_do_not_break():
    assert not tiles.fit(np.zeros((32, 32, 4), np.uint8)).any()


@pytest.mark.parametrize(
    "name, expected",
    [
        ("mon/dragons/hydra3", "hydra"),
        ("mon/merfolk_water", "merfolk"),
        ("item/rod/rod07", "rod"),
        ("item/gold/01", "gold"),
        ("mon/orc_old2", "orc"),
    ],
)
def test_stems(name, expected):
    assert tiles.stem(name) == expected


def test_icons_and_pieces_are_no_pictures():
    for name in (
        "item/potion/i-heal",
        "mon/tentacles/vine_ends/a",
        "mon/draco/draco-job-monk",
        "gui/skills/axes",
    ):
        assert tiles._kind(name) is None
    assert tiles._kind("mon/orc") == 0 and tiles._kind("UNUSED/weapons/axe") == 1


# ---- the sets


def sound(indices: np.ndarray, table: np.ndarray, colours: np.ndarray) -> None:
    assert indices.shape[1:] == (24, 24) and table.shape[1:] == (16, 3)
    assert indices.dtype == table.dtype == colours.dtype == np.uint8
    for picture, palette, n in zip(indices, table, colours, strict=True):
        assert np.array_equal(np.union1d(picture, [0]), np.arange(n)), "every row of a palette is used"
        assert not palette[0].any() and not palette[n:].any()
        assert (np.diff(lightness(palette[1:n])) >= 0).all()


def test_dcss(dcss):
    sound(dcss.indices, dcss.palettes, dcss.colours)
    assert len(dcss.names) == len(dcss.kind) == len(dcss.split) > 1500
    assert (np.bincount(dcss.kind) > 700).all()
    assert dcss.indices[:, -1].any(1).all(), "everything stands on the lowest row"


def test_held_out_shares_no_stem_and_no_outline(dcss):
    for keys in (
        [tiles.stem(name) for name in dcss.names],
        [(one > 0).tobytes() for one in dcss.indices],
    ):
        held = {key for key, out in zip(keys, dcss.split, strict=True) if out}
        kept = {key for key, out in zip(keys, dcss.split, strict=True) if not out}
        assert not held & kept
    for kind in (0, 1):
        assert 0.07 < dcss.split[dcss.kind == kind].mean() < 0.16


def test_dcss_is_fixed_for_ever(dcss):
    digest = hashlib.sha256((dcss.indices > 0).tobytes() + dcss.kind.tobytes() + dcss.split.tobytes())
    assert digest.hexdigest().startswith("92219f65529a21a1"), (
        "checkpoints were trained on these tiles and this split"
    )


def test_the_cache_holds_the_same(dcss, tmp_path):
    first, again = tiles.dataset(cache=tmp_path), tiles.dataset(path=tmp_path / "none", cache=tmp_path)
    for a, b, c in zip(dcss, first, again, strict=True):
        assert np.array_equal(a, b) and np.array_equal(a, c)
    assert type(again.names) is list


def test_characters(dcss):
    first, again, other = tiles.characters(200, 0), tiles.characters(60, 0), tiles.characters(60, 1)
    sound(*first)
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a[:60], b)
    assert not np.array_equal(again[0], other[0])
    assert len({one.tobytes() for one in first[0]}) == 200
    assert ((first[0] > 0).mean(0) > 0.99).sum() > 60, "they are aligned"


def test_characters_without_the_tiles_say_where_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setattr(readers, "ROOT", tmp_path)
    monkeypatch.delenv("LATENTE_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="crawl/tiles"):
        tiles.characters(1, 0)


def test_creatures_are_those_of_sprites():
    made = tiles.creatures(40, 3)
    sound(*made)
    for a, b in zip(made, tiles.creatures(30, 13), strict=True):
        assert np.array_equal(a[10:], b)
    from genmodels.data import sprites

    pictures = np.stack([sprites.rgba(sprites.random_sprite(3 + i)) for i in range(40)])
    shown = tiles.rgba(made[0], made[1])
    assert np.array_equal(shown[..., 3], pictures[..., 3])
    assert np.array_equal(shown * (shown[..., 3:] > 0), pictures * (pictures[..., 3:] > 0))


def test_sheet():
    indices, table, _ = tiles.creatures(5, 0)
    image = tiles.sheet(indices, table, columns=4, zoom=2)
    assert image.shape == (2 * 2 * 26, 4 * 2 * 26, 3) and image.dtype == np.uint8
    assert np.array_equal(tiles.rgba(indices[0], table[0]), tiles.rgba(indices, table)[0])
    assert set(tiles.KIND_NAMES) == set(tiles.KINDS)
