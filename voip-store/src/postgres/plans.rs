//! That no statement reads a table from end to end, told by the server's plans
//! on tables with many rows.

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, PgConnection};

use super::{PostgresDriver, PostgresOptions, schema};
use crate::{
    grouped::{Connections, Driver as _, plans::everything},
    row::many,
};

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
    everything::<PostgresDriver>(&mut db, async |_: &str, _: &mut PgConnection| {}).await;
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
