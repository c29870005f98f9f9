-- Summaries that were asked for, one of a length for each set of papers. `papers` says which papers were read, and as
-- they were then: for each its number and the beginning of its digest, four bytes each.
CREATE TABLE kept_summaries (
    scope TEXT NOT NULL,
    length TEXT NOT NULL,
    made TEXT NOT NULL,
    answer TEXT NOT NULL,
    papers BLOB NOT NULL,
    PRIMARY KEY (scope, length)
) WITHOUT ROWID;

-- The people of a large library in figures, as they were at a version of it: made anew they take tens of seconds.
CREATE TABLE rosters (
    version TEXT PRIMARY KEY,
    names TEXT NOT NULL,
    figures BLOB NOT NULL
) WITHOUT ROWID;
