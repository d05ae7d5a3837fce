"""The page in a real browser: every tab, both languages, wide and narrow, and no request to another host."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

import demos
from demos.kit.page import ART

pytestmark = pytest.mark.browser
STEMS = [stem for _, stems in demos.CHAPTERS for stem in stems]


class Visit:
    """One page of one visitor, with everything that went wrong on it."""

    def __init__(self, browser, url: str, path: str = "/", **context):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | context)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.hosts.add(urlsplit(r.url).netloc))
        self.page.goto(url + path)
        self.page.wait_for_selector(".bar")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.context.close()

    def query(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(urlsplit(self.page.url).query).items()}


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("locale", ["en-GB", "es-AR"])
def test_a_tab_works_on_the_first_click_and_its_link_reopens_it(app, chromium, stem, locale):
    """Asking no other host. What is linked from the one language is opened in the other."""
    here = {"locale": locale, "permissions": ["clipboard-write"]}
    with Visit(chromium, app.url, f"/?tab={stem}", **here) as visit:
        page, lang = visit.page, locale[:2]
        page.wait_for_selector(f"#text-{stem} h2")
        title = __import__(f"demos.{stem}", fromlist=["TITLE"]).TITLE[lang == "es"]
        assert page.locator("h1:visible").inner_text() == title and title in page.title()
        first = page.locator(f"[id^='run-{stem}-']:visible").first
        first.click()
        drawn = ("img", "svg.plot", "canvas", ".inked", ".cuts", "table")  # or written
        page.wait_for_selector(", ".join(f"#tab-{stem} .result {e}:visible" for e in drawn), timeout=60000)
        page.wait_for_function(
            "s => [...document.querySelectorAll(`#tab-${s} .status`)].some(e => /ms| s/.test(e.innerText))",
            arg=stem,
        )
        words = page.locator("body").inner_text()
        assert "__i18n__" not in words and "undefined" not in words
        assert page.locator("html").get_attribute("lang") == lang
        page.locator(f"#tab-{stem} button.link:visible").first.click()
        page.wait_for_selector(".toast")
        query, address = visit.query(), page.url
        assert query["tab"] == stem and query["view"] and len(query) > 2
        assert visit.hosts <= {urlsplit(app.url).netloc, ""} and visit.errors == []
    if lang == "en":
        reopens(chromium, address, stem, query)


def reopens(chromium, address: str, stem: str, query: dict[str, str]) -> None:
    """A link shows what it says without a click, and makes the same link."""
    phone = {"viewport": {"width": 390, "height": 844}, "locale": "es-CL", "permissions": ["clipboard-write"]}
    with Visit(chromium, address, "", **phone) as again:
        again.page.wait_for_selector(f"#tab-{stem} .status li", timeout=60000)
        again.page.locator(f"#tab-{stem} button.link:visible").first.click()
        again.page.wait_for_selector(".toast")
        assert again.query() == query and again.errors == []
        assert narrow(again.page), "the results of a first click stick out on a phone"


def narrow(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("stem", ["home", *STEMS])
def test_nothing_sticks_out_on_a_phone(app, chromium, stem):
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "locale": "es-CL"}
    with Visit(chromium, app.url, f"/{stem.replace('home', '')}", **phone) as visit:
        page = visit.page
        page.wait_for_selector(f"#tab-{stem} h1:visible")
        if stem != "home":
            page.wait_for_selector(f"#text-{stem} h2")
        assert narrow(page)
        page.locator(".bar .dark:visible").click()
        page.wait_for_selector("body.dark")
        assert narrow(page)


def test_cards_lead_to_tabs_and_the_way_back_works(app, chromium):
    with Visit(chromium, app.url) as visit:
        page = visit.page
        for stem in STEMS:
            page.wait_for_selector(f".card[data-tab={stem}]").click()
            page.wait_for_selector(f"#tab-{stem} h1:visible")
            assert urlsplit(page.url).path == f"/{stem}"
            page.go_back()
            page.wait_for_selector(".home h1:visible")
        page.go_forward()
        page.wait_for_selector(f"#tab-{STEMS[-1]} h1:visible")
        page.locator(".bar .brand").click()
        page.wait_for_selector(".home h1:visible")


def test_the_switch_changes_the_language_and_remembers_it(app, chromium):
    with Visit(chromium, app.url, "/", locale="en-US") as visit:
        page = visit.page
        page.locator(".bar .lang[data-lang=es]").click()
        page.wait_for_selector("html[lang=es] .bar")
        assert page.locator(".bar summary").inner_text() == "Índice"
        page.goto(app.url)
        page.wait_for_selector("html[lang=es] .bar")


def test_colours_can_be_read():
    """WCAG AA: 4.5 to 1 for words on the page's and the panels' ground, in both schemes."""
    css = (ART / "page.css").read_text()
    for block in re.findall(r"(?:\:root|\.dark) \{([^}]*)\}", css)[:2]:
        colours = dict(re.findall(r"--(\w+): (#\w+)", block))
        for words in ("ink", "soft", "mark", "warm"):
            for ground in ("paper", "panel"):
                assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground, block)


@pytest.mark.parametrize("scheme, ground", [("light", "#fbfaf7"), ("dark", "#151719")])
def test_the_open_view_can_be_read(app, chromium, scheme, ground):
    with Visit(chromium, app.url, f"/{STEMS[0]}", color_scheme=scheme) as visit:
        tab = visit.page.wait_for_selector(".views button[role=tab].selected")
        red, green, blue = map(int, re.findall(r"\d+", tab.evaluate("e => getComputedStyle(e).color"))[:3])
    assert contrast(f"#{red:02x}{green:02x}{blue:02x}", ground) >= 4.5


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    channels = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
