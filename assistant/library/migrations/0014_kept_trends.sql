-- Trends found before, by what was asked; `state` says of which papers and by which method, `found` is compressed JSON.
CREATE TABLE kept_trends (
    number INTEGER PRIMARY KEY,
    asked TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    found BLOB NOT NULL
);
