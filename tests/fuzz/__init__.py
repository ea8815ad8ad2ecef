"""Files damaged and forged at random, from a seed: each opens as it was, or is refused in words."""
