"""Counting characters: chances are those of the formula, whole, the same when fed in pieces; byte pairs."""

import json
import math
from collections import Counter

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from genmodels import hub
from genmodels.errors import Problem
from genmodels.text import checkpoints
from genmodels.text.ngram import NGram, NGramConfig, pack, unpack
from genmodels.text.pairs import Pairs, joined
from genmodels.text.tokens import Tokenizer
from genmodels.text.vocabulary import first, learn
from genmodels.text.writing import surprise, write

TEXT = ["la casa blanca y la casa roja", "la barca de la playa", "el sol y la luna", "la sal"]


@pytest.fixture(scope="module")
def model() -> NGram:
    return NGram.of(TEXT, order=3)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_chances_of_all_characters_sum_to_one_after_anything(model, order):
    """After what was seen, after what never was, at the beginning, after what isn't in the alphabet."""
    counts = model.shorter(order)
    for words in ("", "la ca", "zzz", "xq", "aaaaaa", "la casa"):
        tokens = torch.from_numpy(counts.tokens(words)).view(1, -1)
        chance = counts.logits(torch.cat([torch.zeros(1, 1, dtype=torch.long), tokens], 1)).double().exp()
        assert torch.allclose(chance.sum(-1), torch.ones(1, chance.shape[1], dtype=torch.float64), atol=1e-6)
        assert (chance > 0).all()


def test_two_characters_by_hand():
    """p(b | a) of the text "abab", with the discounts, the shorter order and the even rest written out."""
    model = NGram.of(["ababac"], order=2)
    size, (low, high) = model.config.vocab_size, model.counted
    end, a, b, c = 0, 2, 3, 4
    pairs = Counter([(end, a), (a, b), (b, a), (a, b), (b, a), (a, c), (c, end)])
    after = Counter(pair[1] for pair in pairs)  # after how many different characters each occurs
    kinds = sum(after.values())

    def chance(counts: Counter, total: int, d: np.ndarray, x: object, rest: float) -> float:
        taken = sum(d[min(n, 3)] for n in counts.values())
        n = counts.get(x, 0)
        return (n - d[min(n, 3)]) / total + taken / total * rest if n else taken / total * rest

    single = {x: chance(after, kinds, low.discounts, x, 1 / size) for x in range(size)}
    of_a = Counter({pair[1]: n for pair, n in pairs.items() if pair[0] == a})
    for x in range(size):
        wanted = chance(of_a, 3, high.discounts, x, single[x])
        assert model.chances(np.array(a), np.array(x)) == pytest.approx(wanted, rel=1e-12)


def test_a_shorter_order_counts_neighbours_not_occurrences():
    """Kneser and Ney's own example: what stands often, but always after the same, is not likely elsewhere."""
    text = " ".join(["san francisco"] * 30 + [f"{x}e" for x in "bcdfghjklmnpqrstv"])
    low = NGram.of([text], order=2)
    fresh = low.tokens("z")[0]  # never seen, so only the shorter order speaks
    e, f = (low.chances(np.array(fresh), low.tokens(x)[0]) for x in "ef")
    assert text.count("f") > text.count("e") and e > 3 * f


def test_it_foretells_better_the_more_it_sees_and_never_for_nothing(model):
    text, held_out = TEXT[0], "la casa de la luna"
    nats = [model.shorter(k).nats(text).sum() for k in (1, 2, 3)]
    assert nats[0] > nats[1] > nats[2]
    assert model.nats(held_out).sum() < math.log(model.config.vocab_size) * (len(held_out) + 1)
    assert np.isfinite(model.nats("日本語")).all()


def test_read_at_once_in_pieces_and_by_rows_is_the_same(model):
    tokens = torch.from_numpy(np.stack([model.tokens(x[:12]) for x in TEXT[:2]]))
    whole, memory = model.logits(tokens), model.begin(2, 12)
    parts = torch.cat([model.feed(x, memory) for x in tokens.split([1, 4, 7], 1)], 1)
    assert torch.equal(whole, parts) and whole.shape == (2, 12, model.config.vocab_size)
    again = memory.take(torch.tensor([1, 1, 0]))
    assert np.array_equal(again.tokens, memory.tokens[[1, 1, 0]])
    nats = surprise(model, model.tokens(TEXT[0]).tolist())
    assert torch.allclose(nats.double(), torch.from_numpy(model.nats(TEXT[0])[:-1]), atol=1e-5)


