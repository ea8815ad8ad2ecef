"""Who makes recordings: a model, what it was shown, what its attention did and what came out."""
