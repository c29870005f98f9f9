"""HTTP for other programs: a JSON API under /api/, and OpenAI's chat completions under /v1/ with the proof beside."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import nullcontext
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from assistant.errors import AssistantError, BundleError, QuestionError, UsageError
from assistant.queries import (
    AnswerShape,
    By,
    ChosenPapers,
    Counted,
    FoundPapers,
    Kind,
    PaperDetails,
    PaperList,
    People,
    PersonShape,
    Queries,
    TrendShapes,
    Verified,
)
from assistant.settings import PROGRAM_VERSION
from assistant.text import counted
from assistant.types import (
    Answer,
    AnswerEvent,
    AnswerFinished,
    EvidenceFound,
    Progress,
    QuestionPlanned,
    TextProduced,
    Waiting,
)
from assistant.ui.calls import Call
from assistant.ui.site import Site, address, paper_path, user

_LONGEST = 100_000
"""Characters of a text, far above what is taken as a question: an error in words says so."""

_LONGEST_NAME = 2000
"""Characters of what stands in an address, for which there are some ten thousand bytes."""

_DOING_SOMETHING = re.compile(r"(?<=!)\[|(?<=\])\(|<(?=[A-Za-z/!?]|\Z)")
"""Where a picture, a link or a tag begins in what a client shows as Markdown."""

_TEXTS = ("text", "input_text", "output_text")
"""Parts of a message that are text: of chat completions, and of OpenAI's newer interface, whose messages some send."""

_MOST = 1000
_FAR = 10**9

_Limit = Annotated[int, Field(ge=1, le=_MOST, description="How many at most.")]
_Offset = Annotated[int, Field(ge=0, le=_FAR, description="How many to leave out first.")]
_Name = Annotated[str, Query(max_length=_LONGEST_NAME)]


class Refused(BaseModel):
    """Why a request was refused, in words."""

    detail: str
    error: str | dict[str, Any]


class Question(BaseModel):
    """A question, and which papers it is about; `history` are questions before that it goes on from, oldest first."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(max_length=_LONGEST)
    history: list[str] = Field(default=[], max_length=50)
    filter: ChosenPapers = ChosenPapers()
    kind: Kind | None = None
    anyway: bool = Field(default=False, description="Answer even where no abstract clearly does.")


class Claim(BaseModel):
    """A text and the papers that should support it, or a whole answer as `/api/ask` gives it."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=_LONGEST)
    papers: list[str] = Field(default=[], max_length=_MOST)
    answer: dict[str, Any] | None = None


class _Searched(ChosenPapers):
    q: str = Field(min_length=1, max_length=_LONGEST_NAME, description="What to search for.")
    limit: _Limit = 10


class _Listed(ChosenPapers):
    limit: _Limit = 100
    offset: _Offset = 0


class _CountedBy(ChosenPapers):
    by: By = Field(default="", description="Count by this, too.")
    limit: int | None = Field(default=None, ge=1, le=200, description="How many groups at most.")


class _Coauthors(ChosenPapers):
    limit: int | None = Field(default=None, ge=1, le=200, description="How many at most.")


class _Trends(ChosenPapers):
    topic: str = Field(default="", max_length=_LONGEST_NAME, description="Only papers about this.")
    by: Literal["year", "month"] = "year"


