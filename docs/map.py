"""The map as pictures: `python docs/map.py` draws the family tree for README, in both languages.

docs/map.en.webp and docs/map.es.webp are the drawing of the tab's first view; demos/art/map.webp, the card,
is a piece of it. The tab's own code and style sheets draw it, in a browser of its own.
"""

import base64
import io
import shutil
import sys
from pathlib import Path

import gradio
from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
ART = HERE.parent / "demos" / "art"
FONTS = Path(gradio.__file__).parent / "templates" / "frontend" / "static" / "fonts" / "IBMPlexSans"
WIDE = 1000  # pixels of README's picture
CARD, PIECE = (480, 300), (636, 4, 1240, 381)  # size of a card, and what of the drawing is on it

WORDLESS = (
    "<style>.map-wide > :not(.hybrid) text, .hybrid text:not(.name) { opacity: 0 }</style>"  # one for both
)


def face(weight: int, file: str) -> str:
    data = base64.b64encode((FONTS / file).read_bytes()).decode()
    source = f"src:url(data:font/woff2;base64,{data})"
    return f"@font-face{{font-family:Plex;font-weight:{weight};{source}}}"


def sheet(lang: str) -> str:
    from demos.map.tree import tree

    *_, (drawing, _) = tree("density", True, lang)
    style = "".join((ART / name).read_text(encoding="utf-8") for name in ("page.css", "map.css"))
    faces = face(400, "IBMPlexSans-Regular.woff2") + face(700, "IBMPlexSans-Bold.woff2")
    body = "body{margin:0;padding:8px;background:var(--paper);width:1240px;--font:Plex;font-family:Plex}"
    return f"<style>{faces}{style}{body}details{{display:none}}</style><div id='tab-map'>{drawing}</div>"


def shot(page: Page, what: str) -> Image.Image:
    page.evaluate("document.fonts.ready")
    found = page.locator(what).screenshot()
    return Image.open(io.BytesIO(found)).convert("RGB")


def main() -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1256, "height": 1000})
        for lang in ("en", "es"):
            page.set_content(sheet(lang))
            whole = shot(page, ".map-tree")
            small = whole.resize((WIDE, round(whole.height * WIDE / whole.width)), Image.Resampling.LANCZOS)
            small.save(HERE / f"map.{lang}.webp", quality=40, method=6)
        page.set_content(sheet("en") + WORDLESS)
        piece = shot(page, "svg.map-wide").crop(PIECE).resize(CARD, Image.Resampling.LANCZOS)
        piece.save(ART / "map.webp", quality=80, method=6)
        browser.close()


if __name__ == "__main__":
    main()
