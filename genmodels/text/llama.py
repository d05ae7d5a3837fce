"""Llama: the decoder that GPT-2 became, and that most open language models are today.

Against GPT-2 four things changed, each small. Positions aren't added to the input: queries and keys are
turned by an angle that grows with the position (rotary, Su et al., arXiv:2104.09864, equation 34), so a score
depends on how far apart two tokens are. The layers are scaled by their root mean square, without a mean or a
bias (Zhang and Sennrich, arXiv:1910.07467). The network between is gated: W_down(silu(W_gate x) * W_up x)
(Shazeer, arXiv:2002.05202). Several heads share keys and values (Ainslie et al., arXiv:2305.13245), so that
there is less to remember.

Touvron et al.: LLaMA, arXiv:2302.13971. Names of layers are those of transformers, so SmolLM2 (HuggingFaceTB,
a Llama) and Qwen2.5 (the same with biases on queries, keys and values) load as they are.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.errors import Problem
from genmodels.foreign import plain_config
from genmodels.model import Model
from genmodels.nn.attention import turn
from genmodels.text.language import Look


@dataclass(frozen=True)
class LlamaConfig:
    vocab_size: int = 32_000
    hidden_size: int = 4096  # channels of a token
    intermediate_size: int = 11_008  # channels inside the gated network
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int = 32  # a divisor of the heads: as many share keys and values
    max_position_embeddings: int = 2048  # tokens it was trained to look back on
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10_000.0  # the slowest turn takes 2 pi theta tokens
    tie_word_embeddings: bool = False  # whether the last layer is the embedding
    qkv_bias: bool = False  # Qwen2


class RMSNorm(nn.Module):
    def __init__(self, channels: int, eps: float):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * (x.square().mean(-1, keepdim=True) + self.eps).rsqrt() * self.weight


def turns(start: int, n: int, width: int, theta: float, like: Tensor) -> Tensor:
    """(2, n, width): cosines and sines of n positions from `start`, each speed twice, half a width apart."""
    speeds = theta ** -(torch.arange(0, width, 2, device=like.device).float() / width)
    angles = torch.arange(start, start + n, device=like.device)[:, None] * speeds
    return torch.stack([angles.cos(), angles.sin()]).repeat(1, 1, 2).to(like.dtype)


class Attention(nn.Module):
    """The heads of a group ask the same keys, so they stand in rows: (B, groups, share n, d)."""

    def __init__(self, channels: int, heads: int, groups: int, bias: bool):
        super().__init__()
        self.heads, self.groups, width = heads, groups, channels // heads
        self.q_proj = nn.Linear(channels, channels, bias=bias)
        self.k_proj = nn.Linear(channels, groups * width, bias=bias)
        self.v_proj = nn.Linear(channels, groups * width, bias=bias)
        self.o_proj = nn.Linear(channels, channels, bias=False)

    def ask(self, x: Tensor, by: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, n, C) -> queries (B, heads, n, d), keys and values (B, groups, n, d), turned."""
        parts = ((self.q_proj, self.heads), (self.k_proj, self.groups), (self.v_proj, self.groups))
        q, k, v = (layer(x).unflatten(2, (heads, -1)).transpose(1, 2) for layer, heads in parts)
        return turn(q, by), turn(k, by), v

    def forward(self, x: Tensor, by: Tensor, start: int, cache: Tensor | None) -> Tensor:
        q, k, v = self.ask(x, by)
        n, share = q.shape[2], self.heads // self.groups
        if cache is not None:
            cache[0, :, :, start : start + n] = k
            cache[1, :, :, start : start + n] = v
            k, v = cache[:, :, :, : start + n]
        q = q.unflatten(1, (self.groups, share)).flatten(2, 3)  # B, groups, share n, d
        mask = before(n, start, x.device).repeat(share, 1) if n > 1 else None
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        y = y.unflatten(2, (share, n)).flatten(1, 2)  # B, heads, n, d
        return self.o_proj(y.transpose(1, 2).flatten(2))

    def weights(self, x: Tensor, by: Tensor) -> Tensor:
        """Where every token of (1, n, C) looks: (heads, n, n)."""
        q, k, _ = self.ask(x, by)
        k = k.repeat_interleave(self.heads // self.groups, 1)
        scores = q[0] @ k[0].mT * q.shape[-1] ** -0.5
        return scores.masked_fill(~before(x.shape[1], 0, x.device), -torch.inf).softmax(-1)


def before(n: int, start: int, device: torch.device) -> Tensor:
    """(n, start + n): which of all tokens so far each of the last n may see."""
    return torch.ones(n, start + n, dtype=torch.bool, device=device).tril(start)


class MLP(nn.Module):
    def __init__(self, channels: int, inside: int):
        super().__init__()
        self.gate_proj = nn.Linear(channels, inside, bias=False)
        self.up_proj = nn.Linear(channels, inside, bias=False)
        self.down_proj = nn.Linear(inside, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, channels: int, inside: int, heads: int, groups: int, eps: float, bias: bool):
        super().__init__()
        self.self_attn = Attention(channels, heads, groups, bias)
        self.mlp = MLP(channels, inside)
        self.input_layernorm = RMSNorm(channels, eps)
        self.post_attention_layernorm = RMSNorm(channels, eps)

    def forward(self, x: Tensor, by: Tensor, start: int = 0, cache: Tensor | None = None) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), by, start, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Memory:
    """Keys and values of what was read: (layers, 2, B, groups, length, d), of which `done` are filled."""

    def __init__(self, cache: Tensor, done: int = 0):
        self.cache, self.done = cache, done

    def take(self, rows: Tensor) -> "Memory":
        return Memory(self.cache[:, :, rows], self.done)


