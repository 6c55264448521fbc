"""An OpenAI-compatible endpoint that misbehaves on request: only faults are faked, the client is the real one."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from assets.language_model import Endpoint, Guards, LanguageModel, LanguageModelParams

Behave = Callable[[dict[str, Any], int], Any]
"""What to do with a request's body on its n-th arrival (from 0): a text or mapping to answer with, or a fault."""
QUICK = {"backoff_seconds": 0.01, "longest_wait_seconds": 0.05, "timeout_seconds": 0.5, "attempts": 3}


class Fault:
    """A way not to answer."""

    def __init__(self, status: int = 200, *, wait: float = 0.0, finish: str = "stop", raw: bytes = b"", **message: Any):
        self.status, self.wait, self.finish, self.raw, self.message = status, wait, finish, raw, message


class FakeEndpoint(ThreadingHTTPServer):
    """Answers as `behave` says; remembers what it was sent, and the most that it was ever busy with."""

    daemon_threads = True

    def __init__(self, behave: Behave) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behave, self.requests, self.busy, self.busiest = behave, [], 0, 0
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}/v1"

    def seen(self, body: dict[str, Any]) -> int:
        said = json.dumps(body, sort_keys=True)
        self.requests.append(said)
        return self.requests.count(said) - 1


class _Handler(BaseHTTPRequestHandler):
    server: FakeEndpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            n = self.server.seen(body)
            self.server.busy += 1
            self.server.busiest = max(self.server.busiest, self.server.busy)
        try:
            self._answer(body, self.server.behave(body, n))
        except BrokenPipeError:
            pass  # a client that waits no longer
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def _answer(self, body: dict[str, Any], what: Any) -> None:
        fault = what if isinstance(what, Fault) else Fault(content=what if isinstance(what, str) else json.dumps(what))
        time.sleep(fault.wait)
        message = {"role": "assistant", "content": None, **fault.message}
        tokens = len(json.dumps(body)) // 5
        answer = {
            "id": "a",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": fault.finish, "message": message}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": 20, "total_tokens": tokens + 20},
        }
        content = fault.raw or json.dumps(answer).encode()
        self.send_response(fault.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def fake(behave: Behave) -> Iterator[FakeEndpoint]:
    """Serve until the block ends."""
    server = FakeEndpoint(behave)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked_of(body: dict[str, Any]) -> dict[str, str]:
    """The data of a request."""
    return json.loads(body["messages"][1]["content"])


def model(url: str, home: Path, *, leaving: Any = None, resting: Any = None, **params: Any) -> LanguageModel:
    """A language model at this address, quick to lose patience."""
    guards = Guards(leaving or (lambda texts: [0] * len(texts)), resting or (lambda _: 0))
    return LanguageModel(
        LanguageModelParams(**{**QUICK, **params}), Endpoint(url, "key", "fake"), home=home, guards=guards, run="run"
    )