class TextPart(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """A message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    @property
    def said(self) -> str:
        """Return its text."""
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content if part.type in _TEXTS)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream holds besides: with `include_usage` its numbers of tokens, in a last piece without choices."""

    include_usage: bool | None = False


def _latest(messages: Any) -> Any:
    return messages[-_MOST:] if isinstance(messages, list) else messages


class ChatRequest(BaseModel):
    """A request for a chat completion, as OpenAI defines it. The last message of the user is the question.

    Questions and answers before it are its history. What else OpenAI defines is accepted and has no effect. `filter`
    and `anyway` are ours.
    """

    model: str | None = None
    messages: Annotated[list[ChatMessage], BeforeValidator(_latest)] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    filter: ChosenPapers | None = None
    anyway: bool | None = False


_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refused, "description": "A value is missing or cannot be used."},
    401: {"model": Refused, "description": "Users log in here, and no valid token was given."},
    403: {"model": Refused, "description": "Another page, or a page under another name, sent this."},
    413: {"model": Refused, "description": "More than may be sent."},
    415: {"model": Refused, "description": "The body is not said to be application/json."},
    429: {"model": Refused, "description": "More requests than a user may send a minute."},
    500: {"model": Refused, "description": "The library or a model failed; it says how."},
}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Refused, "description": "There is none, or several."}}


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the API; it has no calls."""
    api = _Api(site, Queries(site.library, lambda: nullcontext(site.workspace)))
    routes = APIRouter(responses=_ERRORS)
    shown: dict[int | str, dict[str, Any]] = {200: {"model": AnswerShape, "description": "The answer."}}

    def add(path: str, method: str, run: Any, response: Any = None, **more: Any) -> None:
        name = path.removeprefix("/api/").removeprefix("/v1/").split("/{")[0].replace("/", "_")
        single = "_one" if "{" in path else ""
        routes.add_api_route(
            path, run, methods=[method], response_model=response, operation_id=f"{name}{single}", **more
        )

    add("/api/ask", "POST", api.ask, responses=shown)
    add("/api/search", "GET", api.search, FoundPapers)
    add("/api/papers", "GET", api.papers, PaperList)
    add("/api/papers/{name:path}", "GET", api.paper, PaperDetails, responses=_MISSING)
    add("/api/authors", "GET", api.authors, People)
    add("/api/authors/{name:path}", "GET", api.author, PersonShape, responses=_MISSING)
    add("/api/count", "GET", api.count, Counted)
    add("/api/coauthors", "GET", api.coauthors, Counted)
    add("/api/trends", "GET", api.trends, TrendShapes)
    add("/api/verify", "POST", api.verify, Verified)
    add("/v1/models", "GET", api.models)
    add("/v1/models/{name:path}", "GET", api.model, responses=_MISSING)
    add("/v1/chat/completions", "POST", api.complete)

    def described() -> dict[str, Any]:
        return _description(routes)

    routes.add_api_route("/api/openapi.json", described, methods=["GET"], include_in_schema=False)
    return routes, []


class _Api:
    """What the addresses of the API do."""

    def __init__(self, site: Site, queries: Queries) -> None:
        self._site = site
        self._queries = queries

    async def ask(self, request: Request, asked: Question) -> Response:
        """Answer a question: the object that `assistant ask --json` prints."""
        earlier = [(each, "") for each in asked.history]
        events = self._events(request, asked.question, earlier, asked.filter, asked.anyway, asked.kind)
        async for event in events:
            if isinstance(event, AnswerFinished):
                return JSONResponse(event.answer.to_json())
        return _left()

    def search(self, asked: Annotated[_Searched, Query()]) -> FoundPapers:
        """Search for papers by meaning and by words."""
        return self._queries.search(asked.q, asked.limit, asked.filter)

    def papers(self, asked: Annotated[_Listed, Query()]) -> PaperList:
        """List the papers that pass a filter."""
        return self._queries.papers(asked.filter, asked.limit, asked.offset)

    def paper(self, name: str) -> PaperDetails:
        """Show a paper, by id, DOI, arXiv id, citation key or title, and which source states what."""
        try:
            return self._queries.paper(name)
        except UsageError as error:
            raise HTTPException(404, str(error)) from error

    def authors(self, name: _Name = "", limit: _Limit = 50, offset: _Offset = 0) -> People:
        """List all people, or whom a name may mean."""
        return self._queries.people(name.strip(), limit, offset)

    def author(self, name: str) -> PersonShape:
        """Show the one person of an id or a name."""
        try:
            return self._queries.person(name)
        except UsageError as error:
            raise HTTPException(404, str(error)) from error

    def count(self, asked: Annotated[_CountedBy, Query()]) -> Counted:
        """Count papers exactly, also by year, category, venue or author."""
        return self._queries.count(asked.filter, asked.by, asked.limit)

    def coauthors(self, asked: Annotated[_Coauthors, Query()]) -> Counted:
        """Say with whom the author of a filter wrote, or who wrote most together."""
        return self._queries.coauthors(asked.filter, asked.limit)

    def trends(self, asked: Annotated[_Trends, Query()]) -> Any:
        """Say which themes and terms rise and fall: the object that `assistant trends --json` prints."""
        return self._queries.trends(asked.topic.strip(), asked.by, asked.filter).to_json()

    async def verify(self, request: Request, claim: Claim) -> Any:
        """Check a text against the abstracts of papers, or an answer against the library."""
        if claim.answer is not None:
            try:
                return await run_in_threadpool(self._queries.verify_answer, claim.answer)
            except BundleError as error:
                raise UsageError(str(error)) from error
        is_left = request.is_disconnected
        return await self._queries.prove(claim.text, claim.papers, asker=user(request), is_left=is_left) or _left()

    def models(self) -> dict[str, Any]:
        """List the one model that answers."""
        return {"object": "list", "data": [self._shown()]}

    def model(self, name: str) -> dict[str, Any]:
        """Show the one model that answers."""
        if name != (shown := self._shown())["id"]:
            raise HTTPException(404, f"The model that answers is {shown['id']}; whatever name is asked for, it does.")
        return shown

    async def complete(self, request: Request, asked: ChatRequest) -> Response:
        """Answer the last message of the user as OpenAI's chat completions do; `proof` is what `/api/ask` gives.

        With `stream` the answer comes sentence by sentence once it is proved. How the question was read and what is
        written until then come as `reasoning_content`, which is not part of it.
        """
        said = asked.messages
        place = max((place for place, each in enumerate(said) if each.role == "user"), default=None)
        if place is None:
            raise QuestionError(
                f"No message is the user's, of the last {_MOST:,}. The last one that is, is the question."
            )
        chosen, anyway = asked.filter or ChosenPapers(), bool(asked.anyway)
        events = self._events(request, said[place].said, _earlier(said[:place]), chosen, anyway)
        tells_usage = asked.stream_options is not None and bool(asked.stream_options.include_usage)
        name = await run_in_threadpool(self._model)  # which may load torch to tell
        completion = _Completion(name, tells_usage=tells_usage)
        if asked.stream:
            first = await anext(events, None)  # an error before it is an answer of its own
            return StreamingResponse(self._streamed(request, completion, first, events), media_type="text/event-stream")
        async for event in events:
            if isinstance(event, AnswerFinished):
                return JSONResponse(completion.whole(event.answer, self._citations(request, event.answer)))
        return _left()

    async def _streamed(
        self,
        request: Request,
        completion: _Completion,
        first: AnswerEvent | None,
        events: AsyncGenerator[AnswerEvent, None],
    ) -> AsyncIterator[str]:
        yield completion.piece({"role": "assistant", "content": ""})
        try:
            if first:
                for piece in completion.pieces(first, lambda answer: self._citations(request, answer)):
                    yield piece
            async for event in events:
                for piece in completion.pieces(event, lambda answer: self._citations(request, answer)):
                    yield piece
        except Exception as error:
            if isinstance(error, AssistantError):
                words = self._site.told(request, str(error))
            else:
                logging.getLogger(__name__).exception("An answer failed")
                words = "The program met an error that it does not know; its log says more. Try again."
            yield f"data: {json.dumps({'error': {'message': words, 'type': 'server_error', 'code': None}})}\n\n"
        finally:
            await events.aclose()
        yield "data: [DONE]\n\n"

    def _events(
        self,
        request: Request,
        question: str,
        earlier: Sequence[tuple[str, str]],
        chosen: ChosenPapers,
        anyway: bool,
        kind: Kind | None = None,
    ) -> AsyncGenerator[AnswerEvent, None]:
        return self._queries.ask(
            question,
            earlier,
            filter=chosen.filter,
            kind=kind,
            anyway=anyway,
            asker=user(request),
            is_left=request.is_disconnected,
        )

    def _citations(self, request: Request, answer: Answer) -> list[dict[str, Any]]:
        """Return OpenAI's annotations: for each sentence the papers that prove it, and where it stands in the text."""
        papers = {source.number: source for source in answer.sources}
        base = f"{request.url.scheme}://{request.url.netloc}"
        text = _harmless(answer.text)
        found, start = [], 0
        for sentence in answer.sentences:
            said = _harmless(sentence.text)
            place = text.find(said, start)
            if place < 0:
                continue
            start = place + len(said)
            for number in sentence.sources:
                source = papers[number]
                cited = {
                    "start_index": place,
                    "end_index": start,
                    "title": source.title,
                    "url": source.url or f"{base}{address(request, paper_path(source.paper_id))}",
                    "paper_id": source.paper_id,
                    "quotes": [span.quote for span in sentence.spans if span.source == number],
                }
                found.append({"type": "url_citation", "url_citation": cited})
        return found

    def _shown(self) -> dict[str, Any]:
        return {"id": self._model(), "object": "model", "created": 0, "owned_by": "abstract-assistant"}

    def _model(self) -> str:
        chat, _ = self._site.workspace.model_states()
        return chat.name


