"""Prompt safety: text of papers that can neither forge a boundary of a prompt nor give an order.

A prompt is text, and so is an abstract. What an abstract holds must neither look like the end of the abstracts, the
next source, a message of another role, nor speak to whoever reads it. The first is a matter of characters and is
always done. The second, prompt injection, is told from the grammar of a sentence, and such a sentence is left out of
what the model reads and of what may prove an answer. The reader of a source's card still sees all of it.

An abstract reports: its subject is a paper, a method, a result. An order speaks to the reader or the model: it is in
the imperative or in the second person, *and* it is about the reading itself: instructions, prompts, questions, answers,
what to say. Both must hold; either alone is found in good abstracts ("Consider a graph", "the question is open").
Greshake et al., "Not what you've signed up for" (2023) describe the attack. The recogniser knows English only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property

from assistant.text.words import split_sentences


class _Pattern:
    """A pattern that is compiled when it is first used: those of orders are large, and most commands need none."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern, self._flags = pattern, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._pattern, self._flags)

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in a text."""
        return self._compiled.search(text)

    def match(self, text: str) -> re.Match[str] | None:
        """Return the match at the beginning of a text."""
        return self._compiled.match(text)


LONGEST_TITLE = 400
"""Characters of a title that are shown to the model."""

LONGEST_ABSTRACT = 20_000
"""Characters of an abstract that are shown to the model: several times what a prompt has room for."""

_LONGEST_NAME = 80
_MOST_NAME_WORDS = 8
_MOST_MARKS = 2
"""Combining marks kept on one letter: more make a heap that no script needs."""

_KEPT_FORMAT = "\u200c\u200d"  # joiners that Persian, Hindi and others are spelt with
_TERMINAL_CODE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,40}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|\x1b[@-Z\\^_]?"
)
_REPEATED = re.compile(r"(?<!\S)(\S{1,40})(?:\s\1){3,}(?!\S)")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_PART = re.compile(r"(?<=[.:;!?—])\s+")
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*(?:-->)?", re.DOTALL)
_LINES = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_TAG = re.compile(
    r"<([/|｜!?]?[A-Za-z_][\w|｜▁:.-]{0,60}(?:\s[^<>=]{0,200}=[^<>]{0,400})?\s?[/|｜?]?)>|<<(/?[A-Z]{2,8})>>"
)
_SOURCE_MARK = re.compile(r"\[(\d{1,3})\]")
_CONTROL_MARK = re.compile(r"\[(/[A-Za-z_]{2,20}|INST|SYS|SYSTEM|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w{3,10})\]")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\(([^()\s]{0,500})[^()]{0,200}\)")
_FENCE = re.compile(r"(?<!\S)(?:[-=_#*~<>]{3,}|#{1,6})(?!\S)|[=_#*~]{3,}|`{3,}|\"{3,}|'{3,}")
_ENCODED = re.compile(
    r"(?<![\w/.:@+=-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/.:@-])"
)
_NAME_MARKS = " '’`.,()·-–/"

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝвкмнтАВЕКМНОРСТУХІЈЅαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwbkmhtABEKMHOPCTYXIJSaeiknoptuxABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that pass for Latin ones (Unicode Technical Standard 39)."""

_ROLE = r"(?:system|assistant|user|human|developer|instructions?|response|question|answer|prompt|ai|bot|tool|q|a)"
_OPENING = _Pattern(
    rf"(?:[^\w(]{{0,12}}{_ROLE}(?:\s+(?:message|prompt|note))?[^\w\s:：]{{0,6}}\s*[:：])", re.IGNORECASE
)
_FORGED = _Pattern(
    r"<\s*[|｜]\s*/?\w+|<<\s*/?sys\s*>>|\[/?(?:inst|system\w*|tool_calls?)\]|</?(?:s|system|assistant|user|instructions?|"
    r"tool_call|function_call|prompt|think|start_of_turn|end_of_turn)>"
    r"|^\W*#{1,6}\s*(?:system|assistant|user|instructions?|response|new)\b"
    r"|\b(?:begin|end|start)\s+(?:of\s+)?(?:the\s+)?(?:abstracts?|sources?|context|document|passages?|prompt|system|"
    r"instructions?|quoted\s+material)\s*(?:[\]}=*#>:-]|\.?\s*$)"
    r"|[\"'](?:role|tool|function|tool_calls?|function_call|arguments|action|final_answer|answer|content)[\"']\s*:",
    re.IGNORECASE,
)
_MESSAGE = _Pattern(
    r"^\W*(?:(?:system|assistant|user|human|developer|ai)(?:\s+(?:message|prompt|note|override|update|notice))?\W{0,6}:"
    r"|answer\W{0,3}:|[qa]\W{0,2}:\s|question\W{0,3}:.{0,600}\banswer\W{0,3}:)"
)
_MESSAGES = _Pattern(r"(?:\b(?:system|assistant|user|human|question|answer|q|a)\s?:.{1,200}){2}")
"""Two messages in one line: one alone, as in "A planning system: ...", is a title like any other."""
_INSTRUCTIONS = _Pattern(
    r"^\W*(?:new|updated|revised|real|actual|hidden|secret|admin\w*|developer|additional|important|special)\s+"
    r"(?:\w+\s+)?(?:instructions?|prompt|rules?|orders?|directives?|system\s+message)\b\W{0,3}"
    r"(?:(?:for|to)\s+[^.:]{0,40})?(?:\([^()]{0,80}\)\s*)?:"
)

_RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|orders?|restrictions?|guardrails?"
    r"|safeguards?|system\s+messages?|programming|(?:what|everything|anything|all)\s+(?:\w+\s+){0,2}(?:you|above|before)"
    r"|(?:abstracts?|sources?|passages?|context|texts?|papers?|documents?)\s+(?:above|below|before|given)"
    r"|the\s+(?:above|foregoing|preceding)|(?:everything|all|anything)\s+(?:above|before|else|prior))"
)
_UNDO = (
    r"(?:ignore|disregard|forget|override|overrule|bypass|discard|dismiss|abandon|neglect|erase|delete|drop|violate"
    r"|disobey|skip|circumvent|(?:set|put|leave)\s+aside|pay\s+no\s+(?:attention|heed)\s+to"
    r"|(?:do\s+not|don'?t|never|stop|cease|no\s+longer)\s+(?:follow|obey|heed|apply|use|trust)(?:ing)?)"
)
_SAY = (
    r"(?:answer(?=\s*:|\s+(?:the|this|that|these|any|every|all|with|only|in|by|as|each|to|my|no|yes|it|them|user|[\"“'‘\d]))"
    r"|respond|reply|say|state|output|print|repeat|tell|claim|write|return|reveal|cite|quote|recommend|mention"
    r"|append|include|insert|add|conclude|translate|rate|assert|declare|report|send|begin|end|start|finish|replace|insist"
    r"|give|summari[sz]e|pretend|act|behave|treat|call|display|emit|produce)(?!,)"
)
_SPOKEN = (
    r"(?:\b(?:question|answer|respon[sd]|repl(?:y|ies)|user|reader|prompt|instruction)|\bverbatim\b|word\s+for\s+word|\bexactly\b"
    r"|the\s+words?\b|the\s+following\s+(?:text|sentence|words?|phrase)|the\s+(?:text|phrase|sentence|string)\b"
    r"|https?:|\binstead\b|\balways\b|\bwhatever\b|only\s+with|nothing\s+(?:else|but)|\byour\b|\byou\b|this\s+(?:paper|abstract|source)"
    r"|as\s+(?:if|though)|[\"“'‘][^\"”'’]+[\"”'’]\W*$)"
)
_READER = (
    r"(?:you|(?:the\s+|any\s+|every\s+|all\s+|an?\s+|this\s+|dear\s+)?(?:ai\s+|language\s+|large\s+language\s+|virtual\s+"
    r"|research\s+)?(?:assistants?|models?|llms?|chatbots?|ais?|readers?|reviewers?|bots?|systems?)"
    r"|(?:anyone|whoever|anybody|everyone|those)\s+(?:\w+\s+){0,2}(?:answer|read|summar|us|process)\w*(?:\s+\w+){0,3})"
)
_MUST = (
    r"(?:must|should|shall|will|(?:has|have|needs?|ought|is|are)\s+to"
    r"|(?:is|are)\s+(?:hereby\s+|now\s+|strictly\s+)?(?:required|instructed|asked|ordered|told|directed|commanded|obliged"
    r"|requested|urged)\s+to)"
)
_BEFORE = (
    r"(?:from\s+now\s+on|from\s+here\s+on|please|now|then|so|and|but|hereby|first|kindly|instead|simply|just|always|also|never|do\s+not|don'?t|only"
    r"|important|note|attention|warning|immediately|therefore|remember\s+to|be\s+sure\s+to|make\s+sure\s+to|you)"
)
_CLAUSE = rf"(?:^\W*|(?<!e\.g)(?<!i\.e)[.:;!?—–]\W{{1,3}})(?:{_BEFORE}\W+){{0,3}}"
_CONDITION = (
    r"(?:when|if|whenever|from\s+now\s+on|for\s+(?:every|any|all|each)|in\s+(?:your|every|any|all)"
    r"|regardless|no\s+matter|whatever|instead|to\s+(?:any|every|all|each))\b"
)

