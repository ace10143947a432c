//! What APNs' answers mean: its error table, in one place.

use voip_core::{Device, Error, ErrorKind, ports::Delivery};

use crate::answer::{Answer, word};

/// What an answer of APNs means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The push was sent, or its device is gone.
    Settled(Delivery),
    /// The provider token is too old: mint another and send once more.
    ExpiredToken,
    /// It was not sent.
    Failed(Error),
}

/// Reads an answer to a push to `device`.
pub(super) fn read(answer: &Answer, device: &Device) -> Verdict {
    use ErrorKind::{Misconfigured, RateLimited, Refused, Timeout, Unauthorized, Unavailable};

    if answer.status.is_success() {
        return accepted(answer);
    }
    let body = answer.json();
    let reason = body["reason"].as_str().and_then(word).unwrap_or_default();
    let (kind, what) = match (answer.status.as_u16(), reason) {
        (400, "BadDeviceToken") => return Verdict::Settled(Delivery::Gone),
        (410, _) => return gone(&body["timestamp"], device),
        (403, "ExpiredProviderToken") => return Verdict::ExpiredToken,
        (400, "DeviceTokenNotForTopic" | "BadTopic" | "MissingTopic" | "TopicDisallowed") => (
            Misconfigured,
            "the bundle id is not that of the app, or not the key's",
        ),
        (400, "IdleTimeout") => (Unavailable, "the connection had been idle for too long"),
        (403, "UnrelatedKeyIdInToken" | "BadEnvironmentKeyIdInToken") => (
            Misconfigured,
            "the signing key is not for this app or environment",
        ),
        (403, _) => (
            Unauthorized,
            "the provider token is rejected: check team id, key id and key",
        ),
        // Ours is kept: Apple still takes it, and another would not help.
        (429, "TooManyProviderTokenUpdates") => (RateLimited, "it saw too many provider tokens"),
        (429, _) => (RateLimited, "too many pushes to one device"),
        (404 | 405, "") | (300..=399, _) => (Misconfigured, "this is not APNs: check its base URL"),
        (408 | 504, _) => (Timeout, "it did not answer in time"),
        (500.., _) => (Unavailable, "it is out of order"),
        _ => (Refused, "it refused the message"),
    };
    Verdict::Failed(failure(kind, what, reason, answer))
}

/// The failure after a second provider token that APNs calls expired.
pub(super) fn expired_twice() -> Error {
    let message = "APNs calls a fresh provider token expired: check this machine's clock";
    Error::new(ErrorKind::Unauthorized, message).with_code(403)
}

fn accepted(answer: &Answer) -> Verdict {
    match answer
        .headers
        .get("apns-id")
        .and_then(|id| id.to_str().ok())
    {
        Some(id) if !id.is_empty() => Verdict::Settled(Delivery::Accepted {
            receipt: id.to_owned(),
        }),
        _ => Verdict::Failed(
            Error::new(
                ErrorKind::Malformed,
                "APNs accepted the push but did not name it",
            )
            .ambiguous(),
        ),
    }
}

/// The token died at `timestamp` (in milliseconds). Where the device was
/// registered again after that, it is alive, and only this push was lost.
fn gone(timestamp: &serde_json::Value, device: &Device) -> Verdict {
    match timestamp.as_i64() {
        Some(died) if device.last_seen.as_micros() / 1000 > died => {
            let message = "APNs has not yet heard that the device was registered again";
            Verdict::Failed(Error::new(ErrorKind::Refused, message).with_code(410))
        }
        _ => Verdict::Settled(Delivery::Gone),
    }
}

fn failure(kind: ErrorKind, what: &str, reason: &str, answer: &Answer) -> Error {
    let message = match reason {
        "" => format!("APNs: {what}"),
        reason => format!("APNs: {what} ({reason})"),
    };
    let mut error = Error::new(kind, message).with_code(answer.status.as_u16().into());
    if kind == ErrorKind::Timeout {
        error = error.ambiguous();
    }
    match (kind, answer.retry_after) {
        (ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout, Some(pause)) => {
            error.with_retry_after(pause)
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests;
