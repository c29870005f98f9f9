import contextlib
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from pydantic import TypeAdapter

from assistant.errors import UsageError
from assistant.library import FILE_NAME, Conversations, Library, schema
from assistant.library.conversations import INTERRUPTED, UNREADABLE
from assistant.types import (
    Answer,
    CataloguePlan,
    ClarificationPlan,
    ModelInfo,
    PaperFilter,
    PassagesPlan,
    Sentence,
    Source,
    Span,
    Timings,
)


def answer(question: str, text: str = "An abstract. [1]") -> Answer:
    source = Source(1, "p1", "Beams", ("A B",), "2025", "", "An abstract.")
    return Answer(
        question=question,
        standalone_question=question,
        kind="passages",
        text=text,
        refused=False,
        reason="",
        sentences=(Sentence("An abstract.", "exact", (1,), (Span(1, "An abstract."),)),),
        sources=(source,),
        model=ModelInfo("m", "cpu", "bfloat16"),
        timings=Timings(0.1, 0.2, 0.3),
    )


@pytest.fixture
def kept(library: Library) -> Conversations:
    return Conversations(library)


def said(kept: Conversations, *questions: str, text: str = "An abstract. [1]") -> str:
    """Ask questions, one after the other, each answered; return the conversation's id."""
    conversation_id, after = "", None
    for question in questions:
        turn = kept.begin_turn(question, conversation_id=conversation_id, after=after)
        kept.finish(turn.id, answer(question, text))
        conversation_id, after = turn.conversation_id, turn.id
    return conversation_id


def questions(kept: Conversations, conversation_id: str) -> list[str]:
    return [turn.question for turn in kept.path(conversation_id)]


def test_a_conversation_is_the_same_after_a_restart(library: Library, kept: Conversations) -> None:
    scope = PaperFilter(since=2024, words=("beams",))
    first = kept.begin_turn("What are beams?", scope=scope)
    kept.finish(first.id, answer("What are beams?"))
    second = kept.begin_turn("And <b>?", conversation_id=first.conversation_id, after=first.id)
    kept.finish(second.id, answer("And <b>?"))
    before = kept.path(first.conversation_id)
    library.close()
    again = Conversations(Library(library.folder))
    assert again.path(first.conversation_id) == before
    assert [turn.answer for turn in before] == [answer("What are beams?"), answer("And <b>?")]
    assert [turn.scope for turn in before] == [scope, PaperFilter()]
    assert [(one.id, one.title, one.turns) for one in again.listed()] == [(first.conversation_id, "What are beams?", 2)]


def test_a_question_is_kept_before_it_is_answered(library: Library, kept: Conversations) -> None:
    turn = kept.begin_turn("What are beams?")
    kept.note_draft(turn.id, "Beams are")
    (reloaded,) = Conversations(library).path(turn.conversation_id)
    assert (reloaded.state, reloaded.draft, reloaded.answer) == ("asking", "Beams are", None)
    assert kept.listed()[0].is_asking
    kept.finish(turn.id, answer("What are beams?"))
    kept.note_draft(turn.id, "late")
    (done,) = kept.path(turn.conversation_id)
    assert (done.state, done.draft) == ("answered", "")
    assert not kept.listed()[0].is_asking


def test_what_a_process_before_was_asked_is_said_to_have_been_interrupted(library: Library) -> None:
    turns = [Conversations(library, owner).begin_turn("What?") for owner in ("", "ada")]
    Conversations(library).note_draft(turns[0].id, "Half")
    assert Conversations(library).interrupted() == 2
    for owner, turn, draft in zip(("", "ada"), turns, ("Half", ""), strict=True):
        (left,) = Conversations(library, owner).path(turn.conversation_id)
        assert (left.state, left.error, left.draft) == ("failed", INTERRUPTED, draft)
    assert Conversations(library).interrupted() == 0


def test_an_answer_anew_stands_beside_the_good_one_also_when_it_fails(kept: Conversations) -> None:
    conversation_id = said(kept, "One?", "Two?")
    good = kept.path(conversation_id)[-1]
    anew = kept.begin_turn("Two?", conversation_id=conversation_id, after=good.parent)
    kept.fail(anew.id, "Stopped before anything was written.")
    shown = kept.path(conversation_id)[-1]
    assert (shown.id, shown.state, shown.error) == (anew.id, "failed", "Stopped before anything was written.")
    assert shown.siblings == (good.id, anew.id)
    assert (shown.place, len(shown.siblings)) == (2, 2)
    assert [turn.answer for turn in kept.show(good.id)] == [answer("One?"), answer("Two?")]


