"""View of adding: files, pasted text and authors into the library, what became of them, and duplicates to decide."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import gradio as gr
from babel.support import NullTranslations
from fastapi import APIRouter, Form, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from assistant.errors import UsageError
from assistant.ingestion import read_pasted
from assistant.ingestion.remote import Reference
from assistant.library import curation
from assistant.types import CompletionReport, IngestionReport, PaperFilter, ProgressListener
from assistant.ui import filter_query, reports
from assistant.ui.calls import Call, errors_said, refused
from assistant.ui.downloads import attachment
from assistant.ui.duplicates import Duplicates, compared
from assistant.ui.jobs import Job, Jobs
from assistant.ui.site import Site, address, asked_by, phrases

_PROBLEMS_A_PAGE = 200
_PAIRS_A_PAGE = 10
_PAPERS_A_PAGE = 50
_WITHOUT_ABSTRACT = PaperFilter(has_abstract=False)
_FEW = 50_000
"""Papers up to which duplicates are looked for unasked."""

_BETWEEN_LOOKS = 0.25
"""Seconds between two looks at how far a job is."""

_SERVICES = {"arxiv": "arXiv", "s2 paper": "Semantic Scholar", "s2 author": "Semantic Scholar"}
_ENDINGS = {"BibTeX": "bib", "RIS": "ris", "JSON": "json", "CSV": "csv", "MEDLINE": "nbib"}


def lay_out(site: Site) -> tuple[APIRouter, list[Call]]:
    """Return the routes of the view and its calls."""
    return _Adding(site).lay_out()


class _Adding:
    """What the routes and calls of the view share: the jobs, and the pairs of papers that may be one."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.jobs = Jobs()
        self.duplicates = Duplicates(site.library)
        self.uploads = _Uploads(site.uploads)

    def lay_out(self) -> tuple[APIRouter, list[Call]]:
        routes = APIRouter()
        routes.get("/add")(self.show)
        routes.get("/add/report/{job_id}")(self.report)
        routes.get("/add/problems/{job_id}")(self.problems)
        routes.get("/add/without-abstract")(self.without_abstract)
        routes.post("/add/sample")(self.add_sample)
        routes.post("/add/stop")(self.stop)
        routes.post("/add/abstracts")(self.complete)
        routes.get("/duplicates")(self.show_duplicates)
        routes.post("/duplicates")(self.decide)
        return routes, [
            Call("read_pasted", self.read_pasted),
            Call("people", self.people, 2),
            Call("add", self.add, None),
            Call("follow", self.follow, None, is_counted=False),
            Call("find_duplicates", self.find_duplicates, 1),
        ]

    def show(self, request: Request, job: str = "", page: int = 1) -> HTMLResponse:
        """Show the form, and the job that is under way, or chosen, or the last one."""
        chosen = self.jobs.named(job) if job else self.jobs.present()
        if job and chosen is None:
            raise HTTPException(404, "The report of this adding is no longer kept. What it added is in the library.")
        is_small = self.site.library.count() <= _FEW
        pairs = self.duplicates.pairs(0.3) if is_small else self.duplicates.known()
        return self.site.page(
            request,
            "adding.html",
            job=chosen,
            today=date.today().isoformat(),
            **self._side(pairs),
            **(self._about(chosen, page) if chosen else {}),
        )

    def report(self, job_id: str) -> Response:
        """Send the report of a job as a file of JSON."""
        job = self.jobs.named(job_id)
        if job is None or not isinstance(job.report, IngestionReport):
            raise HTTPException(404, "This report is no longer kept.")
        content = reports.to_json(job.report)
        return Response(content, media_type="application/json", headers=attachment("report.json"))

    def problems(self, job_id: str) -> Response:
        """Send every problem of a job as a file of JSON Lines."""
        job = self.jobs.named(job_id)
        if job is None or not isinstance(job.report, IngestionReport) or not Path(job.report.report_file).is_file():
            raise HTTPException(404, "This report is no longer kept.")
        lines = reports.problem_lines(job.report)
        return StreamingResponse(lines, media_type="application/jsonl", headers=attachment("problems.jsonl"))

    def without_abstract(self, request: Request, page: int = 1) -> HTMLResponse:
        """List the papers of which no source gave an abstract."""
        count = self.site.library.count(_WITHOUT_ABSTRACT)
        page, last, shown = _paged(page, count, _PAPERS_A_PAGE)
        papers, _ = self.site.library.find_papers("", _WITHOUT_ABSTRACT, _PAPERS_A_PAGE, shown.start)
        return self.site.page(
            request,
            "without_abstract.html",
            count=count,
            papers=papers,
            page=page,
            last=last,
            preview=self.site.workspace.complete(preview=True) if count else None,
        )

    def add_sample(self, request: Request) -> Response:
        """Add the sample library."""

        def work(listen: ProgressListener, stop: threading.Event) -> IngestionReport:
            return self.site.workspace.add_sample(listen)

        return self._to_job(request, self.jobs.begin("the sample library", work))

    def stop(self, request: Request, job: Annotated[str, Form()] = "") -> Response:
        """Stop a job; what is in the library stays."""
        if found := self.jobs.named(job):
            found.stop.set()
            return self._to_job(request, found)
        return RedirectResponse(address(request, "/add"), 303)

    def complete(self, request: Request) -> Response:
        """Fetch the abstracts of papers that have none."""

        def work(listen: ProgressListener, stop: threading.Event) -> CompletionReport:
            return self.site.workspace.complete(on_progress=listen, stop=stop)

        return self._to_job(request, self.jobs.begin("abstracts that were missing", work))

    def show_duplicates(
        self,
        request: Request,
        page: int = 1,
        undo: str = "",
        one: str = "",
        other: str = "",
        records: str = "",
    ) -> HTMLResponse:
        """Show the pairs that may be one paper, side by side; `undo` and the rest say what was decided last."""
        pairs = self.duplicates.pairs()
        page, last, shown = _paged(page, len(pairs or ()), _PAIRS_A_PAGE)
        decided = {"undo": undo, "one": one, "other": other, "records": records} if undo else {}
        return self.site.page(
            request,
            "duplicates.html",
            pairs=[(pair, compared(pair.one, pair.other)) for pair in (pairs or ())[shown]],
            count=None if pairs is None else len(pairs),
            page=page,
            last=last,
            decided=decided,
        )

    def decide(
        self,
        request: Request,
        decision: Annotated[str, Form()],
        one: Annotated[str, Form()],
        other: Annotated[str, Form()] = "",
        records: Annotated[str, Form()] = "",
        page: Annotated[int, Form()] = 1,
    ) -> Response:
        """Merge a pair, keep it apart, or take that back."""
        library = self.site.library
        if decision == "merge":
            one, other = sorted((one, other), key=lambda name: name.startswith("title:"))
            merged = ",".join(str(record.number) for record in curation.sources(library, other))
            if not merged or not curation.sources(library, one):
                raise UsageError("One of these papers is no longer in the library. Open the duplicates again.")
            with self.duplicates.deciding((one, other)):
                curation.merge(library, one, other)
            records = merged
        elif decision == "apart":
            with self.duplicates.deciding((one, other)):
                curation.keep_apart(library, one, other)
        elif decision == "undo merge":
            numbers = [filter_query.number(each) for each in records.split(",") if each.isdecimal()]
            parted = curation.split(library, one, numbers)
            curation.forget_apart(library, *(paper.id for paper in parted))
        elif decision == "undo apart":
            curation.forget_apart(library, one, other)
        else:
            raise UsageError("A pair is merged or kept apart.")
        if decision.startswith("undo"):
            self.duplicates.forget()
            return RedirectResponse(address(request, "/duplicates", page=page), 303)
        where = address(request, "/duplicates", page=page, undo=decision, one=one, other=other, records=records)
        return RedirectResponse(where, 303)

    def read_pasted(self, text: str, as_of: str, request: gr.Request) -> dict[str, Any]:
        """Say what stands in a pasted text, and what it would ask of whom. Nothing is asked or added."""
        with errors_said():
            found = read_pasted(text, _day(as_of))
            _check(found.references, _is_shared(request))
        html = self.site.fragment(
            asked_by(request),
            "pasted.html",
            pasted=found,
            kinds=_kinds(found.references),
            services=_services(found.references, phrases(asked_by(request))),
        )
        return {"html": html, "name": found.name, "count": len(found.references) + found.count}

    def people(self, name: str, request: gr.Request) -> dict[str, Any]:
        """Ask OpenAlex who has a name."""
        with errors_said():
            found = self.site.workspace.find_authors(name)
        return {"html": self.site.fragment(asked_by(request), "people.html", people=found, name=name)}

    async def add(self, files: list[str], text: str, as_of: str, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        """Add uploaded files and what a text says, and tell how far that is until it is over."""
        with errors_said():
            job = await asyncio.to_thread(self._begin, files, text, _day(as_of), _is_shared(request))
        async for value in self._following(job, request):
            yield value

    async def follow(self, job: str, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        """Tell how far a job is until it is over."""
        found = self.jobs.named(job)
        if found is None:
            raise refused("This job is no longer known. What it added is in the library.")
        async for value in self._following(found, request):
            yield value

    def find_duplicates(self) -> dict[str, Any]:
        """Look for pairs that may be one paper; return how many there are once that is known."""
        with errors_said():
            return {"count": self.duplicates.compare()}

    def _begin(self, files: Sequence[str], text: str, day: date, is_shared: bool = False) -> Job:
        paths = [self.uploads.path(file) for file in files]
        pasted = read_pasted(text, day)
        _check(pasted.references, is_shared)
        if pasted.records:
            paths.append(self.uploads.write(pasted.records, _ENDINGS.get(pasted.format, "txt")))
        if not paths and not pasted.references:
            raise UsageError(
                f"“{pasted.name}” reads like a person's name. Press “Ask OpenAlex” to choose who is meant."
                if pasted.name
                else "There is nothing to add: choose a file, or paste an id, a DOI or an entry."
            )
        names = [path.name for path in paths] + [str(reference) for reference in pasted.references]
        title = ", ".join(names[:2]) + (f" and {len(names) - 2:,} more" if len(names) > 2 else "")
        self.uploads.hold(paths)

        def work(listen: ProgressListener, stop: threading.Event) -> IngestionReport:
            return self.site.workspace.add([*paths, *pasted.references], as_of=day, on_progress=listen, stop=stop)

        return self.jobs.begin(title, work, lambda: self.uploads.release(paths))

    async def _following(self, job: Job, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        before: dict[str, Any] = {}
        while not job.is_over:
            value = self._told(job, request)
            if value != before:
                yield value
            before = value
            await asyncio.sleep(_BETWEEN_LOOKS)
        yield await asyncio.to_thread(self._told, job, request)

    def _told(self, job: Job, request: gr.Request) -> dict[str, Any]:
        """Return how far a job is, and once it is over what became of everything."""
        asked, progress = asked_by(request), job.progress
        value: dict[str, Any] = {"job": job.id, "state": job.state, "done": progress.done, "total": progress.total}
        value["html"] = self.site.fragment(asked, "adding_progress.html", job=job, before=self.jobs.before(job))
        if job.is_over:
            value["report"] = self.site.fragment(asked, "adding_report.html", job=job, **self._about(job, 1))
            pairs = self.duplicates.pairs(0.3) if self.site.library.count() <= _FEW else None
            value["size"] = self.site.fragment(asked, "size.html", size=self.site.library.count())
            value["side"] = self.site.fragment(asked, "adding_side.html", **self._side(pairs))
        return value

    def _about(self, job: Job, page: int) -> dict[str, Any]:
        """Return what the report of a job shows."""
        report = job.report
        about: dict[str, Any] = {"before": self.jobs.before(job), "report": report, "file_name": reports.source_name}
        if not isinstance(report, IngestionReport):
            return about
        page, last, shown = _paged(page, len(report.failed), _PROBLEMS_A_PAGE)
        sources = reports.came(self.site.library, report)
        return about | {
            "file_name": reports.file_names(report),
            "problems": report.failed[shown],
            "page": page,
            "last": last,
            "sources": sources,
            "all_that_came": reports.together(self.site.library, sources),
        }

    def _side(self, pairs: Sequence[Any] | None) -> dict[str, Any]:
        return {
            "pair_count": None if pairs is None else len(pairs),
            "abstracts_missing": self.site.library.count(_WITHOUT_ABSTRACT),
            "earlier": self.jobs.all(),
        }

    def _to_job(self, request: Request, job: Job) -> Response:
        return RedirectResponse(address(request, "/add", job=job.id), 303)


class _Uploads:
    """The folder of uploaded files. Each lies below a folder named after its content: the same file, the same origin.

    A file is deleted when no job needs it any more; what an earlier run of the program left there, at the start.
    """

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder.resolve()
        self._lock = threading.Lock()
        self._held: Counter[Path] = Counter()

    def path(self, file: str) -> Path:
        """Return an uploaded file. Raises UsageError for any other file, and for one that is no longer there."""
        path = Path(file)
        if "\0" in file or not path.resolve().is_relative_to(self._folder) or not path.is_file():
            raise UsageError(f"“{path.name}” is not among the uploaded files any more. Choose it again.")
        return path.resolve()

    def write(self, text: str, ending: str) -> Path:
        """Write a pasted text as if it had been uploaded."""
        content = text.encode("utf-8", "replace")
        name = hashlib.sha256(content).hexdigest()
        path = self._folder / name / f"pasted-{name[:6]}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def hold(self, paths: Sequence[Path]) -> None:
        """Keep files until as many jobs as hold them have let go."""
        with self._lock:
            self._held.update(paths)

    def release(self, paths: Sequence[Path]) -> None:
        """Let go of files, and delete those that nobody holds."""
        with self._lock:
            self._held.subtract(paths)
            for path in set(paths):
                if self._held[path] <= 0:
                    del self._held[path]
                    path.unlink(missing_ok=True)
                    with contextlib.suppress(OSError):
                        path.parent.rmdir()


def _paged(page: int, count: int, size: int) -> tuple[int, int, slice[int, int, None]]:
    """Return the page of a list that is shown for one that is asked for, the last one, and what stands on it."""
    last = max(1, -(-count // size))
    page = min(max(1, page), last)
    return page, last, slice((page - 1) * size, page * size)


def _is_shared(request: gr.Request) -> bool:
    """Tell whether people log in, so that who asks may sit at another machine."""
    return bool(getattr(asked_by(request).state, "needs_login", True))


def _check(references: Sequence[Reference], is_shared: bool) -> None:
    """Raise UsageError for what lies on the machine of the page, where others than its owner use the page."""
    if is_shared and any(each.kind == "zotero" for each in references):
        raise UsageError(
            "Zotero can be asked only by who uses the page alone on the machine where both run. "
            "Export your papers from Zotero to a file, and choose that."
        )


def _day(as_of: str) -> date:
    try:
        return date.fromisoformat(as_of) if as_of.strip() else date.today()
    except ValueError as error:
        raise UsageError(f"“{as_of}” is not a date. Write it as year-month-day, such as 2025-02-19.") from error


def _kinds(references: Sequence[Reference]) -> list[tuple[str, int]]:
    """Return how many references there are of each kind; all papers of an author are one kind."""
    papers = ("arxiv", "doi", "pmid", "openalex work", "s2 paper", "zotero")
    return list(Counter(each.kind if each.kind in papers else "author" for each in references).items())


def _services(references: Sequence[Reference], phrases: NullTranslations) -> list[str]:
    """Return which services are asked for references, in words of a language."""
    first = phrases.gettext("OpenAlex (and Semantic Scholar where that has no abstract)")
    called = {**_SERVICES, "doi": first, "pmid": first}
    kinds = (reference.kind for reference in references if reference.kind != "zotero")  # it runs on this machine
    return list(dict.fromkeys(called.get(kind, "OpenAlex") for kind in kinds))
