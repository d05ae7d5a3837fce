"""Numbers from 0 to 999,999 in words, English and Spanish, and back: sentences that have one right
translation.

A small language that is wholly known, so that whoever translates it can be marked. It has what makes larger
ones hard: one word for two (five hundred, quinientos), words that stand for nothing (one thousand is mil, not
uno mil), a word that depends on what comes after it (veintiuno, but veintiún mil; cien, but ciento uno).
"""

from functools import cache

import numpy as np

MOST = 999_999
FORMS = ("english", "spanish", "digits")
SHARE = 20  # one number in so many is held out
SMALL = 100  # numbers below are never held out: there are too few of them

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
UNOS = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
]
DECENAS = ["-", "-", "-", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
CIENTOS = [
    "-",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
]
BEFORE_MIL = {"uno": "un", "veintiuno": "veintiún"}  # a one that something follows loses its end


def english(n: int) -> str:
    """21,105 -> "twenty-one thousand one hundred five", without "and"."""
    thousands, rest = divmod(checked(n), 1000)
    parts = [below_thousand(thousands), "thousand"] if thousands else []
    return " ".join(parts + ([below_thousand(rest)] if rest or not thousands else []))


def below_thousand(n: int) -> str:
    hundreds, rest = divmod(n, 100)
    parts = [ONES[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        parts.append(TENS[rest // 10] + (f"-{ONES[rest % 10]}" if rest % 10 else ""))
    elif rest or not hundreds:
        parts.append(ONES[rest])
    return " ".join(parts)


def spanish(n: int) -> str:
    """21.105 -> "veintiún mil ciento cinco"."""
    thousands, rest = divmod(checked(n), 1000)
    parts = []
    if thousands:
        words = menor_que_mil(thousands).split() if thousands > 1 else []
        parts = [*words[:-1], *(BEFORE_MIL.get(word, word) for word in words[-1:]), "mil"]
    return " ".join([*parts, menor_que_mil(rest)] if rest or not thousands else parts)


def menor_que_mil(n: int) -> str:
    hundreds, rest = divmod(n, 100)
    if n == 100:
        return "cien"
    parts = [CIENTOS[hundreds]] if hundreds else []
    if rest >= 30:
        parts += [DECENAS[rest // 10], *(["y", UNOS[rest % 10]] if rest % 10 else [])]
    elif rest or not hundreds:
        parts.append(UNOS[rest])
    return " ".join(parts)


def checked(n: int) -> int:
    if not 0 <= n <= MOST:
        raise ValueError(f"{n} is not between 0 and {MOST}")
    return n


def write(n: int, form: str) -> str:
    """A number in one of FORMS. Digits are plain: 21105."""
    return {"english": english, "spanish": spanish, "digits": lambda n: str(checked(n))}[form](n)


def read(text: str, form: str) -> int | None:
    """The number that `text` is in this form, letter for letter; None if it is none."""
    if form == "digits":
        n = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else -1
    else:
        n = value(text, form)
    return n if 0 <= n <= MOST and write(n, form) == text else None


def value(text: str, form: str) -> int:
    """What the words add up to, whether or not one says it so; -1 for words that are not of this form."""
    known = values(form)
    head, mark, tail = text.partition("thousand" if form == "english" else "mil")
    if not mark:
        return known.get(text, -1)
    full = {v: k for k, v in BEFORE_MIL.items()}
    words = head.split()
    words = [*words[:-1], *(full.get(word, word) for word in words[-1:])]
    before, after = known.get(" ".join(words), -1), known.get(tail.strip(), -1)
    before = 1 if not words and form == "spanish" else before
    return -1 if min(before, after) < 0 else 1000 * before + after


@cache
def values(form: str) -> dict[str, int]:
    one = below_thousand if form == "english" else menor_que_mil
    return {one(n): n for n in range(1000)} | {"": 0}


@cache
def words(form: str) -> tuple[str, ...]:
    """Every word of a form."""
    some = (*range(130), *range(0, 1000, 100), 1000, 21000, 31000)
    return tuple(sorted(set(" ".join(write(n, form) for n in some).replace("-", " ").split())))


def held_out(n: int) -> bool:
    """Whether no training sees this number in any form: about one in SHARE, spread evenly."""
    return n >= SMALL and n * 2654435761 % 2**32 < 2**32 // SHARE


def draw(rng: np.random.Generator, held: bool = False) -> int:
    """A number whose count of digits is drawn first, so that short ones are not rare."""
    while True:
        digits = int(rng.integers(3 if held else 1, 7))
        n = int(rng.integers(10 ** (digits - 1) if digits > 1 else 0, 10**digits))
        if held_out(n) == held:
            return n


def spoilt(text: str, form: str, rng: np.random.Generator) -> str:
    """The words of a number with one of them lost, doubled, changed or swapped, so that they are none."""
    vocabulary = words(form)
    while True:
        parts = text.split()
        k, how = int(rng.integers(len(parts))), int(rng.integers(4))
        if how == 0:
            del parts[k]
        elif how == 1:
            parts.insert(k, parts[k])
        elif how == 2:
            parts[k] = vocabulary[rng.integers(len(vocabulary))]
        elif len(parts) > 1:
            k = min(k, len(parts) - 2)
            parts[k : k + 2] = parts[k : k + 2][::-1]
        made = " ".join(parts)
        if made and read(made, form) is None:
            return made
