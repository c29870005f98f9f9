CREATE TABLE papers (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    abstract TEXT NOT NULL,
    date TEXT NOT NULL,
    year INTEGER,
    venue TEXT NOT NULL,
    doi TEXT NOT NULL,
    arxiv_id TEXT NOT NULL,
    url TEXT NOT NULL,
    has_code INTEGER,
    authors_complete INTEGER NOT NULL
);
CREATE INDEX papers_year ON papers (year);

CREATE TABLE authorships (
    paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    position INTEGER,
    PRIMARY KEY (paper_id, ordinal)
);
CREATE INDEX authorships_folded ON authorships (folded);

CREATE TABLE categories (
    paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    category TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (paper_id, ordinal)
);
CREATE INDEX categories_folded ON categories (folded);

CREATE TABLE identifiers (
    value TEXT NOT NULL,
    paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    PRIMARY KEY (value, paper_id)
);
CREATE INDEX identifiers_paper ON identifiers (paper_id);

CREATE TABLE records (
    paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    origin TEXT NOT NULL,
    own_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    run TEXT NOT NULL,
    PRIMARY KEY (paper_id, origin, own_id, digest)
);
CREATE INDEX records_origin ON records (origin, own_id);

CREATE TABLE profiles (
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    category TEXT NOT NULL,
    statistics TEXT NOT NULL,
    as_of TEXT NOT NULL,
    PRIMARY KEY (name, origin)
);

CREATE TABLE vectors (
    paper_id TEXT PRIMARY KEY REFERENCES papers (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    indexed INTEGER NOT NULL
);

CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE VIRTUAL TABLE papers_text USING fts5 (title, abstract, tokenize = 'porter unicode61 remove_diacritics 2');
