"""The guarded web server: Dagster's own, behind a check of who asks.

Dagster's open-source server has no authentication, does not look at Host or Origin, and launches a
run from a plain cross-site GET. The guard refuses foreign hosts (DNS rebinding), foreign origins,
GraphQL by GET or by a form, and, off the loopback, whoever lacks the token.
"""

import hmac
import os
import re
import signal
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assets.errors import RefineryError

TOKEN = "REFINERY_UI_TOKEN"  # noqa: S105 - the name of a variable
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Lets a request through to Dagster's web server, or answers why not.

    Args:
        inner: The server behind the guard.
        hosts: What the Host header may say.
        token: Asked for as bearer token or as the password of user `refinery`; empty asks for none.
    """

    def __init__(self, inner: ASGIApp, hosts: frozenset[str], token: str = "") -> None:
        self._inner, self._hosts, self._token = inner, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            status, why = refusal
            headers = {"WWW-Authenticate": 'Basic realm="refinery"'} if status == 401 else None
            await PlainTextResponse(why, status, headers=headers)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {k.decode().lower(): v.decode("latin1") for k, v in scope["headers"]}
        if headers.get("host", "") not in self._hosts:
            return 421, "this host is not served here"
        origin = headers.get("origin")
        if origin and re.sub(r"^https?://", "", origin) not in self._hosts:
            return 403, "requests from other sites are refused"
        if scope["type"] == "http":
            wrong = _wrong_form(scope, headers)
            if wrong:
                return wrong
        if self._token and not self._knows(headers.get("authorization", "")):
            return 401, "a token is needed"
        return None

    def _knows(self, stated: str) -> bool:
        basic = "Basic " + b64encode(f"refinery:{self._token}".encode()).decode()
        ways = (basic, f"Bearer {self._token}")
        return any([hmac.compare_digest(stated.encode(), way.encode()) for way in ways])


def _wrong_form(scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
    """Say what is wrong with how a request is made: forms and links of other sites cannot be made right."""
    graphql = scope["path"].rstrip("/").endswith("/graphql")
    if graphql and scope["method"] != "POST" and scope["query_string"]:  # however the query is spelled in it
        return 405, "GraphQL by POST only"
    json = headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"
    if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not json:
        return 415, "JSON only"
    return None


def admitted(host: str, port: int, *, command: str, token: str, hosts: str) -> tuple[frozenset[str], str]:
    """Return what the Host header may say, and the token that is asked for.

    Args:
        host: Where the server listens.
        port: Its port.
        command: What a person typed.
        token: The variable that holds the token.
        hosts: The variable that names further hosts, such as a reverse proxy's.

    Raises:
        RefineryError: It would listen beyond the loopback without a token.
    """
    secret = os.environ.get(token, "")
    if host not in LOOPBACK and not secret:
        raise RefineryError(command, f"{host} can be reached by others", f"set {token}, or listen on 127.0.0.1")
    named = os.environ.get(hosts, "").split(",")
    return frozenset(f"{name}:{port}" for name in (*LOOPBACK, host)) | {h for h in named if h}, secret


def serve(host: str, port: int) -> None:
    """Run the guarded web server in this process until it is stopped.

    Raises:
        RefineryError: It would listen beyond the loopback without a token.
    """
    import dagster_webserver.app
    from dagster_webserver import cli
    from dagster_webserver.webserver import DagsterWebserver

    hosts, token = admitted(host, port, command="refinery ui", token=TOKEN, hosts="REFINERY_UI_HOSTS")

    class Guarded(DagsterWebserver):
        """Dagster's web server, the guard before everything else."""

        def build_middleware(self) -> list[Middleware]:
            return [Middleware(Guard, hosts=hosts, token=token), *super().build_middleware()]

    dagster_webserver.app.DagsterWebserver = Guarded  # type: ignore[misc] # its CLI takes no class
    sys.argv = ["dagster-webserver", "-h", host, "-p", str(port), "-w", "workspace.yaml"]
    cli.main()


def run(home: Path, host: str, port: int) -> int:
    """Run web server and daemon side by side until interrupted or terminated; return the server's exit code."""
    # A look at every id of a large desk may take longer than the minute Dagster gives a sensor.
    patience = {f"DAGSTER_{kind}_GRPC_TIMEOUT_SECONDS": "600" for kind in ("SENSOR", "SCHEDULE")}
    environment: dict[str, Any] = {**patience, **os.environ, "DAGSTER_HOME": str(home)}
    daemon = [sys.executable, "-m", "dagster._daemon", "run", "-w", "workspace.yaml"]
    server = [sys.executable, "-c", f"from dagster_project.web import serve; serve({host!r}, {port})"]
    # A service manager's stop is an interrupt too, and one that a background shell has muted is heard again, here and
    # in the children: nobody is orphaned.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    running = [subprocess.Popen(command, env=environment) for command in (daemon, server)]
    try:
        return running[1].wait()
    except KeyboardInterrupt:
        return 0
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            process.wait(timeout=30)
