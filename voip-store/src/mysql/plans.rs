//! That no statement reads more rows than it needs, told by the server's own
//! count of the rows it read, on tables with many rows.

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, MySqlConnection, Row as _};

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

#[tokio::test]
async fn no_statement_reads_more_rows_than_it_needs() {
    let Some(admin) = many::server("VOIP_TEST_MYSQL_URL") else {
        return;
    };
    let name = many::name();
    let mut there = MySqlOptions::at(&admin).unwrap();
    there.patience = Duration::from_secs(60);
    let mut db = MySqlDriver {
        options: there.clone(),
    }
    .open()
    .await
    .unwrap();
    run(&mut db, format!("CREATE DATABASE {name}; USE {name}")).await;
    there.server = there.server.database(&name);
    let first = Connections::new(
        Arc::new(MySqlDriver { options: there }),
        1,
        Duration::from_secs(60),
    );
    schema::migrate(&first).await.unwrap();
    fill(&mut db).await;
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
