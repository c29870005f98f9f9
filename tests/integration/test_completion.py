"""Abstracts fetched for papers that lack them, against a local server that replays what the services answer."""

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from assistant import ingestion
from assistant.ingestion.remote import Services, fetch_abstracts
from assistant.library import Library, upsert
from assistant.types import CompletionReport, Paper, PaperFilter, Progress, Record
from tests.integration.test_remote import Replay, Reply, a_feed, a_page, a_paper, a_work, replay, services, watch
from tests.integration.test_remote_command import connected
from tests.unit.cli.test_main import CommandLine, model, run

__all__ = ["connected", "model", "replay", "run", "services", "watch"]

TODAY = date(2026, 11, 29)


def bare(number: int, **ids: str) -> Paper:
    return Paper(f"Work {number}", date="2024", **(ids or {"doi": f"10.1000/{number}"}))  # type: ignore[arg-type]


def complete(
    library: Library, services: Services, today: date = TODAY, again: bool = False, limit: int | None = None
) -> CompletionReport:
    wanted = ingestion.wanted_abstracts(library, again=again, today=today, limit=limit)
    return ingestion.complete(library, wanted, fetch_abstracts(wanted.papers, services), today=today)


def add(library: Library, papers: Sequence[Paper], origin: str = "a.bib") -> None:
    upsert.store(library, [Record(paper, 1, str(place)) for place, paper in enumerate(papers)], origin)


def abstracts(library: Library) -> dict[str, str]:
    return {paper.title: paper.abstract for paper in library.papers()}


def test_each_paper_is_asked_for_by_its_identifiers_many_at_a_time(
    library: Library, replay: Replay, services: Services
) -> None:
    preprint = replace(bare(9, arxiv_id="2502.13604"), title="Preprint 2502.13604v1")
    add(library, [bare(1), bare(2), bare(3, pmid="77"), bare(4, url="https://example.org"), preprint])
    replay.on("/api/query", a_feed("2502.13604v1"), id_list="2502.13604")
    replay.on("/openalex/works", a_page(a_work(2), a_work(1, "")), filter="doi:10.1000/2|10.1000/1")
    pubmed = a_work(3, ids={"pmid": "https://pubmed.ncbi.nlm.nih.gov/77"})
    replay.on("/openalex/works", a_page(pubmed), filter="pmid:77")
    replay.on("/s2/paper/batch", json.dumps([{**a_paper(1), "title": "Work 1"}]).encode())
    report = complete(library, services)
    assert (report.missing, report.without_id, report.asked_lately) == (5, 1, 0)
    assert (report.arxiv, report.doi, report.pmid, report.found, report.failed) == (1, 2, 1, 4, ())
    assert abstracts(library) == {
        "Work 1": "We study bridges.",
        "Work 2": "We study beams.",
        "Work 3": "We study beams.",
        "Work 4": "",
        "Preprint 2502.13604v1": "About 2502.13604v1.",
    }
    assert len(replay.asked) == 4
    assert json.loads(replay.asked[-1].body) == {"ids": ["DOI:10.1000/1"]}


def test_only_the_abstract_is_taken(library: Library, replay: Replay, services: Services) -> None:
    mine = replace(bare(1), title="Work 1", venue="My venue")
    add(library, [mine])
    replay.on("/openalex/works", a_page(a_work(1)))
    complete(library, services)
    (paper,) = library.papers()
    assert replace(paper, id="") == replace(mine, abstract="We study beams.")


def test_what_was_asked_for_in_vain_is_not_asked_for_again_within_a_month(
    library: Library, replay: Replay, services: Services
) -> None:
    add(library, [bare(1)])
    assert complete(library, services).found == 0
    asked = len(replay.asked)
    later = complete(library, services)
    assert (later.missing, later.asked, later.asked_lately) == (1, 0, 1)
    assert len(replay.asked) == asked
    assert complete(library, services, again=True).asked == 1
    assert complete(library, services, today=TODAY + timedelta(days=31)).asked == 1
    add(library, [replace(bare(1), pmid="77")], origin="b.bib")
    assert complete(library, services).asked == 1


def test_a_service_that_is_away_is_said_once_and_its_papers_are_asked_for_again(
    library: Library, replay: Replay, services: Services
) -> None:
    add(library, [bare(number) for number in range(1, 61)])
    replay.on("/openalex/works", a_page(a_work(60), a_work(5)))
    replay.on("/s2/paper/batch", Reply(status=403))
    report = complete(library, services)
    assert report.found == 2
    assert [problem.file for problem in report.failed] == ["Semantic Scholar"]
    assert sum(asked.path == "/s2/paper/batch" for asked in replay.asked) == 1
    assert complete(library, services).asked == 58


