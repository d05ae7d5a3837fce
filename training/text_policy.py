"""The third step: a policy is trained to be rewarded, on a leash (`training.text_rlhf policy --leash 0.1`).

Per iteration 32 first sentences are gone on with four times each, and the chances are moved by PPO's clipped
step. Beside the adapter lies story.json: what the learnt reward, the stated rule and the distance to the
tuned model said on the way, and the same two stories as they were told at each of these moments.
"""

import argparse
import time

import numpy as np
import torch

from genmodels.data import stories
from genmodels.text import lora
from genmodels.text.gpt import GPT
from genmodels.text.preference import (
    RewardModel,
    advantages,
    divergence,
    draft,
    log_probs,
    ppo_loss,
    written,
)
from genmodels.text.tokens import Tokenizer
from training import text_rlhf as rlhf

PROMPTS, SIBLINGS, ROUNDS, PART = 32, 4, 2, 64  # of an iteration; texts of one step
LOOKS = 20  # entries of the story
JUDGED = 192  # stories that an entry measures


def policy(args: argparse.Namespace) -> None:
    folder, began = args.out / rlhf.NAME, time.monotonic()
    tokenizer, start = Tokenizer.of(folder), GPT.from_pretrained(folder)
    tuned, judge = lora.adapt(start, folder / "tuned"), lora.adapt(RewardModel(start), folder / "reward")
    model = lora.attach(start, rlhf.TARGETS, rlhf.RANK, rlhf.ALPHA, args.seed)
    lora.resume(model, lora.load(folder / "tuned"))
    optimiser = torch.optim.AdamW(lora.trained(model), lr=args.lr, weight_decay=0.0)
    story = []
    for i in range(args.iterations + 1):
        if i % max(1, args.iterations // LOOKS) == 0:
            story.append({"step": i, **look(model, tuned, judge, tokenizer)})
            print(args.leash, {k: v for k, v in story[-1].items() if k != "told"}, flush=True)
        if i < args.iterations:
            iterate(model, tuned, judge, tokenizer, optimiser, i, args)
    final = entry(model, tuned, judge, tokenizer, 4)
    rlhf.keep(
        folder / f"leash-{args.leash:g}", lora.extract(model), began, args,
        {"leash": args.leash, "measures": final, "story": story},
    )  # fmt: skip


def iterate(
    model: GPT, tuned: GPT, judge: RewardModel, tokenizer: Tokenizer, optimiser: torch.optim.Optimizer,
    i: int, args: argparse.Namespace,
) -> None:  # fmt: skip
    """Write, judge, and move the chances of what was written."""
    _, tokens, lengths, starts = rlhf.sample(model, tokenizer, 1000 + i, PROMPTS, SIBLINGS)
    mine = written(starts, lengths, tokens.shape[1]).float()
    with torch.no_grad():
        before, anchor = log_probs(model, tokens), log_probs(tuned, tokens)
        earned = judge.reward(tokens, lengths) - args.leash * ((before - anchor) * mine).sum(1)
    gain = advantages(earned.view(PROMPTS, SIBLINGS)).flatten()
    rng = np.random.default_rng((args.seed, i))
    lr = args.lr * min(1.0, 2 * (1 - i / args.iterations))
    for _ in range(ROUNDS):
        for rows in torch.from_numpy(rng.permutation(len(tokens))).split(PART):
            now = log_probs(model, tokens[rows])
            rlhf.turn(optimiser, ppo_loss(now, before[rows], gain[rows], mine[rows]), lr)


# ------------------------------------------------------------------------------------------ measures


def look(model: GPT, tuned: GPT, judge: RewardModel, tokenizer: Tokenizer) -> dict[str, object]:
    """An entry of the story: the measures, and two stories, always from the same sentences and lots."""
    found = entry(model, tuned, judge, tokenizer, 3)
    given = [tokenizer.encode(text) for text in rlhf.prompts(11, 2) for _ in range(2)]
    *_, (tokens, lengths) = draft(model, given, 5, rlhf.CONTEXT, tokenizer.end)
    return found | {"told": rlhf.told(tokenizer, tokens, lengths)}


@torch.no_grad()
def entry(model: GPT, tuned: GPT, judge: RewardModel, tokenizer: Tokenizer, seed: int) -> dict[str, float]:
    """What fresh stories of the policy earn from the reward model and from the rule, and how far it went."""
    texts, tokens, lengths, starts = rlhf.sample(model, tokenizer, seed, JUDGED)
    mine = written(starts, lengths, tokens.shape[1])
    true = rlhf.scores(tokenizer, texts, tokens, lengths)
    parts = [stories.parts(stories.read(text)) for text in texts]
    values = {
        "reward": judge.reward(tokens, lengths).mean().item(),
        "true": float(np.mean(true)),
        "kl": (divergence(model, tuned, tokens) * mine).sum(1).mean().item(),
        "words": float(np.mean([stories.read(text).words for text in texts])),
        "variety": stories.variety(texts),
        "cheerful": float(np.mean([p["cheer"] > 0 for p in parts])),
        "faults": -float(np.mean([p["endings"] + p["repeated"] + p["broken"] for p in parts])),
    }
    return {k: round(v, 3) for k, v in values.items()}