def test_with_and_without_a_memory_it_writes_the_same(model):
    prompt = model.tokens("la ").tolist()
    a, b = ([int(s.token) for s in write(model, prompt, 5, 1, 40, naive=n)] for n in (False, True))
    assert a == b and len(a) == 40


def test_it_is_stored_as_its_counts_and_comes_back(model, tmp_path):
    model.save_pretrained(tmp_path)
    again = NGram.from_pretrained(tmp_path)
    assert np.array_equal(again.nats("la casa"), model.nats("la casa"))
    state = load_file(tmp_path / "model.safetensors")
    save_file(state | {"counts": state["counts"] | 128}, tmp_path / "model.safetensors")  # no number ends
    with pytest.raises(Problem):
        NGram.from_pretrained(tmp_path).nats("la")


@pytest.mark.parametrize("order", [1, 2])
def test_a_shorter_one_is_that_of_the_same_text(model, order):
    fresh = NGram.of(TEXT, order)
    assert np.allclose(
        model.shorter(order).nats("la playa blanca"), fresh.nats("la playa blanca"), atol=1e-12
    )
    with pytest.raises(ValueError, match="order 4"):
        model.shorter(4)


def test_numbers_come_back_from_their_bytes():
    numbers = np.array([0, 1, 127, 128, 300, 2**35, 2**62])
    assert np.array_equal(unpack(pack(numbers)), numbers) and len(pack(numbers[:3])) == 3


@pytest.mark.parametrize("order", [0, 60])
def test_grams_that_no_number_holds_are_refused(order):
    with pytest.raises(Problem):
        NGram(NGramConfig("abc", (4, 4), order))


@pytest.mark.parametrize("name", [c.name for c in checkpoints.NGRAM])
def test_what_ships_loads_answers_as_it_did_and_knows_its_letters(name):
    model, golden = NGram.from_pretrained(name), load_file(hub.WEIGHTS / name / "golden.safetensors")
    assert torch.allclose(model.logits(golden["tokens"]), golden["logits"], atol=1e-5)
    made = Tokenizer.of(name)
    words = "En la casa"
    assert made.encode(words) == model.tokens(words).tolist() and made.decode(made.encode(words)) == words
    facts = json.loads((hub.WEIGHTS / name / "metrics.json").read_text())
    assert facts["anchors"]["5-gram"] <= facts["measures"]["bits_per_char"] + 1e-3


# ------------------------------------------------------------------------------------------ byte pairs

SONG = "tres tristes tigres tragaban trigo en un trigal, en tres tristes trastos 👩‍🚀 tragaban trigo\n" * 3


def test_every_merge_takes_the_commonest_pair_and_counts_it_away():
    pairs = Pairs(SONG)
    tokens, counts = pairs.tokens, []
    assert tokens == len(SONG.encode())
    for step in pairs.learn(60):
        assert step.count == max(n for _, n in step.next) and step.count > 1
        assert step.tokens == len(pairs.spell(SONG))
        assert tokens - step.tokens <= step.count  # a row of the same, as in aaa, holds fewer than it counts
        tokens = step.tokens
        counts.append(step.count)
    assert counts == sorted(counts, reverse=True) and b"".join(pairs.spell(SONG)) == SONG.encode()


def test_counts_stay_those_of_the_text_as_it_is_cut():
    pairs = Pairs(SONG)
    list(pairs.learn(25))
    fresh: Counter = Counter()
    for word, many in pairs.words.items():
        row = pairs.cut[word]
        for pair in zip(row, row[1:], strict=False):
            fresh[pair] += many
    assert +pairs.counts == fresh


def test_a_pair_of_the_same_is_merged_from_the_left():
    assert joined([b"a"] * 5, (b"a", b"a")) == [b"aa", b"aa", b"a"]
    assert joined([b"a", b"b", b"a", b"b", b"c"], (b"a", b"b")) == [b"ab", b"ab", b"c"]


def test_nothing_stands_twice_and_nothing_is_learnt():
    assert list(Pairs("abc").learn(10)) == [] and list(Pairs("").learn(10)) == []


def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one():
    large = learn(SONG, 330)
    for size in (256, 290, 330):
        short, own = first(large, size), learn(SONG, size)
        assert short.size == own.size == min(size, large.size)
        assert short.encode(SONG) == own.encode(SONG) and short.decode(short.encode(SONG)) == SONG
