"""Software-defined assets of Dagster: one room a stage, in data-flow order.

This package imports nothing, so that a training machine needs no Dagster.
"""
