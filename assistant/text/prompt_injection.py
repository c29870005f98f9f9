"""Prompt injection: recognition of sentences that give their reader orders instead of reporting research.

An abstract reports: its subject is a paper, a method, a result. An order speaks to the reader or the model: it is in
the imperative or in the second person, *and* it is about the reading itself: instructions, prompts, questions, answers,
what to say. Both must hold; either alone is found in good abstracts ("Consider a graph", "the question is open").
Greshake et al., "Not what you've signed up for" (2023) describe the attack. The recogniser knows English only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝвкмнтАВЕКМНОРСТУХІЈЅαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhqwbkmhtABEKMHOPCTYXIJSaeiknoptuxABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that pass for Latin ones (Unicode Technical Standard 39)."""

_ROLE = r"(?:system|assistant|user|human|developer|instructions?|response|question|answer|prompt|ai|bot|tool|q|a)"
_OPENING = re.compile(
    rf"(?:[^\w(]{{0,12}}{_ROLE}(?:\s+(?:message|prompt|note))?[^\w\s:：]{{0,6}}\s*[:：])", re.IGNORECASE
)
_FORGED = re.compile(
    r"<\s*[|｜]\s*/?\w+|<<\s*/?sys\s*>>|\[/?(?:inst|system\w*|tool_calls?)\]|</?(?:s|system|assistant|user|instructions?|"
    r"tool_call|function_call|prompt|think|start_of_turn|end_of_turn)>"
    r"|^\W*#{1,6}\s*(?:system|assistant|user|instructions?|response|new)\b"
    r"|\b(?:begin|end|start)\s+(?:of\s+)?(?:the\s+)?(?:abstracts?|sources?|context|document|passages?|prompt|system|"
    r"instructions?|quoted\s+material)\s*(?:[\]}=*#>:-]|\.?\s*$)"
    r"|[\"'](?:role|tool|function|tool_calls?|function_call|arguments|action|final_answer|answer|content)[\"']\s*:",
    re.IGNORECASE,
)
_MESSAGE = re.compile(
    r"^\W*(?:(?:system|assistant|user|human|developer|ai)(?:\s+(?:message|prompt|note|override|update|notice))?\W{0,6}:"
    r"|answer\W{0,3}:|[qa]\W{0,2}:\s|question\W{0,3}:.{0,600}\banswer\W{0,3}:)"
)
_MESSAGES = re.compile(r"(?:\b(?:system|assistant|user|human|question|answer|q|a)\s?:.{1,200}){2}")
"""Two messages in one line: one alone, as in "A planning system: ...", is a title like any other."""
_INSTRUCTIONS = re.compile(
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

_OVERRIDE = re.compile(
    rf"(?:{_CLAUSE}|\b{_READER}\s+(?:{_MUST}\s+)?|\b(?:and|then|to|please)\s+|^\W*{_CONDITION}[^.]{{0,300}},\s*)"
    rf"{_UNDO}\b(?=[^.!?]{{0,60}}?\b(?:your|all|any|every|previous|prior|earlier|preceding|above|former|other|these|those"
    rf"|foregoing|everything|system|anything|what)\b)[^.!?]{{0,60}}?\b{_RULES}(?!\W+(?:set|sets|tuning|following)\b)"
)
_MENTIONED = re.compile(
    r"\b(?:we|our|study|studies|show|shows|attacks?|adversar\w+|jailbreak\w*|propose|proposes|models?\s+(?:often|may|can"
    r"|tend|fail|that)|to\s+ignore|which|whether|such\s+as|e\.g)\b"
)
"""Words of a report about orders ("attacks that make a model ignore its instructions"): it is not itself an order,
unless its sentence begins as one."""

_IMPERATIVE = re.compile(rf"{_CLAUSE}{_SAY}\b(?!-)(?=\W)[^.!?]{{0,300}}?{_SPOKEN}")
_CONDITIONAL = re.compile(rf"^\W*{_CONDITION}[^.!?]{{0,300}}?[,:]\s*(?:{_BEFORE}\W+){{0,3}}{_SAY}\b")
_BARE = re.compile(
    rf"^\W*(?:{_BEFORE}\W+){{0,3}}(?:say|reply|respond|answer|write|print|output|repeat)\s+(?:\w+\s+){{0,2}}\w+\W*$"
)
"""A whole sentence such as "Say only X"."""

_ANSWER_SO = re.compile(
    rf"(?<!\bto\s)(?<!\bcan\s)(?<!\bnot\s)(?<!-)\b(?:answer|respond|reply)\s+(?:to\s+)?(?:(?:every|any|all|each)\s+(?:\w+\s+)?"
    r"(?:question|quer(?:y|ies)|prompt)s?\s+(?:with|by|as)\b|(?:only|solely|exactly|just)\s+(?:with|by|in)\b|with\s+the\s+"
    r"(?:word|phrase|sentence|text)s?\b)"
    rf"|\b{_UNDO}\b[^.!?]{{0,60}}\b(?:abstracts?|sources?|passages?|context|documents?|papers?|questions?)\b"
    rf"[^.!?]{{0,30}}?(?:,|;|\band)\s+(?:instead\s+)?(?:answer|respond|reply|say|write|print|output|tell)\s+(?:only\b|just\b|with\b|that\b|\d|[\"“])"
)
_ADDRESSED = re.compile(
    r"\byou\s+(?:must|shall|should|will|are\s+(?:now|no\s+longer|an?|required|instructed|asked|ordered|told|hereby|to|[^.,]{1,30},\s+an?\s+(?:ai|assistant|bot|model))|have"
    r"\s+to|need\s+to|can\s+now)\b|\byour\s+(?:\w+\s+)?(?:answer|response|reply|instructions?|prompt|rules?|output|task\s+is|"
    r"guidelines?|system|training|programming|role|job|creators?|developers?|next)\b"
)
_ABOUT_ANSWERING = re.compile(
    r"\b(?:answer\w*|respon[ds]\w*|repl(?:y|ies)|instruct\w*|prompts?|assistant|ai|questions?|say|output|cite|obey"
    r"|comply|ignore|disregard|rules?|polic(?:y|ies)|restrictions?|recommend|language\s+models?|reveal|user|pretend|unrestricted)\b"
)
_ABOUT_READING = re.compile(
    r"\b(?:you\s+are\s+now|you\s+must|you\s+are\s+asked|system\s+prompt|to\s+your\s+answer|the\s+user"
    r"|nothing\s+else|every\s+question|verbatim|word\s+for\s+word|this\s+(?:paper|abstract)|whatever|instead\s+of\s+an)\b"
)
_DECODE = re.compile(
    r"\b(?:decode|decrypt|decipher|unscramble)\b[^.!?]{0,60}\band\s+(?:then\s+)?(?:do|follow|obey|execute|comply|act)\b"
)
_ORDERED = re.compile(
    rf"\b{_READER}\s+{_MUST}\s+(?:\w+ly\s+|always\s+|never\s+|not\s+|only\s+|now\s+)*{_SAY}\b[^.!?]{{0,300}}?"
    r"(?:\b(?:this|that|every|any|all|each|the)\s+(?:\w+\s+)?(?:question|prompt|instruction|answer|abstract|user|query|"
    r"queries)s?\b.{0,300}\b(?:with|by|that|as|is)\b|\bexactly\b|https?:|[\"“‘][^\"”’]+[\"”’]|\binstead\b|\bthe\s+following\b)"
)
_VERDICT = re.compile(
    r"\b(?:correct|right|true|final|only|expected|real|actual|official|proper|best)\s+(?:answer|response|reply)\b"
    r"(?:\s+(?:(?:to|for)\s+(?:this|that|any|every|all|your|the\s+user'?s?)\b[^.!?]{0,40}?(?:\b(?:is|are|be)\b|[:=])"
    r"|(?:is|are|will\s+be|must\s+be|should\s+be|remains)\s*:?\s*(?:always\s+|simply\s+|therefore\s+)?[\"“'‘]?"
    r"(?:\d|yes\b|no\b|that\b|[\"“'‘]))|\s*[:=])"
    r"|\banswer\s+to\s+(?:this|any|every|all|your|the\s+user'?s?)\b[^.!?:]{0,40}?\b(?:is|are|must|will)\b"
)
_VOCATIVE = re.compile(
    r"^\W*(?:dear|attention|hey|hello|hi|note\s+(?:to|for)|message\s+(?:to|for)|instructions?\s+(?:to|for)|to\s+(?:the|any|all|every))\W+"
    r"(?:the\s+|any\s+|all\s+|an?\s+|every\s+)?(?:ai\s+|language\s+|large\s+language\s+)?"
    r"(?:assistants?|ais?|models?|llms?|chatbots?|readers?|reviewers?|systems?|bots?)\b(?:\s+(?:reading|processing|using|who|that)\b[^.:,]{0,40})?\s*[:,!—]"
)


def is_injection(sentence: str, *, is_question: bool = False, is_title: bool = False) -> bool:
    """Tell whether a sentence speaks to its reader, or poses as a message or as the end of the quoted material.

    A person's question speaks to its reader by nature: in it only what would undo the instructions counts, or what
    poses as somebody else's message. Titles may be in the imperative or the second person ("Tell me why"): in them
    it must be about this very reading.
    """
    said = folded(sentence)
    always = (_FORGED, _VERDICT, _INSTRUCTIONS, _MESSAGES if is_title else _MESSAGE)
    if _is_override(said) or _any(always, said):
        return True
    if is_question:
        return False
    if _any((_ANSWER_SO, _ORDERED, _DECODE), said):
        return True
    if is_title:
        return _ABOUT_READING.search(said) is not None and _any((_CONDITIONAL, _ADDRESSED, _IMPERATIVE), said)
    if _ABOUT_ANSWERING.search(said) and _any((_CONDITIONAL, _ADDRESSED), said):
        return True
    return _any((_VOCATIVE, _IMPERATIVE, _BARE), said)


def _any(patterns: Sequence[re.Pattern[str]], said: str) -> bool:
    return any(pattern.search(said) for pattern in patterns)


def opens_message(sentence: str) -> int:
    """Return where the text begins behind an opening such as "Answer:" or "### System:"; 0 where there is none."""
    opening = _OPENING.match(sentence)
    return opening.end() if opening else 0


def folded(text: str) -> str:
    """Return a text in the plain lower-case letters that it looks like, on one line, nothing hidden in it."""
    shown = "".join(
        character
        for character in unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
        if character.isspace() or unicodedata.category(character)[0] not in "CM"
    )
    return " ".join(shown.lower().replace("’", "'").split())


def _is_override(said: str) -> bool:
    found = _OVERRIDE.search(said)
    return found is not None and not (found.start() > 0 and _MENTIONED.search(said[: found.end()]))
