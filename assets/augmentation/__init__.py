"""Augmentation: training questions said in other words; never a validation or test question."""
