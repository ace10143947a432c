//! That no statement reads a table from end to end, told by the server's plans
//! on tables with many rows.

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, PgConnection};
use voip_core::{
    Call, CallId, Effect,
    ports::{EffectLease, LogChange, NewCall, Version},
};

use super::{
    PostgresDriver, PostgresOptions, accounts, deleting, effects, finding, live, log_lines, saving,
    schema, users,
};
use crate::{
    grouped::{Connections, Driver as _, Replacing, Settle},
    row::many,
};

const LATER: Duration = Duration::from_secs(1_000_000);

/// A call of Ann's that has ended.
const OWNED: u128 = 10;

async fn run(db: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await.unwrap();
}

/// Fills the tables and counts them.
async fn fill(db: &mut PgConnection) {
    let (calls, now) = (many::CALLS, many::now().as_micros());
    let id = "decode(lpad(to_hex(n), 32, '0'), 'hex')";
    run(db, format!(
        "INSERT INTO calls (id, direction, from_party, to_party, owner, created_at, version, status, \
         deadline_at, ended_at, told, provider_id) \
         SELECT {id}, 0, '+1555' || n, '+1556' || n, 'ann', {now} + n * 1000000, 0, \
         CASE n % 10 WHEN 0 THEN 4 ELSE 2 END, CASE n % 10 WHEN 0 THEN NULL ELSE {now} + n END, \
         CASE n % 10 WHEN 0 THEN {now} END, 1, 'CA' || n FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO log_lines SELECT 'ann', {now} + n * 1000000, {id}, true \
         FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO log_lines SELECT '+1555' || n, {now} + n * 1000000, {id}, false \
         FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO call_effects SELECT {id}, 'dial', {now} + n, 0 \
         FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO idempotency_keys SELECT '', 'key' || n, {id} FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO kept_reports (leg, kept_at, status) SELECT 'CAx' || n, {now}, 1 \
         FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO app_users SELECT 'user' || n, '+1555' || lpad(n::text, 7, '0'), {now} \
         FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO devices (token_key, token, user_id, platform, last_seen) \
         SELECT 't' || n, 't' || n, 'user' || n, 'fcm', {now} FROM generate_series(1::bigint, {calls}) n; \
         INSERT INTO accounts SELECT 'user' || n, n || '@example.com', NULL, 'hash', {now} \
         FROM generate_series(1::bigint, {calls}) n"
    )).await;
    run(db, "ANALYZE".to_owned()).await;
}

