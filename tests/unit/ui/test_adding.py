"""Adding: what becomes of uploaded files."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
