"""Settings to objects: the only place that picks concrete classes and loads heavy libraries, when they are needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import ingestion, integrity, models, outbox
from assistant.answering import Assistant
from assistant.errors import EmbedderMismatch, FetchError, LibraryError, ModelError, UsageError
from assistant.indexing import FINGERPRINT, KeptIndex
from assistant.integrity import CheckReport, Finding
from assistant.library import Library, make_folder
from assistant.ownership import Ownership
from assistant.protocols import Embedder, LanguageModel
from assistant.readers import NO_COLUMNS
from assistant.retrieval import Retriever
from assistant.settings import Settings
from assistant.types import IngestionReport, Notice, ProgressListener
from vectorstore import ChromaFolders, ChromaServer, IndexPlace

if TYPE_CHECKING:
    from assistant.remote.fetching import AuthorCandidate
    from assistant.remote.references import Reference
    from assistant.remote.services import Services


def quiet_environment() -> None:
    """Turn off telemetry, update checks and chatter; call before a heavy library is imported.

    Waiting threads sleep instead of spinning: beside another busy process spinning makes a layer many times slower.
    """
    for name, value in {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "DO_NOT_TRACK": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_WAIT_POLICY": "PASSIVE",
    }.items():
        os.environ.setdefault(name, value)


class Workspace:
    """One open library with everything that works on it. Close it, or use it in a `with`.

    The owner's lock is taken before the library is opened and migrated. Models load when they are needed first, or
    ahead of time in the background with `warm_up`; one after the other, because transformers changes torch's default
    number format while it reads weights. Raises LibraryLocked, LibraryError.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = registry(settings)
        make_folder(settings.library)
        with ExitStack() as opened:
            opened.enter_context(closing(Ownership(settings.library)))
            self.library = opened.enter_context(closing(Library(settings.library)))
            self.index = opened.enter_context(closing(KeptIndex(self.library, index_place(settings))))
            self._opened = opened.pop_all()
        self._making = threading.RLock()
        self._reading_weights = threading.Lock()
        self._adding = threading.Lock()
        self._embedder: Embedder | None = None
        self._loading: Future[LanguageModel] | None = None

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index, the library and its lock."""
        self._opened.close()

    @property
    def embedder(self) -> Embedder:
        """Return the embedding model, loading it once."""
        with self._making:
            if self._embedder is None:
                self._embedder = self._load_embedder()
            return self._embedder

    @property
    def assistant(self) -> Assistant:
        """Return the assistant; the chat model is loaded when it is first needed.

        Papers that an interrupted run left waiting get their vectors first. Raises EmbedderMismatch, IndexFailed.
        """
        self._check_fingerprint()
        if self.library.pending_count() and self._adding.acquire(blocking=False):  # whoever adds now embeds them too
            try:
                outbox.embed_pending(self.library, self.index, self.embedder)
            finally:
                self._adding.release()
        return Assistant(
            library=self.library,
            retriever=Retriever(self.library, self.index, self.embedder),
            language_model=self.language_model,
            passages=self.settings.passages,
            prompt_tokens=self.settings.prompt_tokens,
            answer_tokens=self.settings.answer_tokens,
        )

    def language_model(self) -> LanguageModel:
        """Return the chat model, loading it once."""
        return self._load().result()

    def warm_up(self) -> None:
        """Begin to load the chat model in the background; an error shows when the model is first needed."""
        self._load()

    def add(
        self,
        sources: Sequence[Path | Reference],
        *,
        as_of: date | None = None,
        columns: Mapping[str, str] = NO_COLUMNS,
        recursive: bool = True,
        on_progress: ProgressListener = lambda _: None,
    ) -> IngestionReport:
        """Add files, and what remote services say, and give the papers vectors; one such call runs at a time."""
        paths = [source for source in sources if isinstance(source, Path)]
        references = {str(source): source for source in sources if not isinstance(source, Path)}
        with self._adding:
            reports = []
            if paths:
                day = as_of or date.today()
                reports.append(
                    ingestion.add_files(
                        self.library, paths, as_of=day, columns=columns, recursive=recursive, on_progress=on_progress
                    )
                )
            if references:
                from assistant.remote.fetching import fetch

                known = services(self.settings)
                reports.append(
                    ingestion.add_fetched(
                        self.library,
                        list(references),
                        lambda name: fetch(references[name], known),
                        on_progress=on_progress,
                    )
                )
            return self._embed(ingestion.together(reports, self.library.pending_count()), on_progress)

    def find_authors(self, name: str) -> Sequence[AuthorCandidate]:
        """Return the people whom OpenAlex knows by a name, the likeliest first. Raises RemoteError."""
        from assistant.remote.fetching import find_authors

        return find_authors(name, services(self.settings))

    def add_sample(self, on_progress: ProgressListener = lambda _: None) -> IngestionReport:
        """Add the sample library that ships with the program."""
        with resources.as_file(resources.files("assistant") / "sample_library.bib") as path:
            return self.add([path], on_progress=on_progress)

    def reindex(self, on_progress: ProgressListener = lambda _: None) -> int:
        """Make every vector anew with the present embedding model; return how many."""
        with self._adding:
            embedder = self.embedder
            self.index.renew(embedder.fingerprint)
            return outbox.embed_pending(self.library, self.index, embedder, on_progress=on_progress)

    def check(self, *, mend: bool = False) -> CheckReport:
        """Read the whole library and its index, and with `mend` put right what can be."""
        with self._adding:
            report = integrity.check(self.library, mend=mend)
            is_whole = self.index.is_whole()
            if mend and not is_whole:
                self.index.renew()
            if mend and self.library.pending_count():
                outbox.embed_pending(self.library, self.index, self.embedder)
            if is_whole:
                return report
            finding = Finding("index", "its files are not as they were left, or it lacks vectors", mended=mend)
            return replace(report, findings=(*report.findings, finding))

    def _embed(self, report: IngestionReport, on_progress: ProgressListener) -> IngestionReport:
        """Give the papers their vectors. They are in the library already, so an error here is only a notice."""
        if not report.pending:
            return report
        try:
            self._check_fingerprint()
            outbox.embed_pending(self.library, self.index, self.embedder, on_progress=on_progress)
        except (LibraryError, ModelError) as error:
            waiting = Notice(str(self.settings.library), f"The papers are safe and wait for their vectors. {error}")
            report = replace(report, notices=(*report.notices, waiting))
        return replace(report, pending=self.library.pending_count())

    def _load(self) -> Future[LanguageModel]:
        """Return the loading of the chat model; one that failed is tried again."""
        with self._making:
            failed = self._loading and self._loading.done() and self._loading.exception()
            if self._loading is None or failed:
                self._loading = _in_background(self._load_language_model)
            return self._loading

    def _load_language_model(self) -> LanguageModel:
        from assistant.generation import TransformersModel

        name = self.settings.model or default_chat_model(self.registry)
        with self._reading_weights:
            return TransformersModel(self.registry.resolve(name), name)

    def _load_embedder(self) -> Embedder:
        from assistant.embedding import TransformerEmbedder

        with self._reading_weights:
            return TransformerEmbedder(self.registry.resolve(self.settings.embedder or models.default_embedder()))

    def _check_fingerprint(self) -> None:
        """Refuse to mix vectors of two embedding models; an empty library takes the present one's."""
        kept, present = self.library.fact(FINGERPRINT), self.embedder.fingerprint
        if kept is None:
            self.library.keep_fact(FINGERPRINT, present)
        elif kept != present:
            raise EmbedderMismatch(
                f"The library {self.settings.library} was embedded with another model ({kept}) than the present one "
                f"({present}). Name the first with --embedder, or make new vectors with `assistant reindex`."
            )


