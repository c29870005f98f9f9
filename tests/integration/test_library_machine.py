"""Random adds, updates, removals, reopenings and crashes, compared after each step with what plain dicts hold."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assistant.library import Library, Reading, curation
from assistant.search import PersistentIndex, embedding_queue
from assistant.types import Paper, Record
from tests.conftest import make_paper
from tests.fakes import HashingEmbedder, MemoryPlace

SOURCES = st.sampled_from(["one.bib", "two.ris"])
NUMBERS = st.integers(0, 7)
CONTENTS = st.dictionaries(NUMBERS, st.integers(0, 2), max_size=6)
"""Paper number -> the version of its abstract that a source gives."""

WORDS = ("adaptive", "bayesian", "causal", "diffusion", "ensemble", "factor", "graph", "hidden")


class KilledError(BaseException):
    """The program ends here; what has not been committed is lost."""


class KillingLibrary(Library):
    """Ends the program in the middle of its n-th transaction from now."""

    kill_in: int | None = None

    def transaction(self):  # type: ignore[no-untyped-def]
        library, inner = self, super().transaction()

        class Transaction:
            def __enter__(self):  # type: ignore[no-untyped-def]
                return inner.__enter__()

            def __exit__(
                self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
            ) -> bool | None:
                if kind is None and library.kill_in is not None:
                    library.kill_in -= 1
                    if library.kill_in <= 0:
                        kind, error = KilledError, KilledError()
                        inner.__exit__(kind, error, trace)
                        raise error
                return inner.__exit__(kind, error, trace)

        return Transaction()


def paper(number: int, version: int) -> Paper:
    """Return a paper whose abstract holds a word of its own and one of its version."""
    text = f"Words about {WORDS[number]} matters in version{version}x{number}."
    return make_paper(
        f"On {WORDS[number]} things", text, doi=f"10.1/{number}", authors=(f"Ada {WORDS[number].title()}",)
    )


class LibraryMachine(RuleBasedStateMachine):
    """The model: for each paper number, the (source, version) pairs that are said of it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.place = MemoryPlace()
        self.embedder = HashingEmbedder()
        self.told: dict[int, list[tuple[str, int]]] = {}
        self.library: KillingLibrary | None = None

    @initialize()
    def begin(self) -> None:
        self.open()

    def open(self) -> None:
        if self.library is not None:
            self.library.close()
        self.library = KillingLibrary(Path(self.folder.name))
        self.index = PersistentIndex(self.library, self.place)

    def read(self, source: str, contents: dict[int, int], *, to_the_end: bool) -> None:
        reading = Reading(self.library, source)
        reading.store([Record(paper(number, version), 1) for number, version in contents.items()])
        for number, version in contents.items():
            said = self.told.setdefault(number, [])
            if (source, version) not in said:
                said[:] = [entry for entry in said if entry[0] != source] + [(source, version)]
        if to_the_end:
            reading.finish()
            for number, said in self.told.items():
                if number not in contents and any(entry[0] != source for entry in said):
                    said[:] = [entry for entry in said if entry[0] != source]

    @rule(source=SOURCES, contents=CONTENTS)
    def add(self, source: str, contents: dict[int, int]) -> None:
        self.read(source, contents, to_the_end=True)

    @rule(source=SOURCES, contents=CONTENTS)
    def add_and_die_before_the_end(self, source: str, contents: dict[int, int]) -> None:
        self.read(source, contents, to_the_end=False)
        self.open()

    @rule(source=SOURCES, contents=st.dictionaries(NUMBERS, st.just(3), min_size=1, max_size=4))
    def die_while_a_batch_is_written(self, source: str, contents: dict[int, int]) -> None:
        reading = Reading(self.library, source)
        self.library.kill_in = 1
        try:
            reading.store([Record(paper(number, version), 1) for number, version in contents.items()])
        except KilledError:
            self.open()
        else:
            raise AssertionError("a kill in the middle of a transaction was survived")

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        curation.remove(self.library, [f"doi:10.1/{number}"])
        self.told.pop(number, None)

    @rule(source=SOURCES)
    def remove_source(self, source: str) -> None:
        curation.remove_sources(self.library, [source])
        for number in list(self.told):
            self.told[number] = [entry for entry in self.told[number] if entry[0] != source]
            if not self.told[number]:
                del self.told[number]

    @rule(transactions=st.integers(1, 6))
    def embed_and_die(self, transactions: int) -> None:
        self.library.kill_in = transactions
        try:
            embedding_queue.embed_pending(self.library, self.index, self.embedder)
            self.library.kill_in = None
        except KilledError:
            self.open()

    @rule()
    def embed(self) -> None:
        if not self.index.is_consistent():
            self.index.rebuild()
        embedding_queue.embed_pending(self.library, self.index, self.embedder)
        assert self.library.pending_count() == 0
        assert self.library.removed_ids(99) == []
        assert self.index.count() == len(self.told)

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.open()

    @invariant()
    def the_library_is_what_was_said(self) -> None:
        if self.library is None:
            return
        expected = {f"doi:10.1/{number}": paper(number, said[-1][1]) for number, said in self.told.items()}
        found = {one.id: one for one in self.library.papers()}
        assert {key: one.abstract for key, one in found.items()} == {key: one.abstract for key, one in expected.items()}
        assert self.library.count() == len(expected)
        for number, said in self.told.items():
            word = f"version{said[-1][1]}x{number}"
            assert [one for one, _ in self.library.text_search(word, 9)] == [f"doi:10.1/{number}"]

    @invariant()
    def every_kept_vector_finds_its_paper_and_no_other(self) -> None:
        if self.library is None:
            return
        kept = self.library.vectors([f"doi:10.1/{number}" for number in range(8)])
        assert set(kept) <= {f"doi:10.1/{number}" for number in self.told}
        for paper_id, vector in kept.items():
            number = int(paper_id.rpartition("/")[2])
            text = embedding_queue.embedded_text(paper(number, self.told[number][-1][1]))
            assert float(vector @ self.embedder.embed([text])[0]) > 0.99
            assert self.index.query(vector, 1)[0].id == paper_id

    def teardown(self) -> None:
        if self.library is not None:
            self.library.close()
        self.folder.cleanup()


LibraryMachine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLibraryMachine = LibraryMachine.TestCase
