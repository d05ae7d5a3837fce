"""BERT: reads a text with words hidden, looks to both sides at every layer, says what the hidden ones are.

Devlin, Chang, Lee, Toutanova: BERT, Pre-training of Deep Bidirectional Transformers, 2018. Only the encoder
of the Transformer, so there is no mask of what comes later: that is why it can use the words after a gap, and
why it can't write, for it has never learnt what comes next without seeing it. In training 15 % of the tokens
are to be found again; of those eight in ten are replaced by a mask, one by another token, one stays (section
3.1), so that every token may be a wrong one. The second task of the paper, next sentence, is left out: what
followed it (RoBERTa) did better without.

Names of layers are those of transformers' BertForMaskedLM.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.foreign import plain_config
from genmodels.model import Model
from genmodels.text.encdec import attend, padding, split
from genmodels.text.language import Look


@dataclass(frozen=True)
class BertConfig:
    vocab_size: int = 30522
    hidden_size: int = 768  # channels of a position
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072  # channels within the feed-forward networks
    max_position_embeddings: int = 512
    type_vocab_size: int = 2  # kinds of sentence: the first of a pair, the second; here always the first
    layer_norm_eps: float = 1e-12
    hidden_dropout_prob: float = 0.1  # in training
    pad_token_id: int = 0  # token that fills up a batch; -1 for none
    mask_token_id: int = 103  # token that stands for a hidden one


class Attention(nn.Module):
    """Names as in the files: `self` looks, `output` adds what it saw."""

    def __init__(self, c: BertConfig):
        super().__init__()
        self.heads, self.scale = c.num_attention_heads, (c.hidden_size // c.num_attention_heads) ** -0.5
        self.self = nn.ModuleDict(
            {k: linear(c.hidden_size, c.hidden_size) for k in ("query", "key", "value")}
        )
        self.output = Added(c.hidden_size, c)

    def forward(self, x: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor]:
        q, k, v = (split(self.self[name](x), self.heads) for name in ("query", "key", "value"))
        y, weights = attend(q, k, v, hidden, self.scale)
        return self.output(y, x), weights


class Added(nn.Module):
    """A projection, dropout, the sum with what there was, and the normalisation of it all."""

    def __init__(self, c_in: int, c: BertConfig):
        super().__init__()
        self.dense, self.dropout = linear(c_in, c.hidden_size), nn.Dropout(c.hidden_dropout_prob)
        self.LayerNorm = nn.LayerNorm(c.hidden_size, c.layer_norm_eps)

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        return self.LayerNorm(x + self.dropout(self.dense(y)))


def linear(c_in: int, c_out: int) -> nn.Linear:
    layer = nn.Linear(c_in, c_out)
    nn.init.normal_(layer.weight, std=0.02)
    nn.init.zeros_(layer.bias)
    return layer


class Layer(nn.Module):
    def __init__(self, c: BertConfig):
        super().__init__()
        self.attention = Attention(c)
        self.intermediate = nn.ModuleDict({"dense": linear(c.hidden_size, c.intermediate_size)})
        self.output = Added(c.intermediate_size, c)

    def forward(self, x: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor]:
        x, weights = self.attention(x, hidden)
        return self.output(F.gelu(self.intermediate["dense"](x)), x), weights


class Embeddings(nn.Module):
    def __init__(self, c: BertConfig):
        super().__init__()
        self.word_embeddings = nn.Embedding(c.vocab_size, c.hidden_size)
        self.position_embeddings = nn.Embedding(c.max_position_embeddings, c.hidden_size)
        self.token_type_embeddings = nn.Embedding(c.type_vocab_size, c.hidden_size)
        for table in self.children():
            nn.init.normal_(table.weight, std=0.02)
        self.LayerNorm = nn.LayerNorm(c.hidden_size, c.layer_norm_eps)
        self.dropout = nn.Dropout(c.hidden_dropout_prob)

    def forward(self, tokens: Tensor) -> Tensor:
        n = tokens.shape[1]
        around = self.position_embeddings.weight[:n] + self.token_type_embeddings.weight[0]
        return self.dropout(self.LayerNorm(self.word_embeddings(tokens) + around))


class Head(nn.Module):
    """One more layer, then the embedding as a head. Named `cls.predictions` in the files."""

    def __init__(self, c: BertConfig):
        super().__init__()
        self.transform = nn.Module()
        self.transform.dense = linear(c.hidden_size, c.hidden_size)
        self.transform.LayerNorm = nn.LayerNorm(c.hidden_size, c.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(c.vocab_size))

    def forward(self, x: Tensor, words: Tensor) -> Tensor:
        return F.linear(self.transform.LayerNorm(F.gelu(self.transform.dense(x))), words, self.bias)


class Bert(Model):
    """Tokens (B, n), some of them `blank` -> logits (B, n, V) of what stands at each position."""

    Config = BertConfig

    def __init__(self, config: BertConfig):
        super().__init__(config)
        self.bert = nn.Module()
        self.bert.embeddings = Embeddings(config)
        self.bert.encoder = nn.Module()
        self.bert.encoder.layer = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.cls = nn.ModuleDict({"predictions": Head(config)})

    @property
    def blank(self) -> int:
        return self.config.mask_token_id

    @property
    def context(self) -> int:
        return self.config.max_position_embeddings

    def logits(self, tokens: Tensor) -> Tensor:
        return self.read(self.layers(tokens)[1][-1])

    def layers(self, tokens: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Attention (B, heads, n, n) of each layer; what goes in, what comes out of each (B, n, C)."""
        x, weights = self.bert.embeddings(tokens), []
        hidden = padding(tokens, self.config.pad_token_id, x.dtype)
        states = [x]
        for layer in self.bert.encoder.layer:
            x, w = layer(x, hidden)
            weights.append(w)
            states.append(x)
        return weights, states

    def read(self, hidden: Tensor) -> Tensor:
        """What a state of any layer would say."""
        return self.cls["predictions"](hidden, self.bert.embeddings.word_embeddings.weight)

    @torch.no_grad()
    def look(self, tokens: Tensor) -> Look:
        """(1, n) -> attention of each layer, (heads, n, n), and the states, (n, C)."""
        weights, states = self.layers(tokens)
        return Look([w[0] for w in weights], [x[0] for x in states])

    # What others wrote

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> BertConfig:
        """Ours or that of transformers."""
        raw = raw if "_class_name" in raw else {"_class_name": cls.__name__, **theirs(raw)}
        return super().read_config(raw)

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: BertConfig) -> dict[str, Tensor]:
        """Without copies of what is tied, old buffers, and the parts of the paper's second task."""
        copies = {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}
        beside = ("bert.embeddings.position_ids", "bert.pooler.", "cls.seq_relationship.")
        modern = {}
        for key, value in state.items():
            if key not in copies and not key.startswith(beside):
                old = key.replace("LayerNorm.gamma", "LayerNorm.weight")  # as TensorFlow's were called
                modern[old.replace("LayerNorm.beta", "LayerNorm.bias")] = value
        return modern


def theirs(raw: dict[str, Any]) -> dict[str, Any]:
    """config.json of transformers -> our fields."""
    ignored = (
        "architectures", "attention_probs_dropout_prob", "initializer_range", "torch_dtype", "dtype",
        "transformers_version", "use_cache", "_name_or_path", "gradient_checkpointing", "classifier_dropout",
        "bos_token_id", "eos_token_id",
    )  # fmt: skip
    fixed = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        "is_decoder": False,
        "add_cross_attention": False,
        "tie_word_embeddings": True,
    }
    return plain_config(raw, ignored, fixed)
