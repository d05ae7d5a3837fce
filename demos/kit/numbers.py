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
    "steps_second": ("steps per second", "pasos por segundo"),
    "w1": ("exact distance W₁", "distancia exacta W₁"),
    "modes": ("modes covered", "modas cubiertas"),
    "near": ("% of real points with one near", "% de los reales con uno cerca"),
    "psnr": ("PSNR", "PSNR"),
    "mse": ("mean squared error", "error cuadrático medio"),
    "bits_per_dim_drawn": ("bits per dimension of these", "bits por dimensión de estas"),
    "bits_per_dim_told": ("the same, told the class", "lo mismo, diciéndole la clase"),
    "bits_per_dim_digits": ("the same, of MNIST's digits", "lo mismo, con los dígitos de MNIST"),
    "nats": ("nats per picture", "nats por imagen"),
    "bits": ("bits", "bits"),
    "entropy": ("bits of entropy", "bits de entropía"),
    "mean": ("mean", "media"),
    "altered": ("kept pixels altered", "píxeles conservados alterados"),
    "faster": ("times faster than all anew", "veces más rápido que todo de nuevo"),
    "slower": ("times slower than the VAE", "veces más lento que el VAE"),
    "tokens": ("pixels per second", "píxeles por segundo"),
    "cache": ("keys and values kept", "claves y valores guardados"),
    "start": ("% on the start token", "% en la señal de inicio"),
    "left": ("% on the pixel to the left", "% en el píxel de la izquierda"),
    "above": ("% on the pixel above", "% en el píxel de arriba"),
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
    "bits_per_dim_tight": ("the same, a tighter bound", "lo mismo, con una cota más ajustada"),
    "kl_bits": ("bits for z (KL)", "bits por z (KL)"),
    "pixel_bits": ("bits for the pixels, given z", "bits por los píxeles, dado z"),
    "differ_row": ("% of pixels differ within a row", "% de los píxeles difieren en una fila"),
    "differ_column": ("% of pixels differ within a column", "% de los píxeles difieren en una columna"),
    "changed": ("% of pixels change between frames", "% de los píxeles cambian entre cuadros"),
    "code_bits": ("bits for the words", "bits por las palabras"),
    "image_bits": ("bits for the pixels as they are", "bits por los píxeles tal cual"),
    "prior_bits": ("bits under the learnt prior", "bits con el prior aprendido"),
    "uniform_bits": ("bits under the uniform one", "bits con el uniforme"),
    "bits_per_image": ("bits of a held-out picture", "bits de una imagen apartada"),
    "bits_per_code": ("bits per word, held out", "bits por palabra, en apartadas"),
    "codebook": ("words in the dictionary", "palabras en el diccionario"),
    "codes_dead": ("of them in no held-out picture", "de ellas en ninguna imagen apartada"),
    "perplexity": ("as if so many were equally used", "como si tantas se usaran por igual"),
    "usage_bits": ("bits of their use", "bits de su uso"),
    "touched": ("% of pixels change", "% de los píxeles cambian"),
    "own_share": ("% of the change inside its own patch", "% del cambio dentro de su propio parche"),
    "kept_words": ("words kept", "palabras conservadas"),
    "kept_same": ("% of them the same", "% de ellas iguales"),
    "kept_moved": ("% mean change of their pixels", "% de cambio medio de sus píxeles"),
    "copies": ("nearer than 9 in 10 held-out tiles", "más cerca que 9 de cada 10 apartadas"),
    "nearest": ("the nearest", "la más cercana"),
    "typical": ("typical of a held-out tile", "típico de una baldosa apartada"),
    "mixed": ("words in the mixture, as if equal", "palabras en la mezcla, como si fueran iguales"),
    "kl_words": ("bits of KL to the uniform prior", "bits de KL al prior uniforme"),
    "weakest": ("strength of the noise halfway on the line", "fuerza del ruido a mitad de la recta"),
    "jump": (
        "largest change between frames, against the mean",
        "mayor cambio entre cuadros, frente al medio",
    ),
    "bits_pixels": ("bits per pixel, the palette known", "bits por píxel, con la paleta conocida"),
    "bits_redrawn": ("bits per redrawn pixel", "bits por píxel redibujado"),
    "bits_original": ("bits per pixel, the sprite", "bits por píxel, el sprite"),
    "bits_recoloured": ("recoloured, mean", "recoloreado, media"),
    "bits_anew": ("drawn anew, mean", "dibujado de nuevo, media"),
    "bits_palette": ("bits for a palette", "bits por una paleta"),
    "bits_with_palette": ("bits per pixel with its palette", "bits por píxel con su paleta"),
    "bits_per_pixel_mean": ("bits per pixel, held out", "bits por píxel, en apartadas"),
    "colours_used": ("colours in a sprite, on average", "colores en un sprite, en promedio"),
    "obedience": ("of samples obey their label", "de las muestras obedecen su etiqueta"),
    "obedience_hair": ("obey it in the hair", "la obedecen en el pelo"),
    "obedience_glasses": ("obey it in the glasses", "la obedecen en los anteojos"),
    "obedience_guided": ("of samples obey, guided by 2", "de las muestras obedecen, con guía 2"),
    "obeyed": ("of these obey", "de estas obedecen"),
    "by_label": ("of all the rest goes with the label", "de todo lo demás va con la etiqueta"),
    "critic_right": ("the critic likes the right label best", "el crítico prefiere la etiqueta correcta"),
    "precision": ("of samples look real (precision)", "de las muestras parecen reales (precisión)"),
    "recall": ("of real ones within reach (recall)", "de las reales a su alcance (exhaustividad)"),
    "density": ("neighbourhoods per sample, over 5 (density)", "vecindarios por muestra, sobre 5 (densidad)"),
    "coverage": ("of real ones have a sample near (coverage)", "de las reales tienen una cerca (cobertura)"),
    "told_apart": (
        "chance that a real one scores above a generated one",
        "probabilidad de que una real puntúe más que una generada",
    ),
    "mean_score": ("mean score of those shown", "puntaje medio de las que se ven"),
    "slope_mean": ("mean slope on this way", "pendiente media en este camino"),
    "l1_made": ("median L1, generated", "L1 mediana, generadas"),
    "l1_real": ("median L1, held out", "L1 mediana, apartadas"),
    "wrong_data": ("error of the arrows where data is", "error de las flechas donde hay datos"),
    "wrong_plane": ("on the whole square", "en todo el cuadrado"),
    "wrong_hyvarinen": ("error by the exact trace", "error con la traza exacta"),
    "wrong_sliced": ("by slices", "con cortes"),
    "wrong_denoising": ("by denoising", "quitando ruido"),
    "misplaced": (
        "% of particles in the wrong heap, annealed",
        "% de partículas en el montón equivocado, con recocido",
    ),
    "misplaced_plain": ("%, plain Langevin", "%, Langevin a secas"),
    "calls": ("calls of the network", "llamadas a la red"),
    "share": ("of the way per step (η)", "del camino por paso (η)"),
    "psnr_estimate": ("PSNR, one-step estimate", "PSNR, estimación de un paso"),
    "psnr_draws": ("PSNR, mean of eight draws' own", "PSNR, promedio de las ocho muestras"),
    "psnr_mean": ("PSNR, their mean picture", "PSNR, su imagen media"),
    "noise_error": ("squared error of the noise told", "error cuadrático del ruido que ve"),
    "seconds_langevin": ("s, annealed Langevin", "s, Langevin con recocido"),
    "seconds_ancestral": ("s, DDPM's sampler", "s, muestreador de DDPM"),
    "seconds_ddim": ("s, DDIM", "s, DDIM"),
    "peak_real": ("dB at the finest wave, real", "dB en la onda más fina, reales"),
    "peak_transposed": ("dB, transposed", "dB, transpuestas"),
    "peak_repeated": ("dB, repeated", "dB, repetidos"),
    "away": ("of the time in the wrong states", "del tiempo en estados equivocados"),
    "log_z": ("log Z", "log Z"),
    "log_z_error": ("its standard error", "su error estándar"),
    "mixing": ("sweeps until another digit, median", "barridos hasta otro dígito, mediana"),
    "hidden_on": ("% of the hidden units on", "% de las unidades ocultas encendidas"),
    "units_off": ("units switched off", "unidades apagadas"),
    "nats_exact": ("log-likelihood, exact gradient", "log-verosimilitud, gradiente exacto"),
    "nats_cd1": ("log-likelihood, CD-1", "log-verosimilitud, CD-1"),
    "read_as_asked": ("% read as the label asked for", "% leídos como la etiqueta pedida"),
    "integral_before": ("integral before", "integral antes"),
    "integral_naive": ("without correction", "sin corregir"),
    "integral_corrected": ("corrected", "corregida"),
    "det": ("determinant", "determinante"),
    "log_det": ("log |det J|", "log |det J|"),
    "back": ("% come back to where they started", "% vuelve al lugar de donde salió"),
    "norm": ("‖z‖, length of the code", "‖z‖, largo del código"),
    "root_d": ("√D, the usual length", "√D, el largo habitual"),
    "round_trip": ("largest error there and back", "mayor error de ida y vuelta"),
    "values_altered": ("values of the picture altered", "valores de la imagen alterados"),
    "misfit": ("off what is left (rms)", "de error en lo que queda (rms)"),
    "full_ms": ("any matrix", "matriz cualquiera"),
    "triangle_ms": ("triangular", "triangular"),
    "energy_now": ("mean energy now", "energía media ahora"),
    "energy_calm": ("without noise", "sin ruido"),
    "energy_test": ("energy of real pictures", "energía de imágenes reales"),
    "energy_fair": ("where exp(−E) has its mean", "la media de exp(−E)"),
    "energy_one": ("energy of this one", "energía de esta"),
    "higher_than": ("% of real pictures lie lower", "% de las reales quedan más abajo"),
    "lower_than_samples": (
        "chance that a real one lies lower than a sample",
        "probabilidad de que una real quede más abajo que una muestra",
    ),
    "lower_than_upside": ("lower than one upside down", "más abajo que una al revés"),
    "lower_than_other": ("lower than one of the other set", "más abajo que una del otro conjunto"),
    "psnr_damaged": ("PSNR, damaged", "PSNR, dañada"),
    "psnr_repaired": ("PSNR, repaired", "PSNR, reparada"),
    "age": ("steps that this chain has gone", "pasos que lleva esta cadena"),
    "kinks_swish": ("% of swish's bending in ten leaps", "% del giro de swish en diez saltos"),
    "kinks_relu": ("% of ReLU's", "% del de ReLU"),
    "nll": ("nats per point (−log p)", "nats por punto (−log p)"),
    "entropy_nats": ("entropy of the truth, nats", "entropía de la verdad, nats"),
    "above_entropy": ("nats above the entropy", "nats por encima de la entropía"),
    "mass": ("integral on the window", "integral en la ventana"),
    "kept": ("the coordinate that stays", "la coordenada que queda"),
    "steepest": ("steepest", "más empinada"),
    "flattest": ("flattest", "más plana"),
    "time": ("time t", "tiempo t"),
    "evaluations": ("evaluations of the network", "evaluaciones de la red"),
    "path": ("way over straight distance, FFJORD", "recorrido sobre distancia recta, FFJORD"),
    "path_matching": ("the same, flow matching", "igual, flow matching"),
    "apart": ("from right to wrong (rms; 2: black to white)", "de bien a mal (rms; 2: de negro a blanco)"),
    "largest_right": ("largest value, right", "mayor valor, bien"),
    "largest_wrong": ("largest value, wrong", "mayor valor, mal"),
    "variance_right": ("variance, right", "varianza, bien"),
    "variance_wrong": ("variance, wrong", "varianza, mal"),
    "left_right": ("of the picture left, right", "de la imagen que queda, bien"),
    "left_wrong": ("of the picture left, wrong", "de la imagen que queda, mal"),
    "signal_rate": ("times the picture", "por la imagen"),
    "noise_rate": ("times the noise", "por el ruido"),
    "signal_share": ("% of the variance is picture", "% de la varianza es imagen"),
    "half_coarse": ("steps until half of the coarse is settled", "pasos hasta definir la mitad de lo grueso"),
    "half_fine": ("until half of the details is", "hasta definir la mitad de los detalles"),
    "sigma_level": ("σ, noise over picture", "σ, ruido sobre imagen"),
    "off_averaged": ("% off the data, averaged weights", "% fuera de los datos, pesos promediados"),
    "off_raw": ("raw weights", "pesos sin promediar"),
    "deviation": ("deviation of the code (noise has 1)", "desviación del código (el ruido tiene 1)"),
    "psnr_back": ("PSNR, there and back", "PSNR, ida y vuelta"),
    "off_first": ("levels off, DDIM with most steps", "niveles de diferencia, DDIM con más pasos"),
    "off_best": ("levels off, the nearest with as many", "niveles, el más cercano con los mismos"),
    "off": ("levels of 255 off the fine result (rms)", "niveles de 255 de diferencia con el fino (rms)"),
    "error_points": ("error of the points", "error de los puntos"),
    "apart_dice": ("levels between two dice", "niveles entre dos tiradas"),
    "call_ms": ("ms per call", "ms por llamada"),
    "bend_diffusion": ("% longer than straight, diffusion", "% más largo que la recta, difusión"),
    "bend_flow": ("the same, flow matching", "igual, flow matching"),
    "same_noise": ("levels between both, same noise", "niveles entre ambos, mismo ruido"),
    "other_noise": ("between different noises", "entre ruidos distintos"),
    "teacher_seconds": ("s, teacher", "s, maestro"),
    "student_seconds": ("s, student in one step", "s, alumno en un paso"),
}
BYTES = {"bytes", "memory", "bytes_image", "bytes_code", "bytes_png", "cache"}


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
