"""From a question to a proved answer."""

from assistant.answering.assistant import Assistant, check_question
from assistant.answering.stream import AnswerStream

__all__ = ["AnswerStream", "Assistant", "check_question", "writing"]
