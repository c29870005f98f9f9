"""The services on the network, replayed by a real HTTP server on this machine; waits are counted, not waited."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from assistant.errors import NotThere, RemoteError, UsageError
from assistant.ingestion.remote import AuthorCandidate, Reference, Services, fetch, find_authors, parse_reference
from assistant.ingestion.remote.client import Client, decode_json
from assistant.ingestion.remote.services import Patience
from assistant.types import Notice, Paper, Problem, ReaderItem, Record
from tests.conftest import SHARED

AN_ORCID = "0000-0002-1825-0097"


@dataclass(frozen=True)
class Reply:
    """One answer of the server. `then` is what it does after the headers and the body."""

    body: bytes = b"{}"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    then: Literal["end", "cut the body", "cut at once", "hang", "drip"] = "end"


@dataclass(frozen=True)
class Asked:
    """One request that the server got."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Replay:
    """Answers by path and parameters; the last of several replies is repeated. Everything else is not found."""

    url: str = ""
    replies: list[tuple[str, dict[str, str], list[Reply]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def on(self, path: str, *replies: Reply | dict[str, Any] | bytes, **parameters: str) -> None:
        """Answer requests for a path, with these parameters among its own, by these replies in turn."""
        self.replies.append((path, parameters, [as_reply(reply) for reply in replies]))

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        for path, parameters, replies in self.replies:
            if path == asked.path and parameters.items() <= asked.parameters.items():
                return replies.pop(0) if len(replies) > 1 else replies[0]
        return Reply(b'{"error": "not found"}', status=404)


def as_reply(reply: Reply | dict[str, Any] | bytes) -> Reply:
    if isinstance(reply, Reply):
        return reply
    return Reply(reply if isinstance(reply, bytes) else json.dumps(reply).encode())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    replay: Replay

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        parameters = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        reply = self.replay.reply_to(Asked(unquote(parts.path), parameters, headers, body))
        if reply.then == "cut at once":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if reply.then == "hang":
            self.replay.released.wait(20)
            return
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        longer = 100 if reply.then in ("cut the body", "drip") else 0
        self.send_header("Content-Length", str(len(reply.body) + longer))
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.then == "drip":
            while not self.replay.released.wait(0.05):
                self.wfile.write(b" ")
        if longer:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Iterator[Replay]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    replay = Replay()
    handler = type("ReplayHandler", (Handler,), {"replay": replay})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    replay.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield replay
    replay.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Watch:
    """A clock that only moves when somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def services(replay: Replay, watch: Watch, tmp_path: Path) -> Services:
    return Services(
        cache=tmp_path / "cache",
        arxiv_url=f"{replay.url}/api/query",
        openalex_url=f"{replay.url}/openalex",
        semantic_scholar_url=f"{replay.url}/s2/",
        patience=Patience(connect_s=5, read_s=5, sleep=watch.sleep, clock=watch.clock),
    )


def reference(text: str) -> Reference:
    found = parse_reference(text)
    assert found
    return found


def items_of(text: str, services: Services) -> list[ReaderItem]:
    return list(fetch(reference(text), services))


def papers_of(text: str, services: Services) -> list[Paper]:
    items = items_of(text, services)
    assert all(isinstance(item, Record) for item in items), items
    return [item.paper for item in items if isinstance(item, Record)]


def the_problem(text: str, services: Services) -> Problem:
    (item,) = items_of(text, services)
    assert isinstance(item, Problem)
    return item


def failure(text: str, services: Services) -> str:
    with pytest.raises(RemoteError) as caught:
        items_of(text, services)
    return str(caught.value)


def a_work(number: int, abstract: str = "We study beams.", **fields: Any) -> dict[str, Any]:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(abstract.split()):
        places.setdefault(word, []).append(place)
    return {
        "id": f"https://openalex.org/W{number}",
        "doi": f"https://doi.org/10.1000/{number}",
        "title": f"Work {number}",
        "display_name": f"Work {number}",
        "publication_year": 2024,
        "publication_date": "2024-05-01",
        "ids": {"openalex": f"https://openalex.org/W{number}"},
        "authorships": [{"author_position": "first", "author": {"display_name": "Ada Lovelace"}}],
        "abstract_inverted_index": places or None,
        **fields,
    }


def a_page(*works: Any, count: int | None = None, cursor: str | None = None) -> dict[str, Any]:
    about = {"count": len(works) if count is None else count, "per_page": 100, "next_cursor": cursor}
    return {"meta": about, "results": list(works)}


def a_paper(number: int, abstract: str | None = "We study bridges.") -> dict[str, Any]:
    return {
        "paperId": f"{number:040x}",
        "externalIds": {"DOI": f"10.1000/{number}", "CorpusId": number},
        "title": f"Paper {number}",
        "abstract": abstract,
        "year": 2023,
        "publicationDate": "2023-02-01",
        "venue": "Proceedings",
        "authors": [{"authorId": "1", "name": "Ada Lovelace"}],
    }


def a_feed(*ids: str) -> bytes:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{one}</id><title>Preprint {one}</title><summary>About {one}.</summary>"
        "<published>2024-05-01T00:00:00Z</published><updated>2024-05-02T00:00:00Z</updated>"
        "<author><name>Ada Lovelace</name></author></entry>"
        for one in ids
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>http://arxiv.org/api/x</id><title>arXiv Query</title>{entries}</feed>"
    ).encode()


# The happy path of each kind of reference.


def test_a_preprint_comes_from_arxiv_by_its_id(replay: Replay, services: Services) -> None:
    replay.on("/api/query", a_feed("2502.13604v3"), id_list="2502.13604", max_results="1")
    (paper,) = papers_of("arxiv:2502.13604", services)
    assert (paper.title, paper.abstract, paper.authors) == (
        "Preprint 2502.13604v3",
        "About 2502.13604v3.",
        ("Ada Lovelace",),
    )


def test_a_doi_of_arxiv_goes_to_arxiv(replay: Replay, services: Services) -> None:
    replay.on("/api/query", a_feed("2502.13604v1"), id_list="2502.13604")
    assert len(papers_of("doi:10.48550/arXiv.2502.13604", services)) == 1


def test_a_doi_comes_from_openalex(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/doi:10.1000/7", a_work(7))
    (paper,) = papers_of("doi:10.1000/7", services)
    assert (paper.title, paper.abstract) == ("Work 7", "We study beams.")
    assert [asked.path for asked in replay.asked] == ["/openalex/works/doi:10.1000/7"]


def test_a_doi_of_odd_letters_arrives_unharmed(replay: Replay, services: Services) -> None:
    doi = "10.1002/(sici)1097-4571<1::aid>3.0.co;2-b#x?y&z,%41"
    replay.on(f"/openalex/works/doi:{doi}", a_work(7))
    assert len(papers_of(f"doi:{doi}", services)) == 1


def test_a_doi_without_abstract_at_openalex_gets_the_one_of_semantic_scholar(
    replay: Replay, services: Services
) -> None:
    replay.on("/openalex/works/doi:10.1000/7", a_work(7, abstract=""))
    replay.on("/s2/paper/DOI:10.1000/7", a_paper(7))
    (paper,) = papers_of("doi:10.1000/7", services)
    assert (paper.title, paper.abstract) == ("Work 7", "We study bridges.")
    assert len(replay.asked) == 2


def test_a_doi_that_openalex_does_not_know_is_asked_for_at_semantic_scholar(replay: Replay, services: Services) -> None:
    replay.on("/s2/paper/DOI:10.1000/7", a_paper(7))
    (paper,) = papers_of("doi:10.1000/7", services)
    assert paper.title == "Paper 7"


def test_a_paper_without_abstract_anywhere_comes_without_one(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/doi:10.1000/7", a_work(7, abstract=""))
    replay.on("/s2/paper/DOI:10.1000/7", a_paper(7, abstract=None))
    (paper,) = papers_of("doi:10.1000/7", services)
    assert (paper.title, paper.abstract) == ("Work 7", "")
    replay.replies.pop()
    assert papers_of("doi:10.1000/7", services) == [paper]


def test_a_missing_abstract_and_a_failing_second_service_are_both_said(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/pmid:31452104", a_work(7, abstract=""))
    replay.on("/s2/paper/PMID:31452104", Reply(status=503))
    notice, record = items_of("pmid:31452104", services)
    assert isinstance(notice, Notice)
    assert "OpenAlex has no abstract of this paper" in notice.message
    assert "Semantic Scholar has a failure (HTTP 503)" in notice.message
    assert isinstance(record, Record)
    assert not record.paper.abstract


def test_a_pubmed_number_comes_from_openalex(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/pmid:31452104", a_work(7))
    assert [paper.title for paper in papers_of("pmid:31452104", services)] == ["Work 7"]


def test_a_work_comes_by_its_openalex_id(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", a_work(7))
    assert [paper.title for paper in papers_of("openalex:W7", services)] == ["Work 7"]


def test_the_works_of_an_orcid_come_by_filter(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works", a_page(a_work(1), a_work(2)), filter=f"authorships.author.orcid:{AN_ORCID}")
    assert [paper.title for paper in papers_of(f"orcid:{AN_ORCID}", services)] == ["Work 1", "Work 2"]


@pytest.mark.parametrize("text", [f"s2:{5:040x}", "s2:CorpusId:5"])
def test_a_paper_comes_from_semantic_scholar(replay: Replay, services: Services, text: str) -> None:
    replay.on(f"/s2/paper/{reference(text).value}", a_paper(5))
    assert [paper.title for paper in papers_of(text, services)] == ["Paper 5"]
    assert {"title", "abstract", "authors", "externalIds"} <= set(replay.asked[0].parameters["fields"].split(","))


# Pages.


def test_with_a_key_works_are_paged_by_cursor(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works", a_page(*map(a_work, range(1, 101)), count=150, cursor="next"), cursor="*")
    replay.on("/openalex/works", a_page(*map(a_work, range(101, 151)), count=150, cursor="last"), cursor="next")
    replay.on("/openalex/works", a_page(count=150), cursor="last")
    titles = [paper.title for paper in papers_of("openalex:A9", replace(services, openalex_key="secret"))]
    assert titles == [f"Work {number}" for number in range(1, 151)]
    assert replay.asked[0].parameters == {
        "filter": "authorships.author.id:A9", "per_page": "100", "cursor": "*", "api_key": "secret"
    }  # fmt: skip


def test_without_a_key_works_are_paged_by_number(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works", a_page(*map(a_work, range(1, 101)), count=150), page="1")
    replay.on("/openalex/works", a_page(*map(a_work, range(101, 151)), count=150), page="2")
    assert len(papers_of("openalex:A9", services)) == 150
    assert all("cursor" not in asked.parameters for asked in replay.asked)


def test_a_cursor_that_leads_in_a_circle_ends_with_a_problem(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works", a_page(a_work(1), count=9, cursor="round"))
    items = items_of("openalex:A9", replace(services, openalex_key="secret"))
    assert isinstance(items[-1], Problem)
    assert "Only 2 of 9 papers came" in items[-1].reason


def test_the_papers_of_an_author_come_page_by_page_from_semantic_scholar(replay: Replay, services: Services) -> None:
    replay.on("/s2/author/1741101/papers", {"offset": 0, "next": 2, "data": [a_paper(1), a_paper(2)]}, offset="0")
    replay.on("/s2/author/1741101/papers", {"offset": 2, "data": [a_paper(3)]}, offset="2")
    assert [paper.title for paper in papers_of("s2:1741101", services)] == ["Paper 1", "Paper 2", "Paper 3"]


def test_a_page_that_fails_keeps_what_came_before_and_says_how_to_go_on(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works", a_page(*map(a_work, range(1, 101)), count=150), page="1")
    replay.on("/openalex/works", Reply(status=500), page="2")
    *papers, problem = items_of("openalex:A9", services)
    assert len(papers) == 100
    assert isinstance(problem, Problem)
    assert "Only 100 of 150 papers came" in problem.reason
    assert "Run the same command again later" in problem.reason
    replay.replies[1:] = []
    replay.on("/openalex/works", a_page(*map(a_work, range(101, 151)), count=150), page="2")
    replay.asked.clear()
    assert len(papers_of("openalex:A9", services)) == 150
    assert [asked.parameters["page"] for asked in replay.asked] == ["2"]


def test_a_page_of_semantic_scholar_that_fails_keeps_what_came_before(replay: Replay, services: Services) -> None:
    replay.on("/s2/author/1/papers", {"offset": 0, "next": 1, "data": [a_paper(1)]}, offset="0")
    replay.on("/s2/author/1/papers", Reply(then="cut at once"), offset="1")
    paper, problem = items_of("s2:1", services)
    assert isinstance(paper, Record)
    assert isinstance(problem, Problem)
    assert "Only the first 1 papers came. The answer of Semantic Scholar was cut off." in problem.reason


# People of one name.


def an_author(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"https://openalex.org/A{number}", "display_name": name, "works_count": number, **fields}


NAMESAKES = a_page(
    an_author(
        22,
        "Naibin Gu",
        orcid=f"https://orcid.org/{AN_ORCID}",
        last_known_institutions=[{"display_name": "Academy of Sciences"}],
    ),
    an_author(3, "Naibin  Gu\x1b[31m", affiliations=[{"institution": {"display_name": "University"}, "years": [2020]}]),
    an_author(1, "N. Gutierrez"),
)


def test_the_people_of_a_name_are_told_apart_by_works_affiliation_and_orcid(replay: Replay, services: Services) -> None:
    replay.on("/openalex/authors", NAMESAKES, search="Naibin Gu")
    assert find_authors("Naibin Gu", services) == (
        AuthorCandidate("openalex:A22", "Naibin Gu", 22, "Academy of Sciences", AN_ORCID),
        AuthorCandidate("openalex:A3", "Naibin Gu [31m", 3, "University", ""),
    )


def test_a_name_of_one_person_stands_for_their_papers(replay: Replay, services: Services) -> None:
    replay.on("/openalex/authors", a_page(an_author(5, "Ada Lovelace"), an_author(6, "Ada Byron")))
    replay.on("/openalex/works", a_page(a_work(1)), filter="authorships.author.id:A5")
    assert len(papers_of('author:"Ada Lovelace"', services)) == 1


def test_a_name_of_several_people_is_a_choice(replay: Replay, services: Services) -> None:
    replay.on("/openalex/authors", NAMESAKES)
    with pytest.raises(UsageError, match=r"fits several people.*openalex:A22 \(Naibin Gu, 22 papers, Academy"):
        items_of('author:"Naibin Gu"', services)


def test_a_name_that_nobody_has_is_said(replay: Replay, services: Services) -> None:
    replay.on("/openalex/authors", a_page())
    assert "knows nobody of the name" in the_problem('author:"Nobody Atall"', services).reason


def test_candidates_of_wrong_shape_are_passed_over(replay: Replay, services: Services) -> None:
    odd: list[Any] = [
        None, 7, "text", [], {}, {"id": 5, "display_name": "A B"},
        {"id": "https://evil.example/A1", "display_name": "A B"},
        {"id": "https://openalex.org/A1", "display_name": None},
        {"id": "https://openalex.org/A1\n", "display_name": "A B"},
        {"id": "https://openalex.org/A2", "display_name": "A B", "works_count": "many", "orcid": 7,
         "affiliations": "x", "last_known_institutions": [None, {"display_name": []}], "display_name_alternatives": 1},
    ]  # fmt: skip
    replay.on("/openalex/authors", a_page(*odd))
    assert {one.id for one in find_authors("A B", services)} <= {"openalex:A1", "openalex:A2"}
    assert find_authors("A B", services)[-1] == AuthorCandidate("openalex:A2", "A B", 0, "", "")


# What is not there.


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("arxiv:2599.99999", "arXiv"),
        ("openalex:W7", "OpenAlex"),
        ("doi:10.1000/7", "OpenAlex, nor at Semantic Scholar"),
        ("s2:CorpusId:5", "Semantic Scholar"),
    ],
)
def test_a_paper_that_is_not_there_is_a_problem(replay: Replay, services: Services, text: str, where: str) -> None:
    replay.on("/api/query", a_feed())
    problem = the_problem(text, services)
    assert problem.file == text
    assert f"There is no such paper at {where}. Check the id." in problem.reason


def test_an_author_who_is_not_there_is_a_problem(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works", a_page())
    assert "There is no such author at Semantic Scholar" in the_problem("s2:5", services).reason
    assert "OpenAlex knows no papers of this author" in the_problem("openalex:A5", services).reason


def test_what_was_not_there_is_asked_for_again_the_next_time(replay: Replay, services: Services) -> None:
    replay.on("/api/query", a_feed(), a_feed("2502.13604v1"))
    assert isinstance(items_of("arxiv:2502.13604", services)[0], Problem)
    assert len(papers_of("arxiv:2502.13604", services)) == 1


# The cache.


def test_a_second_run_sends_no_request(replay: Replay, services: Services) -> None:
    replay.on("/api/query", a_feed("2502.13604v1"))
    replay.on("/openalex/works/W7", a_work(7))
    replay.on("/openalex/works", a_page(a_work(1)))
    replay.on("/openalex/authors", NAMESAKES)
    replay.on("/s2/author/5/papers", {"offset": 0, "data": [a_paper(1)]})

    def run() -> list[Any]:
        texts = ["arxiv:2502.13604", "openalex:W7", "openalex:A5", "s2:5"]
        return [*(items_of(text, services) for text in texts), find_authors("Naibin Gu", services)]

    first = run()
    asked = len(replay.asked)
    assert run() == first
    assert len(replay.asked) == asked == 5


def test_a_damaged_cache_means_that_the_service_is_asked_again(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", a_work(7))
    papers_of("openalex:W7", services)
    (file,) = services.cache.iterdir()
    file.write_bytes(b"rubbish" * 1000)
    assert len(papers_of("openalex:W7", services)) == 1
    assert len(replay.asked) == 2


def test_a_key_is_neither_in_the_cache_nor_needed_to_read_it(replay: Replay, services: Services) -> None:
    replay.on("/s2/paper/CorpusId:5", a_paper(5))
    replay.on("/openalex/works/W7", a_work(7))
    with_keys = replace(services, openalex_key="secret-one", semantic_scholar_key="secret-two")
    for text in ("s2:CorpusId:5", "openalex:W7"):
        assert papers_of(text, with_keys) == papers_of(text, services)
    assert len(replay.asked) == 2
    assert b"secret" not in b"".join(file.read_bytes() for file in services.cache.iterdir())


# Patience.


def test_too_many_requests_are_tried_again_when_the_service_asks_for_it(
    replay: Replay, services: Services, watch: Watch
) -> None:
    replay.on("/s2/paper/CorpusId:5", Reply(status=429, headers=(("Retry-After", "17"),)), a_paper(5))
    assert len(papers_of("s2:CorpusId:5", services)) == 1
    assert 17.0 in watch.slept


def test_a_date_to_try_again_is_understood(replay: Replay, services: Services, watch: Watch) -> None:
    later = "Tue, 14 Nov 2023 22:13:50 GMT"  # 30 seconds after the start of the watch
    replay.on("/s2/paper/CorpusId:5", Reply(status=503, headers=(("Retry-After", later),)), a_paper(5))
    assert len(papers_of("s2:CorpusId:5", services)) == 1
    assert 30.0 in watch.slept


@pytest.mark.parametrize("nonsense", ["soon", "-5", "9" * 400, "Tue, 99 Foo 2023", "²", "1e9", "\u00e9"])
def test_nonsense_to_try_again_harms_nothing(replay: Replay, services: Services, watch: Watch, nonsense: str) -> None:
    replay.on("/s2/paper/CorpusId:5", Reply(status=429, headers=(("Retry-After", nonsense),)), a_paper(5))
    try:
        items_of("s2:CorpusId:5", services)
    except RemoteError as error:
        assert nonsense.startswith("9")
        assert "asks to wait" in str(error)  # noqa: PT017
    assert sum(watch.slept) < 60


def test_a_service_that_asks_to_wait_for_hours_is_not_waited_for(
    replay: Replay, services: Services, watch: Watch
) -> None:
    replay.on("/openalex/works", Reply(status=429, headers=(("Retry-After", "7200"),)))
    message = failure("openalex:A5", services)
    assert "asks to wait 2 hours" in message
    assert "openalex_key" in message
    assert len(replay.asked) == 1
    assert not any(seconds > 60 for seconds in watch.slept)


@pytest.mark.parametrize(
    "first",
    [
        Reply(status=500),
        Reply(status=502, headers=(("Content-Type", "text/html"),)),
        Reply(then="cut at once"),
        Reply(b'{"id": "https://ope', then="cut the body"),
        Reply(b'{"id": "https://ope'),
        Reply(b"<html>busy</html>"),
        Reply(b"not gzip", headers=(("Content-Encoding", "gzip"),)),
    ],
    ids=["500", "502", "cut connection", "truncated body", "half an answer", "web page", "damaged compression"],
)
def test_what_passes_is_tried_again(replay: Replay, services: Services, first: Reply) -> None:
    replay.on("/openalex/works/W7", first, first, a_work(7))
    assert len(papers_of("openalex:W7", services)) == 1
    assert len(replay.asked) == 3


def test_a_compressed_answer_is_read(replay: Replay, services: Services) -> None:
    packed = gzip.compress(json.dumps(a_work(7)).encode())
    replay.on("/openalex/works/W7", Reply(packed, headers=(("Content-Encoding", "gzip"),)))
    assert len(papers_of("openalex:W7", services)) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=500), r"OpenAlex has a failure \(HTTP 500\)\. Run the same command again later"),
        (Reply(status=429), r"too many requests \(HTTP 429\)\..*A free key in the setting openalex_key"),
        (Reply(then="cut at once"), r"The answer of OpenAlex was cut off"),
        (Reply(b"{", then="cut the body"), r"The answer of OpenAlex was cut off"),
        (Reply(b"<html>Log in to the hotel</html>"), r"OpenAlex sent something that cannot be read: it is a web page"),
        (Reply(b"\xff\xfe\x00"), r"cannot be read: it is not JSON"),
        (Reply(b"[1]"), r"cannot be read: it is not a JSON object"),
        (Reply(b"[" * 200_000), r"cannot be read: it is not JSON"),
        (Reply(b'{"results": 5}'), r"cannot be read: it holds no list"),
    ],
)
def test_after_some_tries_it_gives_up_and_says_why(
    replay: Replay, services: Services, watch: Watch, reply: Reply, words: str
) -> None:
    replay.on("/openalex/works", reply)
    with pytest.raises(RemoteError, match=words):
        items_of("openalex:A5", services)
    assert len(replay.asked) == services.patience.attempts
    waits = [seconds for seconds in watch.slept if seconds >= 1]
    assert len(waits) == services.patience.attempts - 1
    assert waits == sorted(waits)


def test_a_service_that_does_not_answer_is_given_up(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", Reply(then="hang"))
    impatient = replace(services, patience=replace(services.patience, read_s=0.1))
    assert "OpenAlex did not answer in time" in failure("openalex:W7", impatient)
    assert len(replay.asked) == services.patience.attempts


def test_an_answer_that_drips_for_ever_is_given_up(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", Reply(b"{", then="drip"))
    impatient = replace(services, patience=replace(services.patience, whole_s=0.1, attempts=2))
    assert "OpenAlex did not answer in time" in failure("openalex:W7", impatient)


def test_an_answer_without_end_is_not_read(replay: Replay, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.ingestion.remote.client._LARGEST", 1_000_000)
    bomb = gzip.compress(b" " * 50_000_000)
    replay.on("/openalex/works/W7", Reply(bomb, headers=(("Content-Encoding", "gzip"),)))
    assert "sent more than 1 MB at once" in failure("openalex:W7", services)
    assert len(replay.asked) == 1


def test_a_refusal_is_final_and_names_the_key(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", Reply(status=401))
    assert "refused the request (HTTP 401). Check the key in the setting openalex_key" in failure(
        "openalex:W7", services
    )
    assert len(replay.asked) == 1


def test_off_the_network_one_sentence_says_so(services: Services) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        away = replace(services, openalex_url=nowhere, arxiv_url=nowhere, semantic_scholar_url=nowhere)
        for text, name in {"openalex:W7": "OpenAlex", "arxiv:2502.13604": "arXiv", "s2:5": "Semantic Scholar"}.items():
            assert failure(text, away) == (
                f"{name} could not be reached (no network?). Check the connection and run the same command again; "
                "what is in the library is not affected."
            )


def test_a_service_without_the_encryption_that_was_asked_for_is_said(services: Services) -> None:
    plain = replace(services, openalex_url=services.openalex_url.replace("http:", "https:"))
    assert "OpenAlex could not be reached safely" in failure("openalex:W7", plain)


def test_what_is_in_the_cache_needs_no_network(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", a_work(7))
    before = papers_of("openalex:W7", services)
    replay.replies.clear()
    assert papers_of("openalex:W7", services) == before
    assert isinstance(items_of("openalex:W8", services)[0], Problem)


# The pace.


def test_arxiv_is_asked_once_each_three_seconds_also_by_separate_runs(
    replay: Replay, services: Services, watch: Watch
) -> None:
    replay.on("/api/query", a_feed("2502.13604v1"), id_list="2502.13604")
    replay.on("/api/query", a_feed("2502.13605v1"), id_list="2502.13605")
    papers_of("arxiv:2502.13604", services)
    assert watch.slept == []
    papers_of("arxiv:2502.13605", services)
    assert watch.slept == [3.0]


# Manners and safety.


def test_the_program_says_who_it_is(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", a_work(7))
    papers_of("openalex:W7", replace(services, contact="ada@example.org"))
    agent = replay.asked[0].headers["user-agent"]
    assert agent.startswith("abstract-assistant/")
    assert agent.endswith("(mailto:ada@example.org)")


def test_each_key_goes_to_its_own_service(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/doi:10.1000/7", a_work(7, abstract=""))
    replay.on("/s2/paper/DOI:10.1000/7", a_paper(7))
    replay.on("/api/query", a_feed("2502.13604v1"))
    with_keys = replace(services, openalex_key="secret-one", semantic_scholar_key="secret-two")
    papers_of("doi:10.1000/7", with_keys)
    papers_of("arxiv:2502.13604", with_keys)
    seen = [(asked.parameters.get("api_key"), asked.headers.get("x-api-key")) for asked in replay.asked]
    assert seen == [("secret-one", None), (None, "secret-two"), (None, None)]


def test_a_key_is_in_no_error_and_no_log(replay: Replay, services: Services, caplog: pytest.LogCaptureFixture) -> None:
    replay.on("/openalex/works", a_page(a_work(1)), Reply(status=401))
    replay.on("/s2/author/5/papers", Reply(then="cut at once"))
    with_keys = replace(services, openalex_key="secret+/one", semantic_scholar_key="secret-two")
    with caplog.at_level(logging.DEBUG):
        papers_of("openalex:A5", with_keys)
        for text in ("openalex:A6", "s2:5"):
            with pytest.raises(RemoteError) as caught:
                items_of(text, with_keys)
            assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert "openalex/works" in caplog.text
    assert "secret" not in caplog.text


def test_a_redirect_on_the_same_host_is_followed_with_the_key(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", Reply(status=301, headers=(("Location", "/openalex/works/W8?api_key=old"),)))
    replay.on("/openalex/works/W8", a_work(8))
    papers = papers_of("openalex:W7", replace(services, openalex_key="secret"))
    assert [paper.title for paper in papers] == ["Work 8"]
    assert replay.asked[1].parameters == {"api_key": "secret"}


@pytest.mark.parametrize(
    "target", ["http://localhost:1/other", "ftp://127.0.0.1/x", "file:///etc/passwd", "javascript:0"]
)
def test_a_redirect_to_an_unsafe_address_is_refused(replay: Replay, services: Services, target: str) -> None:
    replay.on("/openalex/works/W7", Reply(status=302, headers=(("Location", target),)))
    assert "an address that is not safe" in failure("openalex:W7", services)
    assert len(replay.asked) == 1


def test_redirects_in_a_circle_end(replay: Replay, services: Services) -> None:
    replay.on("/openalex/works/W7", Reply(status=302, headers=(("Location", "/openalex/works/W7"),)))
    assert "around in a circle" in failure("openalex:W7", services)


def test_a_proxy_that_cannot_be_is_said_without_its_password(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://me:password@proxy:1")
    message = failure("openalex:W7", services)
    assert "ALL_PROXY" in message
    assert "password" not in message


ODD_VALUES: list[Any] = [None, 0, -1.5, True, "text", "\ud800", [], [[]], {}, {"id": {}}, {"title": []}]


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_values_of_wrong_shape_are_problems_and_never_a_traceback(
    replay: Replay, services: Services, value: Any
) -> None:
    strange = dict.fromkeys({**a_work(1), **a_paper(1)}, value)
    wrong = [value, strange, {**a_work(1), "authorships": value}, {**a_paper(1), "authors": value}]
    replay.on("/openalex/works", {"meta": value, "results": wrong})
    replay.on("/s2/author/5/papers", {"next": value, "data": wrong})
    for text in ("openalex:A5", "s2:5"):
        items = items_of(text, services)
        assert len(items) == len(wrong)
        assert all(isinstance(item, Record | Problem) for item in items)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Rate exceeded.</body></html>",
        b"Rate exceeded.",
        b"",
        a_feed("2502.13604v1")[:-30],
        b"\xff\xfe\x00\x01",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><html>&b;</html>',
    ],
    ids=["web page", "text", "nothing", "truncated", "bytes", "entities"],
)
def test_what_is_no_feed_is_an_error(replay: Replay, services: Services, body: bytes) -> None:
    replay.on("/api/query", body)
    assert "arXiv sent something that cannot be read" in failure("arxiv:2502.13604", services)


def test_a_feed_that_speaks_of_an_error_is_a_problem(replay: Replay, services: Services) -> None:
    replay.on(
        "/api/query",
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#incorrect_id</id>'
        b"<title>Error</title><summary>incorrect id format</summary></entry></feed>",
    )
    problem = the_problem("arxiv:2502.13604", services)
    assert problem.file == "arxiv:2502.13604"


def test_a_client_says_that_something_is_not_there(replay: Replay, services: Services) -> None:
    with Client(services) as client, pytest.raises(NotThere, match="There is no such thing at OpenAlex"):
        client.get(services.openalex, "/nothing", {}, decode_json, wanted="thing")


# Recorded answers of the services themselves.

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared recordings are not here")


def arxiv_recordings() -> list[Path]:
    """Return the recorded answers to requests for one paper."""
    folder = SHARED / "fixtures" / "arxiv_py" / "tests" / "fixtures"
    return [path for path in sorted(folder.glob("id_*.json")) if len(arxiv_ids(path)) == 1]


def arxiv_ids(recording: Path) -> list[str]:
    url = json.loads(recording.read_text(encoding="utf-8"))["url"]
    return parse_qs(urlsplit(url).query)["id_list"][0].split(",")


@needs_shared
@pytest.mark.parametrize("recording", arxiv_recordings(), ids=lambda path: path.name)
def test_recorded_feeds_of_arxiv_are_read(replay: Replay, services: Services, recording: Path) -> None:
    recorded = json.loads(recording.read_text())
    (arxiv_id,) = arxiv_ids(recording)
    replay.on("/api/query", Reply(recorded["body"].encode(), status=recorded["status_code"]))
    items = list(fetch(Reference("arxiv", arxiv_id), services))
    known = recorded["body"].count("http://arxiv.org/abs/")
    assert [isinstance(item, Record) for item in items] == [known == 1]


def recorded_calls(name: str) -> list[tuple[str, int, bytes]]:
    yaml = pytest.importorskip("yaml")
    text = (SHARED / "fixtures" / "semanticscholar" / "tests" / "data" / name).read_text()
    calls = []
    for call in yaml.safe_load(text)["interactions"]:
        response = call["response"]
        body = response["content"] if "content" in response else response["body"]["string"]
        status = response["status_code"] if "status_code" in response else response["status"]["code"]
        calls.append((call["request"]["uri"], status, body.encode() if isinstance(body, str) else body))
    return calls


@needs_shared
def test_recorded_pages_of_semantic_scholar_are_walked_to_the_end(replay: Replay, services: Services) -> None:
    calls = recorded_calls("test_get_author_papers.yaml")
    for uri, status, body in calls:
        offset = parse_qs(urlsplit(uri).query)["offset"][0]
        replay.on("/s2/author/1723755/papers", Reply(body, status=status), offset=offset)
    items = items_of("s2:1723755", services)
    assert len(items) == sum(len(json.loads(body)["data"]) for _, _, body in calls)
    assert all(isinstance(item, Record | Problem) for item in items)  # the recording holds titles without abstracts


@needs_shared
def test_recorded_refusals_of_semantic_scholar_are_problems(replay: Replay, services: Services) -> None:
    for uri, status, body in recorded_calls("test_not_found.yaml"):
        path = unquote(urlsplit(uri).path).removeprefix("/graph/v1")
        replay.on(f"/s2{path.replace('/0', '/CorpusId:5')}", Reply(body, status=status))
    assert "There is no such paper" in the_problem("s2:CorpusId:5", services).reason


def recorded_works() -> list[Path]:
    return sorted((SHARED / "fixtures" / "zotero" / "OpenAlex_JSON").glob("*.txt"))


@needs_shared
@pytest.mark.parametrize("recording", recorded_works(), ids=lambda path: path.name)
def test_recorded_works_of_openalex_are_read(replay: Replay, services: Services, recording: Path) -> None:
    recorded = json.loads(recording.read_text())
    if "results" in recorded:
        replay.on("/openalex/works", recorded)
        items = items_of("openalex:A5", services)
        assert len(items) == len(recorded["results"])
    else:
        replay.on("/openalex/works/W5", recorded)
        items = items_of("openalex:W5", services)
        assert len(items) == 1
    for item in items:
        assert isinstance(item, Record | Problem)
