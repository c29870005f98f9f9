-- Who may use the page, and where each is logged in: `token` is the SHA-256 of what the browser keeps. Times are UTC, ISO.
CREATE TABLE users (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    made TEXT NOT NULL,
    is_admin INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
    token TEXT PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    made TEXT NOT NULL,
    last_seen TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user);
