"""The checkpoints of this family: what each picker offers, the bundled ones first. One table per class."""

from genmodels.hub import Checkpoint

PIXELCNN = (
    Checkpoint(
        name="pixelcnn-fashion",
        title="PixelCNN, the plain one",
        licence="MIT",
        data="Fashion-MNIST, 16 × 16, four greys",
        spanish=("PixelCNN simple", "Fashion-MNIST, 16 × 16, cuatro grises"),
    ),
)

GATED_PIXELCNN = (
    Checkpoint(
        name="pixelcnn-fashion-gated",
        title="Gated PixelCNN, clothes in four greys",
        licence="MIT",
        data="Fashion-MNIST, 16 × 16, four greys",
        spanish=("PixelCNN con compuertas, ropa en cuatro grises", "Fashion-MNIST, 16 × 16, cuatro grises"),
    ),
    Checkpoint(
        name="pixelcnn-mnist",
        title="Gated PixelCNN, digits in black and white",
        licence="MIT",
        data="MNIST, 28 × 28, black and white",
        spanish=("PixelCNN con compuertas, dígitos en blanco y negro", "MNIST, 28 × 28, blanco y negro"),
    ),
    Checkpoint(
        name="pixelcnn-fashion-mixture",
        title="Gated PixelCNN, clothes in 256 greys",
        licence="MIT",
        data="Fashion-MNIST, 28 × 28, 256 greys",
        spanish=("PixelCNN con compuertas, ropa en 256 grises", "Fashion-MNIST, 28 × 28, 256 grises"),
    ),
)

PIXELRNN = (
    Checkpoint(
        name="pixelcnn-fashion-rnn",
        title="PixelRNN, a row LSTM",
        licence="MIT",
        data="Fashion-MNIST, 16 × 16, four greys",
        spanish=("PixelRNN, una LSTM por filas", "Fashion-MNIST, 16 × 16, cuatro grises"),
    ),
)

IMAGEGPT = (
    Checkpoint(
        name="imagegpt-fashion",
        title="ImageGPT, four greys",
        licence="MIT",
        data="Fashion-MNIST, 16 × 16, four greys",
        spanish=("ImageGPT, cuatro grises", "Fashion-MNIST, 16 × 16, cuatro grises"),
    ),
    Checkpoint(
        name="openai/imagegpt-small",
        title="ImageGPT small, 512 colours",
        licence="Apache 2.0",
        data="ImageNet, 32 × 32, 512 colours",
        spanish=("ImageGPT small, 512 colores", "ImageNet, 32 × 32, 512 colores"),
        revision="09d2fe9bb5525ca30af457771f3aa1703e12d7c3",  # of refs/pr/2: main has only a pickle
        also=("preprocessor_config.json",),
    ),
)

PALETTE = (
    Checkpoint(
        name="palette-sprites",
        title="Palette PixelCNN",
        licence="MIT",
        data="game tiles (CC0), characters made of them, procedural creatures, 24 × 24",
        spanish=(
            "PixelCNN con paleta",
            "baldosas de un juego (CC0), personajes hechos con ellas, criaturas procedurales, 24 × 24",
        ),
    ),
)

PALETTE_RGB = (
    Checkpoint(
        name="palette-sprites-rgb",
        title="PixelCNN in red, green and blue",
        licence="MIT",
        data="the same pictures, three values of 256 per pixel",
        spanish=("PixelCNN en rojo, verde y azul", "las mismas imágenes, tres valores de 256 por píxel"),
    ),
)

PALETTE_MAKER = (
    Checkpoint(
        name="palette-maker",
        title="Palette maker",
        licence="MIT",
        data="palettes of game tiles (CC0) and of procedural creatures",
        spanish=("El que hace paletas", "paletas de baldosas de un juego (CC0) y de criaturas procedurales"),
    ),
)

PIXELVAE = (
    Checkpoint(
        name="pixelvae-fashion",
        title="PixelVAE",
        licence="MIT",
        data="Fashion-MNIST, 16 × 16, four greys",
        spanish=("PixelVAE", "Fashion-MNIST, 16 × 16, cuatro grises"),
    ),
    Checkpoint(
        name="pixelvae-fashion-plain",
        title="The same with its eyes shut, a plain VAE",
        licence="MIT",
        data="Fashion-MNIST, 16 × 16, four greys",
        spanish=("La misma con los ojos cerrados, un VAE común", "Fashion-MNIST, 16 × 16, cuatro grises"),
    ),
)

CODE_PRIOR = (
    Checkpoint(
        name="vqvae-faces-prior",
        title="Prior over the words of faces",
        licence="MIT",
        data="grids of words of painted faces",
        spanish=("Prior de las palabras de caras", "grillas de palabras de caras pintadas"),
    ),
    Checkpoint(
        name="vqvae-sprites-prior",
        title="Prior over the words of sprites",
        licence="MIT",
        data="grids of words of game tiles (CC0) and creatures",
        spanish=("Prior de las palabras de sprites", "grillas de palabras de baldosas (CC0) y criaturas"),
    ),
    Checkpoint(
        name="dvae-faces-prior",
        title="Prior over the words of faces, discrete VAE",
        licence="MIT",
        data="grids of words of painted faces",
        spanish=("Prior de las palabras de caras, VAE discreto", "grillas de palabras de caras pintadas"),
    ),
)
