"""Two languages. A text is written where it is used, as a pair (English, Spanish).

`t` labels components (the browser picks the language), `both` writes HTML that holds both, `say` picks one on
the server, for messages and for what a handler draws.
"""

import html
from zlib import crc32

import gradio as gr
from gradio.i18n import I18nData

LANGUAGES = ("en", "es")
Pair = tuple[str, str]

_words: dict[str, Pair] = {}  # key -> pair, filled while the page is built
house = ""  # the language of whoever has not chosen; "" = the browser's. Set once, when the page is built


def t(en: str, es: str) -> I18nData:
    """A label in the visitor's language, for any component. Keys may not hold dots, hence the hash."""
    key = f"w{crc32(f'{en}|{es}'.encode()):08x}"
    _words[key] = (en, es)
    return I18nData(key)


def catalogue() -> gr.I18n:
    """Every label asked for so far, as Gradio wants it."""
    return gr.I18n(**{lang: {k: pair[i] for k, pair in _words.items()} for i, lang in enumerate(LANGUAGES)})


def both(en: str, es: str) -> str:
    """HTML with both languages; the style sheet shows the visitor's. For plain text: it is escaped."""
    return f'<span lang="en">{html.escape(en)}</span><span lang="es">{html.escape(es)}</span>'


def say(lang: str, en: str, es: str) -> str:
    return es if lang == "es" else en


def language(request: gr.Request | None) -> str:
    """The visitor's language: the page's `?lang=`, the cookie of the switch, the house's, the browser's."""
    if request is None:
        return house or "en"
    chosen = (request.query_params.get("lang"), request.cookies.get("latente_lang"), house)
    accepted = (part[:2].lower() for part in request.headers.get("accept-language", "").split(","))
    return next((lang for lang in (*chosen, *accepted) if lang in LANGUAGES), "en")
