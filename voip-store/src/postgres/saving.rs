//! Statements that put calls on record and replace them, many at a time.

use std::collections::HashSet;

use sqlx::{Connection as _, PgConnection, Row as _};
use voip_core::{
    Call, CallId, Effect, ProviderCallId, Timestamp, UserId,
    ports::{IdempotencyKey, NewCall},
};

use super::{connection::Query, log_lines::Lines};
use crate::{
    grouped::Replacing,
    row::{self, Columns as _, StateColumns},
};

/// Adds those of the calls whose id, leg and key nobody has, and tells their
/// ids.
///
/// One statement, and so one journey to the server; only keys take more: one
/// that was taken for a call that then was not added is given back.
pub(super) async fn insert(
    db: &mut PgConnection,
    news: &[&NewCall],
) -> Result<HashSet<CallId>, sqlx::Error> {
    let mut keys = Keys::default();
    for new in news {
        keys.add(new);
    }
    if keys.ids.is_empty() {
        return Ok(add(db, news, &keys).await?.0);
    }
    let mut transaction = db.begin().await?;
    let (added, keyed) = add(&mut transaction, news, &keys).await?;
    let not_added: Vec<&[u8]> = keyed.difference(&added).map(row::id_bytes).collect();
    if !not_added.is_empty() {
        sqlx::query("DELETE FROM idempotency_keys WHERE (scope, key) IN \
             (SELECT scope, key FROM unnest($1::text[], $2::text[], $3::bytea[]) AS k (scope, key, id) \
             WHERE k.id = ANY($4)) AND id = ANY($4)")
            .bind(&keys.scopes)
            .bind(&keys.words)
            .bind(&keys.ids)
            .bind(not_added)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(added)
}

/// Idempotency keys, column by column.
#[derive(Default)]
struct Keys<'a> {
    scopes: Vec<&'a str>,
    words: Vec<&'a str>,
    ids: Vec<&'a [u8]>,
}

impl<'a> Keys<'a> {
    fn add(&mut self, new: &'a NewCall) {
        if let Some(key) = &new.key {
            self.scopes.push(row::scope(key));
            self.words.push(IdempotencyKey::as_str(key));
            self.ids.push(row::id_bytes(&new.call.id));
        }
    }
}

/// Adds calls; tells those that were added and those that got their key.
async fn add(
    db: &mut PgConnection,
    news: &[&NewCall],
    keys: &Keys<'_>,
) -> Result<(HashSet<CallId>, HashSet<CallId>), sqlx::Error> {
    let mut fixed = Fixed::default();
    let mut changing = Changing::default();
    let mut lines = Lines::default();
    let mut effects = Effects::default();
    for new in news {
        fixed.add(&new.call);
        changing.add(&new.call)?;
        lines.add(&new.call);
        effects.add(&new.call.id, &new.effects, new.effects_due);
    }
    let query = sqlx::query(
        "WITH new AS MATERIALIZED (SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[], \
         $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], \
         $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], \
         $16::bigint[], $17::bigint[], $18::text[], $19::bigint[], $20::text[], $21::text[], \
         $22::text[]) AS new (id, direction, from_party, to_party, owner, peer, created_at, \
         status, told, deadline_at, answered_at, answered_by, answered_on, bridge_outcome, \
         bridge_at, ended_at, duration, reason, connects, trouble, far, provider_id)), \
         wanted AS MATERIALIZED (SELECT * FROM unnest($23::text[], $24::text[], $25::bytea[]) \
         AS wanted (scope, key, id)), \
         keyed AS (INSERT INTO idempotency_keys (scope, key, id) \
         SELECT scope, key, id FROM wanted ORDER BY scope, key ON CONFLICT DO NOTHING \
         RETURNING id), \
         added AS (INSERT INTO calls (id, direction, from_party, to_party, owner, peer, \
         created_at, version, status, told, deadline_at, answered_at, answered_by, answered_on, \
         bridge_outcome, bridge_at, ended_at, duration, reason, connects, trouble, far, \
         provider_id) \
         SELECT id, direction, from_party, to_party, owner, peer, created_at, 0, status, told, \
         deadline_at, answered_at, answered_by, answered_on, bridge_outcome, bridge_at, \
         ended_at, duration, reason, connects, trouble, far, provider_id FROM new \
         WHERE id NOT IN (SELECT id FROM wanted) OR id IN (SELECT id FROM keyed) \
         ON CONFLICT DO NOTHING RETURNING id), \
         listed AS (INSERT INTO log_lines (name, created_at, id, owned) \
         SELECT l.name, l.created_at, l.id, l.owned FROM unnest($26::text[], $27::bigint[], \
         $28::bytea[], $29::boolean[]) AS l (name, created_at, id, owned) \
         WHERE l.id IN (SELECT id FROM added) ON CONFLICT DO NOTHING), \
         asked AS (INSERT INTO call_effects (id, effect, due_at, attempts) \
         SELECT e.id, e.effect, e.due_at, 0 FROM unnest($30::bytea[], $31::text[], \
         $32::bigint[]) AS e (id, effect, due_at) WHERE e.id IN (SELECT id FROM added) \
         ON CONFLICT (id, effect) DO UPDATE SET due_at = excluded.due_at, attempts = 0) \
         SELECT id, true FROM added UNION ALL SELECT id, false FROM keyed",
    );
    let query = changing.bind(fixed.bind(query));
    let query = query.bind(&keys.scopes).bind(&keys.words).bind(&keys.ids);
    let query = query
        .bind(lines.names)
        .bind(lines.created_at)
        .bind(lines.ids)
        .bind(lines.owned);
    let found = effects.bind(query).fetch_all(db).await?;
    let (mut added, mut keyed) = (HashSet::new(), HashSet::new());
    for row in &found {
        let is_added: bool = row.try_get(1)?;
        if is_added { &mut added } else { &mut keyed }.insert(row.id(0)?);
    }
    Ok((added, keyed))
}

