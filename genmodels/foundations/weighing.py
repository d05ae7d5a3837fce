"""A generative model as a classifier: tell it each class in turn and weigh what it then makes of the picture.

    p(y | x) = p(y) p(x | y) / sum over y' of p(y') p(x | y')

`weigh` asks an autoregressive model for log p(x | y) of every label; `posterior` is the rule. Ng and Jordan
2001 compare such classifiers with those that learn p(y | x) alone.
"""

import torch
from torch import Tensor

from genmodels.autoregressive.gated_pixelcnn import GatedPixelCNN

LABELS = 10


@torch.no_grad()
def weigh(model: GatedPixelCNN, x: Tensor) -> Tensor:
    """x (B, 1, H, W) levels -> log p(x | y), (B, LABELS)."""
    labels = torch.arange(LABELS, device=model.device).repeat(len(x))
    each = model.log_prob(x.to(model.device).repeat_interleave(LABELS, 0), labels)
    return each.float().flatten(1).sum(1).reshape(len(x), LABELS).cpu()


@torch.no_grad()
def weigh_each(model: GatedPixelCNN, x: Tensor, labels: Tensor) -> Tensor:
    """x (1, 1, H, W) under each label (N,) -> log p of every pixel, (N, H, W)."""
    return (
        model.log_prob(x.to(model.device).expand(len(labels), -1, -1, -1), labels.to(model.device))
        .float()
        .cpu()
    )


def posterior(nats: Tensor, prior: Tensor) -> Tensor:
    """log p(x | y) (..., K) and p(y) (K,) -> log p(y | x)."""
    joint = nats + (prior / prior.sum()).log()
    return joint - joint.logsumexp(-1, keepdim=True)


def evidence(nats: Tensor, prior: Tensor) -> Tensor:
    """log p(x), (...)."""
    return (nats + (prior / prior.sum()).log()).logsumexp(-1)
