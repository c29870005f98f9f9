"""Wiring: settings to objects, the only place that picks concrete classes and loads heavy libraries."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from assistant.errors import FetchError, ModelError, UsageError
from assistant.models import registry as models
from assistant.protocols import Embedder, LanguageModel
from assistant.settings import Quantize, Settings
from assistant.types import ModelState, ProgressListener
from vectorstore import ChromaFolders, ChromaServer, IndexPlace

if TYPE_CHECKING:
    from assistant.ingestion.remote import Services
    from assistant.models.chat_model import TransformersModel
    from assistant.models.served_model import ServedModel
QUIET: Mapping[str, str] = MappingProxyType(
    {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "DO_NOT_TRACK": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_THREAD_TIMEOUT": "4",
    }
)
"""Variables of the environment that keep heavy libraries quiet, unless the person has set them."""


def quiet_environment() -> None:
    """Turn off telemetry, update checks and chatter; call before a heavy library is imported.

    Waiting threads sleep instead of spinning: beside another busy process spinning makes a layer many times slower.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def registry(settings: Settings) -> models.Registry:
    """Return the known models and the folder that keeps them."""
    return models.Registry(settings.models)


def probes_made(settings: Settings) -> Path:
    """Return the folder of the probes that `assistant models calibrate` makes."""
    return settings.models / "probes"


def index_place(settings: Settings) -> IndexPlace:
    """Return where the vector index lies: on the Chroma server that is named, else in a folder of the library.

    Raises UsageError for a header without a name or a value.
    """
    if not settings.chroma_url:
        return ChromaFolders(settings.library)
    name, colon, value = settings.chroma_header.get_secret_value().partition(":")
    if name and not (colon and value.strip()):
        raise UsageError("The setting chroma_header lacks a name or a value. Write it as “X-Chroma-Token: secret”.")
    headers = {name.strip(): value.strip()} if name else {}
    return ChromaServer(settings.chroma_url.rstrip("/"), headers)


def services(settings: Settings) -> Services:
    """Return where arXiv, OpenAlex, Semantic Scholar and Zotero are and with which keys. Raises UsageError."""
    from assistant.ingestion.remote import Services

    addresses = {
        name: value
        for name in ("arxiv_url", "openalex_url", "semantic_scholar_url", "zotero_url")
        if (value := getattr(settings, name))
    }
    return Services(
        cache=settings.sources,
        openalex_key=settings.openalex_key.get_secret_value(),
        semantic_scholar_key=settings.semantic_scholar_key.get_secret_value(),
        contact=settings.contact,
        **addresses,
    )


def default_chat_model(known: models.Registry, device: str = "auto", quantize: Quantize = "no") -> str:
    """Return the name of the chat model for this machine: the larger one where a GPU's memory holds it.

    Where only the other is here, that. Raises UsageError for a device that is not here.
    """
    small, large = models.default_chat_model(), models.default_chat_model(large=True)
    if not _holds_larger(known, device, quantize):
        return small
    return small if known.is_present(small) and not known.is_present(large) else large


def _holds_larger(known: models.Registry, device: str, quantize: Quantize) -> bool:
    from assistant.models.device import choose

    chosen, size = choose(device), known.entry(models.default_chat_model(large=True)).size
    return chosen.holds(size, 16 if quantize == "auto" else chosen.bits(quantize, size))


def larger_chat_model(settings: Settings) -> str:
    """Return the name of the larger default where the device holds it and the smaller one stands in for it; else "".

    Raises UsageError for a device that is not here.
    """
    known, large = registry(settings), models.default_chat_model(large=True)
    if settings.model or settings.llm_url or known.is_present(large):
        return ""
    return large if _holds_larger(known, settings.device, settings.quantize) else ""


def chat_model_name(settings: Settings) -> str:
    """Return what the settings call the chat model, or where it is, else the name of the one for this machine.

    A device that is not here is said when the model is loaded.
    """
    if settings.llm_url:
        return settings.llm_model or f"the model of {settings.llm_url}"
    try:
        return settings.model or default_chat_model(registry(settings), settings.device, settings.quantize)
    except UsageError:
        return models.default_chat_model()


