"""File to cited answer with real, tiny models and the real index, while the network is blocked."""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import settings
from assistant.diagnosis.model_check import check_models
from assistant.errors import LibraryLocked, ModelError
from assistant.library import insert_papers
from assistant.types import (
    Answer,
    AnswerFinished,
    CompletionReport,
    EvidenceFound,
    Paper,
    Progress,
    QuestionPlanned,
    TextProduced,
)
from assistant.workspace import Workspace
from tests.tiny_models import tiny_chat_model, tiny_embedder

DATA = Path(__file__).parents[1] / "data"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    return {"model": str(tiny_chat_model(folder / "chat")), "embedder": str(tiny_embedder(folder / "embedder"))}


@pytest.fixture
def workspace(tmp_path: Path, models: dict[str, str]) -> Iterator[Workspace]:
    with Workspace(settings.load(library=tmp_path / "library", answer_tokens=40, **models)) as opened:
        yield opened


def test_every_step_works_together(workspace: Workspace) -> None:
    report = workspace.add([DATA / "references.bib", DATA / "author_page.txt"])
    assert report.added >= 3
    assert report.pending == 0
    assert workspace.index.count() == workspace.library.count() == report.added
    paper = next(paper for paper in workspace.library.papers() if paper.authors)
    events = list(workspace.ask(f"What does {paper.title} say?"))
    assert isinstance(events[0], QuestionPlanned)
    assert isinstance(events[1], EvidenceFound)
    assert paper.title in [source.title for source in events[1].sources]
    assert any(isinstance(event, TextProduced) for event in events)
    assert isinstance(events[-1], AnswerFinished)
    assert events[-1].answer.model
    assert events[-1].answer.model.name == workspace.settings.model


def test_answers_asked_for_at_once_do_not_wait_for_themselves(workspace: Workspace) -> None:
    workspace.add([DATA / "references.bib"])
    titles = [paper.title for paper in workspace.library.papers()][:2]
    answers: list[Answer] = []

    def ask(question: str) -> None:  # read, judged, written and proved in one turn
        answers.append(workspace.ask(question, anyway=True).answer())

    threads = [threading.Thread(target=ask, args=(f"What does {title} say?",), daemon=True) for title in titles * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 4
    assert all(answer.model for answer in answers)
    assert workspace.assistant.queue.is_free


def test_a_library_is_the_same_in_the_next_process(workspace: Workspace, models: dict[str, str]) -> None:
    workspace.add([DATA / "references.bib"])
    titles = [paper.title for paper in workspace.library.papers()]
    with pytest.raises(LibraryLocked):
        Workspace(workspace.settings)
    workspace.close()
    command = [sys.executable, "-m", "assistant", "--library", str(workspace.settings.library)]
    options = [f"--{name}={value}" for name, value in models.items()]
    listed = subprocess.run([*command, "papers", "--json"], capture_output=True, text=True, check=True)
    assert [paper["title"] for paper in json.loads(listed.stdout)] == titles
    found = subprocess.run(
        [*command, *options, "search", titles[0], "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(found.stdout)[0]["title"] == titles[0]


def test_the_sample_library_is_24_papers(workspace: Workspace) -> None:
    report = workspace.add_sample()
    assert (report.added, report.failed, report.notices) == (24, (), ())
    assert all(paper.arxiv_id and paper.year and paper.authors for paper in workspace.library.papers())
    assert workspace.add_sample().unchanged == 24


def test_adding_rests_while_an_answer_is_made(workspace: Workspace) -> None:
    heard = threading.Event()

    def listen(_: Progress) -> None:
        heard.set()

    adding = threading.Thread(target=workspace.add_sample, args=(listen,))
    with workspace.assistant.foreground:
        adding.start()
        assert not heard.wait(1)
        assert workspace.library.count() == 0
    adding.join()
    assert heard.is_set()
    assert workspace.library.count() == workspace.index.count() == 24


def test_fetching_abstracts_is_stopped_while_an_answer_is_made(workspace: Workspace) -> None:
    with workspace.library.transaction() as connection:
        insert_papers(connection, [Paper("Bare", doi="10.1000/bare", id="doi:10.1000/bare")])
    stop, reports = threading.Event(), list[CompletionReport]()
    fetching = threading.Thread(target=lambda: reports.append(workspace.complete(stop=stop)), daemon=True)
    with workspace.assistant.foreground:
        fetching.start()
        stop.set()
        fetching.join(60)
        assert [(report.missing, report.asked, report.pending) for report in reports] == [(1, 0, 1)]


def test_checking_the_models_says_where_they_run(workspace: Workspace) -> None:
    chat, embedding = check_models(workspace.settings)
    assert chat["judges"].startswith("by its own yes and no")
    assert (chat["use"], embedding["use"]) == ("chat", "embedding")
    assert set(chat["placement"].values()) <= {"cpu", "cuda:0", "0"}
    assert chat["dtype"] in ("bfloat16", "float32")


def test_an_unknown_model_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    with (
        Workspace(settings.load(library=tmp_path / "library", model="no-such-model")) as opened,
        pytest.raises(ModelError, match=r"qwen2\.5-coder-1\.5b"),
    ):
        opened.language_model()


def test_the_wheel_holds_all_it_needs_and_works_from_any_folder(tmp_path: Path) -> None:
    options = ["--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    command = [sys.executable, "-m", "pip", "wheel", *options, "."]
    subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (wheel,) = tmp_path.glob("abstract_assistant-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (facts,) = (tmp_path / "site").glob("*.dist-info")
    assert (facts / "licenses" / "LICENSE").exists()
    scripts = configparser.ConfigParser()
    scripts.read(facts / "entry_points.txt", encoding="utf-8")
    assert set(scripts["console_scripts"]) == {
        "abstract-assistant",
        "assistant",
    }  # `uvx` runs one of the package's name
    assert sorted(path.name for path in (tmp_path / "site").iterdir() if path.suffix != ".dist-info") == [
        "assistant",
        "prompts",
        "vectorstore",
    ]
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import assistant, pathlib, prompts; from assistant.cli import main; from assistant.models import registry\n"
        "assert 'site' in assistant.__file__; from assistant.library import Library\n"
        "Library(pathlib.Path('here')).close()\n"
        "prompts.load('system'); registry.pinned_entries(); main.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "site"), "--library", "here", "papers", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[]\n", done.stderr
    for package in ("assistant", "prompts", "vectorstore"):
        here, there = ROOT / package, tmp_path / "site" / package
        assert (there / "py.typed").exists()
        assert contents(there) == contents(here)


def test_the_source_archive_holds_what_the_tests_need(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=True)
    (file,) = tmp_path.glob("abstract_assistant-*.tar.gz")
    with tarfile.open(file) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("abstract_assistant-*/")
    for folder in ("assistant", "benchmarks", "container", "docs", "examples", "prompts", "tests", "vectorstore"):
        assert contents(unpacked / folder) == contents(ROOT / folder)
    names = ("Makefile", "LICENSE", "README.md", "Dockerfile", ".dockerignore", "requirements.lock")
    assert all((unpacked / name).exists() for name in names)


def contents(folder: Path) -> set[str]:
    """Return the files in a folder and below, but for what Python compiles."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)) for path in files}
