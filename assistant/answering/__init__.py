"""From a question to a proved answer."""

from assistant.answering.assistant import Assistant, check_question
from assistant.answering.model_queue import ModelQueue
from assistant.answering.stream import AnswerStream, Foreground

__all__ = ["AnswerStream", "Assistant", "Foreground", "ModelQueue", "check_question", "writing"]
