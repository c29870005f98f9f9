import contextlib
import json
import sqlite3
from pathlib import Path

from assistant.library import FILE_NAME, Conversations, Library
from assistant.types import (
    Answer,
    CataloguePlan,
    ClarificationPlan,
    ModelInfo,
    PassagesPlan,
    Sentence,
    Source,
    Span,
    Timings,
)


def answer(question: str) -> Answer:
    source = Source(1, "p1", "Beams", ("A B",), "2025", "", "An abstract.")
    return Answer(
        question=question,
        standalone_question=question,
        kind="passages",
        text="An abstract. [1]",
        refused=False,
        reason="",
        sentences=(Sentence("An abstract.", "exact", (1,), (Span(1, "An abstract."),)),),
        sources=(source,),
        model=ModelInfo("m", "cpu", "bfloat16"),
        timings=Timings(0.1, 0.2, 0.3),
    )


def test_a_conversation_is_the_same_after_a_restart(library: Library) -> None:
    chats = Conversations(library)
    said = [answer("What are beams?"), answer("And <b>?")]
    chats.save("c1", said)
    library.close()
    again = Conversations(Library(library.folder))
    assert again.answers("c1") == tuple(said)
    assert [(chat.id, chat.title) for chat in again.latest(5)] == [("c1", "What are beams?")]


def test_keeping_again_replaces_what_was_said_and_keeps_the_beginning(library: Library) -> None:
    chats = Conversations(library)
    chats.save("c1", [answer("One?"), answer("Two?")])
    begun = chats.latest(1)[0].begun
    chats.save("c1", [answer("One?")])
    assert [kept.question for kept in chats.answers("c1")] == ["One?"]
    assert chats.latest(1)[0].begun == begun


def test_conversations_are_apart_and_can_be_deleted(library: Library) -> None:
    chats = Conversations(library)
    one, other = chats.new_id(), chats.new_id()
    chats.save(one, [answer("One?")])
    chats.save(other, [answer("Other?")])
    chats.forget(one)
    assert chats.answers(one) == ()
    assert [chat.title for chat in chats.latest(9)] == ["Other?"]


def test_a_conversation_without_answers_is_not_listed(library: Library) -> None:
    chats = Conversations(library)
    chats.save("c1", [])
    assert chats.latest(9) == []


def test_conversations_of_the_version_before_are_brought_along(tmp_path: Path) -> None:
    old = {
        "question": "Papers by Wang?",
        "subject": "Papers by Wang?",
        "chosen": {"author": "wei-wang"},
        "measure": "papers",
    }
    plans = [
        {**old, "kind": "catalogue", "is_sure": True, "candidates": [], "unclear": ""},
        {**old, "kind": "passages", "measure": None, "is_sure": False, "candidates": [], "unclear": ""},
        {**old, "kind": "catalogue", "candidates": [{"id": "wei-wang", "name": "Wei Wang", "words": "2 papers"}]},
    ]
    Library(tmp_path).close()
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("PRAGMA user_version = 6")
        connection.execute("DROP TABLE papers_read")
        connection.execute("INSERT INTO chats VALUES ('c', '2026-11-29 12:00:00')")
        for ordinal, plan in enumerate(plans, 1):
            answer = {"question": "q", "standalone_question": "q", "kind": "catalogue", "text": "t", "refused": False}
            answer |= {
                "reason": "",
                "plan": plan,
                "coverage": {"matching": 2, "read": 2, "first": "", "last": "", "undated": 2, "reading": "abstracts"},
                "timings": {"first_evidence_s": 0, "first_token_s": None, "total_s": 0},
            }
            connection.execute("INSERT INTO answers VALUES ('c', ?, ?)", (ordinal, json.dumps(answer)))
    with contextlib.closing(Library(tmp_path)) as library:
        answers = Conversations(library).answers("c")
        assert [answer.coverage.read_ahead for answer in answers if answer.coverage] == [0, 0, 0]
        counted, prose, asked_back = (answer.plan for answer in answers)
    assert isinstance(counted, CataloguePlan)
    assert (counted.measure, counted.filter.author) == ("papers", "wei-wang")
    assert isinstance(prose, PassagesPlan)
    assert not prose.is_exact
    assert isinstance(asked_back, ClarificationPlan)
    assert asked_back.candidates[0].id == "wei-wang"
