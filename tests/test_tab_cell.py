"""The tab of cells: sums that add up, correlations found and checked, gradients that arrive, gaps."""

import math
import re

import gradio as gr
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from demos.cell import both, gates, hold, memory, reach, step, strips, unit
from demos.cell.source import MOST, RECIPE, SENTENCE, TABLE, expected, read
from demos.kit import texts
from genmodels import hub
from genmodels.lab.room import ROOM
from genmodels.text.checkpoints import BIRNN, RNN
from genmodels.text.reach import reach as measured
from genmodels.text.reach import slopes
from genmodels.text.recall import Recall
from genmodels.text.rnn import RNN as Recurrent
from genmodels.text.rnn import BiRNN, Nailed, RNNConfig

NAMES = [c.name for c in TABLE]
ODD = ["", "\x00\x07 tab\t", "مرحبا بالعالم", "🍳" * 40, "x" * 2000]


def last(steps):
    *_, end = steps
    return end


# ------------------------------------------------------------------------------ the models that ship


@pytest.mark.parametrize("name", [c.name for c in (*RNN, *BIRNN)])
def test_what_ships_says_what_it_said(name):
    folder = hub.WEIGHTS / name
    model = (BiRNN if name in {c.name for c in BIRNN} else Recurrent).from_pretrained(name)
    golden = load_file(folder / "golden.safetensors")
    found = model.logits(golden["x"])[:, ::4, ::8]
    torch.testing.assert_close(found, golden["logits"], atol=1e-3, rtol=1e-3)
    assert texts.tokenizer(name).size == model.config.vocab_size
    assert (folder / "model.safetensors").stat().st_size < 1.1e6


def test_models_of_one_text_share_their_tokens():
    files = {
        n: (hub.WEIGHTS / n / "tokenizer.json").read_text() for n in (*NAMES, "birnn-recipes", "gpt-recipes")
    }
    assert len({v for n, v in files.items() if n != "lstm-recipes"}) == 1


# ------------------------------------------------------------------------------ reading


@pytest.mark.parametrize("name", NAMES)
def test_the_strips_are_what_the_model_did(name):
    with texts.use(name) as writer:
        found = read(writer, SENTENCE)
        rows = dict(gates.arrays(found.seen.gates[0]))
        assert set(rows) == set(found.seen.gates[0])
        hidden = found.seen.gates[0]["hidden"]
        assert rows["hidden"].shape == hidden.T.shape and all(len(v) == len(hidden.T) for v in rows.values())
        if "forget" in rows:  # the longest-keeping units at the top
            kept = rows["forget"].mean(1)
            assert (np.diff(kept) <= 1e-6).all()
    steps = list(gates.gates(name, SENTENCE, 2, "en"))
    assert len(steps) == gates.FRAMES and steps[0][0].count("<image") == len(rows)


def test_the_surprise_of_a_token_is_minus_the_log_of_its_chance():
    with texts.use("gru-recipes") as writer:
        found = read(writer, SENTENCE)
        logits = writer.model.logits(torch.tensor([found.ids]))[0].double().softmax(-1)
        bits = [-math.log2(logits[k - 1, found.ids[k]]) for k in range(1, len(found.ids))]
        assert found.mean() == pytest.approx(sum(bits) / len(bits), abs=1e-4)
        page = expected(writer, found, "en", len(found.ids))
    assert page.count("<tr>") == len(found.ids) + 1 and page.count("<i ") == 5 * len(found.ids)


@pytest.mark.parametrize("words", ODD, ids=("empty", "control", "arabic", "emoji", "long"))
def test_any_text_can_be_read(words):
    for name in ("lstm-recipes", "rnn-recipes"):
        page, table, _ = last(gates.gates(name, words, 1, "es"))
        plain = re.sub(r"base64,[^']*", "", page)  # where three letters may stand by chance
        assert "<script" not in page + table and "nan" not in plain
        last(step.step(name, words, MOST - 1, 127, "en"))
    if words:
        last(both.both(words, 5, "en"))


def test_what_a_visitor_types_is_escaped():
    found = last(both.both("<script>alert(1)</script> & salt and pepper", 6, "en"))
    assert "<script" not in found[0] + found[1] and "&amp;" in found[0]


