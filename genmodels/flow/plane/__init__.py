"""Flows of the plane: x <-> z with an exact density. `forward`, `inverse`, `log_prob`, and a look inside."""
