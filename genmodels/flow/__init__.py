"""Maps that can be undone, with the determinant of their Jacobian: exact densities. `forward`, `inverse`."""