# ------------------------------------------------------------------------------ one step


@pytest.mark.parametrize("name", NAMES)
def test_the_sums_of_a_step_add_up_to_the_gates(name):
    with texts.use(name) as writer:
        found, layer = read(writer, SENTENCE), writer.model.layers[-1]
        for at, unit_ in ((0, 3), (9, 5)):
            for s in step.anatomy(layer, found.seen.hidden[-2], found.seen.gates[-1], at, unit_):
                total = torch.tensor(s.word + s.state + s.bias)
                curve = torch.tanh if s.name in ("candidate", "hidden") else torch.sigmoid
                assert curve(total).item() == pytest.approx(s.value, abs=1e-4), s.name


def test_the_equation_shows_this_step_s_numbers():
    _, inside, _ = last(step.step("lstm-recipes", SENTENCE, 9, 5, "en"))
    (line,) = re.findall(r"Cₜ = f · Cₜ₋₁ \+ i · C̃ = (.*?)</p>", inside)
    f, c, i, g, new = (float(v.replace("−", "-")) for v in re.findall(r"[−\d.]+(?:e[−\d]+)?", line))
    assert f * c + i * g == pytest.approx(new, abs=0.02)


# ------------------------------------------------------------------------------ units


def test_features_are_true_of_a_text():
    assert unit.bracket("- 2 onions (lar") and not unit.bracket("- 2 onions (large)")
    assert unit.bracket("(never closed\n") == 0
    assert unit.heading("# So") and not unit.heading("# Soup\n")
    assert unit.item("\n- 2") and unit.digit("a 2") and not unit.digit("a ")
    assert unit.directions("## Ingredients\n## Directions\n1") and not unit.directions(
        "## Directions\n## Ingredients"
    )
    assert unit.column("x\n" + "a" * 60) == 0.5


def test_a_planted_unit_is_found_and_noise_is_not_believed():
    generator = torch.Generator().manual_seed(0)
    truth = (torch.rand(400, generator=generator) > 0.7).float()
    states = torch.randn(400, 50, generator=generator)
    states[:, 17] = -2 * truth + 0.3 * torch.randn(400, generator=generator)
    states[:, 20] = 1.0
    found = unit.correlation(states, truth)
    assert found.abs().argmax() == 17 and found[17] < -0.9 and found[20] == 0
    expected_ = np.corrcoef(states[:, 3].numpy(), truth.numpy())[0, 1]
    assert found[3].item() == pytest.approx(expected_, abs=1e-5)


def test_the_search_chooses_on_one_half_and_checks_on_the_other():
    with texts.use("gru-recipes") as writer:
        ids = [writer.tokens.end, *writer.tokens.encode(RECIPE)]
        same = unit.search(writer, [ids] * unit.COUNT, "item")
        assert all(f.chosen == pytest.approx(f.checked, abs=1e-5) for f in same)
        assert abs(same[0].chosen) >= abs(same[-1].chosen) > 0
        labels = unit.labels(writer, ids, "heading")
        assert len(labels) == len(ids) and 0 < sum(labels) < len(ids)


# ------------------------------------------------------------------------------ gradients and memory


def test_slopes_are_autograd_s_and_leave_no_trace():
    """Of a GRU whose embeddings are taken as numbers of their own: finite differences."""
    torch.manual_seed(0)
    model = Recurrent(RNNConfig(11, 4, 6, 1, "gru")).double().eval().requires_grad_(False)
    x = torch.randint(11, (1, 9))
    (found,) = slopes(model, model.embed, x, [8])
    e, eps = model.embed(x), 1e-6

    def says(e: torch.Tensor) -> float:
        h, _ = model.layers[0](e, model.layers[0].start(1))
        return model.head(h, model.embed.weight)[0, 7].log_softmax(-1)[x[0, 8]].item()

    for back in (0, 3, 7):
        grad = []
        for k in range(4):
            moved = e.clone()
            moved[0, 7 - back, k] += eps
            grad.append((says(moved) - says(e)) / eps)
        assert found[back].item() == pytest.approx(np.linalg.norm(grad), rel=1e-3)
    assert not model.embed._forward_hooks and found.shape == (8,)