class _Completion:
    """One chat completion in OpenAI's shapes."""

    def __init__(self, model: str, *, tells_usage: bool = False) -> None:
        self._before = ""
        self._tells_usage = tells_usage
        self._known = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}

    def whole(self, answer: Answer, citations: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return an answer as one object."""
        text = _harmless(answer.text)
        message = {"role": "assistant", "content": text, "refusal": None, "annotations": list(citations)}
        return {
            **self._known,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": _finish(answer), "logprobs": None}],
            "usage": _usage(answer),
            "proof": answer.to_json(),
        }

    def pieces(self, event: AnswerEvent, citations: Any) -> Iterator[str]:
        """Yield what an event adds to a stream."""
        match event:
            case QuestionPlanned(plan) if plan.words:
                yield self._thought(f"{plan.words}\n")
            case EvidenceFound(sources) if sources:
                yield self._thought(f"{counted(len(sources), 'paper')} found\n")
            case Waiting(place) if place:
                yield self._thought(f"{counted(place, 'answer')} before this one\n")
            case Progress(_, _, message):
                yield self._thought(f"{message}\n")
            case TextProduced(text):
                yield self._thought(text)
            case AnswerFinished(answer):
                for text in _cut(answer):
                    yield self.piece({"content": text})
                last = {"annotations": citations(answer)}
                usage = {"usage": _usage(answer)}
                yield self.piece(last, _finish(answer), proof=answer.to_json(), **({} if self._tells_usage else usage))
                if self._tells_usage:  # which clients add up, so that it stands in one piece only
                    yield self._event(choices=[], **usage)

    def _thought(self, text: str) -> str:
        """Return what is written on the way to the answer as a piece; a picture may begin at the end of one before."""
        shown = _harmless(self._before + text)[len(self._before) :]
        self._before = text[-1:] if text.endswith(("!", "]")) else ""
        return self.piece({"reasoning_content": shown})

    def piece(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        """Return one piece as an event of the stream."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return self._event(choices=[choice], **more)

    def _event(self, **more: Any) -> str:
        value = {**self._known, "object": "chat.completion.chunk", **more}
        return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _cut(answer: Answer) -> Iterator[str]:
    """Yield the text of an answer in pieces that end where its sentences do; together they are the text."""
    text = _harmless(answer.text)
    start = 0
    for sentence in answer.sentences:
        place = text.find(_harmless(sentence.text), start)
        if place > start:
            yield text[start:place]
            start = place
    if text[start:]:
        yield text[start:]


def _harmless(text: str) -> str:
    """Return text of which a client that shows it as Markdown makes no picture, link or tag that a paper holds.

    A backslash before a tag could be made one that stands for itself.
    """
    return _DOING_SOMETHING.sub(lambda found: "&lt;" if found[0] == "<" else f"\\{found[0]}", text)


def _earlier(messages: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    """Return the questions before with their answers, "" where none stands there."""
    talk: list[tuple[str, str]] = []
    for message in messages:
        if message.role == "user":
            talk.append((message.said, ""))
        elif message.role == "assistant" and talk:
            talk[-1] = (talk[-1][0], message.said)
    return [(question, answer) for question, answer in talk if answer]


def _finish(answer: Answer) -> str:
    """Return how an answer ended, in OpenAI's words, which have one for all that are not whole."""
    return "length" if answer.is_cut else "stop"


def _usage(answer: Answer) -> dict[str, int]:
    read, written = answer.timings.prompt_tokens, answer.timings.new_tokens
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _left() -> Response:
    """Return what nobody reads: whoever asked has hung up."""
    return Response(status_code=499)


def _description(routes: APIRouter) -> dict[str, Any]:
    """Return the OpenAPI description; what cannot be read is answered by 400 here, and not as FastAPI would."""
    made = get_openapi(
        title="Research assistant",
        version=PROGRAM_VERSION,
        summary="Answers over a library of paper abstracts, with proof.",
        routes=routes.routes,
    )
    for path in made["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(name, None)
    made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{}, {"token": []}]
    return made
