"""Writing from any language model: the same text with and without a memory, alone or not; surprise."""

from dataclasses import replace

import pytest
import torch

from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.writing import Taste, beam, pick, surprise, surprises, window, write

SMALL = GPTConfig(vocab_size=19, n_positions=12, n_embd=16, n_layer=2, n_head=2)
PROMPT = [3, 1, 4]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def gpt(**more: object) -> GPT:
    model = GPT(replace(SMALL, **more))
    for i, p in enumerate(model.parameters()):
        p.data = 0.3 * noise(*p.shape, seed=i) + (1.0 if p.ndim == 1 else 0.0)
    return model.eval().requires_grad_(False)


@pytest.fixture(params=["learned", "rotary"])
def model(request) -> GPT:
    return gpt(positions=request.param)


def texts(steps) -> torch.Tensor:
    return torch.stack([step.token for step in steps], 1)


# The memory


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("taste", [Taste(), Taste(temperature=0), Taste(repetition=1.5, top_p=0.8)], ids=str)
@pytest.mark.parametrize("prompt", [[], PROMPT, [5] * 12, list(range(19)) * 2], ids=len)
def test_with_and_without_a_memory_it_is_the_same_text(model, count, taste, prompt):
    if count > 1:  # one text is the business of the lean decoder; here let no rounding decide a close call
        model = model.double()
    fast, slow = (
        list(write(model, prompt, seed=2, count=count, length=30, taste=taste, naive=naive))
        for naive in (False, True)
    )
    assert torch.equal(texts(fast), texts(slow)) and len(fast) == 30
    for a, b in zip(fast, slow, strict=True):
        torch.testing.assert_close(a.log_probs, b.log_probs, atol=1e-4, rtol=0)
        torch.testing.assert_close(a.chance, b.chance, atol=1e-4, rtol=0)


def test_the_window_moves_by_half_when_it_is_full():
    starts = [window(n, 12) for n in range(1, 40)]
    assert starts[11] == 0 and starts[12] == 6 and starts[17] == 6 and starts[18] == 12
    assert all(0 < n - start <= 12 for n, start in enumerate(starts, 1))
    assert [window(n, 1) for n in (1, 2, 3)] == [0, 1, 2]


def test_what_was_forgotten_changes_nothing(model):
    a, b = ([k, *range(12), 5] for k in (0, 7))  # 14 tokens: the first six are forgotten
    assert torch.equal(*(texts(write(model, p, 0, 1, 5)) for p in (a, b)))
    a, b = ([*range(7), k, *range(6)] for k in (0, 7))
    first, second = (next(write(model, p, 0, 1, 5)).log_probs for p in (a, b))
    assert (first - second).abs().max() > 1e-4


# Luck


def test_a_seed_is_a_text_alone_and_among_others(model):
    together = texts(write(model, PROMPT, seed=3, count=4, length=20))
    assert torch.equal(together, texts(write(model, PROMPT, seed=3, count=4, length=20)))
    assert torch.equal(together[2:3], texts(write(model, PROMPT, seed=5, count=1, length=20)))
    assert torch.equal(together[:, :7], texts(write(model, PROMPT, seed=3, count=4, length=7)))
    assert len(together.unique(dim=0)) == 4


def test_the_tokens_come_as_often_as_their_chances_say(model):
    step = next(write(model, PROMPT, seed=0, count=4000, length=1, taste=Taste(temperature=1.3)))
    often = torch.bincount(step.token, minlength=19) / 4000
    assert (often - step.chance[0]).abs().max() < 4 * (0.25 / 4000) ** 0.5
    torch.testing.assert_close(step.chance.sum(1), torch.ones(4000))


def test_the_likeliest_comes_first():
    chance, order = torch.tensor([[0.5, 0.3, 0.2]]), torch.tensor([[7, 1, 4]])
    found = [int(pick(chance, order, torch.tensor([u]))) for u in (0.0, 0.49, 0.5, 0.79, 0.81, 0.9999999)]
    assert found == [7, 7, 1, 1, 4, 4]


def test_it_stops_when_all_have_ended(model):
    free = texts(write(model, PROMPT, seed=0, count=3, length=40))
    stop = frozenset([int(free[0, 3])])
    steps = list(write(model, PROMPT, seed=0, count=3, length=40, stop=stop))
    bound = texts(steps)
    for mine, other in zip(free, bound, strict=True):
        end = next((i for i, t in enumerate(mine.tolist()) if t in stop), 40)
        assert torch.equal(mine[: end + 1][: other.numel()], other[: end + 1])
        assert (other[end:] == next(iter(stop))).all()
    assert steps[-1].done.all() or len(steps) == 40
    assert not steps[-2].done.all()


# Taste


PROCESSORS = {
    "temperature": lambda t, v: t.TemperatureLogitsWarper(v),
    "top_k": lambda t, v: t.TopKLogitsWarper(v),
    "top_p": lambda t, v: t.TopPLogitsWarper(v),
    "min_p": lambda t, v: t.MinPLogitsWarper(v),
    "repetition": lambda t, v: t.RepetitionPenaltyLogitsProcessor(v),
}


