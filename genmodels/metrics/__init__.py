"""Measures, one definition each."""

from pathlib import Path

MEASURED = Path(__file__).with_name("measured.json")  # what `python -m genmodels.metrics --all` wrote
