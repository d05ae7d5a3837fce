"""The finished folder: config, weights, golden outputs, measured numbers, model card.

`metrics.json` holds what commands measured and the page reads; the card is written from it, so the two
agree.
"""

import json
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from genmodels import adapter
from genmodels.model import Model

CARD = """---
license: mit
library_name: latente
pipeline_tag: {pipeline_tag}
tags:
{tags}
datasets:
{datasets}
---

# {title}

{what}

## Data

{data}

## How it was made

```
{command}
```

{effort}

## Measured

{measures}

Measured by `{measured_by}`; the numbers are in `metrics.json`.

## What it cannot do

{limits}
"""

GLOSS = {
    "psnr": "PSNR of reconstructions of held-out images, dB",
    "psnr_noisy": "PSNR of the noisy images themselves (noise 0.5), dB",
    "psnr_cleaned": "PSNR after cleaning (noise 0.5), dB",
    "sigma": "standard deviation of a pixel around the drawing, [-1, 1]",
    "elbo": "bound on log p(x), nats per image",
    "elbo_bits": "the same as a code length, bits per value (8 is no compression)",
    "kl": "KL to the prior, nats per image",
    "active": "latent dimensions that carry more than 0.01 nat",
    "frechet_reconstruction": "Frechet distance of reconstructions to held-out images",
    "frechet_prior": "Frechet distance of samples from N(0, I)",
    "frechet_mixture": "Frechet distance of samples from the mixture",
    "frechet_real": "Frechet distance between two sets of real images: the floor",
    "precision_prior": "share of samples from N(0, I) that look real (inside the real manifold)",
    "precision_mixture": "share of samples from the mixture that look real",
    "coverage_prior": "share of real images with a sample from N(0, I) near them",
    "coverage_mixture": "share of real images with a sample from the mixture near them",
    "log_prob": "mean log-likelihood of held-out codes, nats",
    "log_prob_normal": "the same under N(0, I)",
    "accuracy": "accuracy on held-out images",
    "auc_yes_no": "area under the ROC curve, mean over the attributes that are yes or no",
    "psnr_leaves": "PSNR of reconstructions, dB: held-out dead leaves, 256 px",
    "psnr_faces": "held-out painted faces, 128 px",
    "psnr_emoji": "held-out emoji, 128 px",
    "psnr_tiles": "held-out game tiles, 128 px",
    "psnr_photos": "four photographs, the examples that come with gradio, 256 px",
    "psnr_photos_bytes": "the same with each number of the code rounded to a byte",
    "compression": "numbers of the image for each number of its code",
    "bits_per_pixel": "of a code of bytes; the image itself has 24",
    "nats": "-log p of a held-out picture, nats",
    "nats_error": "its standard error",
    "nats_independent": "the same if pixels were independent",
    "log_z": "log of the partition function, by annealed importance sampling, nats",
    "log_z_error": "its standard error, by the spread of the chains",
    "seconds_one": "processor seconds to draw a picture alone",
    "seconds_each_of_16": "and in a batch of 16, seconds each",
    "bits_per_char": "bits per character of held-out text, its ends included",
    "bits_per_char_train": "bits per character of as much text that it was trained on",
    "perplexity_token": "perplexity per token of held-out text",
    "perplexity_word": "the same per word",
    "chars_per_token": "characters per token",
    "unknown_percent": "tokens that stand for what is not known, %",
    "bits_per_dim": "bits per value of held-out pictures",
    "bits_per_dim_told": "the same when the label is told",
    "bits_per_dim_digits": "the same of MNIST's digits, which it has never seen",
    "frechet_cool": "Frechet distance of samples from codes 0.7 times as far out",
    "precision_cool": "and the share of those that look real",
    "recall_cool": "share of real images that they could have been",
    "density_cool": "how crowded with real images it is around them",
    "coverage_cool": "share of real images with one of them near",
    "psnr_icons": "PSNR of held-out monsters and items, dB",
    "psnr_characters": "of held-out characters",
    "psnr_creatures": "of creatures",
    "outline": "share of pixels rightly there or clear",
    "palette_bits_monster": "a held-out palette of a monster, bits",
    "palette_plain_monster": "the same as plain bytes in any order",
    "palette_bits_item": "a held-out palette of an item, bits",
    "palette_plain_item": "the same as plain bytes in any order",
    "palette_bits_creature": "a held-out palette of a creature, bits",
    "palette_plain_creature": "the same as plain bytes in any order",
    "palette_bits_character": "a held-out palette of a character, bits",
    "palette_plain_character": "the same as plain bytes in any order",
    "codebook": "words in the dictionary",
    "codes_used": "words that held-out images use",
    "codes_dead": "words that none uses",
    "dim": "numbers in a word",
    "perplexity": "words used as if all were equally common",
    "usage_bits": "entropy of the use of the words, bits per code",
    "code_bits": "length of a code, bits per image",
    "kl_bits": "KL to the prior, bits per image",
    "image_bits": "the image itself, bits",
    "psnr_mean": "PSNR from the mean of q(z|x) instead of a draw, dB",
    "bits_per_pixel_mean": "bits per pixel of held-out pictures, mean over the kinds",
    "bits_per_pixel_monster": "of monsters",
    "bits_per_pixel_item": "of items",
    "bits_per_pixel_creature": "of creatures",
    "bits_per_pixel_character": "of characters",
    "colours_used": "different colours in a sample, mean of 64",
    "bits_per_code": "bits per code of held-out pictures under the prior",
    "bits_per_code_train": "the same of training pictures: lower by what it knows by heart",
    "bits_per_image": "bits of a held-out picture's grid of codes under the prior",
    "bits_per_image_uniform": "the same if every code had an equal chance",
    "bits_per_dim_tight": "the same with 64 codes per picture instead of one, 500 pictures: a tighter bound",
    "pixel_bits": "bits of the pixels given the code, per image",
    "kl_share": "share of the bits that are the code's",
    "variance_explained": "share of variance explained, mean over the attributes that are numbers",
    "frechet": "Frechet distance of samples to held-out pictures",
    "precision": "share of samples that look real (inside the real manifold)",
    "recall": "share of held-out pictures inside the samples' manifold",
    "density": "how many real neighbourhoods a sample lies in, over 5; about 1 for real pictures",
    "coverage": "share of held-out pictures with a sample near them",
    "checkerboard": "power of stripes one pixel wide (a checkerboard has them), over that of real pictures",
    "score_train": "mean score of training pictures",
    "score_held_out": "of held-out pictures",
    "score_fake": "of samples",
    "told_apart": "chance that a held-out picture scores above a sample; 0.5 is guessing",
    "by_heart": "chance that a training picture scores above a held-out one; 0.5 if none is known by heart",
    "right_real": "share of held-out pictures that the discriminator calls real",
    "right_fake": "share of samples that it calls generated",
    "critic_gap": "the critic's gap between held-out pictures and samples",
    "slope": "mean norm of the critic's slope between them",
    "at_limit": "share of the critic's weights at the limit that clips them",
    "critic_label": "share of held-out pictures whose own label the critic likes best",
    "obedience": "share of samples that a reader reads as asked, every label alike",
    "obedience_hair": "the same, colour of hair alone",
    "obedience_glasses": "glasses alone",
    "reader": "share of held-out pictures that the reader reads rightly: the ceiling",
    "reader_hair": "the same, colour of hair alone",
    "reader_glasses": "whether there are glasses",
    "energy_test": "mean energy of held-out pictures",
    "energy_samples": "of samples: chains from noise, 250 steps",
    "energy_buffer": "of 64 chains of the buffer",
    "energy_noise": "of even noise",
    "lower_than_samples": "chance that a held-out picture lies lower than a sample; 0.5 is alike",
    "lower_than_noise": "lower than even noise",
    "lower_than_upside": "lower than a held-out picture upside down",
    "lower_than_other": "lower than a picture of the other set (digits, garments)",
    "frechet_60": "Frechet distance of chains of 60 steps",
    "frechet_1000": "of chains of 1000 steps",
    "frechet_vae": "of as many samples of the VAE of the same data",
    "frechet_gan": "of the conditional GAN's, every class alike",
    "found": "share of held-out faces whose truly nearest training face is among the candidates",
    "nll": "mean of -log q(x) of fresh points, nats",
    "entropy_nats": "what the truth itself pays, its entropy, nats",
    "above_entropy": "difference point by point, KL(truth || flow), nats",
    "integral": "the density summed on the plane",
    "inverse_error": "distance to where a point was after forward and inverse, the typical point",
    "inverse_error_largest": "the same, the worst of 2,000",
    "inverse_ratio": "time of the inverse if forward takes 1",
    "evaluations": "evaluations of the network for a point, Dormand and Prince's solver, tolerance 1e-5",
    "farther": "how much farther the one that is found is, on average, as a share",
    "l1_near": "L1 to the nearest training face, in levels of 255, that one held-out face in ten is within",
    "l1_typical": "half of them",
    "l1_far": "nine in ten",
    "noise_0_1": "squared error of the noise told, at sigma 0.1 (telling none scores 1)",
    "noise_0_3": "at sigma 0.3",
    "noise_1": "at sigma 1",
    "noise_3": "at sigma 3",
    "precision_real": "the first of these four, of training pictures",
    "recall_real": "the second",
    "density_real": "the third",
    "coverage_real": "the fourth",
    "twins": "share of samples that are near copies of a training picture",
    "twins_real": "the same of the pictures they are held against, each apart from itself",
    "obedience_guided": "share read as asked with guidance of 2",
    "obedience_guided_hair": "the same, colour of hair alone",
    "obedience_guided_glasses": "glasses alone",
    "frechet_1": "Frechet distance of samples in one look at the network",
    "frechet_2": "in two",
    "frechet_4": "in four",
    "bits_per_word": "bits per word or sign of fresh stories",
    "well_formed": "share of its own sentences that are of the little language",
    "agrees_learnt": "share of pairs that the reward model learnt from where it agrees with the labeller",
    "agrees_held_out": "the same of pairs held out",
    "rule_agrees": "of those, where the labeller's own rule agrees with the labeller",
    "true_score_base": "mean of the stated rule over the base's stories",
    "true_tuned": "over the tuned model's",
    "variety_tuned": "sentences of the tuned model, as if equally used",
    "reward_0": "learnt reward of the policy with leash 0, in deviations of the tuned model's",
    "true_0": "its mean of the stated rule",
    "kl_0": "its KL to the tuned model, nats per story",
    "variety_0": "its sentences, as if equally used",
    "reward_0.03": "learnt reward of the policy with leash 0.03, in deviations of the tuned model's",
    "true_0.03": "its mean of the stated rule",
    "kl_0.03": "its KL to the tuned model, nats per story",
    "variety_0.03": "its sentences, as if equally used",
    "reward_0.1": "learnt reward of the policy with leash 0.1, in deviations of the tuned model's",
    "true_0.1": "its mean of the stated rule",
    "kl_0.1": "its KL to the tuned model, nats per story",
    "variety_0.1": "its sentences, as if equally used",
    "reward_0.3": "learnt reward of the policy with leash 0.3, in deviations of the tuned model's",
    "true_0.3": "its mean of the stated rule",
    "kl_0.3": "its KL to the tuned model, nats per story",
    "variety_0.3": "its sentences, as if equally used",
    "reward_1": "learnt reward of the policy with leash 1, in deviations of the tuned model's",
    "true_1": "its mean of the stated rule",
    "kl_1": "its KL to the tuned model, nats per story",
    "variety_1": "its sentences, as if equally used",
    "frechet_5": "in five",
    "frechet_ddim_50": "Frechet distance by DDIM, 50 steps as diffusers takes them",
    "frechet_dpm_12": "by DPM-Solver++, 12 steps",
    "exact_english_spanish": "held-out numbers right to the letter, English words to Spanish words",
    "exact_english_digits": "English words to digits",
    "exact_spanish_english": "Spanish words to English words",
    "exact_spanish_digits": "Spanish words to digits",
    "exact_digits_english": "digits to English words",
    "exact_digits_spanish": "digits to Spanish words",
    "check_english": "held-out English words rightly called a number or none",
    "check_spanish": "the same of Spanish words",
    "gap_found": "share of single hidden tokens of held-out recipes that it finds",
    "gap_bits": "bits of the hidden token",
    "gap_found_both": "the same share, the recurrent net from both ends",
    "gap_bits_both": "its bits",
    "gap_found_left": "the same share, the GPT that sees the left side only",
    "gap_bits_left": "its bits",
    "accuracy_some": "the same of the first 500",
    "accuracy_bayes": "of `pixelcnn-mnist` on those, by Bayes' rule",
    "sure_digits": "its highest chance, mean over those",
    "sure_bayes": "the same of the PixelCNN's",
    "nats_rare": "-log p(x) under the PixelCNN that 99 in 100 test digits stay below",
    "nats_plain": "the same, that one in 100 stays below",
    "sure_garments": "its highest chance, mean over 200 garments",
    "unlikely_garments": "share of them that cost the PixelCNN more than that",
    "sure_noise": "its highest chance on pixels by the toss of a coin",
    "unlikely_noise": "share of such pages that cost the PixelCNN more",
    "sure_upside": "its highest chance on digits upside down",
    "unlikely_upside": "share of them that cost the PixelCNN more",
}


