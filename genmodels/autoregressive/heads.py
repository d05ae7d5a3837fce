"""What stands at the end of an autoregressive model: a distribution over the values of one pixel.

A head turns features into parameters, and knows three things about them: the probability of a value, the
probabilities of all values, and the value that a uniform number u picks. Picking is by inverse cumulative
distribution: the same u gives the same value whoever computed the parameters, and a slightly better model
changes few pixels.

    Levels     one softmax over the values: does not know that 200 is next to 201
    Logistics  a mixture of a few bumps, cut at the edges of the values (PixelCNN++, Salimans et al. 2017,
               arXiv:1701.05517, eq. 2): few parameters however many values
    Colours    red, then green given red, then blue given both, a softmax of 256 each (PixelRNN, van den
               Oord et al. 2016, arXiv:1601.06759, section 3.2)
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def choose(log_chances: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
    """Log-probabilities (..., K), uniforms (...) in [0, 1) -> values (...). Temperature 0: the likeliest."""
    if temperature == 0:
        return log_chances.argmax(-1)
    total = (log_chances / temperature).softmax(-1).cumsum(-1)
    return (u[..., None] * total[..., -1:] >= total).sum(-1).clamp(max=log_chances.shape[-1] - 1)


class Levels(nn.Module):
    """A softmax over `levels` values."""

    draws = 1  # uniforms that a pixel takes

    def __init__(self, channels: int, levels: int):
        super().__init__()
        self.hidden = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, levels)

    def forward(self, h: Tensor) -> Tensor:
        """Features (..., C) -> parameters (..., K)."""
        return self.out(F.relu(self.hidden(F.relu(h))))

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """x (..., 1) -> nats (...)."""
        return params.float().log_softmax(-1).gather(-1, x).squeeze(-1)

    def log_chances(self, params: Tensor) -> Tensor:
        return params.float().log_softmax(-1)

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        """u (..., 1) -> values (..., 1)."""
        return choose(self.log_chances(params), u[..., 0], temperature)[..., None]


class Logistics(nn.Module):
    """A mixture of `mixture` logistic distributions, cut into `levels` values."""

    draws = 1

    def __init__(self, channels: int, levels: int, mixture: int):
        super().__init__()
        self.levels = levels
        self.hidden = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, 3 * mixture)
        with torch.no_grad():
            self.out.bias[mixture : 2 * mixture] = torch.linspace(-1, 1, mixture)
            self.out.bias[2 * mixture :] = -1.5

    def forward(self, h: Tensor) -> Tensor:
        """Features (..., C) -> parameters (..., 3M): log-weights, means, log-scales."""
        return self.out(F.relu(self.hidden(F.relu(h))))

    def bumps(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-weights, means and inverse scales, (..., M) each; values lie in [-1, 1]."""
        weights, means, log_scales = params.float().chunk(3, -1)
        return weights.log_softmax(-1), means, torch.exp(-log_scales.clamp(-7.0, 7.0))

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """x (..., 1) -> nats (...). The mass between the edges of the value; the outermost are open."""
        weights, means, inverse = self.bumps(params)
        y, half = 2 * x / (self.levels - 1) - 1, 1 / (self.levels - 1)
        upper, lower = (y + half - means) * inverse, (y - half - means) * inverse
        first, last = x == 0, x == self.levels - 1
        # sigma(b) - sigma(a) = sigma(b) (1 - sigma(a)) (1 - e^(a - b)): no difference of numbers that are
        # nearly equal, and b - a is the width of a value
        log_mass = (
            F.softplus(-upper).masked_fill(last, 0.0).neg()
            - F.softplus(lower).masked_fill(first, 0.0)
            + torch.log(-torch.expm1(-2 * half * inverse)).masked_fill(first | last, 0.0)
        )
        return torch.logsumexp(weights + log_mass, -1)

    def log_chances(self, params: Tensor) -> Tensor:
        """(..., levels): the probability of every value."""
        weights, means, inverse = self.bumps(params)
        edges = (torch.arange(1, self.levels, device=params.device) * 2 - 1) / (self.levels - 1) - 1
        below = (
            (edges[:, None] - means[..., None, :]) * inverse[..., None, :]
        ).sigmoid()  # (..., levels - 1, M)
        mass = F.pad(below, (0, 0, 0, 1), value=1.0) - F.pad(below, (0, 0, 1, 0))
        return (mass @ weights.exp()[..., None]).squeeze(-1).clamp(min=1e-12).log()

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        return choose(self.log_chances(params), u[..., 0], temperature)[..., None]


class Colours(nn.Module):
    """Three softmaxes over 256 values in a chain. Its parameters are features: green waits for red."""

    draws = 3

    def __init__(self, channels: int, levels: int = 256):
        super().__init__()
        self.hidden = nn.Linear(channels, channels)
        self.told = nn.ModuleList(nn.Embedding(levels, channels) for _ in range(3))  # of red, red, green
        self.out = nn.ModuleList(nn.Linear(channels, levels) for _ in range(3))

    def forward(self, h: Tensor) -> Tensor:
        return self.hidden(F.relu(h))

    def chain(self, params: Tensor, red: Tensor | None = None, green: Tensor | None = None) -> Tensor:
        """Logits (..., 256) of the first channel that is not given."""
        if red is not None:
            params = params + self.told[0 if green is None else 1](red)
        if green is not None:
            params = params + self.told[2](green)
        channel = (red is not None) + (green is not None)
        return self.out[channel](F.relu(params))

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """x (..., 3) -> nats (...), of the three together."""
        logits = [self.chain(params), self.chain(params, x[..., 0]), self.chain(params, x[..., 0], x[..., 1])]
        log_probs = torch.stack(logits, -2).float().log_softmax(-1)
        return log_probs.gather(-1, x[..., None]).squeeze(-1).sum(-1)

    def log_chances(self, params: Tensor) -> Tensor:
        """Of red."""
        return self.chain(params).float().log_softmax(-1)

    def pick(self, params: Tensor, u: Tensor, temperature: float = 1.0) -> Tensor:
        """u (..., 3) -> values (..., 3)."""
        red = choose(self.log_chances(params), u[..., 0], temperature)
        green = choose(self.chain(params, red).float().log_softmax(-1), u[..., 1], temperature)
        blue = choose(self.chain(params, red, green).float().log_softmax(-1), u[..., 2], temperature)
        return torch.stack([red, green, blue], -1)