def test_an_edited_question_keeps_the_turns_that_followed_it_as_a_branch(kept: Conversations) -> None:
    conversation_id = said(kept, "One?", "Two?", "Three?")
    first = kept.path(conversation_id)[0]
    edited = kept.begin_turn("Other one?", conversation_id=conversation_id, after=first.parent)
    assert questions(kept, conversation_id) == ["Other one?"]
    assert edited.siblings == (first.id, edited.id)
    assert [turn.question for turn in kept.show(first.id)] == ["One?", "Two?", "Three?"]
    assert questions(kept, conversation_id) == ["One?", "Two?", "Three?"]
    assert kept.listed()[0].turns == 4


def test_the_branch_shown_is_the_one_that_was_followed_last(kept: Conversations) -> None:
    conversation_id = said(kept, "One?", "Two?")
    first, second = kept.path(conversation_id)
    kept.begin_turn("Two anew?", conversation_id=conversation_id, after=first.id)
    kept.begin_turn("Three?", conversation_id=conversation_id, after=second.id)
    assert [turn.question for turn in kept.show(first.id)] == ["One?", "Two?", "Three?"]


def test_a_failure_does_not_replace_an_answer_and_an_answer_replaces_a_failure(kept: Conversations) -> None:
    turn = kept.begin_turn("What?")
    kept.fail(turn.id, "Broken.", "Half")
    kept.fail(turn.id, "Broken again.")
    (failed,) = kept.path(turn.conversation_id)
    assert (failed.error, failed.draft) == ("Broken again.", "Half")
    kept.finish(turn.id, answer("What?"))
    kept.fail(turn.id, "Too late.")
    (done,) = kept.path(turn.conversation_id)
    assert (done.state, done.error, done.answer) == ("answered", "", answer("What?"))


def test_the_newest_change_is_listed_first_page_by_page(kept: Conversations) -> None:
    ids = [said(kept, f"Question {number}?") for number in range(5)]
    kept.begin_turn("More?", conversation_id=ids[1], after=kept.path(ids[1])[-1].id)
    listed = [one.id for one in kept.listed(limit=3)] + [one.id for one in kept.listed(limit=3, offset=3)]
    assert listed == [ids[1], ids[4], ids[3], ids[2], ids[0]]
    assert kept.count() == 5


@pytest.mark.parametrize("ends", ["finish", "fail"])
def test_a_conversation_changes_when_its_answer_comes_or_fails(kept: Conversations, ends: str) -> None:
    one, other = kept.begin_turn("One?"), kept.begin_turn("Other?")
    assert [entry.title for entry in kept.listed()] == ["Other?", "One?"]
    kept.note_draft(one.id, "Half")
    assert [entry.title for entry in kept.listed()] == ["Other?", "One?"]
    if ends == "finish":
        kept.finish(one.id, answer("One?"))
    else:
        kept.fail(one.id, "Broken.")
    assert [entry.title for entry in kept.listed()] == ["One?", "Other?"]
    before = kept.listed()
    kept.show(other.id)
    kept.rate(other.id, 1)
    kept.rename(other.conversation_id, "Other?")
    assert kept.listed() == before


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", 2),
        ("BEAM", 1),
        ("zurich müller", 1),
        ("Zürich galaxies", 1),
        ("zurich beams", 0),
        ("abstract", 2),
        ("星系", 1),
        ("renamed", 1),
        ("%", 2),
    ],
)
def test_words_are_sought_in_titles_questions_and_answers(kept: Conversations, words: str, found: int) -> None:
    kept.rename(said(kept, "What are beams?", text="An abstract."), "Renamed")
    other = kept.path(said(kept, "Did Müller see galaxies?", "什么？", text="In Zürich. The abstract says so."))[-1]
    kept.finish(other.id, replace(answer("什么？"), translation="摘要说星系。"))
    assert kept.count(words) == len(kept.listed(words)) == found