def get_default_models(settings: Settings, on_progress: ProgressListener) -> list[Path]:
    """Fetch and prepare the models that this machine uses by default; return their folders.

    The chat model for every machine judges beside the larger one for a GPU, and writes where that cannot be had. It
    comes after that one: where it alone is here, it is what this machine uses.
    """
    known = registry(settings)
    folders = []
    if (chat := default_chat_model(known, settings.device, settings.quantize)) != models.default_chat_model():
        with suppress(FetchError):
            folders.append(known.get(chat, on_progress))
    return [
        *folders,
        *(known.get(name, on_progress) for name in (models.default_chat_model(), models.default_embedder())),
    ]


def served_model_name(settings: Settings, use: Literal["llm", "embed"], seconds: float) -> tuple[str, bool]:
    """Return what the server of the chat model, or of the embedding model, calls it; it is asked once, and so long.

    With it is told whether the server lists it, or else only the settings name it. Raises ModelError where it does not
    answer or does not have the model, UsageError for a variable without a key.
    """
    from assistant.models.server import Server

    url, model, key_env = (str(getattr(settings, f"{use}_{part}")) for part in ("url", "model", "key_env"))
    server = Server(url, _key(key_env, f"--{use}-key-env"))
    server.client = server.client.with_options(max_retries=0, timeout=seconds)
    return server.find_model(model, f"--{use}-model", seconds), server.lists_models


def probes_lacking(settings: Settings, model: LanguageModel) -> tuple[int, list[str]]:
    """Return how many probes a chat model judges by, and the tasks of those that nobody has fitted to it."""
    from assistant.models import probes
    from assistant.planning import intents

    tasks = [*probes.TASKS, *(f"request_{task}" for task in (*intents.TASKS, intents.LABEL))]
    return len(tasks), [task for task in tasks if probes.find(model.fingerprint, task, probes_made(settings)) is None]


def local_models(settings: Settings) -> dict[str, str]:
    """Return the names of the models in use on this machine: "chat", "judge" and "embedding".

    Those that a server runs are left out, and the judge where the chat model, so far as its size tells, judges alone.
    """
    from assistant.models.device import weights_size

    used, known, small = {}, registry(settings), models.default_chat_model()
    if not settings.llm_url:
        used["chat"] = chat_model_name(settings)
    if settings.judge == "auto" and known.is_present(small):
        with suppress(ModelError):
            if settings.llm_url or weights_size(known.resolve(used["chat"])) > weights_size(known.resolve(small)):
                used["judge"] = small
    if not settings.embed_url:
        used["embedding"] = settings.embedder or models.default_embedder()
    return used


def chat_models(settings: Settings) -> list[str]:
    """Return the names of the known chat models that are on this machine."""
    known = registry(settings)
    return [entry.name for entry in known.entries() if entry.use == "chat" and known.is_present(entry.name)]


def local_chat_model(settings: Settings, name: str) -> str:
    """Return the name of a chat model that is on this machine: a known one, or a folder that holds one.

    Raises UsageError for a hub id, which would ask for the network, and for a model of another use, ModelError for what
    is no model, FetchError for a known one that is not here yet.
    """
    known, name = registry(settings), name.strip()
    if any(entry.name == name and entry.use != "chat" for entry in known.entries()):
        raise UsageError(f"The model {name} does not chat. Choose one of {', '.join(chat_models(settings))}.")
    if not Path(known.resolve(name)).exists():
        raise UsageError(f"{name} is not on this machine. Name a folder, or a model of `assistant models list`.")
    return name


def load_language_model(settings: Settings) -> LanguageModel:
    """Load the chat model that the settings name, else the one for this machine. Raises ModelError.

    With an address of a server it is the model there. Another one of this machine judges beside one that has no probes.
    """
    writer: ServedModel | TransformersModel
    if settings.llm_url:
        from assistant.models.served_model import ServedModel

        key = _key(settings.llm_key_env, "--llm-key-env")
        writer = ServedModel(settings.llm_url, settings.llm_model, key, at_once=settings.llm_at_once)
        judge = judge_name(settings)
    else:
        writer = _load_local_model(settings, chat_model_name(settings))
        judge = judge_beside(settings, writer)
    if not judge:
        return writer
    from assistant.models.device import choose, weights_size
    from assistant.models.writer_and_judge import WriterAndJudge

    size = weights_size(registry(settings).resolve(judge)) + writer.memory
    device = settings.device if choose(settings.device).holds(size) else "cpu"
    alone = settings.model_copy(update={"quantize": "no", "device": device})
    try:
        return WriterAndJudge(writer, _load_local_model(alone, judge))
    except ModelError:
        if device == "cpu":
            raise
        return WriterAndJudge(writer, _load_local_model(alone.model_copy(update={"device": "cpu"}), judge))


