"""The checkpoints of this family: what each picker offers, the bundled ones first. One table per class."""

from genmodels.hub import Checkpoint

GPT = (
    Checkpoint(
        name="gpt-quijote",
        title="GPT, Don Quijote",
        licence="MIT",
        data="Don Quijote, 1605 and 1615, in Spanish (public domain), 2048 tokens of bytes",
        spanish=(
            "GPT, Don Quijote",
            "Don Quijote, 1605 y 1615, en español (dominio público), 2048 tokens de bytes",
        ),
    ),
    Checkpoint(
        name="gpt-shakespeare",
        title="GPT, Shakespeare",
        licence="MIT",
        data="40,000 lines of Shakespeare's plays (public domain), 1024 tokens of bytes",
        spanish=(
            "GPT, Shakespeare",
            "40 000 líneas del teatro de Shakespeare, en inglés (dominio público), 1024 tokens de bytes",
        ),
    ),
    Checkpoint(
        name="gpt-recipes",
        title="GPT, recipes",
        licence="MIT",
        data="410 recipes in English (public domain), 1024 tokens of bytes",
        spanish=("GPT, recetas", "410 recetas en inglés (dominio público), 1024 tokens de bytes"),
    ),
    Checkpoint(
        name="gpt-names",
        title="GPT, first names by the letter",
        licence="MIT",
        data="32,000 first names, by letters",
        spanish=("GPT, nombres de pila letra por letra", "32 000 nombres de pila, por letras"),
    ),
    Checkpoint(
        name="openai-community/gpt2",
        title="GPT-2 small, 2019",
        licence="MIT",
        data="WebText: 8 million pages that Reddit linked to, in English",
        spanish=("GPT-2 small, 2019", "WebText: 8 millones de páginas enlazadas en Reddit, en inglés"),
        revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
        size=548_105_171,
        sha256="248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
        also=("tokenizer.json",),
    ),
    Checkpoint(
        name="distilbert/distilgpt2",
        title="DistilGPT-2, half of its layers",
        licence="Apache 2.0",
        data="OpenWebText, a remake of GPT-2's data, with GPT-2 as the teacher, in English",
        spanish=(
            "DistilGPT-2, la mitad de las capas",
            "OpenWebText, una réplica de los datos de GPT-2, con GPT-2 de maestro, en inglés",
        ),
        size=352_824_413,
        sha256="e1ff18884359fe8beb795a5f414feb85a6ce3d929ad019c0d958c039d2b94a1b",
        also=("tokenizer.json",),
    ),
    Checkpoint(
        name="datificate/gpt2-small-spanish",
        title="GPT-2 small, in Spanish",
        licence="Apache 2.0",
        data="the Spanish Wikipedia",
        spanish=("GPT-2 small, en español", "la Wikipedia en español"),
        revision="refs/pr/1",  # main has only a pickle
        about=510_000_000,
        also=("vocab.json", "merges.txt"),
    ),
)

RNN = (
    Checkpoint(
        name="lstm-recipes",
        title="LSTM of recipes, by words",
        licence="MIT",
        data="410 recipes in English (public domain), 4000 words",
        spanish=("LSTM de recetas, por palabras", "410 recetas en inglés (dominio público), 4000 palabras"),
    ),
    Checkpoint(
        name="rnn-recipes",
        title="Plain RNN of recipes",
        licence="MIT",
        data="410 recipes in English (public domain), 1024 tokens of bytes",
        spanish=("RNN simple de recetas", "410 recetas en inglés (dominio público), 1024 tokens de bytes"),
    ),
    Checkpoint(
        name="gru-recipes",
        title="GRU of recipes",
        licence="MIT",
        data="410 recipes in English (public domain), 1024 tokens of bytes",
        spanish=("GRU de recetas", "410 recetas en inglés (dominio público), 1024 tokens de bytes"),
    ),
    Checkpoint(
        name="stacked-recipes",
        title="Two layers of LSTM, recipes",
        licence="MIT",
        data="410 recipes in English (public domain), 1024 tokens of bytes",
        spanish=(
            "LSTM de dos capas, recetas",
            "410 recetas en inglés (dominio público), 1024 tokens de bytes",
        ),
    ),
    Checkpoint(
        name="lstm-names",
        title="LSTM of first names, by the letter",
        licence="MIT",
        data="32,000 first names, by letters",
        spanish=("LSTM de nombres de pila, letra por letra", "32 000 nombres de pila, por letras"),
    ),
)

BIRNN = (
    Checkpoint(
        name="birnn-recipes",
        title="GRU in both directions, recipes",
        licence="MIT",
        data="410 recipes in English (public domain), 1024 tokens of bytes",
        spanish=(
            "GRU en ambas direcciones, recetas",
            "410 recetas en inglés (dominio público), 1024 tokens de bytes",
        ),
    ),
)