_OVERRIDE = _Pattern(
    rf"(?:{_CLAUSE}|\b{_READER}\s+(?:{_MUST}\s+)?|\b(?:and|then|to|please)\s+|^\W*{_CONDITION}[^.]{{0,300}},\s*)"
    rf"{_UNDO}\b(?=[^.!?]{{0,60}}?\b(?:your|all|any|every|previous|prior|earlier|preceding|above|former|other|these|those"
    rf"|foregoing|everything|system|anything|what)\b)[^.!?]{{0,60}}?\b{_RULES}(?!\W+(?:set|sets|tuning|following)\b)"
)
_MENTIONED = _Pattern(
    r"\b(?:we|our|study|studies|show|shows|attacks?|adversar\w+|jailbreak\w*|propose|proposes|models?\s+(?:often|may|can"
    r"|tend|fail|that)|to\s+ignore|which|whether|such\s+as|e\.g)\b"
)
"""Words of a report about orders ("attacks that make a model ignore its instructions"): it is not itself an order,
unless its sentence begins as one."""

_IMPERATIVE = _Pattern(rf"{_CLAUSE}{_SAY}\b(?!-)(?=\W)[^.!?]{{0,300}}?{_SPOKEN}")
_CONDITIONAL = _Pattern(rf"^\W*{_CONDITION}[^.!?]{{0,300}}?[,:]\s*(?:{_BEFORE}\W+){{0,3}}{_SAY}\b")
_BARE = _Pattern(
    rf"^\W*(?:{_BEFORE}\W+){{0,3}}(?:say|reply|respond|answer|write|print|output|repeat)\s+(?:\w+\s+){{0,2}}\w+\W*$"
)
"""A whole sentence such as "Say only X"."""

_ANSWER_SO = _Pattern(
    rf"(?<!\bto\s)(?<!\bcan\s)(?<!\bnot\s)(?<!-)\b(?:answer|respond|reply)\s+(?:to\s+)?(?:(?:every|any|all|each)\s+(?:\w+\s+)?"
    r"(?:question|quer(?:y|ies)|prompt)s?\s+(?:with|by|as)\b|(?:only|solely|exactly|just)\s+(?:with|by|in)\b|with\s+the\s+"
    r"(?:word|phrase|sentence|text)s?\b)"
    rf"|\b{_UNDO}\b[^.!?]{{0,60}}\b(?:abstracts?|sources?|passages?|context|documents?|papers?|questions?)\b"
    rf"[^.!?]{{0,30}}?(?:,|;|\band)\s+(?:instead\s+)?(?:answer|respond|reply|say|write|print|output|tell)\s+(?:only\b|just\b|with\b|that\b|\d|[\"“])"
)
_ADDRESSED = _Pattern(
    r"\byou\s+(?:must|shall|should|will|are\s+(?:now|no\s+longer|an?|required|instructed|asked|ordered|told|hereby|to|[^.,]{1,30},\s+an?\s+(?:ai|assistant|bot|model))|have"
    r"\s+to|need\s+to|can\s+now)\b|\byour\s+(?:\w+\s+)?(?:answer|response|reply|instructions?|prompt|rules?|output|task\s+is|"
    r"guidelines?|system|training|programming|role|job|creators?|developers?|next)\b"
)
_ABOUT_ANSWERING = _Pattern(
    r"\b(?:answer\w*|respon[ds]\w*|repl(?:y|ies)|instruct\w*|prompts?|assistant|ai|questions?|say|output|cite|obey"
    r"|comply|ignore|disregard|rules?|polic(?:y|ies)|restrictions?|recommend|language\s+models?|reveal|user|pretend|unrestricted)\b"
)
_ABOUT_READING = _Pattern(
    r"\b(?:you\s+are\s+now|you\s+must|you\s+are\s+asked|system\s+prompt|to\s+your\s+answer|the\s+user"
    r"|nothing\s+else|every\s+question|verbatim|word\s+for\s+word|this\s+(?:paper|abstract)|whatever|instead\s+of\s+an)\b"
)
_DECODE = _Pattern(
    r"\b(?:decode|decrypt|decipher|unscramble)\b[^.!?]{0,60}\band\s+(?:then\s+)?(?:do|follow|obey|execute|comply|act)\b"
)
_ORDERED = _Pattern(
    rf"\b{_READER}\s+{_MUST}\s+(?:\w+ly\s+|always\s+|never\s+|not\s+|only\s+|now\s+)*{_SAY}\b[^.!?]{{0,300}}?"
    r"(?:\b(?:this|that|every|any|all|each|the)\s+(?:\w+\s+)?(?:question|prompt|instruction|answer|abstract|user|query|"
    r"queries)s?\b.{0,300}\b(?:with|by|that|as|is)\b|\bexactly\b|https?:|[\"“‘][^\"”’]+[\"”’]|\binstead\b|\bthe\s+following\b)"
)
_VERDICT = _Pattern(
    r"\b(?:correct|right|true|final|only|expected|real|actual|official|proper|best)\s+(?:answer|response|reply)\b"
    r"(?:\s+(?:(?:to|for)\s+(?:this|that|any|every|all|your|the\s+user'?s?)\b[^.!?]{0,40}?(?:\b(?:is|are|be)\b|[:=])"
    r"|(?:is|are|will\s+be|must\s+be|should\s+be|remains)\s*:?\s*(?:always\s+|simply\s+|therefore\s+)?[\"“'‘]?"
    r"(?:\d|yes\b|no\b|that\b|[\"“'‘]))|\s*[:=])"
    r"|\banswer\s+to\s+(?:this|any|every|all|your|the\s+user'?s?)\b[^.!?:]{0,40}?\b(?:is|are|must|will)\b"
)
_VOCATIVE = _Pattern(
    r"^\W*(?:dear|attention|hey|hello|hi|note\s+(?:to|for)|message\s+(?:to|for)|instructions?\s+(?:to|for)|to\s+(?:the|any|all|every))\W+"
    r"(?:the\s+|any\s+|all\s+|an?\s+|every\s+)?(?:ai\s+|language\s+|large\s+language\s+)?"
    r"(?:assistants?|ais?|models?|llms?|chatbots?|readers?|reviewers?|systems?|bots?)\b(?:\s+(?:reading|processing|using|who|that)\b[^.:,]{0,40})?\s*[:,!—]"
)


