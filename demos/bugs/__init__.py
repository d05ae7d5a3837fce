"""Every mistake that diffusion's code is known for, beside what is right, on the same noise.

One module per view, each with its mistakes as BUGS; `cards` is how one is explained, `shown` how two runs are
shown. The maths is genmodels.diffusion.bugs.
"""

from demos import kit
from demos.bugs import cards, forward, mix, museum, network, schedule, step
from genmodels.diffusion.checkpoints import UNETS

TITLE = ("The bug museum", "El museo de los errores")
CARD = (
    "A root left out, a bar lost, a level told wrong: each mistake live beside what is right, from the "
    "same noise.",
    "Una raíz olvidada, una raya perdida, un nivel mal dicho: cada error al lado de lo correcto, con el "
    "mismo ruido.",
)
MEASURE = ("ddpm-faces", "frechet")


def build() -> kit.Tab:
    with kit.Tab(__name__, UNETS) as tab:
        kit.html(cards.STYLE)
        for view in (forward, schedule, step, network, mix, museum):
            view.layout(tab)
    return tab