def registry(settings: Settings) -> models.Registry:
    """Return the known models and the folder that keeps them."""
    return models.Registry(settings.models)


def index_place(settings: Settings) -> IndexPlace:
    """Return where the vector index lies: on the Chroma server that is named, else in a folder of the library.

    Raises UsageError for a header that is none.
    """
    if not settings.chroma_url:
        return ChromaFolders(settings.library)
    name, colon, value = settings.chroma_header.get_secret_value().partition(":")
    if name and not (colon and value.strip()):
        raise UsageError("The setting chroma_header is no header. Write it as “X-Chroma-Token: secret”.")
    headers = {name.strip(): value.strip()} if name else {}
    return ChromaServer(settings.chroma_url.rstrip("/"), headers)


def services(settings: Settings) -> Services:
    """Return where arXiv, OpenAlex and Semantic Scholar are and with which keys. Raises UsageError."""
    from assistant.remote.services import Services

    addresses = {
        name: value
        for name in ("arxiv_url", "openalex_url", "semantic_scholar_url")
        if (value := getattr(settings, name))
    }
    return Services(
        cache=settings.sources,
        openalex_key=settings.openalex_key.get_secret_value(),
        semantic_scholar_key=settings.semantic_scholar_key.get_secret_value(),
        contact=settings.contact,
        **addresses,
    )


def default_chat_model(known: models.Registry) -> str:
    """Return the name of the chat model for this machine: with a GPU the larger one, unless only the other is here."""
    import torch

    small = models.default_chat_model(has_gpu=False)
    if not torch.cuda.is_available():
        return small
    large = models.default_chat_model(has_gpu=True)
    return small if known.is_present(small) and not known.is_present(large) else large


def get_default_models(known: models.Registry, on_progress: ProgressListener) -> list[Path]:
    """Fetch and prepare the two models that this machine uses by default; return their folders.

    Where the larger model for a GPU cannot be had, the one for every machine is fetched.
    """
    chat = default_chat_model(known)
    try:
        folder = known.get(chat, on_progress)
    except FetchError:
        small = models.default_chat_model(has_gpu=False)
        if chat == small:
            raise
        folder = known.get(small, on_progress)
    return [folder, known.get(models.default_embedder(), on_progress)]


def check_models(settings: Settings) -> list[dict[str, Any]]:
    """Verify the files of the models in use, load them, and say where they run."""
    from assistant.embedding import TransformerEmbedder
    from assistant.generation import TransformersModel

    known = registry(settings)
    checked: list[dict[str, Any]] = []
    for use, name, load in (
        ("chat", settings.model or default_chat_model(known), TransformersModel),
        ("embedding", settings.embedder or models.default_embedder(), TransformerEmbedder),
    ):
        pinned = any(entry.name == name for entry in known.entries())
        if pinned:
            known.verify(name)
        model = load(known.resolve(name))
        checked.append(
            {
                "use": use,
                "name": name,
                "files": "every checksum is right" if pinned else "not pinned, so not checked",
                "placement": model.placement,
                "dtype": model.dtype,
                "tokens": model.context_tokens,
            }
        )
    return checked


def _in_background(load: Callable[[], LanguageModel]) -> Future[LanguageModel]:
    """Begin to load in a thread that dies with the program: an executor's would keep a program that ends waiting."""
    loading: Future[LanguageModel] = Future()

    def work() -> None:
        try:
            loading.set_result(load())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asks for the result
            loading.set_exception(error)

    threading.Thread(target=work, name="model", daemon=True).start()
    return loading