def test_the_gradient_of_a_plain_cell_vanishes_untrained_and_explodes_with_large_weights():
    def back(gain: float) -> dict[str, float]:
        found = {}
        for name in reach.MODELS:
            with texts.use(name) as writer:
                model = reach.fresh(writer.model, gain, 1)
                ids = torch.tensor([[0, *writer.tokens.encode(RECIPE)][:90]])
                found[name] = measured(model, reach.table_of(model), ids, 41, [60, 75, 89])[40].item()
        return found

    plain, large = back(1.0), back(4.0)
    assert plain["rnn-recipes"] < 1e-6 < 1e-4 < plain["stacked-recipes"] and large["rnn-recipes"] > 10
    assert plain["gpt-recipes"] > 1e-3


def test_a_short_text_is_refused_with_its_reason():
    with pytest.raises(gr.Error, match="24"):
        last(reach.reach("salt", True, 1.0, 1, "en"))
    with pytest.raises(gr.Error):
        last(both.both("", 4, "en"))


def test_the_lstm_learns_to_remember_and_the_plain_cell_does_not():
    right = {}
    for cell in ("rnn", "lstm"):
        student, again = Recall(cell, 20, 24, 4.0, 1), Recall(cell, 20, 24, 4.0, 1)
        for _ in range(3):
            student.learn()
            again.learn()
        assert student.right == again.right
        for _ in range(77):
            student.learn()
        right[cell] = student.tested(20)
    assert right["lstm"] > 0.6 and right["rnn"] < 0.45


def test_training_in_the_tab_ends_and_leaves_the_room(monkeypatch):
    monkeypatch.setattr(memory, "STEPS", 16)
    steps = list(memory.memory(4, 8, 3.0, 1, "en", "someone"))
    page, table, numbers = steps[-1]
    assert numbers == {"step": memory.STEPS} and table.count("<tr>") == 4 and "%" in table
    assert ROOM.running() == 0
    running = memory.memory(4, 8, 3.0, 1, "en", "someone")
    next(running)
    running.close()
    assert ROOM.running() == 0


# ------------------------------------------------------------------------------ nails, gaps


def test_every_nail_is_a_gate_of_its_model_and_changes_what_it_says():
    for nail in hold.NAILS:
        name, held = hold.taken(nail)
        with texts.use(name) as writer:
            (gate,) = held
            assert gate in writer.model.layers[0].names
            whole, nailed = (
                hold.cost(writer, m, SENTENCE) for m in (writer.model, Nailed(writer.model, held))
            )
            assert abs(whole - nailed) > 1e-4, nail


def test_a_hidden_right_side_tells_nothing():
    with texts.use(both.WRITER) as left:
        ids = [left.tokens.end, *left.tokens.encode(both.TEXT)]
    filler = BiRNN.from_pretrained(both.FILLER)
    x = torch.tensor([ids])
    one, other = both.hidden(filler, x), x.clone()
    other[0, 9:] = 7
    assert torch.allclose(both.hidden(filler, other)[:9], one[:9], atol=1e-5)
    seen = x[:, :].clone()
    seen[0, 5:] = filler.blank
    torch.testing.assert_close(filler.logits(seen)[0, 5], one[5], atol=1e-4, rtol=0)


def test_a_strip_is_a_picture_of_its_numbers():
    import base64
    from io import BytesIO

    from PIL import Image

    data = strips.picture(np.array([[1.0, -1.0, 0.0, 0.5]])).partition(",")[2]
    page = np.array(Image.open(BytesIO(base64.b64decode(data))))
    assert page.shape == (1, 4, 4) and page[0, :, 3].tolist() == [255, 255, 0, 128]
    assert tuple(page[0, 0, :3]) == strips.PLUS and tuple(page[0, 1, :3]) == strips.MINUS


@pytest.mark.browser
def test_the_page_reads_a_sentence_on_a_phone(app, chromium):
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    errors: list[str] = []
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/cell?view=gates")  # which runs it
    page.wait_for_selector("#tab-cell .result .strips image", timeout=60_000)
    page.wait_for_selector("#tab-cell .result .expects tbody td", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390  # strips scroll by themselves
    assert errors == []
    page.context.close()
