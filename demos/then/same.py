"""One beginning, one seed, and everybody goes on: what counting, memory, attention and size bought."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demos import kit
from demos.kit import card, plots, say, t, texts
from demos.then import rivals

if TYPE_CHECKING:
    from genmodels.hub import Checkpoint

AT_ONCE = 0.12  # seconds between two frames


def same(
    corpus: str, prompt: str, temperature: float, length: int, seed: int, hub: bool, lang: str
) -> Iterator[tuple]:
    """Each writes about `length` characters after the prompt, the smallest first."""
    done: list[str] = []
    total = 0
    for checkpoint in rivals.of(corpus, hub):
        began = time.perf_counter()
        for words, tokens in written(checkpoint, prompt, temperature, length, seed):
            yield (
                page([*done, passage(checkpoint, prompt, words, 0, lang)], corpus, hub, lang),
                {"step": tokens},
            )
        speed = tokens / max(time.perf_counter() - began, 1e-6)
        total += len(words)
        done.append(passage(checkpoint, prompt, words, speed, lang))
    yield page(done, corpus, hub, lang), {"characters": total}


def written(
    checkpoint: Checkpoint, prompt: str, temperature: float, length: int, seed: int
) -> Iterator[tuple[str, int]]:
    """(text so far, tokens so far), a few times a second and at the end."""
    from genmodels.text.writing import Taste, write

    with texts.use(checkpoint.name) as writer:
        stop = frozenset({writer.tokens.end} - {None})
        ids: list[int] = []
        last, words = time.perf_counter(), ""
        steps = write(writer.model, writer.ids(prompt), seed, 1, length, Taste(temperature=temperature), stop)
        for step in steps:
            token = int(step.token)
            if token not in stop:
                ids.append(token)
            if time.perf_counter() - last > AT_ONCE or len(ids) % 16 == 0:
                last, words = time.perf_counter(), writer.tokens.decode(ids)
                yield words[:length], len(ids)
                if len(words) >= length:
                    break
        steps.close()
        yield writer.tokens.decode(ids)[:length], len(ids)


def passage(checkpoint: Checkpoint, prompt: str, words: str, speed: float, lang: str) -> str:
    """A heading with what it is and what it cost, and the text, the prompt paler."""
    facts = card.metrics(checkpoint.name)
    size = facts.get("parameters")
    about = [say(lang, f"{size:,} parameters", f"{size:,} parámetros".replace(",", ".")) if size else ""]
    if bits := facts.get("measures", {}).get("bits_per_char"):
        about.append(f"{plots.number(bits, lang)} " + say(lang, "bits a character", "bits por carácter"))
    if speed:
        about.append(f"{plots.number(speed, lang)} tokens/s")
    name = html.escape(card.title(checkpoint, lang))
    head = f"<h4>{name} <small>{html.escape(' · '.join(filter(None, about)))}</small></h4>"
    return head + texts.ink([texts.Ink(prompt, kind="given"), texts.Ink(words)]) + "</p>"


def page(done: list[str], corpus: str, hub: bool, lang: str) -> str:
    missing = rivals.absent(corpus) if hub else []
    names = ", ".join(card.title(c, lang) for c in missing)
    en = f"Not on this machine yet, fetch them in the tab “Write”: {names}."
    es = f"Todavía no están en esta máquina; se bajan en la pestaña «Escribir»: {names}."
    return "".join(done) + (f"<p>{html.escape(say(lang, en, es))}</p>" if missing else "")


def same_code(corpus: str, prompt: str, temperature: float, length: int, seed: int, hub: bool) -> str:
    name = rivals.CORPORA[corpus][2][-1]
    return (
        "from genmodels.text.gpt import GPT\n"
        "from genmodels.text.tokens import Tokenizer\n"
        "from genmodels.text.writing import Taste, write\n\n"
        f'model, tokens = GPT.from_pretrained("{name}"), Tokenizer.of("{name}")\n'
        f"prompt = tokens.encode({prompt!r})\n"
        f"steps = write(model, prompt, {seed}, 1, {length // 3}, Taste(temperature={temperature}))\n"
        "print(tokens.decode(int(s.token) for s in steps))\n"
    )


def corpus_choice() -> Any:
    choices = [(t(*words), key) for key, (words, *_) in rivals.CORPORA.items()]
    return kit.choice(choices, t("They have read", "Han leído"))


def bring(corpus: Any, words: Any, of: dict[str, str]) -> None:
    """Whoever picks another corpus gets words of its kind."""
    js = f"c => ({of!r})[c]"
    corpus.input(None, corpus, words, js=js, queue=False, api_visibility="private", show_progress="hidden")


def layout(tab: kit.Tab) -> None:
    with tab.view("same", "Same words, same seed", "Mismas palabras, misma semilla") as view:
        with view.controls():
            corpus = corpus_choice()
            prompt = texts.prompt(rivals.CORPORA["recipes"][1])
            temperature = kit.slider(0, 1.5, 0.7, t("Temperature", "Temperatura"), step=0.05)
            length = kit.slider(50, 600, 240, t("Characters each", "Caracteres cada uno"), step=10)
            seed = kit.seed(3)
            hub = kit.check(t("Also those of the Hub that are here", "También los del Hub que estén aquí"))
        with view.result():
            passages = texts.passages()
        inputs = [corpus, prompt, temperature, length, seed, hub]
        _, spanish, *_ = rivals.CORPORA["quijote"]
        texts.in_spanish(tab, {corpus: "quijote", prompt: spanish})
        view.run(same, inputs, [passages], ("Write", "Escribir"), same_code)
        bring(corpus, prompt, {key: words for key, (_, words, *_) in rivals.CORPORA.items()})
