"""What the cards of the flows of pictures say in words; `training.flow_images` adds the numbers."""

from training import card
from training.vae_faces import COUNT, HELD_OUT, MEASURED

SMALL = (
    f"{COUNT - HELD_OUT:,} faces painted by `genmodels.data.faces` (MIT), seeds 0 to {COUNT - HELD_OUT - 1}, "
    f"brought to 32 by 32 pixels by taking means; of the next {HELD_OUT:,}, held out, {MEASURED:,} are "
    "measured on. Nobody was photographed."
)
GARMENTS = "Fashion-MNIST (Zalando, MIT), the 60,000 training images; measured on the 10,000 test images."
DISTANCES = "Distances are on our own reader's features, compare models of this gallery, and are not FIDs."
PUBLISHED = (
    "A published Glow reaches 2.96 bits on Fashion-MNIST's test images, and gives MNIST's digits 1.83 "
    "(Nalisnick et al. 2019, arXiv:1810.09136, table 1); that one was far larger and trained far longer."
)

CARDS = {
    "glow-faces": card.Card(
        title="Glow of painted faces, 32 px",
        what=(
            "A flow of pictures: every face of 32 by 32 pixels, in 32 levels per colour, has exactly one "
            "code of its own size and an exact density. `directions.safetensors` says what attributes add to "
            "a code, by least squares on training faces."
        ),
        data=SMALL,
        tags=("flow", "glow", "faces", "procedural", "teaching"),
        limits=(
            "It is narrow and was trained briefly: samples at temperature 1 have smears and holes, at 0.7 "
            f"they are calmer and more alike. It knows this one style of painting. {DISTANCES}"
        ),
    ),
    "tarflow-faces": card.Card(
        title="Transformer flow of painted faces, 32 px",
        what=(
            "A flow whose couplings are causal transformers over 4 by 4 patches. Its density is of faces "
            "with Gaussian noise of 0.05 added, so it is no code length of clean pictures; samples are "
            "cleaned by one step along its own score."
        ),
        data=SMALL,
        tags=("flow", "tarflow", "transformer", "faces", "procedural", "teaching"),
        limits=f"Drawing goes patch by patch, block by block. Trained briefly. {DISTANCES}",
    ),
    "glow-fashion": card.Card(
        title="Glow of garments, 28 px",
        what="A flow of Fashion-MNIST at 256 grey levels: code lengths, of digits too, which it never saw.",
        data=GARMENTS,
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("flow", "glow", "fashion-mnist", "teaching"),
        limits=f"{PUBLISHED} {DISTANCES}",
    ),
    "realnvp-fashion": card.Card(
        title="RealNVP of garments, 28 px",
        what=(
            "As `glow-fashion`, with couplings as many and nets as wide, but who moves is fixed: "
            "chessboards, then halves of the channels."
        ),
        data=GARMENTS,
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("flow", "realnvp", "fashion-mnist", "teaching"),
        limits=f"{PUBLISHED} {DISTANCES}",
    ),
}
