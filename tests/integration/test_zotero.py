"""A running Zotero added to a library, against a double of its local API."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import ingestion
from assistant.errors import RemoteError, UsageError
from assistant.ingestion.remote import Services, parse_reference
from assistant.ingestion.remote.zotero import ZoteroState
from assistant.library import Library, curation, labels, origins_read
from assistant.types import IngestionReport, PaperFilter
from tests.integration.zotero_server import FakeZotero, serving
from tests.unit.cli.test_main import CommandLine, model, run

__all__ = ["model", "run"]


class Added:
    """A Zotero of a version, its address, and the library that it is added to."""

    def __init__(self, zotero: FakeZotero, address: str, library: Library, folder: Path) -> None:
        self.zotero = zotero
        self.library = library
        self.services = Services(cache=folder / "sources", zotero_url=address)

    def __call__(self, word: str = "zotero:", stop: threading.Event | None = None) -> IngestionReport:
        self.zotero.asked.clear()
        reference = parse_reference(word)
        assert reference
        return ingestion.add_fetched(
            self.library,
            [word],
            lambda _: ingestion.fetch_zotero(self.library, reference, self.services),
            stop=stop,
        )

    def changed(self, word: str = "zotero:") -> bool:
        reference = parse_reference(word)
        assert reference
        return ingestion.zotero_state(reference, self.services) != origins_read.state(self.library, word)

    @property
    def titles(self) -> list[str]:
        papers, _ = self.library.find_papers("", PaperFilter(), 1000, 0)
        return sorted(paper.title for paper in papers)

    def labelled(self, label: str) -> int:
        return self.library.count(PaperFilter(label=label))


def counts(report: IngestionReport) -> tuple[int, int, int]:
    return report.added, report.updated, report.unchanged


@pytest.fixture(params=[7, 10])
def added(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> Iterator[Added]:
    zotero = FakeZotero(request.param)
    with serving(zotero) as address:
        yield Added(zotero, address, library, tmp_path)


@pytest.fixture
def newest(library: Library, tmp_path: Path) -> Iterator[Added]:
    zotero = FakeZotero(10)
    with serving(zotero) as address:
        yield Added(zotero, address, library, tmp_path)


def fill(zotero: FakeZotero) -> None:
    """Put three papers and what hangs on them into Zotero."""
    zotero.collect("COLTHES1", "Thesis")
    zotero.collect("COLCHAP1", "Chapter 1", "COLTHES1")
    people = [{"creatorType": "author", "firstName": "Anna", "lastName": "Berg"}]
    zotero.put("LAMPS001", title="Lamps drift", creators=people, collections=["COLCHAP1"], DOI="10.1000/lamps")
    zotero.put("WELLS001", title="Wells fill", creators=people, tags=[{"tag": "water"}], extra="Citation Key: wells")
    zotero.put("ROPES001", title="Ropes fray", creators=people, collections=["COLTHES1"])
    zotero.put("NOTE0001", itemType="note", note="alone")
    zotero.put("FILE0001", itemType="attachment", title="a.pdf", parentItem="LAMPS001")
    zotero.put("BINNED01", title="In the bin", deleted=1)


def test_the_whole_library(added: Added) -> None:
    fill(added.zotero)
    report = added()
    assert (counts(report), report.failed, report.notices) == ((3, 0, 0), (), ())
    assert added.titles == ["Lamps drift", "Ropes fray", "Wells fill"]
    assert sorted((each.name, each.count) for each in labels.listed(added.library)) == [
        ("Chapter 1", 1),
        ("Thesis", 2),
        ("water", 1),
    ]
    assert counts(added()) == (0, 0, 3)


def test_many_items_come_page_by_page(added: Added) -> None:
    for number in range(1203):
        added.zotero.put(f"KEY{number:05d}", title=f"Lamps of the {number}th kind", DOI=f"10.1000/{number}")
    assert counts(added()) == (1203, 0, 0)
    assert sum("start=" in path for path in added.zotero.asked) == 2


def test_what_changes_is_followed(added: Added) -> None:
    fill(added.zotero)
    added()
    assert not added.changed()
    added.zotero.put("WELLS001", abstractNote="We fill wells.")
    added.zotero.put("RAFTS001", title="Rafts float")
    assert added.changed()
    assert counts(added()) == (1, 1, 2)
    assert "Rafts float" in added.titles
    assert not added.changed()


def test_only_what_changed_is_asked_for(newest: Added) -> None:
    fill(newest.zotero)
    newest()
    newest.zotero.put("WELLS001", abstractNote="We fill wells.")
    assert counts(newest()) == (0, 1, 2)
    (asked,) = [path for path in newest.zotero.asked if "/items/top" in path and "format=json" in path]
    assert "since=8" in asked


def test_since_nothing_is_never_asked_of_zotero_7(added: Added) -> None:
    fill(added.zotero)
    added()
    added()
    assert not [path for path in added.zotero.asked if "since=0" in path]


def test_papers_move_between_collections(added: Added) -> None:
    fill(added.zotero)
    added()
    added.zotero.put("LAMPS001", collections=["COLTHES1"])
    added()
    assert (added.labelled("Chapter 1"), added.labelled("Thesis")) == (0, 2)


def test_collections_are_renamed(added: Added) -> None:
    fill(added.zotero)
    added()
    added.zotero.collect("COLTHES1", "Dissertation")
    assert added.changed()
    assert counts(added()) == (0, 2, 1)
    assert (added.labelled("Thesis"), added.labelled("Dissertation"), added.labelled("Chapter 1")) == (0, 2, 1)


def test_what_is_deleted_is_forgotten_where_somebody_else_says_it(added: Added, tmp_path: Path) -> None:
    fill(added.zotero)
    added()
    (tmp_path / "a.bib").write_text(
        "@book{w, title={Wells fill}, author={Anna Berg}, year={2020}, doi={10.1000/wells}}"
    )
    added.zotero.put("WELLS001", DOI="10.1000/wells")
    added()
    ingestion.add_files(added.library, [tmp_path / "a.bib"], as_of=datetime.date(2026, 11, 23))
    assert added.labelled("water") == 1
    added.zotero.delete("WELLS001")
    added.zotero.put("ROPES001", deleted=1)
    assert added.changed()
    report = added()
    assert counts(report) == (0, 0, 1)
    assert [notice.message for notice in report.notices] == [
        "1 paper is no longer there. The library keeps them until `assistant remove` takes them out."
    ]
    assert added.titles == ["Lamps drift", "Ropes fray", "Wells fill"]
    assert added.labelled("water") == 0
    assert added.library.count(PaperFilter(source="zotero:")) == 2


def test_a_paper_that_was_removed_comes_back_when_zotero_is_added_again(added: Added) -> None:
    fill(added.zotero)
    added()
    curation.remove(added.library, [curation.named(added.library, "Wells fill").id])
    assert counts(added()) == (1, 0, 2)


def test_items_that_share_a_citation_key_are_told_apart(added: Added) -> None:
    for key, title in (("LAMPS001", "Lamps drift in the wind"), ("WELLS001", "Wells fill with water")):
        added.zotero.put(key, title=title, extra="Citation Key: same", abstractNote=f"On {title}.")
    assert counts(added()) == (2, 0, 0)
    added.zotero.put("WELLS001", abstractNote="We fill wells.")
    added()
    assert added.titles == ["Lamps drift in the wind", "Wells fill with water"]


def test_another_database_is_read_anew(newest: Added) -> None:
    fill(newest.zotero)
    newest()
    newest.zotero.server_id = "anotherOne12"
    newest.zotero.put("LAMPS001", title="Lamps flicker at night")
    newest.zotero.personal.version = 1
    newest.zotero.personal.items["LAMPS001"]["version"] = 1
    assert newest.changed()
    newest()
    assert "Lamps flicker at night" in newest.titles


@pytest.mark.parametrize(
    "word",
    ["zotero:collection/COLTHES1", "zotero:collection/thesis"],
)
def test_a_collection_with_those_in_it(added: Added, word: str) -> None:
    fill(added.zotero)
    assert counts(added(word)) == (2, 0, 0)
    assert added.titles == ["Lamps drift", "Ropes fray"]
    added.zotero.put("WELLS001", collections=["COLCHAP1"])
    assert counts(added(word)) == (1, 0, 2)


def test_a_collection_by_its_path(added: Added) -> None:
    fill(added.zotero)
    added.zotero.collect("OTHERCH1", "Chapter 1")
    report = added("zotero:collection/Chapter 1")
    assert "Zotero has 2 collections called “Chapter 1”" in report.failed[0].reason
    assert counts(added("zotero:collection/Thesis/Chapter 1")) == (1, 0, 0)


def test_a_collection_that_is_not_there(added: Added) -> None:
    fill(added.zotero)
    (problem,) = added("zotero:collection/Wells").failed
    assert problem.reason == "Zotero has no collection called “Wells”. There are: Thesis; Chapter 1."


@pytest.mark.parametrize("word", ["zotero:group/77", "zotero:group/lamp group"])
def test_a_group(added: Added, word: str) -> None:
    fill(added.zotero)
    group = added.zotero.group(77, "Lamp Group")
    added.zotero.collect("GROUPC01", "Optics", library=group)
    added.zotero.put("GROUP001", group, title="Lamps of all of us", collections=["GROUPC01"])
    added.zotero.put("GROUP002", group, title="Lamps of nobody")
    assert counts(added(word)) == (2, 0, 0)
    assert (added.labelled("Lamp Group"), added.labelled("Optics")) == (2, 1)
    assert counts(added(f"{word}/collection/Optics")) == (0, 0, 1)
    assert "Zotero has no group called “Wells”" in added("zotero:group/Wells").failed[0].reason


def test_a_group_where_there_is_none(added: Added) -> None:
    fill(added.zotero)
    (problem,) = added("zotero:group/Wells").failed
    assert problem.reason == "Zotero has no group called “Wells”. There is none."
    assert len(added.zotero.asked) == 1


def test_an_item_that_says_too_little_is_told_and_the_rest_is_followed(newest: Added) -> None:
    fill(newest.zotero)
    newest.zotero.put("EMPTY001", title="Nothing else", date="", creators=[])
    report = newest()
    assert (counts(report), len(report.failed)) == ((3, 0, 0), 1)
    newest.zotero.put("WELLS001", abstractNote="We fill wells.")
    assert counts(newest()) == (0, 1, 2)


def test_a_stop_leaves_the_rest_for_the_next_time(added: Added) -> None:
    fill(added.zotero)
    stop = threading.Event()
    stop.set()
    assert counts(added(stop=stop)) == (0, 0, 0)
    assert added.changed()
    assert counts(added()) == (3, 0, 0)


def test_a_change_in_the_midst_of_reading_is_not_lost(added: Added, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(added.zotero)
    answer, lost = added.zotero.answer, ["RAFTS001"]

    def change(path: str, query: dict[str, str], host: str) -> tuple[int, dict[str, str], bytes]:
        if query.get("format") == "versions" and lost:
            added.zotero.put(lost.pop(), title="Rafts float")
        return answer(path, query, host)

    monkeypatch.setattr(added.zotero, "answer", change)
    report = added()
    assert "changed while it was read" in report.notices[0].message
    assert counts(added()) == (1, 0, 3)


def test_zotero_that_is_not_running(library: Library, tmp_path: Path) -> None:
    added = Added(FakeZotero(), "http://127.0.0.1:9/api", library, tmp_path)
    (problem,) = added().failed
    assert problem.reason.startswith("Zotero does not run on this machine. Start Zotero")
    with pytest.raises(RemoteError, match="does not run"):
        added.changed()


def test_what_is_in_the_library_stays_where_zotero_is_away(added: Added, library: Library, tmp_path: Path) -> None:
    fill(added.zotero)
    added()
    Added(FakeZotero(), "http://127.0.0.1:9/api", library, tmp_path)()
    assert len(added.titles) == 3
    assert not added.changed()


def test_a_local_interface_that_is_switched_off(added: Added) -> None:
    added.zotero.is_enabled = False
    (problem,) = added().failed
    assert "Allow other applications on this computer to communicate with Zotero" in problem.reason


def test_a_zotero_before_version_7(added: Added, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        added.zotero, "answer", lambda *_: (404, {"Content-Type": "text/plain"}, b"No endpoint found\n")
    )
    (problem,) = added().failed
    assert "older than version 7" in problem.reason


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b"[1, null, {}]", b"[" * 100_000, b"3", b'{"a": "b"}'])
def test_another_program_at_that_address_does_no_harm(added: Added, body: bytes) -> None:
    added.zotero.broken = body
    report = added()
    assert counts(report) == (0, 0, 0)
    assert all("What answers at Zotero's address is not Zotero" in problem.reason for problem in report.failed)


def test_a_failure_in_the_midst_forgets_nothing(added: Added, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(added.zotero)
    added()
    answer = added.zotero.answer

    def fail(path: str, query: dict[str, str], host: str) -> tuple[int, dict[str, str], bytes]:
        return (500, {}, b"") if "/items/top" in path and "sort" in query else answer(path, query, host)

    added.zotero.put("WELLS001", abstractNote="We fill wells.")
    monkeypatch.setattr(added.zotero, "answer", fail)
    assert "HTTP 500" in added().failed[0].reason
    monkeypatch.undo()
    assert counts(added()) == (0, 1, 2)


def test_links_that_lead_in_a_circle_end(added: Added, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(added.zotero)
    answer = added.zotero.answer

    def circle(path: str, query: dict[str, str], host: str) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = answer(path, query, host)
        return status, {**headers, "Link": f'<http://{host}{path}?start=0>; rel="next"'}, body

    monkeypatch.setattr(added.zotero, "answer", circle)
    assert counts(added()) == (3, 0, 0)
    assert len(added.zotero.asked) < 50


def test_no_link_leads_to_another_machine(added: Added, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(added.zotero)
    answer = added.zotero.answer

    def elsewhere(path: str, query: dict[str, str], host: str) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = answer(path, query, host)
        onward = {} if "start" in query else {"Link": f'<http://lamps.example{path}?start=3>; rel="next"'}
        return status, {**headers, "Link": "", **onward}, body

    monkeypatch.setattr(added.zotero, "answer", elsewhere)
    assert counts(added()) == (3, 0, 0)


def test_a_state_that_cannot_be_read_counts_as_none() -> None:
    for text in ("", "{}", "[]", "x", '{"server": ""}'):
        assert ZoteroState.parse(text) is None


def test_on_the_command_line(run: CommandLine) -> None:
    zotero = FakeZotero(10)
    fill(zotero)
    with serving(zotero) as address:
        Path("assistant.toml").write_text(f'zotero_url = "{address}"\n')
        report = run.json("add", "zotero:")
        assert (report["added"], report["sources"][0]["source"]) == (3, "zotero:")
        zotero.put("WELLS001", abstractNote="We fill wells.")
        report = run.json("add", "zotero:collection/Thesis", "zotero:")
        assert (report["updated"], report["unchanged"]) == (1, 4)
    assert len(run.json("papers", "--label", "Thesis")) == 2
    assert len(run.json("papers", "--source", "zotero:")) == 3
    refused = json.loads(run("add", "zotero", "--json", code=1))
    assert "Zotero does not run on this machine" in refused["failed"][0]["reason"]


def test_zotero_is_asked_on_this_machine_only(tmp_path: Path) -> None:
    for address in ("http://lamps.example:23119/api", "https://192.168.0.7/api", "ftp://127.0.0.1/api", ""):
        with pytest.raises(UsageError, match="no address on this machine"):
            Services(cache=tmp_path, zotero_url=address)
