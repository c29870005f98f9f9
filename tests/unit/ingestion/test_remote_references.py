"""What people write to name papers and authors elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import UsageError
from assistant.ingestion.remote import Reference, parse_reference


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("arxiv:2502.13604", "arxiv", "2502.13604"),
        ("arXiv: 2502.13604v2", "arxiv", "2502.13604v2"),
        ("arXiv:2502.13604v2 [cs.CL]", "arxiv", "2502.13604v2"),
        ("arxiv:0704.0001", "arxiv", "0704.0001"),
        ("arxiv:math.GT/0309136", "arxiv", "math/0309136"),
        ("arxiv:quant-ph/0201082v1", "arxiv", "quant-ph/0201082v1"),
        ("https://arxiv.org/abs/2502.13604", "arxiv", "2502.13604"),
        ("http://www.arxiv.org/pdf/2502.13604v1.pdf", "arxiv", "2502.13604v1"),
        ("https://arxiv.org/abs/hep-th/9901001", "arxiv", "hep-th/9901001"),
        ("doi:10.1145/3442188.3445922", "doi", "10.1145/3442188.3445922"),
        ("DOI: 10.1093/MIND/LIX.236.433", "doi", "10.1093/mind/lix.236.433"),
        ("doi:https://doi.org/10.1000/xyz", "doi", "10.1000/xyz"),
        ("https://doi.org/10.1002/%28SICI%291097-4571%3C1::AID%3E3.0.CO;2-B", "doi",
         "10.1002/(sici)1097-4571<1::aid>3.0.co;2-b"),
        ("https://dx.doi.org/10.1000/xyz.", "doi", "10.1000/xyz"),
        ("doi:10.48550/arXiv.2201.00978", "arxiv", "2201.00978"),
        ("https://doi.org/10.48550/arxiv.1201.0490", "arxiv", "1201.0490"),
        ("openalex:A5023888391", "openalex author", "A5023888391"),
        ("openalex:w2741809807", "openalex work", "W2741809807"),
        ("https://openalex.org/W2741809807", "openalex work", "W2741809807"),
        ("https://openalex.org/authors/a5023888391", "openalex author", "A5023888391"),
        ("zotero:", "zotero", ""),
        ("Zotero: collection/ABCD2345", "zotero", "collection/ABCD2345"),
        ("zotero:collection/Thesis/Chapter 1", "zotero", "collection/Thesis/Chapter 1"),
        ("zotero:group/Lamp Group/", "zotero", "group/Lamp Group"),
        ("zotero:group/77/collection/Optics", "zotero", "group/77/collection/Optics"),
        ("s2:1741101", "s2 author", "1741101"),
        ("s2:2D5673CAA9E6AF3A7B82A43F19EE920992DB07AD", "s2 paper", "2d5673caa9e6af3a7b82a43f19ee920992db07ad"),
        ("s2:corpusid:13756489", "s2 paper", "CorpusId:13756489"),
        ("https://www.semanticscholar.org/author/Oren-Etzioni/1741101", "s2 author", "1741101"),
        ("https://www.semanticscholar.org/paper/A-Title/2d5673caa9e6af3a7b82a43f19ee920992db07ad", "s2 paper",
         "2d5673caa9e6af3a7b82a43f19ee920992db07ad"),
        ("orcid:0000-0002-1825-0097", "orcid", "0000-0002-1825-0097"),
        ("orcid:0000000218250097", "orcid", "0000-0002-1825-0097"),
        ("orcid:0000-0002-1694-233x", "orcid", "0000-0002-1694-233X"),
        ("https://orcid.org/0000-0002-1825-0097", "orcid", "0000-0002-1825-0097"),
        ("pmid:31452104", "pmid", "31452104"),
        ("https://pubmed.ncbi.nlm.nih.gov/31452104/", "pmid", "31452104"),
        ('author:"Naibin Gu"', "author", "Naibin Gu"),
        ("author:  Naibin \t Gu ", "author", "Naibin Gu"),
        ("author:谷乃斌", "author", "谷乃斌"),
    ],
)  # fmt: skip
def test_a_reference_is_read_in_each_of_its_spellings(text: str, kind: str, value: str) -> None:
    reference = parse_reference(text)
    assert reference == Reference(kind, value)  # type: ignore[arg-type]
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    ["papers.bib", "folder/arxiv:2502.13604", "./arxiv:2502.13604", "C:\\papers\\mine.bib", "C:/mine.bib", "", "-",
     "10.1000/xyz", "2502.13604", "authors", "doi", "s2", "notes: arxiv:2502.13604"],
)  # fmt: skip
def test_what_has_no_known_prefix_is_a_path(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arxiv:abc", "2502.13604"),
        ("arxiv:", "2502.13604"),
        ("arxiv:2502.136", "2502.13604"),
        ("arxiv:2502.13604v0", "2502.13604"),
        ("arxiv:2502.13604,2502.13605", "2502.13604"),
        ("doi:11.1000/xyz", "begins with 10."),
        ("doi:10.1000", "begins with 10."),
        ("doi:10.1000/a b", "begins with 10."),
        ("doi:10.1000/a\udc80", "begins with 10."),
        ("doi:10.1000/../../authors/A1", "begins with 10."),
        ("openalex:X123", "A5023888391"),
        ("openalex:A12&api_key=x", "A5023888391"),
        ("s2:abc", "CorpusId"),
        ("s2:0", "CorpusId"),
        ("orcid:0000-0002-1825", "16 digits"),
        ("orcid:0000-0002-1825-0098", "check digit"),
        ("pmid:0", "PubMed"),
        ("pmid:12a", "PubMed"),
        ('author:""', "name"),
        ("author:123", "name"),
        ("author:" + "a" * 300, "name"),
        ("https://example.org/paper", "Known are those of arxiv.org"),
        ("https://[", "Known are those of arxiv.org"),
        ("https://arxiv.org/list/cs.CL/recent", "2502.13604"),
    ],
)
def test_a_known_prefix_before_something_else_is_an_error_that_says_what_is_expected(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        parse_reference(text)


@given(st.one_of(st.text(), st.builds(lambda prefix, rest: f"{prefix}:{rest}", st.sampled_from(
    ["arxiv", "doi", "pmid", "openalex", "s2", "orcid", "author", "https"]), st.text())))  # fmt: skip
def test_any_text_is_a_path_a_reference_or_a_usage_error(text: str) -> None:
    try:
        reference = parse_reference(text)
    except UsageError:
        return
    if reference:
        assert parse_reference(str(reference)) == reference
