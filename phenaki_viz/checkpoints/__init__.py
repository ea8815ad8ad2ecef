"""Files of weights: our own, and those of phenaki-pytorch, opened without running anything."""
