"""Energies and their slopes: what is plausible lies low, and samples are found by going down with noise."""