@pytest.mark.parametrize(
    "settings",
    [
        {"repetition": 1.4},
        {"temperature": 0.6},
        {"top_k": 5},
        {"top_p": 0.7},
        {"min_p": 0.1},
        {"repetition": 0.8, "temperature": 1.7, "top_k": 12, "top_p": 0.9, "min_p": 0.05},
    ],
    ids=str,
)
def test_taste_is_that_of_transformers(settings):
    transformers = pytest.importorskip("transformers")
    logits, said = 3 * noise(4, 50), torch.randint(50, (4, 9), generator=torch.Generator().manual_seed(1))
    seen = torch.zeros(4, 50, dtype=torch.bool).scatter_(1, said, True)
    expected = logits
    for name, value in settings.items():
        expected = PROCESSORS[name](transformers, value)(said, expected)
    chance, order = Taste(**settings).bend(logits, seen)
    whole = torch.zeros(4, 50).scatter_(1, order, chance)
    torch.testing.assert_close(whole, expected.softmax(-1), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "settings",
    [{"temperature": -1}, {"temperature": float("nan")}, {"top_k": -1}, {"top_p": 1.1}, {"min_p": -0.1},
     {"repetition": 0}],
    ids=str,
)  # fmt: skip
def test_no_taste_without_sense(settings):
    with pytest.raises(ValueError):
        Taste(**settings)


def test_extremes_of_taste_are_the_likeliest(model):
    greedy = texts(write(model, PROMPT, 0, 2, 9, Taste(temperature=0)))
    for taste in (Taste(top_k=1), Taste(top_p=0), Taste(min_p=1), Taste(temperature=1e-4)):
        assert torch.equal(texts(write(model, PROMPT, 0, 2, 9, taste)), greedy)


# Beams


@pytest.mark.parametrize("width", [1, 4])
def test_beams_are_those_of_transformers(width):
    transformers = pytest.importorskip("transformers")
    ours = gpt()
    peer = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=19, n_positions=12, n_embd=16, n_layer=2, n_head=2)
    ).eval()
    peer.transformer.load_state_dict(ours.state_dict())
    expected = peer.generate(
        torch.tensor([PROMPT]), attention_mask=torch.ones(1, 3), max_new_tokens=8, num_beams=width,
        num_return_sequences=width, do_sample=False, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    *_, found = beam(ours, PROMPT, width, length=8)
    assert torch.equal(found.tokens, expected[:, 3:])


def test_beams_know_their_score_and_all_that_is_likelier():
    ours = gpt(vocab_size=4)
    *_, found = beam(ours, [1], width=64, length=3)  # 4^3: nothing is dropped
    everything = torch.cartesian_prod(*[torch.arange(4)] * 3)
    log_probs = ours.logits(torch.cat((torch.ones(64, 1, dtype=torch.long), everything), 1)).log_softmax(-1)
    total = log_probs[:, :3].gather(2, everything[..., None]).sum((1, 2))
    expected, order = total.sort(descending=True)
    torch.testing.assert_close(found.log_prob, expected, atol=1e-4, rtol=0)
    assert torch.equal(found.tokens[:5], everything[order[:5]])


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_beam_that_ended_stays_as_it_is(model, penalty):
    stop = frozenset([2, 6, 11])
    steps = list(beam(model, PROMPT, 3, 20, stop, penalty=penalty))
    slow = list(beam(model, PROMPT, 3, 20, stop, penalty=penalty, naive=True))
    assert torch.equal(steps[-1].tokens, slow[-1].tokens)
    for step in steps:
        assert (step.score.diff() <= 0).all()
        for text, log_prob, done in zip(step.tokens.tolist(), step.log_prob, step.done, strict=True):
            end = next((i for i, t in enumerate(text) if t in stop), len(text) - 1)
            assert bool(done) == (text[end] in stop) and set(text[end:]) == {text[end]}
            context = torch.tensor([PROMPT + text[:end]])
            if context.shape[1] <= 12:
                each = model.logits(context)[0, 2:].log_softmax(-1)
                total = each.gather(1, torch.tensor(text[: end + 1])[:, None]).sum()
                torch.testing.assert_close(log_prob, total, atol=1e-4, rtol=0)


# Surprise


def test_surprise_is_what_writing_says(model):
    for n in (0, 1, 11, 12, 13, 18, 19, 40):
        steps = list(write(model, [], seed=1, count=1, length=n, end=4))
        tokens = [int(step.token) for step in steps]
        expected = torch.tensor([-float(s.log_probs[0, t]) for s, t in zip(steps, tokens, strict=True)])
        torch.testing.assert_close(surprise(model, tokens, end=4), expected, atol=1e-4, rtol=0)


def test_surprise_of_a_long_text_comes_in_parts(model, monkeypatch):
    tokens = torch.randint(19, (50,), generator=torch.Generator().manual_seed(0)).tolist()
    whole = surprise(model, tokens)
    monkeypatch.setattr("genmodels.text.writing.CHUNK", 5)
    parts = list(surprises(model, tokens))
    assert len(parts) > 10 and max(map(len, parts)) <= 5
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-4, rtol=0)
