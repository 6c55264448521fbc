"""Pairing: support records become question and answer pairs."""
