"""The tab "inside": what is drawn is what the model computes, and pointing at it asks nobody."""

import base64
import math
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import torch

from demos.inside import board, copies, head, lens, look, mask, positions, source, words
from genmodels.text import cheating, insight
from genmodels.text.gpt import GPT, GPTConfig
from genmodels.text.language import Look
from genmodels.text.llama import Llama, LlamaConfig

FIRST = source.CHECKPOINTS[0].name
OURS = [c.name for c in source.CHECKPOINTS if c.bundled]
ODD = ["", " ", "😀 🧉", "a\x00b\x07", "שלום עולם", "\n\n\n", "\ud800", "x" * 2000]


def last(steps):
    *_, end = steps
    return end


def shaken(model):
    """Weights far enough from nothing that attention is not even."""
    luck = torch.Generator().manual_seed(0)
    for p in model.parameters():
        p.data += 0.15 * torch.randn(p.shape, generator=luck)
    return model.eval().requires_grad_(False)


def gpt(positions_: str = "learned"):
    shape = {"vocab_size": 90, "n_positions": 40, "n_embd": 24, "n_layer": 3, "n_head": 3}
    return shaken(GPT(GPTConfig(**shape, positions=positions_)))


def llama(bias: bool = False):
    shape = {"vocab_size": 90, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 40}
    return shaken(Llama(LlamaConfig(**shape, **heads, tie_word_embeddings=True, qkv_bias=bias)))


MODELS = {
    "learned": gpt,
    "rotary": lambda: gpt("rotary"),
    "llama": llama,
    "qwen": lambda: llama(bias=True),
}


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]()


@pytest.fixture
def ids():
    return torch.randint(90, (1, 17), generator=torch.Generator().manual_seed(3))


# ---------------------------------------------------------------------------- attention, written out


def test_attention_written_out_is_what_the_fast_path_computes(model, ids):
    again, seen = insight.again(model, ids), model.look(ids)
    assert (again.logits - model.logits(ids)[0]).abs().max() < 1e-4
    for mine, theirs in zip(again.attention, seen.attention, strict=True):
        assert (mine - theirs).abs().max() < 1e-5
        assert (mine.sum(-1) - 1).abs().max() < 1e-5
        assert mine.triu(1).abs().max() == 0 and mine.diagonal(0, 1, 2).min() > 0
    for mine, theirs in zip(again.hidden, seen.hidden, strict=True):
        assert (mine - theirs).abs().max() < 1e-4


def test_the_numbers_of_one_head_give_its_weights(model, ids):
    parts, seen = insight.anatomy(model), model.look(ids)
    for layer in range(parts.layers):
        for which in range(parts.heads):
            one = insight.head(model, ids, layer, which)
            scores = one.q @ one.k.T / math.sqrt(one.q.shape[1])
            scores[torch.ones_like(scores).triu(1) == 1] = -math.inf
            assert (scores.softmax(-1) - seen.attention[layer][which]).abs().max() < 1e-5
            assert one.v.shape == one.q.shape and one.word.shape == (17, parts.table.shape[1])


def test_without_the_mask_everybody_sees_everything(model, ids):
    free = insight.again(model, ids, masked=False)
    assert all(a.min() > 0 and (a.sum(-1) - 1).abs().max() < 1e-5 for a in free.attention)
    other = ids.clone()
    other[0, -1] = (ids[0, -1] + 1) % 90  # what comes last changes what is said first, and only then
    assert (insight.again(model, other, masked=False).logits[0] - free.logits[0]).abs().max() > 1e-4
    hidden = [insight.again(model, x).logits[:-1] for x in (ids, other)]
    assert (hidden[0] - hidden[1]).abs().max() < 1e-5


def test_order_is_unseen_without_positions_and_mask_and_seen_with_either(model, ids):
    mixed = positions.shuffled(ids, 5)
    assert sorted(mixed[0].tolist()) == sorted(ids[0].tolist()) and not torch.equal(mixed, ids)
    assert mixed[0, 0] == ids[0, 0] and mixed[0, -1] == ids[0, -1]

    def moved(**how):
        a, b = (insight.again(model, x, **how).logits[-1] for x in (ids, mixed))
        return (a - b).abs().max().item()

    assert moved(masked=False, placed=False) < 1e-4
    assert moved(masked=False, placed=True) > 1e-3
    assert moved(masked=True, placed=False) > 1e-3  # a mask alone tells some of the order
    assert moved() > 1e-3


