"""The checkpoints of this family: what each picker offers. One table per class."""

from genmodels.hub import Checkpoint

DIGITS = "MNIST, 28 × 28, black and white"
DIGITOS = "MNIST, 28 × 28, blanco y negro"


def _bundled(name: str, en: str, es: str, data: str = DIGITS, datos: str = DIGITOS) -> Checkpoint:
    return Checkpoint(name=name, title=en, licence="MIT", data=data, spanish=(es, datos))


RBM = (
    _bundled(
        "rbm-mnist",
        "RBM, 256 hidden units, persistent chains",
        "RBM, 256 unidades ocultas, cadenas persistentes",
    ),
    _bundled("rbm-mnist-cd1", "RBM, 64 hidden units, CD-1", "RBM, 64 unidades ocultas, CD-1"),
)
DBN = (_bundled("dbn-mnist", "Deep belief network, second layer", "Deep belief network, segunda capa"),)
NCSN = (_bundled("ncsn-mnist", "NCSN, scores of digits", "NCSN, scores de dígitos"),)
EBM = (
    _bundled(
        "ebm-mnist", "Energy model of digits", "Modelo de energía de dígitos",
        "60,000 digits of MNIST", "60.000 dígitos de MNIST",
    ),
    _bundled(
        "ebm-fashion", "Energy model of garments", "Modelo de energía de prendas",
        "60,000 garments of Fashion-MNIST", "60.000 prendas de Fashion-MNIST",
    ),
)  # fmt: skip
