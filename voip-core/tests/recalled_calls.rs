//! That what storage recalls of a call spares reading it, and is never taken for
//! how the call is.

#![cfg(feature = "mock")]
#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::sync::{Arc, Mutex};

use voip_core::{
    Call, CallId, CallSettings, CallStatus, Calls, Ports, ProviderCallId, Signal,
    ports::{Clock, Held, LegReport, MockCallStore, Replaced, Version},
};
use voip_store::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
use voip_testkit::{FakePush, FakeTelephony, ManualClock};

fn leg() -> ProviderCallId {
    "CA00000000000000000000000000000001".parse().unwrap()
}

fn report(status: CallStatus) -> LegReport {
    LegReport {
        leg: leg(),
        status,
        at: None,
        duration: None,
        reason: None,
    }
}

/// A call to the telephone network of which this was reported, one after the
/// other, as it is at `version`.
fn held(version: u64, reported: &[CallStatus]) -> Held {
    let clock = ManualClock::default();
    let number = |text: &str| text.parse().unwrap();
    let (from, to) = (number("+15550001111"), number("+15550002222"));
    let step = Call::outbound(
        CallId::from_uuid(uuid::Uuid::from_u128(7)),
        from,
        to,
        None,
        None,
        clock.now(),
    );
    let mut call = Call {
        provider_id: Some(leg()),
        ..step.call
    };
    for status in reported {
        let signal = Signal::Reported(report(*status));
        call = call.step(signal, clock.now()).unwrap().call;
    }
    let version = Version(version);
    Held { call, version }
}

fn service(calls: MockCallStore) -> Calls {
    let clock = Arc::new(ManualClock::default());
    let ports = Ports {
        telephony: Arc::new(FakeTelephony::new(Arc::clone(&clock) as _)),
        calls: Arc::new(calls),
        users: Arc::new(MemoryStore::default()),
        push: Arc::new(FakePush::new(Arc::clone(&clock) as _)),
        cache: Arc::new(MemoryCache::new(Arc::clone(&clock) as _)),
        bus: Arc::new(MemoryBus::default()),
        limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock) as _)),
        clock,
    };
    Calls::new(ports, CallSettings::default())
}

/// What was saved: the version it had before, and the status it has now.
type Saved = Arc<Mutex<Vec<(u64, CallStatus)>>>;

/// Storage that recalls the call like this, and has it like that where somebody
/// reads it, so often.
fn store(recalled: Option<Held>, present: &Held, reads: usize) -> (MockCallStore, Saved) {
    let (mut calls, saved) = (MockCallStore::new(), Saved::default());
    let again = recalled.clone();
    calls.expect_recall().returning(move |_| again.clone());
    calls
        .expect_recall_by_provider_id()
        .returning(move |_| recalled.clone());
    let (read, version) = (present.clone(), present.version);
    calls
        .expect_call_by_provider_id()
        .times(reads)
        .returning(move |_| Ok(Some(read.clone())));
    let saves = Arc::clone(&saved);
    calls.expect_replace().returning(move |call, at, _, _| {
        if at != version {
            return Ok(Replaced::Conflict);
        }
        saves.lock().unwrap().push((at.0, call.status()));
        Ok(Replaced::Done(Version(at.0 + 1)))
    });
    (calls, saved)
}

/// Reports `status`, and tells what was saved.
async fn saved_by(status: CallStatus, store: (MockCallStore, Saved)) -> Vec<(u64, CallStatus)> {
    let (calls, saved) = store;
    let news = service(calls);
    news.report(report(status), None).await.unwrap();
    let saved = saved.lock().unwrap();
    saved.clone()
}

#[tokio::test]
async fn a_call_that_is_as_it_is_recalled_is_not_read() {
    let present = held(3, &[]);
    let store = store(Some(present.clone()), &present, 0);
    let saved = saved_by(CallStatus::Ringing, store).await;
    assert_eq!(saved, [(3, CallStatus::Ringing)]);
}

#[tokio::test]
async fn a_call_that_is_named_is_recalled_by_its_name() {
    let present = held(3, &[]);
    let (mut calls, saved) = store(Some(present.clone()), &present, 0);
    calls.expect_call().never();
    let news = service(calls);
    let named = news.report(report(CallStatus::Ringing), Some(present.call.id));
    named.await.unwrap();
    assert_eq!(*saved.lock().unwrap(), [(3, CallStatus::Ringing)]);
}

#[tokio::test]
async fn a_call_that_has_changed_since_is_read() {
    let present = held(5, &[CallStatus::Ringing]);
    let store = store(Some(held(3, &[])), &present, 1);
    let saved = saved_by(CallStatus::InProgress, store).await;
    assert_eq!(saved, [(5, CallStatus::InProgress)]);
}

#[tokio::test]
async fn news_that_seems_old_is_compared_with_the_call_as_it_is() {
    // As it is recalled it rings already, or is even over.
    for recalled in [CallStatus::Ringing, CallStatus::Completed] {
        let present = held(5, &[]);
        let store = store(Some(held(3, &[recalled])), &present, 1);
        let saved = saved_by(CallStatus::Ringing, store).await;
        assert_eq!(saved, [(5, CallStatus::Ringing)], "{recalled:?}");
    }
}

#[tokio::test]
async fn what_is_not_recalled_is_read() {
    let store = store(None, &held(3, &[]), 1);
    let saved = saved_by(CallStatus::Ringing, store).await;
    assert_eq!(saved, [(3, CallStatus::Ringing)]);
}
