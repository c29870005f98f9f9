"""EndNote, MODS, Zotero RDF, and XML whose elements are called as fields are."""

import datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.ingestion.readers import read
from assistant.types import Authorship, Paper, Problem, ReaderItem, Record

AS_OF = datetime.date(2026, 11, 23)
TITLE, ABSTRACT, DOI, JOURNAL = "Ropes fray", "We pull ropes until they fray.", "10.1000/rope.1", "Journal of Ropes"
NAMES = ("Lena Berg", "Cy Ott")


def style(text: str) -> str:
    return f'<style face="normal" font="default" size="100%">{text}</style>'


ENDNOTE = f"""<?xml version="1.0" encoding="UTF-8" ?><xml><records><record>
<database name="a.enl" path="a.enl">a.enl</database>
<source-app name="EndNote" version="21.0">EndNote</source-app><rec-number>7</rec-number><foreign-keys><key app="EN"
db-id="x">7</key></foreign-keys><ref-type name="Journal Article">17</ref-type><contributors><authors>
<author>{style("Berg, Lena")}</author><author>{style("Ott, C.")}</author><author>{style("Rope Group,")}</author>
</authors>
<secondary-authors><author>{style("Roe, Rick")}</author></secondary-authors></contributors><titles>
<title>{style("Ropes of 10")}<style face="superscript" font="default" size="100%">6</style>{style(" strands")}</title>
<secondary-title>{style("J Ropes")}</secondary-title></titles><periodical><full-title>{style(JOURNAL)}</full-title>
</periodical>
<keywords><keyword>{style("Knots")}</keyword><keyword>{style("Tension&#xD;Fray")}</keyword></keywords>
<dates><year>{style("2020")}</year><pub-dates><date>{style("May 4")}</date></pub-dates></dates>
<accession-num>{style("30000001")}</accession-num><urls><related-urls><url>{style("https://example.org/rope")}</url>
</related-urls><pdf-urls><url>internal-pdf://1/a.pdf</url></pdf-urls></urls>
<electronic-resource-num>{style(DOI)}</electronic-resource-num>
<remote-database-name>{style("Medline")}</remote-database-name>
<abstract>{style(ABSTRACT)}</abstract></record></records></xml>"""

MODS = f"""<?xml version="1.0" encoding="UTF-8"?>
<mods:modsCollection xmlns:mods="http://www.loc.gov/mods/v3"><mods:mods ID="berg2020">
<mods:titleInfo type="abbreviated"><mods:title>Ropes</mods:title></mods:titleInfo>
<mods:titleInfo><mods:nonSort>The</mods:nonSort><mods:title>rope frays</mods:title>
<mods:subTitle>a study</mods:subTitle>
</mods:titleInfo><mods:name type="personal"><mods:namePart type="given">Lena</mods:namePart>
<mods:namePart type="given">M.
</mods:namePart><mods:namePart type="family">Berg</mods:namePart><mods:namePart type="date">1970-</mods:namePart>
<mods:role>
<mods:roleTerm authority="marcrelator" type="text">author</mods:roleTerm></mods:role></mods:name>
<mods:name type="corporate"><mods:namePart>Ropes, Knots and Co</mods:namePart></mods:name>
<mods:name><mods:namePart>Roe, Rick</mods:namePart><mods:role><mods:roleTerm type="code">edt</mods:roleTerm>
</mods:role></mods:name>
<mods:abstract>{ABSTRACT}</mods:abstract><mods:subject><mods:topic>Knots</mods:topic></mods:subject>
<mods:relatedItem type="host"><mods:titleInfo><mods:title>{JOURNAL}</mods:title></mods:titleInfo><mods:part>
<mods:date>2020-05
</mods:date></mods:part></mods:relatedItem><mods:identifier type="doi">{DOI}</mods:identifier>
<mods:location><mods:url>https://example.org/rope</mods:url></mods:location></mods:mods></mods:modsCollection>"""

RDF_HEAD = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:z="http://www.zotero.org/namespaces/export#"
 xmlns:dcterms="http://purl.org/dc/terms/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:bib="http://purl.org/net/biblio#"
 xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:link="http://purl.org/rss/1.0/modules/link/"
 xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/" xmlns:vcard="http://nwalsh.com/rdf/vCard#">"""

