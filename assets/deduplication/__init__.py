"""Deduplication: of pairs that say the same, one stays and the others are named in the ledger."""