/// Replaces what a step may change of those calls that are at the version named,
/// and tells their ids. The calls are in the order of their ids.
pub(super) async fn replace(
    db: &mut PgConnection,
    replacing: &[&Replacing],
) -> Result<HashSet<CallId>, sqlx::Error> {
    let mut ids = Vec::with_capacity(replacing.len());
    let mut before = Vec::with_capacity(replacing.len());
    let mut changing = Changing::default();
    let mut effects = Effects::default();
    for next in replacing {
        // No version beyond an i64 was ever handed out.
        let Ok(version) = i64::try_from(next.version.0) else {
            continue;
        };
        ids.push(row::id_bytes(&next.call.id));
        before.push(version);
        changing.add(&next.call)?;
        effects.add(&next.call.id, &next.effects, next.effects_due);
    }
    let query = sqlx::query(
        "WITH new AS MATERIALIZED (SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], \
         $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::bigint[], \
         $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::text[], \
         $16::text[], $17::text[]) AS new (id, before, status, told, deadline_at, answered_at, \
         answered_by, answered_on, bridge_outcome, bridge_at, ended_at, duration, reason, \
         connects, trouble, far, provider_id)), \
         done AS (UPDATE calls SET version = new.before + 1, status = new.status, \
         told = new.told, deadline_at = new.deadline_at, answered_at = new.answered_at, \
         answered_by = new.answered_by, answered_on = new.answered_on, \
         bridge_outcome = new.bridge_outcome, bridge_at = new.bridge_at, \
         ended_at = new.ended_at, duration = new.duration, reason = new.reason, \
         connects = new.connects, trouble = new.trouble, far = new.far, \
         provider_id = new.provider_id FROM new \
         WHERE calls.id = new.id AND calls.version = new.before RETURNING calls.id), \
         asked AS (INSERT INTO call_effects (id, effect, due_at, attempts) \
         SELECT e.id, e.effect, e.due_at, 0 FROM unnest($18::bytea[], $19::text[], \
         $20::bigint[]) AS e (id, effect, due_at) WHERE e.id IN (SELECT id FROM done) \
         ON CONFLICT (id, effect) DO UPDATE SET due_at = excluded.due_at, attempts = 0) \
         SELECT id FROM done",
    );
    let query = changing.bind(query.bind(ids).bind(before));
    let done = effects.bind(query).fetch_all(db).await?;
    done.iter().map(|row| row.id(0)).collect()
}

/// What never changes of calls, column by column.
#[derive(Default)]
struct Fixed<'a> {
    ids: Vec<&'a [u8]>,
    directions: Vec<i64>,
    from: Vec<&'a str>,
    to: Vec<&'a str>,
    owners: Vec<Option<&'a str>>,
    peers: Vec<Option<&'a str>>,
    created_at: Vec<i64>,
}

