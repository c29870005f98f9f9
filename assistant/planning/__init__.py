"""Query understanding: a question becomes a plan."""

from assistant.planning.entity_linking import Gazetteer
from assistant.planning.intents import Reader
from assistant.planning.known_intents import KnownReader
from assistant.planning.planner import Planner, converted

__all__ = ["Gazetteer", "KnownReader", "Planner", "Reader", "converted", "intent_training", "intents"]
