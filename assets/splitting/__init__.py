"""Splitting: whole groups go to train, validation or test, and stay there from night to night."""
