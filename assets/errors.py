"""The one exception of the domain: it can say where and what, but never quote a row."""

from __future__ import annotations


class RefineryError(Exception):
    """A failure a person can act on.

    Args:
        where: File, source, table or setting, never a row's text.
        what: What is wrong there, in one clause.
        do: What to do about it.

    >>> print(RefineryError("sources.desk", "the file does not exist", "correct the path"))
    sources.desk: the file does not exist; correct the path
    """

    def __init__(self, where: str, what: str, do: str) -> None:
        self.where, self.what, self.do = where, what, do
        super().__init__(f"{where}: {what}; {do}")

    def __reduce__(self) -> tuple[type[RefineryError], tuple[str, str, str]]:
        """Let the error cross a process border whole."""
        return (RefineryError, (self.where, self.what, self.do))
