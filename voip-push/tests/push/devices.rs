//! Devices and what they are told.

use std::time::Duration;

use voip_core::{
    CallId, Device, Platform, Timestamp,
    ports::{Clock, Push, RingOutcome},
};
use voip_testkit::ManualClock;

pub(crate) const CALLER: &str = "+15550100";
pub(crate) const ANDROID_TOKEN: &str = "dGVzdA:APA91b-android-phone";
pub(crate) const IPHONE_TOKEN: &str =
    "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
/// How long a test's calls ring.
pub(crate) const RING_TIME: Duration = Duration::from_secs(50);

pub(crate) fn android() -> Device {
    device(ANDROID_TOKEN, Platform::Fcm)
}

pub(crate) fn iphone() -> Device {
    device(IPHONE_TOKEN, Platform::Apns)
}

/// A device that was last registered in September 2020.
pub(crate) fn device(token: &str, platform: Platform) -> Device {
    let last_seen = Timestamp::from_secs(1_600_000_000);
    Device {
        token: token.parse().unwrap(),
        platform,
        last_seen,
    }
}

pub(crate) fn call() -> CallId {
    "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap()
}

/// A call that rings for [`RING_TIME`] from now on.
pub(crate) fn ring(clock: &ManualClock) -> Push {
    let until = clock.now() + RING_TIME;
    Push::IncomingCall {
        call: call(),
        caller: CALLER.to_owned(),
        until,
    }
}

/// The end of a [`ring`] that somebody answered.
pub(crate) fn ring_over(clock: &ManualClock) -> Push {
    let until = clock.now() + RING_TIME;
    Push::RingOver {
        call: call(),
        outcome: RingOutcome::Answered,
        until,
    }
}

pub(crate) fn missed() -> Push {
    Push::MissedCall {
        call: call(),
        caller: CALLER.to_owned(),
    }
}