@dataclass(frozen=True)
class Card:
    """The sentences of a model card."""

    title: str
    what: str
    data: str
    limits: str
    datasets: tuple[str, ...] = ()  # ids on the Hub
    tags: tuple[str, ...] = ()
    pipeline_tag: str = "unconditional-image-generation"
    against: str = "held-out"  # what pictures its samples are measured against


def hardware(device: str) -> str:
    """The machine in words, as a card says it."""
    if device.startswith("cuda"):
        return f"one {torch.cuda.get_device_name()}"
    cores = torch.get_num_threads()
    return f"{cores} core{'s' if cores > 1 else ''} of {_processor()}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    return names[0] if names else platform.processor() or platform.machine()


def command() -> str:
    """The command line as it would be typed from the root of the project."""
    module = Path(sys.argv[0]).stem
    return " ".join(["python -m", f"training.{module}", *sys.argv[1:]])


def finish(
    model: Model,
    folder: Path,
    golden: Callable[[Model], dict[str, Tensor]],
    took: dict[str, Any],
    device: str,
    base: str = "",
    rank: int = 0,
) -> Model:
    """Write the folder, read it back as anyone would, and keep what it then gives as its golden outputs.

    `golden` computes inputs and outputs of a model. With `base` the folder holds only what differs from that
    checkpoint. Returns the model as shipped, in halves and back.
    """
    earlier = json.loads((folder / "metrics.json").read_text()) if (folder / "metrics.json").exists() else {}
    goes_on = {"--resume", "--thin"} & {*sys.argv}
    resumed = f"{earlier['command']}\n" if goes_on and "command" in earlier else ""
    model.save_pretrained(folder, base=base, rank=rank)
    with torch.no_grad():
        before = golden(model)
        for file in folder.glob("golden.safetensors"):
            file.unlink()
        shipped = type(model).from_pretrained(folder)
        after = golden(shipped)
    worst = max((before[k] - after[k]).abs().max().item() for k in before)
    save_file({k: v.contiguous() for k, v in after.items()}, folder / "golden.safetensors")
    record(
        folder,
        parameters=sum(p.numel() for p in model.parameters()),
        command=resumed + command(),
        hardware=hardware(device),
        minutes=took.pop("minutes"),
        training=took,
        fp16_error=round(worst, 5),
    )
    return shipped


