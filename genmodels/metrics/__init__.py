"""Measures, one definition each."""
