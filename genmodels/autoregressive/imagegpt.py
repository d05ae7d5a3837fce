"""ImageGPT: a picture as a sentence whose words are colours, in the order in which one reads.

Every pixel is the nearest of a few hundred colours (`clusters`), so a picture of 32x32 is a sequence of
1024 numbers, and a transformer of the kind that writes text predicts each from all before it. Nothing tells
it that the picture is flat: that the pixel 32 places back is the one above, it finds out (`attention` shows
where a pixel looks). A PixelCNN sees a neighbourhood that grows from layer to layer; this one sees
everything at once and pays with the square of the length. Drawing keeps the keys and values of the pixels
already drawn (`ImageGPTPen`), so that a new pixel costs one step and not the whole picture again.

Chen, Radford, Child, Wu, Jun, Luan, Sutskever: Generative Pretraining from Pixels, ICML 2020. Names of
layers are those of transformers, so its checkpoints load as they are. Their colours lie beside the weights,
in preprocessor_config.json; ours are part of the config.
"""

from dataclasses import dataclass, replace
from math import isqrt
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genmodels.autoregressive.heads import choose
from genmodels.errors import Problem
from genmodels.foreign import plain_config
from genmodels.model import Model, fits
from genmodels.nn.attention import Affine, causal

GELU = 1.702  # x sigmoid(1.702 x) is nearly x Phi(x)
COLOURS = "preprocessor_config.json"


@dataclass(frozen=True)
class ImageGPTConfig:
    size: tuple[int, int] = (32, 32)  # rows, columns
    vocab_size: int = 513  # colours, and one more, the last, that stands before every picture
    n_embd: int = 512  # channels of a position
    n_layer: int = 24
    n_head: int = 8
    layer_norm_epsilon: float = 1e-5
    clusters: tuple[tuple[float, float, float], ...] = ()  # the colours in [-1, 1]; (): even greys


class RMSNorm(nn.Module):
    """Unit mean square, times a gain. The mean stays, and there is no bias."""

    def __init__(self, channels: int, eps: float):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)  # faster than F.rms_norm
        return x * (size * size / x.shape[-1] + self.eps).rsqrt() * self.weight


class Attention(nn.Module):
    def __init__(self, channels: int, heads: int, layers: int):
        super().__init__()
        self.heads = heads
        self.c_attn = Affine(channels, 3 * channels)
        self.c_proj = Affine(channels, channels, std=0.02 * (2 * layers) ** -0.5)

    def look(self, x: Tensor, batch: int) -> tuple[Tensor, ...]:
        """Rows (B n, C) -> queries, keys and values, (B, heads, n, C / heads) each."""
        return self.c_attn(x).view(batch, -1, 3, self.heads, x.shape[1] // self.heads).permute(2, 0, 3, 1, 4)

    def forward(self, x: Tensor, batch: int, start: int, cache: Tensor | None, mask: Tensor | None) -> Tensor:
        q, k, v = self.look(x, batch)
        if cache is not None:
            end = start + q.shape[2]
            cache[0, :, :, start:end] = k
            cache[1, :, :, start:end] = v
            k, v = cache[:, :, :, :end]
        if cache is None and q.requires_grad and q.device.type == "cpu":
            y = causal(q, k, v)
        else:
            triangle = mask is None and q.shape[2] > 1
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=triangle)
        return self.c_proj(y.transpose(1, 2).reshape(x.shape))  # B n, C


