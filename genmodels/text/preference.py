"""Learning from preferences, in three steps (Ouyang and others, InstructGPT, 2022).

People compare two texts, and say which is better. A reward model r, a language model that ends in one
number, learns to agree: the chance that w beats l is sigmoid(r(w) - r(l)) (Bradley and Terry, 1952;
`pair_loss`). Then the writer itself, the policy pi, is trained to be rewarded. It writes, and what earned
more than its siblings of the same prompt becomes likelier, by PPO's clipped step (Schulman and others, 2017;
`ppo_loss`); a text earns r - beta log(pi / pi_tuned), so beta is the leash that holds it near its start.

The baseline is the mean of a text's siblings instead of a second network. The reward is scaled once, so that
what the tuned model writes has mean 0 and deviation 1; beta is in that unit per nat.
"""

from collections.abc import Iterator, Sequence
from math import comb, log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels import runtime
from genmodels.text.gpt import GPT

CLIP = 0.2  # how far a chance may move by one batch, as a share: PPO's epsilon


class RewardModel(nn.Module):
    """A GPT that ends in one number: what the text up to a token is worth. Its adapters have PEFT's names."""

    def __init__(self, transformer: GPT):
        super().__init__()
        self.transformer = transformer
        self.score = nn.Linear(transformer.config.n_embd, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)
        self.score.to(transformer.device)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, n) -> (B, n): the worth of the text as far as each token."""
        return self.score(self.transformer.ln_f(self.transformer.features(tokens)))[..., 0]

    def reward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """(B, n), of which the first `lengths` (B,) count -> (B,): read at the last of them."""
        return self(tokens).gather(1, lengths[:, None] - 1)[:, 0]


def pair_loss(better: Tensor, worse: Tensor) -> Tensor:
    """-log of the chance that the better one wins, mean."""
    return -F.logsigmoid(better - worse).mean()


# ------------------------------------------------------------------------------------------ writing


@torch.no_grad()
def draft(
    model: GPT, prompts: Sequence[Sequence[int]], seed: int, length: int, end: int, temperature: float = 1.0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Go on from several prompts at once. Yields (tokens (B, n), lengths (B,)) after each token.

    Row k has uniforms of its own from seed + k, so it is written the same alone and in company. The texts
    begin with the token `end`, and end with it or at `length`; what stands behind is `end`, too.
    """
    count = len(prompts)
    luck = torch.stack([torch.rand(length, generator=g) for g in runtime.generators(seed, count)])
    tokens = torch.full((count, length), end)
    starts = torch.tensor([len(p) + 1 for p in prompts])
    for row, prompt in enumerate(prompts):
        tokens[row, 1 : len(prompt) + 1] = torch.tensor(prompt)
    lengths, done, memory = starts.clone(), torch.zeros(count, dtype=torch.bool), model.begin(count, length)
    for n in range(1, length):
        logits = model.feed(tokens[:, n - 1 : n].to(model.device), memory)[:, 0].float().cpu()
        chosen = pick(logits, luck[:, n], temperature)
        writing = (n >= starts) & ~done
        tokens[:, n] = torch.where(writing, chosen, tokens[:, n])
        lengths += writing
        done |= writing & (chosen == end)
        if n >= starts.min():
            yield tokens[:, : n + 1], lengths.clamp(max=n + 1)
        if done.all():
            return


def pick(logits: Tensor, u: Tensor, temperature: float) -> Tensor:
    """Logits (B, V), uniforms (B,) -> tokens (B,), by inverse CDF in the order of the vocabulary."""
    if temperature == 0:
        return logits.argmax(-1)
    heights = (logits / temperature).softmax(-1).cumsum(-1)
    return torch.searchsorted(heights, u[:, None] * heights[:, -1:]).clamp(max=logits.shape[-1] - 1)[:, 0]


def log_probs(model: GPT, tokens: Tensor) -> Tensor:
    """(B, n) -> (B, n - 1): nats of each token but the first, given those before."""
    return -F.cross_entropy(model.logits(tokens[:, :-1]).mT.float(), tokens[:, 1:], reduction="none")


def written(starts: Tensor, lengths: Tensor, n: int) -> Tensor:
    """(B, n - 1): which of the tokens after the first the model wrote itself."""
    place = torch.arange(1, n)
    return (place >= starts[:, None]) & (place < lengths[:, None])


# ------------------------------------------------------------------------------------------ policy


def advantages(returns: Tensor) -> Tensor:
    """Returns (prompts, siblings) -> how far each beats the mean of its siblings, in deviations."""
    count = returns.shape[1]
    rest = (returns.sum(1, keepdim=True) - returns) / (count - 1)
    gain = returns - rest
    return gain / (gain.std() + 1e-6)


def ppo_loss(now: Tensor, before: Tensor, advantage: Tensor, mine: Tensor) -> Tensor:
    """PPO's clipped aim, with a minus: log-chances (B, n) now and before, advantage (B,), own tokens."""
    ratio = (now - before).exp()
    gain = advantage[:, None]
    least = torch.minimum(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain)
    return -(least * mine).sum() / mine.sum()


def divergence(model: GPT, tuned: GPT, tokens: Tensor) -> Tensor:
    """(B, n) -> (B, n - 1): nats of KL between both of what comes next, along a text: exact at each token."""
    p, q = (F.log_softmax(m.logits(tokens[:, :-1]).float(), -1) for m in (model, tuned))
    return (p.exp() * (p - q)).sum(-1)


def kl_best_of(n: int) -> float:
    """Nats between the best of n and one: at most log n - (n - 1) / n (Beirami and others, 2024)."""
    return log(n) - (n - 1) / n


def best_of(values: Tensor, order: Tensor, n: int) -> Tensor:
    """Values (..., N), and what the choice goes by (..., N) -> mean value of the best of n out of N drawn.

    Exact over all draws of n without putting back: the i-th lowest of N is the best with chance
    C(i - 1, n - 1) / C(N, n).
    """
    total = values.shape[-1]
    chance = torch.tensor([comb(i, n - 1) / comb(total, n) for i in range(total)])
    return (values.gather(-1, order.argsort(-1)) * chance).sum(-1)


# ------------------------------------------------------------------------------------------ one's own head


def fit_head(differences: Tensor, prior: float = 1.0, rounds: int = 12) -> tuple[Tensor, Tensor]:
    """Better minus worse, feature by feature (pairs, F) -> weights (F,) and their covariance (F, F).

    The likeliest Bradley-Terry weights under N(0, prior^2), by Newton's method: a few pairs say little, and
    then the weights stay near zero.
    """
    x = differences.double()
    w = torch.zeros(x.shape[1], dtype=x.dtype)
    for _ in range(rounds):
        p = torch.sigmoid(-x @ w)  # how surprised it is by each choice
        slope = x.mT @ p - w / prior**2
        bend = x.mT @ (x * (p * (1 - p))[:, None]) + torch.eye(len(w), dtype=x.dtype) / prior**2
        w = w + torch.linalg.solve(bend, slope)
    return w.float(), torch.linalg.inv(bend).float()
