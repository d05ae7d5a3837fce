"""Small generative models of points on the plane, trained while one looks: one file a family."""
