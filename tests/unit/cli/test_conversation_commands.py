"""The commands of conversations, as a person runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli import conversations
from assistant.errors import AssistantError, UsageError
from assistant.evaluation import scoring
from assistant.library import Conversations, Library
from tests.unit.library.test_conversations import answer, said

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kept(library: Library) -> Conversations:
    return Conversations(library)


@pytest.fixture
def run(library: Library) -> Run:
    """Run a command over the library; give exit code, stdout and stderr. Errors for people are 1, wrong usage 2."""

    def go(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(conversations.app, list(arguments), obj={"library": library.folder})
        if isinstance(done.exception, AssistantError):
            return (2 if isinstance(done.exception, UsageError) else 1), done.stdout, str(done.exception)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return go


def test_conversations_are_listed_newest_first_and_found_by_words(run: Run, kept: Conversations) -> None:
    one, other = said(kept, "What are beams?", "And cranes?"), said(kept, "What is pruned?")
    code, out, _ = run("list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == [other[:8], one[:8]]
    assert "2 questions" in out
    assert [entry["id"] for entry in json.loads(run("list", "CRANES", "--json")[1])] == [one]
    assert "1 of 2 conversations" in run("list", "--limit", "1")[2]


def test_a_conversation_is_shown_by_the_beginning_of_its_id_or_its_title(run: Run, kept: Conversations) -> None:
    one = said(kept, "What are beams?", "And cranes?")
    failed = kept.begin_turn("What are jets?", conversation_id=one)
    kept.fail(failed.id, "The disk is full.", "Jets are")
    code, out, _ = run("show", "What are beams?")
    assert code == 0
    assert "> What are jets? (2 of 2)" in out
    assert "The disk is full." in out
    assert "Jets are" in out
    kept.show(kept.path(one)[0].siblings[0])
    turns = json.loads(run("show", one[:6], "--json")[1])
    assert [(turn["question"], turn["state"], turn["answer"]["text"]) for turn in turns] == [
        ("What are beams?", "answered", "An abstract. [1]"),
        ("And cranes?", "answered", "An abstract. [1]"),
    ]


def test_a_name_that_means_no_conversation_or_several_is_wrong_usage(run: Run, kept: Conversations) -> None:
    said(kept, "What?")
    said(kept, "What?")
    assert run("show", "What?")[0] == 2
    assert run("show", "unknown")[0] == 2
    assert run("show", "")[0] == 2


def test_a_conversation_is_exported_as_markdown_and_as_a_folder(run: Run, kept: Conversations, tmp_path: Path) -> None:
    one = said(kept, "What are beams?")
    code, out, _ = run("export", one)
    assert code == 0
    assert "## What are beams?" in out
    assert "\\[1\\] **Beams**" in out
    run("export", one, "-o", str(tmp_path / "beams.md"))
    assert (tmp_path / "beams.md").read_text() == out
    code, _, told = run("export", one, "--bundle", str(tmp_path / "beams"))
    assert code == 0
    assert "01 (“What are beams?”): The library has changed" in told.replace("\n", " ")
    assert (tmp_path / "beams" / "conversation.md").read_text() == out


def test_a_conversation_is_renamed_removed_and_restored(run: Run, kept: Conversations) -> None:
    one = said(kept, "What are beams?")
    assert run("rename", one, "Beams")[0] == 0
    code, _, told = run("remove", "Beams")
    assert code == 0
    assert f"restore {one[:8]}" in told.replace("\n", " ")
    assert json.loads(run("list", "--json")[1]) == []
    assert [entry["title"] for entry in json.loads(run("list", "--removed", "--json")[1])] == ["Beams"]
    assert run("restore", one[:8])[0] == 0
    assert [entry.title for entry in kept.listed()] == ["Beams"]


def test_rated_answers_are_written_as_evaluation_questions(run: Run, kept: Conversations, tmp_path: Path) -> None:
    first, second = kept.path(said(kept, "What are beams?", "And cranes?"))
    kept.rate(first.id, 1)
    kept.rate(second.id, -1, "No cranes.")
    code, out, told = run("rated")
    assert code == 0
    assert [json.loads(line)["rating"] for line in out.splitlines()] == [1, -1]
    assert "2 rated answers" in told
    run("rated", "--only", "up", "-o", str(tmp_path / "up.jsonl"))
    (question,) = scoring.labelled(tmp_path / "up.jsonl")
    assert scoring.faults(question, answer("What are beams?")) == ()
    assert [json.loads(line)["remark"] for line in run("rated", "--only", "down")[1].splitlines()] == ["No cranes."]
