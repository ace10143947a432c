//! That no statement reads more rows than it needs, told by the server's own
//! count of the rows it read, and by its plans, on tables with many rows.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _};
use voip_testkit::servers::PrivateServer;

use super::{MySqlDriver, MySqlOptions, schema};
use crate::{
    grouped::{Connections, Driver as _, plans::everything},
    row::many,
};

/// The most rows that any of our statements reads here, those of indexes and of
/// tables made up on the way counted.
const MOST: i64 = 1_000;

async fn run(db: &mut MySqlConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await.unwrap();
}

/// Fills the tables and counts them.
async fn fill(db: &mut MySqlConnection) {
    let (calls, now) = (many::CALLS, many::now().as_micros());
    let digit = "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 \
                 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    run(db, format!(
        "CREATE TABLE numbers (n BIGINT PRIMARY KEY); INSERT INTO numbers \
         SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d FROM {digit} a, {digit} b, \
         {digit} c, {digit} e, (SELECT 0 d UNION SELECT 1) f; \
         DELETE FROM numbers WHERE n > {calls}"
    )).await;
    let id = "UNHEX(LPAD(HEX(n), 32, '0'))";
    run(db, format!(
        "INSERT INTO calls (id, direction, from_party, to_party, owner, live_owner, created_at, \
         version, status, deadline_at, ended_at, told, provider_id) \
         SELECT {id}, 0, CONCAT('+1555', n), CONCAT('+1556', n), 'ann', \
         IF(n % 10 = 0, NULL, 'ann'), {now} + n * 1000000, 0, IF(n % 10 = 0, 4, 2), \
         IF(n % 10 = 0, NULL, {now} + n), IF(n % 10 = 0, {now}, NULL), 1, CONCAT('CA', n) FROM numbers; \
         INSERT INTO log_lines SELECT 'ann', {now} + n * 1000000, {id}, 1 FROM numbers; \
         INSERT INTO log_lines SELECT CONCAT('+1555', n), {now} + n * 1000000, {id}, 0 FROM numbers; \
         INSERT INTO call_effects SELECT {id}, 'dial', {now} + n, 0 FROM numbers; \
         INSERT INTO idempotency_keys SELECT '', CONCAT('key', n), {id} FROM numbers; \
         INSERT INTO kept_reports (leg, kept_at, status) SELECT CONCAT('CAx', n), {now}, 1 FROM numbers; \
         INSERT INTO app_users SELECT CONCAT('user', n), CONCAT('+1555', LPAD(n, 7, '0')), {now} FROM numbers; \
         INSERT INTO devices (token_key, token, user_id, platform, last_seen) \
         SELECT CONCAT('t', n), CONCAT('t', n), CONCAT('user', n), 'fcm', {now} FROM numbers; \
         INSERT INTO accounts SELECT CONCAT('user', n), CONCAT(n, '@example.com'), NULL, 'hash', {now} \
         FROM numbers; DROP TABLE numbers"
    )).await;
    run(
        db,
        "ANALYZE TABLE calls, log_lines, call_effects, idempotency_keys, kept_reports, \
             app_users, devices, accounts"
            .to_owned(),
    )
    .await;
}

/// How many rows this session has read since it was last asked.
async fn rows_read(db: &mut MySqlConnection) -> i64 {
    let counts = sqlx::raw_sql("SHOW SESSION STATUS LIKE 'Handler_read%'")
        .fetch_all(&mut *db)
        .await
        .unwrap();
    let read = counts.iter().map(|row| {
        let count: String = row.get_unchecked(1);
        count.parse::<i64>().unwrap()
    });
    let read = read.sum();
    sqlx::raw_sql("FLUSH STATUS").execute(db).await.unwrap();
    read
}

/// The database of this name at a server, with many rows.
async fn filled(url: &str, name: &str) -> MySqlConnection {
    let mut there = MySqlOptions::at(url).unwrap();
    there.patience = Duration::from_secs(60);
    let mut db = MySqlDriver {
        options: there.clone(),
    }
    .open()
    .await
    .unwrap();
    run(&mut db, format!("CREATE DATABASE {name}; USE {name}")).await;
    there.server = there.server.database(name);
    let first = Connections::new(
        Arc::new(MySqlDriver { options: there }),
        1,
        Duration::from_secs(60),
    );
    schema::migrate(&first).await.unwrap();
    fill(&mut db).await;
    db
}

