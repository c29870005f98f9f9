-- Files that were read to their end, as they were then, so that one that has not changed need not be read again.
CREATE TABLE files_read (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    digest TEXT NOT NULL,
    columns TEXT NOT NULL,
    version TEXT NOT NULL,
    problems INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX files_read_size ON files_read (size);
