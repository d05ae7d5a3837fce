"""The Transformer as it was first: an encoder reads a sentence, a decoder writes it in another language.

Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention Is All You Need, 2017. Its
normalisation comes after each sum (post-norm), its positions are sines and cosines that nobody learns
(section 3.5), and one matrix is embedding of both sides and head (3.4). Every decoder layer looks twice: back
at what is written, and across at the source (figure 1). That second look is where translation happens, and
`encdec.look` returns it.

Names of layers are those of Marian in transformers, which is this architecture. As there, the sines fill the
first half of the channels and the cosines the second, where the paper alternates them.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.model import Model
from genmodels.text.encdec import Heard, Memory, attend, later, padding, split


@dataclass(frozen=True)
class Seq2SeqConfig:
    vocab_size: int = 37000  # tokens of both languages together
    d_model: int = 512  # channels of a position
    layers: int = 6  # of the encoder, and as many of the decoder
    heads: int = 8
    d_ff: int = 2048  # channels within the feed-forward networks
    pad: int = 0  # token that fills up a batch
    end: int = 1  # token after the last
    start: int = 3  # token before the first of the target


def waves(start: int, count: int, channels: int) -> Tensor:
    """Positions start, start + 1, …: (count, channels), sines and then cosines of ever slower turns."""
    speed = 10000.0 ** (-torch.arange(0, channels, 2, dtype=torch.float64) / channels)
    angle = torch.arange(start, start + count, dtype=torch.float64)[:, None] * speed
    return torch.cat([angle.sin(), angle.cos()], 1).float()


class Attention(nn.Module):
    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads, self.scale = heads, (channels // heads) ** -0.5
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (linear(channels, channels) for _ in range(4))

    def pair(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What others may look at in x (B, n, C): keys and values."""
        return split(self.k_proj(x), self.heads), split(self.v_proj(x), self.heads)

    def forward(self, x: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        y, weights = attend(split(self.q_proj(x), self.heads), k, v, bias, self.scale)
        return self.out_proj(y), weights


def linear(c_in: int, c_out: int) -> nn.Linear:
    layer = nn.Linear(c_in, c_out)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class EncoderLayer(nn.Module):
    def __init__(self, channels: int, heads: int, d_ff: int):
        super().__init__()
        self.self_attn, self.self_attn_layer_norm = Attention(channels, heads), nn.LayerNorm(channels)
        self.fc1, self.fc2 = linear(channels, d_ff), linear(d_ff, channels)
        self.final_layer_norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        y, weights = self.self_attn(x, *self.self_attn.pair(x), hidden)
        return self.think(self.self_attn_layer_norm(x + y)), weights

    def think(self, x: Tensor) -> Tensor:
        return self.final_layer_norm(x + self.fc2(F.relu(self.fc1(x))))


class DecoderLayer(EncoderLayer):
    """Looks back, then across, then thinks."""

    def __init__(self, channels: int, heads: int, d_ff: int):
        super().__init__(channels, heads, d_ff)
        self.encoder_attn, self.encoder_attn_layer_norm = Attention(channels, heads), nn.LayerNorm(channels)

    def forward(self, x: Tensor, memory: Memory, layer: int, bias: Tensor | None) -> tuple[Tensor, ...]:  # type: ignore[override]
        y, own = self.self_attn(x, *memory.extend(layer, *self.self_attn.pair(x)), bias)
        x = self.self_attn_layer_norm(x + y)
        y, cross = self.encoder_attn(x, *memory.source[layer], memory.hidden)
        return self.think(self.encoder_attn_layer_norm(x + y)), own, cross


class Stack(nn.Module):
    def __init__(self, kind: type[EncoderLayer], c: Seq2SeqConfig):
        super().__init__()
        self.layers = nn.ModuleList(kind(c.d_model, c.heads, c.d_ff) for _ in range(c.layers))


class Seq2Seq(Model):
    """Source (B, n) and target (B, m) of token ids -> logits of what comes after each of the target's."""

    Config = Seq2SeqConfig

    def __init__(self, config: Seq2SeqConfig):
        super().__init__(config)
        self.shared = nn.Embedding(config.vocab_size, config.d_model)
        nn.init.normal_(self.shared.weight, std=config.d_model**-0.5)
        self.encoder, self.decoder = Stack(EncoderLayer, config), Stack(DecoderLayer, config)

    def embed(self, tokens: Tensor, start: int = 0) -> Tensor:
        """(B, n), the first at position `start` -> (B, n, C)."""
        c = self.config.d_model
        return self.shared(tokens) * c**0.5 + waves(start, tokens.shape[1], c).to(self.shared.weight)

    def encode(self, source: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, n) -> (B, n, C), and the attention of each layer, (B, heads, n, n)."""
        x, weights = self.embed(source), []
        hidden = padding(source, self.config.pad, x.dtype)
        for layer in self.encoder.layers:
            x, w = layer(x, hidden)
            weights.append(w)
        return x, weights

    def remember(self, encoded: Tensor, source: Tensor) -> Memory:
        pairs = [layer.encoder_attn.pair(encoded) for layer in self.decoder.layers]
        return Memory(pairs, padding(source, self.config.pad, pairs[0][0].dtype))

    def decode(self, tokens: Tensor, memory: Memory) -> Heard:
        x, own, cross = self.embed(tokens, memory.done), [], []
        bias = later(tokens.shape[1], memory.done, x)
        for i, layer in enumerate(self.decoder.layers):
            x, w, across = layer(x, memory, i, bias)
            own.append(w)
            cross.append(across)
        memory.done += tokens.shape[1]
        return Heard(x @ self.shared.weight.T, own, cross)
