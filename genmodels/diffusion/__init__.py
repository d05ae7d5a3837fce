"""Diffusion: a network that takes noise out of a picture, and ways to use it until nothing is left."""
