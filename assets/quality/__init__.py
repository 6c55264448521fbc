"""What the dataset is worth, measured; and whether it may be trained on."""
