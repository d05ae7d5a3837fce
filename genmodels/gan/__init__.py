"""Two networks that train each other: one draws, the other tells drawn from real."""
