"""Words, names and phrases: how text is normalised, split, described and made safe for a prompt."""

from assistant.text.normalize import fold, same_person
from assistant.text.phrasing import (
    counted,
    date_in_words,
    filter_in_words,
    joined,
    listing_command,
    measure_in_words,
    number_in_words,
    one_line,
    place_in_words,
    plain,
    plan_in_words,
    quotation,
    several_people,
)
from assistant.text.prompt_safety import visible, without_orders
from assistant.text.sentences import LIST_MARKER, split_sentences
from assistant.text.words import STOP_WORDS, content_words, is_light, shares, stem, written_words

__all__ = [
    "LIST_MARKER",
    "STOP_WORDS",
    "arxiv_categories",
    "content_words",
    "counted",
    "date_in_words",
    "filter_in_words",
    "fold",
    "is_light",
    "joined",
    "listing_command",
    "measure_in_words",
    "number_in_words",
    "one_line",
    "place_in_words",
    "plain",
    "plan_in_words",
    "prompt_safety",
    "quotation",
    "same_person",
    "several_people",
    "shares",
    "split_sentences",
    "stem",
    "visible",
    "without_orders",
    "written_words",
]
