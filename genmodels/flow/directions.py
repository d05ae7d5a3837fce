"""What attributes add to the code of a picture, as the recipe found them: approximate, unlike it."""

from safetensors.torch import load_file
from torch import Tensor

from genmodels import hub


def directions(name: str) -> dict[str, Tensor]:
    """Attribute -> what adds it to a code, (C, H, W), by least squares on codes of known pictures."""
    found = load_file(hub.folder(name) / "directions.safetensors")
    return {attribute: v.float() for attribute, v in found.items() if attribute != "mean"}