def record(folder: Path, **facts: Any) -> dict[str, Any]:
    """Merge facts into the folder's metrics.json; `measures` is merged one level deeper."""
    file = folder / "metrics.json"
    old = json.loads(file.read_text()) if file.exists() else {}
    facts["measures"] = old.get("measures", {}) | facts.get("measures", {})
    new = old | facts
    file.write_text(json.dumps(new, indent=2) + "\n")
    return new


def thin(folder: Path) -> str:
    """How a folder of low rank (`genmodels.adapter`) says so."""
    if base := json.loads((folder / "config.json").read_text()).get(adapter.BASE):
        return f", as a change of low rank of `{base}`"
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        return ", large ones as two thin matrices" if any(k.endswith(adapter.A) for k in file.keys()) else ""  # noqa: SIM118


def write_card(folder: Path, card: Card, measured_by: str) -> None:
    """README.md, from the sentences and from metrics.json."""
    facts = json.loads((folder / "metrics.json").read_text())
    steps = facts.get("training", {}).get("steps")
    effort = f"{facts['minutes']} minutes on {facts['hardware']}"
    things = "texts" if card.pipeline_tag == "text-generation" else "images"
    effort += f", {steps} steps, {facts['training']['images']} {things}." if steps else "."
    gloss = {k: words.replace("held-out", card.against) for k, words in GLOSS.items()}
    rows = "\n".join(f"| {gloss[k]} | {v} |" for k, v in facts["measures"].items() if k in gloss)
    text = CARD.format(
        title=card.title,
        what=card.what,
        data=card.data,
        limits=card.limits,
        pipeline_tag=card.pipeline_tag,
        tags="\n".join(f"- {t}" for t in card.tags),
        datasets="\n".join(f"- {d}" for d in card.datasets) or "- procedural",
        command=facts["command"],
        effort=f"{effort} {facts['parameters']:,} parameters, stored as halves{thin(folder)}.",
        measures=f"| | |\n|---|---|\n{rows}",
        measured_by=measured_by,
    )
    (folder / "README.md").write_text(text)