def test_losses_are_minus_log_of_the_chance_of_what_follows(ids):
    logits = torch.randn(17, 90, generator=torch.Generator().manual_seed(1))
    nats = insight.losses(logits, ids)
    chance = logits.softmax(-1)[torch.arange(16), ids[0, 1:]]
    assert nats.shape == (16,) and torch.allclose(nats, -chance.log(), atol=1e-5)


# ---------------------------------------------------------------------------- heads that copy


def test_heads_that_copy_are_found_where_they_are():
    """Head 0 copies, head 1 looks at the one before, head 2 at itself."""
    length = 9

    def seen(tokens):
        n = tokens.shape[1]
        attention = torch.zeros(3, n, n)
        for i in range(n):
            attention[0, i, i - length + 1 if i >= length else 0] = 1
            attention[1, i, max(0, i - 1)] = 1
            attention[2, i, i] = 1
        right = torch.full((n, 50), -20.0)
        right[torch.arange(n - 1), tokens[0, 1:]] = 20
        right[: length - 1] = 0  # knows nothing the first time
        return Look([attention], [right, right])

    fake = SimpleNamespace(look=seen, read=lambda hidden: hidden, device="cpu")
    found = insight.copying(fake, length, 4, range(50))
    assert found.induction.tolist() == [[1, 0, 0]]
    assert found.previous[0, 1] == 1 and found.previous[0, 2] == 0
    assert found.bits[: length - 1].numpy() == pytest.approx(math.log2(50), rel=1e-4)
    assert found.bits[length:].max() < 1e-3
    assert torch.equal(found.tokens[0, :length], found.tokens[0, length:])
    assert torch.equal(insight.copying(fake, length, 4, range(50)).tokens, found.tokens)


# ---------------------------------------------------------------------------- positions, words


def test_sinusoids_are_those_of_the_paper():
    table = insight.sinusoids(30, 16)
    for pos, i in ((0, 0), (1, 0), (7, 3), (29, 7)):
        angle = pos / 10_000 ** (2 * i / 16)
        pair = table[pos, 2 * i : 2 * i + 2].tolist()
        assert pair == pytest.approx([math.sin(angle), math.cos(angle)], abs=1e-5)
    near = insight.closeness(table, 10)
    assert near[0] == pytest.approx(1) and near[1] < near[0]


def test_rotary_scores_depend_on_the_distance_alone():
    from genmodels.nn.attention import turn

    model = gpt("rotary")
    ones = turn(torch.ones(40, 8), model.angles)
    scores = ones @ ones.T / 8
    near = insight.turned(model.angles, 20)
    for k in range(21):
        assert torch.allclose(scores.diagonal(-k), near[k], atol=1e-5)


def test_a_plane_in_space_is_found():
    luck = torch.Generator().manual_seed(2)
    flat = torch.randn(60, 2, generator=luck) * torch.tensor([3.0, 1.0])
    ways = torch.linalg.qr(torch.randn(7, 2, generator=luck))[0]
    found, kept = insight.plane(flat @ ways.T + 5)
    assert kept == pytest.approx(1, abs=1e-5) and found.min() == 0 and found.max() == 1
    centred = found - found.mean(0)
    again = torch.linalg.lstsq(torch.cat([flat, torch.ones(60, 1)], 1), centred).solution
    assert (torch.cat([flat, torch.ones(60, 1)], 1) @ again - centred).abs().max() < 1e-4


def test_neighbours_are_the_nearest_by_angle():
    table = torch.tensor([[1.0, 0], [10, 1], [0, 2], [-1, 0.1], [0, -3]])
    centred = table - table.mean(0)
    cosines, nearest = insight.neighbours(table, [0, 2], 2)
    for row, k in zip(nearest, (0, 2), strict=True):
        exact = torch.nn.functional.cosine_similarity(centred[k], centred, dim=1)
        exact[k] = -2
        assert row.tolist() == exact.topk(2).indices.tolist()
    assert cosines.max() <= 1.0001


