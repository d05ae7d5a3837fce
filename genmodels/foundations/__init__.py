"""Models whose parameters can all be seen at once: a box on a map, a Gaussian per class, a line between two.

A kind of its own because the density is written down by hand and fitted in closed form, by counting or by a
few steps of Newton or EM. Nothing here is a network but the small classifier that others are held against.
"""
