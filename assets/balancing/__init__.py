"""Balancing: no category drowns the others in training; validation and test stay as they were."""