def test_a_removed_conversation_comes_back_whole_until_it_is_purged(library: Library, kept: Conversations) -> None:
    one, other = said(kept, "One?", "More?"), said(kept, "Other?")
    before = kept.path(one)
    kept.remove(one)
    assert [entry.id for entry in kept.listed()] == [other]
    assert [entry.id for entry in kept.listed(removed=True)] == [one]
    kept.restore(one)
    assert {entry.id for entry in kept.listed()} == {one, other}
    assert kept.path(one) == before
    kept.remove(one)
    assert kept.purge() == 0
    with library.transaction() as connection:
        connection.execute(schema.conversations.update().values(removed="2020-01-01T00:00:00+00:00"))
        connection.execute(schema.conversations.update().where(schema.conversations.c.id == other).values(removed=None))
    assert kept.purge() == 1
    assert kept.conversation(one) is None
    assert kept.path(one) == ()
    assert kept.turn(before[0].id) is None
    assert [entry.id for entry in kept.listed()] == [other]
    with pytest.raises(UsageError, match="no conversation"):
        kept.restore(one)


def test_a_question_brings_a_removed_conversation_back(kept: Conversations) -> None:
    one = said(kept, "One?")
    kept.remove(one)
    kept.begin_turn("Two?", conversation_id=one, after=kept.path(one)[-1].id)
    assert [entry.id for entry in kept.listed()] == [one]


def test_the_title_is_the_first_question_on_one_short_line_until_it_is_renamed(kept: Conversations) -> None:
    one = said(kept, "What are\n" + "long " * 40 + "questions?", "Next?")
    title = kept.listed()[0].title
    assert title.startswith("What are long long")
    assert title.endswith("…")
    assert len(title) <= 80
    kept.rename(one, " Beams,\n in short ")
    assert kept.listed()[0].title == "Beams, in short"
    with pytest.raises(UsageError, match="title"):
        kept.rename(one, " \n")


def test_an_owner_sees_and_changes_only_what_is_his(library: Library, kept: Conversations) -> None:
    one = said(kept, "Mine?")
    turn = kept.path(one)[0]
    kept.rate(turn.id, 1)
    other = Conversations(library, "ada")
    assert (other.listed(), other.count(), other.path(one), other.rated()) == ([], 0, (), ())
    assert (other.turn(turn.id), other.conversation(one)) == (None, None)
    for forbidden in (
        lambda: other.begin_turn("?", conversation_id=one),
        lambda: other.show(turn.id),
        lambda: other.rename(one, "x"),
        lambda: other.remove(one),
        lambda: other.restore(one),
        lambda: other.rate(turn.id, -1),
    ):
        with pytest.raises(UsageError, match="There is no"):
            forbidden()
    assert kept.path(one) == (replace(turn, rating=1),)
    assert len(kept.listed()) == 1


def test_a_turn_follows_only_one_of_its_conversation(kept: Conversations) -> None:
    one, other = said(kept, "One?"), said(kept, "Other?")
    for conversation_id in (one, ""):
        with pytest.raises(UsageError, match="no turn"):
            kept.begin_turn("?", conversation_id=conversation_id, after=kept.path(other)[0].id)
    assert kept.count() == 2
    assert questions(kept, one) == ["One?"]


def test_an_answer_that_cannot_be_read_is_a_failed_turn_and_the_others_stay(
    library: Library, kept: Conversations
) -> None:
    one = said(kept, "One?", "Two?")
    first = kept.path(one)[0]
    with library.transaction() as connection:
        connection.execute(schema.turns.update().where(schema.turns.c.id == first.id).values(answer='{"kind": "?"}'))
    broken, whole = kept.path(one)
    assert (broken.state, broken.error, broken.answer) == ("failed", UNREADABLE, None)
    assert whole.answer == answer("Two?")
    assert [entry.title for entry in kept.listed("two")] == ["One?"]


