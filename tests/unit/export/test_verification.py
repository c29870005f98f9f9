"""A bundle that nobody touched verifies; whatever is changed in it, or has changed in the library since, is named."""

import contextlib
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import catalogue
from assistant.answering import Assistant
from assistant.errors import BundleError
from assistant.export import bundles
from assistant.export.bundles import verification, verify
from assistant.export.bundles.verification import Report
from assistant.export.bundles.writing import ANSWER, BIBLIOGRAPHY, EVIDENCE, FILES, MANIFEST, PAGE, contents
from assistant.library import Library, curation, upsert
from assistant.types import (
    Answer,
    CataloguePlan,
    Coverage,
    Measure,
    ModelInfo,
    OverviewPlan,
    PaperFilter,
    Record,
    Sentence,
    Source,
    Span,
    Timings,
)
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, ScriptedModel
from tests.unit.answering.test_assistant import assistant_over
from tests.unit.export.test_bundles import BEAMS, PAPERS, assistant, filled, kept

__all__ = ["assistant"]

COUNT = "How many papers did Naibin Gu publish in 2024?"
PROSE = "On how many datasets was BeamLoRA tested?"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two bundles: of a count, and of prose."""
    folder = tmp_path_factory.mktemp("pristine")
    library, embedder = Library(folder / "library"), HashingEmbedder()
    model = ScriptedModel("BeamLoRA was tested on 12 datasets. Cranes eat cake on Sundays.")
    made = assistant_over(library, embedder, model, index=filled(library, embedder))
    kept(made, COUNT, folder / "count")
    kept(made, PROSE, folder / "prose")
    library.close()
    return folder


@pytest.fixture
def count(pristine: Path, tmp_path: Path) -> Path:
    """Return a bundle of a count, to be spoilt."""
    return Path(shutil.copytree(pristine / "count", tmp_path / "b"))


def sealed(folder: Path) -> None:
    """Write the digests of the files as they are now into the manifest, as somebody who hides a change would."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in FILES:
        content = (folder / name).read_bytes()
        manifest["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def edited(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    value = json.loads((folder / name).read_text())
    change(value)
    (folder / name).write_text(json.dumps(value))


def evidence(folder: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    lines = [json.loads(line) for line in (folder / EVIDENCE).read_text().splitlines()]
    (folder / EVIDENCE).write_text("".join(json.dumps(line) + "\n" for line in change(lines)))


def failures(report: Report, name: str = "") -> str:
    return " ".join(text for check in report.checks for text in check.failures if name in ("", check.name))


@pytest.mark.parametrize(
    "question",
    [
        COUNT,
        PROSE,
        "List the papers by Naibin Gu",
        "Who are the most frequent co-authors of Naibin Gu?",
        "How many papers are there per year?",
        "Which authors have the most papers?",
        "What is the newest paper by Gu?",
        "How many papers by Naibin Gu with Mia Wu are there?",
        "Who wrote BeamLoRA?",
        "How many papers by Barack Obama are there?",
        "How many papers did Naibin Gu publish in 1990?",
        "How many papers have released code?",
        "What can you do?",
    ],
)
def test_an_untouched_bundle_verifies(assistant: Assistant, tmp_path: Path, question: str) -> None:
    kept(assistant, question, tmp_path / "b")
    for library in (None, assistant.library):
        report = verify(tmp_path / "b", library)
        assert report.holds, failures(report)
    assert report.question == question


def test_a_bundle_of_a_paper_that_has_citation_keys_verifies(assistant: Assistant, tmp_path: Path) -> None:
    keyed = replace(PAPERS[0], citation_keys=("gu2025beam", "beams"))
    upsert.store(assistant.library, [Record(keyed, 1, "gu2025beam")], "keys.bib")
    kept(assistant, "Who wrote BeamLoRA?", tmp_path / "b")
    assert "gu2025beam" in (tmp_path / "b" / BIBLIOGRAPHY).read_text()
    report = verify(tmp_path / "b", assistant.library)
    assert report.holds, failures(report)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_a_missing_and_a_swapped_file_are_named(count: Path, name: str) -> None:
    file = count / name
    before = file.read_bytes()
    file.write_bytes(before.replace(b"2024", b"2023", 1))
    assert f"{name} is not as it was written" in failures(verify(count, None), "files")
    other = next(one for one in FILES if one != name)
    file.write_bytes((count / other).read_bytes())
    assert name in failures(verify(count, None), "files")
    file.unlink()
    assert f"{name} is missing" in failures(verify(count, None), "files")


def test_a_file_that_does_not_belong_there_is_named(count: Path) -> None:
    (count / "extra.md").write_text("x")
    assert "extra.md" in failures(verify(count, None), "files")


def _digit(folder: Path) -> None:
    for name in (ANSWER, PAGE, EVIDENCE):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("2 papers by Naibin Gu", "3 papers by Naibin Gu"))


def _count(folder: Path) -> None:
    edited(folder, ANSWER, lambda value: value.update(count=3))


def _removed(folder: Path) -> None:
    evidence(folder, lambda lines: [line for line in lines if line.get("title") != "Routing"])


def _added(folder: Path, *, is_counted: bool = False, is_his: bool = False) -> None:
    new = {"id": "title:new", "title": "New", "abstract": "Made up.", "doi": ""}

    def change(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        known = next(line for line in lines if line.get("title") == "Light-PEFT")
        return [*lines, {**known, **new, "authors": known["authors"] if is_his else ["Mia Wu"]}]

    evidence(folder, change)
    if is_counted:
        edited(folder, MANIFEST, lambda value: value["counted"].append("title:new"))


def _redated(folder: Path) -> None:
    evidence(
        folder, lambda lines: [{**line, "date": "2023"} if line.get("title") == "Routing" else line for line in lines]
    )


def _row(folder: Path) -> None:
    edited(folder, ANSWER, lambda value: value["rows"].pop())


def _only_page(folder: Path) -> None:
    (folder / PAGE).write_text((folder / PAGE).read_text().replace("## Sources", "Cranes eat cake.\n\n## Sources"))


def _replanned(folder: Path) -> None:
    edited(folder, ANSWER, lambda value: value["plan"]["filter"].update(since=2023, until=2023))


def _bibliography(folder: Path) -> None:
    text = (folder / BIBLIOGRAPHY).read_text()
    (folder / BIBLIOGRAPHY).write_text(text.replace("Routing", "Rooting"))


@pytest.mark.parametrize(
    ("tamper", "name", "said"),
    [
        (_digit, "counts", "3 papers by Naibin Gu"),
        (_count, "counts", "The answer counts 3; the bundle records 2 papers as counted."),
        (_removed, "quotes", "Routing"),
        (_removed, "counts", "the bundle records 1 paper"),
        (_added, "counts", "the answer neither cites nor counts it"),
        (partial(_added, is_counted=True), "counts", "what is recorded of it does not pass the filter"),
        (partial(_added, is_counted=True, is_his=True), "counts", "the bundle records 3 papers"),
        (_redated, "counts", "“Routing” is counted, and what is recorded of it does not pass"),
        (_row, "counts", "are not those of its rows"),
        (_only_page, "text", "Cranes eat cake."),
        (_replanned, "counts", "does not pass the filter"),
        (_replanned, "text", "another question or plan"),
        (_bibliography, "text", "Routing"),
    ],
)
def test_a_change_is_named_though_the_manifest_was_made_to_fit(
    count: Path, tamper: Callable[[Path], None], name: str, said: str
) -> None:
    tamper(count)
    assert not verify(count, None).holds
    sealed(count)
    report = verify(count, None)
    assert not failures(report, "files")
    assert said in failures(report, name), report


def test_a_changed_quotation_is_named(assistant: Assistant, tmp_path: Path) -> None:
    kept(assistant, PROSE, tmp_path / "b")
    for name in (ANSWER, EVIDENCE, PAGE):
        text = (tmp_path / "b" / name).read_text()
        (tmp_path / "b" / name).write_text(text.replace("It was tested on 12", "It was tested on 99", 1))
    sealed(tmp_path / "b")
    found = failures(verify(tmp_path / "b", None))
    assert "12" in found or "99" in found


def test_a_ranking_with_another_number_is_named(assistant: Assistant, tmp_path: Path) -> None:
    kept(assistant, "Who are the most frequent co-authors of Naibin Gu?", tmp_path / "b")
    edited(tmp_path / "b", ANSWER, lambda value: value["rows"][0].update(papers=9))
    sealed(tmp_path / "b")
    assert "The row of “Peng Fu”" in failures(verify(tmp_path / "b", None), "counts")


def test_a_count_whose_plan_is_of_another_kind_is_named(assistant: Assistant, tmp_path: Path) -> None:
    kept(assistant, "Who are the most frequent co-authors of Naibin Gu?", tmp_path / "b")
    edited(tmp_path / "b", ANSWER, lambda value: value["plan"].update(kind="passages", subject="co-authors"))
    sealed(tmp_path / "b")
    assert "its plan is not" in failures(verify(tmp_path / "b", None), "counts")


MEASURES: tuple[Measure, ...] = tuple(measure for measure in get_args(Measure) if measure != "profile")
ASKED: tuple[tuple[PaperFilter, dict[str, Any]], ...] = (
    (PaperFilter(), {}),
    (PaperFilter(author="naibin-gu"), {"limit": 1}),
    (PaperFilter(any_authors=("naibin-gu", "Wei Wang"), most_authors=2), {"ascending": True}),
    (PaperFilter(since=2024, without_words=("cranes",)), {"place": 1}),
)


def answered(library: Library, plan: CataloguePlan) -> Answer:
    found = catalogue.answer(library, plan)
    papers = library.papers_by_id(found.paper_ids)
    return Answer(
        question=plan.question,
        standalone_question=plan.question,
        kind="catalogue",
        text=found.text,
        refused=False,
        reason="",
        plan=plan,
        sentences=found.sentences,
        sources=tuple(Source.of(number, paper) for number, paper in enumerate(papers, 1)),
        rows=found.rows,
        count=found.count,
        timings=Timings(0.0, None, 0.0),
    )


def forged(folder: Path, change: Callable[[Any], None]) -> None:
    """Change the answer and write all other files anew, so that they say the same as before but for the change."""
    edited(folder, ANSWER, change)
    manifest = json.loads((folder / MANIFEST).read_text())
    bundle = verification._read(folder, manifest)
    texts = contents(bundle.answer, bundle.papers, len(bundle.counted), manifest["made"], manifest["library"]["papers"])
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    sealed(folder)


def _next_number(found: re.Match[str]) -> str:
    return f"{int(found[1]) + 1} {found[2]}"


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("chosen", "part"), ASKED)
def test_an_exact_answer_of_every_kind_verifies_and_another_number_in_it_is_found(
    assistant: Assistant, tmp_path: Path, measure: Measure, chosen: PaperFilter, part: dict[str, Any]
) -> None:
    answer = answered(assistant.library, CataloguePlan(question="q", filter=chosen, measure=measure, **part))
    bundles.write(answer, assistant.library, tmp_path / "b")
    for library in (None, assistant.library):
        report = verify(tmp_path / "b", library)
        assert report.holds, failures(report)
    for place, row in enumerate(answer.rows):
        number = next((name for name in ("papers", "authors_count") if name in row), "")
        if number:
            shutil.copytree(tmp_path / "b", tmp_path / f"row {place}")
            forged(tmp_path / f"row {place}", lambda value: value["rows"][place].update({number: row[number] + 1}))  # noqa: B023
            assert "The row of" in failures(verify(tmp_path / f"row {place}", None), "counts")

    def raised(value: Any) -> None:
        value["count"] += 1

    shutil.copytree(tmp_path / "b", tmp_path / "raised")
    forged(tmp_path / "raised", raised)
    assert not verify(tmp_path / "raised", assistant.library).holds
    if measure not in ("per_author", "per_first_author", "per_last_author", "coauthors"):
        assert "The answer counts" in failures(verify(tmp_path / "raised", None), "counts")
    if measure in ("authors_of", "details"):
        return
    for place, sentence in enumerate(answer.sentences):
        text = re.sub(
            r"(\d+) (papers? (?:by|in|that|from)|papers?$|papers? \(|authors?$)", _next_number, sentence.text, count=1
        )
        if text != sentence.text and (place == 0 or text.startswith(("- ", "1. "))):
            shutil.copytree(tmp_path / "b", tmp_path / f"line {place}")

            def restated(value: Any, place: int = place, old: str = sentence.text, new: str = text) -> None:
                value["sentences"][place]["text"] = new
                value["text"] = value["text"].replace(old, new)

            forged(tmp_path / f"line {place}", restated)
            assert failures(verify(tmp_path / f"line {place}", None), "counts"), text


def test_what_a_person_decided_about_names_holds_in_the_bundle(
    library: Library, embedder: HashingEmbedder, tmp_path: Path
) -> None:
    from assistant.library.authors import curation as author_curation
    from assistant.library.authors import lookup

    papers = (
        make_paper("One", "About one.", authors=("Wei Wang",)),
        make_paper("Two", "About two.", authors=("Wei Wang",)),
        make_paper("Three", "About three.", authors=("Vivian Wang",)),
    )
    index = filled(library, embedder, papers)
    with library.transaction() as connection:
        one, other = (author_curation.named(connection, name) for name in ("Wei Wang", "Vivian Wang"))
        author_curation.merge(connection, one, other)
        assert len(lookup.find(connection, "wei-wang")[0].paper_ids) == 3
    answer = kept(
        assistant_over(library, embedder, index=index), "How many papers by Vivian Wang are there?", tmp_path / "b"
    )
    assert answer.count == 3
    report = verify(tmp_path / "b", None)
    assert report.holds, failures(report)


def test_what_has_changed_in_the_library_is_named(assistant: Assistant, tmp_path: Path) -> None:
    kept(assistant, COUNT, tmp_path / "b")
    library = assistant.library
    more = make_paper("Newer", "About newer.", authors=("Naibin Gu",), date="2024-09")
    upsert.store(library, [Record(more, 1)], "later")
    report = verify(tmp_path / "b", library)
    assert "It was 2 then, it is 3 now." in failures(report, "library")
    assert verify(tmp_path / "b", None).holds
    curation.remove(library, [curation.named(library, "Routing").id])
    assert "“Routing”) is not in the library any more" in failures(verify(tmp_path / "b", library), "library")


def test_a_quotation_that_a_new_abstract_no_longer_holds_is_named(assistant: Assistant, tmp_path: Path) -> None:
    kept(assistant, PROSE, tmp_path / "b")
    changed = replace(PAPERS[0], abstract=BEAMS.replace("12", "13"))
    upsert.store(assistant.library, [Record(changed, 1)], "x")
    found = failures(verify(tmp_path / "b", assistant.library), "library")
    assert "The abstract of source [1] is a different one now." in found
    assert "is not in the abstract of source [1] now" in found


def test_papers_are_found_in_a_library_that_calls_them_otherwise(assistant: Assistant, tmp_path: Path) -> None:
    kept(assistant, COUNT, tmp_path / "b")
    with_ids = [replace(PAPERS[1], arxiv_id="2406.03792"), *PAPERS[2:], PAPERS[0]]
    other = Library(tmp_path / "other")
    upsert.store(other, [Record(paper, 1) for paper in with_ids], "elsewhere")
    report = verify(tmp_path / "b", other)
    other.close()
    assert report.holds, failures(report)


def overview(library: Library) -> Answer:
    papers = library.papers()
    sources = tuple(
        Source(number, one.id, one.title, one.authors, one.date, one.url, one.abstract)
        for number, one in enumerate(papers, 1)
    )
    dates = sorted(paper.date for paper in papers)
    return Answer(
        question="Summarise the papers",
        standalone_question="Summarise the papers",
        kind="synthesis",
        text=f"{papers[0].title} says so. [1]",
        refused=False,
        reason="",
        plan=OverviewPlan(question="Summarise the papers"),
        sentences=(
            Sentence(f"{papers[0].title} says so.", "exact", (1,), (Span(1, papers[0].abstract),)),
        ),
        sources=sources[:2],
        rows=({"theme": "All", "papers": len(papers), "paper_ids": [paper.id for paper in papers]},),
        count=len(papers),
        coverage=Coverage(len(papers), len(papers), dates[0], dates[-1], 0, 0),
        model=ModelInfo("scripted", "cpu", "none"),
        timings=Timings(0.0, None, 0.0),
    )  # fmt: skip


def test_an_overview_is_kept_with_all_papers_and_its_numbers_are_checked(assistant: Assistant, tmp_path: Path) -> None:
    bundles.write(overview(assistant.library), assistant.library, tmp_path / "b")
    report = verify(tmp_path / "b", assistant.library)
    assert report.holds, failures(report)
    evidence(tmp_path / "b", lambda lines: [line for line in lines if line.get("title") != "Cranes"])
    sealed(tmp_path / "b")
    found = failures(verify(tmp_path / "b", None), "counts")
    assert "The answer counts 4; the bundle records 3 papers as counted." in found
    assert "The row of “All” is not what is recorded of its papers." in found


def test_an_overview_that_hides_how_many_papers_have_no_abstract_does_not_hold(
    assistant: Assistant, tmp_path: Path
) -> None:
    library = assistant.library
    bare = replace(make_paper("Tides alone"), abstract="")
    upsert.store(library, [Record(bare, 1)], "titles")
    answer = overview(library)
    assert answer.coverage
    size = answer.coverage.matching
    for coverage, holds in (
        (replace(answer.coverage, read=size - 1, without_abstract=1), True),
        (answer.coverage, False),
    ):
        folder = tmp_path / str(holds)
        first = next(source for source in answer.sources if source.abstract)
        said = Sentence(f"{first.title} says so.", "exact", (first.number,), (Span(first.number, first.abstract),))
        text = f"{said.text} [{first.number}]"
        shown = tuple(source for source in answer.sources if source.number <= max(2, first.number))
        told = replace(answer, coverage=coverage, sentences=(said,), sources=shown, text=text)
        bundles.write(told, library, folder)
        report = verify(folder, library)
        assert report.holds is holds, failures(report)
    assert "The overview says that 0 papers have no abstract; 1 have none." in failures(report, "counts")


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "b/../../x", "answer.md/../../x", "\x1b[2J"])
def test_a_manifest_that_leads_elsewhere_is_not_followed(count: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    edited(count, MANIFEST, lambda value: value["sha256"].update({name: digest}))
    assert "is not part of a bundle" in failures(verify(count, None), "files")


def test_a_link_out_of_the_folder_is_not_followed(count: Path, tmp_path: Path) -> None:
    (count / PAGE).rename(tmp_path / "page.md")
    (count / PAGE).symlink_to(tmp_path / "page.md")
    assert f"{PAGE} is not an ordinary file" in failures(verify(count, None), "files")


def test_what_is_no_bundle_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not a bundle"):
        verify(tmp_path / "nowhere", None)
    with pytest.raises(BundleError, match="not a bundle"):
        verify(tmp_path, None)
    for text in (
        "",
        "{",
        "[]",
        '{"format": "other"}',
        '{"format": "abstract-assistant answer bundle", "version": 99, "sha256": {"a": "b"}}',
        "[" * 100_000,
    ):
        (tmp_path / MANIFEST).write_text(text)
        with pytest.raises(BundleError):
            verify(tmp_path, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [each for key, one in inner for each in _paths(one, (*path, key))]


def _put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from([ANSWER, EVIDENCE, MANIFEST]), new=JSON)
def test_a_value_of_another_kind_is_reported_and_never_a_traceback(
    pristine: Path, data: st.DataObject, name: str, new: Any
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(pristine / "count", Path(place) / "b"))
        lines = (folder / name).read_text().splitlines()
        values = [json.loads(line) for line in lines] if name == EVIDENCE else json.loads("".join(lines))
        _put(values, data.draw(st.sampled_from(_paths(values))), new)
        written = [json.dumps(value) for value in values] if name == EVIDENCE else [json.dumps(values)]
        (folder / name).write_text("\n".join(written) + "\n")
        if name != MANIFEST:
            sealed(folder)
            assert json.dumps(verify(folder, None).to_json())
            return
        with contextlib.suppress(BundleError):
            json.dumps(verify(folder, None).to_json())


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"null\n", b"[" * 50_000, b'{"kind": "paper"}\n'])
@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_reported(count: Path, name: str, content: bytes) -> None:
    (count / name).write_bytes(content)
    sealed(count)
    assert not verify(count, None).holds


def test_a_file_that_is_too_large_is_not_read(count: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "LARGEST_FILE", 10 + (count / MANIFEST).stat().st_size)
    (count / EVIDENCE).write_text("{}\n" * 10_000)
    assert "larger than any" in failures(verify(count, None))


def test_cells_of_a_comparison_are_checked(assistant: Assistant, tmp_path: Path) -> None:
    row = {"paper_id": "x", "number": 1, "title": "BeamLoRA", "what": BEAMS, "limits": None, "paper_ids": ["x"]}
    made = assistant.ask(PROSE).answer()
    answer = replace(made, kind="comparison", rows=(row, {**row, "how": "It eats cake."}))
    bundles.write(answer, assistant.library, tmp_path / "b")
    found = failures(verify(tmp_path / "b", None), "quotes")
    assert "“It eats cake.” does not stand in the abstract of source [1]." in found
    assert "beam" not in found


def test_a_report_names_so_many_failures_and_counts_the_rest() -> None:
    check = verification._check("x", "y", [f"No {number}." for number in range(80)])
    assert len(check.failures) == 51
    assert check.failures[-1] == "30 more of this kind."
