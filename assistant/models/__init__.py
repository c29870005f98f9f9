"""Local models: the registry, their files, the embedder, the chat model, and probes on its hidden states."""

from assistant.models.probes import Probe
from assistant.models.prompting import Judgement
from assistant.models.registry import ModelEntry

__all__ = [
    "Judgement",
    "ModelEntry",
    "Probe",
    "chat_model",
    "device",
    "embedder",
    "light_embedder",
    "probes",
    "prompting",
    "registry",
    "served_embedder",
    "served_model",
    "server",
    "writer_and_judge",
]