RDF = f"""{RDF_HEAD}
<bib:Article rdf:about="http://zotero.org/users/1/items/ABCD2345"><z:itemType>journalArticle</z:itemType>
<dcterms:isPartOf rdf:resource="urn:issn:1234-5678"/><bib:authors><rdf:Seq><rdf:li><foaf:Person>
<foaf:surname>Berg</foaf:surname><foaf:givenName>Lena</foaf:givenName></foaf:Person></rdf:li><rdf:li><foaf:Person>
<foaf:surname>Rope Group</foaf:surname></foaf:Person></rdf:li></rdf:Seq></bib:authors>
<bib:editors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>Roe</foaf:surname></foaf:Person></rdf:li></rdf:Seq>
</bib:editors>
<link:link rdf:resource="#item_9"/><dcterms:isReferencedBy rdf:resource="#item_8"/>
<dc:subject>Knots</dc:subject><dc:subject><z:AutomaticTag><rdf:value>Tension</rdf:value></z:AutomaticTag></dc:subject>
<dc:subject><dcterms:LCC><rdf:value>QA76</rdf:value></dcterms:LCC></dc:subject>
<dc:title>{TITLE}</dc:title><dcterms:abstract>{ABSTRACT}</dcterms:abstract><dc:date>May 4, 2020</dc:date>
<dc:identifier><dcterms:URI><rdf:value>https://example.org/rope</rdf:value></dcterms:URI></dc:identifier>
<dc:description>PMID: 30000001
Citation Key: berg2020</dc:description></bib:Article>
<bib:Journal rdf:about="urn:issn:1234-5678"><dc:title>{JOURNAL}</dc:title><dc:identifier>DOI {DOI}</dc:identifier>
</bib:Journal>
<bib:Memo rdf:about="#item_8"><rdf:value>a note</rdf:value></bib:Memo>
<z:Attachment rdf:about="#item_9"><z:itemType>attachment</z:itemType><dc:title>PDF</dc:title></z:Attachment>
<bib:BookSection rdf:about="#item_10"><z:itemType>bookSection</z:itemType><dcterms:isPartOf><bib:Book>
<dc:identifier>ISBN 1</dc:identifier><dc:title>Book of Knots</dc:title></bib:Book></dcterms:isPartOf><bib:authors>
<rdf:Seq><rdf:li>
<foaf:Person><foaf:surname>Ott</foaf:surname><foaf:givenName>Cy</foaf:givenName></foaf:Person></rdf:li></rdf:Seq>
</bib:authors>
<dc:title>Knots hold</dc:title><dc:date>2019</dc:date></bib:BookSection>
<rdf:Description rdf:about="urn:isbn:2"><z:itemType>conferencePaper</z:itemType><dcterms:isPartOf><bib:Journal>
<dc:title>Proceedings of Ropes</dc:title><dc:identifier>DOI 10.1000/rope.2</dc:identifier></bib:Journal>
</dcterms:isPartOf>
<dc:title>Loops</dc:title><dc:date>2018</dc:date></rdf:Description>
<z:Collection rdf:about="#collection_1"><dc:title>Thesis</dc:title><dcterms:hasPart rdf:resource="#collection_2"/>
</z:Collection>
<z:Collection rdf:about="#collection_2"><dc:title>Chapter 2</dc:title>
<dcterms:hasPart rdf:resource="http://zotero.org/users/1/items/ABCD2345"/></z:Collection></rdf:RDF>"""

