"""`assistant summarize` and `ask --bundle`, with the models replaced by small stand-ins."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.test_main import CommandLine, filled, model, run

__all__ = ["filled", "model", "run"]


def test_an_author_is_summarised_from_every_paper(filled: CommandLine) -> None:
    answer = filled.json("summarize", "--author", "Naibin Gu")
    assert (answer["kind"], answer["count"]) == ("synthesis", 2)
    assert answer["coverage"]["read"] == answer["coverage"]["matching"] == 2
    assert answer["coverage"]["read_ahead"] <= 2
    assert {source["title"] for source in answer["sources"]} == {"BeamLoRA", "Light-PEFT"}
    filled("summarize", "--author", "Naibin Gu", "--year", "2024")
    assert "1 of 1 paper by Naibin Gu from 2024" in filled.stdout.replace("\n", " ")


def test_one_paper_is_summarised_and_its_line_kept(filled: CommandLine, model: object) -> None:
    first = filled.json("summarize", "--paper", "BeamLoRA")
    assert first["text"].startswith("BeamLoRA (")
    assert "- Limits: not stated." in first["text"]
    replies = len(model.replies)  # type: ignore[attr-defined]
    assert filled.json("summarize", "--paper", "BeamLoRA")["text"] == first["text"]
    assert len(model.replies) == replies  # type: ignore[attr-defined]


def test_a_topic_that_no_paper_is_about_ends_with_1_and_says_what_was_looked_for(filled: CommandLine) -> None:
    filled("summarize", "--topic", "zzyzx qwfp", code=1)
    assert "zzyzx qwfp" in filled.stdout


def test_a_paper_and_filters_exclude_each_other(filled: CommandLine) -> None:
    filled("summarize", "--paper", "BeamLoRA", "--author", "Gu", code=2)
    assert "either a paper" in filled.stderr
    filled("summarize", "--paper", "Nonsense", code=2)


def test_an_answer_is_kept_with_its_evidence_and_checked_again(filled: CommandLine) -> None:
    filled("ask", "How many papers did Naibin Gu publish in 2024?", "--bundle", "kept")
    assert "assistant verify kept" in filled.stderr.replace("\n", " ")
    assert sorted(file.name for file in Path("kept").iterdir()) == [
        "answer.json",
        "answer.md",
        "evidence.jsonl",
        "manifest.json",
        "sources.bib",
    ]
    filled("verify", "kept")
    page = Path("kept/answer.md")
    page.write_text(page.read_text(encoding="utf-8").replace("1 paper", "7 papers"), encoding="utf-8")
    filled("verify", "kept", code=1)
    assert "answer.md" in filled.stdout + filled.stderr


def test_an_overview_is_kept_with_its_evidence_too(filled: CommandLine) -> None:
    filled("summarize", "--author", "Naibin Gu", "--bundle", "overview")
    assert "✓ counts" in filled("verify", "overview")
    assert "✓ counts" in filled("verify", "overview", "--alone")
    answer = Path("overview/answer.md")
    answer.write_text(answer.read_text(encoding="utf-8").replace("2 of 2", "9 of 9"), encoding="utf-8")
    filled("verify", "overview", code=1)


def test_papers_are_read_ahead_once(filled: CommandLine, model: object) -> None:
    assert filled.json("read", "--year", "2024") == {"read": 1}
    assert filled.json("read") == {"read": 1}
    assert filled.json("read") == {"read": 0}


def test_add_can_have_the_papers_read(run: CommandLine, model: object) -> None:
    run("add", "papers.bib", "--read")
    assert run.json("read") == {"read": 0}
