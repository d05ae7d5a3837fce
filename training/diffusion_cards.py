"""What the cards of the diffusion models say in words; `training.diffusion_scores` adds the numbers."""

from training import card
from training.flow_cards import DISTANCES
from training.vae_faces import MEASURED, PAINTED

TOLD = (
    "One picture in eight came without its label, so the last class means any, and guidance can push "
    "away from it."
)
V = "It tells v on the cosine schedule (`prediction`, `schedule` in `config.json`)."
HAIR = (
    "A class is one of six colours of hair, without or with glasses; faces with a hat or no hair have none."
)
PIXELS = (
    "No network of ours reads these pictures, so neighbours are counted by the distance of pixels at "
    "half size: they say how samples lie among pictures and not what anyone sees in them."
)
COPIES = (
    "A copy here is a sample that differs from some training picture by less than 0.1 a value (root of "
    "the mean square, of a range from -1 to 1) at half size."
)
NOTO = (
    "1,870 emoji of Noto Color Emoji 2.042 and 1,785 more in other skin tones (Google; the font is under "
    "OFL 1.1, its pictures under Apache-2.0), and the same 1,870 of Twemoji 15 (Copyright Twitter, Inc "
    "and other contributors; graphics licensed under CC-BY 4.0, "
    "https://creativecommons.org/licenses/by/4.0/; brought to 32 pixels and laid on white here). They do "
    "not ship. Nothing was held out, because there are so few."
)
SPRITES = (
    "Monsters and items of Dungeon Crawl Stone Soup's tiles (CC0; see github.com/crawl/tiles), fitted to "
    "24 x 24 and at most 16 colours, a tenth held out; 12,000 characters made of its paper dolls; 12,000 "
    "procedural creatures. On white, each of the four kinds as often as any other."
)
FASHION = (
    f"Fashion-MNIST (Zalando, MIT), the 60,000 training images; measured on {MEASURED:,} of the 10,000 "
    "test images."
)

CARDS = {
    "ddpm-faces": card.Card(
        title="Diffusion of painted faces, 64 px",
        what=(
            f"A U-Net over squares of 4 by 4 pixels that takes noise out of a face. {V} {HAIR} {TOLD} "
            "Measured on samples in 20 steps of DPM-Solver++ without guidance, with classes as common as "
            "in training."
        ),
        data=PAINTED,
        tags=("diffusion", "ddpm", "unet", "classifier-free-guidance", "faces", "procedural", "teaching"),
        limits=(
            "It knows this one style of painting. Common: ears and glasses that do not match, earrings "
            f"on one side only, a fine grain where the picture should be flat. {DISTANCES}"
        ),
    ),
    "consistency-faces": card.Card(
        title="Consistency model of painted faces, 64 px, distilled",
        what=(
            "The network of `ddpm-faces`, taught to jump: from any point of its teacher's path from "
            "noise to picture to where that path ends, so that one to four looks draw a face. Learnt "
            "from that teacher's paths, of 12 steps each, and from no picture: 25 minutes whole, then as a "
            "change of rank 16 of its teacher. `config.json` calls its "
            "answer `consistency_v`. Measured in four jumps, from noise of 80, 4, 1.5 and 0.5, unless it "
            "says otherwise."
        ),
        data=f"Paths of `ddpm-faces` from fresh noise, every class alike. That one learnt from: {PAINTED}",
        tags=("diffusion", "consistency", "distillation", "faces", "procedural", "teaching"),
        limits=(
            "It can be no better than its teacher, and in four jumps it is about as good as that one in "
            "four steps: its gain is in one and two. One jump is soft, more leave a grain. Not taught "
            f"with guidance. {DISTANCES}"
        ),
    ),
    "ddpm-fashion": card.Card(
        title="Diffusion of garments, 28 px",
        what=(
            f"A small U-Net over squares of 2 by 2 pixels, told which of ten garments. {V} {TOLD} "
            "Measured on samples in 20 steps of DPM-Solver++ without guidance."
        ),
        data=FASHION,
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("diffusion", "ddpm", "unet", "classifier-free-guidance", "fashion-mnist", "teaching"),
        limits=f"Centred grey garments on black and nothing else. Prints and logos are smudges. {DISTANCES}",
    ),
    "flow-fashion": card.Card(
        title="Flow matching of garments, 28 px",
        what=(
            "The network of `ddpm-fashion`, taught the straight way from noise to picture: e - x0 where "
            f"both are mixed in proportion t : 1 - t. {TOLD} Measured on samples in 20 steps of "
            "DPM-Solver++ without guidance, as its twin."
        ),
        data=FASHION,
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("diffusion", "flow-matching", "unet", "fashion-mnist", "teaching"),
        limits=(
            "As its twin's. The mean of all straight ways through a point is no straight way, so it "
            f"needs several steps as well. {DISTANCES}"
        ),
    ),
    "dit-fashion": card.Card(
        title="Diffusion transformer of garments, 28 px",
        what=(
            "A DiT: squares of pixels as tokens, told moment and garment by how its norms scale and "
            f"shift. {TOLD} Measured on samples in 20 steps of DPM-Solver++ without guidance."
        ),
        data=FASHION,
        datasets=("zalando-datasets/fashion_mnist",),
        tags=("diffusion", "dit", "transformer", "fashion-mnist", "teaching"),
        limits=(
            "Trained briefly: a transformer has to learn that neighbouring pixels belong together, which "
            f"a U-Net is built with. {DISTANCES}"
        ),
    ),
    "ddpm-sprites": card.Card(
        title="Diffusion of sprites, 24 px",
        what=(
            f"A small U-Net over squares of 2 by 2 pixels, told which of four kinds. {V} {TOLD} Measured "
            f"on samples in 20 steps of DPM-Solver++ against held-out sprites. {PIXELS} {COPIES}"
        ),
        data=SPRITES,
        tags=("diffusion", "ddpm", "unet", "pixel-art", "procedural", "teaching"),
        limits=(
            "It paints values, not a palette: flat areas shimmer and outlines are soft where "
            "`palette-sprites` is exact. Of monsters and items it saw some 1,500, so those vary less."
        ),
    ),
    "ddpm-emoji": card.Card(
        title="Diffusion of emoji, 32 px",
        what=(
            f"A small U-Net over squares of 2 by 2 pixels, told which of Unicode's nine groups. {V} "
            f"{TOLD} Measured on samples in 20 steps of DPM-Solver++, against training pictures. {PIXELS} "
            f"{COPIES} The share of training pictures that have such a twin themselves is given beside "
            "it, as many differ only in a tone of skin or a small sign."
        ),
        data=NOTO,
        datasets=("noto-emoji", "twemoji"),
        against="training",
        tags=("diffusion", "ddpm", "unet", "emoji", "teaching"),
        limits=(
            "5,525 pictures are few: what comes out is a training picture, a blend of some, or a smudge, "
            "and the measures can't tell a copy from an invention, as nothing was held out. Where a "
            "sample is a near copy, the licences of its model hold: say Twemoji's authors, CC-BY 4.0, if "
            "you publish it."
        ),
    ),
}
