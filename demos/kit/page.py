"""The page around the tabs: theme, header, home, language, and how it is served.

No request leaves for another host: fonts come from Gradio's own wheel, pictures and script from demos/art.
"""

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs

import gradio as gr
from gradio.themes.utils.fonts import LocalFont
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

import demos
from demos.kit import card, lang, thrift
from demos.kit.inputs import html
from demos.kit.lang import LANGUAGES, both, catalogue

ART = Path(__file__).parent.parent / "art"
WELCOME = (
    "Generative models at work, opened up so that you see inside.",
    "Modelos generativos en marcha, abiertos para que veas cómo son por dentro.",
)
BLOCKS = {"fill_width": True, "delete_cache": (1800, 3600), "analytics_enabled": False}
QUEUE = {"max_size": 64, "default_concurrency_limit": 8, "status_update_rate": 2}
PETROL = gr.themes.Color(
    c50="#eef7f6", c100="#d5ebe9", c200="#aed8d5", c300="#7fc0bd", c400="#4aa3a1", c500="#1f8584",
    c600="#0f6b6d", c700="#0d5659", c800="#0e4548", c900="#0e3a3d", c950="#062326",
)  # fmt: skip


def theme() -> gr.themes.Base:
    """Paper, ink and one colour. Only weights 400 and 700: the wheel's semi-bold fonts lack Latin letters."""
    plex = [LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"]
    mono = [LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"]
    return gr.themes.Base(
        primary_hue=PETROL, secondary_hue=PETROL, neutral_hue=gr.themes.colors.stone,
        font=plex, font_mono=mono, text_size="lg", radius_size="md", spacing_size="md",
    ).set(
        body_background_fill="#fbfaf7", body_background_fill_dark="#151719",
        body_text_color="#1f1d1a", body_text_color_dark="#ece9e2",
        background_fill_primary="#ffffff", background_fill_primary_dark="#1d2023",
        block_background_fill="#ffffff", block_background_fill_dark="#1d2023",
        block_border_color="#e4e0d8", block_border_color_dark="#33373b",
        block_label_text_weight="400", block_title_text_weight="400",
        button_large_text_weight="700", button_medium_text_weight="700",
        button_primary_background_fill="#0f6b6d", button_primary_background_fill_dark="#7fc0bd",
        button_primary_background_fill_hover="#0d5659", button_primary_background_fill_hover_dark="#aed8d5",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#062326",
        button_cancel_background_fill="transparent", button_cancel_background_fill_dark="transparent",
        button_cancel_text_color="#9b2c1c", button_cancel_text_color_dark="#f3a593",
        slider_color="#0f6b6d", slider_color_dark="#7fc0bd",
        block_shadow="none", shadow_drop="none", button_primary_shadow="none", button_secondary_shadow="none",
    )  # fmt: skip


def modules() -> dict[str, ModuleType]:
    return {stem: import_module(f"demos.{stem}") for stem in card.order()}


def header(found: dict[str, ModuleType]) -> str:
    """The bar on top: home, the table of contents, language, light or dark."""
    chapters = "".join(
        f"<section><h4>{both(*title)}</h4>"
        + "".join(f"<a href='{s}' data-tab='{s}'>{both(*found[s].TITLE)}</a>" for s in stems)
        + "</section>"
        for title, stems in demos.CHAPTERS
        if stems
    )
    return (
        "<nav class='bar'><a class='brand' href='./' data-tab='home'>Latente</a>"
        f"<details class='contents'><summary>{both('Contents', 'Índice')}</summary>"
        f"<div>{chapters}</div></details>"
        "<span class='steps'><a class='prev'>←</a><a class='next'>→</a></span>"
        "<span class='space'></span>"
        "<button class='lang' data-lang='en' lang='en'>English</button>"
        "<button class='lang' data-lang='es' lang='es'>Español</button>"
        f"<button class='dark' aria-label='light / dark'>◐</button></nav>"
    )


def home(found: dict[str, ModuleType]) -> str:
    chapters = "".join(
        f"<section class='chapter'><h2>{both(*title)}</h2><div class='cards'>"
        + "".join(card.home_card(s, found[s]) for s in stems)
        + "</div></section>"
        for title, stems in demos.CHAPTERS
        if stems
    )
    return f"<div class='home'><h1>Latente</h1><p class='lead'>{both(*WELCOME)}</p>{chapters}</div>"


def build(house: str = "") -> gr.Blocks:
    """The gallery: a page for the home and one per family, in one app. Opens no weights and imports no torch.

    `demo.tabs` keeps the frames by stem: what a test or a warm-up can run without a browser.
    """
    lang.house, found = house, modules()
    thrift.cancel_by_number()
    thrift.remember_folder()
    thrift.remember_signatures()
    thrift.light_sessions()
    bar = header(found)
    with thrift.Gallery(title="Latente", queue=QUEUE, **BLOCKS) as demo:
        demo.tabs = {}
        demo.pages[0] = ("", "Latente", False)  # no bar of Gradio's: ours has chapters
        with gr.Column(elem_id="tab-home", elem_classes="room"):
            html(bar, elem_classes="top")
            html(home(found))
        for stem, module in found.items():
            demo.current_page = stem
            with gr.Column(elem_id=f"tab-{stem}", elem_classes="room"):
                html(bar, elem_classes="top")
                demo.tabs[stem] = module.build()
    # as demo.route() does, but only now: leaving the context makes a server that launch() makes again
    demo.pages += [(stem, stem, False) for stem in found]
    return demo


class Doorman:
    """Stands before Gradio: language into the page's head, `?tab=` to its page, files kept by browsers."""

    def __init__(self, app: Any, default: str, titles: dict[str, tuple[str, str]]):
        self.app, self.pages = app, {"", *titles}
        settings = json.dumps({"lang": default, "languages": LANGUAGES, "titles": titles}, ensure_ascii=False)
        settings = settings.replace("</", "<\\/")  # inside a script element, "</" would end it
        # before Gradio's own script reads navigator.language
        scripts = f"<script>window.LATENTE={settings}</script><script src='art/page.js'></script>"
        self.head = f"<head>{scripts}".encode()

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        query = scope["query_string"].decode("latin-1")
        stem = parse_qs(query).get("tab", [""])[0]
        if path.startswith("assets/"):  # their names hold a hash of what's in them
            await self.app(scope, receive, kept(send))
        elif path not in self.pages:
            await self.app(scope, receive, send)
        elif not path and stem in self.pages - {""}:
            await RedirectResponse(f"{stem}?{query}")(scope, receive, send)
        else:
            await self.app(scope, receive, self.greeting(send))

    def greeting(self, send: Any) -> Any:
        """`send`, with our head in the page. It arrives in one piece."""
        start: dict[str, Any] = {}
        body = bytearray()

        async def greet(message: dict) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = bytes(body).replace(b"<head>", self.head, 1)
            headers = [(k, v) for k, v in start["headers"] if k != b"content-length"]
            headers.append((b"content-length", str(len(page)).encode()))
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": page})

        return greet


def kept(send: Any) -> Any:
    """`send`, telling the browser that it need not ask for this file again."""

    async def keep(message: dict) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            forever = (b"cache-control", b"public, max-age=31536000, immutable")
            message = {**message, "headers": [*message["headers"], forever]}
        await send(message)

    return keep


def serving(house: str = "") -> dict[str, Any]:
    """The arguments of `launch` that are the same wherever the page is served. Call it after `build`."""
    titles = {stem: m.TITLE for stem, m in modules().items()}
    middleware = [
        Middleware(GZipMiddleware, minimum_size=2000, compresslevel=5),
        Middleware(Doorman, default=house, titles=titles),
    ]
    routes = [Mount("/art", StaticFiles(directory=ART))]
    return {
        "theme": theme(),
        "css_paths": [ART / "page.css"],
        "i18n": catalogue(),
        "app_kwargs": {"middleware": middleware, "routes": routes},
        "ssr_mode": False,  # measured slower, and the doorman's words would come too late
        "run_history": False,  # the next pupil at a shared computer would see it
        "state_session_capacity": 100,
        "max_file_size": "10mb",
        "enable_monitoring": False,
        "show_error": True,  # of Gradio's own refusals, such as a path; ours are sentences already
        "footer_links": ["api"],
        "quiet": True,
    }