#[tokio::test]
async fn no_statement_reads_more_rows_than_it_needs() {
    let Some(admin) = many::server("VOIP_TEST_MYSQL_URL") else {
        return;
    };
    let name = many::name();
    let mut db = filled(&admin, &name).await;
    rows_read(&mut db).await;
    let mut seen = 0;
    everything::<MySqlDriver>(&mut db, async |what: &str, db: &mut MySqlConnection| {
        let read = rows_read(db).await;
        assert!(read < MOST, "{what} has read {read} rows");
        seen += 1;
    })
    .await;
    assert!(seen > 20);
    // It counts: the same without an index is seen.
    sqlx::raw_sql("SELECT count(*) FROM calls WHERE told = 7")
        .fetch_all(&mut db)
        .await
        .unwrap();
    assert!(rows_read(&mut db).await > MOST);
    run(&mut db, format!("DROP DATABASE {name}")).await;
}

/// What this session has had carried out since it was last asked, as the server
/// writes it down, with the values.
async fn carried_out(db: &mut MySqlConnection) -> Vec<String> {
    let statements = sqlx::raw_sql(
        "SELECT argument FROM mysql.general_log \
         WHERE command_type = 'Execute' AND thread_id = CONNECTION_ID()",
    );
    let statements = statements.fetch_all(&mut *db).await.unwrap();
    run(db, "TRUNCATE mysql.general_log".to_owned()).await;
    statements.iter().map(|row| row.get_unchecked(0)).collect()
}

/// The server's plan for a statement.
async fn plan(db: &mut MySqlConnection, statement: &str) -> Value {
    let explain = AssertSqlSafe(format!("EXPLAIN FORMAT=JSON {statement}"));
    let plan = sqlx::raw_sql(explain).fetch_one(db).await.unwrap();
    // MariaDB writes some bytes of an id in ways that are no JSON.
    let plan = plan.get_unchecked::<String, _>(0).replace("\\0", "");
    let plan = plan.replace(|c: char| c.is_ascii_control(), " ");
    serde_json::from_str(&plan).unwrap()
}

/// Tells how each table of ours is read that the plan has, and whether rows are
/// sorted.
fn steps(plan: &Value, reads: &mut Vec<(String, String)>, sorts: &mut bool) {
    match plan {
        Value::Object(parts) => {
            for (name, part) in parts {
                *sorts |= name == "filesort";
                // One made up on the way is read from end to end.
                let made_up = part.get("table_function").or(part.get("materialized"));
                if name == "table"
                    && made_up.is_none()
                    && let (Some(table), Some(way)) =
                        (part["table_name"].as_str(), part["access_type"].as_str())
                {
                    reads.push((table.to_owned(), way.to_owned()));
                }
                steps(part, reads, sorts);
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| steps(part, reads, sorts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index() {
    // One of its own, as what it writes down is the whole server's.
    let Some(server) = PrivateServer::mariadb().await else {
        return;
    };
    let mut db = filled(&server.url(), "plans").await;
    run(
        &mut db,
        "SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1".to_owned(),
    )
    .await;
    let mut seen = 0;
    everything::<MySqlDriver>(&mut db, async |what: &str, db: &mut MySqlConnection| {
        for statement in carried_out(db).await {
            let plan = plan(db, &statement).await;
            let (mut reads, mut sorts) = (Vec::new(), false);
            steps(&plan, &mut reads, &mut sorts);
            for (table, way) in &reads {
                let by_index = !matches!(way.as_str(), "ALL" | "index");
                assert!(
                    by_index,
                    "{what} reads all of {table}: {statement}\n{plan:#}"
                );
            }
            let log = statement.contains("log_lines l STRAIGHT_JOIN");
            assert!(!(log && sorts), "a log is sorted: {statement}\n{plan:#}");
            let adds = statement.starts_with("INSERT") || statement.starts_with("REPLACE");
            assert!(adds || !reads.is_empty(), "no plan: {statement}\n{plan:#}");
            seen += 1;
        }
    })
    .await;
    assert!(seen > 50, "only {seen} statements were seen");
    // It tells: the same without an index is seen.
    let plan = plan(&mut db, "SELECT id FROM calls WHERE told = 7").await;
    let mut reads = Vec::new();
    steps(&plan, &mut reads, &mut false);
    assert_eq!(reads, [("calls".to_owned(), "ALL".to_owned())]);
}
