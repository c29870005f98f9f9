"""Query understanding: a question becomes a plan."""

from assistant.planning.entity_linking import Gazetteer
from assistant.planning.intents import Reader
from assistant.planning.known_intents import KnownReader
from assistant.planning.labelled_vectors import LabelledVectors
from assistant.planning.planner import Planner, converted
from assistant.planning.written_intents import WrittenReader

__all__ = [
    "Gazetteer",
    "KnownReader",
    "LabelledVectors",
    "Planner",
    "Reader",
    "WrittenReader",
    "converted",
    "intent_training",
    "intents",
]
