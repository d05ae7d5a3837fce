"""PixelCNN: pictures drawn pixel by pixel, completed and weighed in bits, by networks one can look into.

One module per view; each has its function, the lines of Python that do the same, and its layout. `models` and
`pictures` are what they share.
"""

from demos import kit
from demos.pixelcnn import complete, likelihood, mixture, sample, sees, timer
from demos.pixelcnn.models import MODELS

TITLE = ("PixelCNN", "PixelCNN")
CARD = (
    "One pixel after another, each drawn by lot given those before. It can finish your picture.",
    "Un píxel tras otro, cada uno sorteado según los anteriores. Puede terminar tu imagen.",
)
MEASURE = ("pixelcnn-fashion-gated", "bits_per_dim")


def build() -> kit.Tab:
    with kit.Tab(__name__, MODELS) as tab:
        for view in (sample, complete, likelihood, sees, mixture, timer):
            view.layout(tab)
    return tab
