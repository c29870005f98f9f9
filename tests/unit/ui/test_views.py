"""Views asked for as addresses and forms, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from assistant.analysis import trends
from assistant.library import labels, upsert
from assistant.settings import Settings
from assistant.types import PaperFilter, Record
from assistant.ui import app, site, trend_finding
from assistant.ui.hardening import Reach
from assistant.ui.site import Site, author_path, paper_path
from assistant.workspace import Workspace
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, ScriptedModel

MANY = "9" * 30
ENDLESS = "9" * 5000
"""Digits beyond what Python reads as a number."""

PAPERS = (
    make_paper("Beams", authors=("Ada Lovelace", "Mary/Maria Smith"), date="2020"),
    make_paper("Bees", "Honey of nine hives.", authors=("Ada Lovelace",), date="2021"),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Workspace, "_load_embedder", lambda _: HashingEmbedder())
        patched.setattr(Workspace, "_load_language_model", lambda _: ScriptedModel())
        with Workspace(Settings(library=folder / "library", models=folder)) as opened:
            upsert.store(opened.library, [Record(paper, line) for line, paper in enumerate(PAPERS, 1)], "a.bib")
            yield opened


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> TestClient:
    application = app.application(workspace, workspace.library.folder / "uploads", Reach())
    return TestClient(application, base_url="http://127.0.0.1", follow_redirects=False)


@pytest.mark.parametrize("digits", [MANY, ENDLESS])
@pytest.mark.parametrize("path", ["/papers?page=", "/papers?since=", "/authors?fewest_authors=", "/trends?until="])
def test_no_number_in_an_address_is_too_long_for_an_answer(client: TestClient, path: str, digits: str) -> None:
    answer = client.get(path + digits)
    assert answer.status_code == (303 if "page" in path else 400)


@pytest.mark.parametrize("records", [MANY, ENDLESS])
def test_no_number_in_a_form_is_too_long_for_an_answer(client: TestClient, workspace: Workspace, records: str) -> None:
    form = {"decision": "undo merge", "one": workspace.library.papers()[0].id, "other": "x", "records": records}
    assert client.post("/duplicates", data=form).status_code == 400


def test_whoever_names_a_collection_is_led_to_it_however_it_is_spelled(client: TestClient) -> None:
    picked = {"action": "label", "everything": "yes", "label": "My   thesis"}
    assert client.post("/papers/picked", data=picked).headers["location"] == "/papers?label=My+thesis"
    named = {"label": "my  thesis", "name": "Our   thesis"}
    assert client.post("/collections/rename", data=named).headers["location"] == "/papers?label=Our+thesis"
    assert "Beams" in client.get("/papers?label=our++thesis").text
    client.post("/collections/delete", data={"label": "our  thesis"})


def test_keywords_of_sources_stand_apart_from_collections(workspace: Workspace, client: TestClient) -> None:
    papers = [
        make_paper(f"Lamp {n}", labels=("Soil & sand", f"keyword {n}"), citation_keys=(f"lamp{n}",)) for n in range(3)
    ]
    upsert.store(workspace.library, [Record(paper, line, f"lamp{line}") for line, paper in enumerate(papers)], "b.bib")
    labels.add(workspace.library, "Mine", PaperFilter(title_words=("lamp",)))
    page = client.get("/collections").text
    assert page.index(">Mine<") < page.index("Keywords and tags of sources") < page.index("Soil &amp; sand")
    found = client.get("/collections?words=SOIL").text
    assert "Soil &amp; sand" in found
    assert "keyword 1" not in found
    assert "1 of 4" in found
    assert client.get("/papers/suggestions?field=label&words=soil").json() == ["Soil & sand"]
    listed = client.get("/papers").text
    assert '<option value="Mine">' in listed
    assert '<option value="Soil' not in listed
    assert "Keywords and tags" in listed
    assert "Lamp 1" in client.get("/papers?q=lamp1").text
    assert "<code>lamp1</code>" in client.get("/paper/lamp1", follow_redirects=True).text
    labels.delete_label(workspace.library, "Mine")


def test_trends_of_before_are_shown_while_too_many_others_are_found(
    client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = trends.find_and_keep(workspace.library, "", PaperFilter(), "year", lambda *_: [])
    monkeypatch.setattr(trends, "kept", lambda *_: replace(known, is_fresh=False))
    monkeypatch.setattr(trend_finding, "_MOST_WAITING", 0)
    assert client.get("/trends").status_code == 200
    monkeypatch.setattr(trends, "kept", lambda *_: None)
    assert "Try again" in client.get("/trends").text


def test_a_page_beyond_the_last_of_a_theme_is_the_last(
    client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = tuple(sorted(workspace.library.ids(PaperFilter())))
    found = trends.find(workspace.library, PaperFilter(), "year", "")
    theme = trends.Trend("Insects", "insects", ids, "2020", "2021", (), "unclear", "", ids)
    monkeypatch.setattr(trends, "kept", lambda *_: trends.KeptTrends(replace(found, themes=(theme,)), PaperFilter()))
    assert "Beams" in client.get(f"/trends/papers?theme=insects&page={MANY}").text


def test_a_name_with_a_slash_leads_to_who_has_it(client: TestClient, workspace: Workspace) -> None:
    path = author_path("Mary/Maria Smith")
    assert path.startswith("/authors?")
    assert 'href="/author/mary-maria-smith"' in client.get(path).text
    paper = next(each for each in workspace.library.papers() if each.title == "Beams")
    assert 'href="/author/mary-maria-smith"' in client.get(paper_path(paper.id)).text
    assert client.get("/author/mary-maria-smith").status_code == 200


def test_a_paper_leads_to_names_until_people_are_read(
    client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "_LARGE", 0)
    upsert.store(workspace.library, [Record(make_paper("Dawn", authors=("Ada Lovelace",)), 1)], "dawn.bib")
    path = paper_path(next(each.id for each in workspace.library.papers() if each.title == "Dawn"))
    may_read, read = threading.Event(), Site._read_people
    monkeypatch.setattr(Site, "_read_people", lambda self: (may_read.wait(30), read(self)))
    assert 'href="/author/Ada%20Lovelace"' in client.get(path).text
    may_read.set()
    for thread in [each for each in threading.enumerate() if each.name == "reading people"]:
        thread.join()
    assert 'href="/author/ada-lovelace"' in client.get(path).text
