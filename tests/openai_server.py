"""An OpenAI-compatible server of a model of the tests, over real HTTP on this machine."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from assistant.protocols import Embedder, LanguageModel, Written
from assistant.types import Message

NAME = "tiny"


class OpenAIServer:
    """Answers as servers of models do; `refuses` are parameters that it does not take, `fails` the next answers' codes.

    `told` is what it says at its own paths (/props, /api/ps ...), `models` what it lists, `seen` what was asked.
    `instead` gives the answers of a path that other servers give.
    """

    def __init__(self, model: LanguageModel, embedder: Embedder | None = None, *, key: str = "") -> None:
        self.model, self.embedder, self.key = model, embedder, key
        self.refuses: set[str] = set()
        self.fails: list[int] = []
        self.told: dict[str, Mapping[str, Any]] = {}
        self.models: list[dict[str, Any]] = [{"id": NAME}]
        self.seen: list[dict[str, Any]] = []
        self.left = threading.Event()
        self.delay = 0.0
        self.tells_shares = True
        self.instead: dict[str, Callable[[dict[str, Any]], Response]] = {}
        self.app = FastAPI()
        self.app.middleware("http")(self._as_others_do)
        self.app.get("/v1/models")(self._models)
        self.app.post("/v1/chat/completions")(self._chat)
        self.app.post("/v1/embeddings")(self._embeddings)
        self.app.api_route("/{path:path}", methods=["GET", "POST"])(self._own)

    async def _as_others_do(self, request: Request, usual: Callable[[Request], Awaitable[Response]]) -> Response:
        for path, answer in self.instead.items():
            if request.url.path.endswith(path):
                asked = await request.json() if request.method == "POST" else {}
                self.seen.append({**asked, "headers": dict(request.headers)})
                return answer(asked)
        return await usual(request)

    def _models(self, request: Request) -> Any:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return JSONResponse({"error": {"message": "wrong key"}}, 401)
        return {
            "object": "list",
            "data": [{"object": "model", "created": 0, "owned_by": "us", **each} for each in self.models],
        }

    async def _own(self, path: str) -> Any:
        return self.told.get(f"/{path}") or JSONResponse({"error": {"message": "no such path"}}, 404)

    async def _chat(self, request: Request) -> Any:
        asked = await request.json()
        self.seen.append(asked)
        if self.fails:
            return JSONResponse({"error": {"message": "busy"}}, self.fails.pop(0), {"retry-after-ms": "1"})
        if refused := self.refuses & asked.keys():
            return JSONResponse({"error": {"message": f"unrecognized parameter: {min(refused)}"}}, 400)
        messages = [Message(each["role"], each["content"]) for each in asked["messages"]]
        return StreamingResponse(self._written(messages, asked), media_type="text/event-stream")

    async def _written(self, messages: list[Message], asked: dict[str, Any]) -> AsyncIterator[str]:
        stop = threading.Event()
        shares = None
        if asked.get("logprobs") and self.tells_shares:
            reading = self.model.read(messages, answers=("Yes", "No"), stop=stop)
            if reading and reading.answers:
                told = [
                    {"token": word, "logprob": share}
                    for word, share in zip((" Yes", "no"), reading.answers, strict=True)
                ]
                shares = {"content": [{**told[0], "top_logprobs": told}]}
        try:
            answer = Written(self.model.generate(messages, max_new_tokens=asked["max_tokens"], stop=stop))
            for piece in answer:
                yield self._chunk({"content": piece}, shares)
                shares = None
                await asyncio.sleep(self.delay)
            yield self._chunk({}, None, answer.ended.why)
            yield "data: [DONE]\n\n"
        finally:
            self.left.set()

    def _chunk(self, delta: dict[str, str], shares: Any, why: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": shares, "finish_reason": why}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": NAME, "choices": [choice]}
        return f"data: {json.dumps(chunk)}\n\n"

    async def _embeddings(self, request: Request) -> Any:
        asked = await request.json()
        self.seen.append(asked)
        if self.embedder is None or any(len(text) > 2000 for text in asked["input"]):
            return JSONResponse({"error": {"message": "the input is too long"}}, 400)
        vectors = self.embedder.embed(asked["input"]) * 3
        data = [{"object": "embedding", "index": n, "embedding": each.tolist()} for n, each in enumerate(vectors)]
        return {"object": "list", "model": NAME, "data": data[::-1], "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@contextmanager
def running(server: OpenAIServer) -> Iterator[str]:
    """Run a server on a free port of this machine; give its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        serving = uvicorn.Server(uvicorn.Config(server.app, log_level="error", ws="none", lifespan="off"))
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not serving.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            serving.should_exit = True
            thread.join()
