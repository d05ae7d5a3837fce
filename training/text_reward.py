"""The first two steps: tuning by demonstrations, and a reward model of pairs (`tuned`, `reward`)."""

import argparse
import math
import time

import numpy as np
import torch
from torch import Tensor

from genmodels.data import stories
from genmodels.text import lora
from genmodels.text.gpt import GPT
from genmodels.text.preference import RewardModel, pair_loss
from genmodels.text.tokens import Tokenizer
from training import text_rlhf as rlhf


def tuned(args: argparse.Namespace) -> None:
    """Supervised tuning: more of what the labeller picked, each the best of three stories in its eyes."""
    folder, began = args.out / rlhf.NAME, time.monotonic()
    tokenizer, rng = Tokenizer.of(folder), np.random.default_rng(args.seed)
    demonstrations = [demonstration(rng, stories.LANGS[k % 2]) for k in range(args.demonstrations)]
    tokens, lengths = rlhf.encoded(tokenizer, demonstrations)
    model = lora.attach(GPT.from_pretrained(folder), rlhf.TARGETS, rlhf.RANK, rlhf.ALPHA, args.seed)
    optimiser = torch.optim.AdamW(lora.trained(model), lr=args.lr, weight_decay=0.0)
    for step in range(steps := args.epochs * len(tokens) // 32):
        rows = torch.from_numpy(rng.integers(len(tokens), size=32))
        loss = rlhf.reading_loss(model, tokens[rows], lengths[rows])
        rlhf.turn(optimiser, loss, args.lr * (1 - step / steps))
    rlhf.keep(folder / "tuned", lora.extract(model), began, args, {"demonstrations": demonstrations[:12]})


def demonstration(rng: np.random.Generator, lang: str) -> str:
    """The best of three stories, as a labeller sees it who is not sure of himself."""
    found = [stories.story(rng, lang) for _ in range(3)]
    return max(found, key=lambda text: stories.score(text) + rng.gumbel())


def reward(args: argparse.Namespace) -> None:
    """The reward model, from pairs of the tuned model's stories; the last 400 are held out."""
    folder, began = args.out / rlhf.NAME, time.monotonic()
    tokenizer, writer = Tokenizer.of(folder), lora.adapt(GPT.from_pretrained(folder), folder / "tuned")
    found = pairs(writer, tokenizer, args.seed + 1, args.pairs + 400)
    base = GPT.from_pretrained(folder)
    model = RewardModel(lora.attach(base, rlhf.TARGETS, rlhf.RANK, rlhf.ALPHA, args.seed))
    lora.resume(model.transformer, lora.load(folder / "tuned"))
    parameters = [*lora.trained(model), *model.score.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=args.lr, weight_decay=0.01)
    rng = np.random.default_rng(args.seed)
    for step in range(steps := args.epochs * args.pairs // 32):
        rows = torch.from_numpy(rng.integers(args.pairs, size=32))
        a, b = (model.reward(tokens[rows], lengths[rows]) for _, _, tokens, lengths in found)
        rlhf.turn(optimiser, pair_loss(a, b), args.lr * (1 - step / steps))
    values = judge(model, found, args.pairs)
    scale(model, tokenizer, writer)
    state = lora.extract(model) | {f"score.{k}": v.detach() for k, v in model.score.state_dict().items()}
    shown = [
        [found[0][0][k], found[1][0][k], round(found[0][1][k], 2), round(found[1][1][k], 2)]
        for k in range(12)
    ]
    rlhf.keep(
        folder / "reward", state, began, args, {"measures": values, "pairs": shown}, modules_to_save=["score"]
    )


Side = tuple[list[str], list[float], Tensor, Tensor]  # texts, their true scores, tokens, lengths


def pairs(writer: GPT, tokenizer: Tokenizer, seed: int, count: int) -> tuple[Side, Side]:
    """Two stories from the same first sentence, the preferred one first; the labeller errs as sigmoids do."""
    texts, tokens, lengths, _ = rlhf.sample(writer, tokenizer, seed, count, 2)
    true, rng = rlhf.scores(tokenizer, texts, tokens, lengths), np.random.default_rng(seed)
    order = [[k, k + 1] for k in range(0, 2 * count, 2)]
    order = [p if rng.random() < 1 / (1 + math.exp(true[p[1]] - true[p[0]])) else p[::-1] for p in order]
    sides = [[p[s] for p in order] for s in (0, 1)]
    a, b = (([texts[k] for k in s], [true[k] for k in s], tokens[s], lengths[s]) for s in sides)
    return a, b


@torch.no_grad()
def judge(model: RewardModel, found: tuple[Side, Side], learnt: int) -> dict[str, float]:
    """How often it agrees with the labeller, on pairs learnt and held out, and the rule with the labeller."""
    margin = torch.sub(*(model.reward(tokens, lengths) for _, _, tokens, lengths in found))
    gap = torch.tensor(found[0][1]) - torch.tensor(found[1][1])
    right = (margin > 0).float()
    return {
        "agrees_learnt": right[:learnt].mean().item(),
        "agrees_held_out": right[learnt:].mean().item(),
        "rule_agrees": ((gap > 0).float() + 0.5 * (gap == 0).float())[learnt:].mean().item(),
    }


@torch.no_grad()
def scale(model: RewardModel, tokenizer: Tokenizer, writer: GPT) -> None:
    """So that the tuned model's stories have mean 0 and deviation 1."""
    _, tokens, lengths, _ = rlhf.sample(writer, tokenizer, 7, 512)
    values = model.reward(tokens, lengths)
    model.score.bias.copy_((model.score.bias - values.mean()) / values.std())
    model.score.weight.div_(values.std())
