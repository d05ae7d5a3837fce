"""Number words from one language into the other, two models: `python -m training.text_pairs t5-numbers`.

`transformer-numbers` reads English words or digits and writes Spanish; `t5-numbers` is told by a prefix what
to write, and whether some words are a number at all. `--measure` computes metrics.json and the card again.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor

from genmodels.data import numerals
from genmodels.model import Model
from genmodels.text import encdec
from genmodels.text.seq2seq import Seq2Seq, Seq2SeqConfig
from genmodels.text.t5 import T5, T5Config
from training import card, loop, thinning

SPECIAL = ("<pad>", "</s>", "<unk>", "<s>")  # ids 0 to 3, as both configs have them
LONGEST = 16  # tokens of a target
TEST = 2000  # held-out numbers of each direction
SEEN = 600  # questions by which `--thin` sees what matters
DIRECTIONS = tuple((a, b) for a in numerals.FORMS for b in numerals.FORMS if a != b)
Pair = tuple[str, str]


def tokenizer_json() -> str:
    """Words, each with the space before it; a digit, a hyphen and what follows one stand alone."""
    pieces = [
        *"0123456789",
        "-",
        ":",
        *(f"▁{w}" for w in ("english", "spanish", "digits", "check", "yes", "no")),
    ]
    pieces += [f"▁{w}" for form in ("english", "spanish") for w in numerals.words(form)]
    vocabulary = {p: i for i, p in enumerate(dict.fromkeys([*SPECIAL, *pieces, *numerals.ONES[1:10]]))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.add_special_tokens(list(SPECIAL))
    space = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " ")]
        + [normalizers.Strip(), *space, normalizers.Replace(Regex(r"▁(?=\d)"), "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"▁?[^▁\d:-]+|\d|[-:]"), "isolated")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer.from_str(tokenizer_json())


# ------------------------------------------------------------------------------ what is asked, and the answer


def into_spanish(rng: np.random.Generator, held: bool = False) -> Pair:
    n = numerals.draw(rng, held)
    return numerals.write(n, ("english", "digits")[rng.integers(2)]), numerals.spanish(n)


def translation(n: int, source: str, target: str) -> Pair:
    return f"{target}: {numerals.write(n, source)}", numerals.write(n, target)


def acceptability(n: int, form: str, rng: np.random.Generator) -> Pair:
    """Whether some words are a number."""
    words, good = numerals.write(n, form), rng.random() < 0.5
    return f"check: {words if good else numerals.spoilt(words, form, rng)}", "yes" if good else "no"


def task(rng: np.random.Generator, held: bool = False) -> Pair:
    """One of the six directions, or, one time in five, the question whether it is a number."""
    n = numerals.draw(rng, held)
    if rng.random() < 0.2:
        return acceptability(n, ("english", "spanish")[rng.integers(2)], rng)
    return translation(n, *DIRECTIONS[rng.integers(len(DIRECTIONS))])


def tensors(pairs: Sequence[Pair], start: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sources, targets from their start token on, and what is to come after each; padded."""
    source, target = (
        [row.ids for row in tokenizer().encode_batch([pair[k] for pair in pairs])] for k in range(2)
    )
    return (
        encdec.padded(source, 0),
        encdec.padded([[start, *row[:-1]] for row in target], 0),
        encdec.padded(target, 0),
    )


@torch.no_grad()
def answers(model: Model, questions: Sequence[str], length: int = LONGEST) -> list[str]:
    source = encdec.padded([row.ids for row in tokenizer().encode_batch(list(questions))], 0)
    written = encdec.greedy(model, source.to(model.device), length)
    return tokenizer().decode_batch(written.tolist())


# ------------------------------------------------------------------------------ the two recipes


@dataclass(frozen=True)
class Kind:
    cls: type[Model]
    config: Seq2SeqConfig | T5Config
    pair: Callable[..., Pair]
    card: card.Card


def recipe(name: str, model: Model, args: argparse.Namespace) -> loop.Recipe:
    pair, start = KINDS[name].pair, model.config.start

    def batch(rng: np.random.Generator) -> tuple[Tensor, ...]:
        return tensors([pair(rng) for _ in range(args.batch)], start)

    return loop.Recipe(name, model, batch, loss, lambda m: sheet(name, m), lr=args.lr)


def loss(model: Model, batch: tuple[Tensor, ...], generator: torch.Generator) -> dict[str, Tensor]:
    source, target, expected = batch
    logits = encdec.logits(model, source, target)
    found = F.cross_entropy(logits.flatten(0, 1).float(), expected.flatten(), ignore_index=0)
    right = ((logits.argmax(-1) == expected) | (expected == 0)).all(1).float().mean()
    return {"loss": found, "right": right}


def sheet(name: str, model: Model) -> str:
    rng = np.random.default_rng(0)
    pairs = [KINDS[name].pair(rng, held=True) for _ in range(200)]
    written = answers(model, [q for q, _ in pairs])
    rows = [
        (f"{q} -> {a}", "" if a == b else f" (not {b})") for (q, b), a in zip(pairs, written, strict=True)
    ]
    exact = sum(not wrong for _, wrong in rows) / len(rows)
    return "\n".join([f"exact {exact:.3f}", *(row + wrong for row, wrong in rows)]) + "\n"


