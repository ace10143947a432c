//! A page far down a long log costs what the first page of a short one does.

use std::time::Duration;

use tokio::time::Instant;
use voip_core::{
    Timestamp,
    ports::{CallStore as _, LogCursor, LogFilter, LogQuery},
};

use crate::{
    cases,
    samples::{connect, id},
    servers::Database,
};

cases! {
    a_page_far_down_a_long_log_costs_what_the_first_of_a_short_one_does
}

/// How many calls Ann has: 30 000, or `LOG_LINES`. Bob has 1 000 of them, too.
#[allow(clippy::disallowed_methods)] // It is about the test alone.
fn lines() -> u64 {
    let many = std::env::var("LOG_LINES").ok();
    many.map_or(30_000, |many| many.parse().unwrap())
}

const SHORT: u64 = 1_000;

const PAGE: usize = 10;

/// How often each page is read.
const TIMES: usize = 41;

const START: i64 = 1_700_000_000_000_000;

/// The numbers from 1 to `lines`, in words that every database knows.
fn numbers(lines: u64) -> String {
    let digit = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 \
                 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 \
                 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    let places: Vec<String> = (0..6).map(|place| format!("{digit} AS p{place}")).collect();
    let sum: Vec<String> = (0..6)
        .map(|p| format!("{} * p{p}.d", 10_u64.pow(p)))
        .collect();
    let (places, sum) = (places.join(" CROSS JOIN "), sum.join(" + "));
    format!(
        "(SELECT n FROM (SELECT 1 + {sum} AS n FROM {places}) AS every_one WHERE n <= {lines}) AS s"
    )
}

async fn fill<D: Database>(database: &D, lines: u64) {
    let (id, yes) = match D::SCHEME {
        "mysql" => ("UNHEX(LPAD(HEX(n), 32, '0'))", "1"),
        _ => ("decode(lpad(to_hex(n), 32, '0'), 'hex')", "true"),
    };
    let (numbers, every) = (numbers(lines), lines / SHORT);
    let at = format!("{START} + CAST(n AS DECIMAL(20)) * 1000000");
    let at = match D::SCHEME {
        "mysql" => at,
        _ => at.replace("DECIMAL(20)", "bigint"),
    };
    database
        .run(&format!(
            "INSERT INTO calls (id, direction, from_party, to_party, owner, created_at, version, \
             status, ended_at, told, provider_id) \
             SELECT {id}, 0, CONCAT('+1555', n), CONCAT('+1556', n), 'ann', {at}, 0, 4, {at}, 1, \
             CONCAT('CA', n) FROM {numbers}; \
             INSERT INTO log_lines (name, created_at, id, owned) \
             SELECT 'ann', {at}, {id}, {yes} FROM {numbers}; \
             INSERT INTO log_lines (name, created_at, id, owned) \
             SELECT 'bob', {at}, {id}, {yes} FROM {numbers} WHERE n % {every} = 0"
        ))
        .await;
    let count = match D::SCHEME {
        "mysql" => "ANALYZE TABLE calls, log_lines",
        _ => "ANALYZE",
    };
    database.run(count).await;
}

fn page(name: &str, after: Option<u64>) -> LogQuery {
    let after = after.map(|number| LogCursor {
        created_at: Timestamp::from_micros(START) + Duration::from_secs(number),
        id: id(u128::from(number)),
    });
    LogQuery {
        name: name.into(),
        owned_only: false,
        filter: LogFilter::default(),
        after,
        limit: PAGE,
    }
}

#[allow(clippy::print_stdout)] // The figures, for whoever asks for them.
async fn a_page_far_down_a_long_log_costs_what_the_first_of_a_short_one_does<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let (store, lines) = (connect(&database).await, lines());
    fill(&database, lines).await;
    // The 10 000th page, where there are so many.
    let down = (10_000 * PAGE as u64).min(lines * 9 / 10);
    let pages = [
        ("the first of 1 000", page("bob", None)),
        ("the first of all", page("ann", None)),
        ("far down", page("ann", Some(lines - down))),
    ];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..TIMES {
        // By turns, so that whatever else the machine does befalls all alike.
        for ((_, query), times) in pages.iter().zip(&mut times) {
            let began = Instant::now();
            assert_eq!(store.log(query).await.unwrap().len(), PAGE);
            times.push(began.elapsed());
        }
    }
    let [short, first, deep] = times.map(|mut times: Vec<Duration>| {
        times.sort();
        times[TIMES / 2]
    });
    println!(
        "{} lines on {}: {} {short:?}, {} {first:?}, {} by {down} lines {deep:?}",
        lines,
        D::SCHEME,
        pages[0].0,
        pages[1].0,
        pages[2].0,
    );
    let bound = short.max(first) * 4 + Duration::from_millis(2);
    assert!(deep < bound, "{deep:?} is more than {bound:?}");
}