def quoted(text: str) -> str:
    """Return an abstract as it may stand in a prompt: on one line, without sentences that give orders, harmless.

    A text with nothing of this kind in it comes back as it is, but for its white space.
    """
    return harmless(without_orders(text[:LONGEST_ABSTRACT]))


def harmless(text: str) -> str:
    """Return text on one line that holds no boundary of a prompt: no message, no numbered source, no hidden character.

    What stands for such a boundary keeps its words and loses its shape: "[2]" becomes "(2)", "<|user|>" "‹|user|›".
    """
    line = " ".join(visible(_COMMENT.sub(" ", text)).split())
    line = _LINK.sub(lambda link: " ".join(dict.fromkeys(part for part in link.groups() if part)), line)
    line = _TAG.sub(lambda tag: f"‹{tag.group(1) or tag.group(2)}›", line)
    line = _SOURCE_MARK.sub(r"(\1)", line)
    line = _CONTROL_MARK.sub(r"(\1)", line)
    line = _FENCE.sub(lambda fence: " – " if fence.group().strip("-") == "" else " ", line)
    line = _REPEATED.sub(r"\1 …", line)
    line = _ENCODED.sub(lambda encoded: f"{encoded.group()[:8]}…", line)
    return " ".join(_without_openings(line).split())


def without_orders(text: str) -> str:
    """Return a text without the sentences that speak to its reader; each sentence that stays is as it was.

    A text without such sentences comes back unchanged.
    """
    pieces = list(_pieces(text))
    if not any(is_order for _, is_order in pieces):
        return text
    return " ".join(piece for piece, is_order in pieces if not is_order)


def orders(text: str) -> tuple[str, ...]:
    """Return the sentences of a text that are left out of the prompt, in order."""
    return tuple(piece for piece, is_order in _pieces(text) if is_order)


def title(text: str) -> str:
    """Return a title as it may stand in a prompt: up to where it begins to give an order, without web addresses.

    A title that begins with an order is taken from its next part on.
    """
    seen = " ".join(visible(_COMMENT.sub(" ", text[:LONGEST_TITLE])).split())
    shown = _ADDRESS.sub(" ", _LINK.sub(r"\1", seen))
    while shown:
        words = shown.split()
        before = _before_order(words)
        if before:
            return harmless(shown if before == len(words) else " ".join(words[:before]))
        shown = _PART.split(shown, maxsplit=1)[-1] if _PART.search(shown) else ""
    return ""


