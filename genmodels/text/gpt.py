"""GPT: a text as a row of tokens, each predicted from all before it by a stack of attention and thinking.

A token becomes a vector, to which its position is added (`learned`, as in GPT-2) or by which its queries and
keys are turned (`rotary`, Su and others 2021, as most have it since). In every block a token looks at those
before it (attention) and is then worked on alone (a network of one hidden layer); both add to the vector, so
that what comes out of any block can be read as a guess (`read`, the logit lens). Writing keeps the keys and
values of what was read (`Cache`), and for one text on a CPU its steps go through `lean`.

Radford, Wu, Child, Luan, Amodei, Sutskever: Language Models are Unsupervised Multitask Learners, 2019. Names
of layers are those of the Hub's `gpt2`; checkpoints with a prefix and with the masks of old load as well. The
last layer is the table of tokens itself. Dropout is where GPT-2 has it, except inside the attention.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.errors import Problem
from genmodels.foreign import plain_config
from genmodels.model import Model
from genmodels.nn.attention import Affine, causal, turn, turns
from genmodels.text.language import Look
from genmodels.text.lean import Lean


@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int = 50257
    n_positions: int = 1024  # the context: how many tokens it sees
    n_embd: int = 768  # channels of a token
    n_layer: int = 12
    n_head: int = 12
    layer_norm_epsilon: float = 1e-5
    positions: str = "learned"  # or "rotary"
    dropout: float = 0.0  # in training: of the embedding and of what each block adds


class Place(NamedTuple):
    """What every block is told besides the vectors, which lie under one another as rows (B n, C)."""

    batch: int
    start: int = 0  # position of the first token
    mask: Tensor | None = None  # (n, start + n), true where one may look; None: everything up to oneself
    angles: Tensor | None = None  # (2, n, d) of rotary positions


class Attention(nn.Module):
    def __init__(self, channels: int, heads: int, layers: int):
        super().__init__()
        self.heads = heads
        self.c_attn = Affine(channels, 3 * channels)
        self.c_proj = Affine(channels, channels, std=0.02 * (2 * layers) ** -0.5)

    def look(self, x: Tensor, at: Place) -> tuple[Tensor, Tensor, Tensor]:
        """Rows (B n, C) -> queries, keys and values, (B, heads, n, C / heads) each."""
        parts = self.c_attn(x).view(at.batch, -1, 3, self.heads, x.shape[1] // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        return (q, k, v) if at.angles is None else (turn(q, at.angles), turn(k, at.angles), v)

    def forward(self, x: Tensor, at: Place, kept: Tensor | None) -> Tensor:
        q, k, v = self.look(x, at)
        if kept is not None:
            end = at.start + q.shape[2]
            kept[0, :, :, at.start : end] = k
            kept[1, :, :, at.start : end] = v
            k, v = kept[:, :, :, :end]
        if kept is None and at.mask is None and q.requires_grad and q.device.type == "cpu":
            y = causal(q, k, v)
        else:
            triangle = at.mask is None and q.shape[2] > 1
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=at.mask, is_causal=triangle)
        return self.c_proj(y.transpose(1, 2).reshape(x.shape))  # B n, C


class MLP(nn.Module):
    def __init__(self, channels: int, layers: int):
        super().__init__()
        self.c_fc = Affine(channels, 4 * channels)
        self.c_proj = Affine(4 * channels, channels, std=0.02 * (2 * layers) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    """Looks at what came before, then thinks; both are added to the input."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        c = config
        self.dropout = c.dropout
        self.ln_1 = nn.LayerNorm(c.n_embd, c.layer_norm_epsilon)
        self.attn = Attention(c.n_embd, c.n_head, c.n_layer)
        self.ln_2 = nn.LayerNorm(c.n_embd, c.layer_norm_epsilon)
        self.mlp = MLP(c.n_embd, c.n_layer)

    def drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout) if self.training and self.dropout else x

    def forward(self, x: Tensor, at: Place, kept: Tensor | None = None) -> Tensor:
        x = x + self.drop(self.attn(self.ln_1(x), at, kept))
        return x + self.drop(self.mlp(self.ln_2(x)))


