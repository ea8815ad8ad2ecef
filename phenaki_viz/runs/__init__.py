"""Runs of models: what a model was shown, what its attention did and what came out."""
