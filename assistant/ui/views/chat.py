"""View of the chat: conversations, the questions of one, and their answers with the evidence."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import gradio as gr
from fastapi import APIRouter, Form
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from assistant.answering import check_question
from assistant.errors import UsageError
from assistant.export import conversations as exporting
from assistant.library import INTERRUPTED, Conversations, SavedTurn
from assistant.types import ClarificationPlan, Plan
from assistant.ui import answers, examples, filter_query, plan_fields
from assistant.ui.calls import Call, errors_said
from assistant.ui.downloads import answer_file, attachment, zipped
from assistant.ui.plan_fields import PlanFields
from assistant.ui.running import RunningAnswer, RunningAnswers
from assistant.ui.site import Site, address, caller, conversation_path, phrases, user

_LISTED = 60
"""Conversations in the list; the search finds the others."""

_NAMED = 8
"""Picked papers that are named above the question box."""

_TICK = 0.1
"""Seconds between two looks for news of an answer."""

_Text = Annotated[str, Form()]


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    chat = _Chat(site, RunningAnswers(site.workspace))
    routes = APIRouter()
    routes.add_api_route("/", chat.begin, methods=["GET"])
    routes.add_api_route("/conversations", chat.listed, methods=["GET"])
    routes.add_api_route("/conversations/{conversation_id}", chat.show, methods=["GET"])
    routes.add_api_route("/conversations/{conversation_id}/rename", chat.rename, methods=["POST"])
    routes.add_api_route("/conversations/{conversation_id}/remove", chat.remove, methods=["POST"])
    routes.add_api_route("/conversations/{conversation_id}/restore", chat.restore, methods=["POST"])
    routes.add_api_route("/conversations/{conversation_id}/files/{name}", chat.conversation_file, methods=["GET"])
    routes.add_api_route("/conversations/rated/questions.jsonl", chat.rated, methods=["GET"])
    routes.add_api_route("/turns", chat.ask, methods=["POST"])
    routes.add_api_route("/turns/{turn_id}/stop", chat.stop, methods=["POST"])
    routes.add_api_route("/turns/{turn_id}/show", chat.show_branch, methods=["POST"])
    routes.add_api_route("/turns/{turn_id}/rate", chat.rate, methods=["POST"])
    routes.add_api_route("/turns/{turn_id}/files/{name}", chat.file, methods=["GET"])

    async def watch(turn_id: str, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        """Send an answer as it comes, as HTML for the place of its turn."""
        async for value in chat.watch(turn_id, request.request):
            yield value

    def answer(question: str, request: gr.Request) -> dict[str, Any]:
        """Answer one question without a page: the object that `assistant ask --json` prints."""
        with errors_said():
            asker = caller(request) or str(request.session_hash)
            return site.workspace.ask(question, (), asker=asker).answer().to_json()

    return routes, [Call("watch", watch, None, is_counted=False), Call("ask", answer, 8)]


@dataclass(frozen=True, slots=True)
class _Chat:
    """What the addresses of the chat do."""

    site: Site
    running: RunningAnswers

    def begin(self, request: Request) -> HTMLResponse:
        """Show an empty conversation, its scope as the address says."""
        return self._page(request, "", ())

    def show(self, request: Request, conversation_id: str) -> Response:
        """Show a conversation; of one that is deleted, how it comes back."""
        known = _conversations(self.site, request).conversation(conversation_id)
        if known and known.removed:
            return RedirectResponse(address(request, "/", removed=conversation_id), 303)
        if known is None:
            return self.site.page(request, "error.html", 404, message="There is no such conversation.")
        path = _conversations(self.site, request).path(conversation_id)
        return self._page(request, conversation_id, path, known.title)

    def ask(
        self,
        request: Request,
        question: _Text = "",
        conversation: _Text = "",
        after: _Text = "",
        replaces: _Text = "",
        scope: _Text = "",
        anyway: _Text = "",
        filter: _Text = "",
        filtered: _Text = "",
        again: _Text = "",
        kind: _Text = "",
        measure: _Text = "",
        author: _Text = "",
        since: _Text = "",
        until: _Text = "",
        category: _Text = "",
        words: _Text = "",
        code: _Text = "",
    ) -> Response:
        """Write a question down and begin to answer it.

        `replaces` is the turn that it is asked in place of: `again` as it was read then, in other words, or read
        otherwise, as the fields of the plan say or, where it is `filtered`, a whole `filter`. Without it, `kind` may
        ask for a comparison or an overview of the scope. `scope` and `filter` are the queries of addresses.
        """
        conversations = _conversations(self.site, request)
        given: Plan | None = None
        if replaces:
            replaced = _turn(conversations, replaces)
            conversation, parent, among = replaced.conversation_id, replaced.parent, replaced.scope
            question = question or replaced.question
            read_as = replaced.answer.plan if replaced.answer else None
            if read_as and (anyway or (again and not isinstance(read_as, ClarificationPlan))):
                given = read_as
            elif read_as and filtered:
                given = plan_fields.filtered(read_as, filter_query.read(_pairs(filter)))
            elif read_as and kind:
                asked = PlanFields(kind, measure, author, since, until, category, words, code)
                given = plan_fields.corrected(read_as, asked, self.site.called)
            if given and not anyway:
                among = plan_fields.still_in(among, given.filter)
        else:
            parent, among = after or None, filter_query.read(_pairs(scope))
            given = plan_fields.over(kind, question, among, self.site.library.ids)
        question = check_question(question)
        turn = conversations.begin_turn(question, conversation_id=conversation, after=parent, scope=among)
        before = conversations.path(turn.conversation_id)
        history = [each.answer.turn() for each in before if each.answer and each.id != turn.id]
        self.running.start(
            turn.id,
            question,
            conversations,
            history,
            asker=user(request) or turn.conversation_id,
            plan=given,
            anyway=bool(anyway),
        )
        path = address(request, conversation_path(turn.conversation_id))
        if _wants_json(request):
            shown = self._turn(request, _turn(conversations, turn.id))
            return JSONResponse({"turn": turn.id, "conversation": turn.conversation_id, "address": path, "html": shown})
        return RedirectResponse(f"{path}#turn-{turn.id}", 303)

    async def watch(self, turn_id: str, request: Any) -> AsyncIterator[dict[str, Any]]:
        """Yield the turn as HTML whenever there is more of its answer, at last whole."""
        conversations = _conversations(self.site, request)
        running = self.running.find(turn_id)
        version = -1
        if await asyncio.to_thread(conversations.turn, turn_id) is None:
            return
        while running and not running.draft.is_over and self.running.find(turn_id) is running:
            if running.draft.version != version or not running.draft.text:
                version = running.draft.version
                html = await asyncio.to_thread(self._draft, request, running)
                yield {"html": html, "is_over": False, "said": running.draft.text}
            await asyncio.sleep(_TICK if running.draft.text else 3 * _TICK)
        turn = await asyncio.to_thread(_turn, conversations, turn_id)
        html = await asyncio.to_thread(self._turn, request, turn)
        yield {"html": html, "is_over": True, "said": turn.answer.text if turn.answer else turn.error}

    def stop(self, request: Request, turn_id: str) -> Response:
        """Stop an answer; what was written of it stays."""
        turn = _turn(_conversations(self.site, request), turn_id)
        if running := self.running.find(turn_id):
            running.stop()
        return self._back(request, turn)

    def show_branch(self, request: Request, turn_id: str) -> Response:
        """Show another answer to a question, or another wording of it, and what followed."""
        conversations = _conversations(self.site, request)
        conversations.show(turn_id)
        return self._back(request, _turn(conversations, turn_id))

    def rate(self, request: Request, turn_id: str, rating: Annotated[int, Form()], remark: _Text = "") -> Response:
        """Keep whether an answer was good."""
        conversations = _conversations(self.site, request)
        conversations.rate(turn_id, rating, remark)
        return self._back(request, _turn(conversations, turn_id))

    def rename(self, request: Request, conversation_id: str, title: _Text = "") -> Response:
        """Give a conversation another title."""
        _conversations(self.site, request).rename(conversation_id, title)
        return RedirectResponse(address(request, conversation_path(conversation_id)), 303)

    def remove(self, request: Request, conversation_id: str) -> Response:
        """Delete a conversation; it can be brought back."""
        _conversations(self.site, request).remove(conversation_id)
        return RedirectResponse(address(request, "/", removed=conversation_id), 303)

    def restore(self, request: Request, conversation_id: str) -> Response:
        """Bring a deleted conversation back."""
        _conversations(self.site, request).restore(conversation_id)
        return RedirectResponse(address(request, conversation_path(conversation_id)), 303)

    def file(self, request: Request, turn_id: str, name: str) -> Response:
        """Return a file of an answer: its sources, or the answer with all its evidence."""
        turn = _turn(_conversations(self.site, request), turn_id)
        made = answer_file(name, turn.answer, self.site.workspace) if turn.answer else None
        if made is None:
            return self.site.page(request, "error.html", 404, message="This answer has no such file.")
        return _download(name, made)

    def conversation_file(self, request: Request, conversation_id: str, name: str) -> Response:
        """Return a conversation as a Markdown page, or with the evidence of each answer."""
        conversations = _conversations(self.site, request)
        known = conversations.conversation(conversation_id)
        if known is None or name not in ("conversation.md", "conversation.zip"):
            return self.site.page(request, "error.html", 404, message="There is no such file of a conversation.")
        turns = conversations.path(conversation_id)
        if name.endswith(".md"):
            return _download(name, exporting.page(known.title, turns).encode())
        with tempfile.TemporaryDirectory() as made:
            exporting.write_bundles(known.title, turns, self.site.library, Path(made) / "conversation")
            return _download(name, zipped(Path(made) / "conversation"))

    def rated(self, request: Request) -> Response:
        """Return the rated questions as JSON Lines for `assistant evaluate`."""
        lines = exporting.evaluation_questions(_conversations(self.site, request).rated())
        return _download("questions.jsonl", "".join(lines).encode())

    def _page(
        self, request: Request, conversation_id: str, path: tuple[SavedTurn, ...], title: str = ""
    ) -> HTMLResponse:
        conversations = _conversations(self.site, request)
        scope = filter_query.read(request.query_params.multi_items())
        if path and "scoped" not in request.query_params:
            scope = path[-1].scope
        gone = conversations.conversation(request.query_params.get("removed", ""))
        return self.site.page(
            request,
            "chat.html",
            **self._listed(conversations, request.query_params.get("q", "")),
            conversation=conversation_id,
            conversation_title=title,
            turns=[Markup(self._turn(request, turn)) for turn in path],
            last=path[-1].id if path else "",
            removed=gone if gone and gone.removed else None,
            scope=scope,
            scope_query=urlencode(filter_query.parameters(scope)),
            scope_chips=self.site.chips(scope),
            picked=self.site.library.papers_by_id(scope.among or ())[:_NAMED] if scope.among else [],
            question=request.query_params.get("question", ""),
            kind=request.query_params.get("kind", ""),
            examples=[] if path else examples.questions(self.site.library),
        )

    def listed(self, request: Request, q: str = "", conversation: str = "") -> HTMLResponse:
        """Return the list of conversations in which words stand, as a part of a page."""
        found = self._listed(_conversations(self.site, request), q)
        return HTMLResponse(self.site.fragment(request, "conversations.html", conversation=conversation, **found))

    def _listed(self, conversations: Conversations, words: str) -> dict[str, Any]:
        listed = [(each, _when(each.changed)) for each in conversations.listed(words, _LISTED)]
        return {"listed": listed, "found": conversations.count(words), "words": words}

    def _turn(self, request: Request, turn: SavedTurn) -> str:
        running = self.running.find(turn.id)
        if turn.state == "asking" and running is None:  # over by now, or its program ended
            turn = _turn(_conversations(self.site, request), turn.id)
            if turn.state == "asking":
                turn = replace(turn, state="failed", error=INTERRUPTED)
        name = f"{turn.id[:8]}-"
        answer = turn.answer
        draft = None
        if turn.state == "asking" and running:
            draft = Markup(self._draft(request, running))
        return str(
            self.site.fragment(
                request,
                "turn.html",
                turn=turn,
                name=name,
                answer=answer,
                shown=answers.shown(self.site, request, answer, name) if answer else "",
                draft=draft,
                partial=answers.sentences(turn.draft, (), name) if turn.draft and not draft else "",
                is_answerable_anyway=bool(answer and answer.refused and answer.sources and answer.plan),
                chips=self.site.chips(answer.plan.filter) if answer and answer.plan else [],
                parameters=filter_query.parameters,
                fields=plan_fields.fields(answer.plan, self.site.called) if answer and answer.plan else None,
                kinds=plan_fields.KINDS,
                measures=plan_fields.MEASURES,
                codes=plan_fields.CODE,
                earlier=turn.siblings[turn.place - 2] if turn.place > 1 else "",
                later=turn.siblings[turn.place] if turn.place < len(turn.siblings) else "",
            )
        )

    def _draft(self, request: Request, running: RunningAnswer) -> str:
        draft = running.draft
        return str(
            self.site.fragment(
                request,
                "draft.html",
                steps=self.running.steps(running, phrases(request)),
                text=answers.sentences(draft.text, (), ""),
                sources=draft.sources or (),
            )
        )

    def _back(self, request: Request, turn: SavedTurn) -> Response:
        """Answer a small change: with the turn as it is now for a script, else by the conversation's page."""
        if _wants_json(request):
            return JSONResponse({"html": self._turn(request, turn)})
        path = address(request, conversation_path(turn.conversation_id))
        return RedirectResponse(f"{path}#turn-{turn.id}", 303)


def _conversations(site: Site, request: Request) -> Conversations:
    return Conversations(site.library, user(request))


def _turn(conversations: Conversations, turn_id: str) -> SavedTurn:
    if turn := conversations.turn(turn_id):
        return turn
    raise UsageError("There is no such question any more. Load the page anew.")


def _download(name: str, content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream", headers=attachment(name))


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _when(changed: str) -> str:
    """Return when a conversation changed last, in this machine's time: the time of today, else the day."""
    then = datetime.fromisoformat(changed).replace(tzinfo=UTC).astimezone()
    return then.strftime("%H:%M") if then.date() == date.today() else then.date().isoformat()