class Body(nn.Module):
    """The layers, under the name that transformers gives them."""

    def __init__(self, c: LlamaConfig):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        shape = (c.hidden_size, c.intermediate_size, c.num_attention_heads, c.num_key_value_heads)
        blocks = (Block(*shape, c.rms_norm_eps, c.qkv_bias) for _ in range(c.num_hidden_layers))
        self.layers = nn.ModuleList(blocks)
        self.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)


class Llama(Model):
    """Writes from left to right. Tokens (B, n), and logits (B, n, V) of what comes after each."""

    Config = LlamaConfig

    def __init__(self, config: LlamaConfig):
        super().__init__(config)
        self.model = Body(config)
        self.lm_head = None
        if not config.tie_word_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)

    @property
    def context(self) -> int:
        return self.config.max_position_embeddings

    def turns(self, start: int, n: int) -> Tensor:
        c, table = self.config, self.model.embed_tokens.weight
        return turns(start, n, c.hidden_size // c.num_attention_heads, c.rope_theta, table)

    def begin(self, batch: int, length: int) -> Memory:
        c = self.config
        width = c.hidden_size // c.num_attention_heads
        shape = (c.num_hidden_layers, 2, batch, c.num_key_value_heads, length, width)
        return Memory(self.model.embed_tokens.weight.new_empty(shape))

    def feed(self, tokens: Tensor, memory: Memory) -> Tensor:
        x, by = self.model.embed_tokens(tokens), self.turns(memory.done, tokens.shape[1])
        for block, cache in zip(self.model.layers, memory.cache, strict=True):
            x = block(x, by, memory.done, cache)
        memory.done += tokens.shape[1]
        return self.read(x)

    def logits(self, tokens: Tensor) -> Tensor:
        x, by = self.model.embed_tokens(tokens), self.turns(0, tokens.shape[1])
        for block in self.model.layers:
            x = block(x, by)
        return self.read(x)

    def look(self, tokens: Tensor) -> Look:
        """What goes on while (1, n) tokens are read."""
        x, by = self.model.embed_tokens(tokens), self.turns(0, tokens.shape[1])
        attention, hidden = [], [x[0]]
        for block in self.model.layers:
            attention.append(block.self_attn.weights(block.input_layernorm(x), by))
            x = block(x, by)
            hidden.append(x[0])
        return Look(attention, hidden)

    def read(self, hidden: Tensor) -> Tensor:
        """What any layer left (..., C) -> logits (..., V), as if it had been the last."""
        table = self.model.embed_tokens if self.lm_head is None else self.lm_head
        return F.linear(self.model.norm(hidden), table.weight)

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> LlamaConfig:
        """Ours or that of transformers."""
        if "_class_name" in raw:
            return super().read_config(raw)
        return super().read_config({"_class_name": cls.__name__, **theirs(raw)})

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: LlamaConfig) -> dict[str, Tensor]:
        """Without a second copy of a tied table, and the angles that old files keep."""
        tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
        return {k: v for k, v in state.items() if k not in tied and not k.endswith("rotary_emb.inv_freq")}


def theirs(raw: dict[str, Any]) -> dict[str, Any]:
    """config.json of a Llama or a Qwen2 as transformers writes it, today's or earlier -> our fields."""
    ignored = (
        "architectures", "attention_dropout", "bos_token_id", "eos_token_id", "pad_token_id", "torch_dtype",
        "dtype", "initializer_range", "transformers_version", "use_cache", "pretraining_tp",
        "is_llama_config",
        "transformers.js_config", "max_window_layers", "sliding_window", "layer_types", "_name_or_path",
        "model_type", "head_dim", "rope_parameters",
    )  # fmt: skip
    fixed = {
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "rope_scaling": None,
        "rope_interleaved": False,
        "use_sliding_window": False,
        "use_mrope": False,
    }
    kind = raw.get("model_type", "llama")
    if kind not in ("llama", "qwen2"):
        raise Problem("config", file="config.json", found=f"model_type is {kind!r}, not 'llama' or 'qwen2'")
    rope = raw.get("rope_parameters") or {}
    if rope.get("rope_type", "default") != "default":
        raise Problem("config", file="config.json", found=f"rope_type is {rope['rope_type']!r}")
    theta = {"rope_theta": rope["rope_theta"]} if "rope_theta" in rope else {}
    fields = plain_config(raw, ignored, fixed) | theta | {"qkv_bias": kind == "qwen2"}
    width = raw.get("head_dim") or 0
    if width and width * fields.get("num_attention_heads", 32) != fields.get("hidden_size", 4096):
        raise Problem("config", file="config.json", found=f"head_dim is {width}, not the channels of a head")
    return fields
