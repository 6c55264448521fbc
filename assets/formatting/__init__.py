"""Pairs become examples in the form the base model was trained to read."""
