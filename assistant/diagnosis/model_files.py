"""Files of the models in use: there, whole, and readable; with their checksums where that is asked for."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from shlex import quote

from assistant import wiring
from assistant.diagnosis.checks import Found, Looking, size
from assistant.errors import AssistantError, ModelError
from assistant.models import registry
from assistant.settings import Settings


def checks(*, deep: bool) -> tuple[Looking, ...]:
    """Return the checks of the models; with `deep` every file is read and compared with its checksum."""
    return tuple(Looking("models", f"{use} model", partial(_look, use, deep)) for use in ("chat", "judge", "embedding"))


def _look(use: str, deep: bool, settings: Settings) -> Found | None:
    used = wiring.local_models(settings)
    name = used.get(use)
    if name is None:  # a server's, which is looked at there
        return _judged_by_server(settings) if use == "chat" and "judge" not in used else None
    known = wiring.registry(settings)
    entry = next((entry for entry in known.entries() if entry.name == name), None)
    try:
        place = Path(known.resolve(name))
    except ModelError as error:
        if entry and known.location(name).exists():
            found = f"{name} is damaged or not whole in {known.location(name)}: files lack, or have another size"
            return "wrong", found, f"assistant models get {name}"
        return "wrong", str(error), f"assistant models get {name}" if entry else "assistant models list"
    if not place.exists():
        return _of_hub(name)
    if deep and entry:
        try:
            known.verify(name)
        except ModelError as error:
            return "wrong", str(error), f"assistant models get {name}"
    files = sorted(place.glob("*.safetensors"))
    again = f"assistant models get {name}" if entry else f"Copy the model to {place} again."
    if closed := [path for path in (place, *place.glob("*")) if not os.access(path, os.R_OK)]:
        return "wrong", f"{closed[0]} may not be read", f"chmod -R u+rX {quote(str(place))}"
    if use == "chat" and (lacking := _lacking(place)):
        return "wrong", f"{name} is damaged: {lacking}", again
    if damaged := [f"{file}: {why}" for file in files if (why := _unreadable(file))]:
        return "wrong", f"{name} is damaged: {'; '.join(damaged)}", again
    larger = wiring.larger_chat_model(settings) if use == "chat" else ""
    lacks = f"; in place of {larger}, which this machine would hold and which was not fetched" if larger else ""
    more = f"assistant models get {larger}" if larger else ""
    how = "every checksum is right" if deep and entry else "whole" if entry else "not pinned, so no checksum is known"
    return "fine", f"{name}: {how} ({size(sum(file.stat().st_size for file in files))}){lacks}", more


def _judged_by_server(settings: Settings) -> Found | None:
    if settings.judge == "writer":
        return None
    name = registry.default_chat_model()
    found = (
        f"without {name} on this machine the server's model reads requests and judges, which it does far less surely"
    )
    return "warning", found, f"assistant models get {name}"


def _of_hub(name: str) -> Found:
    from huggingface_hub import try_to_load_from_cache

    if isinstance(try_to_load_from_cache(name, "config.json"), str):
        return "fine", f"{name}, from the cache of the hub", ""
    found = f"{name} is not on this machine, and the hub will be asked for it; without --model and --embedder none is"
    return "warning", found, "assistant models get"


def _lacking(place: Path) -> str:
    """Return what a chat model's folder lacks beside its weights, "" for nothing."""
    try:
        json.loads((place / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        return f"config.json cannot be used ({error})"
    names = {path.name for kind in ("*token*", "vocab*", "*.model", "tekken*") for path in place.glob(kind)}
    return "" if names - {"tokenizer_config.json", "special_tokens_map.json"} else "its tokenizer is not there"


def _unreadable(file: Path) -> str:
    """Return why the head of a safetensors file cannot be read, or where it promises more than there is; "" if not."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, "np") as opened:
            opened.keys()
    except (OSError, SafetensorError) as error:
        return str(error)
    return ""


def embedder_fingerprint(settings: Settings) -> str:
    """Return what identifies the embedding model in use; "" where that would take loading it."""
    from assistant.models.light_embedder import BertEncoder

    name = wiring.local_models(settings).get("embedding")
    try:
        encoder = BertEncoder.find(wiring.registry(settings).resolve(name)) if name else None
    except AssistantError:
        return ""
    return encoder.fingerprint if encoder else ""
