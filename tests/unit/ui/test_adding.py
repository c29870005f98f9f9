"""Adding: what becomes of uploaded files, and who may ask the Zotero of this machine."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from assistant.errors import UsageError
from assistant.types import IngestionReport
from assistant.ui.views.adding import _Adding
from tests.unit.ui.test_jobs import wait_for

DAY = date(2025, 7, 1)


def test_uploaded_files_go_when_their_job_is_over_also_if_it_never_began(tmp_path: Path) -> None:
    go_on, begun = threading.Event(), []

    def add(sources: list[Path], **_: Any) -> IngestionReport:
        begun.append(sources)
        assert go_on.wait(20)
        return IngestionReport(added=1)

    uploads = tmp_path / "uploads"
    left = uploads / "left" / "by a crash.bib"
    left.parent.mkdir(parents=True)
    left.touch()
    site: Any = SimpleNamespace(library=None, uploads=uploads, workspace=SimpleNamespace(add=add))
    adding = _Adding(site)
    assert not left.exists()
    jobs = []
    for name in ("one", "other"):
        (uploads / name).mkdir(parents=True)
        (uploads / name / "papers.bib").touch()
        jobs.append(adding._begin([str(uploads / name / "papers.bib")], "", DAY))
    jobs[1].stop.set()
    go_on.set()
    assert [wait_for(job).state for job in jobs] == ["done", "stopped"]
    assert len(begun) == 1
    assert list(uploads.iterdir()) == []


def asked(*, needs_login: bool) -> Any:
    """Return a call as it comes where people log in, or do not."""
    return SimpleNamespace(request=SimpleNamespace(state=SimpleNamespace(needs_login=needs_login)))


def test_where_people_log_in_the_zotero_of_the_machine_is_not_asked(tmp_path: Path) -> None:
    shown: list[dict[str, Any]] = []

    def fragment(_request: Any, _template: str, **context: Any) -> str:
        shown.append(context)
        return ""

    site: Any = SimpleNamespace(library=None, uploads=tmp_path / "uploads", workspace=None, fragment=fragment)
    adding = _Adding(site)
    with pytest.raises(gr.Error, match="Zotero can be asked only by who uses the page alone"):
        adding.read_pasted("zotero:\narxiv:2502.13604", "", asked(needs_login=True))
    with pytest.raises(UsageError, match="Export your papers from Zotero"):
        adding._begin([], "zotero:collection/Thesis", DAY, is_shared=True)


def test_zotero_is_read_on_this_machine_and_asks_no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, Any] = {}

    def fragment(_request: Any, _template: str, **context: Any) -> str:
        shown.update(context)
        return ""

    monkeypatch.setattr("assistant.ui.views.adding.phrases", lambda _: SimpleNamespace(gettext=str))
    site: Any = SimpleNamespace(library=None, uploads=tmp_path / "uploads", workspace=None, fragment=fragment)
    adding = _Adding(site)
    assert adding.read_pasted("zotero:", "", asked(needs_login=False))["count"] == 1
    assert (shown["kinds"], shown["services"]) == ([("zotero", 1)], [])
