"""Preferences: the mini stories and their rule, drafts, rewards of pairs, PPO's step, and the leash."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from genmodels import hub
from genmodels.data import stories
from genmodels.text import lora
from genmodels.text.checkpoints import STORIES
from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.preference import (
    RewardModel,
    advantages,
    best_of,
    divergence,
    draft,
    fit_head,
    kl_best_of,
    log_probs,
    pair_loss,
    pick,
    ppo_loss,
    written,
)
from genmodels.text.tokens import Tokenizer

NAME = STORIES[0].name
LEASHES = ("0", "0.03", "0.1", "0.3", "1")


@pytest.fixture(scope="module")
def small() -> GPT:
    torch.manual_seed(0)
    return GPT(GPTConfig(30, 24, 16, 2, 2)).eval().requires_grad_(False)


# ------------------------------------------------------------------------------------------ stories


@pytest.mark.parametrize("lang", stories.LANGS)
def test_every_story_is_read_as_it_was_planned(lang):
    for seed in range(300):
        rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
        kinds, reading = stories.plan(rng), stories.read(stories.story(again, lang))
        assert reading.kinds == kinds and not reading.repeated


GOOD = (
    "Leo was a small cat who lived on a hill. One day Leo found a kite on the road. Everyone danced and sang!"
)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        (GOOD, 3 - 3 / 20),  # 23 words
        (GOOD.replace("Everyone danced and sang!", "Leo cried all night."), -1 - 3 / 20),
        (GOOD.replace("Leo found", "Ana found"), 3 - 3 / 20 - 3),  # no such hero: a fault, and no event
        (f"{GOOD} Everyone danced and sang!", 3 - 7 / 20 - 2),  # two endings, one said twice
        (f"{GOOD} The sky was grey.", -2 + 1 - 7 / 20 - 1),  # goes on after its end, and has none at its end
        ("Leo was a small cat who lived on a hill. Everyone danced and sang!", 2 + 1 - 2),  # nothing happens
        ("", -2 + 1 - 2),
    ],
)
def test_the_rule_gives_what_it_says(text, points):
    assert stories.score(text) == pytest.approx(points)


def test_a_story_that_was_cut_off_loses_a_point():
    assert stories.score(GOOD, finished=False) == stories.score(GOOD) - 1


def test_variety_is_the_number_of_equally_used_sentences():
    start = "Leo was a small cat who lived on a hill."
    assert stories.variety([f"{start} The sky was grey. It was very cold."]) == pytest.approx(2)
    same = [f"{n} was a small cat who lived on a hill. {n} cried all night." for n in ("Leo", "Ana")]
    assert stories.variety(same) == pytest.approx(1) and stories.variety([start]) == 0


def test_any_text_can_be_read():
    for text in ("", "!!!", "\x00 . ¡", "a" * 5000, "<b>. The sky was grey.", "هلا. hola!"):
        assert math.isfinite(stories.score(text)) and all(map(math.isfinite, stories.traits(text).values()))


# ------------------------------------------------------------------------------------------ drafts


def test_a_row_is_written_the_same_alone_and_in_company(small):
    prompts = [[3, 4, 5], [6], [7, 8]]
    *_, (tokens, lengths) = draft(small, prompts, 9, 24, 0)
    for k, prompt in enumerate(prompts):
        *_, (alone, n) = draft(small, [prompt], 9 + k, 24, 0)
        assert torch.equal(alone[0, : n[0]], tokens[k, : lengths[k]])
        assert tokens[k, 1 : len(prompt) + 1].tolist() == prompt and tokens[k, 0] == 0


def test_a_draft_ends_at_its_end_and_nothing_follows(small):
    *_, (tokens, lengths) = draft(small, [[3]] * 40, 1, 24, 0)
    own = written(torch.full((40,), 2), lengths, tokens.shape[1])
    for row, n, mine in zip(tokens, lengths, own, strict=True):
        assert n == tokens.shape[1] or row[n - 1] == 0
        assert (row[n:] == 0).all() and (row[2 : n - 1] != 0).all()
        assert mine.sum() == n - 2


def test_without_temperature_it_is_the_likeliest(small):
    *_, (tokens, lengths) = draft(small, [[3, 4]], 0, 12, 0, temperature=0.0)
    n = int(lengths)
    assert torch.equal(small.logits(tokens[:, : n - 1])[0, 2:].argmax(-1), tokens[0, 3:n])


def test_tokens_are_drawn_by_their_chances():
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    u = (torch.arange(10_000) + 0.5) / 10_000
    counts = pick(logits.expand(10_000, -1), u, 1.0).bincount(minlength=4) / 10_000
    assert torch.allclose(counts, logits[0].softmax(0), atol=2e-4)


# ------------------------------------------------------------------------------------------ rewards


def test_the_loss_of_a_pair_is_the_chance_that_it_was_so():
    assert pair_loss(torch.tensor([1.0]), torch.tensor([-1.0])).item() == pytest.approx(
        math.log1p(math.exp(-2))
    )


def test_a_reward_is_read_at_the_end_and_not_behind_it(small):
    judge = RewardModel(small)
    torch.nn.init.normal_(judge.score.weight)
    tokens, lengths = torch.randint(1, 30, (4, 12)), torch.tensor([5, 12, 7, 9])
    first = judge.reward(tokens, lengths)
    for k, n in enumerate(lengths):
        tokens[k, n:] = 0
    assert torch.allclose(judge.reward(tokens, lengths), first, atol=1e-5)


def test_a_head_finds_the_weights_that_made_the_choices():
    torch.manual_seed(0)
    true, x = torch.tensor([2.0, -1.0, 0.0]), torch.randn(4000, 3)
    sign = torch.where(torch.rand(4000) < (x @ true).sigmoid(), 1.0, -1.0)
    found, covariance = fit_head(sign[:, None] * x, prior=10.0)
    assert ((found - true).abs() < 4 * covariance.diagonal().sqrt()).all()
    assert covariance.diagonal().max() < 0.01


def test_a_head_without_choices_believes_nothing():
    found, covariance = fit_head(torch.zeros(0, 3), prior=2.0)
    assert torch.equal(found, torch.zeros(3)) and torch.allclose(covariance, 4 * torch.eye(3))


# ------------------------------------------------------------------------------------------ policy


def test_an_advantage_is_over_one_s_siblings():
    found = advantages(torch.tensor([[1.0, 2.0, 6.0], [100.0, 100.0, 100.0]]))
    assert torch.allclose(found.sum(1), torch.zeros(2), atol=1e-6)
    assert (found[1] == 0).all() and found[0].argmax() == 2
    assert found[0, 2] / found[0, 0] == pytest.approx((6 - 1.5) / (1 - 4))


def test_the_step_is_that_of_reinforce_where_nothing_moved_yet():
    before, gain = torch.randn(3, 4), torch.tensor([1.0, -2.0, 0.5])
    mine = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]]).float()
    now = before.clone().requires_grad_()
    ppo_loss(now, before, gain, mine).backward()
    assert torch.allclose(now.grad, -gain[:, None] * mine / mine.sum())


@pytest.mark.parametrize(
    ("moved", "gain", "still"), [(0.5, 1.0, True), (0.5, -1.0, False), (-0.5, -1.0, True), (-0.5, 1.0, False)]
)
def test_past_the_clip_there_is_nothing_to_win(moved, gain, still):
    now = torch.tensor([[moved]]).requires_grad_()
    ppo_loss(now, torch.zeros(1, 1), torch.tensor([gain]), torch.ones(1, 1)).backward()
    assert (now.grad.item() == 0) == still


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_on_a_leash_the_best_policy_is_the_old_one_tilted_by_the_reward(beta):
    """p(x) exp(r(x) / beta) / Z: one choice of five, optimised as the stories are, ends there."""
    generator = torch.Generator().manual_seed(0)
    anchor = torch.tensor([0.5, 0.0, -0.5, 0.2, 0.1]).log_softmax(0)
    reward = torch.tensor([-1.0, 0.0, 1.0, 0.5, -0.5])
    logits = anchor.clone().requires_grad_()
    optimiser = torch.optim.Adam([logits], lr=0.02)
    for _ in range(400):
        chosen = torch.multinomial(logits.detach().softmax(0), 256, True, generator=generator)
        before = logits.detach().log_softmax(0)[chosen]
        gain = advantages((reward[chosen] - beta * (before - anchor[chosen])).view(64, 4)).flatten()
        loss = ppo_loss(logits.log_softmax(0)[chosen][:, None], before[:, None], gain, torch.ones(256, 1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    wanted = (anchor + reward / beta).softmax(0)
    assert torch.allclose(logits.softmax(0), wanted, atol=0.06)


def test_the_distance_is_the_kl_of_the_next_token(small):
    torch.manual_seed(1)
    other, tokens = GPT(small.config).eval().requires_grad_(False), torch.randint(30, (2, 9))
    assert torch.allclose(divergence(small, small, tokens), torch.zeros(2, 8), atol=1e-6)
    p, q = (m.logits(tokens[:1, :4])[0, -1].log_softmax(-1) for m in (small, other))
    assert divergence(small, other, tokens)[0, 3].item() == pytest.approx(
        (p.exp() * (p - q)).sum().item(), rel=1e-3
    )


def test_the_chances_of_a_text_are_those_of_its_tokens(small):
    tokens = torch.randint(30, (2, 9))
    found = small.logits(tokens).log_softmax(-1)
    wanted = torch.tensor([[found[b, k, tokens[b, k + 1]] for k in range(8)] for b in range(2)])
    assert torch.allclose(log_probs(small, tokens), wanted, atol=1e-5)


def test_the_best_of_n_is_the_mean_over_all_draws():
    values, order = torch.randn(2, 6), torch.randn(2, 6)
    for n in range(1, 7):
        draws = [
            [max(c, key=lambda k: order[b, k].item()) for c in combinations(range(6), n)] for b in range(2)
        ]
        wanted = torch.stack([values[b, found].mean() for b, found in enumerate(draws)])
        assert torch.allclose(best_of(values, order, n), wanted, atol=1e-5)
    assert kl_best_of(1) == 0 and kl_best_of(4) == pytest.approx(math.log(4) - 0.75)


# ------------------------------------------------------------------------------------------ what is bundled


@pytest.fixture(scope="module")
def bundled() -> tuple[GPT, Tokenizer]:
    return GPT.from_pretrained(NAME), Tokenizer.of(NAME)


def test_words_are_tokens_and_come_back(bundled):
    _, tokens = bundled
    assert tokens.size <= 600
    for lang in stories.LANGS:
        text = stories.story(np.random.default_rng(4), lang)
        assert tokens.decode(tokens.encode(text)) == text
        assert "".join(piece.text for piece in tokens.pieces(text)) == text
    assert tokens.encode("Leo teletransportó") == [tokens.id("Leo"), tokens.id("<|?|>")]


def test_the_golden_outputs_come_back(bundled):
    from safetensors.torch import load_file

    golden = load_file(hub.WEIGHTS / NAME / "golden.safetensors")
    assert torch.allclose(bundled[0].logits(golden["tokens"]), golden["logits"], atol=1e-4)


def test_the_leash_holds(bundled):
    """The looser, the farther; and the reward that was optimised rose, most without a leash."""
    from demos.leash.desk import record

    ends = [record(f"leash-{name}")["measures"] for name in LEASHES]
    starts = [record(f"leash-{name}")["story"][0] for name in LEASHES]
    assert all(start["kl"] < 0.01 for start in starts)
    assert all(end["reward"] > start["reward"] for end, start in zip(ends, starts, strict=True))
    assert ends[0]["kl"] > ends[-1]["kl"] and ends[0]["reward"] >= ends[-1]["reward"]


def test_without_a_leash_the_reward_is_cheated():
    """Learnt reward above, what was wanted below where both stood on the way."""
    from demos.leash.desk import record

    story = record("leash-0")["story"]
    peak = max(story, key=lambda row: row["true"])
    assert story[-1]["reward"] > peak["reward"] and story[-1]["true"] < peak["true"] - 0.5


def test_a_policy_is_an_adapter_of_the_one_base(bundled):
    base, _ = bundled
    made = lora.adapt(base, hub.WEIGHTS / NAME / "leash-1")
    assert made.wte.weight.data_ptr() == base.wte.weight.data_ptr()
    assert not torch.equal(made.h[0].attn.c_attn.weight, base.h[0].attn.c_attn.weight)


def test_all_of_it_is_small():
    assert sum(f.stat().st_size for f in (hub.WEIGHTS / NAME).rglob("*") if f.is_file()) < 1_500_000
