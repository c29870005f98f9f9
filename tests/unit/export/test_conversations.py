"""Conversations as files: a page, bundles, and rated answers as questions."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from assistant.answering import Assistant
from assistant.errors import BundleError, UsageError
from assistant.evaluation import question_files, scoring
from assistant.export import bundles, conversations
from assistant.library import Conversations, Library, curation
from assistant.types import Answer, PaperFilter
from tests.fakes import HashingEmbedder, ScriptedModel
from tests.unit.answering.test_assistant import assistant_over
from tests.unit.export.test_bundles import filled

PROSE = "What was BeamLoRA tested on?"
COUNT = "How many papers did Naibin Gu publish in 2024?"
FOREIGN = "How should sourdough bread be baked?"


@pytest.fixture
def assistant(library: Library, embedder: HashingEmbedder) -> Assistant:
    model = ScriptedModel(*["BeamLoRA was tested on 12 datasets."] * 3)
    return assistant_over(library, embedder, model, index=filled(library, embedder))


def kept(assistant: Assistant, *questions: str) -> tuple[Conversations, str]:
    """Ask questions, one after the other, and keep them as a conversation."""
    saved = Conversations(assistant.library)
    conversation_id, after = "", None
    for question in questions:
        turn = saved.begin_turn(question, conversation_id=conversation_id, after=after)
        saved.finish(turn.id, assistant.ask(question).answer())
        conversation_id, after = turn.conversation_id, turn.id
    return saved, conversation_id


def test_a_page_has_every_answer_with_the_sources_it_rests_on(assistant: Assistant) -> None:
    saved, conversation_id = kept(assistant, PROSE, COUNT)
    page = conversations.page("Beams & <co>", saved.path(conversation_id))
    shown = MarkdownIt().render(page)
    assert "<h1>Beams &amp; &lt;co&gt;</h1>" in shown
    assert [line for line in page.splitlines() if line.startswith("## ")] == [f"## {PROSE}", f"## {COUNT}"]
    first, second = page.split(f"## {COUNT}")
    assert "12 datasets. \\[1\\]" in first
    assert "\\[1\\] [BeamLoRA](<https://example.org/b>). Naibin Gu, Peng Fu. 2025-02-19" in first
    assert "> “It was tested on 12 datasets.”" in first
    assert "2 papers by Naibin Gu from 2024" in second
    assert "Light-PEFT" in second


def test_a_question_without_an_answer_says_why_and_what_had_been_written(library: Library) -> None:
    saved = Conversations(library)
    turn = saved.begin_turn("What are *beams*?", scope=PaperFilter(since=2024))
    assert "still being answered" in conversations.page("t", [turn])
    saved.fail(turn.id, "The disk is full.", "Beams are\n# long")
    page = conversations.page("t", saved.path(turn.conversation_id))
    assert "## What are \\*beams\\*?" in page
    assert "*The disk is full.*" in page
    assert "from 2024 on" in page
    assert "not checked" in page
    assert "\\# long" in page


def test_each_answer_of_a_conversation_is_a_bundle_that_holds(assistant: Assistant, tmp_path: Path) -> None:
    saved, conversation_id = kept(assistant, PROSE, COUNT)
    failed = saved.begin_turn("?", conversation_id=conversation_id, after=saved.path(conversation_id)[-1].id)
    saved.fail(failed.id, "Broken.")
    turns = saved.path(conversation_id)
    assert conversations.write_bundles("Beams", turns, assistant.library, tmp_path / "c") == ()
    assert sorted(entry.name for entry in (tmp_path / "c").iterdir()) == ["01", "02", "conversation.md"]
    assert all(bundles.verify(tmp_path / "c" / name, assistant.library).holds for name in ("01", "02"))
    assert (tmp_path / "c" / "conversation.md").read_text() == conversations.page("Beams", turns)
    with pytest.raises(BundleError, match="holds something"):
        conversations.write_bundles("Beams", turns, assistant.library, tmp_path / "c")


def test_an_answer_that_the_library_no_longer_bears_out_is_left_out_and_named(
    assistant: Assistant, tmp_path: Path
) -> None:
    saved, conversation_id = kept(assistant, PROSE, COUNT)
    beams = curation.named(assistant.library, "BeamLoRA")
    curation.remove(assistant.library, [beams.id])
    left = conversations.write_bundles("Beams", saved.path(conversation_id), assistant.library, tmp_path / "c")
    assert [reason.startswith(f"01 (“{PROSE}”)") for reason in left] == [True]
    assert sorted(entry.name for entry in (tmp_path / "c").iterdir()) == ["02", "conversation.md"]


def test_praised_answers_are_questions_that_the_same_answer_meets(assistant: Assistant, tmp_path: Path) -> None:
    saved, conversation_id = kept(assistant, PROSE, COUNT, FOREIGN)
    for turn in saved.path(conversation_id):
        saved.rate(turn.id, 1)
    file = tmp_path / "rated.jsonl"
    file.write_text("".join(conversations.evaluation_questions(saved.rated())))
    questions = scoring.labelled(file)
    assert [(each.text, each.line["type"], each.history) for each in questions] == [
        (PROSE, "fact", ()),
        (COUNT, "followup", (PROSE,)),
        (FOREIGN, "unanswerable", (PROSE, COUNT)),
    ]
    answers = [turn.answer for turn in saved.path(conversation_id) if turn.answer]
    assert [scoring.faults(*pair) for pair in zip(questions, answers, strict=True)] == [(), (), ()]
    assert questions[0].line["titles_cited"] == ["BeamLoRA"]
    assert questions[0].line["paper_ids"] == [answers[0].sources[0].paper_id]
    others = [replace(answer, sources=(), sentences=(), refused=not answer.refused) for answer in answers]
    assert all(scoring.faults(*pair) for pair in zip(questions, others, strict=True))


def test_a_praised_answer_without_sources_is_expected_in_its_words(assistant: Assistant) -> None:
    saved, conversation_id = kept(assistant, PROSE)
    (turn,) = saved.path(conversation_id)
    assert turn.answer
    about = replace(turn.answer, kind="about", text="I read (abstracts).", sentences=(), sources=())
    saved.finish(turn.id, about)
    saved.rate(turn.id, 1)
    (line,) = map(json.loads, conversations.evaluation_questions(saved.rated()))
    assert scoring.faults(question_files.Question("1", PROSE, (), line), about) == ()
    assert "titles_cited" not in line


def test_a_criticised_answer_keeps_what_was_said_and_waits_for_a_label(assistant: Assistant, tmp_path: Path) -> None:
    saved, conversation_id = kept(assistant, PROSE)
    (turn,) = saved.path(conversation_id)
    failed = saved.begin_turn("Failed?", scope=PaperFilter(since=2024))
    saved.fail(failed.id, "Broken.")
    for each in (turn, failed):
        saved.rate(each.id, -1, "It was 13.")
    file = tmp_path / "rated.jsonl"
    file.write_text("".join(conversations.evaluation_questions(saved.rated())))
    said, broken = question_files.read(file)
    answer: Answer | None = turn.answer
    assert answer
    assert (said.text, said.line["said"], said.line["remark"]) == (PROSE, answer.text, "It was 13.")
    assert (broken.text, broken.line["scope"], "said" in broken.line) == ("Failed?", "from 2024 on", False)
    with pytest.raises(UsageError, match="needs a label"):
        scoring.labelled(file)
    lines = [{**each.line, "must": ["13"]} for each in (said, broken)]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert len(scoring.labelled(file)) == 2