/// Does all that a store does to its database, telling after each what it was.
async fn everything(db: &mut PgConnection, mut done: impl AsyncFnMut(&str, &mut PgConnection)) {
    let (now, news) = (many::now(), many::news());
    let news: Vec<&NewCall> = news.iter().collect();
    assert_eq!(saving::insert(db, &news).await.unwrap().len(), 4);
    done("insert", db).await;
    let calls: Vec<&Call> = news.iter().map(|new| &new.call).collect();
    let mut replacing: Vec<Replacing> = calls
        .iter()
        .map(|call| Replacing {
            call: (*call).clone(),
            version: Version(0),
            effects: Effect::ALL.to_vec(),
            effects_due: now,
        })
        .collect();
    replacing.sort_by_key(|next| next.call.id);
    let first = saving::replace(db, &[&replacing[0]]).await.unwrap();
    assert_eq!(first.len(), 1);
    done("replace one", db).await;
    let rest: Vec<&Replacing> = replacing[1..].iter().collect();
    assert_eq!(saving::replace(db, &rest).await.unwrap().len(), 3);
    done("replace", db).await;
    finding::known(db, calls[0], news[0].key.as_ref())
        .await
        .unwrap();
    done("known", db).await;
    let ids: Vec<CallId> = calls.iter().map(|call| call.id).collect();
    assert_eq!(finding::calls(db, &ids).await.unwrap().len(), 4);
    done("calls", db).await;
    let legs: Vec<_> = calls
        .iter()
        .filter_map(|call| call.provider_id.as_ref())
        .collect();
    assert_eq!(finding::calls_by_leg(db, &legs).await.unwrap().len(), 4);
    done("calls_by_leg", db).await;
    assert_eq!(
        finding::due_calls(db, now + LATER, 10).await.unwrap().len(),
        10
    );
    done("due_calls", db).await;
    live::of(db, &"ann".parse().unwrap()).await.unwrap();
    done("live", db).await;
    for query in many::queries() {
        assert_eq!(log_lines::page(db, &query).await.unwrap().len(), 10);
        done("page", db).await;
        assert_eq!(log_lines::filtered(db, &query).await.unwrap().len(), 10);
        done("filtered", db).await;
    }
    let settle = Settle {
        call: ids[0],
        effect: Effect::Dial,
        due: None,
    };
    effects::settle(db, &[settle]).await.unwrap();
    done("settle", db).await;
    assert_eq!(
        effects::claim(db, now + LATER, now + LATER, 10)
            .await
            .unwrap()
            .len(),
        10
    );
    done("claim", db).await;
    let lease = EffectLease {
        call: ids[1],
        effect: Effect::HangUp,
        until: now,
    };
    effects::renew(db, &[lease, lease], now + LATER)
        .await
        .unwrap();
    done("renew", db).await;
    effects::keep(db, &many::report(), now).await.unwrap();
    done("keep", db).await;
    assert_eq!(
        effects::take(db, &many::report().leg).await.unwrap().len(),
        1
    );
    done("take", db).await;
    let owner = "ann".parse().unwrap();
    let id = CallId::from_uuid(uuid::Uuid::from_u128(OWNED));
    assert_eq!(
        deleting::delete(db, &owner, &id, now).await.unwrap(),
        LogChange::Made
    );
    done("delete", db).await;
    assert_eq!(
        deleting::restore(db, &owner, &id).await.unwrap(),
        LogChange::Made
    );
    done("restore", db).await;
    let (user, device) = (many::user(), many::device());
    users::register(db, &user, Some(&device)).await.unwrap();
    users::register(db, &user, None).await.unwrap();
    done("register", db).await;
    users::by_id(db, &user.id).await.unwrap().unwrap();
    users::by_number(db, user.phone.as_ref().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(users::devices(db, &user.id).await.unwrap().len(), 2);
    done("users", db).await;
    users::forget(db, &device.token).await.unwrap();
    done("forget", db).await;
    let account = many::account();
    accounts::create(db, &account).await.unwrap();
    accounts::by_email(db, &account.email)
        .await
        .unwrap()
        .unwrap();
    accounts::by_user(db, &account.user).await.unwrap().unwrap();
    let (held, new) = (&account.password, "other".parse().unwrap());
    accounts::replace_password(db, &account.user, held, &new)
        .await
        .unwrap();
    done("accounts", db).await;
}

#[tokio::test]
async fn no_statement_reads_a_table_from_end_to_end() {
    let Some(admin) = many::server("VOIP_TEST_POSTGRES_URL") else {
        return;
    };
    let name = many::name();
    let mark = if admin.contains('?') { '&' } else { '?' };
    let url = format!("{admin}{mark}options=-c%20search_path%3D{name}");
    let mut options = PostgresOptions::at(&url).unwrap();
    options.patience = Duration::from_secs(60);
    let driver = Arc::new(PostgresDriver { options });
    let mut db = driver.open().await.unwrap();
    run(&mut db, format!("CREATE SCHEMA {name}")).await;
    let first = Connections::new(Arc::clone(&driver), 1, Duration::from_secs(60));
    schema::migrate(&first).await.unwrap();
    fill(&mut db).await;
    // As if the tables were so long that workers looked worth their while.
    run(
        &mut db,
        "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; \
         SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 0"
            .to_owned(),
    )
    .await;
    everything(&mut db, async |_: &str, _: &mut PgConnection| {}).await;
    let statements: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT name, statement, cardinality(parameter_types)::bigint \
         FROM pg_prepared_statements WHERE statement ~ 'calls|log_lines|call_effects|keys|reports|users|devices|accounts'",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(
        statements.len() > 25,
        "only {} statements were seen",
        statements.len()
    );
    for (statement, sql, parameters) in statements {
        let nulls = vec!["NULL"; usize::try_from(parameters).unwrap()].join(", ");
        let arguments = if nulls.is_empty() {
            nulls
        } else {
            format!("({nulls})")
        };
        let explain = format!("EXPLAIN EXECUTE {statement}{arguments}");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
            .persistent(false)
            .fetch_all(&mut db)
            .await
            .unwrap();
        let plan = plan.join("\n");
        // For us a table is read from end to end only where nothing else is left,
        // or an index is: one that is looked into has a condition.
        assert!(!plan.contains("Seq Scan"), "{sql}\n{plan}");
        assert!(
            !plan.contains("Gather"),
            "workers are asked for: {sql}\n{plan}"
        );
        let mut steps = plan.lines().peekable();
        while let Some(step) = steps.next() {
            let looked_into = steps.peek().is_some_and(|next| next.contains("Index Cond"));
            assert!(!step.contains("Scan using") || looked_into, "{sql}\n{plan}");
        }
        // A log that is filtered is read in its order as well.
        assert!(
            !plan.contains("Sort") || !sql.contains("log_lines l JOIN"),
            "{sql}\n{plan}"
        );
    }
    run(&mut db, format!("DROP SCHEMA {name} CASCADE")).await;
}