def test_rated_turns_come_with_the_questions_before_them(kept: Conversations) -> None:
    one = said(kept, "One?", "Two?")
    first, second = kept.path(one)
    kept.rate(second.id, -1, "It is not so.")
    kept.rate(first.id, 1)
    gone = said(kept, "Gone?")
    kept.rate(kept.path(gone)[0].id, 1)
    kept.remove(gone)
    rated = [(each.turn.question, each.turn.rating, each.turn.remark, each.history) for each in kept.rated()]
    assert rated == [("One?", 1, "", ()), ("Two?", -1, "It is not so.", ("One?",))]
    kept.rate(first.id, 0)
    assert [each.turn.question for each in kept.rated()] == ["Two?"]
    with pytest.raises(UsageError, match="rating"):
        kept.rate(first.id, 2)


def test_halves_of_characters_are_kept_as_question_marks(kept: Conversations) -> None:
    turn = kept.begin_turn("What is \ud83d?")
    kept.rename(turn.conversation_id, "\ud83d!")
    kept.rate(turn.id, 1, "\ud83d")
    kept.fail(turn.id, "\ud83d", "\ud83d")
    (shown,) = kept.path(turn.conversation_id)
    assert (shown.question, shown.remark, shown.error, shown.draft) == ("What is ??", "?", "?", "?")
    assert kept.listed()[0].title == "?!"


def test_two_programs_that_write_at_once_both_keep_their_turns(library: Library, kept: Conversations) -> None:
    one = said(kept, "One?")
    after = kept.path(one)[0].id
    libraries = [Library(library.folder) for _ in range(4)]
    start = threading.Barrier(len(libraries))

    def ask(number: int) -> None:
        tab, parent = Conversations(libraries[number]), after
        start.wait()
        for turn in range(5):
            begun = tab.begin_turn(f"{number}.{turn}?", conversation_id=one, after=parent)
            tab.note_draft(begun.id, "Half")
            tab.finish(begun.id, answer(begun.question))
            parent = begun.id

    with ThreadPoolExecutor(len(libraries)) as programs:
        list(programs.map(ask, range(len(libraries))))
    for each in libraries:
        each.close()
    assert kept.listed()[0].turns == 21
    branches = kept.path(one)[1].siblings
    assert len(branches) == 4
    for branch in branches:
        path = kept.show(branch)
        assert len(path) == 6
        assert len({turn.question.split(".")[0] for turn in path[1:]}) == 1
        assert all(turn.state == "answered" for turn in path)


def library_of_before(folder: Path, version: int, chats: dict[str, list[str]]) -> None:
    """Make a library as a program of an earlier version left it, with conversations: answers as JSON, by id."""
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        for script in schema._migrations()[:version]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {version}")
        for chat_id, answers in chats.items():
            connection.execute("INSERT INTO chats VALUES (?, '2026-11-29 12:00:00')", [chat_id])
            rows = [(chat_id, ordinal, each) for ordinal, each in enumerate(answers, 1)]
            connection.executemany("INSERT INTO answers VALUES (?, ?, ?)", rows)


def test_conversations_of_the_version_before_are_brought_along(tmp_path: Path) -> None:
    plan = {"question": "q", "subject": "s", "chosen": {"author": "wei-wang"}, "measure": "papers"}
    plans = [
        {**plan, "kind": "catalogue", "is_sure": True, "candidates": [], "unclear": ""},
        {**plan, "kind": "passages", "measure": None, "is_sure": False, "candidates": [], "unclear": ""},
        {**plan, "kind": "catalogue", "candidates": [{"id": "wei-wang", "name": "Wei Wang", "words": "2 papers"}]},
    ]
    answers = []
    for each_plan in plans:
        value: dict[str, object] = {
            "question": "q",
            "standalone_question": "q",
            "kind": "catalogue",
            "text": "t",
            "refused": False,
        }
        value |= {
            "reason": "",
            "plan": each_plan,
            "coverage": {"matching": 2, "read": 2, "first": "", "last": "", "undated": 2, "reading": "abstracts"},
            "timings": {"first_evidence_s": 0, "first_token_s": None, "total_s": 0},
        }
        answers.append(json.dumps(value))
    library_of_before(tmp_path / "old", 6, {"c": answers})
    with contextlib.closing(Library(tmp_path / "old")) as library:
        found = [turn.answer for turn in Conversations(library).path("c")]
        assert [each.coverage.read_ahead for each in found if each and each.coverage] == [0, 0, 0]
        counted, prose, asked_back = (each.plan for each in found if each)
    assert isinstance(counted, CataloguePlan)
    assert (counted.measure, counted.filter.author) == ("papers", "wei-wang")
    assert isinstance(prose, PassagesPlan)
    assert not prose.is_exact
    assert isinstance(asked_back, ClarificationPlan)
    assert asked_back.candidates[0].id == "wei-wang"


