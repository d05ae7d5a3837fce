"""T5: every task is text in, text out, and the first words of the input say which task.

An encoder and a decoder as in `seq2seq`, with four changes: the normalisation stands before each block and
only scales (no mean, no bias), there is not one bias in the network, attention is not divided by the root of
its channels (the initial weights are smaller instead), and positions are a number added to each score, by
head and by distance: every distance up to 8 (of 32 buckets, half look back and half ahead) has its own,
larger ones share, more the farther they are. The decoder only looks back, so all of its buckets do.

Raffel, Shazeer, Roberts, Lee, Narang, Matena, Zhou, Li, Liu: Exploring the Limits of Transfer Learning with a
Unified Text-to-Text Transformer, JMLR 2020 (section 2.1). Version 1.1 and Flan-T5 have a gated feed-forward
network and a head of their own. Names of layers are those of transformers, so their checkpoints load as they
are.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.errors import Problem
from genmodels.foreign import plain_config
from genmodels.model import Model
from genmodels.text.encdec import Heard, Memory, attend, later, padding, split

STRAY = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"  # old files have it, unused
GATED = "gated-gelu"


@dataclass(frozen=True)
class T5Config:
    vocab_size: int = 32128
    d_model: int = 512  # channels of a position
    d_kv: int = 64  # channels of a head
    d_ff: int = 2048  # channels within the feed-forward networks
    num_layers: int = 6  # of the encoder
    num_decoder_layers: int = 6
    num_heads: int = 8
    relative_attention_num_buckets: int = 32
    relative_attention_max_distance: int = 128  # from here on all distances are one
    layer_norm_epsilon: float = 1e-6
    feed_forward_proj: str = "relu"  # or "gated-gelu"
    tie_word_embeddings: bool = True  # the embedding is the head, too
    pad: int = 0  # token that fills up a batch
    end: int = 1  # token after the last
    start: int = 0  # token before the first of the target


class RMSNorm(nn.Module):
    def __init__(self, channels: int, eps: float):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        size = x.float().pow(2).mean(-1, keepdim=True)
        return self.weight * (x * (size + self.eps).rsqrt()).to(self.weight.dtype)


def bucket(distance: Tensor, count: int, farthest: int, both: bool) -> Tensor:
    """Where the key stands minus where the query does -> the number of its bucket.

    both:      key before query 0 … count/2 - 1, after it count/2 … count - 1
    not both:  0 for itself, then farther and farther back; what comes later counts as itself
    """
    first = torch.zeros_like(distance)
    if both:
        count //= 2
        first, distance = count * (distance > 0), distance.abs()
    else:
        distance = -distance.clamp(max=0)
    exact = count // 2  # below this, each distance its own; from there on, by its logarithm
    share = (distance.float().clamp(min=1) / exact).log() / math.log(farthest / exact)
    far = (exact + (share * (count - exact)).long()).clamp(max=count - 1)
    return first + torch.where(distance < exact, distance, far)


class Attention(nn.Module):
    def __init__(self, c: T5Config, biased: bool = False):
        super().__init__()
        inner, self.heads = c.num_heads * c.d_kv, c.num_heads
        self.q = plain(c.d_model, inner, (c.d_model * c.d_kv) ** -0.5)
        self.k, self.v = (plain(c.d_model, inner, c.d_model**-0.5) for _ in range(2))
        self.o = plain(inner, c.d_model, inner**-0.5)
        if biased:
            self.relative_attention_bias = nn.Embedding(c.relative_attention_num_buckets, c.num_heads)
            nn.init.normal_(self.relative_attention_bias.weight, std=c.d_model**-0.5)

    def pair(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return split(self.k(x), self.heads), split(self.v(x), self.heads)

    def forward(self, x: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        y, weights = attend(split(self.q(x), self.heads), k, v, bias, 1.0)
        return self.o(y), weights


def plain(c_in: int, c_out: int, std: float) -> nn.Linear:
    layer = nn.Linear(c_in, c_out, bias=False)
    nn.init.normal_(layer.weight, std=std)
    return layer


class FeedForward(nn.Module):
    def __init__(self, c: T5Config):
        super().__init__()
        names = ("wi_0", "wi_1") if c.feed_forward_proj == GATED else ("wi",)
        for name in names:
            self.add_module(name, plain(c.d_model, c.d_ff, c.d_model**-0.5))
        self.gated, self.wo = len(names) == 2, plain(c.d_ff, c.d_model, c.d_ff**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        if self.gated:
            return self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))
        return self.wo(F.relu(self.wi(x)))


class Layer(nn.Module):
    """A normalisation and what follows it, under the name that it has in the files."""

    def __init__(self, name: str, inner: nn.Module, c: T5Config):
        super().__init__()
        self.add_module(name, inner)
        self.layer_norm = RMSNorm(c.d_model, c.layer_norm_epsilon)


class Block(nn.Module):
    def __init__(self, c: T5Config, biased: bool, crossed: bool):
        super().__init__()
        layers = [Layer("SelfAttention", Attention(c, biased), c)]
        layers += [Layer("EncDecAttention", Attention(c), c)] if crossed else []
        self.layer = nn.ModuleList([*layers, Layer("DenseReluDense", FeedForward(c), c)])

    def look(self, x: Tensor, bias: Tensor | None, memory: Memory | None, i: int) -> tuple[Tensor, Tensor]:
        """At the other tokens, those of a memory among them."""
        attention = self.layer[0].SelfAttention
        normed = self.layer[0].layer_norm(x)
        pair = attention.pair(normed)
        y, weights = attention(normed, *(memory.extend(i, *pair) if memory else pair), bias)
        return x + y, weights

    def across(self, x: Tensor, memory: Memory, i: int) -> tuple[Tensor, Tensor]:
        normed = self.layer[1].layer_norm(x)
        y, weights = self.layer[1].EncDecAttention(normed, *memory.source[i], memory.hidden)
        return x + y, weights

    def think(self, x: Tensor) -> Tensor:
        return x + self.layer[-1].DenseReluDense(self.layer[-1].layer_norm(x))


class Stack(nn.Module):
    def __init__(self, c: T5Config, layers: int, crossed: bool):
        super().__init__()
        self.buckets, self.farthest = c.relative_attention_num_buckets, c.relative_attention_max_distance
        self.both = not crossed
        self.block = nn.ModuleList(Block(c, i == 0, crossed) for i in range(layers))
        self.final_layer_norm = RMSNorm(c.d_model, c.layer_norm_epsilon)

    def bias(self, count: int, done: int = 0) -> Tensor:
        """Of `count` tokens after `done` others, (1, heads, count, done + count): the same in every layer."""
        table = self.block[0].layer[0].SelfAttention.relative_attention_bias
        place = torch.arange(done + count, device=table.weight.device)
        distance = place[None, :] - place[done:, None]
        return table(bucket(distance, self.buckets, self.farthest, self.both)).permute(2, 0, 1)[None]


class T5(Model):
    """Source (B, n) and target (B, m) of token ids -> logits of what comes after each of the target's."""

    Config = T5Config

    def __init__(self, config: T5Config):
        super().__init__(config)
        c = config
        self.shared = nn.Embedding(c.vocab_size, c.d_model)
        self.encoder = Stack(c, c.num_layers, crossed=False)
        self.decoder = Stack(c, c.num_decoder_layers, crossed=True)
        if not c.tie_word_embeddings:
            self.lm_head = plain(c.d_model, c.vocab_size, c.d_model**-0.5)

    def encode(self, source: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, n) -> (B, n, C), and the attention of each layer, (B, heads, n, n)."""
        x, weights = self.shared(source), []
        bias = self.encoder.bias(source.shape[1]) + padding(source, self.config.pad, x.dtype)
        for i, block in enumerate(self.encoder.block):
            x, w = block.look(x, bias, None, i)
            x = block.think(x)
            weights.append(w)
        return self.encoder.final_layer_norm(x), weights

    def remember(self, encoded: Tensor, source: Tensor) -> Memory:
        pairs = [block.layer[1].EncDecAttention.pair(encoded) for block in self.decoder.block]
        return Memory(pairs, padding(source, self.config.pad, pairs[0][0].dtype))

    def decode(self, tokens: Tensor, memory: Memory) -> Heard:
        x, own, cross = self.shared(tokens), [], []
        bias, mask = self.decoder.bias(tokens.shape[1], memory.done), later(tokens.shape[1], memory.done, x)
        bias = bias if mask is None else bias + mask
        for i, block in enumerate(self.decoder.block):
            x, w = block.look(x, bias, memory, i)
            x, across = block.across(x, memory, i)
            x = block.think(x)
            own.append(w)
            cross.append(across)
        memory.done += tokens.shape[1]
        return Heard(self.head(self.decoder.final_layer_norm(x)), own, cross)

    def head(self, x: Tensor) -> Tensor:
        if self.config.tie_word_embeddings:
            return (x * self.config.d_model**-0.5) @ self.shared.weight.T
        return self.lm_head(x)

    # What others wrote

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> T5Config:
        """Ours or that of transformers."""
        raw = raw if "_class_name" in raw else {"_class_name": cls.__name__, **theirs(raw)}
        config = super().read_config(raw)
        if config.feed_forward_proj not in ("relu", GATED):
            raise Problem("config", file="config.json", found=f"feed_forward_proj {config.feed_forward_proj}")
        return config

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: T5Config) -> dict[str, Tensor]:
        """Without the tables of distances across that old files have, and copies of the embedding."""
        copies = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}
        if config.tie_word_embeddings:
            copies.add("lm_head.weight")
        return {k: v for k, v in state.items() if k != STRAY and k not in copies}


def theirs(raw: dict[str, Any]) -> dict[str, Any]:
    """config.json of transformers -> our fields."""
    ignored = (
        "architectures", "dropout_rate", "classifier_dropout", "initializer_factor", "torch_dtype", "dtype",
        "transformers_version", "use_cache", "n_positions", "output_past", "task_specific_params",
        "_name_or_path", "gradient_checkpointing", "dense_act_fn", "is_gated_act", "bos_token_id",
        "scale_decoder_outputs", "is_decoder",
    )  # fmt: skip
    fields = plain_config(raw, ignored, {"model_type": "t5", "is_encoder_decoder": True})
    names = {"pad_token_id": "pad", "eos_token_id": "end", "decoder_start_token_id": "start"}
    fields = {names.get(key, key): value for key, value in fields.items()}
    layers = fields.get("num_layers", T5Config.num_layers)
    if fields.get("num_decoder_layers") is None:
        fields["num_decoder_layers"] = layers
    return fields