DBLP = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE dblp SYSTEM "dblp.dtd">
<dblp><article mdate="2020-06-01" key="journals/rope/BergO20"><author orcid="0">Lena Berg</author>
<author>Cy Ott 0001</author>
<title>{TITLE}.</title><year>2020</year><journal>{JOURNAL}</journal><ee>https://doi.org/{DOI}</ee>
<url>db/journals/rope#1</url>
</article><www key="homepages/b"><author>Lena Berg</author><title>Home Page</title></www></dblp>"""

CROSSREF = f"""<?xml version="1.0"?><doi_records><doi_record><crossref><journal><journal_metadata>
<full_title>{JOURNAL}</full_title>
</journal_metadata><journal_issue><publication_date><year>2021</year></publication_date></journal_issue><journal_article
publication_type="full_text"><titles><title>{TITLE}</title></titles><contributors><person_name sequence="first"
contributor_role="author"><given_name>Lena</given_name><surname>Berg</surname></person_name>
<person_name sequence="additional"
contributor_role="author"><given_name>Cy</given_name><surname>Ott</surname></person_name>
<person_name sequence="additional"
contributor_role="editor"><given_name>Rick</given_name><surname>Roe</surname></person_name></contributors>
<jats:abstract xmlns:jats="http://www.ncbi.nlm.nih.gov/JATS1"><jats:p>{ABSTRACT}</jats:p></jats:abstract>
<publication_date media_type="online"><month>03</month><year>2019</year></publication_date>
<publication_date media_type="print"><month>05</month><day>04</day><year>2020</year></publication_date>
<doi_data><doi>{DOI}</doi><resource>https://example.org/rope</resource></doi_data><citation_list><citation key="1">
<journal_title>Another</journal_title><doi>10.1000/other</doi></citation></citation_list></journal_article></journal>
</crossref>
</doi_record></doi_records>"""

OAI = """<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header>
<identifier>oai:x:1</identifier></header><metadata>{}</metadata></record></ListRecords></OAI-PMH>"""

ARXIV = OAI.format(
    f"""<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2005.00001</id><created>2020-05-04</created>
<updated>2021-01-01</updated>
<authors><author><keyname>Berg</keyname><forenames>Lena</forenames></author><author><keyname>Ott</keyname>
<forenames>Cy</forenames></author></authors><title>{TITLE}</title><categories>math.CO cs.CG</categories><doi>{DOI}</doi>
<journal-ref>{JOURNAL}</journal-ref><abstract> {ABSTRACT} </abstract></arXiv>"""
)

ARXIV_RAW = OAI.format(
    f"""<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2005.00001</id><submitter>Cy Ott</submitter>
<version version="v1"><date>Mon, 4 May 2020 10:00:00 GMT</date></version><version version="v2">
<date>Tue, 5 Jan 2021 10:00:00 GMT</date></version><title>{TITLE}</title><authors>Lena Berg, Cy Ott</authors>
<categories>math.CO</categories><doi>{DOI}</doi><journal-ref>{JOURNAL}</journal-ref><abstract>{ABSTRACT}</abstract>
</arXivRaw>"""
)

DUBLIN_CORE = OAI.format(
    f"""<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>{TITLE}</dc:title><dc:creator>Berg, Lena</dc:creator><dc:creator>Ott, Cy</dc:creator>
<dc:subject>Knots</dc:subject>
<dc:subject>Tension</dc:subject><dc:description>{ABSTRACT}</dc:description>
<dc:description>Comment: 3 pages</dc:description>
<dc:date>2020-05-04</dc:date><dc:date>2021-01-01</dc:date><dc:type>text</dc:type>
<dc:identifier>http://arxiv.org/abs/2005.00001</dc:identifier><dc:identifier>doi:{DOI}</dc:identifier></oai_dc:dc>"""
)

WORD = f"""<?xml version="1.0"?><b:Sources xmlns:b="http://schemas.openxmlformats.org/officeDocument/2006/bibliography"
SelectedStyle=""><b:Source><b:Tag>Ber20</b:Tag><b:SourceType>JournalArticle</b:SourceType><b:Guid>{{1}}</b:Guid>
<b:Author><b:Author><b:NameList><b:Person><b:Last>Berg</b:Last><b:First>Lena</b:First></b:Person><b:Person>
<b:Last>Ott</b:Last>
<b:First>Cy</b:First></b:Person></b:NameList></b:Author><b:Editor><b:NameList><b:Person><b:Last>Roe</b:Last></b:Person>
</b:NameList></b:Editor></b:Author><b:Title>{TITLE}</b:Title><b:JournalName>{JOURNAL}</b:JournalName>
<b:Year>2020</b:Year>
<b:Month>May</b:Month><b:DOI>{DOI}</b:DOI></b:Source></b:Sources>"""

