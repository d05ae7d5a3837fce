"""What every tab shares: the frame of the page, strict inputs, running on the device, pictures, plots, words.

A tab says `from demos import kit` and finds everything here.
"""

from demos.kit.images import film, grid, png, to_pil, to_tensor
from demos.kit.inputs import check, choice, drawing, html, picture, seed, slider, upload, words
from demos.kit.lang import both, say, t
from demos.kit.masks import mask
from demos.kit.run import model
from demos.kit.tab import Tab

__all__ = [
    "Tab", "both", "check", "choice", "drawing", "film", "grid", "html", "mask", "model", "picture", "png",
    "say", "seed", "slider", "t", "to_pil", "to_tensor", "upload", "words",
]  # fmt: skip
