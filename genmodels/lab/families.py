"""The families of the laboratory, by name. A new one is a file, and a line here."""

from genmodels.lab.diffusion import Diffusion
from genmodels.lab.energy import Energy
from genmodels.lab.family import Family
from genmodels.lab.ffjord import FFJORD
from genmodels.lab.flow_matching import FlowMatching
from genmodels.lab.gan import GAN
from genmodels.lab.grid import Grid
from genmodels.lab.realnvp import RealNVP
from genmodels.lab.score import Score
from genmodels.lab.spline import Spline
from genmodels.lab.vae import VAE

FAMILIES: dict[str, type[Family]] = {
    "gan": GAN,
    "vae": VAE,
    "grid": Grid,
    "realnvp": RealNVP,
    "spline": Spline,
    "ffjord": FFJORD,
    "energy": Energy,
    "score": Score,
    "diffusion": Diffusion,
    "flow_matching": FlowMatching,
}