ANTHOLOGY = f"""<?xml version='1.0'?><collection id="2020.rope"><volume id="1"><meta><booktitle>{JOURNAL}</booktitle>
<editor><first>Rick</first><last>Roe</last></editor><month>May</month><year>2020</year></meta><frontmatter>
<url>x</url></frontmatter>
<paper id="1"><title>Ropes <fixed-case>F</fixed-case>ray</title><author><first>Lena</first><last>Berg</last></author>
<author id="cy-ott"><first>Cy</first><last>Ott</last></author><abstract>We pull <b>ropes</b> until they fray.</abstract>
<url hash="1">2020.rope-1.1</url><doi>{DOI}</doi><bibkey>berg-ott-2020-ropes</bibkey></paper>
<paper id="2"><title>Knots hold</title><author><first>Cy</first><last>Ott</last></author></paper></volume>
</collection>"""

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "endnote": (
        ENDNOTE,
        {
            "title": "Ropes of 10^6 strands",
            "authors": ("Lena Berg", "C. Ott", "Rope Group"),
            "date": "2020-05-04",
            "pmid": "30000001",
            "url": "https://example.org/rope",
            "labels": ("Knots", "Tension", "Fray"),
            "key": "7",
        },
    ),
    "mods": (
        MODS,
        {
            "title": "The rope frays: a study",
            "authors": ("Lena M. Berg", "Ropes, Knots and Co"),
            "date": "2020-05",
            "url": "https://example.org/rope",
            "labels": ("Knots",),
            "key": "berg2020",
        },
    ),
    "zotero rdf": (
        RDF,
        {
            "authors": ("Lena Berg", "Rope Group"),
            "date": "2020-05-04",
            "pmid": "30000001",
            "url": "https://example.org/rope",
            "labels": ("Thesis", "Chapter 2", "Knots", "Tension"),
            "key": "berg2020",
        },
    ),
    "dblp": (
        DBLP,
        {"abstract": "", "date": "2020", "url": f"https://doi.org/{DOI}", "key": "journals/rope/BergO20"},
    ),
    "crossref": (CROSSREF, {"date": "2020-05-04", "url": "https://example.org/rope", "key": DOI}),
    "arxiv": (
        ARXIV,
        {"date": "2020-05-04", "arxiv_id": "2005.00001", "categories": ("math.CO", "cs.CG"), "key": "2005.00001"},
    ),
    "arxiv raw": (
        ARXIV_RAW,
        {"date": "2020-05-04", "arxiv_id": "2005.00001", "categories": ("math.CO",), "key": "2005.00001"},
    ),
    "dublin core": (
        DUBLIN_CORE,
        {
            "date": "2020-05-04",
            "venue": "",
            "arxiv_id": "2005.00001",
            "labels": ("Knots", "Tension"),
            "key": DOI,
        },
    ),
    "word": (WORD, {"abstract": "", "date": "2020-05", "key": "Ber20"}),
    "acl anthology": (ANTHOLOGY, {"title": "Ropes Fray", "date": "2020-05", "key": "berg-ott-2020-ropes"}),
}


def items_of(tmp_path: Path, text: str | bytes) -> list[ReaderItem]:
    path = tmp_path / "export.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path, as_of=AS_OF))


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_read_whole(tmp_path: Path, kind: str) -> None:
    text, stated = KINDS[kind]
    items = items_of(tmp_path, text)
    item = items[0]
    assert isinstance(item, Record), item
    assert all(isinstance(other, Record) for other in items)
    paper = item.paper
    found = {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "date": paper.date,
        "venue": paper.venue,
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "pmid": paper.pmid,
        "url": paper.url,
        "categories": paper.categories,
        "labels": paper.labels,
        "key": item.source_key,
    }
    expected = {
        **{"title": TITLE, "abstract": ABSTRACT, "authors": NAMES, "date": "", "venue": JOURNAL, "doi": DOI},
        **{"arxiv_id": "", "pmid": "", "url": "", "categories": (), "labels": ()},
    }
    assert found == expected | stated


@pytest.mark.parametrize(
    ("kind", "text", "keys"),
    [
        ("mods", MODS, ("berg2020",)),
        ("zotero rdf", RDF, ("berg2020",)),
        ("word", WORD, ("Ber20",)),
        ("acl anthology", ANTHOLOGY, ("berg-ott-2020-ropes",)),
        ("endnote", ENDNOTE, ()),
        ("endnote", ENDNOTE.replace("<abstract>", "<label>Berg2020</label><abstract>"), ("Berg2020",)),
        ("endnote", ENDNOTE.replace("<abstract>", "<label>to read</label><abstract>"), ()),
    ],
)
def test_a_key_by_which_texts_cite_is_kept(tmp_path: Path, kind: str, text: str, keys: tuple[str, ...]) -> None:
    item = items_of(tmp_path, text)[0]
    assert isinstance(item, Record), kind
    assert item.paper.citation_keys == keys