def person(name: str) -> str:
    """Return a name as it may stand in a prompt, "" where it is not shaped like a person's name."""
    name = " ".join(visible(name).split())
    is_name = len(name) <= _LONGEST_NAME and len(name.split()) <= _MOST_NAME_WORDS and all(map(_in_name, name))
    return name if is_name and not is_injection(name) else ""


def asked(question: str) -> str:
    """Return a question as it may stand in a prompt: harmless, and without a sentence that would undo the instructions.

    What a person asks for in their own words ("answer in one line") stays. A question that is nothing but such a
    sentence stays whole.
    """
    shown = " ".join(visible(_COMMENT.sub(" ", question)).split())
    kept = [sentence for sentence in split_sentences(shown) if not is_injection(sentence, is_question=True)]
    return harmless(" ".join(kept) if kept else shown)


def visible(text: str) -> str:
    """Return a text without characters that hide or reorder text or command a terminal, and few marks on a letter."""
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for character in _TERMINAL_CODE.sub("", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        is_hidden = category.startswith("C") and character not in _KEPT_FORMAT and not character.isspace()
        if not is_hidden and marks <= _MOST_MARKS:
            shown.append(character)
    return "".join(shown)


def is_injection(sentence: str, *, is_question: bool = False, is_title: bool = False) -> bool:
    """Tell whether a sentence speaks to its reader, or poses as a message or as the end of the quoted material.

    A person's question speaks to its reader by nature: in it only what would undo the instructions counts, or what
    poses as somebody else's message. Titles may be in the imperative or the second person ("Tell me why"): in them
    it must be about this very reading.
    """
    shown = folded(sentence)
    always = (_FORGED, _VERDICT, _INSTRUCTIONS, _MESSAGES if is_title else _MESSAGE)
    if _is_override(shown) or _any(always, shown):
        return True
    if is_question:
        return False
    if _any((_ANSWER_SO, _ORDERED, _DECODE), shown):
        return True
    if is_title:
        return _ABOUT_READING.search(shown) is not None and _any((_CONDITIONAL, _ADDRESSED, _IMPERATIVE), shown)
    if _ABOUT_ANSWERING.search(shown) and _any((_CONDITIONAL, _ADDRESSED), shown):
        return True
    return _any((_VOCATIVE, _IMPERATIVE, _BARE), shown)


def folded(text: str) -> str:
    """Return a text in the plain lower-case letters that it looks like, on one line, nothing hidden in it."""
    shown = "".join(
        character
        for character in unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
        if character.isspace() or unicodedata.category(character)[0] not in "CM"
    )
    return " ".join(shown.lower().replace("’", "'").split())


def _any(patterns: Sequence[_Pattern], shown: str) -> bool:
    return any(pattern.search(shown) for pattern in patterns)


def _is_override(shown: str) -> bool:
    found = _OVERRIDE.search(shown)
    return found is not None and not (found.start() > 0 and _MENTIONED.search(shown[: found.end()]))


def _opens_message(sentence: str) -> int:
    """Return where the text begins behind an opening such as "Answer:" or "### System:"; 0 where there is none."""
    opening = _OPENING.match(sentence)
    return opening.end() if opening else 0


def _before_order(words: Sequence[str]) -> int:
    """Return how many of a title's words stand before the first order, which may begin at any of them."""
    end = len(words)
    while starts := [start for start in range(end) if is_injection(" ".join(words[start:end]), is_title=True)]:
        end = starts[-1]
    return end


def _in_name(character: str) -> bool:
    """Tell whether a character may stand in a name; digits do where a source tells people of one name apart."""
    return character in _NAME_MARKS or character.isdecimal() or unicodedata.category(character)[0] in "LM"


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a text into sentences, each a verbatim part of it, and tell whether it gives an order."""
    start = 0
    for comment in [*_COMMENT.finditer(text), None]:
        end = comment.start() if comment else len(text)
        for line in _LINES.split(text[start:end]):
            for sentence in split_sentences(line):
                yield sentence, is_injection(sentence)
        if comment:
            yield comment.group(), True
            start = comment.end()


def _without_openings(line: str) -> str:
    """Take the colon from each sentence that opens like a message: "Answer: 3" becomes "Answer – 3"."""
    parts: list[str] = []
    end = 0
    for sentence in split_sentences(line):
        start = line.find(sentence, end)
        opening = _opens_message(sentence)
        if start < 0 or not opening:
            continue
        parts += [line[end:start], sentence[:opening].rstrip(" :："), " – "]
        end = start + opening
    return "".join([*parts, line[end:]])
