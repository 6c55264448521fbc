"""Records in the house's terms, in a wanted language, and worth reading."""
