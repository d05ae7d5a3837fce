"""The measures of the diffusion models, where their answer is known; the table, the cards."""

import argparse
import json

import numpy as np
import pytest
import torch

from training import card, diffusion, diffusion_scores, diffusion_table, loop
from training.diffusion_cards import CARDS
from training.diffusion_scores import Reader, obedience, twins, untold


def test_a_copy_is_what_lies_near_a_training_picture():
    every = torch.rand(50, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert twins(every[:5] + 0.09, every) == 1  # a root of the mean square of 0.09
    assert twins(every[:5] + torch.tensor([[0.11], [5.0], [0.02], [3.0], [4.0]]), every) == 0.2


def test_a_picture_is_no_copy_of_itself_but_of_its_twin():
    every = torch.eye(6)
    assert twins(every, every) == 0
    assert twins(every[:4], torch.cat([every, every[:2]])) == 0.5


def test_one_face_in_eight_is_asked_for_without_a_class():
    labels = untold(np.arange(8000) % diffusion.FACE_CLASSES)
    assert (labels == diffusion.FACE_CLASSES).mean() == pytest.approx(diffusion.UNTOLD, abs=0.02)
    assert (labels[labels < 12] == (np.arange(8000) % 12)[labels < 12]).all()


def test_obedience_counts_those_that_were_asked_to_be_something():
    """A reader that sees glasses everywhere and always the right hair."""
    x = torch.tensor([0, 1, 2, 3, 12, 12])
    to = Reader(
        lambda x: x,
        lambda x: torch.stack([x // 2, torch.ones_like(x)], 1),
        lambda y: torch.stack([y // 2, y % 2], 1),
        ("hair", "glasses"),
        12,
    )
    assert obedience(to, x, x, "o") == {"o": 0.5, "o_hair": 1.0, "o_glasses": 0.5}


def test_a_row_has_a_cell_for_every_column():
    head = diffusion_table.HEAD.splitlines()[0]
    values = {"frechet": 12.345, "precision": 0.5, "recall": 0.5, "density": 1.0, "coverage": 0.25}
    whole = diffusion_table.row("a", 20, values, "1,000", "22")
    assert whole == "| a | 20 | 12.3 | 0.500 | 0.500 | 1.000 | 0.250 | 1,000 | 22 |"
    assert diffusion_table.row("a", 1, {"frechet": 1.426}).count("|") == whole.count("|") == head.count("|")


def test_rows_are_of_what_was_measured(tmp_path):
    args = argparse.Namespace(out=tmp_path)
    assert list(diffusion_table.diffusion_rows("faces", args)) == []
    (tmp_path / "consistency-faces").mkdir()
    measures = {"frechet": 30.0, "frechet_1": 90.0, "frechet_2": 50.0, "precision": 1.0}
    facts = {"parameters": 1000, "minutes": 25.0, "measures": measures}
    (tmp_path / "consistency-faces" / "metrics.json").write_text(json.dumps(facts))
    rows = list(diffusion_table.diffusion_rows("faces", args))
    assert [row.split("|")[2:4] for row in rows] == [[" 1 ", " 90.0 "], [" 2 ", " 50.0 "], [" 4 ", " 30.0 "]]


def test_the_page_of_the_table_has_what_was_measured():
    """Of the diffusion models, whose metrics.json says it; `python -m training.diffusion_table` writes it."""
    page = (loop.ROOT / "docs/diffusion.md").read_text(encoding="utf-8").splitlines()
    args = argparse.Namespace(out=loop.ROOT / "weights")
    rows = [*diffusion_table.diffusion_rows("faces", args), *diffusion_table.diffusion_rows("fashion", args)]
    rows += [line for kind in ("sprites", "emoji") for line in diffusion_table.pixel_rows(kind, args)]
    assert len(rows) > 20 and set(rows) <= set(page)


def test_every_model_has_its_card_and_every_measure_its_words():
    assert {*diffusion.MODELS, "consistency-faces"} <= CARDS.keys()
    assert "CC-BY 4.0" in CARDS["ddpm-emoji"].data and "OFL" in CARDS["ddpm-emoji"].data
    looks = {f"frechet_{n}" for n in diffusion_scores.FEW}
    assert looks | {"twins", "twins_real", "obedience_guided", "frechet_ddim_50"} <= card.GLOSS.keys()