def test_an_interrupted_completion_goes_on_where_it_was(library: Library, replay: Replay, services: Services) -> None:
    add(library, [bare(number) for number in range(1, 61)])
    replay.on("/openalex/works", a_page(a_work(60), a_work(59)))
    wanted = ingestion.wanted_abstracts(library, today=TODAY)
    answers = fetch_abstracts(wanted.papers, services)
    ingestion.complete(library, wanted, [next(answers)], today=TODAY)  # of OpenAlex alone
    left = ingestion.wanted_abstracts(library, today=TODAY)
    assert (left.report.missing, left.report.asked, left.report.asked_lately) == (58, 58, 0)
    ingestion.complete(library, wanted, [next(answers)], today=TODAY)  # and of Semantic Scholar, which has none
    answers.close()
    left = ingestion.wanted_abstracts(library, today=TODAY)
    assert (left.report.asked, left.report.asked_lately) == (10, 48)


def test_after_a_stop_no_more_is_asked_for_and_the_report_counts_what_was(
    library: Library, replay: Replay, services: Services
) -> None:
    add(library, [bare(number) for number in range(1, 61)])
    replay.on("/openalex/works", a_page(a_work(60)))
    wanted = ingestion.wanted_abstracts(library, today=TODAY)
    stop = threading.Event()

    def listen(progress: Progress) -> None:
        if progress.done:
            stop.set()

    fetched = fetch_abstracts(wanted.papers, services)
    report = ingestion.complete(library, wanted, fetched, today=TODAY, on_progress=listen, stop=stop)
    assert (report.missing, report.asked, report.found) == (60, 1, 1)
    assert ingestion.wanted_abstracts(library, today=TODAY).report.asked == 59


def test_an_identifier_of_another_paper_brings_nothing_and_is_named(
    library: Library, replay: Replay, services: Services
) -> None:
    add(library, [replace(bare(1), title="Bread rises slowly with wild yeast")])
    replay.on("/openalex/works", a_page(a_work(1)))
    report = complete(library, services)
    assert report.found == 0
    assert report.failed[0].file == "doi:10.1000/1"
    assert "“Work 1” has this identifier at OpenAlex" in report.failed[0].reason
    assert library.count(PaperFilter(has_abstract=False)) == 1


def test_identifiers_of_odd_letters_break_no_request(library: Library, replay: Replay, services: Services) -> None:
    add(library, [bare(1, doi="10.1000/a,b|c"), bare(2, doi="no doi"), bare(3, arxiv_id="10.1")])
    replay.on("/s2/paper/batch", json.dumps([{**a_paper(1), "title": "Work 1"}]).encode())
    report = complete(library, services)
    assert (report.asked, report.without_id, report.found) == (1, 2, 1)


def test_a_limit_is_kept(library: Library, replay: Replay, services: Services) -> None:
    add(library, [bare(number) for number in range(1, 10)])
    assert complete(library, services, limit=2).asked == 2
    assert complete(library, services).asked == 7


@pytest.fixture
def with_titles(connected: CommandLine) -> CommandLine:
    Path("titles.bib").write_text(
        "@article{one, title={Work 1}, year=2024, doi={10.1000/1}, author={Ada Lovelace}}\n"
        "@article{two, title={Work 2}, year=2023, author={Ada Lovelace}}\n"
    )
    connected("add", "titles.bib")
    return connected


def test_the_command_shows_what_it_will_ask_for_and_what_came(with_titles: CommandLine, replay: Replay) -> None:
    assert "2 papers have no abstract and are known by title only; 1 with a DOI" in with_titles.stdout
    replay.on("/openalex/works", a_page(a_work(1)))
    preview = with_titles.json("complete", "--dry-run")
    assert (preview["missing"], preview["doi"], preview["without_id"], preview["found"]) == (2, 1, 1, 0)
    assert "To be asked for: 1 (1 by DOI). Without an identifier to ask by: 1." in with_titles.stderr
    assert "To be asked for: 1 (1 by DOI)." in with_titles("complete", "--dry-run")
    assert not replay.asked
    with_titles("complete", "--until", "2023")
    assert not replay.asked
    with_titles("complete")
    assert "1 abstract found for 1 paper asked for." in with_titles.stdout
    assert with_titles.json("paper", "10.1000/1")["abstract"] == "We study beams."
    assert with_titles.json("paper", "10.1000/1")["said_by"]["abstract"] == ["OpenAlex"]
    assert with_titles.json("add", "titles.bib")["unchanged"] == 2
    assert with_titles.json("papers", "--abstract")[0]["title"] == "Work 1"
    assert with_titles.json("complete")["missing"] == 1


def test_without_a_network_the_command_says_so_and_nothing_is_remembered(run: CommandLine, tmp_path: Path) -> None:
    away = "http://127.0.0.1:9"
    Path("assistant.toml").write_text(
        f'openalex_url = "{away}"\nsemantic_scholar_url = "{away}"\nsources = "{tmp_path / "sources"}"\n'
    )
    Path("titles.bib").write_text("@article{one, title={Work 1}, year=2024, doi={10.1000/1}}\n")
    run("add", "titles.bib")
    run("complete", code=1)
    assert "OpenAlex could not be reached" in run.stderr
    assert run.json("complete", "--dry-run")["doi"] == 1
