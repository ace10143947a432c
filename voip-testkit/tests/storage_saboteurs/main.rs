//! Adapters that each break one promise, and the case that notices.
//!
//! Each saboteur wraps a store in memory; with no fault chosen it passes the
//! whole suite, so it is the fault that the case has caught.

mod accounts;
mod archives;
mod bus;
mod cache;
mod calls;
mod hashers;
mod limiters;
mod users;

/// Expects `case` to panic.
async fn expect_caught(case: impl Future<Output = ()> + Send + 'static) {
    let outcome = tokio::spawn(case).await;
    assert!(
        outcome.is_err_and(|error| error.is_panic()),
        "the saboteur got away with it"
    );
}
