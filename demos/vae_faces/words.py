"""The painter's attributes in both languages: what every view of this tab calls them."""

from demos.kit.faces import CHOICES, NAMES, name

__all__ = ["CHOICES", "NAMES", "name"]
