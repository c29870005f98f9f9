"""The site: one workspace shown as pages, their templates, addresses and language."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from assistant.errors import LibraryError
from assistant.library import Users, authors
from assistant.settings import PROGRAM_VERSION
from assistant.text import counted
from assistant.types import Paper, PaperFilter
from assistant.ui import filter_query, rendering
from assistant.ui.downloads import Downloads
from assistant.ui.running_summaries import Summaries

if TYPE_CHECKING:
    import gradio as gr

    from assistant.workspace import Workspace

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
"""Languages of the interface by code. Answers are written in the language of the question."""

_LOCALE = Path(__file__).with_name("locale")
_SHOWN_AUTHORS = 3
_LARGE = 5000
"""Papers from which people are read in the background."""


class Site:
    """What every page needs: the workspace, the files that pages make, and the templates.

    Uploaded files pass through the folder `uploads`.
    """

    def __init__(self, workspace: Workspace, uploads: Path, downloads: Downloads) -> None:
        self.workspace = workspace
        self.library = workspace.library
        self.users = Users(workspace.library)
        self.uploads = uploads
        self.downloads = downloads
        self.summaries = Summaries(workspace)
        self._reading = threading.Lock()

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """Return a page as its template lays it out."""
        size = self.library.count() if is_known(request) else 0
        return HTMLResponse(self.fragment(request, template, size=size, **context), status)

    def fragment(self, request: Request, template: str, **context: Any) -> Markup:
        """Return a template filled in, as HTML: a page, or a part of one that a script puts in its place."""
        spoken = language(request)
        return Markup(
            _environment(spoken)
            .get_template(template)
            .render(
                context,
                url=partial(address, request),
                path=here(request),
                language=spoken,
                languages=LANGUAGES,
                theme=request.cookies.get("theme", ""),
                user=user(request),
                is_admin=is_admin(request),
                is_known=is_known(request),
                version=PROGRAM_VERSION,
            )
        )

    def chips(self, filter: PaperFilter) -> list[filter_query.Chip]:
        """Return the conditions of a filter one by one, people by their names."""
        return filter_query.chips(filter, self.called)

    def knows_people(self) -> bool:
        """Tell whether people can be asked for at once. In a large library they are else read in the background."""
        with self.library.transaction() as connection:
            are_known = authors.are_known(connection)
        if are_known or self.library.count() < _LARGE:
            return True
        if self._reading.acquire(blocking=False):
            threading.Thread(target=self._read_people, name="reading people", daemon=True).start()
        return False

    def _read_people(self) -> None:
        try:
            with suppress(LibraryError), self.library.transaction() as connection:  # said to who asks for somebody
                authors.among(connection, ())
        finally:
            self._reading.release()

    def told(self, request: Request, words: str) -> str:
        """Return words of an error as who asks may read them: where the library lies is for administrators."""
        if is_admin(request):
            return words
        for place in {self.library.folder, self.library.folder.resolve()}:
            words = words.replace(str(place), "…") if place.is_absolute() else words
        return words

    def called(self, author: str) -> str:
        """Return the name of the person whose id, or the words of whose name, stand in a filter."""
        return self.workspace.assistant.planner.called(author)


def user(request: Request) -> str:
    """Return who asks; "" where nobody has to log in."""
    return str(getattr(request.state, "user", ""))


def is_known(request: Request) -> bool:
    """Tell whether who asks may see anything: is logged in, or need not be."""
    return bool(user(request)) or not getattr(request.state, "needs_login", False)


def is_admin(request: Request) -> bool:
    """Tell whether who asks may also delete papers, choose models and see the users; where nobody logs in, all may."""
    return bool(getattr(request.state, "is_admin", True))


def require_admin(request: Request) -> None:
    """Answer 403 unless who asks may do what only administrators may."""
    if not is_admin(request):
        raise HTTPException(403, "Only an administrator may do that. Ask the one who runs this page.")


def caller(request: gr.Request) -> str:
    """Return who makes a call; "" where nobody has to log in."""
    return user(asked_by(request))


def asked_by(request: gr.Request) -> Request:
    """Return the web request of a call, by which templates are filled in."""
    asked = request.request
    if asked is None:
        raise RuntimeError("The call came without a request.")
    return asked


def here(request: Request) -> str:
    """Return the path of a request on this site, without the prefix that a proxy puts before it."""
    return str(request.scope["path"]).removeprefix(_root(request)) or "/"


def address(request: Request, path: str, filter: PaperFilter | None = None, **query: Any) -> str:
    """Return the address of a path on this site, with a filter and other values as its query; empty ones are left out.

    What stands in a path is quoted already: see `paper_path` and `author_path`.
    """
    pairs = filter_query.parameters(filter) if filter else []
    for name, value in query.items():
        several = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(each)) for each in several if each not in ("", None)]
    return f"{_root(request).rstrip('/')}{path}{'?' if pairs else ''}{urlencode(pairs)}"


def _root(request: Request) -> str:
    """Return the prefix that a proxy puts before every path, also where a part of the site answers that is mounted."""
    return str(request.scope.get("app_root_path", request.scope.get("root_path", "")))


def cookie_path(request: Request) -> str:
    """Return the path of this site, below which a browser sends its cookies."""
    return str(request.scope.get("root_path", "")) or "/"


def paper_path(paper_id: str) -> str:
    """Return the path of a paper's page."""
    return f"/paper/{quote(paper_id, safe=':')}"


def author_path(author: str) -> str:
    """Return the path of a person's page, by id, or of the people whom a name may mean."""
    if "/" in author or not author.strip("."):  # what a path cannot hold
        return f"/authors?{urlencode({'q': author})}"
    return f"/author/{quote(author, safe='')}"


def conversation_path(conversation_id: str) -> str:
    """Return the path of a conversation."""
    return f"/conversations/{quote(conversation_id, safe='')}"


def language(request: Request) -> str:
    """Return the language of the interface: as chosen, else the first one that the browser asks for and we speak."""
    chosen = request.cookies.get("language", "")
    if chosen in LANGUAGES:
        return chosen
    asked = [part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    return next((code for code in asked if code in LANGUAGES), "en")


def phrases(request: Request) -> NullTranslations:
    """Return what is said in the language of the interface in place of the English words."""
    return translations(language(request))


@cache
def translations(code: str) -> NullTranslations:
    """Return what is said in a language in place of the English words."""
    file = _LOCALE / f"{code}.po"
    if not file.exists():
        return NullTranslations()
    with file.open("rb") as text, io.BytesIO() as compiled:
        write_mo(compiled, read_po(text, locale=code))
        compiled.seek(0)
        return Translations(compiled)


@cache
def _environment(code: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("assistant.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(code), newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "number": partial(_number, code),
        "rendered": rendering.rendered,
        "one_line": rendering.one_line,
        "web_address": rendering.web_address,
    }
    environment.globals |= {
        "paper_path": paper_path,
        "author_path": author_path,
        "conversation_path": conversation_path,
        "counted": counted,
        "named_authors": _named_authors,
    }
    return environment


def _number(code: str, value: float) -> str:
    return str(format_decimal(value, locale=code))


def _named_authors(paper: Paper) -> tuple[list[str], bool]:
    """Return the first authors of a paper, and whether there are more."""
    names = list(paper.authors)
    return names[:_SHOWN_AUTHORS], len(names) > _SHOWN_AUTHORS or not paper.authors_complete
