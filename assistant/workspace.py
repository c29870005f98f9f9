"""The workspace: an open library and everything that works on it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import date
from functools import cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from assistant import stopping, wiring
from assistant.analysis import trends
from assistant.analysis.summaries import BackgroundReading, reading_ahead
from assistant.analysis.trends import Trends
from assistant.answering import AnswerStream, Assistant, Foreground, ModelQueue, writing
from assistant.errors import AssistantError, EmbedderMismatch, IndexFailed, LibraryError, ModelError, UsageError
from assistant.grounding import Judge, provable, support, verifier
from assistant.library import CheckReport, Conversations, Finding, Library, Ownership, curation, integrity, make_folder
from assistant.planning import Gazetteer, KnownReader, LabelledVectors, Planner, Reader, WrittenReader
from assistant.protocols import Embedder, LanguageModel, Vectors
from assistant.search import FINGERPRINT, PersistentIndex, Retriever, embedding_queue, topics
from assistant.settings import Settings, load, other_host
from assistant.types import (
    Answer,
    CompletionReport,
    IngestionReport,
    Length,
    ModelState,
    Notice,
    OverviewPlan,
    Paper,
    PaperFilter,
    Passage,
    Plan,
    PlanKind,
    Progress,
    ProgressListener,
    ReaderItem,
    SearchResult,
    Sentence,
    Source,
    Turn,
)
from vectorstore import VectorIndexError

if TYPE_CHECKING:
    from assistant.ingestion.remote import AuthorCandidate, Reference

_FEW = 64
"""Papers without a vector that a question waits for: a second or so."""

_LOOK = 0.1
"""Seconds between two looks at whether an answer is still being made."""


class Workspace:
    """One open library with everything that works on it. Close it, or use it in a `with`.

    The owner's lock is taken before the library is opened and migrated. Models load when they are needed first, or
    ahead of time in the background with `warm_up`; one after the other, because transformers changes torch's default
    number format while it reads weights. Raises LibraryLocked, LibraryError.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        make_folder(settings.library)
        with ExitStack() as opened:
            opened.enter_context(closing(Ownership(settings.library)))
            self.library = opened.enter_context(closing(Library(settings.library)))
            self.index = opened.enter_context(closing(PersistentIndex(self.library, wiring.index_place(settings))))
            conversations = Conversations(self.library)
            conversations.interrupted()
            conversations.purge()
            self._opened = opened.pop_all()
        self._making = threading.RLock()
        self._reading_weights = threading.Lock()
        self._adding = threading.Lock()
        self._closed = threading.Event()
        self._embedder: Embedder | None = None
        self._loading: Future[LanguageModel] | None = None
        self._changing = ""
        self._unchanged = ""
        self._checked = _CheckedEmbedder(self)
        self._reading_ahead = BackgroundReading(self._read_unread, lambda: self.assistant.foreground.is_busy)
        retriever = Retriever(self.library, self.index, self._checked)
        names = Gazetteer(self.library)
        vectors = LabelledVectors(self.library, self._checked)
        written = WrittenReader(self._checked, self.language_model, vectors)
        reader = Reader(self.language_model, wiring.probes_made(settings), written)
        planner = Planner(
            self.library,
            KnownReader(self._checked, reader, names, vectors),
            names,
            retriever.search,
            in_english=self._in_english,
        )
        self.assistant = Assistant(
            library=self.library,
            planner=planner,
            retriever=retriever,
            judge=Judge(self._checked.embed, settings.sureness, wiring.probes_made(settings)),
            warm_up=self.warm_up,
            language_model=self.language_model,
            passages=settings.passages,
            prompt_tokens=settings.prompt_tokens,
            answer_tokens=settings.answer_tokens,
            probes=wiring.probes_made(settings),
            foreground=Foreground(self._reading_ahead.leave),
            queue=ModelQueue(settings.llm_at_once if settings.llm_url else 1),
            hosts=self._hosts,
        )

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index, the library and its lock."""
        self._closed.set()
        self._reading_ahead.close()
        self._opened.close()

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        filter: PaperFilter = PaperFilter(),
        kind: PlanKind | None = None,
        plan: Plan | None = None,
        anyway: bool = False,
        asker: str = "",
    ) -> AnswerStream:
        """Answer a question: iterate over the stream for its events, or call `answer()` on it for the whole.

        `history` are the turns before (`Answer.turn()`), `filter` the papers to keep to. See `Assistant.ask`. Both
        models are loaded when they are first needed; a count that is worded like a labelled request needs the embedder
        only.
        Raises QuestionError, EmbedderMismatch, IndexFailed.
        """
        self.embed_few()
        return self.assistant.ask(question, history, filter=filter, kind=kind, plan=plan, anyway=anyway, asker=asker)

    def ask_after(
        self, question: str, earlier: Sequence[str], *, filter: PaperFilter = PaperFilter(), question_id: str = ""
    ) -> Answer:
        """Ask the earlier questions first, keep their answers as context, and return the answer to the last one.

        A question that cannot be asked gets a refusal that says why.
        """
        self.embed_few()
        return self.assistant.ask_after(question, earlier, filter, question_id)

    def search(self, query: str, limit: int = 10, *, filter: PaperFilter = PaperFilter()) -> tuple[SearchResult, ...]:
        """Return the papers nearest to a query, by meaning and by words, the best first."""
        passages = self.nearest(query, limit, filter)
        papers = self.library.papers_by_id([passage.paper_id for passage in passages])
        return tuple(SearchResult(*pair) for pair in zip(papers, passages, strict=True))

    def nearest(self, text: str, limit: int, filter: PaperFilter) -> Sequence[Passage]:
        """Return the passages nearest to a text, the best first."""
        self.embed_few()
        return self.assistant.retriever.search(text, limit, filter)

    def related(self, paper_id: str, limit: int) -> list[Paper]:
        """Return the papers nearest in meaning to a paper, the nearest first; none while it waits for its vector.

        Raises IndexFailed.
        """
        vector = self.library.vectors([paper_id]).get(paper_id)
        if vector is None:
            return []
        try:
            near = self.index.query(vector, limit + 1)
        except VectorIndexError as error:
            raise IndexFailed(error) from error
        return self.library.papers_by_id([found for found, _ in near if found != paper_id][:limit])

    def summarize(
        self,
        *,
        author: str = "",
        topic: str = "",
        paper: str = "",
        length: Length = "medium",
        filter: PaperFilter = PaperFilter(),
    ) -> AnswerStream:
        """Summarise every paper of an author, on a topic, of a filter, or one `paper` (an id, a DOI, a whole title).

        Raises UsageError where a paper is given together with anything else, or cannot be told from others.
        """
        if author:
            filter = replace(filter, author=author)
        if paper and (topic or not filter.is_empty):
            raise UsageError("Give either a paper, or filters and a topic: a paper is summarised by itself.")
        named = (curation.named(self.library, paper),) if paper else ()
        about = f" about {topic}" if topic else ""
        question = (
            f"Summarise “{named[0].title}”."
            if named
            else f"Summarise the papers{f' by {filter.author}' if filter.author else ''}{about}."
        )
        ids = tuple(found.id for found in named)
        plan = OverviewPlan(question=question, filter=filter, papers=ids, topic=topic, length=length)
        return self.ask(question, plan=self.assistant.planner.restricted(plan, PaperFilter()))

    def trends(
        self,
        *,
        topic: str = "",
        by: Literal["year", "month"] = "year",
        filter: PaperFilter = PaperFilter(),
        on_progress: ProgressListener = lambda _: None,
    ) -> Trends:
        """Return how the themes and terms of papers come and go, with counts and intervals."""
        selected, described = trends.select(self.library, topic, filter, self.nearest)
        return trends.find(self.library, selected.filter, by, described, on_progress=on_progress)

    def export(
        self, format: str = "", file: Path | None = None, *, topic: str = "", filter: PaperFilter = PaperFilter()
    ) -> str:
        """Return papers as text, "bibtex", "ris", "csl-json", "csv", "jsonl" or "markdown", and write it to a file.

        Raises UsageError for an unknown format, ExportError where the file cannot be written.
        """
        from assistant import export

        selected = topics.select(self.library, topic, filter)
        text = "".join(export.text(export.stream(self.library, selected.filter), export.format_for(format, file)))
        if file:
            export.save([text], file)
        return text

    def embed_few(self) -> None:
        """Give a few papers that wait their vectors; many go on waiting, found by their words only (see `catch_up`).

        Raises EmbedderMismatch, IndexFailed.
        """
        is_short = 0 < self.waiting_count() <= _FEW
        if is_short and self._adding.acquire(blocking=False):  # else whoever adds now embeds them too
            try:
                self._check_fingerprint()
                embedding_queue.embed_pending(self.library, self.index, self.embedder())
            finally:
                self._adding.release()

    def embedder(self) -> Embedder:
        """Return the embedding model, loading it once."""
        with self._making:
            if self._embedder is None:
                self._embedder = self._load_embedder()
            return self._embedder

    def language_model(self) -> LanguageModel:
        """Return the chat model, loading it once."""
        return stopping.result(self._load())

    def load_ahead(self) -> threading.Thread:
        """Load both models in the background, so that the first answer finds them; return the thread that does it.

        What fails shows when it is needed. Several texts need more of the embedding model than one does.
        """

        def work() -> None:
            with suppress(AssistantError):
                self.embed_few()
                self.language_model()
                self.embedder().embed(["a title", "another title"])

        thread = threading.Thread(target=work, name="loading models", daemon=True)
        thread.start()
        return thread

    def _in_english(self, phrase: str) -> str:
        return writing.in_english(self.language_model(), phrase, threading.Event())

    def _hosts(self) -> tuple[str, str, str]:
        """Return the other machines on which answers are written, requests read and judged, and texts embedded."""
        writer = other_host(self.settings.llm_url)
        return writer, "" if self.judge else writer, other_host(self.settings.embed_url)

    @property
    def judge(self) -> str:
        """Return the name of the model that reads requests and judges beside the one that writes; "" for none."""
        with self._making:
            loading = self._loading
        if loading and loading.done() and not loading.exception():
            return wiring.judge_of(loading.result())
        return wiring.judge_name(self.settings) if self.settings.llm_url else ""

    def warm_up(self) -> None:
        """Begin to load the chat model in the background; an error shows when the model is first needed."""
        self._load()

    def use_model(self, name: str) -> None:
        """Answer with another chat model from now on: a known one that is on this machine, or a folder.

        It takes its turn after the answers under way, in the background; who asks meanwhile waits for it. The old one
        gives its memory back before. Where the new one cannot be loaded the old one comes back; `model_states` says so.
        Raises UsageError, ModelError.
        """
        name = wiring.local_chat_model(self.settings, name)
        with self._making:
            if self._changing:
                raise UsageError(f"The model {self._changing} is being loaded just now. Wait until it is there.")
            self._changing, self._unchanged = name, ""
        threading.Thread(target=self._change_model, args=(name,), name="model", daemon=True).start()

    def _change_model(self, name: str) -> None:
        before, loading = self.settings, Future[LanguageModel]()
        queue = self.assistant.queue
        at_once, queue.at_once = queue.at_once, 1  # so that all answers under way end before
        with self._reading_ahead.held(), closing(queue.ticket(stop=self._closed)) as turn:
            for _ in turn.wait():
                pass
            if self._closed.is_set():
                return
            with self._making:
                old, self._loading = self._loading, loading
            if old:
                old.exception()  # one that is still being read is waited for
            del old
            gc.collect()  # the old model's hooks refer to it
            wiring.give_memory_back()
            self.settings = before.model_copy(update={"model": name, "llm_url": ""})
            try:
                loading.set_result(self._load_language_model())
            except Exception as error:  # noqa: BLE001 - said by model_states; the old model comes back
                self._unchanged = str(error)
                self.settings = before
                queue.at_once = at_once
                stopping.fulfil(loading, self._load_language_model)
            finally:
                self._changing = ""

    def model_states(self) -> tuple[ModelState, ModelState]:
        """Return in which state the chat model and the embedding model are, and where they run."""
        with self._making:
            loading, embedder = self._loading, self._embedder
        settings = self.settings
        chat = ModelState("chat", wiring.chat_model_name(settings), "not loaded")
        if loading and not loading.done():
            chat = replace(chat, name=self._changing or chat.name, state="loading")
        elif loading and (error := loading.exception()):
            chat = replace(chat, state="failed", problem=str(error))
        elif loading:
            chat = wiring.running(replace(chat, state="ready"), loading.result())
        if self._changing != chat.name:
            chat = replace(chat, next=self._changing)
        chat = replace(chat, problem=self._unchanged or chat.problem)
        embedding = ModelState("embedding", wiring.embedder_name(settings), "not loaded")
        return chat, wiring.running(replace(embedding, state="ready"), embedder) if embedder else embedding

    def add(
        self,
        sources: str | Path | Reference | Sequence[str | Path | Reference],
        *,
        as_of: date | None = None,
        columns: Mapping[str, Sequence[str]] = MappingProxyType({}),
        recursive: bool = True,
        report: Path | None = None,
        on_progress: ProgressListener = lambda _: None,
        stop: threading.Event | None = None,
    ) -> IngestionReport:
        """Add files, folders and what remote services say, and give the papers vectors; one such call runs at a time.

        It rests while an answer is being made. A text is a path, or a reference such as "arxiv:2502.13604". `as_of` is
        the day on which author pages were seen, today unless it is given; `columns` maps fields of a paper to a table's
        columns. What could not be read stands in the report, all of it in a file: `report`, else one in the library's
        folder where there is a problem. `stop` ends it soon; what is in the library by then stays and stands in the
        report. Raises UsageError for a text that begins like a reference but cannot be read as one, and for a report
        that cannot be written.
        """
        from assistant import ingestion
        from assistant.ingestion.remote import Reference, fetch

        several = [sources] if isinstance(sources, str | Path | Reference) else sources
        given = [
            each
            for source in several
            for each in (ingestion.parse_sources([source]) if isinstance(source, str) else [source])
        ]
        paths = [source for source in given if isinstance(source, Path)]
        references = {str(source): source for source in given if not isinstance(source, Path)}
        stop = stop or threading.Event()
        on_progress = self._after_answers(on_progress, stop)
        reports_made = self.library.folder / "reports"
        with self._adding, self._reading_ahead.held(), ingestion.ReportFile(reports_made, report) as kept:
            reports = []
            if paths:
                day = as_of or date.today()
                reports.append(
                    ingestion.add_files(
                        self.library,
                        paths,
                        as_of=day,
                        columns=columns,
                        recursive=recursive,
                        on_progress=on_progress,
                        stop=stop,
                        keep=kept.keep,
                    )
                )
            if references:
                known = wiring.services(self.settings)

                def fetched(name: str) -> Iterator[ReaderItem]:
                    if references[name].kind == "zotero":
                        return ingestion.fetch_zotero(self.library, references[name], known)
                    return fetch(references[name], known)

                reports.append(
                    ingestion.add_fetched(
                        self.library,
                        list(references),
                        fetched,
                        on_progress=on_progress,
                        stop=stop,
                        keep=kept.keep,
                    )
                )
            added = ingestion.combine_reports(reports, self.library.pending_count())
            notices = self._embed_added(on_progress, stop)
            for notice in notices:
                kept.keep(notice)
            pending = self.library.pending_count()
            return kept.finish(replace(added, notices=(*added.notices, *notices), pending=pending))

    def complete(
        self,
        *,
        filter: PaperFilter = PaperFilter(),
        preview: bool = False,
        again: bool = False,
        limit: int | None = None,
        on_progress: ProgressListener = lambda _: None,
        stop: threading.Event | None = None,
    ) -> CompletionReport:
        """Fetch the abstracts that papers lack from arXiv, OpenAlex and Semantic Scholar, by the papers' identifiers.

        What is found is stored at once, and what is asked for in vain is not asked for again within a month, unless
        `again`: so an interrupted call goes on with the next one. Only abstracts are taken; all else stays as it is.
        With `preview` nothing is asked for: the report says what would be. `limit` is the number of papers at most.
        `stop` ends it soon; what came by then stays.
        """
        from assistant import ingestion
        from assistant.ingestion.remote import fetch_abstracts

        known = wiring.services(self.settings)
        wanted = ingestion.wanted_abstracts(self.library, filter, again=again, limit=limit)
        if preview:
            return wanted.report
        stop = stop or threading.Event()
        on_progress = self._after_answers(on_progress, stop)
        with self._adding, self._reading_ahead.held():
            fetched = fetch_abstracts(wanted.papers, known)
            report = ingestion.complete(self.library, wanted, fetched, on_progress=on_progress, stop=stop)
            notices = self._embed_added(on_progress, stop)
            return replace(report, notices=notices, pending=self.library.pending_count())

    def find_authors(self, name: str) -> Sequence[AuthorCandidate]:
        """Return the people whom OpenAlex knows by a name, the likeliest first. Raises RemoteError."""
        from assistant.ingestion.remote import find_authors

        return find_authors(name, wiring.services(self.settings))

    def prove(
        self, text: str, papers: Sequence[Paper], *, asker: str = "", stop: threading.Event | None = None
    ) -> tuple[Sentence, ...]:
        """Return the sentences of a text, each with whether the abstracts of papers support it, and where.

        Papers are numbered from 1. It has its turn at the chat model as an answer does; a `stop` ends it.
        """
        stop = stop or threading.Event()
        sources = [provable(Source.of(number, paper)) for number, paper in enumerate(papers, 1)]
        with self.assistant.foreground, closing(self.assistant.queue.ticket(asker, stop=stop)) as turn:
            for _ in turn.wait():
                pass
            supports = support.reader(
                self.language_model(), wiring.probes_made(self.settings), self.settings.prompt_tokens, stop
            )
            return verifier.prove(text, "", sources, supports, self._checked.embed)

    def save_bundle(self, answer: Answer, folder: Path) -> None:
        """Write an answer with its evidence into a folder. Raises BundleError where it holds something else."""
        from assistant.export import bundles

        bundles.write(answer, self.library, folder)

    def waiting_count(self) -> int:
        """Return how many papers have no vector yet."""
        return self.library.waiting_count()

    def catch_up(self) -> None:
        """Give papers that wait their vectors and the index what it lacks, in the background; no answer waits for it.

        An index whose files are not as they were left gives its place to a fresh one.
        """

        def work() -> None:
            with self._adding, suppress(LibraryError, ModelError):  # said when it is tried next in the foreground
                if self._closed.is_set():
                    return
                if not self._is_index_consistent() and not self.waiting_count():
                    self.index.rebuild()
                self._embed_waiting(self._after_answers(lambda _: None))
                self.index.prepare()

        threading.Thread(target=work, name="catching up", daemon=True).start()

    def read_ahead(
        self,
        *,
        filter: PaperFilter = PaperFilter(),
        stop: threading.Event | None = None,
        on_progress: ProgressListener = lambda _: None,
    ) -> int:
        """Have the chat model read papers that it has not; return how many.

        Of each it writes a sentence, which is proved and kept for overviews. `stop` ends it within a second; it goes on
        from there the next time.
        """
        return reading_ahead.read(
            self.library,
            self.language_model(),
            self._checked.embed,
            self.settings.prompt_tokens,
            stop or threading.Event(),
            probes=wiring.probes_made(self.settings),
            filter=filter,
            on_progress=on_progress,
        )

    def read_ahead_when_idle(self) -> None:
        """Have the chat model read papers in the background whenever nobody asks, if it may (`reads_ahead`)."""
        if self.reads_ahead:
            self._reading_ahead.begin()

    @property
    def reads_ahead(self) -> bool:
        """Tell whether papers are read ahead: by a model on another machine only where somebody chose that."""
        is_chosen = "read_ahead" in self.settings.model_fields_set
        return self.settings.read_ahead and (is_chosen or not other_host(self.settings.llm_url))

    def set_reading_ahead(self, is_on: bool) -> None:
        """Have papers read ahead when nobody asks, or no more, until the program ends."""
        self.settings = self.settings.model_copy(update={"read_ahead": is_on})
        if is_on:
            self._reading_ahead.begin()
        else:
            self._reading_ahead.end()

    @property
    def is_reading_ahead(self) -> bool:
        """Tell whether papers are read ahead, now or as soon as nobody asks."""
        return self._reading_ahead.is_reading

    def _read_unread(self, stop: threading.Event) -> None:
        with suppress(AssistantError):  # said when it is tried next in the foreground
            self.read_ahead(stop=stop)

    def add_sample(self, on_progress: ProgressListener = lambda _: None) -> IngestionReport:
        """Add the sample library that ships with the program."""
        with resources.as_file(resources.files("assistant") / "sample_library.bib") as path:
            return self.add([path], on_progress=on_progress)

    def reindex(self, *, anew: bool = False, on_progress: ProgressListener = lambda _: None) -> int:
        """Make a fresh index from the kept vectors; return how many papers got a new vector.

        All do with another embedding model than before, or with `anew`.
        """
        on_progress = self._after_answers(on_progress)
        with self._adding:
            embedder = self.embedder()
            is_same = self.library.metadata(FINGERPRINT) in (None, embedder.fingerprint)
            self.index.rebuild("" if is_same and not anew else embedder.fingerprint)
            return embedding_queue.embed_pending(self.library, self.index, embedder, on_progress=on_progress)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Read the whole library and its index, and with `repair` put right what can be."""
        with self._adding:
            report = integrity.check(self.library, repair=repair)
            is_consistent = self._is_index_consistent()
            if repair and not is_consistent:
                self.index.rebuild()
            if repair and self.library.pending_count():
                self._embed_waiting(lambda _: None)
            if is_consistent:
                return report
            finding = Finding(
                "index",
                "its files are not as they were left, or it lacks vectors; no answer depends on it, and "
                "`assistant reindex` or the next `add` makes it anew",
                repaired=repair,
            )
            return replace(report, findings=(*report.findings, finding))

    def _after_answers(self, on_progress: ProgressListener, stop: threading.Event | None = None) -> ProgressListener:
        """Hold up work at each step of its progress for as long as an answer is made: they share the processor."""
        is_stopped = stop.is_set if stop else lambda: False

        def listen(progress: Progress) -> None:
            while self.assistant.foreground.is_busy and not is_stopped() and not self._closed.wait(_LOOK):
                pass
            on_progress(progress)

        return listen

    def _embed_added(self, on_progress: ProgressListener, stop: threading.Event) -> tuple[Notice, ...]:
        """Give papers that wait their vectors, and a lost index its own back, until `stop`; return what is to be noted.

        The papers are in the library already, so an error here is only a notice.
        """
        noted = ""
        try:
            if not self.library.pending_count():
                if not self.library.indexed_count() or self._is_index_consistent():
                    return ()
                self.index.rebuild()
            with stopping.stopped_by(stop):
                embedded = self._embed_waiting(_until(stop, on_progress))
            if embedded and (host := other_host(self.settings.embed_url)):
                noted = f"Titles and abstracts were sent to another machine, {host}, where the embedding model runs."
        except stopping.Stopped:
            pass
        except (LibraryError, ModelError) as error:
            noted = f"The papers are safe in the library; not all have a vector in the index yet. {error}"
        return (Notice(str(self.settings.library), noted),) if noted else ()

    def _embed_waiting(self, on_progress: ProgressListener) -> int:
        """Give papers vectors, by the model that made the others'. Raises EmbedderMismatch, IndexFailed."""
        self._check_fingerprint()
        return embedding_queue.embed_pending(self.library, self.index, self.embedder(), on_progress=on_progress)

    def _is_index_consistent(self) -> bool:
        """Tell whether the index is as it was left. Raises IndexFailed where its server cannot be reached."""
        try:
            return not self.library.count() or self.index.is_consistent()
        except VectorIndexError as error:
            raise IndexFailed(error) from error

    def _load(self) -> Future[LanguageModel]:
        """Return the loading of the chat model; one that failed is tried again."""
        with self._making:
            failed = self._loading and self._loading.done() and self._loading.exception()
            if self._loading is None or failed:
                self._loading = stopping.apart(self._load_language_model, "model")
            return self._loading

    def _load_language_model(self) -> LanguageModel:
        with self._reading_weights:
            return wiring.load_language_model(self.settings)

    def _load_embedder(self) -> Embedder:
        with self._reading_weights:
            return wiring.load_embedder(self.settings)

    def _check_fingerprint(self) -> None:
        """Refuse to mix vectors of two embedding models; an empty library takes the present one's."""
        kept, present = self.library.metadata(FINGERPRINT), self.embedder().fingerprint
        if kept is None:
            self.library.set_metadata(FINGERPRINT, present)
        elif kept != present:
            is_served = kept.startswith("served ")
            raise EmbedderMismatch(
                f"The library {self.settings.library} was embedded with another model ({kept}) than the present one "
                f"({present}). Name the first with {'--embed-url and --embed-model' if is_served else '--embedder'}"
                f"{', without --embed-url' if self.settings.embed_url and not is_served else ''}, or make new vectors "
                "with `assistant reindex`."
            )


