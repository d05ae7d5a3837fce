"""Autoencoders: an image becomes a short code, and the code an image. `encode`, `decode`."""
