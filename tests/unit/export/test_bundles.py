"""Answers kept as folders: what stands in them, and what they never overwrite."""

import json
from datetime import date
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from assistant.answering import Assistant
from assistant.errors import BundleError
from assistant.export import bundles
from assistant.export.bundles import writing
from assistant.ingestion.readers import read
from assistant.library import Library, upsert
from assistant.search import PersistentIndex, embedding_queue
from assistant.types import Answer, Paper, Record
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, MemoryPlace, ScriptedModel
from tests.unit.answering.test_assistant import assistant_over

BEAMS = "BeamLoRA treats each adapter as a beam. It was tested on 12 datasets."
PRUNING = "Light-PEFT prunes the foundation model early. It was tested on GLUE."
PAPERS = (
    make_paper("BeamLoRA", BEAMS, authors=("Naibin Gu", "Peng Fu"), date="2025-02-19", url="https://example.org/b"),
    make_paper("Light-PEFT", PRUNING, authors=("Naibin Gu", "Peng Fu"), date="2024", doi="10.1000/light"),
    make_paper(
        "Routing", "Experts are routed.", authors=("Naibin Gu", "Mia Wu"), date="2024-03", authors_complete=False
    ),
    make_paper("Cranes", "Cranes fly south.", authors=("Wei Wang",), date="2023-01-01", has_code=True),
)


def filled(library: Library, embedder: HashingEmbedder, papers: tuple[Paper, ...] = PAPERS) -> PersistentIndex:
    upsert.store(library, [Record(paper, 1) for paper in papers], "x")
    index = PersistentIndex(library, MemoryPlace())
    embedding_queue.embed_pending(library, index, embedder)
    return index


@pytest.fixture
def assistant(library: Library, embedder: HashingEmbedder) -> Assistant:
    model = ScriptedModel(*["BeamLoRA was tested on 12 datasets. Cranes eat cake on Sundays."] * 3)
    return assistant_over(library, embedder, model, index=filled(library, embedder))


def kept(assistant: Assistant, question: str, folder: Path) -> Answer:
    answer = assistant.ask(question).answer()
    bundles.write(answer, assistant.library, folder)
    return answer


def lines(folder: Path, kind: str) -> list[dict[str, object]]:
    every = [json.loads(line) for line in (folder / "evidence.jsonl").read_text().splitlines()]
    return [line for line in every if line["kind"] == kind]


def test_a_count_is_kept_with_every_paper_that_it_counted(assistant: Assistant, tmp_path: Path) -> None:
    answer = kept(assistant, "How many papers did Naibin Gu publish in 2024?", tmp_path / "b")
    assert answer.count == 2
    assert {line["title"] for line in lines(tmp_path / "b", "paper")} == {"Light-PEFT", "Routing"}
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert len(manifest["counted"]) == 2
    assert manifest["people"]["naibin-gu"] == ["Naibin Gu"]
    assert "2 papers by Naibin Gu from 2024" in (tmp_path / "b" / "answer.md").read_text()
    assert json.loads((tmp_path / "b" / "answer.json").read_text()) == answer.to_json()


def test_papers_that_the_answer_has_no_room_for_are_kept_too(
    library: Library, embedder: HashingEmbedder, tmp_path: Path
) -> None:
    many = tuple(make_paper(f"Paper number {n}", f"Abstract {n}.", authors=("Naibin Gu",)) for n in range(60))
    answer = kept(
        assistant_over(library, embedder, index=filled(library, embedder, many)), "How many papers?", tmp_path / "b"
    )
    assert len(answer.sources) < 60
    assert len(lines(tmp_path / "b", "paper")) == 60
    assert "All 60 papers" in (tmp_path / "b" / "answer.md").read_text()


