"""One portrait, from the back of the picture to the front."""

import numpy as np
from PIL import Image

from . import body, extras, features, hair, hair_back
from .head import Head


def paint(face, size: int = 64, oversample: int = 4) -> np.ndarray:
    """uint8 (size, size, 3): drawn `oversample` times larger and averaged down."""
    image = Image.new("RGB", (size * oversample, size * oversample))
    head = Head(face, image)
    body.backdrop(head)
    hair_back.back(head)
    body.shoulders(head)
    body.neck(head)
    body.collar(head)
    features.ears(head)
    extras.earrings(head)
    _face(head, features.skin(head))
    hair.front(head)
    extras.glasses(head)
    extras.hat(head)
    return np.asarray(image.reduce(oversample) if oversample > 1 else image)


def _face(head: Head, outline: np.ndarray) -> None:
    features.beard(head, outline)
    features.wrinkles(head)
    features.nose(head)
    for side in features.SIDES:
        features.eye(head, side)
        features.brow(head, side)
    features.mouth(head)
    features.moustache(head)
