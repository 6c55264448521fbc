"""Places and services an asset leans on: each hands over a plain object, opened at run time."""
