"""Generative models for inference: tensors in, tensors out. ARCHITECTURE.md draws the map."""
