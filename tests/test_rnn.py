"""Recurrent language models against their formulas, torch's layers, the book's counts, and themselves."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from genmodels.errors import Problem
from genmodels.text.rnn import CELLS, RNN, BiRNN, GRUCell, LSTMCell, RNNConfig
from genmodels.text.writing import Taste, beam, surprise, write
from training import text_rnn

SMALL = RNNConfig(vocab_size=17, embedding=6, hidden=8, layers=1, tied=True, context=12)
BOOK = RNNConfig()


def small(cell: str = "lstm", **more: object) -> RNN:
    torch.manual_seed(0)
    model = RNN(replace(SMALL, cell=cell, **more)).eval().requires_grad_(False)
    for p in model.parameters():
        p.mul_(3)  # far from linear
    return model


def tokens(*shape: int) -> Tensor:
    return torch.randint(17, shape, generator=torch.Generator().manual_seed(1))


def counts(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


# Against torch and the formulas


def into_torch(cell: str, kind: type[nn.RNNBase]) -> tuple[RNN, nn.RNNBase]:
    model = small(cell, layers=2)
    theirs = kind(6, 8, num_layers=2, batch_first=True)
    with torch.no_grad():
        for k, layer in enumerate(model.layers):
            getattr(theirs, f"weight_ih_l{k}").copy_(layer.weight_ih)
            getattr(theirs, f"weight_hh_l{k}").copy_(layer.weight_hh)
            getattr(theirs, f"bias_ih_l{k}").copy_(layer.bias)
            getattr(theirs, f"bias_hh_l{k}").zero_()
    return model, theirs


@torch.no_grad()
@pytest.mark.parametrize(("cell", "kind"), [("rnn", nn.RNN), ("lstm", nn.LSTM)])
def test_two_layers_equal_those_of_torch(cell, kind):
    model, theirs = into_torch(cell, kind)
    x = tokens(1, 30)
    expected, _ = theirs(model.embed(x))
    torch.testing.assert_close(model.look(x).hidden[-1], expected[0], atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_gru_is_that_of_the_paper():
    torch.manual_seed(0)
    cell = GRUCell(3, 4)
    x, h = torch.randn(1, 3), torch.randn(1, 4)
    (wr, wz, w), (ur, uz, u) = cell.weight_ih.chunk(3), cell.weight_hh.chunk(3)
    r, z = torch.sigmoid(x @ wr.T + h @ ur.T), torch.sigmoid(x @ wz.T + h @ uz.T)
    expected = (1 - z) * h + z * torch.tanh(x @ w.T + (r * h) @ u.T)
    (new,), _ = cell.step(cell.inputs(x), (h,))
    torch.testing.assert_close(new, expected)


@torch.no_grad()
def test_torchs_gru_has_one_minus_z_and_resets_after_the_product():
    """With z the other way round they agree where nothing is reset (r = 1), and nowhere else."""
    torch.manual_seed(0)
    cell, theirs = GRUCell(3, 4), nn.GRUCell(3, 4)
    flip = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(4)
    theirs.weight_ih.copy_(cell.weight_ih * flip[:, None])
    theirs.weight_hh.copy_(cell.weight_hh * flip[:, None])
    theirs.bias_hh.zero_()
    x, h = torch.randn(5, 3), torch.randn(5, 4)
    for bias, agree in ((50.0, True), (0.0, False)):
        cell.bias[:4] = bias
        theirs.bias_ih.copy_(cell.bias * flip)
        (new,), _ = cell.step(cell.inputs(x), (h,))
        assert torch.allclose(new, theirs(x, h), atol=1e-6) is agree


@torch.no_grad()
def test_nailed_gates_do_what_the_formula_says():
    cell = LSTMCell(3, 4)
    x, state = torch.randn(2, 3), (torch.randn(2, 4), torch.randn(2, 4))
    a = cell.inputs(x)
    (_, c), _ = cell.step(a, state, {"forget": 1.0, "input": 0.0})
    assert torch.equal(c, state[1])  # kept, and nothing let in
    (_, c), (i, _, g, _) = cell.step(a, state, {"forget": 0.0})
    assert torch.equal(c, i * g)
    (h, _), _ = cell.step(a, state, {"output": 0.0})
    assert not h.any()


def test_parameters_are_those_of_the_book():
    """Section 5: Keras' LSTM has one bias, torch's two."""
    assert counts(LSTMCell(100, 128)) == 117_248 and counts(nn.LSTM(100, 128)) == 117_760
    assert counts(RNN(BOOK)) == 2_407_248
    assert counts(RNN(replace(BOOK, layers=2))) == 2_538_832


# Reading and writing


@torch.no_grad()
@pytest.mark.parametrize("cell", CELLS)
def test_reading_in_parts_is_reading_at_once(cell):
    model, x = small(cell, layers=2), tokens(3, 20)
    memory = model.begin(3, 20)
    parts = torch.cat([model.feed(part, memory) for part in x.split([1, 7, 12], 1)], 1)
    torch.testing.assert_close(parts, model.logits(x), atol=1e-5, rtol=0)
    turned = memory.take(torch.tensor([2, 0]))
    torch.testing.assert_close(model.feed(x[[2, 0], :1], turned), model.feed(x[:, :1], memory)[[2, 0]])


@torch.no_grad()
@pytest.mark.parametrize("cell", CELLS)
def test_the_past_knows_nothing_of_the_future(cell):
    model, x = small(cell), tokens(1, 16)
    other = x.clone()
    other[0, 9] = (x[0, 9] + 1) % 17
    same = (model.logits(x) == model.logits(other)).all(-1)[0]
    assert same[:9].all() and not same[9]


@pytest.mark.parametrize("cell", CELLS)
def test_it_writes_the_same_with_and_without_a_memory(cell):
    model, prompt = small(cell, layers=2), [3, 1, 4]
    taste = Taste(temperature=0.8, top_k=9, repetition=1.1)
    with_it, without = (
        torch.stack([s.token for s in write(model, prompt, 7, 3, 40, taste, naive=naive)])
        for naive in (False, True)
    )
    assert torch.equal(with_it, without) and len(with_it.unique()) > 3
    best, again = ([*beam(model, prompt, 3, 12, naive=naive)][-1].tokens for naive in (False, True))
    assert torch.equal(best, again)


@torch.no_grad()
def test_surprise_is_that_of_the_logits_however_long_the_text():
    model, x = small("gru"), tokens(700)
    whole = torch.cat([torch.zeros(1, dtype=torch.long), x])[None]
    expected = nn.functional.cross_entropy(model.logits(whole[:, :-1])[0], x, reduction="none")
    torch.testing.assert_close(surprise(model, x.tolist()), expected, atol=1e-4, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("cell", CELLS)
def test_a_look_inside_leads_to_the_same_logits(cell):
    model, x = small(cell, layers=2), tokens(1, 15)
    seen = model.look(x)
    torch.testing.assert_close(model.read(seen.hidden[-1]), model.logits(x)[0], atol=1e-5, rtol=0)
    assert [len(h) for h in seen.hidden] == [15] * 3
    for name in {"input", "forget", "output", "reset", "update"} & set(seen.gates[0]):
        gate = seen.gates[1][name]
        assert gate.min() >= 0 and gate.max() <= 1


def test_dropout_is_for_training_alone():
    model, x = small(dropout=0.5), tokens(2, 9)
    assert torch.equal(model.logits(x), model.logits(x))
    model.train()
    assert not torch.equal(model.logits(x), model.logits(x))


def test_it_comes_back_from_a_folder_and_other_cells_are_refused(tmp_path):
    model = small("gru", layers=2)
    model.save_pretrained(tmp_path, torch.float32)
    again = RNN.from_pretrained(tmp_path)
    assert again.config == model.config
    torch.testing.assert_close(again.logits(tokens(1, 5)), model.logits(tokens(1, 5)))
    with pytest.raises(Problem, match="cell"):
        RNN(replace(SMALL, cell="peephole"))


# Both directions


@torch.no_grad()
def test_a_gap_is_filled_from_both_sides_and_never_from_itself():
    torch.manual_seed(0)
    model, x = BiRNN(SMALL).eval(), tokens(1, 12)
    before = model.logits(x)[0]
    for at in (0, 5, 11):
        other = x.clone()
        other[0, at] = model.blank
        same = (model.logits(other)[0] == before).all(-1)
        assert same[at] and not same[[i for i in range(12) if i != at]].any()
    assert before.shape == (12, 17)  # a gap is read, never said


@torch.no_grad()
def test_the_way_back_is_the_way_ahead_of_the_text_turned_round():
    torch.manual_seed(0)
    model, x = BiRNN(replace(SMALL, tied=False)).eval(), tokens(1, 12)
    expected = model.logits(x).flip(1)
    model.ahead, model.back = model.back, model.ahead
    model.head.weight.copy_(model.head.weight.roll(8, 1))
    torch.testing.assert_close(model.logits(x.flip(1)), expected)


# Made thin


def test_a_table_is_made_thin_where_what_it_is_used_for_feels_it():
    """Six numbers a token, of which two are read and two are said: two are enough, however large the rest."""
    model, row = small(), tokens(400)
    model.head.narrow.weight[2:] = 0
    model.layers[0].weight_ih[:, 2:] = 0
    logits = model.logits(row[None])
    thin = text_rnn.made_thin(deepcopy(model), row, 2)
    assert torch.linalg.matrix_rank(thin.embed.weight, rtol=1e-4) == 2
    assert (thin.logits(row[None]) - logits).abs().max() < 0.02 * logits.std()
    thinner = text_rnn.made_thin(deepcopy(model), row, 1)
    assert (thinner.logits(row[None]) - logits).abs().max() > 0.2 * logits.std()
