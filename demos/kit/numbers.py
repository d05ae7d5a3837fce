"""The line of figures under every result: what ran, how fast, how good. One vocabulary for all tabs."""

import html

from demos.kit.lang import Pair, say

WORDS: dict[str, Pair] = {
    "ms": ("time", "tiempo"),
    "per_second": ("samples per second", "muestras por segundo"),
    "parameters": ("parameters", "parámetros"),
    "memory": ("models in memory", "modelos en memoria"),
    "device": ("", ""),
    "step": ("step", "paso"),
    "psnr": ("PSNR", "PSNR"),
    "mse": ("mean squared error", "error cuadrático medio"),
    "kl": ("KL divergence", "divergencia KL"),
    "elbo": ("evidence bound (ELBO)", "cota de evidencia (ELBO)"),
    "bits_per_dim": ("bits per dimension", "bits por dimensión"),
    "frechet": ("Fréchet distance (our own features)", "distancia de Fréchet (rasgos propios)"),
    "frechet_prior": ("Fréchet, sampling N(0, 1)", "Fréchet, muestreando N(0, 1)"),
    "frechet_mixture": ("Fréchet, sampling the mixture", "Fréchet, muestreando la mezcla"),
    "frechet_reconstruction": ("Fréchet, reconstructions", "Fréchet, reconstrucciones"),
    "active": ("active numbers of the code", "números activos del código"),
    "leak": ("leak over effect", "fuga sobre efecto"),
    "gap": ("nats from q(z) to N(0, I), at least", "nats de q(z) a N(0, I), al menos"),
    "bytes_image": ("picture", "imagen"),
    "bytes_code": ("code", "código"),
    "bytes_png": ("PNG", "PNG"),
    "psnr_jpeg": ("JPEG of as many bytes as the code", "JPEG con tantos bytes como el código"),
    "psnr_paths": ("PSNR between both paths, halfway", "PSNR entre ambos caminos, a la mitad"),
    "psnr_faces": ("PSNR, faces", "PSNR, caras"),
    "psnr_leaves": ("PSNR, dead leaves", "PSNR, hojas secas"),
    "psnr_photos": ("PSNR, photographs", "PSNR, fotografías"),
    "correlation": ("correlation between neighbours", "correlación entre vecinos"),
    "ratio": ("smaller by", "reducción"),
    "elbo_bits": ("bits per pixel, at most", "bits por píxel, como mucho"),
    "sigma": ("σ of a pixel", "σ de un píxel"),
    "psnr_noisy": ("PSNR, noisy", "PSNR, con ruido"),
    "psnr_cleaned": ("PSNR, cleaned", "PSNR, limpiada"),
    "holes_box": ("of the box's samples in holes", "de las muestras de la caja en huecos"),
    "holes_prior": ("of N(0, I)'s samples in holes", "de las muestras de N(0, I) en huecos"),
    "holes_path": ("of the path in holes", "del recorrido en huecos"),
    "jump": (
        "largest change between frames, against the mean",
        "mayor cambio entre cuadros, frente al medio",
    ),
}
BYTES = {"bytes", "memory", "bytes_image", "bytes_code", "bytes_png"}


def bytes_text(n: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if n < 1024 or unit == "GiB":
            return f"{n:.0f} {unit}" if n >= 100 or unit == "B" else f"{n:.1f} {unit}"
        n /= 1024
    raise AssertionError("unreachable")


def text(key: str, value: object, lang: str) -> str:
    """One figure as it reads: 1.2M, 35 ms, 28.4 dB."""
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if key in BYTES:
        out = bytes_text(number)
    elif key == "ms":
        out = f"{number:.0f} ms" if number < 1000 else f"{number / 1000:.1f} s"
    elif key == "parameters":
        out = f"{number / 1e6:.2f} M" if number >= 1e5 else f"{number:.0f}"
    elif key.startswith("psnr"):
        out = f"{number:.1f} dB"
    elif key == "ratio":
        out = f"{number:.1f}×"
    else:
        out = f"{number:.0f}" if number == int(number) or number >= 100 else f"{number:.3g}"
    return out.replace(".", ",") if lang == "es" else out


def line(numbers: dict[str, object], lang: str, note: str = "") -> str:
    """The figures as chips. Keys without a word are a mistake of the tab, and fail here."""
    chips = (f"<li><b>{text(k, v, lang)}</b> {say(lang, *WORDS[k])}</li>" for k, v in numbers.items())
    first = f"<li class='note'>{note}</li>" if note else ""
    return f"<ul class='numbers' role='status'>{first}{''.join(chips)}</ul>"


def progress(done: float, total: float, words: str) -> str:
    """A bar with a sentence, for what takes long: a download, a queue, a first load."""
    share = "" if not total else f" style='--done:{100 * min(1.0, done / total):.1f}%'"
    kind = "progress" if total else "progress busy"
    return f"<div class='{kind}'{share} role='status'><span></span>{words}</div>"


def warning(words: str) -> str:
    return f"<p class='warn' role='alert'>{html.escape(words)}</p>"
