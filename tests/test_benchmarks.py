"""The benchmarks run, at toy size, and report what they promise. How fast is not a test's business."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("diffusers")

from benchmarks import BENCHMARKS, race, rounded  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


def command(*args: str) -> str:
    run = [sys.executable, "-m", "benchmarks", *args]
    return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_list_says_what_each_measures():
    lines = command("--list").splitlines()
    assert [line.split()[0] for line in lines] == list(BENCHMARKS)
    assert all(len(line.split()) > 4 for line in lines)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_one_json_object_on_the_last_line(name):
    result = json.loads(command(name, "--json", "--small", "--rounds", "2").splitlines()[-1])
    assert result["name"] == name and result["unit"] and result["peer_name"]
    assert result["agree"] is True
    assert result["ours"] > 0 and result["peer"] > 0
    assert result["ratio"] == pytest.approx(result["peer"] / result["ours"], rel=0.01)
    assert {"processor", "threads", "torch"} <= result["machine"].keys()


def test_race_takes_turns():
    calls = []
    seconds = race({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2)
    assert calls == ["a", "b", "a", "b", "b", "a"]
    assert seconds.keys() == {"a", "b"}


def test_rounded_goes_inside():
    assert rounded({"a": 0.123456, "b": {"c": 1234.5678, "d": "x"}}) == {
        "a": 0.1235,
        "b": {"c": 1235.0, "d": "x"},
    }


def test_one_table_of_all_ratios_first(tmp_path, monkeypatch):
    from argparse import Namespace

    from benchmarks import table

    found = {"ours": 1.0, "unit": "s", "peer_name": "theirs", "what": "work", "agree": True}
    found |= {"machine": {"processor": "a processor", "threads": 1}}
    ratios = {"gpt2": 1.2, "startup": 0.9}

    def measured(name: str, args: Namespace) -> dict:
        if name not in ratios:
            return {"name": name, "failed": "no | such module"}
        return found | {"name": name, "ratio": ratios[name], "peer": ratios[name]}

    monkeypatch.setattr(table, "measured", measured)
    table.write(Namespace(rounds=3, threads=1, small=True, out=tmp_path / "b.md"))
    rows = [line for line in (tmp_path / "b.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert [row.split("|")[1].strip() for row in rows[:2]] == ["**1.20**", "**0.90**"]
    assert len(rows) == len(BENCHMARKS) and all(row.count("|") == 7 for row in rows)
    assert "did not run: no / such module" in rows[-1]
