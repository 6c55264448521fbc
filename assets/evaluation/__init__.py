"""Evaluation: what each approach answers on one frozen test set, how good that is, and which one pays."""
