"""Where one refinery's settings, lake and key lie: what a command must know before it needs the settings as a whole.

Knows neither Dagster nor any room, so that `trace` starts in a fraction of a second.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from assets.errors import RefineryError

CONFIG = "REFINERY_CONFIG"
DEFAULT_CONFIG = "refinery.yaml"
DEFAULT_HOME = ".refinery"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_PASSWORD = re.compile(r"://[^/@:\s]*:(?!\$\{\w+\}@)[^@\s]+@")
"""A password written out within a URL; one that the environment gives is none."""


class Stated(NamedTuple):
    """A settings file: its name for people, its text, and its values with the environment filled in."""

    name: str
    text: str
    values: dict[str, Any]


def config_file(path: Path | str | None = None) -> Path:
    """Return the settings file: the one named, else that of `REFINERY_CONFIG`, else refinery.yaml."""
    return Path(path or os.environ.get(CONFIG, DEFAULT_CONFIG)).absolute()


def read_config(file: Path) -> Stated:
    """Read a settings file; `${NAME}` and `${NAME:-default}` stand for the environment's.

    Raises:
        RefineryError: It is missing, is not a mapping in YAML, or names a variable that is not set.
    """
    name = os.path.relpath(file)
    try:
        text = file.read_text(encoding="utf-8")
        # libyaml's parser makes the same of a file ten times faster; a build may lack it
        values = _expand(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {})  # noqa: S506 - both are safe
    except OSError:
        raise RefineryError(name, "no settings file is there", f"name one with --config or {CONFIG}") from None
    except UnicodeDecodeError:
        raise RefineryError(name, "not UTF-8", "save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = f"{name}, line {mark.line + 1 if mark else 1}"
        raise RefineryError(where, f"not YAML: {problem or 'odd characters'}", "correct the file") from None
    if not isinstance(values, dict):
        raise RefineryError(f"{name}, line 1", "settings are a mapping of sections", "see the shipped refinery.yaml")
    return Stated(name, text, values)


def lake_root(values: dict[str, Any]) -> str:
    """Return the folder or URL of the lake, as the whole settings would: the environment beats the file."""
    return str(os.environ.get("REFINERY_LAKE_URL") or values.get("lake_url") or home(values))


def home(values: dict[str, Any]) -> Path:
    """Return where artifacts, reports and Dagster's storage rest."""
    return Path(str(os.environ.get("REFINERY_HOME") or values.get("home") or DEFAULT_HOME))


def record_sources(values: dict[str, Any]) -> list[str]:
    """Return the names of the sources that give records, as far as the settings are well-formed."""
    stated = values.get("sources")
    sources = [source for source in stated if isinstance(source, dict)] if isinstance(stated, list) else []
    return [str(source.get("name")) for source in sources if source.get("gives") != "customers"]


def installation_key() -> bytes:
    """Return the key all ids are made with: `REFINERY_KEY`, else a file made once, readable by its owner only."""
    stated = os.environ.get("REFINERY_KEY")
    return stated.encode() if stated else key_in(key_file())


def key_file() -> Path:
    """Return where the installation key rests when the environment does not state it."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return config / "support-refinery" / "key"


def key_in(file: Path) -> bytes:
    """Return the key in a file, made now if there is none, for its owner alone."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(32))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(temporary, file)  # fails where another process was faster, and its key stays
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return file.read_bytes().strip()


def _expand(value: Any) -> Any:
    """Replace `${NAME}` and `${NAME:-default}` in every string; a password may stand in the environment alone."""
    if isinstance(value, dict):
        if _PASSWORD.search(str(value.get("url"))):
            raise RefineryError("sources", "a url holds a password", "write it as ${NAME}, and NAME in the environment")
        return {str(k): _expand(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v) for v in value]
    if isinstance(value, str):
        return _VARIABLE.sub(_stated, value)
    return value


def _stated(variable: re.Match[str]) -> str:
    name, default = variable[1], variable[2]
    value = os.environ.get(name) or default
    if value is None:
        raise RefineryError(variable[0], "the settings name it and the environment lacks it", "set it, or a default")
    return value