# ---------------------------------------------------------------------------- the die


def test_who_may_peek_learns_to_and_nothing_else():
    steps = list(cheating.dice(1, 80))
    end = torch.stack([torch.cat([s.bits, s.writing]) for s in steps[-10:]]).mean(0)
    honest, cheat, honest_ahead, cheat_ahead = end.tolist()
    assert abs(honest - cheating.FAIR) < 0.05 and abs(honest_ahead - cheating.FAIR) < 0.15
    assert cheat < 0.3 and cheat_ahead > cheating.FAIR + 0.5
    again = list(cheating.dice(1, 3))
    assert torch.equal(again[2].bits, steps[2].bits)
    assert not torch.equal(last(cheating.dice(2, 3)).bits, steps[2].bits)


# ---------------------------------------------------------------------------- what travels to the page


def test_what_is_packed_can_be_unpacked():
    weights = torch.rand(2, 3, 5, 5).tril()
    data = np.frombuffer(base64.b64decode(board.triangles(list(weights))), np.uint8).reshape(2, 3, 15)
    k = 0
    for i in range(5):
        for j in range(i + 1):
            assert np.abs(data[..., k] / 255 - weights[..., i, j].numpy()).max() <= 0.5 / 255 + 1e-6
            k += 1
    x = torch.randn(4, 6)
    assert np.frombuffer(base64.b64decode(board.floats(x)), "<f4").reshape(4, 6) == pytest.approx(x.numpy())
    packed = board.wholes(("a", "b"), x)
    whole = np.frombuffer(base64.b64decode(packed["whole"]), "<i2") * packed["scale"] / 32767
    assert whole.reshape(4, 6) == pytest.approx(x.numpy(), abs=1e-3) and packed["channels"] == 6


@pytest.mark.parametrize("sentence", ODD)
def test_any_text_can_be_looked_into(sentence):
    value, note, found = last(look.look(FIRST, sentence, "es"))
    n = len(value["words"])
    assert 1 <= n <= source.PIECES and found["pieces"] == n == len(value["next"])
    assert ("trozos" in note) is (n == source.PIECES)
    for view in (lambda: head.head(FIRST, sentence, 1, 1, "en"), lambda: lens.lens(FIRST, sentence, "en"),
                 lambda: mask.mask(FIRST, sentence, "en"), lambda: words.words(FIRST, sentence, 20, "en"),
                 lambda: positions.positions(FIRST, sentence, 1, "en")):  # fmt: skip
        assert last(view())[0]["words"]


@pytest.mark.parametrize("name", OURS)
def test_every_model_of_ours_can_be_looked_into(name):
    sentence = source.EXAMPLES[name]
    value, _, found = last(look.look(name, sentence, "en"))
    size = value["layers"] * value["heads"] * len(value["words"]) * (len(value["words"]) + 1) // 2
    assert len(base64.b64decode(value["weights"])) == size and 0 < found["bits_piece"] < 20
    assert all(sum(p for _, p in row) <= 1.001 for row in value["next"])
    value, *_ = last(head.head(name, sentence, 30, 14, "en"))
    with source.read(name, sentence, "en") as r:
        parts = insight.anatomy(r.model)
    assert (value["layer"], value["head"]) == (parts.layers, parts.heads)
    *_, found = last(copies.copies(name, 6, 1, "es"))
    assert 0 <= found["copy_best"] <= 100 and found["bits_twice"] > 0


def test_the_lens_ends_with_what_the_model_says():
    sentence = source.EXAMPLES[FIRST]
    value, _, found = last(lens.lens(FIRST, sentence, "en"))
    with source.read(FIRST, sentence, "en", lens.PIECES) as r:
        said = board.likeliest(r, r.model.logits(r.ids)[0])
        own = r.model.logits(r.ids)[0][0].argsort(descending=True).tolist().index(r.ids[0, 1].item()) + 1
    assert [row[0][0] for row in value["tops"][-1]] == [row[0][0] for row in said]
    assert value["ranks"][-1][0] == own and len(value["tops"]) == len(value["rows"])
    assert all(0 <= found[key] <= 100 for key in ("right_first", "right_half", "right_last"))


