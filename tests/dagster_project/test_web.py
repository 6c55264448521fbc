"""The guard before Dagster's web server: what another site's page could make a browser send, and what only we can."""

import subprocess
import sys
from base64 import b64encode

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from assets.errors import RefineryError
from dagster_project.web import TOKEN, Guard, serve

HOST = "127.0.0.1:3000"
JSON = {"content-type": "application/json"}


async def _answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("let through")


async def _talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("let through")
    await socket.close()


def client(token: str = "") -> TestClient:
    inner = Starlette(
        routes=[
            WebSocketRoute("/graphql", _talk),
            Route("/{path:path}", _answer, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )
    return TestClient(Guard(inner, frozenset({HOST, "localhost:3000"}), token), base_url=f"http://{HOST}")


def test_the_server_itself_is_let_through() -> None:
    browser = client()
    assert browser.get("/overview").text == "let through"
    assert browser.get("/graphql").text == "let through", "the playground"
    assert browser.post("/graphql", json={"query": "{ version }"}).text == "let through"
    same = {"origin": f"http://{HOST}"}
    assert browser.post("/graphql", json={}, headers=same).text == "let through"
    charset = {"content-type": "application/json; charset=utf-8"}
    assert browser.post("/report_asset_check/x", content="{}", headers=charset).text == "let through"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:3000", "127.0.0.1", "127.0.0.1:3001", ""])
def test_another_host_is_not_served(host: str) -> None:
    assert client().get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:3000.evil.example", "http://127.0.0.1"]
)
def test_another_origin_is_refused(origin: str) -> None:
    assert client().post("/graphql", json={}, headers={"origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "query", ["query=mutation{x}", "%71uery=mutation{x}", "q%75ery=x", "a=b&query=x", "QUERY=x", "variables={}"]
)
@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_graphql_by_a_link_is_refused_however_it_is_spelled(method: str, path: str, query: str) -> None:
    assert client().request(method, f"{path}?{query}").status_code == 405


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/jsonp"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_a_form_can_send_is_refused(method: str, kind: str) -> None:
    assert client().request(method, "/graphql", content="{}", headers={"content-type": kind}).status_code == 415


@pytest.mark.parametrize("path", ["report_asset_check", "report_asset_materialization", "report_asset_observation"])
def test_a_post_without_a_body_is_refused(path: str) -> None:
    assert client().post(f"/{path}/tickets?passed=true").status_code == 415


def test_a_websocket_of_this_site_is_let_through_and_of_another_is_closed() -> None:
    with client().websocket_connect("/graphql", headers={"host": HOST, "origin": f"http://{HOST}"}) as socket:
        assert socket.receive_text() == "let through"
    for headers in ({"host": HOST, "origin": "http://evil.example"}, {"host": "evil.example"}):
        with pytest.raises(WebSocketDisconnect), client().websocket_connect("/graphql", headers=headers):
            pass


def test_a_token_is_asked_for_when_one_is_set() -> None:
    browser = client("secret")
    refused = browser.get("/")
    assert refused.status_code == 401
    assert "Basic" in refused.headers["www-authenticate"]
    basic = b64encode(b"refinery:secret").decode()
    assert browser.get("/", headers={"authorization": "Bearer secret"}).text == "let through"
    assert browser.get("/", headers={"authorization": f"Basic {basic}"}).text == "let through"
    for wrong in ("Bearer Secret", "Bearer ", "secret", "Basic " + b64encode(b"admin:secret").decode(), "Bearer é"):
        assert browser.get("/", headers={"authorization": wrong.encode()}).status_code == 401
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/graphql", headers={"host": HOST}):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::"])
def test_the_server_does_not_listen_to_others_without_a_token(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(RefineryError, match=TOKEN):
        serve(host, 3000)


REAL = """
import sys
import dagster_webserver.app, dagster_webserver.cli
from dagster_project.web import serve
from starlette.testclient import TestClient
def main():
    from dagster import DagsterInstance
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import EmptyWorkspaceTarget
    with DagsterInstance.local_temp() as instance:
        with WorkspaceProcessContext(instance, EmptyWorkspaceTarget(), version="", read_only=False) as context:
            app = dagster_webserver.app.create_app_from_workspace_process_context(context)
            browser = TestClient(app, base_url="http://127.0.0.1:3000")
            ask = {"query": "{ version }"}
            print(browser.post("/graphql", json=ask).status_code)
            print(browser.get("/graphql?query={version}").status_code)
            print(browser.post("/graphql", json=ask, headers={"origin": "http://evil.example"}).status_code)
dagster_webserver.cli.main = main
serve("127.0.0.1", 3000)
"""


def test_dagsters_own_server_stands_behind_the_guard() -> None:
    done = subprocess.run([sys.executable, "-c", REAL], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == ["200", "405", "403"], done.stderr[-2000:]
