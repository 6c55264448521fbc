"""Validation: is this pair worth learning from?"""