class Table(nn.Embedding):
    """A vector per token, by which it is looked up and by which it is recognised."""

    def __init__(self, vocab: int, channels: int):
        super().__init__(vocab, channels)
        nn.init.normal_(self.weight, std=0.02)

    def likeness(self, x: Tensor) -> Tensor:
        """(..., C) -> products with each token's vector (..., V)."""
        return F.linear(x, self.weight)


class Cache:
    """Keys and values of what was read: (layers, 2, B, heads, length, C / heads), `n` of them written."""

    def __init__(self, kept: Tensor, n: int = 0):
        self.kept, self.n = kept, n
        self.lean: Lean | None = None  # made when the first single token comes

    def take(self, rows: Tensor) -> "Cache":
        shape = list(self.kept.shape)
        shape[2] = len(rows)
        new = self.kept.new_empty(shape)
        new[..., : self.n, :] = self.kept[..., : self.n, :].index_select(2, rows.to(new.device))
        return Cache(new, self.n)


class GPT(Model):
    """Texts of token numbers (B, n), each predicted from all before it."""

    Config = GPTConfig

    def __init__(self, config: GPTConfig):
        super().__init__(config)
        c = config
        self.wte = Table(c.vocab_size, c.n_embd)
        self.wpe, angles = None, None
        if c.positions == "rotary":
            angles = turns(c.n_positions, c.n_embd // c.n_head)
        else:
            self.wpe = nn.Embedding(c.n_positions, c.n_embd)
            nn.init.normal_(self.wpe.weight, std=0.02)
        self.register_buffer("angles", angles, persistent=False)  # (2, positions, d): computed, not learnt
        self.h = nn.ModuleList(Block(c) for _ in range(c.n_layer))
        self.ln_f = nn.LayerNorm(c.n_embd, c.layer_norm_epsilon)

    @property
    def context(self) -> int:
        return self.config.n_positions

    # Reading

    def place(self, tokens: Tensor, start: int = 0, mask: Tensor | None = None) -> Place:
        batch, n = tokens.shape
        if start + n > self.context:
            raise ValueError(f"{start + n} tokens, and the context has {self.context}")
        return Place(batch, start, mask, None if self.angles is None else self.angles[:, start : start + n])

    def embed(self, tokens: Tensor, start: int = 0) -> Tensor:
        """(B, n), the first of which stands at position `start` -> (B n, C)."""
        x = self.wte(tokens)
        if self.wpe is not None:
            x = x + self.wpe.weight[start : start + tokens.shape[1]]
        p = self.config.dropout
        return (F.dropout(x, p) if self.training and p else x).flatten(0, 1)

    def features(self, tokens: Tensor) -> Tensor:
        """(B, n) -> (B, n, C): what the last block gives out."""
        at, x = self.place(tokens), self.embed(tokens)
        for block in self.h:
            x = block(x, at)
        return x.unflatten(0, tokens.shape)

    def read(self, hidden: Tensor) -> Tensor:
        """What any block gives out (..., C) -> logits (..., V), as if it were the last."""
        return self.wte.likeness(self.ln_f(hidden))

    def logits(self, tokens: Tensor) -> Tensor:
        return self.read(self.features(tokens))

    # Writing

    def begin(self, batch: int, length: int) -> Cache:
        c = self.config
        shape = (c.n_layer, 2, batch, c.n_head, min(length, self.context), c.n_embd // c.n_head)
        return Cache(torch.empty(shape, dtype=self.dtype, device=self.device))

    def feed(self, tokens: Tensor, memory: Cache) -> Tensor:
        start = memory.n
        if tokens.numel() == 1 and 0 < start < memory.kept.shape[-2] and (memory.lean or Lean.can(self)):
            memory.lean = memory.lean or Lean(self, memory.kept)
            memory.n = start + 1
            return memory.lean(int(tokens), start)
        return self.read(self.take_in(tokens, memory))

    def hear(self, tokens: Tensor, memory: Cache) -> Tensor:
        """As `feed`, but only what comes after the last: (B, 1, V). For prompts."""
        return self.read(self.take_in(tokens, memory)[:, -1:])

    def take_in(self, tokens: Tensor, memory: Cache) -> Tensor:
        """(B, n) -> (B, n, C): what the last block gives out."""
        start, n = memory.n, tokens.shape[1]
        if start + n > memory.kept.shape[-2]:
            raise ValueError(f"{start + n} tokens, and the memory has room for {memory.kept.shape[-2]}")
        mask = None
        if start and n > 1:  # a part of the triangle that is not a triangle
            mask = torch.ones(n, start + n, dtype=torch.bool, device=tokens.device).tril(start)
        at, x = self.place(tokens, start, mask), self.embed(tokens, start)
        for block, kept in zip(self.h, memory.kept, strict=True):
            x = block(x, at, kept)
        memory.n = start + n
        return x.unflatten(0, tokens.shape)

    # A look inside

    def look(self, tokens: Tensor, masked: bool = True) -> Look:
        """One text (1, n). Without the mask everybody sees what comes after, which it never learnt to use."""
        n = tokens.shape[1]
        mask = torch.ones(n, n, dtype=torch.bool, device=tokens.device)
        at = self.place(tokens, 0, mask.tril() if masked else mask)
        x = self.embed(tokens)
        attention, hidden = [], [x]
        for block in self.h:
            q, k, _ = block.attn.look(block.ln_1(x), at)
            scores = (q[0] @ k[0].mT * q.shape[-1] ** -0.5).masked_fill(~at.mask, -torch.inf)
            attention.append(scores.float().softmax(-1))  # heads, n, n
            x = block(x, at)
            hidden.append(x)
        return Look(attention, hidden)

    # What others wrote

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> GPTConfig:
        """Ours or that of transformers."""
        if "_class_name" not in raw:
            raw = {"_class_name": cls.__name__, **theirs(raw)}
        config = super().read_config(raw)
        if config.positions not in ("learned", "rotary"):
            raise Problem("config", file="config.json", found=f"positions is {config.positions!r}")
        if min(config.n_head, config.n_embd) < 1 or config.n_embd % config.n_head:
            found = f"n_embd {config.n_embd} is not a multiple of n_head {config.n_head}"
            raise Problem("config", file="config.json", found=found)
        return config

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: GPTConfig) -> dict[str, Tensor]:
        """Without the prefix, the triangles that older files keep in every layer, and a copy of the table."""
        state = {key.removeprefix("transformer."): value for key, value in state.items()}
        names = ("bias", "masked_bias")
        triangles = {f"h.{i}.attn.{name}" for i in range(config.n_layer) for name in names}
        if "lm_head.weight" in state and same(state["lm_head.weight"], state.get("wte.weight")):
            triangles.add("lm_head.weight")
        return {key: value for key, value in state.items() if key not in triangles}


def same(a: Tensor, b: Tensor | None) -> bool:
    return b is not None and a.shape == b.shape and (a.is_meta or torch.equal(a, b))


def theirs(raw: dict[str, Any]) -> dict[str, Any]:
    """config.json of transformers -> our fields."""
    ignored = (
        "architectures", "attn_pdrop", "embd_pdrop", "resid_pdrop", "initializer_range", "torch_dtype",
        "dtype", "transformers_version", "use_cache", "reorder_and_upcast_attn", "bos_token_id",
        "eos_token_id", "pad_token_id", "_name_or_path", "_num_labels", "id2label", "label2id", "n_ctx",
        "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type",
        "summary_use_proj", "task_specific_params", "gradient_checkpointing", "output_past",
    )  # fmt: skip
    fixed = {
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "n_inner": None,
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
        "tie_word_embeddings": True,
    }
    return plain_config(raw, ignored, fixed)
