-- Times are microseconds since 1970 in UTC, durations microseconds. Call ids
-- are the 16 bytes of the UUID. Statuses and directions are the numbers that
-- src/row/numbers.rs gives them. Texts that are looked for compare byte by byte.

CREATE TABLE calls (
    id             BYTEA PRIMARY KEY,
    direction      BIGINT NOT NULL,
    from_party     TEXT COLLATE "C" NOT NULL,
    to_party       TEXT COLLATE "C" NOT NULL,
    owner          TEXT COLLATE "C",
    peer           TEXT COLLATE "C",
    created_at     BIGINT NOT NULL,
    -- From here on, what a step may change.
    version        BIGINT NOT NULL,
    status         BIGINT NOT NULL,
    deadline_at    BIGINT,
    answered_at    BIGINT,
    answered_by    TEXT COLLATE "C",
    answered_on    TEXT,
    bridge_outcome BIGINT,
    bridge_at      BIGINT,
    ended_at       BIGINT,
    duration       BIGINT,
    reason         TEXT,
    told           BIGINT NOT NULL,
    provider_id    TEXT COLLATE "C" CONSTRAINT calls_by_provider_id UNIQUE,
    connects       BIGINT,
    trouble        TEXT,
    -- The far side of a voice client's call, as JSON: written and read whole.
    far            TEXT,
    -- When its owner took it out of the logs: it has no log lines meanwhile.
    deleted_at     BIGINT
) WITH (fillfactor = 70);

-- Only calls that have not ended have a deadline, so this stays small.
CREATE INDEX calls_by_deadline ON calls (deadline_at) WHERE deadline_at IS NOT NULL;

-- The calls of a user that have not ended, in the order of being listed.
CREATE INDEX calls_live_by_owner ON calls (owner, created_at, id)
    WHERE ended_at IS NULL AND owner IS NOT NULL;
CREATE INDEX calls_live_by_peer ON calls (peer, created_at, id)
    WHERE ended_at IS NULL AND peer IS NOT NULL;

-- Which calls the log of a name lists, in the order they are listed; what a line
-- says is in the row of its call. The name is a key as in src/row/long_text.rs.
--
-- No foreign keys here and below where rows go only together with all calls:
-- each would cost a look-up per row written.
CREATE TABLE log_lines (
    name       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    id         BYTEA NOT NULL,
    owned      BOOLEAN NOT NULL,
    PRIMARY KEY (name, created_at, id) INCLUDE (owned)
);

CREATE TABLE call_effects (
    id       BYTEA NOT NULL,
    effect   TEXT COLLATE "C" NOT NULL,
    due_at   BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (id, effect)
) WITH (fillfactor = 70);

CREATE INDEX call_effects_by_due ON call_effects (due_at);

-- The scope is empty where nobody is named: no user id is.
CREATE TABLE idempotency_keys (
    scope TEXT COLLATE "C" NOT NULL,
    key   TEXT COLLATE "C" NOT NULL,
    id    BYTEA NOT NULL,
    PRIMARY KEY (scope, key)
);

-- Reports on legs that no call has yet, in the order they came.
CREATE TABLE kept_reports (
    report   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    leg      TEXT COLLATE "C" NOT NULL,
    kept_at  BIGINT NOT NULL,
    status   BIGINT NOT NULL,
    at       BIGINT,
    duration BIGINT,
    reason   TEXT
);

CREATE INDEX kept_reports_by_leg ON kept_reports (leg);
CREATE INDEX kept_reports_by_age ON kept_reports (kept_at);

CREATE TABLE app_users (
    id         TEXT COLLATE "C" PRIMARY KEY,
    phone      TEXT COLLATE "C" CONSTRAINT app_users_by_phone UNIQUE,
    created_at BIGINT NOT NULL
);

-- The number says which of two devices seen at one moment came later. The key
-- of a token is as in src/row/long_text.rs.
CREATE SEQUENCE devices_registered;
CREATE TABLE devices (
    token_key TEXT COLLATE "C" PRIMARY KEY,
    token     TEXT COLLATE "C" NOT NULL,
    device    BIGINT NOT NULL DEFAULT nextval('devices_registered'),
    user_id   TEXT COLLATE "C" NOT NULL REFERENCES app_users (id) ON DELETE CASCADE,
    platform  TEXT NOT NULL,
    last_seen BIGINT NOT NULL
);

CREATE INDEX devices_by_user ON devices (user_id, last_seen, device);

-- Who can log in. The e-mail is in lower case.
CREATE TABLE accounts (
    user_id    TEXT COLLATE "C" PRIMARY KEY,
    email      TEXT COLLATE "C" NOT NULL CONSTRAINT accounts_by_email UNIQUE,
    name       TEXT,
    password   TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