def test_the_loss_of_the_mask_view_is_the_model_s():
    sentence = source.EXAMPLES[FIRST]
    value, _, found = last(mask.mask(FIRST, sentence, "en"))
    with source.read(FIRST, sentence, "en", mask.PIECES) as r:
        nats = torch.nn.functional.cross_entropy(r.model.logits(r.ids)[0, :-1], r.ids[0, 1:]).item()
    assert found["bits_masked"] == pytest.approx(nats / math.log(2), rel=1e-4)
    assert -np.log2(value["closed"]["given"]).mean() == pytest.approx(found["bits_masked"], rel=1e-2)
    assert found["bits_open"] != pytest.approx(found["bits_masked"])


def test_without_positions_and_mask_nothing_moves():
    *_, found = last(positions.positions(FIRST, source.EXAMPLES[FIRST], 3, "en"))
    assert found["moved_blind"] < 0.01 < found["moved"]


def test_recipes_have_a_head_for_the_piece_before_as_the_text_says():
    *_, found = last(copies.copies("gpt-recipes", 12, 1, "en"))
    assert found["before_best"] > 25 > found["copy_best"]


def test_another_model_brings_its_sentence_unless_the_visitor_wrote_one():
    assert source.example("gpt-names", source.EXAMPLES[FIRST]) == source.EXAMPLES["gpt-names"]
    assert source.example("openai-community/gpt2", "") == source.ENGLISH
    assert "value" not in source.example("gpt-names", "my own words")


def test_a_guess_that_is_pressed_joins_the_sentence():
    value, *_ = last(look.look(FIRST, "My lord, the", "en"))
    assert len(value["append"]) == board.TOP
    for text, (word, _) in zip(value["append"], value["next"][-1], strict=True):
        assert not text or text.strip() == word.strip("␣⏎") or not text.strip()
    event = gr.SelectData(None, {"index": 0, "value": " king"})
    assert look.add("My lord, the", 2, event) == ("My lord, the king", 3)
    for wrong in (None, "", "x" * 100, 7):
        assert look.add("My", 2, gr.SelectData(None, {"index": 0, "value": wrong}))[1] == 2
    value, *_ = last(look.look(FIRST, "the king " * 60, "en"))
    assert value["append"] == []  # what is drawn is not the end


# ---------------------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_pointing_at_words_answers_without_the_server(app, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(f"{app.url}/inside?view=look", timeout=60_000)
    board_ = ".inside-look"
    page.wait_for_selector(f"{board_}[data-drawn], {board_} [data-drawn], {board_} .in-word", timeout=90_000)
    expected = f"document.querySelector('{board_} .in-expect').innerText"
    before, asked = page.evaluate(expected), []
    page.wait_for_timeout(1500)
    page.on("request", lambda r: asked.append(r.url))
    page.hover(f"{board_} .in-word:nth-child(3)")
    page.wait_for_function(f"b => {expected} !== b", arg=before, timeout=20_000)
    shares = f"[...document.querySelectorAll('{board_} .in-word')].slice(0, 3).map(s => s.innerText)"
    assert all("%" in s or "0" in s for s in page.evaluate(shares))
    page.click(f"{board_} .in-heads .in-thumb:nth-of-type(2)")
    assert page.evaluate(f"document.querySelectorAll('{board_} .in-thumb.chosen').length") == 1
    assert [a for a in asked if "heartbeat" not in a] == [] and errors == []
    page.goto(f"{app.url}/inside?view=head&layer=2&head=1", timeout=60_000)
    page.wait_for_function("document.querySelector('.inside-head .in-sheet .total') !== null", timeout=90_000)
    far, total = page.evaluate(
        "(() => { const d = (document.querySelector('.inside-head [data-far]')"
        " ?? document.querySelector('.inside-head[data-far]')).dataset; return [+d.far, +d.sum]; })()"
    )
    assert far < 1e-5 and abs(total - 1) < 1e-6 and errors == []
    page.context.close()
