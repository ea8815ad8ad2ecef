"""What only some models have: each family of attention told by what its modules have."""
