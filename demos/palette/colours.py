"""Where a palette comes from: proposed for a picture, of an old machine, of a photograph, or typed in."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from demos import kit
from demos.kit import t
from demos.kit.inputs import refuse
from demos.palette.art import ROWS
from genmodels.data.palettes import NAMED, canonical, quantise

MAKER = "palette-maker"
EACH, ALL, PICTURE, MINE, MORE = "each", "all", "picture", "mine", "more"
HEXES = "#2b1d3a #7a2e4d #d95763 #f2b880 #fff3d6"
LONGEST = 15 * 10


class Palettes(NamedTuple):
    rows: np.ndarray  # uint8 (N, 16, 3), zero from row `colours` on
    colours: np.ndarray  # (N,), rows in use, the clear one among them
    bits: np.ndarray | None  # (N,), what each costs; None where they were given

    def condition(self, told: list[int], device: Any) -> dict[str, Any]:
        """What the model is told, as tensors."""
        import torch

        return {
            "palette": torch.from_numpy(self.rows.astype(np.int64)).to(device),
            "colours": torch.from_numpy(self.colours.astype(np.int64)).to(device),
            "labels": torch.tensor(told, device=device),
        }


def source_choice(value: str = EACH, **kwargs: Any) -> Any:
    named = [(t(p.english, p.spanish), key) for key, p in NAMED.items()]
    choices = [
        (t("a new one for each sprite", "una nueva para cada sprite"), EACH),
        (t("one new one for all", "una nueva para todos"), ALL),
        *named,
        (t("of the picture below", "la de la imagen de abajo"), PICTURE),
        (t("my colours below", "mis colores, abajo"), MINE),
        (t("my colours, and the model adds some", "mis colores, y el modelo agrega otros"), MORE),
    ]
    return kit.choice(choices, t("Palette", "Paleta"), value, **kwargs)


def hexes_box() -> Any:
    label = t("My colours, 1 to 15 hex codes", "Mis colores, de 1 a 15 códigos hexadecimales")
    return kit.words(HEXES, label, longest=LONGEST, lines=2, max_lines=3)


def typed(hexes: str) -> np.ndarray:
    """The canonical table of hex codes, #rrggbb or #rgb, with or without the #."""
    words = [word.lstrip("#").lower() for word in re.split(r"[\s,;]+", hexes.strip()) if word]
    wrong = [word for word in words if not re.fullmatch(r"[0-9a-f]{6}|[0-9a-f]{3}", word)]
    if wrong:
        raise refuse(
            f"“{wrong[0]:.20}” is not a colour like #d95763.",
            f"«{wrong[0]:.20}» no es un color como #d95763.",
        )
    if not 1 <= len(words) < ROWS:
        raise refuse(f"{len(words)} colours; from 1 to 15.", f"{len(words)} colores; de 1 a 15.")
    full = [word if len(word) == 6 else "".join(2 * c for c in word) for word in words]
    return canonical(np.array([list(bytes.fromhex(word)) for word in full], np.uint8))


def of_picture(picture: Image.Image | None, lang: str) -> np.ndarray:
    """The 15 colours that serve a picture best."""
    if picture is None:
        en, es = "Bring a picture for its palette.", "Trae una imagen para tomar su paleta."
        raise refuse(en, es)
    small = picture.convert("RGBA")
    small.thumbnail((96, 96), Image.Resampling.NEAREST)  # its own colours: no mixtures
    table = quantise(np.asarray(small), ROWS)[1]
    if len(table) < 2:
        raise refuse("This picture is all clear.", "Esta imagen es toda transparente.")
    return table


def given(table: np.ndarray, count: int) -> Palettes:
    """One palette for all."""
    rows = np.zeros((count, ROWS, 3), np.uint8)
    rows[:, : len(table)] = table
    return Palettes(rows, np.full(count, len(table)), None)


def chosen(
    source: str, hexes: str, picture: Image.Image | None, kinds: list[int], seed: int, lang: str
) -> Palettes:
    """The palettes for sprites of these kinds. The k-th proposed one depends on seed + k alone."""
    if source in NAMED:
        return given(NAMED[source].palette(ROWS), len(kinds))
    if source == PICTURE:
        return given(of_picture(picture, lang), len(kinds))
    if source == MINE:
        return given(typed(hexes), len(kinds))
    return proposed(kinds, seed, typed(hexes) if source == MORE else None, source != EACH)


def proposed(kinds: list[int], seed: int, fixed: np.ndarray | None = None, one: bool = False) -> Palettes:
    """By the palette maker: one for each, or the same for all, or one around fixed colours."""
    import torch

    from genmodels.autoregressive import palette_maker

    with kit.model(palette_maker.PaletteMaker, MAKER) as maker:
        kind = torch.tensor(kinds[:1] if one else kinds)
        if fixed is not None and len(fixed) < ROWS:
            table, used = palette_maker.complete(maker, kinds[0], torch.from_numpy(fixed[1:]), seed)
        elif fixed is not None:
            return given(fixed, len(kinds))
        else:
            table, used = palette_maker.make(maker, kind, seed)
        device = next(maker.parameters()).device
        with torch.no_grad():
            nats = -maker.log_prob(table.to(device), used.to(device), kind.to(device)).float().cpu()
    cost = (nats / np.log(2)).numpy()
    rows, used = table.cpu().numpy().astype(np.uint8), used.cpu().numpy()
    if len(rows) < len(kinds):
        rows, used, cost = (np.repeat(a, len(kinds), 0) for a in (rows, used, cost))
    return Palettes(rows, used, cost)


def code(source: str, hexes: str, picture: Any, count: int, seed: int) -> list[str]:
    """The lines that make `palette` and `colours` for `kinds`, in genmodels alone."""
    if source == EACH:
        return [f"palette, colours = palette_maker.make(maker, kinds, seed={seed})"]
    share = [f"palette, colours = palette.expand({count}, -1, -1), colours.expand({count})"]
    if source == ALL:
        return [f"palette, colours = palette_maker.make(maker, kinds[:1], seed={seed})", *share]
    if source in NAMED:
        lines = [f'palette = torch.from_numpy(NAMED["{source}"].palette({ROWS})).long()[None]']
    else:
        table = of_picture(picture, "en") if source == PICTURE else typed(hexes)
        skip = 1 if source == MORE and len(table) < ROWS else 0  # the clear one
        lines = [
            f'hexes = "{table[skip:].tobytes().hex()}"',
            f"palette = torch.tensor(list(bytes.fromhex(hexes))).view({'' if skip else '1, '}-1, 3)",
        ]
        if skip:
            made = f"palette_maker.complete(maker, int(kinds[0]), palette, seed={seed})"
            return [*lines, f"palette, colours = {made}", *share]
    return [*lines, "colours = torch.tensor([palette.shape[1]])", *share]


def maker_used(source: str) -> bool:
    return source in (EACH, ALL, MORE)
