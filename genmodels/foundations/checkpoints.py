"""The checkpoint of this kind: the one network, which is no generative model."""

from genmodels.hub import Checkpoint

DIGITS_NET = (
    Checkpoint(
        name="digits-net",
        title="Reader of digits",
        licence="MIT",
        data="MNIST, 28 × 28, black and white",
        spanish=("Lector de dígitos", "MNIST, 28 × 28, blanco y negro"),
    ),
)
