-- Times are microseconds since 1970 in UTC, durations microseconds. Call ids
-- are the 16 bytes of the UUID. Statuses and directions are the numbers that
-- src/row/numbers.rs gives them. Texts are UTF-8 in binary columns: they compare
-- byte by byte, blanks at the end included, whatever the server's defaults are.
--
-- No statement here can be undone, so each can be repeated.

CREATE TABLE IF NOT EXISTS calls (
    id             BINARY(16) NOT NULL PRIMARY KEY,
    direction      BIGINT NOT NULL,
    from_party     MEDIUMBLOB NOT NULL,
    to_party       MEDIUMBLOB NOT NULL,
    owner          VARBINARY(128),
    peer           VARBINARY(128),
    created_at     BIGINT NOT NULL,
    -- From here on, what a step may change.
    version        BIGINT NOT NULL,
    status         BIGINT NOT NULL,
    deadline_at    BIGINT,
    answered_at    BIGINT,
    answered_by    VARBINARY(128),
    answered_on    MEDIUMBLOB,
    bridge_outcome BIGINT,
    bridge_at      BIGINT,
    ended_at       BIGINT,
    duration       BIGINT,
    reason         MEDIUMBLOB,
    told           BIGINT NOT NULL,
    provider_id    VARBINARY(64),
    connects       BIGINT,
    trouble        VARBINARY(64),
    -- The far side of a voice client's call, as JSON: written and read whole.
    far            MEDIUMBLOB,
    -- When its owner took it out of the logs: it has no log lines meanwhile.
    deleted_at     BIGINT,
    -- The owner and the peer of a call that has not ended: an index cannot leave
    -- rows out, so those that have ended are in it under nobody.
    live_owner     VARBINARY(128),
    live_peer      VARBINARY(128),
    UNIQUE INDEX calls_by_provider_id (provider_id),
    -- Only calls that have not ended have a deadline.
    INDEX calls_by_deadline (deadline_at),
    INDEX calls_live_by_owner (live_owner, created_at, id),
    INDEX calls_live_by_peer (live_peer, created_at, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- Which calls the log of a name lists, in the order they are listed; what a line
-- says is in the row of its call. The name is a key as in src/row/long_text.rs.
--
-- No foreign keys here and below where rows go only together with all calls:
-- each would cost a look-up per row written.
CREATE TABLE IF NOT EXISTS log_lines (
    name       VARBINARY(255) NOT NULL,
    created_at BIGINT NOT NULL,
    id         BINARY(16) NOT NULL,
    owned      BOOLEAN NOT NULL,
    PRIMARY KEY (name, created_at, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS call_effects (
    id       BINARY(16) NOT NULL,
    effect   VARBINARY(32) NOT NULL,
    due_at   BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (id, effect),
    INDEX call_effects_by_due (due_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- The scope is empty where nobody is named: no user id is.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    scope VARBINARY(128) NOT NULL,
    word  VARBINARY(255) NOT NULL,
    id    BINARY(16) NOT NULL,
    PRIMARY KEY (scope, word)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- Reports on legs that no call has yet, in the order they came.
CREATE TABLE IF NOT EXISTS kept_reports (
    report   BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    leg      VARBINARY(64) NOT NULL,
    kept_at  BIGINT NOT NULL,
    status   BIGINT NOT NULL,
    at       BIGINT,
    duration BIGINT,
    reason   MEDIUMBLOB,
    INDEX kept_reports_by_leg (leg),
    INDEX kept_reports_by_age (kept_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS app_users (
    id         VARBINARY(128) NOT NULL PRIMARY KEY,
    phone      VARBINARY(32),
    created_at BIGINT NOT NULL,
    UNIQUE INDEX app_users_by_phone (phone)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- The number says which of two devices seen at one moment came later. The key
-- of a token is as in src/row/long_text.rs.
CREATE TABLE IF NOT EXISTS devices (
    device    BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    token_key VARBINARY(255) NOT NULL,
    token     MEDIUMBLOB NOT NULL,
    user_id   VARBINARY(128) NOT NULL,
    platform  VARBINARY(16) NOT NULL,
    last_seen BIGINT NOT NULL,
    UNIQUE INDEX devices_by_token (token_key),
    INDEX devices_by_user (user_id, last_seen, device)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4;

-- Who can log in. The e-mail is in lower case.
CREATE TABLE IF NOT EXISTS accounts (
    user_id    VARBINARY(128) NOT NULL PRIMARY KEY,
    email      VARBINARY(254) NOT NULL,
    name       MEDIUMBLOB,
    password   VARBINARY(512) NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE INDEX accounts_by_email (email)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4