def _until(stop: threading.Event, on_progress: ProgressListener) -> ProgressListener:
    def listen(progress: Progress) -> None:
        if stop.is_set():
            raise stopping.Stopped
        on_progress(progress)

    return listen


class _CheckedEmbedder:
    """The workspace's embedding model, loaded when it is first used, and only if it made the library's vectors."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @cached_property
    def _embedder(self) -> Embedder:
        self._workspace._check_fingerprint()
        return self._workspace.embedder()

    @property
    def fingerprint(self) -> str:
        """Identify model, weights and text handling."""
        return self._embedder.fingerprint

    @property
    def dimension(self) -> int:
        """Return the length of every vector."""
        return self._embedder.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text."""
        return self._embedder.embed(texts)

    def embed_many(self, texts: Iterable[str]) -> Generator[tuple[list[int], Vectors], None, None]:
        """Yield the vectors of any number of texts batch by batch."""
        return self._embedder.embed_many(texts)


def open_library(folder: Path | str | None = None, **chosen: object) -> Workspace:
    """Open the library in a folder, the user's own unless one is given, with the models that work on it.

    The folder is made where there is none. Other settings are given by name (see `Settings`). Close the workspace, or
    use it in a `with`. Raises LibraryLocked where another program has it open, LibraryError, UsageError.
    """
    wiring.quiet_environment()
    return Workspace(load(library=folder, **chosen))
