"""The command line with the two models replaced by small stand-ins; everything between is real."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant import wiring, workspace
from assistant.answering import AnswerStream, Foreground
from assistant.cli import main, render
from assistant.library import Ownership
from assistant.types import Answer, AnswerFinished, Message, Paper, Record, TextProduced, Timings, Waiting
from tests.conftest import in_chroma
from tests.fakes import HashingEmbedder, ScriptedModel, TrustingJudge

BIB = """@article{beam, title = {BeamLoRA}, author = {Gu, Naibin and Fu, Peng}, year = 2025, month = feb,
  abstract = {BeamLoRA treats each adapter as a beam. It was tested on 12 datasets.}}
@article{light, title = {Light-PEFT}, author = {Gu, Naibin}, year = 2024,
  abstract = {Light-PEFT prunes the foundation model early.}}
@article{bare, title = {Nothing else here}}
"""
TITLES = "@article{bare, title = {No abstract here}, author = {Fu, Peng}, year = 2023}\n"


class CommandLine:
    """Runs commands in this process, as the shell would see them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.library = folder / "library"
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self._monkeypatch.setattr(sys, "argv", ["assistant", "--library", str(self.library), *arguments])
        with pytest.raises(SystemExit) as ended:
            main.main()
            raise SystemExit(0)
        self.stdout, self.stderr = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, self.stderr
        return self.stdout

    def json(self, *arguments: str):  # type: ignore[no-untyped-def]
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    scripted = ScriptedModel(*["BeamLoRA treats each adapter as a beam."] * 5)
    monkeypatch.setattr(workspace.Workspace, "_load_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr(workspace.Workspace, "_load_language_model", lambda self: scripted)
    monkeypatch.setattr(workspace, "Judge", lambda *_: TrustingJudge())
    return scripted


@pytest.fixture
def run(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    model: ScriptedModel,
    index_in_memory: None,
) -> CommandLine:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "papers.bib").write_text(BIB)
    return CommandLine(tmp_path, capsys, monkeypatch)


@pytest.fixture
def filled(run: CommandLine) -> CommandLine:
    run("add", "papers.bib")
    return run


def test_add_prints_one_object_and_says_what_failed(run: CommandLine) -> None:
    report = run.json("add", "papers.bib")
    kept = Path(report.pop("report_file"))
    assert json.loads(kept.read_text().splitlines()[0]) == report["failed"][0]
    assert [kind["count"] for kind in report.pop("kinds")] == [1]
    assert {**report, "failed": len(report["failed"])} == {
        "added": 2,
        "updated": 0,
        "unchanged": 0,
        "failed": 1,
        "pending": 0,
        "sources": [{"source": "papers.bib", "added": 2, "updated": 0, "unchanged": 0, "failed": 1}],
        "without_abstract": 0,
        "completable": 0,
        "notices": [],
    }
    assert "abstract" in report["failed"][0]["reason"]
    assert run.json("add", "papers.bib")["unchanged"] == 2


def test_add_of_nothing_readable_ends_with_1_and_a_reason(run: CommandLine) -> None:
    run("add", "missing.bib", code=1)
    assert "missing.bib" in run.stderr
    run("add", code=2)


def test_totals_come_first_then_each_kind_of_problem_once_and_where_all_are(run: CommandLine) -> None:
    Path("more.bib").write_text("".join(f"@article{{bad{number}, year = 2020}}\n" for number in range(9)))
    run("add", "papers.bib", "more.bib")
    assert run.stdout.splitlines()[0] == "2 records read: 2 added, 0 updated, 0 unchanged; 10 problems."
    kinds = list(filter(None, run.stderr.splitlines()))
    assert kinds[0].startswith("9 times, first in more.bib, line 1: “bad0” has no title")
    assert kinds[1].startswith("papers.bib, line 5: “Nothing else here” has a title and nothing else")
    assert kinds[2].startswith("All 10 problems are in ")
    run("add", "papers.bib", "more.bib", "--report", "mine.jsonl", "--json")
    assert len(Path("mine.jsonl").read_text().splitlines()) == 11
    run("add", "papers.bib", "--report", "papers.bib", code=2)
    assert Path("papers.bib").read_text() == BIB


