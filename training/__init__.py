"""How the bundled model was made; ``python -m training --help``."""
