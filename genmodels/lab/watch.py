"""What is worth seeing of a GAN at one moment, and what seems to be going on."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genmodels.data.points import Density
from genmodels.gan.losses import slopes
from genmodels.lab import truth as counting
from genmodels.lab.truth import plane

if TYPE_CHECKING:
    from genmodels.lab.gan import GAN

NEAR = 0.5  # a real point is covered when a generated one lies this near
ARROWS = 64
PATIENCE = 200  # updates of the generator before anything is said of what it makes
FRAMES = 5  # in a row that must agree
WILD = 300.0  # a loss


class View(NamedTuple):
    """Everything finite."""

    step: int  # since the start
    moves: int  # updates of the generator since the start
    fake: Tensor  # (n, 2) generated, from codes that stay the same from frame to frame
    surface: Tensor  # (side, side) the score on the plane, [-4.5, 4.5]^2; row 0 is the lowest y
    middle: float  # the score that is as far from "real" as from "generated"
    arrows: Tensor  # (m, 2, 2): generated points, and minus the slope of the generator's loss at each
    warp: Tensor  # (g, g, 2), the image of a lattice of codes; (1, g * g, 2), a curve, if they are numbers
    loss: dict[str, float]  # what the last step returned: "discriminator", "generator", unless frozen
    right_real: float  # share of real points scored above the middle
    right_fake: float  # share of generated points scored below it
    slope: float  # mean length of the arrows
    covered: float  # share of real points with a generated one near
    modes: int | None  # modes covered; None where the truth has no few modes
    diverged: bool


def watch(gan: "GAN", reals: Tensor, truth: Density | None, side: int) -> View:
    fake = gan.generator(gan.seen).detach()
    arrows = -slopes(lambda x: len(x) * gan.game.fool(gan.discriminator(x)), fake)
    with torch.no_grad():
        real_score, fake_score = gan.discriminator(reals), gan.discriminator(fake)
        surface = gan.discriminator(plane(side).flatten(0, 1)).view(side, side)
    middle = halfway(gan.knobs.game, real_score, fake_score)
    return View(
        step=gan.done,
        moves=gan.moves,
        fake=fake,
        surface=surface,
        middle=middle,
        arrows=torch.stack([fake, arrows], 1)[:ARROWS],
        warp=gan.warp(),
        loss=gan.losses,
        right_real=(real_score > middle).float().mean().item(),
        right_fake=(fake_score <= middle).float().mean().item(),
        slope=arrows.norm(dim=1).mean().item(),
        covered=(torch.cdist(reals, fake).amin(1) < NEAR).float().mean().item(),
        modes=counting.covered(truth, fake),
        diverged=gan.diverged,
    )


def halfway(game: str, real: Tensor, fake: Tensor) -> float:
    """Only differences mean something to a Wasserstein critic: there it lies between the two means."""
    if game == "wasserstein":
        return (real.mean() + fake.mean()).item() / 2
    return 0.5 if game == "least_squares" else 0.0


def diagnosis(history: Sequence[View]) -> str:
    """The name of a plain sentence about the last frames, "" where there is nothing to say yet.

    diverged: numbers leave all bounds. certain: the discriminator is right about everything and its
    slope is 0. collapsed: most of the truth has nothing generated near it. fooled: the discriminator takes
    what is generated for real. balanced: it can't tell, and the truth is covered.
    """
    if not history:
        return ""
    last = history[-FRAMES:]
    if last[-1].diverged or any(abs(loss) > WILD for loss in last[-1].loss.values()):
        return "diverged"
    if len(last) < FRAMES:
        return ""
    return next((name for name, holds in SIGNS.items() if all(map(holds, last))), "")


SIGNS: dict[str, Callable[[View], bool]] = {  # the first that holds is said
    "certain": lambda v: min(v.right_real, v.right_fake) > 0.98 and v.slope < 0.02,
    "collapsed": lambda v: v.moves >= PATIENCE and v.covered < 0.5,
    "fooled": lambda v: v.moves >= PATIENCE and v.right_fake < 0.1,
    "balanced": lambda v: v.moves >= PATIENCE and max(v.right_real, v.right_fake) < 0.8 < v.covered,
}