impl<'a> Fixed<'a> {
    fn add(&mut self, call: &'a Call) {
        self.ids.push(row::id_bytes(&call.id));
        self.directions.push(row::direction_number(call.direction));
        self.from.push(call.from.expose());
        self.to.push(call.to.expose());
        self.owners.push(call.owner.as_ref().map(UserId::as_str));
        self.peers.push(call.peer.as_ref().map(UserId::as_str));
        self.created_at.push(call.created_at.as_micros());
    }

    fn bind(self, query: Query) -> Query {
        query
            .bind(self.ids)
            .bind(self.directions)
            .bind(self.from)
            .bind(self.to)
            .bind(self.owners)
            .bind(self.peers)
            .bind(self.created_at)
    }
}

/// What a step may change of calls, column by column.
#[derive(Default)]
struct Changing<'a> {
    status: Vec<i64>,
    told: Vec<i64>,
    deadline_at: Vec<Option<i64>>,
    answered_at: Vec<Option<i64>>,
    answered_by: Vec<Option<&'a str>>,
    answered_on: Vec<Option<&'a str>>,
    bridge_outcome: Vec<Option<i64>>,
    bridge_at: Vec<Option<i64>>,
    ended_at: Vec<Option<i64>>,
    duration: Vec<Option<i64>>,
    reason: Vec<Option<&'a str>>,
    connects: Vec<Option<i64>>,
    trouble: Vec<Option<&'a str>>,
    far: Vec<Option<String>>,
    provider_id: Vec<Option<&'a str>>,
}

impl<'a> Changing<'a> {
    fn add(&mut self, call: &'a Call) -> Result<(), sqlx::Error> {
        let far = row::far_text(call).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let state = StateColumns::of(&call.state);
        self.status.push(row::status_number(call.status()));
        self.told.push(i64::from(call.told));
        self.deadline_at.push(state.deadline_at);
        self.answered_at.push(state.answered_at);
        self.answered_by.push(state.answered_by);
        self.answered_on.push(state.answered_on);
        self.bridge_outcome.push(state.bridge_outcome);
        self.bridge_at.push(state.bridge_at);
        self.ended_at.push(state.ended_at);
        self.duration.push(state.duration);
        self.reason.push(state.reason);
        self.connects.push(state.connects.map(i64::from));
        self.trouble.push(state.trouble);
        self.far.push(far);
        let leg = call.provider_id.as_ref();
        self.provider_id.push(leg.map(ProviderCallId::as_str));
        Ok(())
    }

    fn bind(self, query: Query) -> Query {
        query
            .bind(self.status)
            .bind(self.told)
            .bind(self.deadline_at)
            .bind(self.answered_at)
            .bind(self.answered_by)
            .bind(self.answered_on)
            .bind(self.bridge_outcome)
            .bind(self.bridge_at)
            .bind(self.ended_at)
            .bind(self.duration)
            .bind(self.reason)
            .bind(self.connects)
            .bind(self.trouble)
            .bind(self.far)
            .bind(self.provider_id)
    }
}

/// Effects that are asked for, column by column. One asked for again counts as
/// new; one asked for twice at once is one.
#[derive(Default)]
struct Effects<'a> {
    ids: Vec<&'a [u8]>,
    effects: Vec<&'static str>,
    due_at: Vec<i64>,
}

impl<'a> Effects<'a> {
    fn add(&mut self, id: &'a CallId, effects: &[Effect], due: Timestamp) {
        for (place, effect) in effects.iter().enumerate() {
            if !effects[..place].contains(effect) {
                self.ids.push(row::id_bytes(id));
                self.effects.push(effect.as_str());
                self.due_at.push(due.as_micros());
            }
        }
    }

    fn bind(self, query: Query) -> Query {
        query.bind(self.ids).bind(self.effects).bind(self.due_at)
    }
}

/// Deletes all calls and what hangs on them.
pub(super) async fn clear(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::raw_sql(
        "SET LOCAL statement_timeout = 0; DELETE FROM call_effects; DELETE FROM log_lines; \
         DELETE FROM idempotency_keys; DELETE FROM kept_reports",
    )
    .execute(&mut *transaction)
    .await?;
    let calls = sqlx::raw_sql("DELETE FROM calls")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(calls.rows_affected())
}
