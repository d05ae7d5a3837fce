"""Several beliefs at once. Guidance, mixtures of classes, negative prompts: each is a sum of what one network
believes under several labels, with weights that add up to 1.

    guidance           s of the label, 1 - s of no label      Ho and Salimans 2022, arXiv:2207.12598, eq. 6
    away from another  1 + s of the label, -s of the other    its negative prompt
    two classes        1 - t of one, t of the other           Liu et al. 2022, arXiv:2206.01714
    in part            the weights change with the noise      Kynkäänniemi et al. 2024, arXiv:2404.07724
    by place           the weights change across the picture  Bar-Tal et al. 2023, arXiv:2302.08113

A belief x0 is x + sigma^2 score, so the sum of beliefs follows the product of the noisy densities, each to
the power of its weight. That is not what noise makes of the product of the clean ones, which one would want;
`Kinds` has both exactly, to look at.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genmodels.diffusion.denoiser import Denoise, spread
from genmodels.energy.score_matching import Blobs

Weigh = Callable[[float], Tensor]  # sigma -> (T, B): weight of each term in each picture; or (T, B, 1, 1, W)


def combined(
    denoise: Callable[..., Tensor], labels: Tensor, weigh: Weigh | Tensor, clamp: bool = True
) -> Denoise:
    """The weighted sum of the beliefs under labels (T, B). Those of weight 0 are not asked for."""

    def belief(x: Tensor, sigma: Tensor | float) -> Tensor:
        w = (weigh(float(sigma)) if callable(weigh) else weigh).to(x)
        w = w.reshape(*w.shape, *[1] * (x.ndim + 1 - w.ndim))  # T, B, 1, ...
        term, picture = (w != 0).flatten(2).any(2).nonzero(as_tuple=True)
        told = denoise(x[picture], sigma, labels[term, picture])
        x0 = torch.zeros_like(x).index_add(0, picture, w[term, picture] * told)
        return x0.clamp(-1, 1) if clamp else x0

    return belief


def guidance(scale: float, count: int, low: float = 0.0, high: float = float("inf")) -> Weigh:
    """Weights of (label, any) for `count` pictures: guided at levels between low and high, else not."""
    strong, plain = (torch.tensor([[s], [1 - s]]).expand(2, count) for s in (scale, 1.0))
    return lambda sigma: strong if low <= sigma < high else plain


@dataclass(frozen=True)
class Kinds:
    """Points of several kinds, each a mixture of Gaussians of its own: a denoiser that is right.

    `kinds(x, sigma, labels)` for points (B, 2); the label len(parts) means any.
    """

    parts: tuple[Blobs, ...]

    def whole(self) -> Blobs:
        """All kinds alike often."""
        shares = torch.cat([p.shares for p in self.parts])
        return Blobs(torch.cat([p.means for p in self.parts]), self.parts[0].std, shares)

    def of(self, label: int) -> Blobs:
        return self.parts[label] if label < len(self.parts) else self.whole()

    def __call__(self, x: Tensor, sigma: Tensor | float, labels: Tensor) -> Tensor:
        level = float(spread(x, sigma)[0]) if len(x) else 0.0  # all of a batch stand at one level
        x0 = torch.empty_like(x)
        for label in labels.unique().tolist():
            mine = labels == label
            x0[mine] = x[mine] + level**2 * self.of(label).noised(level).score(x[mine])
        return x0

    def belongs(self, x: Tensor) -> Tensor:
        """(B, 2) -> (B, K): how likely a point is of each kind."""
        return torch.stack([p.log_prob(x) for p in self.parts], 1).softmax(1)

    def sharpened(self, x: Tensor, label: int, scale: float) -> Tensor:
        """log of p(x | label)^scale p(x)^(1 - scale), up to a constant: what guidance promises."""
        return torch.lerp(self.whole().log_prob(x), self.of(label).log_prob(x), scale)