@pytest.fixture
def _paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Paris")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_paris")
def test_conversations_kept_whole_become_turns_that_go_on(tmp_path: Path) -> None:
    asked = ["Who is Müller? " + "x" * 90, "Two?", "Three?"]
    texts = [TypeAdapter(Answer).dump_json(answer(question)).decode() for question in asked]
    library_of_before(tmp_path / "old", 8, {"b": texts, "a": texts[1:], "broken": ["{"], "empty": []})
    with contextlib.closing(Library(tmp_path / "old")) as library:
        kept = Conversations(library)
        assert [turn.answer for turn in kept.path("b")] == [answer(question) for question in asked]
        assert [turn.question for turn in kept.path("a")] == asked[1:]
        assert [turn.siblings for turn in kept.path("b")] == [(turn.id,) for turn in kept.path("b")]
        assert [turn.state for turn in kept.path("broken")] == ["failed"]
        assert {one.id: len(one.title) for one in kept.listed()} == {"a": 4, "b": 80, "broken": 0}
        assert [one.id for one in kept.listed("muller abstract")] == ["b"]
        assert {one.begun for one in kept.listed()} == {"2026-11-29T11:00:00+00:00"}
        more = kept.begin_turn("Four?", conversation_id="b", after=kept.path("b")[-1].id)
        assert questions(kept, "b") == [*asked, "Four?"]
        assert more.number > kept.path("b")[0].number
        with library.transaction() as connection:
            tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
    assert not {"chats", "answers"} & set(tables)


class Tree(RuleBasedStateMachine):
    """A conversation in several tabs beside a model of it: each turn with its parent, and the branch shown."""

    turns = Bundle("turns")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.library = Library(Path(self._folder.name))
        self.tabs = [Conversations(self.library) for _ in range(2)]
        first = self.tabs[0].begin_turn("First?")
        self.conversation_id, self.leaf = first.conversation_id, first.id
        self.parents: dict[str, str | None] = {first.id: None}
        self.states: dict[str, str] = {first.id: "asking"}

    def teardown(self) -> None:
        self.library.close()
        self._folder.cleanup()

    @rule(target=turns, tab=st.integers(0, 1), place=st.integers(0, 99), follows=st.booleans())
    def ask(self, tab: int, place: int, follows: bool) -> str:
        at = list(self.parents)[place % len(self.parents)]
        after = at if follows else self.parents[at]
        turn = self.tabs[tab].begin_turn("Next?", conversation_id=self.conversation_id, after=after)
        self.parents[turn.id], self.states[turn.id], self.leaf = after, "asking", turn.id
        return turn.id

    @rule(tab=st.integers(0, 1), turn=turns, ends=st.booleans())
    def end(self, tab: int, turn: str, ends: bool) -> None:
        if ends:
            self.tabs[tab].finish(turn, answer("Next?"))
            self.states[turn] = "answered"
        else:
            self.tabs[tab].fail(turn, "Broken.")
            self.states[turn] = "answered" if self.states[turn] == "answered" else "failed"

    @rule(tab=st.integers(0, 1), turn=turns)
    def show(self, tab: int, turn: str) -> None:
        under = [each for each in self.parents if turn in self._path(each)]
        self.leaf = under[-1]
        self.tabs[tab].show(turn)

    def _path(self, leaf: str) -> list[str]:
        parent = self.parents[leaf]
        return [*(self._path(parent) if parent else []), leaf]

    @invariant()
    def nothing_is_lost(self) -> None:
        path = self.tabs[0].path(self.conversation_id)
        assert [turn.id for turn in path] == self._path(self.leaf)
        for turn in path:
            beside = tuple(each for each, parent in self.parents.items() if parent == self.parents[turn.id])
            assert (turn.siblings, turn.state) == (beside, self.states[turn.id])
        assert self.tabs[1].listed()[0].turns == len(self.parents)


TestTree = Tree.TestCase
TestTree.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
