"""The checkpoints of this family: what each picker offers, the bundled ones first.

One table per class, because the caller names the class: `AutoencoderKL.from_pretrained(AUTOENCODER_KL[0])`.
A revision is a full commit, and the size and hash are those the Hub publishes for it.
"""

from genmodels.hub import Checkpoint

AUTOENCODER_KL = (
    Checkpoint(
        name="autoencoder-kl-small",
        title="Small KL autoencoder",
        licence="MIT",
        data="painted faces, emoji, game tiles and procedural pictures",
        spanish=(
            "Autocodificador KL chico",
            "caras pintadas, emojis, baldosas de un juego e imágenes procedurales",
        ),
    ),
    Checkpoint(
        name="stabilityai/sd-vae-ft-mse",
        title="Stable Diffusion's autoencoder (ft-MSE)",
        licence="MIT",
        data="OpenImages, then LAION-Aesthetics and LAION-Humans",
        spanish=(
            "El autocodificador de Stable Diffusion (ft-MSE)",
            "OpenImages, después LAION-Aesthetics y LAION-Humans",
        ),
        revision="31f26fdeee1355a5c34592e401dd41e45d25a493",
        file="diffusion_pytorch_model.safetensors",
        size=334_643_276,
        sha256="a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815",
    ),
)

AUTOENCODER_TINY = (
    Checkpoint(
        name="madebyollin/taesd",
        title="TAESD, Stable Diffusion's autoencoder distilled",
        licence="MIT",
        data="outputs of Stable Diffusion's autoencoder",
        spanish=(
            "TAESD, el de Stable Diffusion destilado",
            "salidas del autocodificador de Stable Diffusion",
        ),
        revision="614f76814bbe30edbe2e627ace1c2234c81a2c0e",
        file="diffusion_pytorch_model.safetensors",
        size=9_793_292,
        sha256="db169d69145ec4ff064e49d99c95fa05d3eb04ee453de35824a6d0f325513549",
    ),
)

VQ_MODEL = (  # no full commit, size or hash of these was published where we could read it
    Checkpoint(
        name="amused/amused-256",
        title="aMUSEd's VQGAN: 8192 codes, 16 times smaller",
        licence="OpenRAIL++",
        data="LAION",
        spanish=("El VQGAN de aMUSEd: 8192 códigos, 16 veces más chico", "LAION"),
        subfolder="vqvae",
        file="diffusion_pytorch_model.safetensors",
        about=585_000_000,
    ),
    Checkpoint(
        name="CompVis/ldm-celebahq-256",
        title="Latent diffusion's VQ-f4: 8192 codes, 4 times smaller",
        licence="Apache-2.0",
        data="OpenImages",
        spanish=("El VQ-f4 de difusión latente: 8192 códigos, 4 veces más chico", "OpenImages"),
        revision="refs/pr/7",  # main has a pickle only
        subfolder="vqvae",
        file="diffusion_pytorch_model.safetensors",
        about=221_000_000,
    ),
)

VAE_PLANE = tuple(
    Checkpoint(f"vae-plane-{key}", title, "MIT", "Fashion-MNIST", spanish=(spanish, "Fashion-MNIST"))
    for key, title, spanish in (
        ("vae", "VAE (β = 1)", "VAE (β = 1)"),
        ("pca", "PCA", "PCA"),
        ("ae", "Autoencoder", "Autocodificador"),
        ("dae", "Denoising autoencoder", "Autocodificador que limpia"),
        ("beta-0.1", "β-VAE, β = 0.1", "β-VAE, β = 0,1"),
        ("beta-10", "β-VAE, β = 10", "β-VAE, β = 10"),
        ("beta-100", "β-VAE, β = 100", "β-VAE, β = 100"),
        ("dae64", "Denoising autoencoder, 64 numbers", "Autocodificador que limpia, 64 números"),
    )
)

VAE_FACES = tuple(
    Checkpoint(name, title, "MIT", "painted faces", spanish=(spanish, "caras pintadas"))
    for name, title, spanish in (
        ("vae-faces", "Faces, balanced", "Caras, en equilibrio"),
        ("vae-faces-blur", "Faces, strong prior", "Caras, prior fuerte"),
        ("vae-faces-sharp", "Faces, strong reconstruction", "Caras, reconstrucción fuerte"),
    )
)

VAE_FACES_MIXTURE = tuple(  # of each VAE above, the better prior
    Checkpoint(f"{c.name}-mixture", f"{c.title}: mixture", "MIT", c.data) for c in VAE_FACES
)

VQVAES = (
    Checkpoint(
        name="vqvae-faces",
        title="VQ-VAE of faces, 8 × 8 words",
        licence="MIT",
        data="painted faces",
        spanish=("VQ-VAE de caras, 8 × 8 palabras", "caras pintadas"),
    ),
    Checkpoint(
        name="vqvae-sprites",
        title="VQ-VAE of sprites, 12 × 12 words",
        licence="MIT",
        data="game tiles (CC0), creatures",
        spanish=("VQ-VAE de sprites, 12 × 12 palabras", "baldosas de un juego (CC0), criaturas"),
    ),
)

DVAES = (
    Checkpoint(
        name="dvae-faces",
        title="Discrete VAE of faces, 8 × 8 words",
        licence="MIT",
        data="painted faces",
        spanish=("VAE discreto de caras, 8 × 8 palabras", "caras pintadas"),
    ),
)

RATE_VAES = (  # continuous, at the bits of the words above
    Checkpoint(
        name="vqvae-faces-vae",
        title="VAE of faces, held at 576 bits",
        licence="MIT",
        data="painted faces",
        spanish=("VAE de caras, sujeto a 576 bits", "caras pintadas"),
    ),
)