def golden(model: Model) -> dict[str, Tensor]:
    source, target = (
        torch.tensor([[30, 40, 50, 1], [31, 1, 0, 0]]),
        torch.tensor([[model.config.start, 60, 61]] * 2),
    )
    heard = model.decode(target, model.remember(model.encode(source)[0], source))
    return {"source": source, "target": target, "logits": heard.logits, "cross": heard.cross[0]}


def measure(name: str, model: Model) -> dict[str, float]:
    """Share of held-out numbers whose translation is right to the letter, in each direction."""
    rng = np.random.default_rng(7)
    numbers = [numerals.draw(rng, held=True) for _ in range(TEST)]
    found = {}
    if name == SEQ2SEQ:
        for form in ("english", "digits"):
            pairs = [(numerals.write(n, form), numerals.spanish(n)) for n in numbers]
            found[f"exact_{form}_spanish"] = exact(model, pairs)
        return found
    for source, target in DIRECTIONS:
        found[f"exact_{source}_{target}"] = exact(model, [translation(n, source, target) for n in numbers])
    for form in ("english", "spanish"):
        found[f"check_{form}"] = exact(model, [acceptability(n, form, rng) for n in numbers])
    return found


def exact(model: Model, pairs: Sequence[Pair]) -> float:
    right = 0
    for k in range(0, len(pairs), 250):
        part = pairs[k : k + 250]
        right += sum(a == b for a, (_, b) in zip(answers(model, [q for q, _ in part]), part, strict=True))
    return right / len(pairs)


SEQ2SEQ, PREFIX = "transformer-numbers", "t5-numbers"
DATA = (
    "Numbers from 0 to 999,999 in English, in Spanish and in digits, by procedure "
    "(`genmodels/data/numerals.py`). One number in twenty from 100 on is in no training, in no form."
)
LIMITS = (
    "It knows the words of numbers below a million and nothing else: not million, not a word spelt "
    "otherwise, not a decimal point. Longer numbers than it was trained on come out wrong, and it does not "
    "say so."
)
KINDS = {
    SEQ2SEQ: Kind(
        Seq2Seq,
        Seq2SeqConfig(vocab_size=0, d_model=64, layers=2, heads=4, d_ff=256),
        into_spanish,
        card.Card(
            title="Transformer, number words into Spanish",
            what=(
                "The Transformer of 2017 made small: two layers of encoder, two of decoder, post-norm, "
                "sines for positions. It reads a number in English words or in digits and writes it in "
                "Spanish. Its cross-attention shows which words of the source each word of the target "
                "comes from."
            ),
            data=DATA,
            limits=LIMITS,
            tags=("transformer", "encoder-decoder", "translation", "teaching"),
            pipeline_tag="translation",
        ),
    ),
    PREFIX: Kind(
        T5,
        T5Config(
            vocab_size=0, d_model=64, d_kv=16, d_ff=256, num_layers=2, num_decoder_layers=2, num_heads=4,
            relative_attention_num_buckets=16, relative_attention_max_distance=32,
        ),  # fmt: skip
        task,
        card.Card(
            title="T5, tasks by prefix over numbers",
            what=(
                "A small T5. The first word says what is to be done: `english:`, `spanish:` or `digits:` "
                "to have a number in that form, from either of the others, or `check:`, to be told whether "
                "some words are a number. One network for all seven."
            ),
            data=DATA + " In half of the questions for `check:` a word is lost, doubled, changed or swapped.",
            limits=LIMITS + " A prefix that it has never seen is a word that it does not know.",
            tags=("t5", "encoder-decoder", "text2text-generation", "teaching"),
            pipeline_tag="text2text-generation",
        ),
    ),
}  # fmt: skip


def fresh(name: str) -> Model:
    kind = KINDS[name]
    return kind.cls(replace(kind.config, vocab_size=tokenizer().get_vocab_size()))


def made_thin(name: str, folder: Path, share: float) -> Model:
    """By what it says of numbers that it learnt from."""
    model, rng = KINDS[name].cls.from_pretrained(folder), np.random.default_rng(0)
    source, target, _ = tensors([KINDS[name].pair(rng) for _ in range(SEEN)], model.config.start)
    return thinning.thinned(model, lambda m: encdec.logits(m, source, target).log_softmax(-1), share)


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=10)
    parser.add_argument("name", choices=sorted(KINDS))
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument(
        "--thin", type=float, help="no training: make the finished folder this share of itself"
    )
    parser.add_argument("--measure", action="store_true", help="only measure the finished folder again")
    args = parser.parse_args()
    folder: Path = args.out / args.name
    kind = KINDS[args.name]
    if args.thin:
        thinning.stored(made_thin(args.name, folder, args.thin), folder, golden, args)
    elif not args.measure:
        torch.manual_seed(args.seed)
        model, took = loop.train(recipe(args.name, fresh(args.name), args), args)
        card.finish(model, folder, golden, took, args.device)
        (folder / "tokenizer.json").write_text(tokenizer_json(), encoding="utf-8")
    values = measure(args.name, kind.cls.from_pretrained(folder))
    card.record(folder, measures={k: round(v, 4) for k, v in values.items()})
    card.write_card(folder, kind.card, f"python -m training.text_pairs {args.name} --measure")
    print(args.name, values)


if __name__ == "__main__":
    main()
