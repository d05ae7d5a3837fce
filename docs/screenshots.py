"""The pictures of the README: `python docs/screenshots.py http://127.0.0.1:7860`, with the gallery there."""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
LIVE = ("laboratory",)  # trains while it is looked at
SHOTS = {  # tab -> in which languages; its first view runs by itself
    "home": ("en",),
    "laboratory": ("en",),
    "gan": ("es",),
    "palette": ("en",),
    "vqvae": ("es",),
    "flows": ("en",),
    "diffusion": ("es",),
    "write": ("en",),
    "translate": ("es",),
}


def shoot(page: Page, name: str, lang: str) -> None:
    if name != "home":
        page.wait_for_selector(f"#tab-{name} .status li", timeout=60_000)
    page.wait_for_timeout(6000 if name in LIVE else 1500)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(HERE / f"{name}.{lang}.webp", quality=55, method=6)


def main() -> None:
    url = sys.argv[1].rstrip("/")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for lang in ("en", "es"):
            page = browser.new_page(viewport={"width": 1280, "height": 860}, locale=lang)
            for name in (name for name, languages in SHOTS.items() if lang in languages):
                page.goto(f"{url}/{'' if name == 'home' else name}", wait_until="domcontentloaded")
                page.wait_for_selector(".bar")
                shoot(page, name, lang)
        browser.close()


if __name__ == "__main__":
    main()