def test_a_run_that_is_stopped_says_what_it_did(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, **_: object) -> Iterator[Record]:
        yield Record(Paper("One", "All about one."), 1)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("assistant.ingestion.readers.read", interrupted)
    run("add", "papers.bib", "other.bib", code=130)
    assert run.stdout.startswith("1 record read: 1 added, 0 updated, 0 unchanged; 1 paper of the library not indexed")
    assert "papers.bib: Stopped; what was read of it is in the library." in run.stderr
    assert "other.bib: Stopped before this was read." in run.stderr


def test_papers_without_an_abstract_are_counted_listed_found_and_shown_as_such(filled: CommandLine) -> None:
    Path("titles.bib").write_text(TITLES)
    filled("add", "titles.bib")
    assert "1 paper has no abstract and is known by title only." in filled.stdout
    assert [paper["title"] for paper in filled.json("papers", "--author", "peng fu")] == [
        "BeamLoRA",
        "No abstract here",
    ]
    assert [paper["title"] for paper in filled.json("papers", "--no-abstract")] == ["No abstract here"]
    assert len(filled.json("papers", "--abstract")) == 2
    filled("papers")
    assert filled.stdout.count("no abstract") == 1
    filled("paper", "No abstract here")
    assert "no abstract" in filled.stdout
    assert filled.json("search", "no abstract here", "-k", "1")[0]["title"] == "No abstract here"
    assert "No abstract here" in filled("export", "--format", "markdown", "--no-abstract")
    assert "*(no abstract)*" in filled.stdout
    answer = filled.json("ask", "How many papers are there?")
    assert answer["count"] == 3


def test_an_odd_encoding_is_said_aloud_beside_the_json(run: CommandLine) -> None:
    text = "@article{a, title={Über Größe}, author={Jürgen Müller}, year=2001, abstract={Maße für Bäume und Straßen.}}"
    Path("latin.bib").write_bytes(text.encode("latin-1"))
    assert run.json("add", "latin.bib")["added"] == 1
    assert "not UTF-8" in run.stderr


def test_papers_are_listed_and_filtered(filled: CommandLine) -> None:
    assert [paper["title"] for paper in filled.json("papers")] == ["BeamLoRA", "Light-PEFT"]
    assert [paper["title"] for paper in filled.json("papers", "--author", "peng fu")] == ["BeamLoRA"]
    assert [paper["title"] for paper in filled.json("papers", "--until", "2024")] == ["Light-PEFT"]
    assert "2 papers" in filled("papers")
    filled("papers", "--year", "2024", "--since", "2023", code=2)


def test_papers_can_be_listed_while_another_process_owns_the_library(filled: CommandLine) -> None:
    owner = Ownership(filled.library)
    assert len(filled.json("papers")) == 2
    filled("ask", "What is BeamLoRA?", code=1)
    assert "in use by process" in filled.stderr
    owner.close()


def test_ask_prints_the_answer_and_the_sources_it_cites(filled: CommandLine) -> None:
    text = filled("ask", "What is BeamLoRA?")
    assert "BeamLoRA treats each adapter as a beam. [1]" in text
    assert "[1] BeamLoRA. Naibin Gu, Peng Fu. 2025-02" in text


def test_ask_counts_without_a_model_and_says_how_it_read_the_question(filled: CommandLine) -> None:
    assert "2 papers by Naibin Gu. [1][2]" in filled("ask", "number of papers by Naibin Gu")
    assert "Look up how many papers there are: papers by Naibin Gu." in filled.stderr
    answer = filled.json("ask", "What is BeamLoRA?", "--as", "catalogue")
    assert (answer["kind"], answer["count"], answer["plan"]["measure"]) == ("catalogue", 1, "papers")


