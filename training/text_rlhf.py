"""Learning from preferences, in steps: `python -m training.text_rlhf base`, then `tuned`, `reward`, `policy`.

`base` reads mini stories of every mood. `tuned` goes on with the few that a labeller picked (supervised
tuning). `reward` learns from pairs of what the tuned model writes. `policy --leash 0.1` is trained to be
rewarded, held by the leash. All but the base are low-rank adapters of it, in folders below its own, and lie
here in `text_reward` and `text_policy`. `base --measure` measures the base again.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genmodels.data import stories
from genmodels.text import lora
from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.preference import draft, log_probs
from genmodels.text.tokens import Tokenizer
from training import card, loop

NAME = "gpt-stories"
CONTEXT = 112
TARGETS, RANK, ALPHA = ("c_attn", "c_proj", "c_fc"), 8, 16
PIECES = r" ?\w+| ?[^\w\s]|\s"  # a word or a sign, with the space before it
END, UNKNOWN = "<|end|>", "<|?|>"


# ------------------------------------------------------------------------------------------ the tokens


def make_tokenizer(folder: Path) -> Tokenizer:
    """Words and signs of the stories, the most frequent first, as tokenizer.json."""
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Library

    library = Library(models.WordLevel(unk_token=UNKNOWN))
    library.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), "isolated")
    library.decoder = decoders.Fuse()
    rng = np.random.default_rng(0)
    texts = (stories.story(rng, stories.LANGS[k % 2]) for k in range(20_000))
    trainer = trainers.WordLevelTrainer(special_tokens=[END, UNKNOWN], show_progress=False)
    library.train_from_iterator(texts, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    library.save(str(folder / "tokenizer.json"), pretty=False)
    return Tokenizer.of(folder)


def padded(rows: list[list[int]], end: int) -> Tensor:
    """Rows of token numbers, shorter ones filled up with the end."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[end] * (longest - len(row))] for row in rows])


