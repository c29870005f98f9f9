ALTER TABLE papers ADD COLUMN pmid TEXT NOT NULL DEFAULT '';
ALTER TABLE papers ADD COLUMN digest TEXT NOT NULL DEFAULT '';

ALTER TABLE records RENAME TO former_records;
DROP INDEX records_origin;
CREATE TABLE records (
    number INTEGER PRIMARY KEY,
    paper_id TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    origin TEXT NOT NULL,
    own_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    statement TEXT NOT NULL
);
INSERT INTO records (paper_id, origin, own_id, digest, statement)
    SELECT paper_id, origin, own_id, digest, '' FROM former_records ORDER BY rowid;
DROP TABLE former_records;
CREATE INDEX records_digest ON records (origin, digest);
CREATE INDEX records_own_id ON records (origin, own_id);
CREATE INDEX records_paper ON records (paper_id);

CREATE TABLE aliases (
    id TEXT PRIMARY KEY,
    paper_id TEXT NOT NULL
);
CREATE INDEX aliases_paper ON aliases (paper_id);

CREATE TABLE kept_apart (
    one TEXT NOT NULL,
    other TEXT NOT NULL,
    PRIMARY KEY (one, other)
);

CREATE TABLE removals (
    paper_id TEXT PRIMARY KEY
);

CREATE INDEX vectors_indexed ON vectors (indexed);
