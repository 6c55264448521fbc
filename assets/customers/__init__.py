"""The tabular line: what the desk knows of its customers, cleaned, freed of duplicates and made into features."""
