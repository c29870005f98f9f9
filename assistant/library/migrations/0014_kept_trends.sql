-- Whether the papers are as they were is told by their digests, without reading their abstracts.
CREATE INDEX papers_digest ON papers (digest);

-- Trends found before, by what was asked; `state` says of which papers and by which method, `found` is compressed JSON.
CREATE TABLE kept_trends (
    number INTEGER PRIMARY KEY,
    asked TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    found BLOB NOT NULL
);