def test_items_of_zotero_are_told_from_what_they_point_to(tmp_path: Path) -> None:
    records = [item for item in items_of(tmp_path, RDF) if isinstance(item, Record)]
    assert [(record.paper.title, record.paper.venue, record.paper.doi) for record in records] == [
        (TITLE, JOURNAL, DOI),
        ("Knots hold", "Book of Knots", ""),
        ("Loops", "Proceedings of Ropes", "10.1000/rope.2"),
    ]


def test_a_journal_of_several_items_gives_none_of_them_its_doi(tmp_path: Path) -> None:
    article = (
        '<bib:Article rdf:about="#{}"><z:itemType>journalArticle</z:itemType><dc:title>T{}</dc:title>'
        '<dc:date>2020</dc:date><dcterms:isPartOf rdf:resource="urn:issn:1"/></bib:Article>'
    )
    named = f"<dc:title>J</dc:title><dc:identifier>DOI {DOI}</dc:identifier>"
    journal = f'<bib:Journal rdf:about="urn:issn:1">{named}</bib:Journal>'
    items = items_of(tmp_path, f"{RDF_HEAD}{article.format(1, 1)}{article.format(2, 2)}{journal}</rdf:RDF>")
    assert [(item.paper.venue, item.paper.doi) for item in items if isinstance(item, Record)] == [("J", ""), ("J", "")]


