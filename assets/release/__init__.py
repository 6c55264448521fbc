"""The dataset as files that others can take, check and cite."""
