-- Sources that say themselves what changed, such as a running Zotero: what state they were in when they were last read,
-- and which of their items gave which record, a JSON object of their own names and our source keys.
CREATE TABLE origins_read (
    origin TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    items TEXT NOT NULL
) WITHOUT ROWID;