def test_ask_shows_what_was_withheld_on_request(filled: CommandLine, model: ScriptedModel) -> None:
    model.replies[0] = "BeamLoRA treats each adapter as a beam. It has 77 beams."
    assert "77" not in filled("ask", "What is BeamLoRA?")
    assert "1 sentence withheld" in filled.stderr
    model.replies[0] = "BeamLoRA treats each adapter as a beam. It has 77 beams."
    filled("ask", "What is BeamLoRA?", "--withheld")
    assert "withheld: It has 77 beams." in filled.stderr


def test_ctrl_c_stops_an_answer_and_shows_what_was_written(
    filled: CommandLine, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(ScriptedModel):
        def generate(self, messages: Sequence[Message], **options: Any) -> Iterator[str]:
            for number, word in enumerate(super().generate(messages, **options)):
                yield word
                if number == 8:
                    signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    interrupted = Interrupted("BeamLoRA treats each adapter as a beam. " * 50)
    monkeypatch.setattr(workspace.Workspace, "_load_language_model", lambda self: interrupted)
    text = filled("ask", "What is BeamLoRA?")
    assert text.startswith("BeamLoRA treats each adapter as a beam. [1]")
    assert text.splitlines()[0].count("beam") == 1
    assert "stopped by the reader" in filled.stderr
    assert signal.getsignal(signal.SIGINT) is before


def test_how_many_answers_come_before_is_shown_above_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    live = SimpleNamespace(update=lambda text: shown.append(text.plain))
    monkeypatch.setattr(render, "Live", lambda *_, **__: nullcontext(live))
    answer = Answer(
        question="q",
        standalone_question="q",
        kind="about",
        text="Beams.",
        refused=False,
        reason="",
        timings=Timings(0.0, None, 0.0),
    )
    events = [Waiting(2), TextProduced("Beams."), Waiting(1), Waiting(0), AnswerFinished(answer)]
    render.follow(AnswerStream(iter(events), threading.Event(), Foreground()))
    assert shown == [
        "2 answers before yours ...",
        "Beams.",
        "1 answer before yours ...\n\nBeams.",
        "Reading ...\n\nBeams.",
    ]


def test_ask_from_a_file_answers_in_order_and_asks_the_history_first(filled: CommandLine, model: ScriptedModel) -> None:
    lines = [
        {"id": "b", "q": "How was it tested?", "history": ["What is BeamLoRA?"]},
        {"id": "a", "q": "What is Light-PEFT?"},
    ]
    Path("q.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    answers = [json.loads(line) for line in filled("ask", "--from", "q.jsonl", "--json").splitlines()]
    assert [answer["id"] for answer in answers] == ["b", "a"]
    assert len(model.prompts) == 3


def test_a_bad_question_in_a_file_is_refused_and_the_rest_goes_on(filled: CommandLine) -> None:
    Path("q.jsonl").write_text('{"id": 1, "q": " "}\n{"id": 2, "q": "What is BeamLoRA?"}\n')
    answers = [json.loads(line) for line in filled("ask", "--from", "q.jsonl", "--json").splitlines()]
    assert [(answer["id"], answer["refused"]) for answer in answers] == [("1", True), ("2", False)]
    assert "empty" in answers[0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ask", ""], 2, "QUESTION"),
        (["ask", "x" * 100_000], 1, "100,000 characters"),
        (["ask", "--from", "missing.jsonl"], 2, "cannot be read"),
        (["ask", "--from", "papers.bib"], 2, "JSON Lines"),
        (["search", "x", "-k", "0"], 2, ""),
        (["nonsense"], 2, ""),
        (["models", "get", "no-such-model"], 1, "no-such-model"),
    ],
)
def test_errors_are_for_people(filled: CommandLine, arguments: list[str], code: int, message: str) -> None:
    filled(*arguments, code=code)
    assert message in " ".join(filled.stderr.split())
    assert "Traceback" not in filled.stderr


@pytest.mark.parametrize(
    "arguments", [["ask", "x" * 5000], ["search", "x" * 5000], ["ask", "--from", "no"], ["search", "--from", "no"]]
)
def test_a_question_that_cannot_be_asked_is_refused_before_anything_is_opened(
    run: CommandLine, arguments: list[str]
) -> None:
    run(*arguments, code=2 if "--from" in arguments else 1)
    assert not run.library.exists()


def test_search_prints_a_trec_run_with_the_sources_own_ids(filled: CommandLine) -> None:
    Path("q.jsonl").write_text('{"id": "7", "text": "pruning the foundation model"}\n')
    first = filled("search", "--from", "q.jsonl", "--trec", "-k", "100").splitlines()[0].split()
    assert first[:4] == ["7", "Q0", "light", "1"]
    assert filled.json("search", "adapter as a beam", "-k", "1")[0]["title"] == "BeamLoRA"


def test_another_embedding_model_is_refused_until_the_library_is_reindexed(
    filled: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = HashingEmbedder()
    other.fingerprint = "another"  # type: ignore[misc]
    monkeypatch.setattr(workspace.Workspace, "_load_embedder", lambda _: other)
    filled("ask", "What treats each adapter as a beam?", code=1)
    assert "assistant reindex" in " ".join(filled.stderr.split())
    filled("reindex")
    assert "BeamLoRA" in filled("ask", "What treats each adapter as a beam?")


@pytest.mark.parametrize(
    ("damage", "command"),
    [("deleted", ("add", "papers.bib")), ("broken", ("reindex",)), ("broken", ("check", "--mend"))],
)
def test_a_lost_index_changes_no_answer_and_is_made_anew(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, damage: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(wiring, "index_place", in_chroma)
    run("add", "papers.bib")
    (former,) = run.library.glob("index-*")
    if damage == "deleted":
        shutil.rmtree(former)
    else:
        (former / "chroma.sqlite3").write_bytes(b"broken" * 1000)
    assert run.json("search", "adapter as a beam")[0]["title"] == "BeamLoRA"
    run("check", code=1)
    run(*command)
    run("check")
    (fresh,) = run.library.glob("index-*")
    assert fresh != former


HEAVY = (
    *("torch", "transformers", "sentence_transformers", "chromadb", "gradio", "fastapi", "pandas", "sklearn", "scipy"),
    *("altair", "lxml", "httpx2", "pylatexenc", "snowballstemmer"),
)
"""Libraries that a list and a count do without: each takes a tenth of a second to import, some take seconds."""


def imported(folder: Path, names: Sequence[str], *arguments: str) -> list[str]:
    """Run a command in a process of its own, and return which of the names it imported."""
    program = (
        "import json, sys\n"
        "from assistant.cli import main\n"
        f"sys.argv = ['assistant', *{list(arguments)!r}]\n"
        "if 'ask' in sys.argv:\n"
        "    from assistant import workspace\n"
        "    from tests.fakes import HashingEmbedder\n"
        "    workspace.Workspace._load_embedder = lambda _: HashingEmbedder()\n"
        "try: main.main()\nexcept SystemExit as ended: assert not ended.code\n"
        f"print(json.dumps([name for name in {list(names)!r} if name in sys.modules]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=folder, env=environment
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("argument", ["--help", "--version", "version"])
def test_help_and_version_need_no_heavy_library(tmp_path: Path, argument: str) -> None:
    assert imported(tmp_path, (*HEAVY, "sqlalchemy", "numpy"), argument) == []


@pytest.mark.parametrize(
    "command", [("papers",), ("paper", "BeamLoRA"), ("authors",), ("ask", "How many papers are there?")]
)
def test_a_list_and_a_count_need_no_heavy_library(
    filled: CommandLine, tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert imported(tmp_path, HEAVY, "--library", str(filled.library), *command) == []
