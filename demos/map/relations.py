"""What any two families share and what parts them, in two or three sentences, and where to see it."""

from typing import NamedTuple


class Relation(NamedTuple):
    first: str
    second: str
    brief: tuple[str, str]  # for the table
    en: str
    es: str
    see: tuple[tuple[str, str], ...]  # (tab, view)


RELATIONS = (
    Relation(
        "autoregressive", "flow", ("exact density", "densidad exacta"),
        "Both say the exact log p(x): one by the chain rule, one by a change of variables. And they meet: "
        "when each output depends on those before only, the Jacobian is a triangle, so an autoregressive "
        "model of numbers is a flow. TarFlow is one.",
        "Los dos dicen el log p(x) exacto: uno con la regla de la cadena, el otro con un cambio de "
        "variables. Y se tocan: si cada salida depende solo de las anteriores, el jacobiano es un "
        "triángulo, así que un autorregresivo de números es un flujo. TarFlow lo es.",
        (("glow", "compare"), ("change", "cost")),
    ),
    Relation(
        "autoregressive", "vae", ("code + pixels", "código + píxeles"),
        "They divide the work: a code says what the picture is, and an autoregressive model settles the "
        "rest. In PixelVAE it writes the pixels after the code, in VQ-VAE it writes the code itself.",
        "Se reparten el trabajo: un código dice qué es la imagen y un autorregresivo resuelve lo demás. "
        "En PixelVAE escribe los píxeles después del código; en VQ-VAE escribe el código mismo.",
        (("pixelvae", "knows"), ("vqvae", "prior")),
    ),
    Relation(
        "autoregressive", "energy", ("given the others", "dados los demás"),
        "Both ask how likely one unit is given others. With an order (only those before) the product of "
        "the answers is a density. Without one (all the others, in turns) it is Gibbs sampling, and the "
        "normaliser stays unknown.",
        "Los dos preguntan qué tan probable es una unidad dadas otras. Con un orden (solo las anteriores) "
        "el producto de las respuestas es una densidad. Sin orden (todas las demás, por turnos) es el "
        "muestreo de Gibbs, y la constante queda sin conocerse.",
        (("rbm", "gibbs"), ("pixelcnn", "sees")),
    ),
    Relation(
        "autoregressive", "diffusion", ("many small steps", "muchos pasos chicos"),
        "Both cut one hard draw into many easy ones: place by place, or noise level by noise level. What "
        "is drawn autoregressively is final; diffusion can change its mind everywhere until the end. "
        "Either may be a transformer: ImageGPT and DiT.",
        "Los dos parten un sorteo difícil en muchos fáciles: lugar por lugar, o nivel de ruido por nivel "
        "de ruido. Lo que sortea un autorregresivo queda; la difusión puede cambiar de idea en todas "
        "partes hasta el final. Cualquiera puede ser un transformer: ImageGPT y DiT.",
        (("imagegpt", "sample"), ("guidance", "dit")),
    ),
    Relation(
        "autoregressive", "gan", ("opposite corners", "esquinas opuestas"),
        "Opposite corners: an exact likelihood and one pass per pixel, against no likelihood and one pass "
        "in all. They meet in VQ-GAN, where a discriminator sharpens the decoder of codes that a "
        "transformer writes.",
        "Esquinas opuestas: verosimilitud exacta y una pasada por píxel, contra ninguna verosimilitud y "
        "una sola pasada. Se encuentran en VQ-GAN: un discriminador da nitidez al decodificador de los "
        "códigos que escribe un transformer.",
        (("pixelcnn", "timer"), ("gan", "sample")),
    ),
    Relation(
        "flow", "vae", ("z from a bell", "z de una campana"),
        "The same bell-shaped z at the start. A flow's decoder is the exact inverse of its encoder, so z "
        "is as large as x and log p(x) is exact; a VAE has two networks that only approximate each other, "
        "a small z, and a bound.",
        "El mismo z con forma de campana al comienzo. El decodificador de un flujo es la inversa exacta "
        "de su codificador: z es tan grande como x y log p(x) es exacto. Una VAE tiene dos redes que solo "
        "se aproximan, un z chico y una cota.",
        (("flows", "layers"), ("vae_plane", "plane")),
    ),
    Relation(
        "flow", "energy", ("who pays for Z", "quién paga Z"),
        "Both give every point a height. A flow's heights sum to one by construction, and its layers pay "
        "for it: they must be undone. An energy may be any network, and pays with a normaliser that "
        "nobody can compute.",
        "Los dos dan una altura a cada punto. Las de un flujo suman uno por construcción, y lo pagan sus "
        "capas, que deben poder deshacerse. Una energía puede ser cualquier red, y lo paga con una "
        "constante que nadie puede calcular.",
        (("flows", "density"), ("energy", "landscape")),
    ),
    Relation(
        "flow", "diffusion", ("one path", "un mismo camino"),
        "Without its dice diffusion's way back is an ordinary equation: a continuous flow, with a "
        "density. Flow matching goes the other way, and trains a continuous flow by diffusion's squared "
        "error.",
        "Sin sus dados, el regreso de la difusión es una ecuación común: un flujo continuo, con densidad. "
        "Flow matching va al revés: entrena un flujo continuo con el error cuadrático de la difusión.",
        (("samplers", "straight"), ("flows", "continuous")),
    ),
    Relation(
        "flow", "gan", ("noise in, picture out", "ruido entra, imagen sale"),
        "The same journey, noise to picture in one pass. The flow's can be undone and is taught by "
        "likelihood: it must cover everything. The GAN's goes one way and is taught by an adversary: "
        "sharper, and free to leave things out.",
        "El mismo viaje, del ruido a la imagen en una pasada. El del flujo se deshace y se enseña con "
        "verosimilitud: debe cubrirlo todo. El de la GAN es de ida y lo enseña un adversario: más nítido "
        "y libre de omitir cosas.",
        (("glow", "sample"), ("laboratory", "race")),
    ),
    Relation(
        "vae", "energy", ("hidden units", "unidades ocultas"),
        "Both explain what is seen by what is hidden: units that are on or off, or numbers in a code. And "
        "the bound of a VAE is a free energy with its sign turned: expected energy plus entropy.",
        "Los dos explican lo visible por lo oculto: unidades encendidas o apagadas, o números de un "
        "código. Y la cota de una VAE es una energía libre con el signo cambiado: energía esperada más "
        "entropía.",
        (("rbm", "clamp"), ("vae_plane", "reconstruct")),
    ),
    Relation(
        "vae", "diffusion", ("the same bound", "la misma cota"),
        "Diffusion is a VAE with a thousand codes, each as large as the picture, and an encoder that "
        "nobody trains: it adds noise. The bound is the same. Latent diffusion chains both: a VAE for the "
        "details, diffusion for the rest.",
        "La difusión es una VAE con mil códigos, cada uno del tamaño de la imagen, y un codificador que "
        "nadie entrena: agrega ruido. La cota es la misma. La difusión latente encadena ambas: una VAE "
        "para los detalles, la difusión para el resto.",
        (("diffusion", "noise"), ("autoencoder_kl", "look")),
    ),
    Relation(
        "vae", "gan", ("same z, other loss", "mismo z, otra pérdida"),
        "A GAN's generator plays the part of a VAE's decoder: a small z in, a picture out. What differs "
        "is who judges. Pixel by pixel the mean of all candidates wins, which is blurred; a discriminator "
        "lets nothing blurred pass.",
        "El generador de una GAN hace de decodificador de una VAE: entra un z chico, sale una imagen. "
        "Cambia quién juzga. Píxel a píxel gana el promedio de los candidatos, que es borroso; un "
        "discriminador no deja pasar nada borroso.",
        (("vae_faces", "sample"), ("gan", "between")),
    ),
    Relation(
        "energy", "diffusion", ("the slope", "la pendiente"),
        "The arrow that diffusion follows is the slope of log p of the noisy data: minus the gradient of "
        "an energy. A score model learns that slope without the energy; Langevin dynamics walks down "
        "either.",
        "La flecha que sigue la difusión es la pendiente de log p de los datos ruidosos: menos el "
        "gradiente de una energía. Un modelo de score aprende la pendiente sin la energía; la dinámica de "
        "Langevin baja por cualquiera.",
        (("score", "arrows"), ("energy", "chain")),
    ),
    Relation(
        "energy", "gan", ("push down, push up", "empujar abajo y arriba"),
        "One loss, E(real) − E(made): a Wasserstein critic and an energy are both pushed down at data and "
        "up at samples. The GAN's samples come from a second network, the energy's from its own slope.",
        "Una misma pérdida, E(real) − E(generada): a un crítico de Wasserstein y a una energía se los "
        "empuja hacia abajo en los datos y hacia arriba en las muestras. Las de la GAN vienen de otra "
        "red; las de la energía, de su propia pendiente.",
        (("energy", "training"), ("laboratory", "cone")),
    ),
    Relation(
        "diffusion", "gan", ("one jump or many", "un salto o muchos"),
        "Both turn noise into a picture; one in a single pass, the other in tens. Diffusion's simple "
        "squared error covers all data, a GAN's game may forget some. Consistency models learn to do "
        "diffusion's walk in one jump.",
        "Los dos convierten ruido en imagen: una en una sola pasada, la otra en decenas. El simple error "
        "cuadrático de la difusión cubre todos los datos; el juego de una GAN puede olvidar algunos. Los "
        "modelos de consistencia aprenden a dar de un salto el paseo de la difusión.",
        (("samplers", "teacher"), ("laboratory", "race")),
    ),
)  # fmt: skip
