"""The status as a reader sees it, and the login, in the real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.library import Users, papers_read
from tests.integration.page.conftest import PAPERS, Running, assert_accessible, running

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a page on which two people log in."""
    serving = running(tmp_path_factory.mktemp("shared"), PAPERS)
    app = next(serving)
    for name in ("ada", "bob"):
        Users(app.workspace.library).add(name, PASSWORD)
    yield app
    next(serving, None)


def log_in(page: Page, name: str = "ada", password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_the_status_tells_of_library_models_network_and_settings(app: Running, open_page: Callable[..., Page]) -> None:
    app.workspace.language_model()
    with app.workspace.library.transaction() as connection:
        row = {"paper_id": app.workspace.library.papers()[0].id, "model": app.model.info.name, "digest": "x"}
        connection.execute(papers_read.insert().values(row))
    page = open_page(f"{app.url}status")
    figures = page.locator("#figures")
    expect(figures.locator("dl.figures > div").first).to_have_text("papers2")
    expect(figures.locator("dl.figures > div", has_text="read ahead")).to_have_text("read ahead1")
    expect(figures).to_contain_text("Ready")
    expect(figures).to_contain_text("the processor")
    expect(page.get_by_text("Nothing touches the network")).to_be_visible()
    page.get_by_text("settings", exact=False).locator("visible=true").last.click()
    expect(page.get_by_role("row", name="read_ahead")).to_contain_text("yes")
    assert_accessible(page)


def test_figures_are_fetched_while_they_change_and_not_when_nothing_does(
    app: Running, open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(f"{app.url}status")
    page.clock.install()
    page.reload()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert [url for url in asked if "gradio_api" in url] == []
    monkeypatch.setattr(app.workspace, "_changing", "another")
    page.reload()
    expect(page.get_by_text("another takes its place")).to_be_visible()
    with page.expect_request("**/gradio_api/call/status"):
        page.clock.run_for(5_000)
    monkeypatch.undo()
    page.clock.run_for(5_000)
    expect(page.get_by_text("another takes its place")).to_have_count(0)


def test_the_diagnosis_is_made_when_somebody_asks_and_shown_until_the_next(
    app: Running, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{app.url}status")
    card = page.get_by_role("region", name="Does everything work?")
    expect(card).to_contain_text("It has not been looked at yet.")
    card.get_by_role("button", name="Look at everything").click()
    expect(card).to_contain_text("Something is wrong", timeout=60_000)
    expect(card.get_by_text(re.compile("^assistant .*models get minilm-l6$"))).to_be_visible()  # none of ours is here
    expect(card).to_contain_text("What is wrong keeps it from being made")
    card.locator("summary").click()
    expect(card.get_by_text("open in this program")).to_be_visible()
    assert_accessible(page)
    page.reload()
    expect(card).to_contain_text("Something is wrong")


def test_language_and_colours_are_chosen_and_kept(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app.url}status", locale="en-GB")
    page.get_by_label("Colours").select_option("Dark")
    page.get_by_label("Language").select_option("zh")
    page.get_by_role("button", name="Use these").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(f"{app.url}papers")
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_model_that_is_not_there_is_said_and_reading_ahead_is_switched(
    app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page(f"{app.url}status")
    page.get_by_role("button", name="Turn it off").click()
    expect(page.get_by_text("It is off.")).to_be_visible()
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("It is on.")).to_be_visible()
    app.workspace.set_reading_ahead(False)
    page.get_by_label("folder with a model").fill("/no/such <b>folder")
    page.get_by_role("button", name="Use this model").click()
    expect(page.get_by_role("alert")).to_contain_text("/no/such <b>folder")
    assert_accessible(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_user_logs_in_after_a_wrong_password_goes_on_and_logs_out(
    shared_app: Running, open_page: Callable[..., Page], theme: str
) -> None:
    page = open_page(f"{shared_app.url}papers?q=loom", color_scheme=theme, viewport={"width": 360, "height": 700})
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    assert_accessible(page)
    log_in(page, password="wrong horse battery")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
    expect(page.get_by_label("Password")).to_be_focused()
    assert_accessible(page)
    log_in(page)
    page.wait_for_url("**/papers?q=loom")
    page.goto(f"{shared_app.url}status")
    expect(page.get_by_text("You are logged in as ada.")).to_be_visible()
    expect(page.get_by_role("row", name="bob")).to_contain_text("read, ask, add")
    assert_accessible(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.go_back()
    page.goto(f"{shared_app.url}status")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_another_user_sees_neither_the_users_nor_what_only_administrators_do(
    shared_app: Running, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{shared_app.url}status")
    log_in(page, "bob")
    expect(page.get_by_text("You are logged in as bob.")).to_be_visible()
    expect(page.get_by_role("button", name="Use this model")).to_have_count(0)
    expect(page.get_by_role("heading", name="Users")).to_have_count(0)
    expect(page.get_by_role("button", name="Look at everything")).to_have_count(0)
    asked = page.request.post(f"{shared_app.url}gradio_api/call/diagnose", data={"data": []})
    said = page.request.get(f"{shared_app.url}gradio_api/call/diagnose/{asked.json()['event_id']}").text()
    assert "Only an administrator may do that" in said
    assert_accessible(page)