class MLP(nn.Module):
    def __init__(self, channels: int, layers: int):
        super().__init__()
        self.c_fc = Affine(channels, 4 * channels)
        self.c_proj = Affine(4 * channels, channels, std=0.02 * (2 * layers) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        # x sigmoid(1.702 x) = silu(1.702 x) / 1.702: one pass, not three; the factors ride on the products
        h = F.silu(self.c_fc(x, scale=GELU))
        return torch.addmm(self.c_proj.bias, h, self.c_proj.weight, alpha=1 / GELU)


class Block(nn.Module):
    """Looks at what came before, then thinks; both are added to the input."""

    def __init__(self, channels: int, heads: int, layers: int, eps: float):
        super().__init__()
        self.ln_1 = RMSNorm(channels, eps)
        self.attn = Attention(channels, heads, layers)
        self.ln_2 = RMSNorm(channels, eps)
        self.mlp = MLP(channels, layers)

    def forward(self, x: Tensor, batch: int, start: int, cache: Tensor | None, mask: Tensor | None) -> Tensor:
        x = x + self.attn(self.ln_1(x), batch, start, cache, mask)
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    """Tokens -> features of what comes after each. Rows of all pictures lie under one another: (B n, C)."""

    def __init__(self, vocab: int, positions: int, channels: int, layers: int, heads: int, eps: float):
        super().__init__()
        self.wte = nn.Embedding(vocab, channels)
        self.wpe = nn.Embedding(positions, channels)
        for table in (self.wte, self.wpe):
            nn.init.normal_(table.weight, std=0.02)
        self.h = nn.ModuleList(Block(channels, heads, layers, eps) for _ in range(layers))
        self.ln_f = RMSNorm(channels, eps)

    def embed(self, tokens: Tensor, start: int = 0) -> Tensor:
        """(B, n), the first of which stands at position `start` -> (B n, C)."""
        return (self.wte(tokens) + self.wpe.weight[start : start + tokens.shape[1]]).flatten(0, 1)

    def forward(self, tokens: Tensor, start: int = 0, cache: Tensor | None = None) -> Tensor:
        """(B, n) -> (B, n, C). `cache` has keys and values of all positions before, and gets these."""
        batch, n = tokens.shape
        mask = None
        if start and n > 1:  # a part of the triangle that is not a triangle
            mask = torch.ones(n, start + n, dtype=torch.bool, device=tokens.device).tril(start)
        x = self.embed(tokens, start)
        for i, block in enumerate(self.h):
            x = block(x, batch, start, None if cache is None else cache[i], mask)
        return self.ln_f(x).unflatten(0, (batch, n))


class ImageGPT(Model):
    """Pictures of colour numbers (B, 1, H, W), each number from all before it in reading order."""

    Config = ImageGPTConfig
    beside = (COLOURS,)
    draws = 1  # uniforms that a pixel takes

    def __init__(self, config: ImageGPTConfig):
        super().__init__(config)
        c = config
        positions = c.size[0] * c.size[1]
        self.transformer = Transformer(
            c.vocab_size, positions, c.n_embd, c.n_layer, c.n_head, c.layer_norm_epsilon
        )
        self.lm_head = nn.Linear(c.n_embd, c.vocab_size - 1, bias=False)
        nn.init.normal_(self.lm_head.weight, std=0.02)
        greys = torch.linspace(-1, 1, c.vocab_size - 1)[:, None].expand(-1, 3).contiguous()
        colours = torch.tensor(c.clusters) if c.clusters else greys
        self.register_buffer("clusters", colours, persistent=False)  # (K, 3): in the config, not in the file

    @property
    def shape(self) -> tuple[int, int, int]:
        return (1, *self.config.size)

    @property
    def levels(self) -> int:
        return self.config.vocab_size - 1

    # A picture and its numbers

    def tokens(self, image: Tensor) -> Tensor:
        """Images (B, 3 or 1, H, W) in [-1, 1] -> the nearest colour of each pixel, (B, 1, H, W)."""
        if image.shape[-2:] != self.config.size:
            raise ValueError(f"images are {tuple(image.shape)}, not of size {self.config.size}")
        pixels = image.to(self.clusters).expand(-1, 3, -1, -1).permute(0, 2, 3, 1)  # B, H, W, 3
        return torch.cdist(pixels.flatten(0, 2), self.clusters).argmin(1).view(len(image), *self.shape)

    def image(self, x: Tensor) -> Tensor:
        """Numbers (B, 1, H, W) -> images (B, 3, H, W) in [-1, 1]."""
        return self.clusters[x[:, 0]].permute(0, 3, 1, 2)

    # Probabilities

    def before(self, x: Tensor) -> Tensor:
        """What stands before each pixel: (B, 1, H, W) -> (B, T), the start token and all but the last."""
        return F.pad(x.flatten(1)[:, :-1], (1, 0), value=self.levels)

    def logits(self, x: Tensor) -> Tensor:
        """Numbers (B, 1, H, W) -> (B, H, W, K), at each position from the pixels before it."""
        return self.lm_head(self.transformer(self.before(x))).unflatten(1, self.config.size)

    def log_prob(self, x: Tensor) -> Tensor:
        """Nats of every pixel, (B, H, W)."""
        return -F.cross_entropy(self.logits(x).permute(0, 3, 1, 2).float(), x[:, 0], reduction="none")

    def attention(self, x: Tensor, i: int, j: int) -> Tensor:
        """Where the pixel (i, j) of one picture (1, 1, H, W) looks to be predicted: (layers, heads, t + 1).

        Of the t + 1 weights the first goes to the start token, the others to the t pixels before it.
        """
        t = i * self.config.size[1] + j
        h, rows = self.transformer.embed(self.before(x)[:1, : t + 1]), []
        for block in self.transformer.h:
            q, k, _ = block.attn.look(block.ln_1(h), 1)
            scores = q[0, :, -1:] @ k[0].mT * q.shape[-1] ** -0.5  # heads, 1, t + 1
            rows.append(scores.float().softmax(-1)[:, 0])
            h = block(h, 1, 0, None, None)
        return torch.stack(rows)

    # Drawing

    def pen(self, batch: int) -> "ImageGPTPen":
        return ImageGPTPen(self, batch)

    def chances(self, params: Tensor) -> Tensor:
        """Parameters (..., K) -> probabilities (..., K)."""
        return params.float().softmax(-1)

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        """Uniforms (B, 1) -> numbers (B, 1)."""
        return choose(params.float(), u[..., 0], temperature)[..., None]

    # What others wrote

    @classmethod
    def read_config(cls, raw: dict[str, Any]) -> ImageGPTConfig:
        """Ours or that of transformers, with the colours from the file beside it."""
        if "_class_name" in raw:
            config = super().read_config(raw)
        else:
            config = super().read_config({"_class_name": cls.__name__, **theirs(raw)})
        return replace(config, clusters=colours(config.clusters, config.vocab_size - 1))

    @classmethod
    def read_state(cls, state: dict[str, Tensor], config: ImageGPTConfig) -> dict[str, Tensor]:
        """Without the triangles that older files keep in every layer."""
        names = ("bias", "masked_bias")
        triangles = {f"transformer.h.{i}.attn.{name}" for i in range(config.n_layer) for name in names}
        return {k: v for k, v in state.items() if k not in triangles}


class ImageGPTPen:
    """A drawing in progress. Remembers keys and values, so each position is computed once.

    Positions put without having been asked for are computed together, when the next one is asked for.
    """

    catches_up = True

    def __init__(self, model: ImageGPT, batch: int):
        c, (rows, columns) = model.config, model.config.size
        self.model, self.columns, self.done = model, columns, 0  # positions that are in the cache
        self.tokens = torch.full((batch, rows * columns + 1), model.levels, device=model.device)
        self.cache = torch.empty(
            (c.n_layer, 2, batch, c.n_head, rows * columns, c.n_embd // c.n_head),  # 2: keys and values
            dtype=model.dtype,
            device=model.device,
        )

    @torch.no_grad()
    def __call__(self, i: int, j: int) -> Tensor:
        t = i * self.columns + j
        start = min(self.done, t)
        h = self.model.transformer(self.tokens[:, start : t + 1], start, self.cache)
        self.done = t + 1
        return self.model.lm_head(h[:, -1])

    def put(self, i: int, j: int, values: Tensor) -> None:
        self.tokens[:, i * self.columns + j + 1] = values[:, 0]


def theirs(raw: dict[str, Any]) -> dict[str, Any]:
    """config.json of transformers, and under its name preprocessor_config.json -> our fields."""
    ignored = (
        "architectures", "attn_pdrop", "embd_pdrop", "resid_pdrop", "initializer_range", "torch_dtype",
        "dtype", "transformers_version", "use_cache", "reorder_and_upcast_attn", "bos_token_id",
        "eos_token_id", "pad_token_id", "_name_or_path",
    )  # fmt: skip
    fixed = {
        "model_type": "imagegpt",
        "activation_function": "quick_gelu",
        "n_inner": None,
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
        "tie_word_embeddings": False,
    }
    if COLOURS not in raw:
        raise Problem("config", file=COLOURS, found="the file is missing, and the colours with it")
    fields = plain_config(raw, ignored, fixed)
    clusters, positions = fields.pop(COLOURS).get("clusters"), fields.pop("n_positions", 1024)
    if not isinstance(positions, int) or positions < 1 or isqrt(positions) ** 2 != positions:
        raise Problem("config", file="config.json", found=f"n_positions is {positions!r}, not a square")
    return fields | {"size": [isqrt(positions)] * 2, "clusters": clusters}


def colours(clusters: tuple[Any, ...], count: int) -> tuple[tuple[float, float, float], ...]:
    """The clusters, checked: none, or `count` of them, three numbers from -1 to 1 each."""
    triples = [tuple(c) for c in clusters if isinstance(c, list) and len(c) == 3]
    if clusters and not (
        len(triples) == len(clusters) == count
        and all(fits(v, float) and abs(v) <= 1 for triple in triples for v in triple)
    ):
        found = f"clusters are not {count} colours in [-1, 1]"
        raise Problem("config", file=f"config.json or {COLOURS}", found=found)
    return tuple(triples)
