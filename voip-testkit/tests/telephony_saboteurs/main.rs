//! The fake passes the suite of telephony, and each case of the suites of
//! telephony and webhooks catches an adapter that breaks its promise.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod telephony;
mod webhooks;

/// Whether a case fails, as it should.
pub(crate) async fn caught(case: impl Future<Output = ()> + Send + 'static) -> bool {
    tokio::spawn(case)
        .await
        .is_err_and(|error| error.is_panic())
}
