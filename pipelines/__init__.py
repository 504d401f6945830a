"""Image code: diffusion, sprite post-processing, the built-in model. Knows no database, queue or web."""
