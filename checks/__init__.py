"""What every table promises, as Great Expectations suites run as asset checks."""
