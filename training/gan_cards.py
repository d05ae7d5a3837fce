"""What the cards of the image GANs say in words; `training.gan_measures` writes them with the numbers."""

from training import card
from training.vae_faces import COUNT, HELD_OUT, MEASURED, PAINTED

FILM = (
    "`film.webp` shows it at a dozen moments of its training, always from the same noise; `film.json` has "
    "the curves."
)
ONE_STYLE = "It knows this one style of painting. A picture cannot be asked for its z nor its probability."
SHOWN = (
    f"The faces among {COUNT - HELD_OUT:,} painted by `genmodels.data.faces` (MIT; seeds 0 to "
    f"{COUNT - HELD_OUT - 1}) that show their hair: no hat, not bald nor shaven. Measured on {MEASURED:,} "
    f"such faces of the next {HELD_OUT:,} seeds. Nobody was photographed."
)
DISTANCES = "Distances are on our own reader's features, compare models of this gallery, and are not FIDs."

CARDS = {
    "dcgan-faces": card.Card(
        title="DCGAN of painted faces, 64 px, transposed convolutions",
        what=f"Draws a face of 64 by 64 pixels from 64 numbers; the discriminator is there too. {FILM}",
        data=PAINTED,
        tags=("gan", "dcgan", "faces", "procedural", "teaching"),
        limits=(
            f"{ONE_STYLE} Common: a fine grain, torn edges of hair, unequal eyes, glasses that melt into the "
            "face. The discriminator learnt with the norms of pure batches, real or generated, and judges "
            f"here with their mean: read its score as an order, not as a chance. {DISTANCES}"
        ),
    ),
    "dcgan-faces-repeat": card.Card(
        title="DCGAN of painted faces, 64 px, repeated pixels",
        what=(
            "As `dcgan-faces`, but the generator grows by repeating each pixel and convolving 3 by 3, which "
            f"prints no checkerboard. {FILM}"
        ),
        data=PAINTED,
        tags=("gan", "dcgan", "faces", "procedural", "teaching"),
        limits=(
            f"{ONE_STYLE} Trained for fewer pictures than its twin would see in the same time: a step costs "
            f"more. What the two have in common fails in both: unequal eyes, broken glasses. {DISTANCES}"
        ),
    ),
    "wgan-faces": card.Card(
        title="WGAN of painted faces, 64 px, clipped weights",
        what=(
            "A Wasserstein GAN as first published, its critic's weights clipped to 0.01. Poor on purpose: it "
            f"is here to be compared with `wgan-gp-faces`, which differs in what bounds the critic. {FILM}"
        ),
        data=PAINTED,
        tags=("gan", "wgan", "faces", "procedural", "teaching"),
        limits=(
            "Blurred, mottled faces. Clipping leaves a critic that hardly bends: its slope is far from 1, "
            f"and the generator learns slowly from it. Do not use it for anything else. {DISTANCES}"
        ),
    ),
    "wgan-gp-faces": card.Card(
        title="WGAN-GP of painted faces, 64 px",
        what=(
            "A Wasserstein GAN whose critic is held to a slope of 1 by a penalty. Draws a face from 64 "
            f"normal numbers; the critic is there too. {FILM}"
        ),
        data=PAINTED,
        tags=("gan", "wgan-gp", "faces", "procedural", "teaching"),
        limits=(
            f"{ONE_STYLE} The critic's score is a height, with no zero and no unit that another training "
            "shares; its gap is not the Wasserstein distance where the slope is not 1. Fine things (glasses, "
            f"earrings) come out broken. {DISTANCES}"
        ),
    ),
    "cgan-faces": card.Card(
        title="Conditional WGAN-GP of painted faces, 64 px: hair and glasses",
        what=(
            "Draws a face from 64 normal numbers and a label: one of six colours of hair, glasses or none. "
            f"The noise keeps the rest. {FILM}"
        ),
        data=SHOWN,
        tags=("gan", "conditional-gan", "wgan-gp", "faces", "procedural", "teaching"),
        limits=(
            f"{ONE_STYLE} Other things change with the label (grey hair goes with age in the data), and "
            "nothing but these two can be asked for. A label that is half one class and half another was "
            "never in the data. Obedience is what a small reader says, which errs too; it is measured with "
            "glasses asked for 1.5 times as strongly as they were learnt (`strength`), and is 0.929 without. "
            f"{DISTANCES}"
        ),
    ),
    "cgan-fashion": card.Card(
        title="Conditional WGAN-GP of Fashion-MNIST",
        what=(
            "Draws one of ten kinds of garment from 32 normal numbers and a label, 28 by 28 grey pixels in a "
            f"black frame of 2. {FILM}"
        ),
        data=f"Fashion-MNIST (Zalando, MIT), 60,000 training images. Measured on {MEASURED:,} test images.",
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("gan", "conditional-gan", "wgan-gp", "fashion-mnist", "teaching"),
        limits=(
            "Centred grey garments on black and nothing else. Prints and logos are smudges; shirts, "
            f"pullovers and coats run into one another, in the data as well. {DISTANCES}"
        ),
    ),
}  # fmt: skip
