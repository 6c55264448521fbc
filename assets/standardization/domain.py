"""The house's words as files say them: checked when they are read, refused with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from assets.errors import RefineryError
from assets.standardization.wording import SpecialCases, Terminology

_Model = TypeVar("_Model", Terminology, SpecialCases)


def terminology(path: Path) -> Terminology:
    """Read the terminology map."""
    return _read(path, Terminology)


def special_cases(path: Path) -> SpecialCases:
    """Read the special cases."""
    return _read(path, SpecialCases)


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise RefineryError(str(path), "the file cannot be read", "create it or correct the setting") from None
    try:
        root = yaml.compose(text, Loader=_Strict)
        return model.model_validate(yaml.load(text, Loader=_Strict) or {})  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise RefineryError(f"{path}, line {line}", fault.problem or "no YAML", "correct it") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = f"{path}, line {_line(root, first['loc'])}"
        what = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise RefineryError(where, f"{what}: {first['msg']}" if what else first["msg"], "correct it") from None


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice, which YAML would let win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _line(node: yaml.Node | None, path: tuple[int | str, ...]) -> int:
    """The line of what a path of keys and positions leads to, or of the nearest thing above it."""
    line = node.start_mark.line + 1 if node else 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if not found:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
