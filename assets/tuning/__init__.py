"""Tuning: few-shot prompts and adapters, from a released dataset and nothing else."""