def encoded(tokenizer: Tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Texts -> tokens (B, n) between two ends, and how many of them count."""
    rows = [[tokenizer.end, *tokenizer.encode(text), tokenizer.end] for text in texts]
    return padded(rows, tokenizer.end), torch.tensor([len(row) for row in rows])


# ------------------------------------------------------------------------------------------ the base


def reading_loss(model: GPT, tokens: Tensor, lengths: Tensor) -> Tensor:
    """Nats per token, the end included."""
    nats = -log_probs(model, tokens)
    counts = torch.arange(1, tokens.shape[1]) < lengths[:, None]
    return (nats * counts).sum() / counts.sum()


def base(args: argparse.Namespace) -> None:
    folder = args.out / NAME
    if not args.measure:
        tokenizer = make_tokenizer(folder)
        config = GPTConfig(tokenizer.size, CONTEXT, 64, 3, 4)
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(GPT(config), tokenizer, args), args)
        card.finish(model, folder, golden, took, args.device)
    values = measure(GPT.from_pretrained(folder), Tokenizer.of(folder))
    card.record(folder, measures={k: round(v, 4) for k, v in values.items()})
    gather(folder)
    print(NAME, values)


def recipe(model: GPT, tokenizer: Tokenizer, args: argparse.Namespace) -> loop.Recipe:
    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        texts = [stories.story(rng, stories.LANGS[k % 2]) for k in range(args.batch)]
        return encoded(tokenizer, texts)

    def loss(model: GPT, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
        return {"loss": reading_loss(model, *batch)}

    return loop.Recipe(NAME, model, batch, loss, lambda m: sheet(m, tokenizer), lr=args.lr)


def sheet(model: GPT, tokenizer: Tokenizer) -> str:
    return "\n".join(sample(model, tokenizer, 0, 16)[0])


def golden(model: GPT) -> dict[str, Tensor]:
    tokens = torch.randint(2, model.config.vocab_size, (2, 24), generator=torch.Generator().manual_seed(0))
    return {"tokens": tokens, "logits": model.logits(tokens)}


def prompts(seed: int, count: int) -> list[str]:
    """First sentences, English and Spanish in turn."""
    rng = np.random.default_rng(seed)
    return [stories.opening(rng, stories.LANGS[k % 2]) for k in range(count)]


def sample(
    model: GPT, tokenizer: Tokenizer, seed: int, count: int, of_each: int = 1
) -> tuple[list[str], Tensor, Tensor, Tensor]:
    """Stories from `count` first sentences, each gone on with `of_each` times.

    Returns texts, tokens (B, n), lengths (B,) and where the model's own tokens start.
    """
    given = [tokenizer.encode(text) for text in prompts(seed, count) for _ in range(of_each)]
    *_, (tokens, lengths) = draft(model, given, 1000 * seed, CONTEXT, tokenizer.end)
    return told(tokenizer, tokens, lengths), tokens, lengths, torch.tensor([len(g) + 1 for g in given])


def told(tokenizer: Tokenizer, tokens: Tensor, lengths: Tensor) -> list[str]:
    """The texts, without their ends."""
    rows = zip(tokens.tolist(), lengths.tolist(), strict=True)
    return [tokenizer.decode([t for t in row[1:n] if t != tokenizer.end]) for row, n in rows]


def scores(tokenizer: Tokenizer, texts: list[str], tokens: Tensor, lengths: Tensor) -> list[float]:
    """The stated rule on each; a story that did not come to its end is not finished."""
    ends = (tokens.gather(1, lengths[:, None] - 1)[:, 0] == tokenizer.end).tolist()
    return [stories.score(text, done) for text, done in zip(texts, ends, strict=True)]


@torch.no_grad()
def measure(model: GPT, tokenizer: Tokenizer) -> dict[str, float]:
    """Bits per word on fresh stories, and how many sentences of its own are of the language."""
    rng = np.random.default_rng(99)
    fresh = [stories.story(rng, stories.LANGS[k % 2]) for k in range(1000)]
    nats = reading_loss(model, *encoded(tokenizer, fresh)).item()
    texts = sample(model, tokenizer, 5, 500)[0]
    kinds = "".join(stories.read(text).kinds[1:] for text in texts)
    return {
        "bits_per_word": nats / math.log(2),
        "well_formed": 1 - kinds.count(stories.BROKEN) / len(kinds),
        "true_score_base": float(np.mean([stories.score(text) for text in texts])),
    }


# -------------------------------------------------------------------------------------- what the steps share


def turn(optimiser: torch.optim.Optimizer, loss: Tensor, lr: float) -> None:
    """One step down."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    for group in optimiser.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
        group["lr"] = lr
    optimiser.step()


def keep(
    folder: Path,
    state: dict[str, Tensor],
    began: float,
    args: argparse.Namespace,
    facts: dict[str, Any],
    **more: Any,
) -> None:
    """An adapter's folder: PEFT's two files, and story.json with what was seen on the way."""
    lora.save(folder, state, RANK, ALPHA, NAME, out_first=False, **more)
    facts |= {
        "command": card.command(),
        "hardware": card.hardware("cpu"),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    (folder / "story.json").write_text(json.dumps(facts, ensure_ascii=False, separators=(",", ":")) + "\n")
    gather(folder.parent)
    print(folder.name, facts.get("measures", ""), facts["minutes"])


def gather(folder: Path) -> None:
    """What all adapters measured, into the base's metrics.json and card."""
    values = {}
    if (file := folder / "reward" / "story.json").is_file():
        values |= json.loads(file.read_text(encoding="utf-8"))["measures"]
    for file in sorted(folder.glob("leash-*/story.json")):
        found, name = json.loads(file.read_text(encoding="utf-8")), file.parent.name.removeprefix("leash-")
        values |= {f"{key}_{name}": found["measures"][key] for key in ("reward", "true", "kl", "variety")}
        values["true_tuned"] = found["story"][0]["true"]
        values["variety_tuned"] = found["story"][0]["variety"]
    card.record(folder, measures={key: round(value, 4) for key, value in values.items()})
    card.write_card(folder, CARD, "python -m training.text_rlhf base --measure")


CARD = card.Card(
    title="GPT of mini stories, with adapters for three steps of RLHF",
    what=(
        "A small GPT (3 layers of 64 channels) that tells mini stories in English and Spanish, and low-rank "
        "adapters in the layout of PEFT: `tuned` (supervised tuning), `reward` (a reward model of pairs) and "
        "`leash-*`, policies trained against that reward with PPO at several strengths of the KL penalty. "
        "`story.json` in each holds what was measured on the way."
    ),
    data=(
        "Stories written by rule (`genmodels/data/stories.py`), endless, in English and Spanish. The "
        "labeller is a rule too, with noise: short stories with a cheerful ending are preferred."
    ),
    tags=("gpt", "rlhf", "ppo", "lora", "teaching"),
    pipeline_tag="text-generation",
    limits=(
        "It knows four hundred words and one kind of story. The policies of a loose leash are broken on "
        "purpose: they show what optimising a learnt reward does. It is made to be looked at in a lesson."
    ),
)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=8)
    parser.add_argument("step", choices=("base", "tuned", "reward", "policy"))
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--measure", action="store_true", help="only measure the finished base again")
    parser.add_argument("--demonstrations", type=int, default=400)
    parser.add_argument("--pairs", type=int, default=400)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--leash", type=float, default=0.1, help="reward that a nat of difference costs")
    parser.add_argument("--iterations", type=int, default=80)
    args = parser.parse_args()
    from training import text_policy, text_reward  # which use this module

    steps: dict[str, Callable] = {"base": base, "tuned": text_reward.tuned, "reward": text_reward.reward}
    (steps | {"policy": text_policy.policy})[args.step](args)


if __name__ == "__main__":
    main()
