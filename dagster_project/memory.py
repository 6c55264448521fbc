"""The memory a run took: the peak over this process and all its children, pages they share counted once."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil

SECONDS_BETWEEN_LOOKS = 1.0


class PeakMemory:
    """Looks at the process tree once a second while it is entered.

    >>> with PeakMemory() as memory:
    ...     pass
    >>> memory.peak_bytes > 0
    True
    """

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look_often, daemon=True)

    def __enter__(self) -> PeakMemory:
        """Begin to look."""
        self._look()
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Stop looking."""
        self._done.set()
        self._watch.join()

    def _look_often(self) -> None:
        while not self._done.wait(SECONDS_BETWEEN_LOOKS):
            self._look()

    def _look(self) -> None:
        this = psutil.Process()
        self.peak_bytes = max(self.peak_bytes, sum(map(_bytes_of, [this, *this.children(recursive=True)])))


def _bytes_of(process: psutil.Process) -> int:
    """Return a process's proportional share of memory where the system tells it (Linux), else all it holds."""
    try:
        told = process.memory_full_info()
        return int(getattr(told, "pss", None) or told.rss)
    except psutil.Error:  # it ended while we looked
        return 0
