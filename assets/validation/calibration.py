"""How alike questions are to answers of other questions, measured once on real pairs."""

from __future__ import annotations

MISMATCHED_COSINES = tuple(round(-0.2 + 0.01 * i, 4) for i in range(101))
