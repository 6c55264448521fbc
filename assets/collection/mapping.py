"""The language of field mappings: a field's name, a template, or a JMESPath expression."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

Values = Mapping[str, Any]


class Unreadable(Exception):  # noqa: N818 - a verdict on a row, not a failure of the program
    """A row that cannot become a record; its one argument is the reason."""


class Field(NamedTuple):
    """A compiled field mapping."""

    get: Callable[[Values], Any]
    names: tuple[str, ...]
    """Plain names a row is expected to have."""
    columns: tuple[str, ...] | None
    """Every name it may look for; null for an expression, which may look for any."""


_PART = re.compile(r"\{([^{}]+)\}")


@functools.cache
def field(mapping: str) -> Field:
    """Compile a field mapping.

    A part of a template that is empty leaves together with the words before it.

    >>> row = {"Complaint Type": "Noise", "Descriptor": "", "who": {"name": "Ann"}}
    >>> field("Complaint Type").get(row), field("who.name").get(row)
    ('Noise', 'Ann')
    >>> field("{Complaint Type}: {Descriptor} ({who.name})").get(row)
    'Noise (Ann)'
    """
    return _template(mapping) if _is_template(mapping) else _single(mapping)


def _is_template(mapping: str) -> bool:
    """Tell a template from JMESPath, which uses braces only inside brackets or after a dot (multi-select hash)."""
    return bool(_PART.search(mapping)) and _compiled(mapping) is None


@functools.cache
def _compiled(mapping: str) -> Any:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(mapping)
    except JMESPathError:
        return None


def _single(mapping: str) -> Field:
    name = mapping.removesuffix("?")
    compiled = _compiled(name)
    plain = compiled is None or compiled.parsed["type"] == "field"
    names = (name,) if plain and name == mapping else ()
    inner = compiled.parsed["value"] if plain and compiled else name  # JMESPath may quote a name

    def get(row: Values) -> Any:
        for key in (mapping, name, inner):
            if key in row:
                return row[key]
        return None if plain else _search(compiled, row)

    return Field(get, names, (mapping, name, inner) if plain else None)


def _search(compiled: Any, row: Values) -> Any:
    from jmespath.exceptions import JMESPathError

    try:
        return compiled.search(row)
    except JMESPathError:  # its message quotes the row
        raise Unreadable("wrong_type") from None


def _template(mapping: str) -> Field:
    opening, *pieces = _PART.split(mapping)
    parts = [_single(part.strip()) for part in pieces[::2]]
    between, closing = ["", *pieces[1:-1:2]], pieces[-1]

    def fill(row: Values) -> str | None:
        values = [text_of(part.get(row)) for part in parts]
        said = ""
        for joint, value in zip(between, values, strict=True):
            said += (joint if said else "") + value if value else ""
        return opening + said + (closing if values[-1] else "") if said else None

    columns = None if any(p.columns is None for p in parts) else tuple(c for p in parts for c in p.columns or ())
    return Field(fill, tuple(name for part in parts for name in part.names), columns)


# Made once: a union written where it is asked about is built at every call.
_SPELLED = (int, float, date, time, timedelta, UUID)
_BYTES = (bytes, bytearray, memoryview)
_NUMBERS = (int, float, Decimal)


def text_of(value: Any, joint: str = ", ") -> str | None:
    """Return a value as text: a list joined, nothing for nothing.

    >>> text_of(["a", None, 7]), text_of("  "), text_of(True), text_of(Decimal("1E+3")), text_of(b"cafe")
    ('a, 7', None, 'true', '1000', 'cafe')

    Raises:
        Unreadable: The value is a mapping, bytes that are no UTF-8, or text no encoding can write.
    """
    if value is None:
        return None
    if isinstance(value, str):
        if not value.isascii():
            _writable(value)
        return value if value and not value.isspace() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _SPELLED):
        return str(value)
    if isinstance(value, Enum):
        return text_of(value.value, joint)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, _BYTES):
        return text_of(_decoded(bytes(value)))
    if isinstance(value, list | tuple):
        return joint.join(t for v in value if (t := text_of(v, joint)) is not None) or None
    raise Unreadable("wrong_type")


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Unreadable("undecodable") from None


def _writable(value: str) -> None:
    """Refuse lone surrogates: JSON can spell them, UTF-8 cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unreadable("undecodable") from None


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a value, however deep its lists."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)
    elif (text := text_of(value)) is not None:
        yield text.strip()


_NUMBER = re.compile(r"-?\d{9,}(\.\d+)?")


def moment(value: Any, formats: tuple[str, ...], timezone: str) -> datetime | None:
    """Return the UTC moment a value means, or null if it means none.

    A format listed first is tried first; then ISO 8601, then Unix time in seconds or milliseconds.

    >>> moment("03/22/23", ("%m/%d/%y",), "UTC")
    datetime.datetime(2023, 3, 22, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if isinstance(value, datetime):
        found: datetime | None = value
    elif isinstance(value, date):
        found = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - its time zone is set below
    elif isinstance(value, _NUMBERS) and not isinstance(value, bool):
        return _unix(float(value))
    else:
        words = (text_of(value) or "").strip()
        if _NUMBER.fullmatch(words) and not formats:
            return _unix(float(words))
        found = _parsed(words, formats)
    if found is None:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except OverflowError:
        return None


def _unix(number: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(number / 1000 if abs(number) > 1e11 else number, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _parsed(words: str, formats: tuple[str, ...]) -> datetime | None:
    for form in formats:
        try:
            return datetime.strptime(words, form)  # noqa: DTZ007 - its time zone is set by the caller
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        return None
