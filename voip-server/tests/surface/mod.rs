//! A whole server on free ports, and the clients that try it: what the tests
//! of the server's surface share.
#![allow(dead_code, unused_imports)] // Each test file uses its own part of this.

pub(crate) mod answer;
pub(crate) mod case;
pub(crate) mod database;
pub(crate) mod leg;
pub(crate) mod raw;
pub(crate) mod redact;
pub(crate) mod running;
pub(crate) mod socket;

pub(crate) use answer::Answer;
pub(crate) use case::{Case, check};
pub(crate) use running::{Running, SECRET, SIM_TOKEN};
pub(crate) use socket::Client;

use std::time::Duration;

/// A call that is none.
pub(crate) const UNKNOWN: &str = "018c1f6e-7c3a-7000-8000-0000000000ff";

/// Where clients send JSON.
pub(crate) const JSON_PATHS: [&str; 6] = [
    "/start-call",
    "/hangup",
    "/connect-call",
    "/api/register-user",
    "/api/signup",
    "/api/login",
];

/// Far longer than anything a test waits for: who waits so long has found a
/// fault.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for `what`, but not forever.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// Asks again and again until `question` has an answer, but not forever.
pub(crate) async fn eventually<T, F>(what: &str, mut question: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    within(what, async {
        loop {
            if let Some(answer) = question().await {
                return answer;
            }
            // real time: the other side works on its own clock.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}
