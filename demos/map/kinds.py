"""The families of generative models and what lies between them: what each knows of p(x), in one table.

The branches are those of the usual family tree: a model of p(x) is explicit or implicit, and an explicit one
is tractable or an approximation. What a family is stands here once; views draw, compare and rank it.
"""

from typing import NamedTuple

Pair = tuple[str, str]
EXACT, BOUND, UNNORMALISED, NONE = "exact", "bound", "unnormalised", "none"
ONE, MANY = "one", "many"
SMALL, SAME, CODES, UNITS, NO = "small", "same", "codes", "units", "no"


class Branch(NamedTuple):
    key: str
    name: Pair
    under: str = ""


class Family(NamedTuple):
    key: str
    name: Pair
    short: Pair
    branch: str
    density: str
    passes: str  # of the network, for one sample
    latent: str
    how: Pair  # what it does, in a sentence
    tabs: tuple[str, ...]


class Hybrid(NamedTuple):
    key: str
    name: str
    parents: tuple[str, ...]
    density: str
    passes: str
    latent: str
    how: Pair
    tab: str = ""  # "" where the gallery has none
    view: str = ""


BRANCHES = (
    Branch("all", ("A model of p(x)", "Un modelo de p(x)")),
    Branch("explicit", ("Explicit density", "Densidad explícita"), "all"),
    Branch("implicit", ("Implicit density", "Densidad implícita"), "all"),
    Branch("tractable", ("Tractable", "Tratable"), "explicit"),
    Branch("approximate", ("Approximate", "Aproximada"), "explicit"),
)
FAMILIES = (
    Family(
        "autoregressive",
        ("Autoregressive", "Autorregresivos"),
        ("Autoregressive", "Autorregresivo"),
        "tractable",
        EXACT,
        MANY,
        NO,
        (
            "Orders the features and draws each one given those before.",
            "Ordena los rasgos y sortea cada uno según los anteriores.",
        ),
        ("pixelcnn", "palette", "imagegpt", "cell", "write", "inside"),
    ),
    Family(
        "flow",
        ("Normalizing flows", "Flujos normalizantes"),
        ("Flow", "Flujo"),
        "tractable",
        EXACT,
        ONE,
        SAME,
        (
            "Bends a simple density by maps that can be undone.",
            "Deforma una densidad simple con transformaciones que se pueden deshacer.",
        ),
        ("change", "flows", "glow"),
    ),
    Family(
        "vae",
        ("Variational autoencoders", "Autocodificadores variacionales"),
        ("VAE", "VAE"),
        "approximate",
        BOUND,
        ONE,
        SMALL,
        (
            "A small code with a known density, and a decoder; what it maximises is a bound.",
            "Un código chico de densidad conocida y un decodificador; lo que maximiza es una cota.",
        ),
        ("vae_plane", "vae_faces"),
    ),
    Family(
        "energy",
        ("Energy models", "Modelos de energía"),
        ("Energy", "Energía"),
        "approximate",
        UNNORMALISED,
        MANY,
        UNITS,
        (
            "One number per picture, low where data is. Nobody knows the sum that would make it a density.",
            "Un número por imagen, bajo donde hay datos. Nadie conoce la suma que lo haría densidad.",
        ),
        ("energy", "rbm"),
    ),
    Family(
        "diffusion",
        ("Diffusion", "Difusión"),
        ("Diffusion", "Difusión"),
        "approximate",
        BOUND,
        MANY,
        SAME,
        (
            "Adds noise by a formula and learns to take it away, step by step.",
            "Agrega ruido con una fórmula y aprende a quitarlo, paso a paso.",
        ),
        ("diffusion", "samplers", "guidance", "repair", "bugs"),
    ),
    Family(
        "gan",
        ("GANs", "GAN"),
        ("GAN", "GAN"),
        "implicit",
        NONE,
        ONE,
        SMALL,
        (
            "Two networks: one draws from noise, the other tells drawn from real. No density anywhere.",
            "Dos redes: una dibuja desde el ruido, la otra distingue lo dibujado de lo real. Sin densidad.",
        ),
        ("laboratory", "gan", "cgan"),
    ),
)
HYBRIDS = (
    Hybrid(
        "tarflow",
        "TarFlow",
        ("autoregressive", "flow"),
        EXACT,
        MANY,
        SAME,
        (
            "A flow whose layers are transformers that look only back: exact, and drawn patch by patch.",
            "Un flujo cuyas capas son transformers que solo miran atrás: exacto, y dibuja parche a parche.",
        ),
        "glow",
        "compare",
    ),
    Hybrid(
        "ffjord",
        "FFJORD",
        ("flow",),
        EXACT,
        MANY,
        SAME,
        (
            "A flow in continuous time: an equation's solution, followed in many small steps.",
            "Un flujo en tiempo continuo: la solución de una ecuación, seguida en muchos pasos pequeños.",
        ),
        "flows",
        "continuous",
    ),
    Hybrid(
        "flow_matching",
        "Flow matching",
        ("flow", "diffusion"),
        EXACT,
        MANY,
        SAME,
        (
            "The continuous flow again, taught like diffusion: without following it while it learns.",
            "Otra vez el flujo continuo, enseñado como la difusión: sin seguirlo mientras aprende.",
        ),
        "samplers",
        "straight",
    ),
    Hybrid(
        "pixelvae",
        "PixelVAE",
        ("autoregressive", "vae"),
        BOUND,
        MANY,
        SMALL,
        (
            "A small code says what it is, pixels settle the details one after another.",
            "Un código chico dice qué es; los píxeles acuerdan los detalles uno tras otro.",
        ),
        "pixelvae",
    ),
    Hybrid(
        "vqvae",
        "VQ-VAE + PixelCNN",
        ("autoregressive", "vae"),
        BOUND,
        MANY,
        CODES,
        (
            "An autoencoder with a dictionary for a code, and an autoregressive model that writes in it.",
            "Un autocodificador con diccionario, y un autorregresivo que escribe en él.",
        ),
        "vqvae",
    ),
    Hybrid(
        "vqgan",
        "VQ-GAN",
        ("autoregressive", "vae", "gan"),
        NONE,
        MANY,
        CODES,
        (
            "VQ-VAE whose decoder also has to fool a discriminator, and a transformer for the codes.",
            "Una VQ-VAE que además engaña a un discriminador, y un transformer que escribe sus códigos.",
        ),
    ),
    Hybrid(
        "vaegan",
        "VAE-GAN",
        ("vae", "gan"),
        NONE,
        ONE,
        SMALL,
        (
            "The VAE's decoder is the GAN's generator, and the discriminator says what counts as similar.",
            "El decodificador es el generador de una GAN, cuyo discriminador dice qué se parece a qué.",
        ),
    ),
    Hybrid(
        "ldm",
        "Latent diffusion",
        ("vae", "diffusion"),
        NONE,
        MANY,
        SMALL,
        (
            "Diffusion in an autoencoder's latent space: Stable Diffusion.",
            "Difusión en el espacio latente de un autocodificador: Stable Diffusion.",
        ),
        "autoencoder_kl",
    ),
    Hybrid(
        "score",
        "Score models",
        ("energy", "diffusion"),
        NONE,
        MANY,
        SAME,
        (
            "The slope of log p at each level of noise: an energy's gradient without the energy.",
            "La pendiente de log p en cada nivel de ruido: el gradiente de una energía, sin la energía.",
        ),
        "score",
    ),
    Hybrid(
        "consistency",
        "Consistency",
        ("diffusion",),
        NONE,
        ONE,
        SAME,
        (
            "Jumps from any noise to the end of diffusion's path, in one pass or a few.",
            "Salta desde cualquier ruido al final del recorrido de la difusión, en una pasada o pocas.",
        ),
        "samplers",
        "teacher",
    ),
)
BY_KEY = {f.key: f for f in FAMILIES}

WAYS: dict[str, tuple[Pair, dict[str, Pair]]] = {  # how to colour: its name, and what the values are called
    "density": (
        ("what it knows of p(x)", "lo que sabe de p(x)"),
        {
            EXACT: ("exact p(x)", "p(x) exacta"),
            BOUND: ("a bound on p(x)", "una cota de p(x)"),
            UNNORMALISED: ("p(x) but for a factor", "p(x) salvo un factor"),
            NONE: ("no density", "sin densidad"),
        },
    ),
    "passes": (
        ("passes for one sample", "pasadas por muestra"),
        {ONE: ("one pass", "una pasada"), MANY: ("many passes", "muchas pasadas")},
    ),
    "latent": (
        ("latent space", "espacio latente"),
        {
            SMALL: ("a small code", "un código chico"),
            SAME: ("noise as large as x", "ruido del tamaño de x"),
            CODES: ("words of a dictionary", "palabras de un diccionario"),
            UNITS: ("none, or hidden units", "ninguno, o unidades ocultas"),
            NO: ("none", "ninguno"),
        },
    ),
}
