"""Building blocks that three families use identically."""
