"""The chat: asking, stopping, versions of answers, the evidence beside them, and what outlives a reload."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Locator, Page, expect

from assistant.answering.model_queue import Ticket
from assistant.library import Conversations
from tests.integration.page.conftest import LOOM, PAPERS, Running, assert_accessible


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.keyboard.press("Enter")


def expect_idle(page: Page, turns: int = 1) -> Locator:
    """Wait until that many turns are there, the last one over, and return it."""
    expect(page.locator(".turn")).to_have_count(turns)
    last = page.locator(".turn").last
    expect(last).to_have_attribute("data-state", re.compile("answered|failed"))
    expect(page.locator("#send")).to_be_visible()
    return last


def test_an_answer_streams_then_stands_beside_its_evidence(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} So it is said of looms everywhere in the whole wide world.", delay=0.15)
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    expect(page.locator(".draft")).to_contain_text("The loom weaves")
    expect(page.locator("#stop")).to_be_visible()
    turn = expect_idle(page)
    cited = turn.locator(".source.cited")
    expect(cited).to_have_count(1)
    expect(cited).to_contain_text("LoomNet")
    assert cited.locator("mark").all_inner_texts() == [LOOM]
    expect(cited.locator("math")).to_have_count(1)
    assert "costs $5 and $6 at most" in cited.inner_text()
    expect(turn.locator("a[href*='/author/']").first).to_have_text("Ada Lovelace")
    assert turn.locator(".sentence").first.get_attribute("data-status") == "exact"
    assert_accessible(page)


def test_a_sentence_and_its_span_light_each_other_up(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(LOOM)
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    turn = expect_idle(page)
    turn.locator(".sentence").first.hover()
    expect(turn.locator("mark.lit")).to_have_count(1)
    turn.locator("mark").hover()
    expect(turn.locator(".sentence.lit")).to_have_count(1)
    turn.locator(".source summary").click()  # closes the abstract, which the citation opens again
    expect(turn.locator(".abstract")).to_be_hidden()
    turn.locator("a.cite").first.click()
    expect(turn.locator(".abstract")).to_be_visible()
    expect(turn.locator(".source")).to_be_focused()


def test_stop_ends_the_answer_and_keeps_what_was_written(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} " + "thread " * 200, delay=0.1)
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect(page.locator(".draft")).to_contain_text("The loom")
    page.click("#stop")
    turn = expect_idle(page)
    assert app.model.stop.is_set()
    expect(turn).to_contain_text("The loom")
    expect(turn).to_contain_text("Stopped")
    expect(turn).not_to_contain_text("before anything was written")


def test_a_stopped_retry_leaves_the_good_answer_one_click_away(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(LOOM, "thread " * 300, delay=0.1)
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect_idle(page)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".draft")).to_contain_text("thread")
    page.click("#stop")
    turn = expect_idle(page)
    expect(turn).to_contain_text("Version 2 of 2")
    page.get_by_role("button", name="Version before").click()
    expect(page.locator(".turn")).to_contain_text(LOOM)
    expect(page.locator(".turn")).to_contain_text("Version 1 of 2")


def test_an_edited_question_keeps_what_followed_the_old_one(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say("The loom weaves.", "Gears carry numbers.", "Brass gears.")
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect_idle(page)
    ask(page, "What do gears of brass carry?")
    expect_idle(page, 2)
    page.get_by_role("button", name="Edit").first.click()
    page.locator(".edit textarea").first.fill("Which gears has the engine?")
    page.get_by_role("button", name="Ask again", exact=True).first.click()
    turn = expect_idle(page)
    expect(turn).to_contain_text("Brass gears.")
    assert "loom" not in " ".join(message.content for message in app.model.prompts[-1] if message.role != "user")
    page.get_by_role("button", name="Version before").click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").last).to_contain_text("Gears carry numbers.")


def test_an_answer_under_way_outlives_reloads_and_other_tabs(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} " + "Threads are woven. " * 20, "Gears carry numbers.", delay=0.05)
    page = open_page(app.url)
    ask(page, "What does the loom weave?")
    expect(page.locator(".draft")).to_contain_text("The loom")
    page.reload()
    expect(page.locator(".draft")).to_contain_text("The loom")
    other = open_page(page.url)
    ask_again = other.locator(".turn")
    expect(ask_again).to_have_count(1)
    expect_idle(page)
    expect_idle(other)
    ask(other, "What do gears of brass carry?")
    expect_idle(other, 2)
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)


def test_conversations_are_listed_found_renamed_and_brought_back(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say("The loom weaves.")
    page = open_page(app.url)
    ask(page, "What does the loom weave with at night?")
    expect_idle(page)
    entry = page.locator("#listed li.current")
    expect(entry).to_contain_text("What does the loom weave with at night?")
    entry.locator(".menu summary").click()
    assert_accessible(page)
    page.locator("#listed .menu[open] input[name=title]").fill("Looms by night")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("#listed li.current")).to_contain_text("Looms by night")
    expect(page).to_have_title(re.compile("Looms by night"))
    page.locator("#listed li.current .menu summary").click()
    with page.expect_download() as taken:
        page.locator("#listed .menu[open]").get_by_text("Markdown").click()
    assert "The loom weaves." in taken.value.path().read_text(encoding="utf-8")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#listed")).not_to_contain_text("Looms by night")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".turn")).to_contain_text("The loom weaves.")
    page.fill("#words", "no such words")
    expect(page.locator("#listed")).to_contain_text("No conversation holds these words.")
    page.fill("#words", "night weave")
    expect(page.locator("#listed li")).to_have_count(1)


def test_ratings_are_kept_and_exported(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(LOOM)
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    expect_idle(page)
    page.get_by_role("button", name="A good answer").click()
    expect(page.get_by_role("button", name="A good answer")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="A good answer")).to_be_focused()
    assert [rated.turn.rating for rated in Conversations(app.workspace.library).rated()][-1] == 1
    with page.expect_download() as taken:
        page.get_by_text("Rated answers").click()
    assert "punched cards" in taken.value.path().read_text(encoding="utf-8")


def test_files_of_an_answer_are_one_click_away(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(LOOM)
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    turn = expect_idle(page)
    with page.expect_download() as taken:
        turn.get_by_text("BibTeX").click()
    assert "LoomNet" in taken.value.path().read_text(encoding="utf-8")
    with page.expect_download() as taken:
        turn.get_by_text("With evidence (ZIP)").click()
    assert taken.value.path().read_bytes().startswith(b"PK")


def test_what_is_refused_is_answered_anyway_with_a_mark(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} They are 2 mm thick.")
    page = open_page(app.url)
    ask(page, "How thick are the punched cards that the loom weaves from?")
    turn = expect_idle(page)
    expect(turn.locator(".refusal")).to_contain_text("The closest passage says: “The loom weaves patterns")
    expect(turn.locator(".source")).to_have_count(1)
    page.get_by_role("button", name="Answer anyway").click()
    turn = expect_idle(page)
    expect(turn).to_contain_text("They are 2 mm thick. (not in the abstracts)")
    expect(turn).to_contain_text("Not assured")


def test_what_is_withheld_can_be_opened(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} It has 512 threads.")
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    turn = expect_idle(page)
    expect(turn.locator(".withheld li")).to_be_hidden()
    turn.locator(".withheld summary").click()
    expect(turn.locator(".withheld li")).to_have_text("It has 512 threads.")


def test_counts_are_tables_whose_filter_can_be_changed(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app.url}?author=charles-babbage&since=1840")
    ask(page, "How many papers are there?")
    turn = expect_idle(page)
    expect(turn.locator("tbody tr")).to_have_count(1)
    turn.get_by_role("button", name=re.compile("Ask again without: from 1840")).click()
    turn = expect_idle(page)
    expect(turn.locator("tbody tr")).to_have_count(2)
    dates = turn.locator("tbody time")
    turn.get_by_role("button", name="Date").click()
    assert dates.all_inner_texts() == ["1837", "1843"]
    assert_accessible(page)
    turn.get_by_text("Open these papers as a list").click()
    expect(page).to_have_url(re.compile("/papers\\?author="))
    page.go_back()
    expect(page.locator(".turn")).to_have_count(1)


def test_a_question_can_be_read_otherwise(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    ask(page, "How many records are there all in all?")
    turn = expect_idle(page)
    turn.locator(".steps summary").click()
    page.get_by_label("Words in title or abstract").fill("punched cards")
    page.get_by_role("button", name="Ask again like this").click()
    expect(page.locator(".turn .prose")).to_contain_text("1 paper that mentions “punched cards”")


def test_papers_a_year_are_a_chart_whose_bars_are_links(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    ask(page, "How many papers are there per year?")
    turn = expect_idle(page)
    turn.get_by_role("link", name="1843: 1 paper").click()
    expect(page).to_have_url(re.compile("since=1843&until=1843"))


def test_a_question_keeps_to_the_papers_of_its_address(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app.url}?until=1840&question=How+many+papers+are+there%3F")
    expect(page.locator("#composer .chip")).to_contain_text("up to 1840")
    page.keyboard.press("Enter")
    turn = expect_idle(page)
    expect(turn.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("#composer .chip")).to_contain_text("up to 1840")
    page.locator("#composer .chip a").click()
    expect(page.locator("#composer .chip")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(1)


def test_errors_are_said_and_the_question_stays(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    page.evaluate("document.getElementById('question').removeAttribute('maxlength')")
    with page.expect_response("**/turns"):
        ask(page, "loom " * 1000)
    expect(page.locator("#toasts")).to_contain_text("characters; at most")
    expect(page.locator("#question")).to_have_value(re.compile("loom loom"))


def test_an_example_is_asked_by_a_click(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(LOOM)
    page = open_page(app.url)
    page.get_by_text("What does LoomNet propose?").click()
    expect(expect_idle(page)).to_contain_text(LOOM)
    page.go_back()
    expect(page.locator("#welcome")).to_be_visible()


def test_what_comes_is_said_to_a_screen_reader(app: Running, open_page: Callable[..., Page]) -> None:
    app.model.will_say(f"{LOOM} {LOOM}", delay=0.1)
    page = open_page(app.url)
    ask(page, "What does the loom weave from punched cards?")
    expect(page.locator("#said[role=status]")).to_contain_text(LOOM)
    expect_idle(page)


@pytest.fixture
def somebody(app: Running) -> Iterator[Ticket]:
    """Somebody has the model until the ticket is closed."""
    with closing(app.workspace.assistant.queue.ticket(stop=threading.Event())) as ticket:
        for _ in ticket.wait():  # the answer of the test before may still be ending
            pass
        yield ticket


def test_two_tabs_see_their_place_and_one_leaves_the_queue(
    app: Running, open_page: Callable[..., Page], somebody: Ticket
) -> None:
    app.model.will_say("Gears carry numbers.")
    first, second = open_page(app.url), open_page(app.url)
    ask(first, "What does the loom weave?")
    expect(first.locator(".draft")).to_contain_text("1 answer before yours")
    ask(second, "What do gears of brass carry?")
    expect(second.locator(".draft")).to_contain_text("2 answers before yours")
    third = open_page(app.url)
    ask(third, "How many papers are there?")
    expect(third.locator(".turn")).to_contain_text("2 papers")  # which does not wait
    first.click("#stop")
    expect(expect_idle(first)).to_contain_text("Stopped")
    expect(second.locator(".draft")).to_contain_text("1 answer before yours")
    somebody.close()
    expect(second.locator(".turn")).to_contain_text("Gears carry numbers.")
    expect_idle(second)


def test_a_client_asks_by_name(app: Running) -> None:
    app.model.will_say(LOOM)
    client = Client(app.url, verbose=False)
    answer = client.predict("What does the loom weave from punched cards?", api_name="/ask")
    assert answer["sources"][0]["title"].startswith("LoomNet")
    with pytest.raises(AppError, match="The question is empty"):
        client.predict("  ", api_name="/ask")


def test_picked_papers_are_compared_whatever_the_question_is_called(
    app: Running, open_page: Callable[..., Page]
) -> None:
    ids = "&".join(f"among={paper.id}" for paper in app.workspace.library.papers())
    app.model.will_say(LOOM, "Gears carry numbers.")
    page = open_page(f"{app.url}?{ids}&question=Side+by+side&kind=comparison")
    page.keyboard.press("Enter")
    turn = expect_idle(page)
    expect(turn.locator("table tbody tr")).to_have_count(2)
    expect(page.locator("#composer .chip")).to_contain_text("2 picked")


def test_the_last_chip_can_be_taken_away_and_retry_keeps_to_that(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app.url}?since=1840")
    ask(page, "How many papers are there?")
    turn = expect_idle(page)
    expect(turn.locator("tbody tr")).to_have_count(1)
    turn.get_by_role("button", name=re.compile("Ask again without")).click()
    expect(page.locator(".turn tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".turn")).to_contain_text("Version 3 of 3")
    expect_idle(page)
    expect(page.locator(".turn tbody tr")).to_have_count(2)


def test_sources_of_an_answer_are_there_when_the_library_has_grown(
    empty_app: Running, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    for name, papers in (("old.bib", PAPERS), ("new.bib", PAPERS.replace("Engine", "Mill").replace("engine", "mill"))):
        (tmp_path / name).write_text(papers, encoding="utf-8")
    empty_app.workspace.add([tmp_path / "old.bib"])
    page = open_page(empty_app.url)
    ask(page, "How many papers are there?")
    turn = expect_idle(page)
    empty_app.workspace.add([tmp_path / "new.bib"])
    with page.expect_download() as taken:
        turn.get_by_text("BibTeX").click()
    assert taken.value.path().read_text(encoding="utf-8").count("@") == 2


def test_the_link_past_the_lists_leaves_what_was_typed(app: Running, open_page: Callable[..., Page]) -> None:
    page = open_page(app.url)
    page.fill("#question", "What does")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_focused()
    expect(page.locator("#question")).to_have_value("What does")
    page.go_back()
    expect(page.locator("#question")).to_have_value("What does")
