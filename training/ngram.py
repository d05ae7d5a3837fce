"""Models that only count characters: `python -m training.ngram --model ngram-recipes`.

Nothing is trained: the weights are counts. Of the longer texts a third is counted, so that what ships stays
small; docs/text.md has the numbers of the whole.
"""

import time

import torch
from torch import Tensor

from genmodels.text.ngram import NGram
from genmodels.text.tokens import Tokenizer
from training import card, loop, text_cards, text_data, text_scores, text_tokens

SHARES = {"ngram-quijote": 3, "ngram-shakespeare": 3, "ngram-recipes": 1}  # of the text one part in so many


def kept(split: text_data.Split, share: int) -> list[str]:
    """Every `share`-th document, or of a single one its beginning."""
    if len(split.train) > 1:
        return list(split.train[::share])
    text = split.train[0]
    return [text[: text.index("\n\n", len(text) // share) + 1]]


def golden(model: NGram) -> dict[str, Tensor]:
    tokens = torch.from_numpy(model.tokens("a la e in the")[None])
    return {"tokens": tokens, "logits": model.logits(tokens)}


def main() -> None:
    parser = loop.arguments(__doc__.splitlines()[0], minutes=0)
    parser.add_argument("--model", choices=SHARES, default="ngram-recipes")
    args = parser.parse_args()
    folder, began = args.out / args.model, time.process_time()
    split = text_data.TEXTS[args.model.removeprefix("ngram-")](args.data)
    model = NGram.of(kept(split, SHARES[args.model]))
    text_tokens.save(text_tokens.fixed(r"[\s\S]", model.config.alphabet), folder)
    took = {"minutes": round((time.process_time() - began) / 60, 2), "grams": len(model.counted[-1].grams)}
    model = card.finish(model, folder, golden, took, args.device)
    values = text_scores.held_out(model, Tokenizer.of(folder), split)
    card.record(folder, parameters=sum(len(t.grams) for t in model.counted), measures=values)
    card.write_card(folder, text_cards.CARDS[args.model], f"python -m training.ngram --model {args.model}")
    print(args.model, values)


if __name__ == "__main__":
    main()
