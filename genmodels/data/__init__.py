"""Procedural pictures and points: inputs for the tabs, training sets for the recipes. Attributes known."""
