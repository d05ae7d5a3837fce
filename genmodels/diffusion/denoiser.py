"""One way to ask any diffusion network: `denoise(x, sigma)`, the mean of all pictures that could be under x.

Networks differ in what they get (the picture scaled by their schedule, a moment from 0 to 999) and in what
they answer. With x = x0 + sigma e and the scaled picture x_t = signal x0 + noise e:

    epsilon         e, the noise                         Ho et al. 2020, arXiv:2006.11239, eq. 14
    sample          x0, the picture
    v_prediction    signal e - noise x0                  Salimans and Ho 2022, arXiv:2202.00512, appendix D
    flow            e - x0; x_t = (1 - t) x0 + t e       Lipman et al. 2022, arXiv:2210.02747, eq. 23
    consistency     where the path from x ends           Song et al. 2023, arXiv:2303.01469, eq. 5
    consistency_v   the same, told as v_prediction is    Lu and Song 2024, arXiv:2410.11081, section 3

The first four say the same about x, and a perfect network could be asked in any of them; what differs is
which errors training punished. `told` turns a belief x0 into the answer that a network of another kind
would give. The names are those of diffusers' schedulers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genmodels.diffusion import schedules
from genmodels.model import Model

PREDICTIONS = ("epsilon", "sample", "v_prediction", "flow", "consistency", "consistency_v")
DATA = 0.5  # standard deviation of data, as a consistency model's scales have it
LEAST = 0.002  # sigma below which a consistency model answers with what it sees

Denoise = Callable[[Tensor, Tensor | float], Tensor]  # x (B, ...), sigma or (B,) -> x0, like x


@dataclass(frozen=True)
class Denoiser:
    """A network with the meaning of its answer. `denoise(x, sigma)`, `denoise(x, sigma, labels)`."""

    network: Model  # (x, t, labels) -> answer
    prediction: str
    schedule: str

    @classmethod
    def of(cls, model: Model) -> "Denoiser":
        """As the model's own config says."""
        return cls(model, model.config.prediction, model.config.schedule)

    @property
    def jumps(self) -> bool:
        """Does it answer with the end of the path, where others answer with a mean?"""
        return self.prediction.startswith("consistency")

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest sigma that the network has seen."""
        if self.prediction == "consistency":
            return LEAST, 80.0
        sigmas = schedules.table(self.schedule)
        return sigmas[0].item(), sigmas[-1].item()

    def __call__(self, x: Tensor, sigma: Tensor | float, labels: Tensor | None = None) -> Tensor:
        s = spread(x, sigma)
        return believed(self.prediction, x, self.answer(x, s, labels), s)

    def answer(self, x: Tensor, sigma: Tensor | float, labels: Tensor | None = None) -> Tensor:
        """What the network says, in its own terms."""
        s = spread(x, sigma)
        if self.prediction == "consistency":
            seen, t = x * (s.square() + DATA**2).rsqrt(), 250 * s.flatten().log()
        else:
            seen = x * schedules.rates(s)[0] if self.prediction != "flow" else x / (1 + s)
            t = schedules.moment(self.schedule, s.flatten()).to(x.dtype)
        return self.network(seen, t, labels).to(x.dtype)


def believed(prediction: str, x: Tensor, answer: Tensor, sigma: Tensor | float) -> Tensor:
    """x0, from what a network of this kind said about x."""
    s = spread(x, sigma)
    signal, noise = schedules.rates(s)
    if prediction == "epsilon":
        return x - s * answer
    if prediction == "sample":
        return answer
    if prediction in ("v_prediction", "consistency_v"):  # without noise it is x, whatever the answer
        return signal * (signal * x) - noise * answer
    if prediction == "flow":
        return (x - s * answer) / (1 + s)
    skip = DATA**2 / ((s - LEAST).square() + DATA**2)
    return skip * x + (s - LEAST) * DATA * (s.square() + DATA**2).rsqrt() * answer


def told(prediction: str, x: Tensor, x0: Tensor, sigma: Tensor | float) -> Tensor:
    """What a network of this kind would say of x if it believed x0. The inverse of `believed`."""
    s = spread(x, sigma)
    signal, noise = schedules.rates(s)
    e = (x - x0) / s
    if prediction == "epsilon":
        return e
    if prediction == "sample":
        return x0
    if prediction == "v_prediction":
        return signal * e - noise * x0
    if prediction == "flow":
        return e - x0
    raise ValueError(f"prediction {prediction!r}: expected one of {PREDICTIONS[:4]}")


def spread(x: Tensor, sigma: Tensor | float) -> Tensor:
    """A level for each of a batch, ready to multiply with it: (B, 1, ...)."""
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).flatten().expand(len(x))
    return sigma.reshape(-1, *[1] * (x.ndim - 1))


def seen(x: Tensor, sigma: float) -> Tensor:
    """x as a network is shown it, of variance about 1 at every level: what to draw on a page."""
    return x / (1 + sigma**2) ** 0.5


def bound(denoise: Denoise, labels: Tensor | None = None) -> Denoise:
    """With its labels, and the belief kept where pictures are."""
    return lambda x, sigma: denoise(x, sigma, labels).clamp(-1, 1)


def guided(denoise: Denoiser, labels: Tensor | None, scale: float, other: Tensor | None = None) -> Denoise:
    """Away from what it would believe of any class (or of the `other` ones), towards the label.

    other + scale (label - other): Ho and Salimans 2022, arXiv:2207.12598, eq. 6, whose w is scale - 1. At 1
    it is the label alone, at 0 no label. Both are asked in one batch. Without labels it can't be guided.
    """
    if scale == 1 or labels is None:
        return bound(denoise, labels)
    other = denoise.network.any(labels) if other is None else other

    def belief(x: Tensor, sigma: Tensor | float) -> Tensor:
        s = spread(x, sigma).flatten()
        both = denoise(torch.cat([x, x]), torch.cat([s, s]), torch.cat([labels, other]))
        with_label, without = both.chunk(2)
        return torch.lerp(without, with_label, scale).clamp(-1, 1)

    return belief
