"""View of papers: the list with its filters, what is picked of it, and collections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from assistant import export
from assistant.errors import UsageError
from assistant.library import Order, authorships, categories, facets, label_key, labels, name_words, venues_named
from assistant.text import fold
from assistant.types import Paper, PaperFilter
from assistant.ui import filter_query
from assistant.ui.calls import Call
from assistant.ui.downloads import attachment
from assistant.ui.site import Site, address

PAGE = 50
"""Papers on a page of the list."""

NEAREST = 500
"""Papers of a ranking by meaning."""

MOST_NAMED = 500
"""Papers that an address names one by one."""

_SUGGESTED = 12
_KEYWORDS = 100
"""Keywords of sources that are shown beside the collections, those of most papers."""

_FORM = frozenset("author since until venue category words title_words has_code added_since added_until label".split())
"""Fields of a filter that the form shows; it keeps the others."""

_ENDINGS: Mapping[str, tuple[str, str]] = {
    "bibtex": ("bib", "application/x-bibtex"),
    "ris": ("ris", "application/x-research-info-systems"),
    "csl-json": ("json", "application/vnd.citationstyles.csl+json"),
    "csv": ("csv", "text/csv"),
    "markdown": ("md", "text/markdown"),
    "jsonl": ("jsonl", "application/x-ndjson"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which papers an address asks for: a filter, words that find them, a topic that ranks them, and the order."""

    filter: PaperFilter
    words: str = ""
    topic: str = ""
    sort: str = "newest"

    @classmethod
    def read(cls, pairs: Sequence[tuple[str, str]]) -> Asked:
        """Return what query parameters ask for. Raises UsageError for a value that cannot be."""
        values = {name: value.strip() for name, value in pairs}
        topic = values.get("topic", "")
        orders = (*get_args(Order), *(["nearest"] if topic else []))
        sort = values.get("sort", "")
        usual = "nearest" if topic else "newest"
        return cls(filter_query.read(pairs), values.get("q", ""), topic, sort if sort in orders else usual)

    @property
    def query(self) -> dict[str, str]:
        """Return what is asked for besides the filter, as query parameters; what is usual is left out."""
        sort = "" if self.sort == ("nearest" if self.topic else "newest") else self.sort
        return {"q": self.words, "topic": self.topic, "sort": sort}


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    routes = APIRouter()
    library = site.library
    found_facets = facets.FacetIndex()

    @routes.get("/papers")
    def show(request: Request) -> Response:
        pairs = request.query_params.multi_items()
        if any(
            (not value and name != "among") or name in ("author_id", "by") for name, value in pairs
        ):  # as the form sends them
            return RedirectResponse(_canonical(site, request, pairs), 303)
        asked = Asked.read(pairs)
        page = filter_query.number(request.query_params.get("page", ""))
        papers, count, passing = _found(site, asked, page)
        last = max(-(-count // PAGE), 1)
        if page > last:
            return RedirectResponse(address(request, "/papers", asked.filter, **asked.query, page=last), 303)
        return site.page(
            request,
            "papers.html",
            asked=asked,
            filter=asked.filter,
            papers=papers,
            added=library.added([paper.id for paper in papers]) if asked.sort == "added" else {},
            count=count,
            passing=passing,
            page=page,
            last=last,
            first=(page - 1) * PAGE + 1,
            chips=site.chips(asked.filter),
            facets=found_facets.find(library, asked.filter, asked.words),
            collections=labels.own(library),
            kept=[(name, value) for name, value in filter_query.parameters(asked.filter) if name not in _FORM],
            author=site.called(asked.filter.author) if asked.filter.author else "",
            query=_query(asked),
            PaperFilter=PaperFilter,
            narrowed=lambda **changes: asked.filter.merged(PaperFilter(**changes)),
        )

    @routes.get("/papers/suggestions")
    def suggest(field: str, words: str = "") -> JSONResponse:
        """Return what a field may be completed to."""
        return JSONResponse(_suggestions(site, field, words))

    @routes.get("/papers/export")
    def download(request: Request) -> Response:
        pairs = request.query_params.multi_items()
        return _file(site, dict(pairs).get("format", ""), _whole(site, Asked.read(pairs)))

    @routes.post("/papers/picked")
    def act(
        request: Request,
        action: Annotated[str, Form()],
        among: Annotated[list[str], Form(default_factory=list)],
        query: Annotated[str, Form()] = "",
        everything: Annotated[str, Form()] = "",
        format: Annotated[str, Form()] = "bibtex",
        label: Annotated[str, Form()] = "",
    ) -> Response:
        """Do something with the papers that are picked, or with all of the list."""
        if not (among or everything):
            raise UsageError("No paper is picked. Tick some in the list first.")
        asked = Asked.read(parse_qsl(query))
        scope = _whole(site, asked) if everything else PaperFilter(among=tuple(dict.fromkeys(among)))
        if action == "export":
            return _file(site, format, scope)
        if action == "label":
            labels.add(library, label, scope)
            return RedirectResponse(
                address(request, "/papers", PaperFilter(label=labels.spelling(library, label))), 303
            )
        if action == "unlabel":
            labels.remove(library, label, scope)
            return RedirectResponse(address(request, "/papers", asked.filter, **asked.query), 303)
        if scope.among is not None and len(scope.among) > MOST_NAMED:
            raise UsageError(
                f"These are {len(scope.among):,} papers, more than {MOST_NAMED}, which an address can name. Add them "
                "to a collection, and ask about that."
            )
        questions = {"ask": "", "compare": "Compare these papers.", "summarise": "Summarise these papers."}
        if action in questions:
            kind = {"compare": "comparison", "summarise": "synthesis"}.get(action)
            return RedirectResponse(address(request, "/", scope, question=questions[action], kind=kind), 303)
        if action == "trends":
            return RedirectResponse(address(request, "/trends", scope), 303)
        if action == "show":
            return RedirectResponse(address(request, "/papers", scope), 303)
        raise UsageError("This page cannot do that with papers. Go back, and choose one of its buttons.")

    @routes.get("/collections")
    def list_collections(request: Request, words: str = "") -> HTMLResponse:
        return site.page(
            request,
            "collections.html",
            collections=labels.own(library),
            keywords=labels.stated(library, words, _KEYWORDS),
            number=labels.stated_number(library),
            words=words,
            PaperFilter=PaperFilter,
        )

    @routes.post("/collections/rename")
    def rename(request: Request, label: Annotated[str, Form()], name: Annotated[str, Form()]) -> Response:
        labels.rename(library, label, name)
        return RedirectResponse(address(request, "/papers", PaperFilter(label=labels.spelling(library, name))), 303)

    @routes.post("/collections/delete")
    def delete(request: Request, label: Annotated[str, Form()]) -> Response:
        labels.delete_label(library, label)
        return RedirectResponse(address(request, "/collections"), 303)

    return routes, []


def _found(site: Site, asked: Asked, page: int) -> tuple[list[Paper], int, int]:
    """Return a page of what is asked for, how many there are, and of how many."""
    start = (page - 1) * PAGE
    if not asked.topic:
        order: Any = asked.sort
        papers, count = site.library.find_papers(asked.words, asked.filter, PAGE, start, order)
        return papers, count, count
    ranks = _ranking(site, asked)
    passing = site.library.find_papers(asked.words, asked.filter, 0)[1]
    if asked.sort == "nearest":
        return site.library.papers_by_id(list(ranks)[start : start + PAGE]), len(ranks), passing
    order = asked.sort
    papers, count = site.library.find_papers("", PaperFilter(among=tuple(ranks)), PAGE, start, order)
    return papers, count, passing


def _ranking(site: Site, asked: Asked) -> Mapping[str, float]:
    """Return the papers nearest to the topic, by id, nearest first, with their cosine to it."""
    found = site.workspace.nearest(asked.topic, NEAREST, _whole(site, replace(asked, topic="")))
    return {passage.paper_id: passage.similarity or 0.0 for passage in found}


def _whole(site: Site, asked: Asked) -> PaperFilter:
    """Return all that is asked for as a filter. What only words or a topic choose is named one by one."""
    if asked.topic:
        return PaperFilter(among=tuple(_ranking(site, asked)))
    if asked.words:
        return PaperFilter(among=tuple(site.library.found_ids(asked.words, asked.filter)))
    return asked.filter


def _file(site: Site, format_name: str, scope: PaperFilter) -> Response:
    format_name = export.format_for(format_name or "bibtex", None)
    ending, kind = _ENDINGS[format_name]
    pieces = export.text(export.stream(site.library, scope), format_name)
    return StreamingResponse(pieces, media_type=f"{kind}; charset=utf-8", headers=attachment(f"papers.{ending}"))


def _canonical(site: Site, request: Request, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the address of what the form asks for: without empty fields, and with the person whom it showed by name.

    One search field stands for words and for a topic; `by` says for which.
    """
    values = dict(pairs)
    left_out = ("author_id", "by", "page")
    said = [(name, value) for name, value in pairs if (value.strip() or name == "among") and name not in left_out]
    author, person = values.get("author", "").strip(), values.get("author_id", "")
    if person and author and author == site.called(person):
        said = [(name, person if name == "author" else value) for name, value in said]
    if values.get("by") == "meaning":
        said = [("topic" if name == "q" else name, value) for name, value in said]
    asked = Asked.read(said)
    return address(request, "/papers", asked.filter, **asked.query)


def _query(asked: Asked) -> str:
    """Return what is asked for as a query, to be sent with a form."""
    pairs = [*filter_query.parameters(asked.filter), *((name, value) for name, value in asked.query.items() if value)]
    return urlencode(pairs)


def _suggestions(site: Site, field: str, words: str) -> list[str]:
    begun = fold(words)
    if len(begun) < 2:
        return []
    if field == "label":
        own = [each.name for each in labels.own(site.library) if label_key(words) in label_key(each.name)]
        return [*own, *(each.name for each in labels.stated(site.library, words, _SUGGESTED))][:_SUGGESTED]
    with site.library.transaction() as connection:
        if field == "venue":
            return venues_named(connection, words)[:_SUGGESTED]
        if field == "category":
            query = select(func.min(categories.c.category)).where(categories.c.folded.contains(begun, autoescape=True))
            query = query.group_by(categories.c.folded).order_by(func.count().desc())
        elif field == "author":
            named = [
                authorships.c.folded.in_(
                    select(name_words.c.folded).where(
                        name_words.c.word >= word, name_words.c.word < f"{word}\U0010ffff"
                    )
                )
                for word in begun.split()
            ]
            query = select(func.min(authorships.c.name)).where(*named).group_by(authorships.c.folded)
            query = query.order_by(func.count().desc())
        else:
            return []
        return list(connection.execute(query.limit(_SUGGESTED)).scalars())
