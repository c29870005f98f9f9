"""Formats of tagged lines other than RIS, each a table of its tags: the exports of databases and reference managers."""

from __future__ import annotations

import re

from assistant.ingestion.readers.tagged.tagged_lines import Dialect, TaggedFormat, Tags, from_family, from_initials


def _sign(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^\ufeff?(?:{pattern})", re.MULTILINE)


# PubMed and ERIC (.nbib). Biopython's reader would not do: it forgets the lines in which records stand, and the order
# of people and groups.
MEDLINE = TaggedFormat(
    "MEDLINE",
    _sign(r"(?:PMID ?- ?\d+|OWN ?- ?[A-Z]+)[^\S\n]*\n\s*(?!TY {2}-)[A-Z][A-Z0-9]{1,3} {0,2}- "),
    (
        Dialect(
            tag=re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(?:[ \t](.*)|\s*$)"),
            tags=Tags(
                title=("TI", "BTI", "TT"),
                people=("FAU",),
                short_people=("AU",),
                groups=("CN",),
                abstract=("AB", "OAB"),
                date=("DP", "DEP", "EDAT"),
                venue=("JT", "TA", "BTI", "CTI"),
                source=("SO",),
                doi=("LID", "AID", "SO"),
                address=("LID", "AID"),
                arxiv=("LID", "AID"),
                pmid=("PMID",),
                key=("PMID", "OID"),
                labels=("OT",),
                headings=("MH",),
            ),
            first=frozenset({"PMID"}),
            others=frozenset({"OWN", "STAT"}),
            is_parted_by_blanks=True,
            spoken=from_initials,
        ),
    ),
)

WEB_OF_SCIENCE = TaggedFormat(
    "Web of Science",
    _sign(r"FN [^\n]*\n\s*VR \d|PT [A-Z][^\S\n]*\n\s*(?:AU|AF|AN|BA|BE|CA|GP|TI|ED|DT|SO) "),
    (
        Dialect(
            tag=re.compile(r"([A-Z][A-Z0-9])(?: (.*)|\s*$)"),
            tags=Tags(
                title=("TI",),
                people=("AF", "BF"),
                short_people=("AU", "BA"),
                groups=("CA",),
                abstract=("AB",),
                date=("PY", "PD", "EA"),
                venue=("SO",),
                doi=("DI",),
                arxiv=("DI",),
                pmid=("PM",),
                key=("UT", "AN"),
                labels=("DE", "ID"),
            ),
            first=frozenset({"PT"}),
            end="ER",
            listed=frozenset({"AU", "AF", "BA", "BF", "CA"}),
        ),
    ),
)

# EndNote (.enw), refer, BibIX; CNKI and Google Scholar write it too.
REFER = TaggedFormat(
    "EndNote tagged (refer)",
    _sign(r"%0 [A-Z][^\n]*\n\s*%\S \S|(?=%[A-Z] \S[^\n]*\n\s*%[A-Z0] \S)(?=(?:%\S [^\n]*\n\s*){0,9}%T \S)"),
    (
        Dialect(
            tag=re.compile(r"%([A-Z0-9@+!&^*()<>=~\[\]?$#|:;])(?: (.*)|\s*$)"),
            tags=Tags(
                title=("T", "!"),
                people=("A", "Q"),
                abstract=("X",),
                date=("D", "8"),
                venue=("J", "B", "S"),
                publisher=("I",),
                kind=("0", "9"),
                doi=("R",),
                address=("U", "R"),
                arxiv=("R", "J", "M", "="),
                notes=("Z",),
                accession=("M",),
                database=("~", "W"),
                key=("F", "1", "M"),
                citation_key=("F", "1"),
                labels=("K",),
            ),
            first=frozenset({"0"}),
            listed=frozenset({"K"}),
            is_parted_by_blanks=True,
            has_empty_lines=True,
        ),
    ),
)

# The tagged format of the Astrophysics Data System, which is refer with tags of its own.
ADS = TaggedFormat(
    "ADS tagged",
    _sign(r"%R (?=.{19}\s)[12]\d{3}[A-Za-z&.]\S*[A-Z.:][^\S\n]*\n\s*%[A-Z] "),
    (
        Dialect(
            tag=re.compile(r"%([A-Z@])(?: (.*)|\s*$)"),
            tags=Tags(
                title=("T",),
                people=("A",),
                abstract=("B",),
                date=("D",),
                source=("J",),
                doi=("Y",),
                address=("U",),
                arxiv=("Y", "J", "X"),
                key=("R",),
                labels=("K",),
            ),
            first=frozenset({"R"}),
        ),
    ),
)

# RefWorks; CNKI and publishers write it too.
REFWORKS = TaggedFormat(
    "RefWorks tagged",
    _sign(r"RT [A-Z][^\n]*\n\s*(?:[A-Z][A-Z0-9]|PMID) "),
    (
        Dialect(
            tag=re.compile(
                r"(A[1-6BDNV]|C[LNR]|D[BOS]|ED|FD|I[DPS]|J[FO]|K1|L[AKL]|NO|O[LPT]|P[BP]|PMC?ID|R[DT]|S[FLNPR]|ST|T[1-3]|"
                r"U\d{1,2}|UL|VO|W[PTV]|YR) (.*)"
            ),
            tags=Tags(
                title=("T1", "OT"),
                people=("A1",),
                abstract=("AB",),
                date=("YR", "FD"),
                venue=("JF", "JO", "T2"),
                publisher=("PB",),
                kind=("RT",),
                doi=("DO", "NO"),
                address=("UL", "LK"),
                arxiv=("AN", "JF", "JO"),
                pmid=("PMID",),
                notes=("NO",),
                accession=("AN",),
                database=("DB", "DS"),
                key=("ID",),
                labels=("K1",),
            ),
            first=frozenset({"RT"}),
        ),
    ),
)

# Names with degrees and marks of affiliations ("Oak, Anna MD, PhD 1,2,+"), titles with a kind ("Lamps.  [Review]").
OVID_NAME_NOISE = re.compile(
    r"(?<=[\w.])[,;]?\s+(?:[MD]\.?D|Ph\.? ?D|MPH|MSc?|BSc?|M?BA|M?RN|DO|FAAN|FAC\w+|MBBS|PharmD|EdD|DVM|DDS)\b\.?"
    r"|(?<![\s\d,*+])[\s\d,*+]+(?=;|$)"
)
OVID_NAME_GAP = re.compile(r"\s{2,}(?=[^\W\d_])")
OVID_TITLE_NOISE = re.compile(r"(?<=[.?!])\s*\[[A-Z][A-Za-z ,:-]{2,60}\]\.?$")

OVID = TaggedFormat(
    "Ovid",
    _sign(
        r"<\d+\. ?>[^\S\n]*\n\s*[A-Z]{2} {1,3}- |VN {1,3}- Ovid [^\n]*\n\s*[A-Z]{2} {1,3}- "
        r"|UI {1,3}- \S+[^\S\n]*\n\s*[A-Z]{2} {1,3}- "
    ),
    (
        Dialect(
            tag=re.compile(r"([A-Z][A-Z0-9]) {1,3}-(?: (.*)|\s*$)"),
            tags=Tags(
                title=("TI", "TT"),
                people=("FA",),
                short_people=("AU",),
                groups=("CA",),
                abstract=("AB",),
                date=("YR", "DP", "DG"),
                venue=("JN", "JT", "JA", "BT"),
                source=("SO",),
                doi=("DO", "DI"),
                address=("UR",),
                pmid=("PM",),
                accession=("UI", "AN"),
                database=("DB",),
                key=("UI", "AN"),
                labels=("KW", "DE"),
                headings=("MH", "SH"),
            ),
            first=frozenset({"VN"}),
            between=re.compile(r"<\d+\. ?>"),
            spoken=from_initials,
            name_noise=OVID_NAME_NOISE,
            name_gap=OVID_NAME_GAP,
            title_noise=OVID_TITLE_NOISE,
        ),
    ),
)

OVID_FIELDS = TaggedFormat(
    "Ovid with names of fields",
    _sign(
        r"<\d+>[^\S\n]*\n(?:Score|Unique Identifier|Accession Number|Authors?|Title|Publication Type|Source)[^\S\n]*\n"
        r"[^\S\n]+\S|(?:Unique Identifier|Score|Accession Number)[^\S\n]*\n[^\S\n]+\S[^\n]*\n"
        r"(?:\S[^\n]{0,40}\n[^\S\n]+[^\n]+\n){0,9}Title[^\S\n]*\n"
    ),
    (
        Dialect(
            tag=re.compile(r"([A-Z][A-Za-z /&@()-]{1,60}?)[^\S\n]*()$"),
            tags=Tags(
                title=("TITLE", "BOOK TITLE", "CHAPTER TITLE"),
                people=("AUTHORS FULL NAME", "AUTHOR FULL NAME", "AUTHORS FULL NAMES"),
                short_people=("AUTHOR", "AUTHORS"),
                abstract=("ABSTRACT",),
                date=("YEAR OF PUBLICATION", "DATE OF PUBLICATION", "STATUS"),
                venue=("JOURNAL NAME", "JOURNAL"),
                source=("SOURCE",),
                doi=("DOI NUMBER", "DIGITAL OBJECT IDENTIFIER", "DOI"),
                accession=("UNIQUE IDENTIFIER",),
                pmid=("PMID",),
                database=("DATABASE",),
                key=("UNIQUE IDENTIFIER", "ACCESSION NUMBER"),
                labels=("AUTHOR KEYWORDS", "KEYWORDS", "KEYWORD HEADING"),
                headings=("MESH SUBJECT HEADINGS",),
            ),
            others=frozenset({"SCORE"}),
            between=re.compile(r"<\d+>"),
            listed=frozenset({"AUTHOR", "AUTHORS", "AUTHORS FULL NAME", "AUTHOR FULL NAME", "AUTHORS FULL NAMES"}),
            spoken=from_initials,
            name_noise=OVID_NAME_NOISE,
            name_gap=OVID_NAME_GAP,
            title_noise=OVID_TITLE_NOISE,
        ),
    ),
)

EMBASE = TaggedFormat(
    "Embase",
    _sign(r"RECORD \d+[^\S\n]*\n(?:[A-Z][A-Za-z/ ()]{2,50}\n(?:(?!TITLE\n)[^\n]*\n){1,20})?TITLE\n\s+\S"),
    (
        Dialect(
            tag=re.compile(
                r"((?:ORIGINAL \(NON-ENGLISH\) )?(?:TITLE|ABSTRACT)|AUTHOR (?:NAMES|ADDRESSES|KEYWORDS)|EDITORS?|"
                r"SOURCE(?: TITLE)?|PUBLICATION (?:YEAR|TYPE)|DATE OF PUBLICATION|VOLUME|ISSUE|(?:FIRST|LAST) PAGE|"
                r"ISSN|ISBN|PUI|DOI|MEDLINE PMID|BOOK PUBLISHER|CONFERENCE (?:NAME|LOCATION|DATE|EDITORS)|"
                r"CORRESPONDENCE ADDRESS|(?:AiP/IP|FULL RECORD) ENTRY DATE|FULL TEXT LINK|COPYRIGHT|ARTICLE NUMBER|"
                r"EMTREE (?:DRUG|MEDICAL) INDEX TERMS(?: \(MAJOR FOCUS\))?|EMBASE [A-Z]+(?: [A-Z]+)?|"
                r"(?:CAS REGISTRY|CLINICAL TRIAL|MOLECULAR SEQUENCE) NUMBERS|LANGUAGE OF [A-Z]+|"
                r"(?:DRUG|DEVICE) (?:TRADE NAMES|MANUFACTURERS))()[^\S\n]*$"
            ),
            tags=Tags(
                title=("TITLE", "ORIGINAL (NON-ENGLISH) TITLE"),
                people=("AUTHOR NAMES",),
                abstract=("ABSTRACT", "ORIGINAL (NON-ENGLISH) ABSTRACT"),
                date=("PUBLICATION YEAR", "DATE OF PUBLICATION"),
                venue=("SOURCE TITLE",),
                source=("SOURCE",),
                doi=("DOI",),
                pmid=("MEDLINE PMID",),
                key=("PUI",),
                labels=("AUTHOR KEYWORDS",),
            ),
            between=re.compile(r"RECORD \d+"),
        ),
    ),
)

COCHRANE = TaggedFormat(
    "Cochrane Library",
    _sign(r"Record #?\d+ of \d+[^\S\n]*\n\s*(?:ID|AU|TI|SO|YR): "),
    (
        Dialect(
            tag=re.compile(r"(ID|AU|TI|SO|YR|VL|NO|PG|PM|XR|PT|KW|KY|DOI|AB|US|CC|CO|IS|PB|LA|DE):(?: (.*)|\s*$)"),
            tags=Tags(
                title=("TI",),
                people=("AU",),
                abstract=("AB",),
                date=("YR",),
                source=("SO",),
                doi=("DOI",),
                address=("US",),
                pmid=("PM",),
                key=("ID",),
                headings=("KY", "KW"),
            ),
            between=re.compile(r"Record #?\d+ of \d+"),
            spoken=from_family,
        ),
    ),
)

# CNKI, Wanfang and VIP write it.
NOTE_EXPRESS = TaggedFormat(
    "NoteExpress",
    _sign(r"\{Reference Type\}: "),
    (
        Dialect(
            tag=re.compile(r"\{([^{}]{1,40})\}:? ?(.*)"),
            tags=Tags(
                title=("TITLE",),
                people=("AUTHOR",),
                abstract=("ABSTRACT",),
                date=("YEAR", "DATE", "PUBLICATION DATE"),
                venue=("JOURNAL", "SOURCE", "SECONDARY TITLE", "TERTIARY TITLE"),
                publisher=("PUBLISHER",),
                kind=("REFERENCE TYPE",),
                doi=("DOI",),
                address=("URL", "LINK"),
                notes=("NOTES",),
                key=("ACCESSION NUMBER",),
                labels=("KEYWORDS",),
            ),
            first=frozenset({"REFERENCE TYPE"}),
        ),
    ),
)

# What CNKI calls E-Study, or a format of one's own: a name in two languages before each value.
CNKI = TaggedFormat(
    "CNKI",
    _sign(
        r"(?:DataType: \d+|SrcDatabase-[^\n]*)\n\s*Title-[^\s:]+: |Title-[^\s:]{1,9}: [^\n]*\n\s*Author-[^\s:]{1,9}: "
    ),
    (
        Dialect(
            tag=re.compile(r"([A-Za-z]{2,20})-[^\s:]{1,20}: ?(.*)"),
            tags=Tags(
                title=("TITLE",),
                people=("AUTHOR",),
                abstract=("SUMMARY",),
                date=("PUBTIME", "YEAR"),
                venue=("SOURCE",),
                doi=("DOI",),
                address=("LINK", "URL"),
                labels=("KEYWORD",),
            ),
            first=frozenset({"TITLE"}),
        ),
    ),
)

FORMATS = (MEDLINE, WEB_OF_SCIENCE, ADS, REFER, REFWORKS, OVID, OVID_FIELDS, EMBASE, COCHRANE, NOTE_EXPRESS, CNKI)
