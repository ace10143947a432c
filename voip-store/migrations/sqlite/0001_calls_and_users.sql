-- Times are microseconds since 1970 in UTC, durations microseconds. Call ids
-- are the 16 bytes of the UUID. Statuses and directions are the numbers that
-- src/row/numbers.rs gives them.

CREATE TABLE calls (
    call           INTEGER PRIMARY KEY,
    id             BLOB NOT NULL UNIQUE,
    direction      INTEGER NOT NULL,
    from_party     TEXT NOT NULL,
    to_party       TEXT NOT NULL,
    owner          TEXT,
    peer           TEXT,
    created_at     INTEGER NOT NULL,
    -- From here on, what a step may change.
    version        INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    deadline_at    INTEGER,
    answered_at    INTEGER,
    answered_by    TEXT,
    answered_on    TEXT,
    bridge_outcome INTEGER,
    bridge_at      INTEGER,
    ended_at       INTEGER,
    duration       INTEGER,
    reason         TEXT,
    told           INTEGER NOT NULL,
    provider_id    TEXT,
    connects       INTEGER,
    trouble        TEXT,
    -- The far side of a voice client's call, as JSON: written and read whole.
    far            TEXT,
    -- When its owner took it out of the logs: it has no log lines meanwhile.
    deleted_at     INTEGER
) STRICT;

CREATE UNIQUE INDEX calls_by_provider_id ON calls (provider_id) WHERE provider_id IS NOT NULL;

-- The calls that have not ended: each has a deadline, and no other has. New ones
-- go near where the last one went. Which are a user's is known in memory, see
-- src/sqlite/remembered.rs; all are read where it is not.
CREATE INDEX calls_by_deadline ON calls (deadline_at) WHERE deadline_at IS NOT NULL;

-- The logs, line after line as they are listed: a line for every name under
-- which a log finds a call. A page is one run of neighbouring rows, where a join
-- would fetch a page of the file per line. What a line says of the call's end is
-- written once, when it ends, in the line of its owner: that is the log people
-- look at. Elsewhere and until then it is null, and the call tells.
--
-- Lines are written later than their calls, many at a time, and before anybody
-- reads that log; listing below tells which calls may lack some.
--
-- No foreign keys here and below where rows go only together with all calls:
-- each would cost a look-up per row written.
CREATE TABLE log_lines (
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    id          BLOB NOT NULL,
    call        INTEGER NOT NULL,
    owned       INTEGER NOT NULL,
    direction   INTEGER NOT NULL,
    from_text   TEXT NOT NULL,
    to_text     TEXT NOT NULL,
    number      TEXT,
    status      INTEGER,
    ended_at    INTEGER,
    duration    INTEGER,
    provider_id TEXT,
    PRIMARY KEY (name, created_at, id)
) STRICT, WITHOUT ROWID;

-- One row: every call with a lower number has all its lines, or is deleted. The
-- lines of the others are made from the calls where whoever kept them is gone.
-- Where all calls are deleted, their numbers begin anew; cleared counts that.
CREATE TABLE listing (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    listed_below INTEGER NOT NULL,
    cleared      INTEGER NOT NULL
) STRICT;
INSERT INTO listing VALUES (1, 0, 0);

CREATE TABLE call_effects (
    id       BLOB NOT NULL,
    effect   TEXT NOT NULL,
    due_at   INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (id, effect)
) STRICT, WITHOUT ROWID;

CREATE INDEX call_effects_by_due ON call_effects (due_at);

-- The scope is empty where nobody is named: no user id is.
CREATE TABLE idempotency_keys (
    scope TEXT NOT NULL,
    key   TEXT NOT NULL,
    call  INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

-- Reports on legs that no call has yet, in the order they came.
CREATE TABLE kept_reports (
    report   INTEGER PRIMARY KEY,
    leg      TEXT NOT NULL,
    kept_at  INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    at       INTEGER,
    duration INTEGER,
    reason   TEXT
) STRICT;

CREATE INDEX kept_reports_by_leg ON kept_reports (leg);
CREATE INDEX kept_reports_by_age ON kept_reports (kept_at);

CREATE TABLE app_users (
    id         TEXT PRIMARY KEY,
    phone      TEXT UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number also says which of two devices seen at one moment
-- came later, so it must only grow.
CREATE TABLE devices (
    device    INTEGER PRIMARY KEY AUTOINCREMENT,
    token     TEXT NOT NULL UNIQUE,
    user      TEXT NOT NULL REFERENCES app_users (id) ON DELETE CASCADE,
    platform  TEXT NOT NULL,
    last_seen INTEGER NOT NULL
) STRICT;

CREATE INDEX devices_by_user ON devices (user, last_seen);

-- Who can log in. The e-mail is in lower case.
CREATE TABLE accounts (
    user       TEXT PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE,
    name       TEXT,
    password   TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
