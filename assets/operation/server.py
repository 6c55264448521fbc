"""An OpenAI-compatible front of a package: it puts each conversation as the package was measured, and passes it on.

Nothing that is asked or answered is logged, kept or quoted in an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import dropwhile
from typing import Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from assets.operation.marks import ANSWER
from assets.operation.packaged import Package, Told, asked
from assets.operation.params import ServingParams

CHAMPION = "champion"
"""What a client may call whatever is served."""
LARGEST = 1 << 20
"""Bytes of a request."""


class RequestError(Exception):
    """A request that cannot be answered, in words for its sender."""

    def __init__(self, what: str, status: int = 400) -> None:
        super().__init__(what)
        self.what, self.status = what, status


class Part(BaseModel):
    """A piece of a message; only text is understood."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["text"]
    text: str


class Said(BaseModel):
    """One message."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]
    name: str | None = None

    @property
    def message(self) -> dict[str, str]:
        """The message as a chat template takes it."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


class Chat(BaseModel):
    """What of the Chat Completions API is understood; anything else is refused rather than left out."""

    model_config = ConfigDict(extra="forbid")
    model: str
    messages: list[Said] = Field(min_length=1)
    metadata: Told | None = None
    """What else stands there is not looked at."""
    user: str | None = None
    store: Literal[False] | None = None
    n: Literal[1] | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float = Field(default=0.0, ge=0, le=2)
    """0 unless asked for: answers were measured so."""
    top_p: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: dict[str, Any] | None = None
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None

    @field_validator("messages")
    @classmethod
    def _end_with_a_question(cls, messages: list[Said]) -> list[Said]:
        """Refuse what is like nothing that was measured: an instruction between the turns, no question at the end."""
        said = [*dropwhile(lambda m: m["role"] == "system", (message.message for message in messages))]
        if not said or any(m["role"] == "system" for m in said):
            raise ValueError("system messages come first, then the conversation")
        if said[-1]["role"] != "user" or not said[-1]["content"].strip():
            raise ValueError("the user speaks last")
        return messages


_OURS = {"model", "messages", "metadata", "user", "store", "n", "max_tokens", "max_completion_tokens"}


def front(package: Package, params: ServingParams, *, address: str, key: str) -> Starlette:
    """Return the application.

    Args:
        package: What is served.
        params: How.
        address: The embedded server's.
        key: What its API asks for.
    """
    return _Front(package, params, address, key).app()


class _Front:
    def __init__(self, package: Package, params: ServingParams, address: str, key: str) -> None:
        self._package, self._params = package, params
        known, patience = {"authorization": f"Bearer {key}"}, params.timeout_seconds
        self._server = httpx.AsyncClient(base_url=address, headers=known, timeout=patience)

    def app(self) -> Starlette:
        routes = [
            Route("/health", self._health),
            Route("/v1/models", self._models),
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
        ]
        handlers = {RequestError: _refused, httpx.HTTPError: _unanswered}
        return Starlette(routes=routes, exception_handlers=handlers, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self._server:
            yield

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _models(self, _: Request) -> Response:
        names = (self._package.version, CHAMPION)
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "support-refinery"} for name in names]
        return JSONResponse({"object": "list", "data": models})

    async def _chat(self, request: Request) -> Response:
        chat = await _read(request)
        if chat.model not in (self._package.version, CHAMPION):
            raise RequestError(f"this model is not served here; ask for {CHAMPION} or {self._package.version}", 404)
        said = [message.message for message in chat.messages]
        if any(token in message["content"] for message in said for token in self._package.facts.control_tokens):
            raise RequestError("a message spells out a control token of the model")
        told = chat.metadata or Told()
        if said[0]["role"] != "system" and told.task != ANSWER and self._package.facts.instruction(told) is None:
            raise RequestError(f"metadata.task: nothing was measured of {told.task}; bring an instruction of your own")
        body = chat.model_dump(exclude=_OURS, exclude_none=True)
        body["messages"] = await self._fitting(said, told)
        body["max_tokens"] = chat.max_completion_tokens or chat.max_tokens or self._params.max_tokens
        answer = await self._server.send(
            self._server.build_request("POST", "/v1/chat/completions", json=body), stream=True
        )
        return StreamingResponse(_passed_on(answer), answer.status_code, media_type=answer.headers.get("content-type"))

    async def _fitting(self, said: list[dict[str, str]], told: Told) -> list[dict[str, str]]:
        """Return the conversation behind as many shots as fit, if it is asked behind any."""
        prompt = self._package.prompt(told) or {"shots": [], "max_tokens": 0}
        most = self._params.max_prompt_tokens or prompt["max_tokens"]
        for shots in range(len(prompt["shots"]), 0, -1):
            put = asked(self._package, said, told, shots=shots)
            if await self._tokens(put) <= most:
                return put
        return asked(self._package, said, told, shots=0)

    async def _tokens(self, messages: list[dict[str, str]]) -> int:
        prompt = await self._server.post("/apply-template", json={"messages": messages})
        asked_for = {"content": prompt.json()["prompt"], "parse_special": True}
        return len((await self._server.post("/tokenize", json=asked_for)).json()["tokens"])


async def _read(request: Request) -> Chat:
    """Read a request, or say what is wrong with it, by the names of its fields."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise RequestError(f"a request of more than {LARGEST} bytes is not read", 413)
    try:
        return Chat.model_validate_json(body)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, e["loc"])) or "the request" for e in error.errors()})
        raise RequestError(f"not understood here: {', '.join(wrong)}") from None


async def _passed_on(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    finally:
        await answer.aclose()


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101 - Starlette hands over what was registered
    return _said(error.what, "invalid_request_error", error.status)


async def _unanswered(_: Request, __: Exception) -> Response:
    return _said("the model did not answer", "server_error", 502)


def _said(what: str, kind: str, status: int) -> Response:
    return JSONResponse({"error": {"message": what, "type": kind, "param": None, "code": None}}, status)
