"""The champion from the command line: which it is, the way back to an earlier one, and its server behind the guard."""

import secrets
import socket
from collections.abc import Callable, Iterator

import pyarrow as pa
from rich.console import RenderableType
from rich.table import Table as Grid

from assets.errors import RefineryError
from assets.ledger import Published
from assets.operation import champions, serving
from assets.operation.packaged import FOLDER, Package, open_package
from assets.operation.server import CHAMPION, front
from dagster_project.resources.lake import Lake
from dagster_project.settings import Settings
from dagster_project.web import Guard, admitted

TOKEN = "REFINERY_SERVE_TOKEN"  # noqa: S105 - the name of a variable
HOSTS = "REFINERY_SERVE_HOSTS"
TABLE = "champions"
LATEST = 20
"""Decisions that are told; the table holds them all."""


def champion(settings: Settings) -> str:
    """Return the champion's version.

    Raises:
        RefineryError: There is none yet.
    """
    found = champions.champion(Lake(settings.lake_root).read(TABLE))
    if found is None:
        raise RefineryError(TABLE, "there is no champion yet", "make a package with `refinery run`")
    return found


def package(settings: Settings, version: str | None = None) -> Package:
    """Open a package: the champion, or the one whose name begins so.

    Raises:
        RefineryError: There is no such package, several are called so, or it is not as it was packed.
    """
    folder = settings.home / FOLDER
    if version is None:
        return open_package(folder / champion(settings))
    names = sorted(f.name for f in folder.glob("[0-9a-f]*") if version and f.name.startswith(version))
    if len(names) != 1:
        known = ", ".join(sorted(f.name for f in folder.glob("[0-9a-f]*"))) or "none"
        raise RefineryError("--version", f"{version} names {len(names) or 'no'} packages", f"packages here: {known}")
    return open_package(folder / names[0])


def rollback(settings: Settings, version: str | None = None) -> str:
    """Make an earlier champion champion again, and return its version."""
    return _decide(settings, lambda history: champions.rollback(history, version))


def appoint(settings: Settings, version: str) -> str:
    """Make a package champion that was kept from it, and return its version."""
    return _decide(settings, lambda history: champions.appoint(history, version))


def history(settings: Settings) -> Iterator[RenderableType]:
    """Yield who is champion, and the latest decisions."""
    rows, now = Lake(settings.lake_root).read(TABLE).to_pylist(), champion(settings)
    try:
        facts = package(settings).facts
        yield f"champion {now}: {facts.approach} of {facts.base_model}, release {facts.release}"
    except RefineryError as fault:  # one that cannot be opened can still be replaced
        yield f"champion {now} cannot be served: {fault}"
    grid = Grid(box=None)
    for title in ("", "package", "outcome", "champion then", "why"):
        grid.add_column(title, no_wrap=title != "why", overflow="fold")
    for row in rows[-LATEST:]:
        why = "; ".join(row["reasons"])
        grid.add_row(str(row["number"]), row["version"], row["outcome"].replace("_", " "), row["champion"], why)
    yield grid


def serve(settings: Settings, host: str, port: int, version: str | None, *, tell: Callable[[str], object]) -> None:
    """Serve a package until interrupted; nothing that is asked or answered is logged.

    Args:
        settings: The refinery's settings.
        host: Where to listen.
        port: At which port; 0 takes a free one.
        version: The package, or the beginning of its name; by default the champion.
        tell: Told where it is served.

    Raises:
        RefineryError: It would listen beyond the loopback without a token, the port is taken, or the package cannot
            be served here.
    """
    import uvicorn

    admitted(host, port, command="refinery serve", token=TOKEN, hosts=HOSTS)  # refuses before anything is loaded
    served, params = package(settings, version), settings.operation.serving
    with _listening(host, port) as place:
        port = place.getsockname()[1]
        hosts, token = admitted(host, port, command="refinery serve", token=TOKEN, hosts=HOSTS)
        inner = serving.start(served, params, key=(key := secrets.token_hex(16)))
        app = Guard(front(served, params, address=inner.listening_address, key=key), hosts, token)
        tell(f"{served.facts.approach} {served.version}: http://{host}:{port}/v1, model {CHAMPION} (stop with Ctrl-C)")
        uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="critical")).run(sockets=[place])


def _listening(host: str, port: int) -> socket.socket:
    plain = host.strip("[]")
    place = socket.socket(socket.AF_INET6 if ":" in plain else socket.AF_INET)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((plain, port))
    except OSError as error:
        place.close()
        what = f"cannot listen on {host}:{port} ({error.strerror})"
        raise RefineryError("refinery serve", what, "choose another --port or --host") from None
    return place


def _decide(settings: Settings, change: Callable[[pa.Table], Published]) -> str:
    """Add a person's decision to the history, whose fingerprint stays: no night takes it for stale because of that."""
    lake = Lake(settings.lake_root)
    manifest = lake.manifest(TABLE)
    made = change(lake.read(TABLE))
    version = str(champions.champion(made.table))
    open_package(settings.home / FOLDER / version)
    assert manifest is not None  # noqa: S101 - a change of an empty history is refused
    lake.publish(TABLE, {None: made}, fingerprints={None: manifest.fingerprint}, run_id="by hand")
    return version
