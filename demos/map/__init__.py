"""The map: the family tree of generative models, their history, what they share, and which one to take.

One module per view. `kinds` is the table of the families, `history` that of the papers: what the views draw
stands there once, and a test reads both.
"""

from pathlib import Path

from demos import kit
from demos.map import ages, ask, guide, pairs, tree, wishes

TITLE = ("The map", "El mapa")
CARD = (
    "Which families of generative models there are, who descends from whom, and where each one is here.",
    "Qué familias de modelos generativos hay, quién desciende de quién y dónde está aquí cada una.",
)
STYLE = Path(__file__).parent.parent / "art" / "map.css"


def build() -> kit.Tab:
    with kit.Tab(__name__) as tab:
        kit.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
        for view in (tree, ages, wishes, pairs, guide, ask):
            view.layout(tab)
    return tab
