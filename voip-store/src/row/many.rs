//! What the tests of plans ask of a database.

#![allow(clippy::unwrap_used)] // Only tests look here.

use std::time::Duration;

use voip_core::{
    Account, Call, CallId, Device, Effect, Platform, Timestamp, User,
    ports::{IdempotencyKey, LegReport, LogCursor, LogFilter, LogQuery, NewCall},
    table,
};

/// How many calls there are: some have ended, all are Ann's.
pub(crate) const CALLS: u64 = 20_000;

/// The address of a server to test with; without one the test is skipped.
#[allow(clippy::disallowed_methods, clippy::print_stderr)] // Only tests look here.
pub(crate) fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    if url.is_none() {
        assert!(
            std::env::var_os("REQUIRE_SERVICES").is_none(),
            "REQUIRE_SERVICES is set, but {variable} names no server"
        );
        eprintln!("skipped: {variable} names no server to test with");
    }
    url
}

pub(crate) fn name() -> String {
    format!("voip_plans_{}", uuid::Uuid::new_v4().simple())
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_secs(1_700_000_000)
}

/// An id of plain letters: servers that write down what they were asked for
/// garble other bytes.
fn id(place: u8) -> CallId {
    CallId::from_uuid(uuid::Uuid::from_bytes([b'a' + place; 16]))
}

/// New calls, with keys and effects.
pub(crate) fn news() -> Vec<NewCall> {
    let calls = table::calls().into_iter().zip(0..4_u8);
    calls
        .map(|((_, call), place)| NewCall {
            call: Call {
                id: id(place),
                provider_id: format!("CAnew{place}").parse().ok(),
                ..call
            },
            effects: Effect::ALL.to_vec(),
            effects_due: now(),
            key: IdempotencyKey::new(None, &format!("new{place}")).ok(),
        })
        .collect()
}

/// Pages of Ann's log, asked for in every way, from its middle and its start.
pub(crate) fn queries() -> Vec<LogQuery> {
    let mut queries = Vec::new();
    for owned_only in [true, false] {
        for after in [
            None,
            Some(LogCursor {
                created_at: now() + Duration::from_secs(CALLS / 2),
                id: id(9),
            }),
        ] {
            queries.push(LogQuery {
                name: "ann".into(),
                owned_only,
                filter: LogFilter::default(),
                after,
                limit: 10,
            });
        }
    }
    queries
}

pub(crate) fn report() -> LegReport {
    LegReport {
        leg: "CA1".parse().unwrap(),
        status: voip_core::CallStatus::Ringing,
        at: None,
        duration: None,
        reason: None,
    }
}

pub(crate) fn user() -> User {
    User {
        id: "user77".parse().unwrap(),
        phone: voip_core::PhoneNumber::from_e164("+15550000077").ok(),
        created_at: now(),
    }
}

pub(crate) fn device() -> Device {
    Device {
        token: "token77".parse().unwrap(),
        platform: Platform::Fcm,
        last_seen: now(),
    }
}

pub(crate) fn account() -> Account {
    Account {
        user: "user7777777".parse().unwrap(),
        email: "user7777777@example.com".parse().unwrap(),
        name: None,
        password: "hash".parse().unwrap(),
        created_at: now(),
    }
}
