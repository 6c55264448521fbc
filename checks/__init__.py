"""What every table promises, as Great Expectations suites run as asset checks."""

from typing import Any

Promise = tuple[str, str, dict[str, Any], str, str]
"""Name, expectation of Great Expectations, its arguments, a plain sentence, severity (critical or warning)."""
