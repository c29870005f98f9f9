"""Answers of services and exports of programs in JSON: each kind in the shape in which it is saved."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.ingestion.readers import read
from assistant.types import Notice, Problem, ReaderItem, Record
from tests.unit.ingestion.conftest import Import

AS_OF = datetime.date(2026, 11, 23)
TITLE, ABSTRACT, DOI = "Ropes fray", "We pull ropes until they fray.", "10.1000/rope.1"
NAMES = ("Lena Berg", "Cy Ott")
JOURNAL = "Journal of Ropes"

KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "crossref": (
        {
            "status": "ok",
            "message-type": "work-list",
            "message": {
                "facets": {},
                "items": [
                    {
                        "title": [TITLE],
                        "DOI": DOI,
                        "abstract": f"<jats:p>{ABSTRACT}</jats:p>",
                        "author": [
                            {"given": "Lena", "family": "Berg", "sequence": "first", "affiliation": []},
                            {"given": "Cy", "family": "Ott", "sequence": "additional"},
                        ],
                        "container-title": [JOURNAL, "J. Ropes"],
                        "subject": ["Knots"],
                        "created": {"date-parts": [[2021, 1, 1]]},
                        "published-online": {"date-parts": [[2020, 5, 4]]},
                        "issued": {"date-parts": [[2020, 5]]},
                        "type": "journal-article",
                    }
                ],
            },
        },
        {"venue": JOURNAL, "date": "2020-05", "labels": ("Knots",), "key": DOI},
    ),
    "crossref, one": (
        {
            "status": "ok",
            "message": {
                "title": [TITLE],
                "DOI": DOI,
                "abstract": ABSTRACT,
                "author": [{"given": "Lena", "family": "Berg"}, {"given": "Cy", "family": "Ott"}],
                "issued": {"date-parts": [[2020]]},
            },
        },
        {"date": "2020", "key": DOI},
    ),
    "datacite": (
        {
            "data": [
                {
                    "id": DOI,
                    "type": "dois",
                    "attributes": {
                        "doi": DOI,
                        "titles": [{"title": "Seile", "titleType": "TranslatedTitle"}, {"title": TITLE}],
                        "creators": [
                            {"name": "Berg, Lena", "nameType": "Personal", "givenName": "Lena", "familyName": "Berg"},
                            {"name": "Ott, Cy", "affiliation": []},
                        ],
                        "contributors": [{"name": "Roe, Rick", "contributorType": "Editor"}],
                        "descriptions": [
                            {"description": "A table.", "descriptionType": "Other"},
                            {"description": ABSTRACT, "descriptionType": "Abstract"},
                        ],
                        "publicationYear": 2020,
                        "dates": [
                            {"date": "2019-01-02", "dateType": "Submitted"},
                            {"date": "2020-05-04", "dateType": "Issued"},
                        ],
                        "container": {"type": "Journal", "title": JOURNAL},
                        "subjects": [{"subject": "Knots"}, {"subject": "Rope", "subjectScheme": "LCSH"}],
                        "relatedIdentifiers": [{"relatedIdentifier": "10.1000/other", "relationType": "Cites"}],
                    },
                }
            ]
        },
        {"venue": JOURNAL, "date": "2020-05-04", "labels": ("Knots", "Rope"), "key": DOI},
    ),
    "inspire": (
        {
            "hits": {
                "hits": [
                    {
                        "id": "17",
                        "links": {},
                        "metadata": {
                            "texkeys": ["Berg:2020abc"],
                            "titles": [{"title": TITLE, "source": "arXiv"}],
                            "abstracts": [{"value": ABSTRACT, "source": "arXiv"}, {"value": "Another."}],
                            "authors": [
                                {"full_name": "Berg, Lena", "inspire_roles": ["author"]},
                                {"full_name": "Ott, Cy"},
                            ],
                            "arxiv_eprints": [{"value": "2005.00001", "categories": ["hep-th"]}],
                            "dois": [{"value": DOI}],
                            "publication_info": [{"journal_title": JOURNAL, "year": 2020}],
                            "keywords": [{"value": "knots", "schema": "INSPIRE"}],
                            "preprint_date": "2020-05-04",
                        },
                    }
                ],
                "total": 1,
            }
        },
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("knots",),
            "key": "Berg:2020abc",
            "arxiv_id": "2005.00001",
            "categories": ("hep-th",),
        },
    ),
    "openreview 2": (
        {
            "notes": [
                {
                    "id": "aBc",
                    "forum": "aBc",
                    "pdate": 1588550400000,
                    "cdate": 1570000000000,
                    "content": {
                        "title": {"value": TITLE},
                        "abstract": {"value": ABSTRACT},
                        "authors": {"value": list(NAMES)},
                        "authorids": {"value": ["~Lena_Berg1", "~Cy_Ott1"]},
                        "keywords": {"value": ["knots", "tension"]},
                        "venue": {"value": "Rope Workshop 2020"},
                    },
                }
            ],
            "count": 1,
        },
        {
            "venue": "Rope Workshop 2020",
            "date": "2020-05-04",
            "labels": ("knots", "tension"),
            "key": "aBc",
            "doi": "",
        },
    ),
    "openreview 1": (
        {
            "notes": [
                {
                    "id": "aBc",
                    "content": {"title": TITLE, "abstract": ABSTRACT, "authors": list(NAMES), "keywords": ["knots"]},
                }
            ]
        },
        {"labels": ("knots",), "key": "aBc", "doi": ""},
    ),
    "biorxiv": (
        {
            "messages": [{"status": "ok"}],
            "collection": [
                {
                    "doi": DOI,
                    "title": TITLE,
                    "authors": "Berg, L.; Ott, C.; ",
                    "date": "2020-05-04",
                    "version": "1",
                    "category": "cell biology",
                    "abstract": ABSTRACT,
                    "published": "10.1016/j.rope.2021.03.001",
                    "server": "bioRxiv",
                }
            ],
        },
        {
            "authors": ("L. Berg", "C. Ott"),
            "venue": "bioRxiv",
            "date": "2020-05-04",
            "categories": ("cell biology",),
            "key": DOI,
        },
    ),
    "europe pmc": (
        {
            "hitCount": 1,
            "resultList": {
                "result": [
                    {
                        "id": "30000001",
                        "source": "MED",
                        "pmid": "30000001",
                        "doi": DOI,
                        "title": f"{TITLE}.",
                        "authorString": "Berg L, Ott C.",
                        "authorList": {
                            "author": [
                                {"fullName": "Berg L", "firstName": "Lena", "lastName": "Berg", "initials": "L"},
                                {"fullName": "Ott C", "firstName": "Cy", "lastName": "Ott"},
                                {"collectiveName": "Rope Group"},
                            ]
                        },
                        "journalInfo": {"yearOfPublication": 2020, "journal": {"title": JOURNAL, "issn": "1"}},
                        "pubYear": "2020",
                        "abstractText": ABSTRACT,
                        "keywordList": {"keyword": ["Knots"]},
                        "meshHeadingList": {"meshHeading": [{"majorTopic_YN": "N", "descriptorName": "Tension"}]},
                        "firstPublicationDate": "2020-05-04",
                    }
                ]
            },
        },
        {
            "authors": (*NAMES, "Rope Group"),
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("Knots", "Tension"),
            "pmid": "30000001",
            "key": "30000001",
        },
    ),
    "europe pmc, lite": (
        {
            "resultList": {
                "result": [
                    {
                        "id": "PPR1",
                        "source": "PPR",
                        "doi": DOI,
                        "title": TITLE,
                        "authorString": "van der Berg L, Ott CD, Roe R Jr.",
                        "abstractText": ABSTRACT,
                        "pubYear": "2020",
                        "journalTitle": JOURNAL,
                    }
                ]
            }
        },
        {
            "authors": ("L van der Berg", "CD Ott", "R Roe, Jr"),
            "venue": JOURNAL,
            "date": "2020",
            "key": "PPR1",
        },
    ),
    "pubmed esummary": (
        {
            "header": {"type": "esummary", "version": "0.3"},
            "result": {
                "uids": ["30000001"],
                "30000001": {
                    "uid": "30000001",
                    "pubdate": "2020 May 4",
                    "epubdate": "",
                    "source": "J Ropes",
                    "authors": [{"name": "Berg L", "authtype": "Author"}, {"name": "Ott C", "authtype": "Author"}],
                    "title": f"{TITLE}.",
                    "fulljournalname": JOURNAL,
                    "articleids": [
                        {"idtype": "pubmed", "idtypen": 1, "value": "30000001"},
                        {"idtype": "doi", "idtypen": 3, "value": DOI},
                    ],
                    "sortpubdate": "2020/05/04 00:00",
                },
            },
        },
        {
            "abstract": "",
            "authors": ("L Berg", "C Ott"),
            "venue": JOURNAL,
            "date": "2020-05-04",
            "pmid": "30000001",
            "key": "30000001",
        },
    ),
    "pubmed efetch": (
        {
            "PubmedArticle": [
                {
                    "MedlineCitation": {
                        "PMID": "30000001",
                        "Article": {
                            "ArticleTitle": TITLE,
                            "Abstract": {"AbstractText": ["We pull ropes", "until they fray."]},
                            "AuthorList": [
                                {"LastName": "Berg", "ForeName": "Lena", "Initials": "L"},
                                {"LastName": "Ott", "ForeName": "Cy", "Initials": "C"},
                            ],
                            "Journal": {
                                "Title": JOURNAL,
                                "JournalIssue": {"PubDate": {"Year": "2020", "Month": "May", "Day": "04"}},
                            },
                            "ELocationID": [DOI],
                        },
                    }
                }
            ]
        },
        {"venue": JOURNAL, "date": "2020-05-04", "pmid": "30000001", "key": "30000001"},
    ),
    "springer": (
        {
            "apiMessage": "ok",
            "result": [{"total": "1"}],
            "records": [
                {
                    "identifier": f"doi:{DOI}",
                    "title": TITLE,
                    "creators": [{"creator": "Berg, Lena"}, {"creator": "Ott, Cy"}],
                    "publicationName": JOURNAL,
                    "doi": DOI,
                    "publisher": "Springer",
                    "publicationDate": "2020-05-04",
                    "abstract": {"h1": "Abstract", "p": ABSTRACT},
                    "keyword": ["Knots"],
                    "url": [{"format": "html", "value": "http://example.org/rope"}],
                }
            ],
        },
        {"venue": JOURNAL, "date": "2020-05-04", "labels": ("Knots",), "key": DOI, "url": "http://example.org/rope"},
    ),
    "ieee": (
        {
            "total_records": 1,
            "articles": [
                {
                    "doi": DOI,
                    "title": TITLE,
                    "publication_title": JOURNAL,
                    "publication_year": 2020,
                    "publication_date": "4-6 May 2020",
                    "abstract": ABSTRACT,
                    "authors": {
                        "authors": [
                            {"full_name": "Lena Berg", "author_order": 1},
                            {"full_name": "Cy Ott", "author_order": 2},
                        ]
                    },
                    "index_terms": {"author_terms": {"terms": ["Knots"]}, "ieee_terms": {"terms": ["Tension"]}},
                    "html_url": "https://example.org/rope",
                }
            ],
        },
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("Knots", "Tension"),
            "key": DOI,
            "url": "https://example.org/rope",
        },
    ),
    "scopus": (
        {
            "search-results": {
                "opensearch:totalResults": "1",
                "entry": [
                    {
                        "@_fa": "true",
                        "dc:identifier": "SCOPUS_ID:1",
                        "eid": "2-s2.0-1",
                        "dc:title": TITLE,
                        "dc:creator": "Berg L.",
                        "prism:publicationName": JOURNAL,
                        "prism:coverDate": "2020-05-04",
                        "prism:doi": DOI,
                        "dc:description": ABSTRACT,
                        "authkeywords": "Knots | Tension",
                        "pubmed-id": "30000001",
                    }
                ],
            }
        },
        {
            "authors": ("L. Berg",),
            "authors_complete": False,
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("Knots", "Tension"),
            "pmid": "30000001",
            "key": DOI,
        },
    ),
    "elsevier, one": (
        {
            "full-text-retrieval-response": {"x": 1},
            "coredata": {
                "dc:title": TITLE,
                "dc:description": ABSTRACT,
                "dc:creator": [{"@_fa": "true", "$": "Berg, Lena"}, {"@_fa": "true", "$": "Ott, Cy"}],
                "prism:publicationName": JOURNAL,
                "prism:coverDate": "2020-05-04",
                "prism:doi": DOI,
                "dcterms:subject": [{"@_fa": "true", "$": "Knots"}],
            },
        },
        {"venue": JOURNAL, "date": "2020-05-04", "labels": ("Knots",), "key": DOI},
    ),
    "lens": (
        {
            "total": 1,
            "data": [
                {
                    "lens_id": "000-001",
                    "title": TITLE,
                    "abstract": ABSTRACT,
                    "date_published": "2020-05-04T00:00:00+00:00",
                    "year_published": 2020,
                    "created": "2021-01-01",
                    "authors": [
                        {"first_name": "Lena", "last_name": "Berg", "initials": "L"},
                        {"first_name": "Cy", "last_name": "Ott", "initials": "C"},
                    ],
                    "source": {"title": JOURNAL, "type": "Journal"},
                    "external_ids": [{"type": "doi", "value": DOI}, {"type": "pmid", "value": "30000001"}],
                    "keywords": ["Knots"],
                    "mesh_terms": [{"mesh_id": "D1", "mesh_heading": "Tension"}],
                    "fields_of_study": ["Physics"],
                }
            ],
        },
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("Knots", "Tension"),
            "categories": ("Physics",),
            "pmid": "30000001",
            "key": "000-001",
        },
    ),
    "dimensions": (
        {
            "publications": [
                {
                    "id": "pub.1",
                    "title": TITLE,
                    "abstract": ABSTRACT,
                    "authors": [{"first_name": "Lena", "last_name": "Berg"}, {"first_name": "Cy", "last_name": "Ott"}],
                    "journal": {"id": "jour.1", "title": JOURNAL},
                    "year": 2020,
                    "date": "2020-05-04",
                    "doi": DOI,
                    "pmid": "30000001",
                }
            ],
            "_stats": {"total_count": 1},
        },
        {"venue": JOURNAL, "date": "2020-05-04", "pmid": "30000001", "key": "pub.1"},
    ),
    "core": (
        {
            "totalHits": 1,
            "results": [
                {
                    "id": 7,
                    "title": TITLE,
                    "abstract": ABSTRACT,
                    "authors": [{"name": "Berg, Lena"}, {"name": "Ott, Cy"}],
                    "doi": DOI,
                    "arxivId": "2005.00001",
                    "yearPublished": 2020,
                    "publishedDate": "2020-05-04T00:00:00",
                    "createdDate": "2021-01-01",
                    "journals": [{"title": JOURNAL, "identifiers": ["1234-5678"]}],
                    "identifiers": [{"identifier": "oai:core:7", "type": "OAI_ID"}],
                }
            ],
        },
        {"venue": JOURNAL, "date": "2020-05-04", "arxiv_id": "2005.00001", "key": "7"},
    ),
    "doaj": (
        {
            "results": [
                {
                    "id": "d1",
                    "created_date": "2021-01-01",
                    "bibjson": {
                        "title": TITLE,
                        "abstract": ABSTRACT,
                        "author": [{"name": "Lena Berg", "affiliation": "Harbour"}, {"name": "Cy Ott"}],
                        "year": "2020",
                        "month": "5",
                        "journal": {"title": JOURNAL, "publisher": "Harbour"},
                        "identifier": [{"type": "eissn", "id": "1234-5678"}, {"type": "doi", "id": DOI}],
                        "keywords": ["Knots"],
                        "link": [{"type": "fulltext", "url": "https://example.org/rope"}],
                    },
                }
            ]
        },
        {
            "venue": JOURNAL,
            "date": "2020-05",
            "labels": ("Knots",),
            "key": "d1",
            "url": "https://example.org/rope",
        },
    ),
    "hal": (
        {
            "response": {
                "numFound": 1,
                "docs": [
                    {
                        "docid": "9",
                        "label_s": "Lena Berg, Cy Ott. Ropes fray. 2020",
                        "halId_s": "hal-1",
                        "title_s": [TITLE, "Cordes"],
                        "abstract_s": [ABSTRACT, "Nous tirons."],
                        "authFullName_s": list(NAMES),
                        "doiId_s": DOI,
                        "journalTitle_s": JOURNAL,
                        "producedDate_s": "2020-05-04",
                        "keyword_s": ["Knots"],
                        "uri_s": "https://example.org/rope",
                    }
                ],
            }
        },
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("Knots",),
            "key": "hal-1",
            "url": "https://example.org/rope",
        },
    ),
    "ads": (
        {
            "responseHeader": {"status": 0},
            "response": {
                "docs": [
                    {
                        "bibcode": "2020JRope...1....1B",
                        "title": [TITLE],
                        "abstract": ABSTRACT,
                        "author": ["Berg, Lena", "Ott, Cy"],
                        "year": "2020",
                        "pubdate": "2020-05-00",
                        "pub": JOURNAL,
                        "doi": [DOI],
                        "identifier": ["arXiv:2005.00001", "10.48550/arXiv.2005.00001"],
                        "keyword": ["Knots"],
                    }
                ]
            },
        },
        {
            "venue": JOURNAL,
            "date": "2020-05",
            "labels": ("Knots",),
            "arxiv_id": "2005.00001",
            "key": "2020JRope...1....1B",
        },
    ),
    "orcid": (
        {
            "last-modified-date": None,
            "group": [
                {
                    "external-ids": {"external-id": []},
                    "work-summary": [
                        {
                            "put-code": 5,
                            "title": {"title": {"value": TITLE}, "subtitle": None},
                            "journal-title": {"value": JOURNAL},
                            "publication-date": {
                                "year": {"value": "2020"},
                                "month": {"value": "05"},
                                "day": {"value": "04"},
                            },
                            "external-ids": {
                                "external-id": [
                                    {
                                        "external-id-type": "isbn",
                                        "external-id-value": "1",
                                        "external-id-relationship": "part-of",
                                    },
                                    {
                                        "external-id-type": "doi",
                                        "external-id-value": DOI,
                                        "external-id-relationship": "self",
                                    },
                                ]
                            },
                            "url": {"value": "https://example.org/rope"},
                        }
                    ],
                }
            ],
        },
        {
            "abstract": "",
            "authors": (),
            "venue": JOURNAL,
            "date": "2020-05-04",
            "key": "5",
            "url": "https://example.org/rope",
        },
    ),
    "dblp": (
        {
            "result": {
                "query": "ropes",
                "hits": {
                    "@total": "1",
                    "hit": [
                        {
                            "@id": "4",
                            "info": {
                                "authors": {
                                    "author": [{"@pid": "1", "text": "Lena Berg 0001"}, {"@pid": "2", "text": "Cy Ott"}]
                                },
                                "title": f"{TITLE}.",
                                "venue": JOURNAL,
                                "year": "2020",
                                "key": "journals/rope/BergO20",
                                "doi": DOI,
                                "ee": "https://example.org/rope",
                            },
                        }
                    ],
                },
            }
        },
        {
            "abstract": "",
            "venue": JOURNAL,
            "date": "2020",
            "key": "journals/rope/BergO20",
            "url": "https://example.org/rope",
        },
    ),
    "arxiv metadata": (
        {
            "id": "2005.00001",
            "submitter": "Cy Ott",
            "authors": "Lena Berg and Cy Ott (Harbour)",
            "title": TITLE,
            "journal-ref": JOURNAL,
            "doi": DOI,
            "categories": "math.CO cs.CG",
            "abstract": f"  {ABSTRACT}\n",
            "versions": [{"version": "v1", "created": "Mon, 4 May 2020 19:18:42 GMT"}],
            "update_date": "2021-11-26",
            "authors_parsed": [["Berg", "Lena", ""], ["Ott", "Cy", "", "Harbour"]],
        },
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "categories": ("math.CO", "cs.CG"),
            "arxiv_id": "2005.00001",
            "key": "2005.00001",
        },
    ),
    "semantic scholar data set": (
        {
            "corpusid": 7,
            "externalids": {"DOI": DOI, "ArXiv": "2005.00001", "PubMed": None},
            "title": TITLE,
            "abstract": ABSTRACT,
            "authors": [{"authorId": "1", "name": "Lena Berg"}, {"authorId": "2", "name": "Cy Ott"}],
            "venue": "",
            "journal": {"name": JOURNAL},
            "year": 2020,
            "publicationdate": "2020-05-04",
            "s2fieldsofstudy": [{"category": "Physics", "source": "x"}],
        },
        {"venue": JOURNAL, "date": "2020-05-04", "arxiv_id": "2005.00001", "key": "7"},
    ),
    "s2orc": (
        {
            "paper_id": "p1",
            "metadata": {
                "title": TITLE,
                "authors": [
                    {"first": "Lena", "middle": ["M."], "last": "Berg", "suffix": ""},
                    {"first": "Cy", "middle": [], "last": "Ott", "suffix": "Jr."},
                ],
                "doi": DOI,
                "year": 2020,
            },
            "abstract": [{"text": "We pull ropes", "section": "Abstract"}, {"text": "until they fray."}],
            "bib_entries": {
                "b0": {"title": "Another", "authors": [], "year": 1999},
                "b1": {"title": "B", "year": 1998},
            },
        },
        {"authors": ("Lena M. Berg", "Cy Ott, Jr."), "date": "2020", "key": "p1"},
    ),
    "citation network": (
        {
            "id": "c1",
            "title": TITLE,
            "authors": [{"name": "Lena Berg", "org": "Harbour", "id": "1"}, {"name": "Cy Ott", "id": "2"}],
            "venue": {"raw": JOURNAL, "id": "3"},
            "year": 2020,
            "doi": DOI,
            "indexed_abstract": {
                "IndexLength": 6,
                "InvertedIndex": {"We": [0], "pull": [1], "ropes": [2], "until": [3], "they": [4], "fray.": [5]},
            },
        },
        {"venue": JOURNAL, "date": "2020", "key": "c1"},
    ),
    "zenodo": (
        {
            "hits": {
                "hits": [
                    {
                        "id": 3,
                        "doi": DOI,
                        "created": "2021-01-01",
                        "metadata": {
                            "title": TITLE,
                            "creators": [{"name": "Berg, Lena"}, {"name": "Ott, Cy"}],
                            "description": f"<p>{ABSTRACT}</p>",
                            "publication_date": "2020-05-04",
                            "keywords": ["Knots"],
                            "journal": {"title": JOURNAL},
                        },
                    }
                ]
            }
        },
        {"venue": JOURNAL, "date": "2020-05-04", "labels": ("Knots",), "key": "3"},
    ),
    "paperpile": (
        [
            {
                "_id": "u-1",
                "citekey": "Berg2020-ab",
                "title": TITLE,
                "abstract": ABSTRACT,
                "author": [
                    {"first": "Lena", "last": "Berg", "formatted": "Berg L", "initials": "L"},
                    {"first": "Cy", "last": "Ott", "formatted": "Ott C"},
                ],
                "journal": JOURNAL,
                "published": {"year": "2020", "month": "05", "day": "04"},
                "doi": DOI,
                "labels": ["5f0c"],
                "labelsNamed": ["To read"],
                "foldersNamed": ["Thesis"],
                "url": ["https://example.org/rope"],
            }
        ],
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("To read", "Thesis"),
            "key": "Berg2020-ab",
            "url": "https://example.org/rope",
        },
    ),
    "mendeley": (
        [
            {
                "id": "m-1",
                "title": TITLE,
                "type": "journal",
                "authors": [{"first_name": "Lena", "last_name": "Berg"}, {"first_name": "Cy", "last_name": "Ott"}],
                "year": 2020,
                "source": JOURNAL,
                "identifiers": {"doi": DOI, "pmid": "30000001", "issn": "1234-5678"},
                "keywords": ["Knots"],
                "tags": ["To read"],
                "abstract": ABSTRACT,
                "created": "2021-01-01T00:00:00.000Z",
                "citation_key": "berg2020",
            }
        ],
        {
            "venue": JOURNAL,
            "date": "2020",
            "labels": ("Knots", "To read"),
            "pmid": "30000001",
            "key": "berg2020",
        },
    ),
    "csl": (
        [
            {
                "id": "http://zotero.org/users/1/items/AB",
                "citation-key": "berg2020",
                "type": "article-journal",
                "title": TITLE,
                "abstract": ABSTRACT,
                "container-title": JOURNAL,
                "issued": {"date-parts": [["2020", 5, 4]]},
                "author": [{"family": "Berg", "given": "Lena"}, {"family": "Ott", "given": "Cy"}],
                "keyword": "Knots, To read",
                "note": f"PMID: 30000001\nDOI: {DOI}\narXiv:2005.00001 [math.CO]",
            }
        ],
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "labels": ("Knots", "To read"),
            "pmid": "30000001",
            "arxiv_id": "2005.00001",
            "key": "berg2020",
        },
    ),
    "zotero api": (
        [
            {
                "key": "ABCD2345",
                "version": 12,
                "library": {"type": "user", "id": 1, "name": "Lena"},
                "links": {},
                "meta": {"creatorSummary": "Berg and Ott", "parsedDate": "2020-05-04", "numChildren": 1},
                "data": {
                    "key": "ABCD2345",
                    "version": 12,
                    "itemType": "journalArticle",
                    "title": TITLE,
                    "creators": [
                        {"creatorType": "author", "firstName": "Lena", "lastName": "Berg"},
                        {"creatorType": "author", "name": "Cy Ott"},
                    ],
                    "abstractNote": ABSTRACT,
                    "publicationTitle": JOURNAL,
                    "date": "4 May 2020",
                    "DOI": "",
                    "extra": f"DOI: {DOI}\nPMID: 30000001",
                    "tags": [{"tag": "Knots", "type": 1}],
                    "collections": ["QRST6789"],
                    "relations": {},
                },
            }
        ],
        {"venue": JOURNAL, "date": "2020-05-04", "labels": ("Knots",), "pmid": "30000001", "key": "ABCD2345"},
    ),
    "better bibtex": (
        {
            "config": {"id": "x", "label": "BetterBibTeX JSON"},
            "collections": {
                "A": {"key": "A", "name": "Thesis", "collections": ["B"], "items": []},
                "B": {"key": "B", "name": "Chapter 2", "parent": "A", "collections": [], "items": [4]},
            },
            "items": [
                {
                    "itemID": 4,
                    "itemType": "journalArticle",
                    "citationKey": "berg2020",
                    "notes": [{"title": "N", "note": "<p>x</p>", "abstract": "y"}],
                    "title": TITLE,
                    "creators": [
                        {"creatorType": "author", "firstName": "Lena", "lastName": "Berg"},
                        {"creatorType": "author", "firstName": "Cy", "lastName": "Ott"},
                    ],
                    "abstractNote": ABSTRACT,
                    "date": "2020-05-04",
                    "DOI": DOI,
                    "tags": [{"tag": "Knots"}],
                }
            ],
        },
        {"date": "2020-05-04", "labels": ("Thesis", "Chapter 2", "Knots"), "key": "berg2020"},
    ),
    "papers with code": (
        [
            {
                "paper_url": "https://example.org/rope",
                "arxiv_id": "2005.00001",
                "title": TITLE,
                "abstract": ABSTRACT,
                "authors": list(NAMES),
                "date": "2020-05-04",
                "proceeding": JOURNAL,
            }
        ],
        {
            "venue": JOURNAL,
            "date": "2020-05-04",
            "arxiv_id": "2005.00001",
            "doi": "",
            "key": "",
            "url": "https://example.org/rope",
        },
    ),
}


def items_of(tmp_path: Path, text: str, name: str = "answer.json") -> list[ReaderItem]:
    path = tmp_path / name
    path.write_text(text)
    return list(read(path, as_of=AS_OF))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("kind", KINDS)
def test_a_service_is_read_whole(tmp_path: Path, kind: str, indent: int | None) -> None:
    answer, stated = KINDS[kind]
    (item,) = items_of(tmp_path, json.dumps(answer, indent=indent))
    assert isinstance(item, Record), item
    paper = item.paper
    found = {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "authors_complete": paper.authors_complete,
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
        **{"title": TITLE, "abstract": ABSTRACT, "authors": NAMES, "authors_complete": True, "date": "", "venue": ""},
        **{"doi": DOI, "arxiv_id": "", "pmid": "", "url": "", "categories": (), "labels": ()},
    }
    assert found == expected | stated


def test_an_item_of_zotero_with_a_type_is_no_item_of_csl(shared_import: Callable[[str], Import]) -> None:
    found = shared_import("16")
    (paper,) = found.papers
    assert (paper.title, paper.authors, paper.date, paper.doi) == (
        "Lamps drift",
        ("Anna Berg",),
        "2020-05",
        "10.1000/x",
    )
    assert paper.abstract.startswith("We measure")
    assert not found.problems


def test_an_answer_of_europe_pmc_is_read(shared_import: Callable[[str], Import]) -> None:
    found = shared_import("18")
    (paper,) = found.papers
    assert (paper.title, paper.authors, paper.venue) == ("Lamps drift", ("A Berg", "R Roe"), "Journal of Lamps")
    assert (paper.pmid, paper.doi, paper.date) == ("1", "10.1000/x", "2020")
    assert paper.abstract.startswith("We measure")
    assert not found.problems


def test_authors_are_found_within_objects(shared_import: Callable[[str], Import]) -> None:
    found = shared_import("40")
    assert found.authors == [("Anna Berg",), ("Anna Berg",)]
    assert found.papers[1].venue == "Journal of Lamps"
    assert found.papers[1].date == "2020-05-01"


def test_notes_with_one_line_of_json_are_no_json_lines(shared_import: Callable[[str], Import]) -> None:
    (problem,) = shared_import("45").problems
    assert "format is not known" in problem.reason


@pytest.mark.parametrize(
    "text",
    [
        '{ "drift": 1 }\nis the first setting.\nIt works.\n',
        'Settings\n{"title": "Ropes", "abstract": "Fray."}\n{"title": "Knots", "abstract": "Hold."}\n',
        '[1] Berg, L. Ropes fray. 2020.\n{"a": 1}\n',
    ],
)
def test_json_lines_begin_with_objects(tmp_path: Path, text: str) -> None:
    (problem,) = items_of(tmp_path, text, "notes.txt")
    assert isinstance(problem, Problem)
    assert "format is not known" in problem.reason


def test_a_broken_second_line_is_one_of_json_lines(tmp_path: Path) -> None:
    good = json.dumps({"title": TITLE, "abstract": ABSTRACT})
    items = items_of(tmp_path, f'\n{good}\n{{"title": "Cut\n{good}\n', "papers.txt")
    assert [type(item) for item in items] == [Record, Problem, Record]


@pytest.mark.parametrize("indent", [None, 1])
def test_papers_may_be_kept_under_their_ids(tmp_path: Path, indent: int | None) -> None:
    papers = {f"k{number}": {"title": f"{TITLE} {number}", "year": 2020} for number in range(3)}
    items = items_of(tmp_path, json.dumps(papers, indent=indent))
    assert [item.source_key for item in items if isinstance(item, Record)] == ["k0", "k1", "k2"]
    assert len(items) == 3


def test_papers_under_their_ids_are_read_one_by_one(tmp_path: Path) -> None:
    papers = {f"k{number}": {"title": f"Title {number}", "abstract": ABSTRACT * 400} for number in range(1200)}
    items = items_of(tmp_path, json.dumps(papers, indent=1))  # 14 MB; one paper may be 10 MB large
    assert sum(isinstance(item, Record) for item in items) == 1200


def test_what_a_paper_says_of_others_is_no_paper(tmp_path: Path) -> None:
    other = {"title": "Another", "year": 1999, "authors": ["Rick Roe"]}
    paper = {"display_name": TITLE, "abstract": ABSTRACT, "original": other, "translated": other}
    (item,) = items_of(tmp_path, json.dumps([paper], indent=1))
    assert isinstance(item, Record)
    assert item.paper.title == TITLE


def test_notes_and_attachments_of_zotero_are_passed_over_with_one_notice(tmp_path: Path) -> None:
    kinds = ("note", "attachment", "annotation", "journalArticle")
    values = [{"key": kind, "itemType": kind, "title": TITLE, "date": "2020", "note": "<p>x</p>"} for kind in kinds]
    record, notice = items_of(tmp_path, json.dumps([{"key": one["key"], "data": one} for one in values]))
    assert isinstance(record, Record)
    assert isinstance(notice, Notice)
    assert notice.message.startswith("3 note(s)")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"results": [], "meta": {"count": 0}}, "“results” is an empty list"),
        ({"error": "Invalid key", "status": 403}, "Its fields are “error”, “status”"),
        ({"name": "Lena", "works_count": 3}, "`--column title=NAME`"),
    ],
)
def test_an_object_that_is_no_paper_says_what_it_holds(tmp_path: Path, answer: Any, said: str) -> None:
    (item,) = items_of(tmp_path, json.dumps(answer))
    assert isinstance(item, Problem)
    assert said in item.reason


@pytest.mark.parametrize(
    "damage",
    [
        None,
        7,
        True,
        [],
        {},
        "",
        "x",
        [[]],
        [{}],
        [None, 3],
        {"value": None},
        {"": {"": {"": {}}}},
        [[["x"] * 3] * 3] * 3,
    ],
)
def test_no_damage_of_a_field_costs_more_than_the_field(tmp_path: Path, damage: Any) -> None:
    names = {name for answer, _ in KINDS.values() for name in _names_within(answer)} - {
        "title",
        "Title",
        "abstract",
        "Abstract",
        "itemType",
        "source",
    }
    for name in names:
        items = items_of(tmp_path, json.dumps({"title": TITLE, "abstract": ABSTRACT, name: damage}))
        assert [type(item) for item in items] == [Record], name


def _names_within(value: Any) -> set[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {*(value if isinstance(value, dict) else ())}.union(*map(_names_within, inner))


def test_deep_objects_end_the_search_for_a_text(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = {"value": [deep], "metadata": {"title": deep}}
        if len(json.dumps(deep)) > 1_000_000:
            break
    items = items_of(tmp_path, json.dumps({"title": TITLE, "abstract": ABSTRACT, "authors": deep, "keywords": deep}))
    assert [type(item) for item in items] == [Record]


@pytest.mark.parametrize("note", ["\n" * 400_000, " " * 400_000, "DOI" * 130_000, "Citation key" * 30_000 + "\n"])
def test_a_long_note_is_searched_in_no_time(tmp_path: Path, note: str) -> None:
    """A pattern that looks again at what it has seen would take hours."""
    (item,) = items_of(tmp_path, json.dumps({"title": TITLE, "abstract": ABSTRACT, "note": note, "authors": note}))
    assert isinstance(item, Record)


@pytest.mark.parametrize("indent", [None, 1])
def test_the_title_of_a_list_is_no_title_of_a_paper(tmp_path: Path, indent: int | None) -> None:
    papers = [{"title": TITLE, "year": 2020}, {"title": "Knots hold", "year": 2019}]
    for answer in ({"title": "My ropes", "items": papers}, {"items": papers, "title": "My ropes"}):
        items = items_of(tmp_path, json.dumps(answer, indent=indent))
        assert [item.paper.title for item in items if isinstance(item, Record)] == [TITLE, "Knots hold"]
    whole = {"title": TITLE, "authors": ["Lena Berg"], "references": papers}
    (item,) = items_of(tmp_path, json.dumps(whole, indent=indent))
    assert isinstance(item, Record)


def test_what_python_writes_for_no_number_costs_nothing(tmp_path: Path) -> None:
    title = TITLE + ' "a": NaN, more'
    paper = {"title": title, "abstract": ABSTRACT, "venue": float("nan"), "year": 2020, "cited": float("-inf")}
    for text in (json.dumps([paper] * 3, indent=1), f"{json.dumps(paper)}\n" * 3):
        items = items_of(tmp_path, text)
        assert [type(item) for item in items] == [Record] * 3
        assert isinstance(items[0], Record)
        assert "NaN" in items[0].paper.title
        assert items[0].paper.venue == ""


@pytest.mark.parametrize(
    ("paper", "stated"),
    [
        (
            {"titles": [{"title": TITLE}], "collaborations": [{"value": "ROPES"}], "author_count": 3000},
            {"authors": ("ROPES",), "authors_complete": False},
        ),
        ({"title": f"{TITLE}.", "journalInfo": {"journal": {"medlineAbbreviation": "J Ropes"}}}, {"venue": "J Ropes"}),
        (
            {"preprint_title": TITLE, "preprint_doi": "10.1101/1", "published_doi": DOI, "published_journal": JOURNAL},
            {"doi": DOI, "venue": JOURNAL},
        ),
        (
            {
                "@type": "ScholarlyArticle",
                "headline": TITLE,
                "author": {"name": "Lena Berg"},
                "isPartOf": {"name": JOURNAL},
            },
            {"authors": ("Lena Berg",), "venue": JOURNAL},
        ),
        (
            {
                "title": {"en": TITLE, "de": "Seile"},
                "creators": [{"name": "Ropes, Knots and Co", "nameType": "Organizational"}],
            },
            {"authors": ("Ropes, Knots and Co",)},
        ),
    ],
)
def test_what_only_some_state_is_found(tmp_path: Path, paper: dict[str, Any], stated: dict[str, Any]) -> None:
    (item,) = items_of(tmp_path, json.dumps(paper | {"year": 2020}))
    assert isinstance(item, Record)
    assert item.paper.title == TITLE
    assert {name: getattr(item.paper, name) for name in stated} == stated
