"""Check of the models in use: their files and where they run, each loaded or asked of its server, and who judges."""

from __future__ import annotations

import threading
from typing import Any

from assistant import wiring
from assistant.models.chat_model import TransformersModel
from assistant.models.device import choose, faster, weights_size
from assistant.models.embedder import TransformerEmbedder
from assistant.models.registry import default_chat_model, default_embedder
from assistant.models.served_model import ServedModel
from assistant.settings import Settings, other_host
from assistant.types import Message


def check_models(settings: Settings) -> list[dict[str, Any]]:
    """Verify the files of the models in use, load them, and say where they run, why, and what would be faster.

    Raises ModelError, UsageError.
    """
    known = wiring.registry(settings)
    pinned = {entry.name for entry in known.entries()}
    for name in wiring.local_models(settings).values():
        if name in pinned:
            known.verify(name)
    return [_chat(settings, pinned), _embedding(settings, pinned)]


def _chat(settings: Settings, pinned: set[str]) -> dict[str, Any]:
    model = wiring.load_language_model(settings)
    writer: Any = getattr(model, "writer", model)
    if isinstance(writer, TransformersModel):
        name = wiring.chat_model_name(settings)
        told = {**_row("chat", name, writer, pinned), "why": writer.why, "faster": _faster(settings, name)}
        judges = _judges(settings, writer)
    else:
        told = _served("chat", writer, settings.llm_url)
        judges = _judges_there(settings, writer, has_judge=model is not writer)
    judge = wiring.judge_of(model)
    return {**told, "judges": f"by probes, with {judge} beside it" if judge else judges}


def _embedding(settings: Settings, pinned: set[str]) -> dict[str, Any]:
    if settings.embed_url:
        return _served("embedding", wiring.load_embedder(settings), settings.embed_url)
    name = settings.embedder or default_embedder()
    place = wiring.registry(settings).resolve(name)
    return _row("embedding", name, TransformerEmbedder(place, device=settings.device), pinned)


def _row(use: str, name: str, model: TransformersModel | TransformerEmbedder, pinned: set[str]) -> dict[str, Any]:
    return {
        "use": use,
        "name": name,
        "files": "every checksum is right" if name in pinned else "not pinned, so not checked",
        "placement": model.placement,
        "dtype": model.dtype,
        "tokens": model.context_tokens,
    }


def _served(use: str, model: Any, url: str) -> dict[str, Any]:
    host = other_host(url)
    return {
        "use": use,
        "name": model.name,
        "files": "on the server, so not checked",
        "placement": model.placement,
        "dtype": "",
        "tokens": model.context_tokens,
        **({"why": [f"It runs on another machine, {host}: questions and abstracts are sent there."]} if host else {}),
    }


def _judges(settings: Settings, model: TransformersModel) -> str:
    """Say by what a model of this machine judges where none does beside it."""
    tasks, missing = wiring.probes_lacking(settings, model)
    fits = "`assistant models calibrate` fits what it lacks"
    if len(missing) == tasks:
        beside = f"{default_chat_model()}, if fetched, judges beside a larger one"
        return f"by its own yes and no, and writes what a request asks for; {fits}; {beside}"
    how = f"by probes, but for {', '.join(missing)}; {fits}" if missing else "by probes"
    if "-" in model.fingerprint and not (wiring.probes_made(settings) / model.fingerprint).is_dir():
        how += "; they were fitted on weights in 16 bits, `assistant models calibrate` on these"
    return how


def _judges_there(settings: Settings, model: ServedModel, *, has_judge: bool) -> str:
    """Have the model of a server work once, and say by what it judges where none does beside it."""
    asked = [Message("user", "Is a cat an animal? Answer Yes or No.")]
    if has_judge:
        "".join(model.generate(asked, max_new_tokens=8, stop=threading.Event()))
        return ""
    reading = model.read(asked, answers=("Yes", "No"), stop=threading.Event())
    how = "by how likely it says yes and no" if model.tells_shares else "by the word that it writes, yes or no"
    if reading is None or reading.answers is None:
        how = "badly: asked for yes or no it says neither"
    mend = f"; with `assistant models get {default_chat_model()}` this machine does both, and far better"
    return f"{how}, and writes what a request asks for{mend if settings.judge == 'auto' else ''}"


def _faster(settings: Settings, name: str) -> list[str]:
    """Say what would be faster than the chat model of this name on its device, or better."""
    known, chosen = wiring.registry(settings), choose(settings.device)
    large = known.entry(default_chat_model(large=True))
    may_grow = not settings.model and name != large.name
    said = faster(chosen, weights_size(known.resolve(name)), settings.quantize, large=large.size if may_grow else 0)
    if may_grow and chosen.holds(large.size):
        said.append(f"{chosen.name} holds the larger model: `assistant models get {large.name}`.")
    return said