def test_a_second_paper_of_a_volume_knows_the_volume(tmp_path: Path) -> None:
    _, second = items_of(tmp_path, ANTHOLOGY)
    assert isinstance(second, Record)
    assert (second.paper.venue, second.paper.date, second.source_key) == (JOURNAL, "2020-05", "2")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_cut_is_reported(tmp_path: Path, kind: str) -> None:
    text, _ = KINDS[kind]
    items = items_of(tmp_path, text[: len(text) * 9 // 10])
    assert isinstance(items[-1], Problem)
    assert "XML is broken" in items[-1].reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_is_refused(tmp_path: Path, kind: str) -> None:
    text, _ = KINDS[kind]
    root = text[text.index("<", text.find("?>") + 2 if text.startswith("<?xml") else 0) :].removeprefix(
        '<!DOCTYPE dblp SYSTEM "dblp.dtd">\n'
    )
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    bomb = f"<!DOCTYPE x [{entities}]>{root.replace(TITLE, '&i;').replace('Berg', '&i;')}"
    items = items_of(tmp_path, bomb)
    assert len(str(items)) < 20_000


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-16", "utf-16"),
        ("iso-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("", "utf-8"),
        ("", "utf-8-sig"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_xml_is_encoded_as_it_says(tmp_path: Path, kind: str, declared: str, encoding: str) -> None:
    text, _ = KINDS[kind]
    body = text[text.find("?>") + 2 :] if text.startswith("<?xml") else text
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    items = items_of(
        tmp_path, (head + body.replace("Berg", "Bërg").replace("Ropes fray", "Röpes fray")).encode(encoding)
    )
    assert isinstance(items[0], Record)
    assert "Bërg" in items[0].paper.authors[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_declaration_is_reported_or_read(tmp_path: Path, kind: str) -> None:
    text, _ = KINDS[kind]
    body = text[text.find("?>") + 2 :] if text.startswith("<?xml") else text
    wrong = f'<?xml version="1.0" encoding="utf-8"?>{body.replace("Berg", "Bërg")}'.encode("cp1252")
    items = items_of(tmp_path, wrong)
    assert items
    assert all(isinstance(item, Problem) and "broken" in item.reason for item in items) or "rg" in str(items[0])


def test_groups_among_the_contributors_of_crossref_are_authors_in_their_place(tmp_path: Path) -> None:
    people = (
        '<organization contributor_role="author" sequence="first">Tide Watch</organization>'
        '<person_name contributor_role="author"><given_name>Lena</given_name><surname>Berg</surname></person_name>'
        '<organization contributor_role="author">Mud Survey</organization>'
        '<organization contributor_role="editor">Sea Press</organization>'
    )
    path = tmp_path / "a.xml"
    path.write_text(
        "<doi_records><doi_record><crossref><journal><journal_article><titles><title>Tides</title></titles>"
        f"<contributors>{people}</contributors><doi_data><doi>10.1000/1</doi></doi_data>"
        "</journal_article></journal></crossref></doi_record></doi_records>"
    )
    (item,) = read(path, as_of=datetime.date(2026, 11, 23))
    assert isinstance(item, Record)
    assert item.paper.authors == ("Tide Watch", "Lena Berg", "Mud Survey")


@pytest.mark.parametrize("remark", ["24 pages, 3 figures", "Published version"])
def test_of_several_descriptions_the_longest_is_the_abstract(tmp_path: Path, remark: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><metadata>'
        '<dc xmlns="http://purl.org/dc/elements/1.1/"><title>Tides</title><creator>Berg, Lena</creator>'
        f"<description>{remark}</description><description>The sea comes and goes, twice a day.</description></dc>"
        "</metadata></record></ListRecords></OAI-PMH>"
    )
    (item,) = read(path, as_of=datetime.date(2026, 11, 23))
    assert isinstance(item, Record)
    assert item.paper.abstract == "The sea comes and goes, twice a day."


OLD_ENDNOTE = """<XML><RECORDS>
<RECORD><REFERENCE_TYPE>0</REFERENCE_TYPE><REFNUM>7</REFNUM><AUTHORS><AUTHOR>Berg, Anna</AUTHOR><AUTHOR>Lamp Group,\
</AUTHOR></AUTHORS><YEAR>2003</YEAR>\
<TITLE>Lamps &amp; ropes</TITLE>\
<SECONDARY_TITLE>Journal of Lamps</SECONDARY_TITLE>\
<DATE>March 5</DATE><KEYWORDS><KEYWORD>lamps</KEYWORD></KEYWORDS>\
<ABSTRACT>Lamps drift.</ABSTRACT><LABEL>Berg2003</LABEL>\
<ELECTRONIC_RESOURCE_NUMBER>10.1000/lamps.3</ELECTRONIC_RESOURCE_NUMBER><URL>https://example.org/3</URL></RECORD>
</RECORDS></XML>
"""


def test_endnote_in_capitals_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(OLD_ENDNOTE, encoding="utf-8")
    (record,) = read(path, as_of=datetime.date(2026, 7, 30))
    assert record == Record(
        Paper(
            title="Lamps & ropes",
            abstract="Lamps drift.",
            authorships=(Authorship("Anna Berg", 1), Authorship("Lamp Group", 2)),
            date="2003-03-05",
            venue="Journal of Lamps",
            doi="10.1000/lamps.3",
            url="https://example.org/3",
            labels=("lamps",),
            citation_keys=("Berg2003",),
        ),
        2,
        "Berg2003",
    )


def _article(number: int) -> str:
    title = f"<ArticleTitle>Lamp {number}</ArticleTitle>"
    citation = f"<MedlineCitation><PMID>{number}</PMID><Article>{title}</Article></MedlineCitation>"
    return f"<PubmedArticle>{citation}</PubmedArticle>"


SET = '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet>\n<PubmedArticleSet>\n{}\n</PubmedArticleSet>\n'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (_article(1) + "\n" + _article(2) + "\n\n" + _article(3), [1, 2, 4]),
        (SET.format(_article(1)) + SET.format(_article(2) + "\n" + _article(3)), [4, 9, 10]),
        (SET.format(_article(1)) + "\ufeff" + SET.format(_article(2)) + "\n" + SET.format(_article(3)), [4, 9, 15]),
        (SET.format(_article(1) + " " * 70_000) + SET.format(_article(2)) + _article(3), [4, 9, 11]),
    ],
    ids=["without a root", "one set behind the other", "with marks of order", "longer than a piece"],
)
def test_documents_one_behind_the_other_are_all_read(tmp_path: Path, text: str, lines: list[int]) -> None:
    path = tmp_path / "fetched.xml"
    path.write_text(text, encoding="utf-8")
    items = list(read(path, as_of=datetime.date(2026, 7, 30)))
    assert [(item.line, item.paper.pmid) for item in items if isinstance(item, Record)] == list(
        zip(lines, ["1", "2", "3"], strict=True)
    )
    assert len(items) == 3


def test_what_breaks_within_a_document_is_not_taken_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "fetched.xml"
    path.write_text(SET.format(_article(1)) + SET.format(f"{_article(2)}&lamp;{_article(3)}") + SET.format(_article(4)))
    items = list(read(path, as_of=datetime.date(2026, 7, 30)))
    assert [item.line for item in items if isinstance(item, Problem)] == [9]
