//! The suite of [`PushSender`].
//!
//! An adapter says in a [`PushFixture`] how to arrange what a case needs, and
//! gets a test for each promise from [`push_sender_suite!`](crate::push_sender_suite).

#![allow(
    clippy::missing_panics_doc,
    reason = "every case panics where its promise is broken"
)]

use std::time::Duration;

use async_trait::async_trait;
use voip_core::{
    CallId, Device, Platform, PushToken, Timestamp,
    ports::{Clock, Delivery, Push, PushSender, RingOutcome},
};

use crate::ManualClock;

/// What the suite needs around a push sender.
#[async_trait]
pub trait PushFixture: Send + Sync {
    /// The sender that is tried.
    fn sender(&self) -> &dyn PushSender;

    /// The clock the sender reads.
    fn clock(&self) -> &ManualClock;

    /// A platform that the sender serves.
    fn served(&self) -> Platform;

    /// A platform that the sender does not serve.
    fn not_served(&self) -> Platform;

    /// The token of a device that the service reaches.
    fn live_token(&self) -> PushToken;

    /// The token of a device that the service says is gone.
    async fn dead_token(&self) -> PushToken;

    /// How many pushes the service was asked to send so far.
    async fn asked(&self) -> usize;
}

/// Gives a test for every promise of [`PushSender`](voip_core::ports::PushSender).
///
/// `$fresh` is an async function without arguments that gives a fresh
/// [`PushFixture`](crate::suites::push_sender::PushFixture). The crate that
/// uses the macro needs `tokio` with its features `macros` and `rt`.
#[macro_export]
macro_rules! push_sender_suite {
    ($fresh:path) => {
        $crate::push_sender_suite! {
            $fresh;
            accepted_push_has_a_receipt
            unknown_token_is_gone_not_an_error
            a_ring_is_not_sent_after_its_deadline
            the_end_of_a_ring_is_not_sent_after_its_deadline
            a_platform_it_does_not_serve_is_skipped
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test]
            async fn $case() {
                $crate::suites::push_sender::$case(&$fresh().await).await;
            }
        )+
    };
}

/// A ring that the service takes is `Accepted` under a name that is not empty,
/// and is sent once.
pub async fn accepted_push_has_a_receipt(fixture: &impl PushFixture) {
    let delivery = ring(
        fixture,
        fixture.served(),
        fixture.live_token(),
        in_time(fixture),
    )
    .await;
    match delivery {
        Delivery::Accepted { receipt } => {
            assert!(!receipt.is_empty(), "an accepted push needs a receipt");
        }
        other => panic!("a live device takes a ring, but it was {other:?}"),
    }
    assert_eq!(fixture.asked().await, 1, "one push is sent once");
}

/// A push to a device that is gone gives `Gone`, and gives it again.
pub async fn unknown_token_is_gone_not_an_error(fixture: &impl PushFixture) {
    let dead = fixture.dead_token().await;
    for _ in 0..2 {
        let delivery = ring(fixture, fixture.served(), dead.clone(), in_time(fixture)).await;
        assert_eq!(delivery, Delivery::Gone, "a dead token is gone");
    }
    let live = ring(
        fixture,
        fixture.served(),
        fixture.live_token(),
        in_time(fixture),
    )
    .await;
    assert!(
        matches!(live, Delivery::Accepted { .. }),
        "only the dead token is gone"
    );
}

/// From its deadline on, a ring is `Skipped` and the service is not asked;
/// just before, it is sent.
pub async fn a_ring_is_not_sent_after_its_deadline(fixture: &impl PushFixture) {
    let until = in_time(fixture);
    let just_before = until - Duration::from_secs(1);
    fixture.clock().advance_to(just_before);
    let delivery = ring(fixture, fixture.served(), fixture.live_token(), until).await;
    assert!(
        matches!(delivery, Delivery::Accepted { .. }),
        "a ring in time is sent"
    );
    let asked = fixture.asked().await;
    for late in [until, until + Duration::from_secs(1)] {
        fixture.clock().advance_to(late);
        let delivery = ring(fixture, fixture.served(), fixture.live_token(), until).await;
        assert_eq!(delivery, Delivery::Skipped, "a late ring is skipped");
    }
    assert_eq!(fixture.asked().await, asked, "a late ring is not sent");
}

/// From the deadline of its ring on, the end of that ring is `Skipped` and the
/// service is not asked. Before, it is `Accepted`, or `Skipped` where the
/// platform has no such push.
pub async fn the_end_of_a_ring_is_not_sent_after_its_deadline(fixture: &impl PushFixture) {
    let until = in_time(fixture);
    let end = |outcome| Push::RingOver {
        call: CallId::fresh(),
        outcome,
        until,
    };
    let (platform, token) = (fixture.served(), fixture.live_token());
    let mut taken = 0;
    for outcome in RingOutcome::ALL {
        let delivery = send(fixture, platform, token.clone(), end(outcome)).await;
        match delivery {
            Delivery::Accepted { .. } => taken += 1,
            Delivery::Skipped => {}
            Delivery::Gone => panic!("a live device is not gone"),
        }
    }
    assert_eq!(
        fixture.asked().await,
        taken,
        "only what is accepted was sent"
    );
    for late in [until, until + Duration::from_secs(1)] {
        fixture.clock().advance_to(late);
        for outcome in RingOutcome::ALL {
            let delivery = send(fixture, platform, token.clone(), end(outcome)).await;
            assert_eq!(delivery, Delivery::Skipped, "a late end is skipped");
        }
    }
    assert_eq!(fixture.asked().await, taken, "a late end is not sent");
}

/// A push to a device of another platform is `Skipped`, whatever its token,
/// and the service is not asked.
pub async fn a_platform_it_does_not_serve_is_skipped(fixture: &impl PushFixture) {
    for token in [fixture.live_token(), fixture.dead_token().await] {
        let delivery = ring(fixture, fixture.not_served(), token, in_time(fixture)).await;
        assert_eq!(
            delivery,
            Delivery::Skipped,
            "another platform's device is skipped"
        );
    }
    assert_eq!(
        fixture.asked().await,
        0,
        "another platform's device is not sent to"
    );
}

fn in_time(fixture: &impl PushFixture) -> Timestamp {
    fixture.clock().now() + Duration::from_secs(50)
}

async fn ring(
    fixture: &impl PushFixture,
    platform: Platform,
    token: PushToken,
    until: Timestamp,
) -> Delivery {
    let push = Push::IncomingCall {
        call: CallId::fresh(),
        caller: "+15550100".into(),
        until,
    };
    send(fixture, platform, token, push).await
}

async fn send(
    fixture: &impl PushFixture,
    platform: Platform,
    token: PushToken,
    push: Push,
) -> Delivery {
    let device = Device {
        token,
        platform,
        last_seen: Timestamp::from_secs(1_600_000_000),
    };
    let sent = fixture.sender().send(&device, &push).await;
    sent.unwrap_or_else(|error| panic!("this is no failure, but: {error}"))
}
