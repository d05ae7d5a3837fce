"""The cards of the GPTs: what stands in the README of each folder."""

from training import card

QUIJOTE = (
    "Miguel de Cervantes, *Don Quijote de la Mancha*, both parts (1605, 1615), public domain, Project "
    "Gutenberg's "
    "text no. 2000. Chapters only; lines of prose joined to paragraphs. Of the 126 chapters every tenth is "
    "held "
    "out and a twentieth decided when to stop."
)
SHAKESPEARE = (
    "40,000 lines of Shakespeare's plays (public domain) as karpathy/char-rnn keeps them. The last tenth "
    "is held "
    "out; the twentieth before it decided when to stop."
)
RECIPES = (
    "410 recipes of ronaldl29/public-domain-recipes (Unlicense), in markdown, without emoji. Every tenth "
    "is held "
    "out and a twentieth decided when to stop."
)
NAMES = (
    "32,033 first names of karpathy/makemore (MIT; names of the US Social Security Administration, public "
    "domain), "
    "with a capital. Every tenth is held out and a twentieth decided when to stop."
)
TAGS = ("gpt", "transformer", "text-generation", "teaching")

CARDS = {
    "gpt-quijote": card.Card(
        title="GPT, Don Quijote",
        what=(
            "A small GPT (4 layers of 128 channels, rotary positions, 256 tokens of context) over 2,048 "
            "tokens of "
            "bytes, trained from nothing on one book. It writes seventeenth-century Spanish: who speaks, how "
            "sentences turn, what a knight does. It means nothing by it."
        ),
        data=QUIJOTE,
        tags=(*TAGS, "spanish"),
        pipeline_tag="text-generation",
        limits=(
            "It knows one book and nothing else: no facts, no modern Spanish, no other author. It loses "
            "the thread "
            "after a sentence or two. Phrases of the book come back word for word now and then."
        ),
    ),
    "gpt-shakespeare": card.Card(
        title="GPT, Shakespeare",
        what=(
            "A small GPT (4 layers of 96 channels, learned positions, 256 tokens of context) over 1,024 "
            "tokens of "
            "bytes. It writes scenes: names in capitals, a colon, lines that nearly scan."
        ),
        data=SHAKESPEARE,
        tags=(*TAGS, "shakespeare"),
        pipeline_tag="text-generation",
        limits=(
            "A million characters are little: it has the manner and no plot, and invents words. Characters "
            "of "
            "different plays meet."
        ),
    ),
    "gpt-recipes": card.Card(
        title="GPT, recipes",
        what=(
            "A small GPT (4 layers of 96 channels, rotary positions, 256 tokens of context) over 1,024 "
            "tokens of "
            "bytes. From a title it writes ingredients and directions in markdown, and an end."
        ),
        data=RECIPES,
        tags=(*TAGS, "recipes"),
        pipeline_tag="text-generation",
        limits=(
            "400,000 characters are very little. It does not know what it listed when it cooks, amounts "
            "are those "
            "of other dishes, and nothing it writes should be eaten."
        ),
    ),
    "gpt-names": card.Card(
        title="GPT, first names",
        what=(
            "A tiny GPT (3 layers of 48 channels, learned positions, 24 characters) that writes first "
            "names letter "
            "by letter."
        ),
        data=NAMES,
        tags=(*TAGS, "names"),
        pipeline_tag="text-generation",
        limits="Names of the United States; many of those it writes exist, as most short names do.",
    ),
    **{
        f"ngram-{name}": card.Card(
            title=f"5-grams of {words}",
            what=(
                "Which character followed the last four, counted, with modified Kneser-Ney smoothing. The "
                "weights "
                f"are the longest grams and their counts; shorter ones follow from them. {share}"
            ),
            data=data,
            tags=("n-gram", "kneser-ney", "text-generation", "teaching"),
            pipeline_tag="text-generation",
            limits=(
                "It looks back on four characters, so words come out right and sentences do not. It is "
                "what the "
                "networks are measured against."
            ),
        )
        for name, words, data, share in (
            ("quijote", "Don Quijote", QUIJOTE, "Of the chapters every third is kept, to stay small."),
            ("shakespeare", "Shakespeare", SHAKESPEARE, "The first third of the text, to stay small."),
            ("recipes", "recipes", RECIPES, "All of the training text."),
        )
    },
}  # fmt: skip