def judge_name(settings: Settings) -> str:
    """Return the name of the model that judges what a server's model writes: of the chat model for every machine.

    "" where that was not fetched, and the server judges.
    """
    small = models.default_chat_model()
    return small if settings.judge == "auto" and registry(settings).is_present(small) else ""


def judge_of(model: LanguageModel) -> str:
    """Return the name of the model that judges beside the one that writes; "" where one does both."""
    judge: LanguageModel | None = getattr(model, "judge", None)
    return judge.info.name if judge else ""


def judge_beside(settings: Settings, writer: TransformersModel) -> str:
    """Return the name of the model that judges beside one of this machine that writes and has no probes; "" for none.

    It is the chat model for every machine. A smaller one than that was chosen for its memory, and judges alone.
    """
    from assistant.models.device import weights_size

    known, small = registry(settings), models.default_chat_model()
    if settings.judge == "writer" or not known.is_present(small):
        return ""
    tasks, missing = probes_lacking(settings, writer)
    is_larger = writer.memory > weights_size(known.resolve(small))
    return small if len(missing) == tasks and is_larger else ""


def _load_local_model(settings: Settings, name: str) -> TransformersModel:
    from assistant.models.chat_model import TransformersModel

    model = registry(settings).resolve(name)
    return TransformersModel(model, name, quantize=settings.quantize, device=settings.device)


def _key(variable: str, flag: str) -> str:
    """Return the key that an environment variable holds, "" where none is named. Raises UsageError for what is none."""
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key:
        raise UsageError(f"The variable {variable} of {flag} is not set. Put the server's key into it.")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"What the variable {variable} of {flag} holds is no key: it has characters that none has.")
    return key


def embedder_name(settings: Settings) -> str:
    """Return what the settings call the embedding model, or where it is; else the default one's name."""
    if settings.embed_url:
        return settings.embed_model or f"the model of {settings.embed_url}"
    return settings.embedder or models.default_embedder()


def running(state: ModelState, model: object) -> ModelState:
    """Return a model's state with where it runs, as far as the model tells; no server is asked."""
    info = getattr(model, "info", None)
    of_server = getattr(model, "known_context", None)
    placed = getattr(model, "placement", None) or {"": getattr(info, "device", "cpu")}
    return replace(
        state,
        name=getattr(info, "name", state.name),
        device=", ".join(dict.fromkeys(placed.values())),
        dtype=getattr(model, "dtype", "") or getattr(info, "dtype", ""),
        memory=int(getattr(model, "memory", 0)),
        tokens=int(getattr(model, "context_tokens", 0) if of_server is None else of_server),
    )


def give_memory_back() -> None:
    """Give memory of models that are gone back to the device, so that the next one finds it."""
    if "torch" in sys.modules:
        from assistant.models import device

        device.give_memory_back()


def load_embedder(settings: Settings) -> Embedder:
    """Load the embedding model that the settings name, else the default one. Raises ModelError.

    Where single texts can do without torch, only what those need is loaded; the rest follows when it is needed first.
    With an address of a server it is the model there, and nothing is loaded here.
    """
    if settings.embed_url:
        from assistant.models.served_embedder import ServedEmbedder

        return ServedEmbedder(settings.embed_url, settings.embed_model, _key(settings.embed_key_env, "--embed-key-env"))
    from assistant.models.light_embedder import BertEncoder, LightEmbedder

    model = registry(settings).resolve(settings.embedder or models.default_embedder())

    def load() -> Embedder:
        from assistant.models.embedder import TransformerEmbedder

        return TransformerEmbedder(model, device=settings.device)

    encoder = BertEncoder.find(model)
    return LightEmbedder(encoder, load) if encoder else load()