def test_an_answer_in_prose_is_kept_with_its_quotations(assistant: Assistant, tmp_path: Path) -> None:
    answer = kept(assistant, "On how many datasets was BeamLoRA tested?", tmp_path / "b")
    assert answer.kind == "passages"
    sentence, quoted = lines(tmp_path / "b", "sentence")
    assert str(quoted["text"]).startswith("The abstract says: “")
    spans = sentence["spans"]
    assert isinstance(spans, list)
    assert spans[0]["quote"] in BEAMS
    page = (tmp_path / "b" / "answer.md").read_text()
    assert spans[0]["quote"] in page
    assert answer.withheld
    assert "cake" not in page
    assert "1 sentence was withheld" in page


def test_the_manifest_says_what_made_the_answer(assistant: Assistant, tmp_path: Path) -> None:
    assistant.library.set_metadata("embedder", "hashing-256")
    kept(assistant, "On how many datasets was BeamLoRA tested?", tmp_path / "b")
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert manifest["model"] == {"name": "scripted", "device": "cpu", "dtype": "none", "host": ""}
    assert (manifest["library"]["embedder"], manifest["library"]["papers"]) == ("hashing-256", 4)
    assert manifest["made"].endswith("+00:00")
    assert set(manifest["sha256"]) == set(writing.FILES)


def test_the_bibliography_is_read_back(assistant: Assistant, tmp_path: Path) -> None:
    answer = kept(assistant, "How many papers did Naibin Gu publish in 2024?", tmp_path / "b")
    found = list(read(tmp_path / "b" / "sources.bib", as_of=date(2026, 1, 1)))
    titles = [item.paper.title for item in found if isinstance(item, Record)]
    assert titles == [source.title for source in answer.sources]


def test_text_of_papers_and_people_does_nothing_on_the_page(
    library: Library, embedder: HashingEmbedder, tmp_path: Path
) -> None:
    hostile = make_paper(
        "![x](http://evil.example/x.png) <script>", "# A <b>thing</b> [a](javascript:b).", authors=("A *B*",)
    )
    assistant = assistant_over(library, embedder, index=filled(library, embedder, (hostile,)))
    kept(assistant, "How many papers? <img src=x onerror=y>", tmp_path / "b")
    tokens = MarkdownIt("commonmark").parse((tmp_path / "b" / "answer.md").read_text())
    kinds = {token.type for each in tokens for token in (each, *(each.children or []))}
    assert not kinds & {"html_block", "html_inline", "image", "link_open", "code_block", "fence"}


def test_a_bundle_takes_the_place_of_an_older_one_whole(assistant: Assistant, tmp_path: Path) -> None:
    kept(assistant, "How many papers?", tmp_path / "b")
    kept(assistant, "How many papers are there per year?", tmp_path / "b")
    assert json.loads((tmp_path / "b" / "answer.json").read_text())["question"].endswith("per year?")
    assert sorted(entry.name for entry in (tmp_path / "b").iterdir()) == sorted([*writing.FILES, writing.MANIFEST])
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".b")] == []


def test_a_folder_with_anything_else_in_it_is_left_alone(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match=r"notes\.txt"):
        kept(assistant, "How many papers?", tmp_path / "mine")
    kept(assistant, "How many papers?", tmp_path / "b")
    (tmp_path / "b" / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match=r"notes\.txt"):
        kept(assistant, "How many papers?", tmp_path / "b")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BundleError, match="is a file"):
        kept(assistant, "How many papers?", tmp_path / "file")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_an_empty_folder_and_one_within_folders_that_are_not_there_are_taken(
    assistant: Assistant, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "new" / "deep"):
        kept(assistant, "How many papers?", folder)
        assert (folder / "manifest.json").is_file()


def test_a_write_that_fails_leaves_the_older_bundle(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(assistant, "How many papers?", tmp_path / "b")
    before = (tmp_path / "b" / "answer.json").read_text()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "contents", full)
    with pytest.raises(BundleError, match="No space"):
        kept(assistant, "How many papers are there per year?", tmp_path / "b")
    assert (tmp_path / "b" / "answer.json").read_text() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".b")] == []
