"""The Transformer: against transformers, its attention, its memory, the number words that it learnt."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from genmodels.data import numerals
from genmodels.hub import WEIGHTS
from genmodels.text import encdec
from genmodels.text.seq2seq import Seq2Seq, Seq2SeqConfig, waves
from genmodels.text.writing import Taste, beam, write

SMALL = Seq2SeqConfig(vocab_size=23, d_model=16, layers=2, heads=2, d_ff=24)
NAME = "transformer-numbers"


def ids(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(4, 23, shape, generator=torch.Generator().manual_seed(seed))


def stir(module: torch.nn.Module) -> torch.nn.Module:
    """Weights far enough from zero that everything matters, the same for the same shapes."""
    for i, p in enumerate(p for p in module.parameters() if p.requires_grad):
        noise = torch.randn(*p.shape, generator=torch.Generator().manual_seed(i))
        p.data = noise if p.ndim == 1 else 0.3 * noise
    return module.eval().requires_grad_(False)


@pytest.fixture
def model() -> Seq2Seq:
    return stir(Seq2Seq(SMALL))


def source_of_two() -> torch.Tensor:
    source = ids(2, 6)
    source[1, 4:] = 0  # the second is shorter
    return source


# transformers


def peer() -> torch.nn.Module:
    transformers = pytest.importorskip("transformers")
    config = transformers.MarianConfig(
        vocab_size=23, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, activation_function="relu",
        scale_embedding=True, pad_token_id=0, eos_token_id=1, decoder_start_token_id=3,
        forced_eos_token_id=None, max_position_embeddings=32, attn_implementation="eager",
    )  # fmt: skip
    return stir(transformers.MarianMTModel(config))


def ours(theirs: torch.nn.Module) -> Seq2Seq:
    state = {k.removeprefix("model."): v for k, v in theirs.state_dict().items()}
    beside = ("embed_positions", "embed_tokens", "lm_head", "final_logits_bias")
    model = Seq2Seq(SMALL)
    model.load_state_dict({k: v for k, v in state.items() if not any(b in k for b in beside)})
    return model.eval().requires_grad_(False)


@torch.no_grad()
def test_it_equals_transformers():
    theirs, source, target = peer(), source_of_two(), ids(2, 5, seed=1)
    model = ours(theirs)
    expected = theirs(source, attention_mask=source != 0, decoder_input_ids=target, output_attentions=True)
    torch.testing.assert_close(encdec.logits(model, source, target), expected.logits, atol=1e-4, rtol=0)
    seen = encdec.look(model, source[:1], target[:1])
    for found, theirs_ in (
        (seen.encoder, expected.encoder_attentions),
        (seen.decoder, expected.decoder_attentions),
        (seen.cross, expected.cross_attentions),
    ):
        torch.testing.assert_close(
            torch.stack(found), torch.stack([w[0] for w in theirs_]), atol=1e-5, rtol=0
        )


@torch.no_grad()
def test_it_writes_what_transformers_generates():
    theirs, source = peer(), source_of_two()
    expected = theirs.generate(
        source, attention_mask=source != 0, max_new_tokens=8, do_sample=False, num_beams=1
    )
    written = encdec.greedy(ours(theirs), source, 8)
    assert torch.equal(written, expected[:, 1 : 1 + written.shape[1]])


# Attention and memory


def test_positions_are_the_paper_s():
    table = waves(3, 2, 8)
    for k in range(4):
        for row, position in enumerate((3, 4)):
            angle = position / 10000 ** (2 * k / 8)
            assert table[row, k].item() == pytest.approx(np.sin(angle), abs=1e-6)
            assert table[row, 4 + k].item() == pytest.approx(np.cos(angle), abs=1e-6)


@torch.no_grad()
def test_step_by_step_is_all_at_once(model):
    source, target = source_of_two(), ids(2, 5, seed=1)
    memory = model.remember(model.encode(source)[0], source)
    parts = [model.decode(part, memory).logits for part in target.split([1, 3, 1], 1)]
    torch.testing.assert_close(torch.cat(parts, 1), encdec.logits(model, source, target), atol=1e-5, rtol=0)


@torch.no_grad()
def test_padding_changes_nothing_and_the_target_sees_only_what_is_written(model):
    source, target = source_of_two(), ids(2, 5, seed=1)
    alone = encdec.logits(model, source[1:, :4], target[1:])
    torch.testing.assert_close(encdec.logits(model, source, target)[1:], alone, atol=1e-5, rtol=0)
    changed = target.clone()
    changed[:, 3] = (changed[:, 3] + 1) % 23
    before, after = (encdec.logits(model, source, t) for t in (target, changed))
    differs = (before - after).abs().amax((0, 2))
    assert (differs[:3] == 0).all() and (differs[3:] > 1e-4).all()
    moved = source.clone()
    moved[0, 5] = 4 + (moved[0, 5] - 3) % 19  # the last word of the source: the first of the target knows
    assert (encdec.logits(model, moved, target)[0, 0] - before[0, 0]).abs().max() > 1e-4


@torch.no_grad()
def test_a_memory_can_be_taken_apart(model):
    given = encdec.Given(model, ids(1, 6))
    prompt = ids(3, 2, seed=2)
    memory = given.begin(3, 8)
    given.feed(prompt, memory)
    rows = torch.tensor([2, 0, 0])
    found = given.feed(ids(3, 1, seed=3), memory.take(rows))
    expected = given.logits(torch.cat([prompt[rows], ids(3, 1, seed=3)], 1))
    torch.testing.assert_close(found, expected[:, -1:], atol=1e-5, rtol=0)


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_with_and_without_a_memory_it_writes_the_same(model, temperature):
    given, stop = encdec.Given(model, ids(1, 6)), frozenset({1})
    fast, slow = (
        [
            step.token
            for step in write(given, [3], 5, 4, 12, Taste(temperature=temperature), stop, naive=naive)
        ]
        for naive in (False, True)
    )
    assert torch.equal(torch.stack(fast), torch.stack(slow))
    best, plain = (list(beam(given, [3], 3, 8, stop, naive=naive))[-1] for naive in (False, True))
    assert torch.equal(best.tokens, plain.tokens)
    torch.testing.assert_close(best.log_prob, plain.log_prob, atol=1e-4, rtol=0)


@torch.no_grad()
def test_ours_is_saved_and_read(model, tmp_path):
    model.save_pretrained(tmp_path, torch.float32)
    again = Seq2Seq.from_pretrained(tmp_path)
    source, target = source_of_two(), ids(2, 5, seed=1)
    assert torch.equal(encdec.logits(again, source, target), encdec.logits(model, source, target))


# Number words


@pytest.mark.parametrize(
    "n, english, spanish",
    [
        (0, "zero", "cero"),
        (16, "sixteen", "dieciséis"),
        (21, "twenty-one", "veintiuno"),
        (22, "twenty-two", "veintidós"),
        (31, "thirty-one", "treinta y uno"),
        (100, "one hundred", "cien"),
        (101, "one hundred one", "ciento uno"),
        (555, "five hundred fifty-five", "quinientos cincuenta y cinco"),
        (1000, "one thousand", "mil"),
        (1001, "one thousand one", "mil uno"),
        (21000, "twenty-one thousand", "veintiún mil"),
        (31021, "thirty-one thousand twenty-one", "treinta y un mil veintiuno"),
        (100000, "one hundred thousand", "cien mil"),
        (101700, "one hundred one thousand seven hundred", "ciento un mil setecientos"),
        (
            999999,
            "nine hundred ninety-nine thousand nine hundred ninety-nine",
            "novecientos noventa y nueve mil novecientos noventa y nueve",
        ),
    ],
)
def test_number_words(n, english, spanish):
    assert numerals.english(n) == english and numerals.spanish(n) == spanish


def test_every_number_reads_back_and_no_two_are_alike():
    for form in numerals.FORMS:
        numbers = [*range(2100), *range(2100, 10**6, 997), 10**6 - 1]
        written = [numerals.write(n, form) for n in numbers]
        assert [numerals.read(w, form) for w in written] == numbers and len(set(written)) == len(numbers)
    with pytest.raises(ValueError, match="999999"):
        numerals.spanish(10**6)


@pytest.mark.parametrize(
    "text", ["uno mil", "veintiuno mil", "veinte y dos", "treinta uno", "cien uno", "mil mil", "cero mil", ""]
)
def test_what_is_no_number_is_not_read(text):
    assert numerals.read(text, "spanish") is None
    assert numerals.read("007", "digits") is None and numerals.read("²", "digits") is None


def test_spoilt_numbers_are_none_and_held_out_ones_are_not_drawn():
    rng = np.random.default_rng(0)
    for form in ("english", "spanish"):
        assert all(
            numerals.read(numerals.spoilt(numerals.write(numerals.draw(rng), form), form, rng), form) is None
            for _ in range(200)
        )
    assert not any(numerals.held_out(numerals.draw(rng)) for _ in range(2000))
    assert all(numerals.held_out(numerals.draw(rng, held=True)) for _ in range(200))
    assert 0.049 < sum(map(numerals.held_out, range(10**6))) / 10**6 < 0.051


# Ours


@pytest.mark.skipif(not (WEIGHTS / NAME).is_dir(), reason=f"{NAME} is not bundled")
@torch.no_grad()
def test_the_bundled_checkpoint_is_as_golden():
    model, golden = Seq2Seq.from_pretrained(NAME), load_file(WEIGHTS / NAME / "golden.safetensors")
    memory = model.remember(model.encode(golden["source"])[0], golden["source"])
    heard = model.decode(golden["target"], memory)
    torch.testing.assert_close(heard.logits, golden["logits"], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(heard.cross[0], golden["cross"], atol=1e-3, rtol=1e-3)
    measures = json.loads((WEIGHTS / NAME / "metrics.json").read_text())["measures"]
    assert measures["exact_english_spanish"] > 0.97 and measures["exact_digits_spanish"] > 0.97