LLAMA = (
    Checkpoint(
        name="HuggingFaceTB/SmolLM2-135M",
        title="SmolLM2, 135 million, 2024",
        licence="Apache 2.0",
        data="2 trillion tokens of web pages, textbooks and code, in English",
        spanish=(
            "SmolLM2, 135 millones, 2024",
            "2 billones de tokens de páginas web, textos de estudio y código, en inglés",
        ),
        size=269_060_552,
        also=("tokenizer.json",),
    ),
    Checkpoint(
        name="HuggingFaceTB/SmolLM2-135M-Instruct",
        title="SmolLM2-Instruct, 135 million, taught to answer",
        licence="Apache 2.0",
        data="the same, then conversations",
        spanish=(
            "SmolLM2-Instruct, 135 millones, instruido para responder",
            "lo mismo y luego conversaciones",
        ),
        size=269_060_552,
        sha256="5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c",
        also=("tokenizer.json",),
    ),
    Checkpoint(
        name="Qwen/Qwen2.5-0.5B",
        title="Qwen2.5, half a billion, 2024",
        licence="Apache 2.0",
        data="18 trillion tokens, many languages, Spanish too",
        spanish=(
            "Qwen2.5, 500 millones, 2024",
            "18 billones de tokens, muchos idiomas, español incluido",
        ),
        size=988_097_824,
        also=("tokenizer.json",),
    ),
)

SEQ2SEQ = (
    Checkpoint(
        name="transformer-numbers",
        title="Transformer of 2017, small: numbers into Spanish",
        licence="MIT",
        data="numbers below a million, in English words or digits, and in Spanish words",
        spanish=(
            "Transformer de 2017, chico: números al español",
            "números de menos de un millón, en palabras inglesas o dígitos, y en palabras españolas",
        ),
    ),
)

T5 = (
    Checkpoint(
        name="t5-numbers",
        title="T5, small: tasks over numbers by prefix",
        licence="MIT",
        data="numbers below a million in English, Spanish and digits; some that are none",
        spanish=(
            "T5, chico: tareas con números según el prefijo",
            "números de menos de un millón en inglés, español y dígitos; y algunos que no lo son",
        ),
    ),
    Checkpoint(
        name="google-t5/t5-small",
        title="T5 small, 2019",
        licence="Apache 2.0",
        data="C4, 750 GB of pages, and tasks: translation from English, summaries, judgments",
        spanish=(
            "T5 small, 2019",
            "C4, 750 GB de páginas, y tareas: traducir del inglés, resumir, juzgar oraciones",
        ),
        size=242_043_056,
        sha256="bd944e5f1b3ad9b70dd9d00010a517059e19265671076b8b0a4a58d9491842bc",
        also=("tokenizer.json",),
    ),
)

BERT = (
    Checkpoint(
        name="bert-recipes",
        title="BERT, small: gaps in recipes",
        licence="MIT",
        data="410 recipes in English (public domain), 1024 tokens of bytes and a mask",
        spanish=(
            "BERT, chico: huecos en recetas",
            "410 recetas en inglés (dominio público), 1024 tokens de bytes y una máscara",
        ),
    ),
)

NGRAM = (
    Checkpoint(
        name="ngram-quijote",
        title="5-grams, Don Quijote",
        licence="MIT",
        data="a third of the chapters of Don Quijote, in Spanish (public domain), by characters",
        spanish=(
            "5-gramas, Don Quijote",
            "un tercio de los capítulos de Don Quijote, en español (dominio público), por caracteres",
        ),
    ),
    Checkpoint(
        name="ngram-shakespeare",
        title="5-grams, Shakespeare",
        licence="MIT",
        data="a third of 40,000 lines of Shakespeare's plays (public domain), by characters",
        spanish=(
            "5-gramas, Shakespeare",
            "un tercio de 40 000 líneas de Shakespeare, en inglés (dominio público), por caracteres",
        ),
    ),
    Checkpoint(
        name="ngram-recipes",
        title="5-grams, recipes",
        licence="MIT",
        data="410 recipes in English (public domain), by characters",
        spanish=("5-gramas, recetas", "410 recetas en inglés (dominio público), por caracteres"),
    ),
)

STORIES = (
    Checkpoint(
        name="gpt-stories",
        title="GPT of mini stories, and its adapters",
        licence="MIT",
        data="stories of animals written by rule, English and Spanish, 400 words",
        spanish=(
            "GPT de minicuentos, y sus adaptadores",
            "cuentos de animales escritos por regla, en inglés y español, 400 palabras",
        ),
    ),
)
