"""Ways to spoil samples, each with a strength from 0 to 1. At 0 the pictures are real ones, untouched.

Some change every picture (blur, shift, noise, colours), some a share of them (upside down), some which
pictures there are at all (people who are missing, copies). The last are invisible in any single picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demos.blind import pictures

if TYPE_CHECKING:
    from torch import Tensor

    from genmodels.data.faces import Face

Pair = tuple[str, str]
BLUR, SHIFT, NOISE, FADE = 3.0, 20, 0.6, 0.85  # pixels, pixels, of [-1, 1], share of the contrast: at most


@dataclass(frozen=True)
class Way:
    words: Pair
    unit: Callable[[float, int], Pair]  # (strength, count) -> what that means
    pixels: Callable[[Tensor, float, int], Tensor] | None = None  # (x, strength, seed)
    seeds: Callable[[list[int], float, int], list[int]] | None = None  # who is painted, instead


def blur(x: Tensor, strength: float, seed: int) -> Tensor:
    """A Gaussian of BLUR pixels, at most."""
    import torch
    from torch.nn import functional as F

    sigma, reach = BLUR * strength, 9
    at = torch.arange(-reach, reach + 1, dtype=x.dtype)
    stamp = (-0.5 * (at / max(sigma, 1e-3)) ** 2).exp()
    stamp = (stamp / stamp.sum()).expand(x.shape[1], 1, 1, -1)
    x = F.conv2d(F.pad(x, (reach, reach, 0, 0), "reflect"), stamp, groups=x.shape[1])
    return F.conv2d(F.pad(x, (0, 0, reach, reach), "reflect"), stamp.transpose(2, 3), groups=x.shape[1])


def shift(x: Tensor, strength: float, seed: int) -> Tensor:
    """To the right; the left edge is drawn out."""
    from torch.nn import functional as F

    n = round(SHIFT * strength)
    return F.pad(x, (n, 0, 0, 0), "replicate")[..., : x.shape[-1]]


def noise(x: Tensor, strength: float, seed: int) -> Tensor:
    from genmodels.runtime import noise as normal

    return (x + NOISE * strength * normal(seed, len(x), tuple(x.shape[1:]))).clamp(-1, 1)


def colours(x: Tensor, strength: float, seed: int) -> Tensor:
    """Red becomes blue and blue red."""
    import torch

    return torch.lerp(x, x.flip(1), strength)


def fade(x: Tensor, strength: float, seed: int) -> Tensor:
    return x * (1 - FADE * strength)


def some(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor, float, int], Tensor]:
    """Of a share of the pictures."""

    def of(x: Tensor, strength: float, seed: int) -> Tensor:
        n, x = round(strength * len(x)), x.clone()
        x[:n] = change(x[:n])
        return x

    return of


def quarters(x: Tensor) -> Tensor:
    """The four quarters of each picture, turned around: eyes where shoulders were."""
    half = x.shape[-1] // 2
    return x.roll((half, half), (2, 3))


def without(keep: Callable[[Face], bool]) -> Callable[[list[int], float, int], list[int]]:
    return lambda seeds, strength, seed: pictures.only(seeds, keep, strength)


def repeated(seeds: list[int], strength: float, seed: int) -> list[int]:
    """Only so many different ones, over and over."""
    different = distinct(strength, len(seeds))
    return [seeds[k % different] for k in range(len(seeds))]


def distinct(strength: float, count: int) -> int:
    return max(1, round(count ** (1 - strength)))


def trained(seeds: list[int], strength: float, seed: int) -> list[int]:
    n = round(strength * len(seeds))
    return [*pictures.training(n, seed), *seeds[n:]]


def tested(seeds: list[int], strength: float, seed: int) -> list[int]:
    n = round(strength * len(seeds))
    return [*pictures.reference(n), *seeds[n:]]


def bare(face: Face) -> bool:
    return face.hat == "none" and face.glasses == "none" and face.beard == "none"


def young(face: Face) -> bool:
    return face.age < 0.5


def plural(n: int, en: str, es: str) -> Pair:
    return f"{n} {en}", f"{n} {es}"


def pixels_off(most: float, digits: int = 1) -> Callable[[float, int], Pair]:
    def of(strength: float, count: int) -> Pair:
        v = f"{most * strength:.{digits}f}"
        return f"{v} pixels", f"{v.replace('.', ',')} píxeles"

    return of


def percent(en: str, es: str, most: float = 100) -> Callable[[float, int], Pair]:
    return lambda strength, count: plural(round(most * strength), "% " + en, "% " + es)


WAYS: dict[str, Way] = {
    "blur": Way(("blurred", "desenfocadas"), pixels_off(BLUR), blur),
    "noise": Way(("noisy", "con ruido"), percent("of the range", "del rango", 100 * NOISE / 2), noise),
    "shift": Way(("shifted", "corridas"), pixels_off(SHIFT, 0), shift),
    "colours": Way(
        ("red and blue swapped", "con rojo y azul cambiados"), percent("swapped", "del cambio"), colours
    ),
    "fade": Way(
        ("pale", "pálidas"), percent("of the contrast lost", "del contraste perdido", 100 * FADE), fade
    ),
    "upside": Way(
        ("upside down", "cabeza abajo"), percent("of the pictures", "de las imágenes"),
        some(lambda x: x.flip(2)),
    ),
    "quarters": Way(
        ("quarters exchanged", "con los cuartos cambiados"), percent("of the pictures", "de las imágenes"),
        some(quarters),
    ),
    "bare": Way(
        ("nobody with hat, glasses or beard", "nadie con sombrero, lentes o barba"),
        percent("of them missing", "de ellos faltan"), seeds=without(bare),
    ),
    "young": Way(
        ("nobody old", "nadie mayor"), percent("of them missing", "de ellos faltan"), seeds=without(young)
    ),
    "repeat": Way(
        ("a few, repeated", "unas pocas, repetidas"),
        lambda s, n: plural(distinct(s, n), "different ones", "distintas"), seeds=repeated,
    ),
    "train": Way(
        ("copies of training pictures", "copias del entrenamiento"),
        percent("are copies", "son copias"), seeds=trained,
    ),
    "test": Way(
        ("copies of the test pictures", "copias de las de prueba"),
        percent("are copies", "son copias"), seeds=tested,
    ),
}  # fmt: skip


def painted(way: str, strength: float, seeds: list[int], seed: int) -> list[int]:
    """Who has to be painted."""
    change = WAYS[way].seeds
    return change(seeds, strength, seed) if change and strength > 0 else list(seeds)


def spoilt(way: str, strength: float, x: Tensor, seed: int) -> Tensor:
    """What is done to them afterwards."""
    change = WAYS[way].pixels
    return change(x, strength, seed) if change and strength > 0 else x
