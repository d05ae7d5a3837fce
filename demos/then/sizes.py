"""The language models that a book of 2023 names, and some that came after: when, how large, read on how much.

Parameters and tokens are those of each source. Where a developer published none it says None, and the chart
leaves it out rather than guess.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    name: str
    month: str  # of its publication, YYYY-MM
    parameters: float | None
    tokens: float | None  # read in training, in tokens, where the source counts them so
    weights: bool  # whether anybody may have them
    source: str  # arXiv's number, or an address
    here: str = ""  # a Hub name that this gallery reads


BOOK = (  # those of the book's tables, and what they stand on
    Entry("Transformer", "2017-06", 213e6, None, True, "1706.03762"),
    Entry("GPT", "2018-06", 117e6, None, True, "openai.com/index/language-unsupervised"),
    Entry("BERT", "2018-10", 340e6, None, True, "1810.04805"),
    Entry("GPT-2", "2019-02", 1.5e9, None, True, "openai.com/index/better-language-models"),
    Entry("T5", "2019-10", 11e9, 1e12, True, "1910.10683"),
    Entry("GPT-3", "2020-05", 175e9, 300e9, False, "2005.14165"),
    Entry("GPT-Neo", "2021-03", 2.7e9, 420e9, True, "github.com/EleutherAI/gpt-neo"),
    Entry("GPT-J", "2021-06", 6e9, 402e9, True, "github.com/kingoflolz/mesh-transformer-jax"),
    Entry("Megatron-Turing NLG", "2021-10", 530e9, 270e9, False, "2201.11990"),
    Entry("Gopher", "2021-12", 280e9, 300e9, False, "2112.11446"),
    Entry("LaMDA", "2022-01", 137e9, None, False, "2201.08239"),
    Entry("GPT-NeoX", "2022-02", 20e9, None, True, "2204.06745"),
    Entry("Chinchilla", "2022-03", 70e9, 1.4e12, False, "2203.15556"),
    Entry("PaLM", "2022-04", 540e9, 780e9, False, "2204.02311"),
    Entry("Luminous", "2022-04", 70e9, None, False, "aleph-alpha.com"),
    Entry("OPT", "2022-05", 175e9, 180e9, False, "2205.01068"),
    Entry("OPT 66B", "2022-05", 66e9, 180e9, True, "2205.01068"),
    Entry("BLOOM", "2022-07", 176e9, 366e9, True, "2211.05100"),
    Entry("Flan-T5", "2022-10", 11e9, None, True, "2210.11416"),
    Entry("GPT-3.5", "2022-11", None, None, False, "openai.com/index/chatgpt"),
    Entry("LLaMA", "2023-02", 65e9, 1.4e12, True, "2302.13971"),
    Entry("GPT-4", "2023-03", None, None, False, "2303.08774"),
)
SMALL = (  # that fit a laptop, and that the tabs of this chapter read
    Entry("GPT-2 small", "2019-02", 124e6, None, True, "openai.com/index/better-language-models",
          "openai-community/gpt2"),
    Entry("DistilGPT-2", "2019-10", 82e6, None, True, "1910.01108", "distilbert/distilgpt2"),
    Entry("T5 small", "2019-10", 60.5e6, 1e12, True, "1910.10683", "google-t5/t5-small"),
    Entry("Qwen2.5 0.5B", "2024-09", 494e6, 18e12, True, "2412.15115", "Qwen/Qwen2.5-0.5B"),
    Entry("SmolLM2 135M", "2024-11", 135e6, 2e12, True, "2502.02737", "HuggingFaceTB/SmolLM2-135M"),
)  # fmt: skip
