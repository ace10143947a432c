//! What FCM's answers mean: its error table, in one place.

use std::time::Duration;

use serde_json::Value;
use voip_core::{Error, ErrorKind, ports::Delivery};

use crate::answer::{Answer, word};

/// What an answer of FCM means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The push was sent, or its device is gone.
    Settled(Delivery),
    /// The access token was not accepted: mint another and send once more.
    StaleToken,
    /// It was not sent.
    Failed(Error),
}

/// How long FCM wants to be left alone where it names no pause.
const QUOTA_PAUSE: Duration = Duration::from_secs(60);

/// Reads an answer to `messages:send`.
///
/// A token is dead only where FCM says so about the token itself. A wrong URL,
/// a missing role or an outage leaves all tokens alone.
pub(super) fn read(answer: &Answer) -> Verdict {
    if answer.status.is_success() {
        return accepted(answer);
    }
    let complaint = Complaint::read(&answer.json());
    let status = answer.status.as_u16();
    match (status, complaint.code.as_deref()) {
        // The code goes before the status, but an outage deletes nothing.
        (400..=499, Some("UNREGISTERED" | "SENDER_ID_MISMATCH")) => {
            Verdict::Settled(Delivery::Gone)
        }
        (400, Some("INVALID_ARGUMENT")) if complaint.blames_token => {
            Verdict::Settled(Delivery::Gone)
        }
        (400..=499, Some("THIRD_PARTY_AUTH_ERROR")) => complaint.failure(
            ErrorKind::Misconfigured,
            "FCM holds no valid APNs or web push credential for this app",
            answer,
        ),
        (401, _) => Verdict::StaleToken,
        (403, _) => complaint.failure(
            ErrorKind::Misconfigured,
            "the service account may not send: its role or the FCM API is missing",
            answer,
        ),
        (404, _) => complaint.failure(
            ErrorKind::Misconfigured,
            "FCM knows no such project, or this is not FCM",
            answer,
        ),
        (429, _) => complaint.failure(ErrorKind::RateLimited, "FCM's quota is used up", answer),
        (300..=399, _) => complaint.failure(
            ErrorKind::Misconfigured,
            "FCM's base URL answers with a redirect, which is not followed",
            answer,
        ),
        // A gateway that gave up waiting does not know what FCM did meanwhile.
        (408 | 504, _) => {
            complaint.failure(ErrorKind::Timeout, "FCM did not answer in time", answer)
        }
        (500.., _) => complaint.failure(ErrorKind::Unavailable, "FCM is out of order", answer),
        _ => complaint.failure(ErrorKind::Refused, "FCM refused the message", answer),
    }
}

/// The failure after a second refused access token.
pub(super) fn refused_twice() -> Error {
    Error::new(
        ErrorKind::Unauthorized,
        "FCM refuses even a fresh access token",
    )
    .with_code(401)
}

fn accepted(answer: &Answer) -> Verdict {
    match answer.json()["name"].as_str() {
        Some(name) if !name.is_empty() => Verdict::Settled(Delivery::Accepted {
            receipt: name.to_owned(),
        }),
        _ => Verdict::Failed(
            Error::new(
                ErrorKind::Malformed,
                "FCM accepted the push but did not name it",
            )
            .ambiguous(),
        ),
    }
}

/// An error body, as far as it can be read. Its message is not kept: it may
/// quote the caller's number.
#[derive(Debug, Default)]
struct Complaint {
    /// The FCM error code, else the canonical status.
    code: Option<String>,
    /// The field that is wrong.
    field: Option<String>,
    blames_token: bool,
}

impl Complaint {
    fn read(body: &Value) -> Self {
        let error = &body["error"];
        let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
        let code = details
            .iter()
            .find_map(|detail| detail["errorCode"].as_str().and_then(word))
            .or_else(|| error["status"].as_str().and_then(word));
        let violations = || {
            details
                .iter()
                .filter_map(|detail| detail["fieldViolations"].as_array())
                .flatten()
        };
        let field = violations().find_map(|violation| violation["field"].as_str().and_then(word));
        let blames_token = violations().any(|violation| {
            violation["field"] == "message.token" || calls_token_invalid(&violation["description"])
        }) || calls_token_invalid(&error["message"]);
        Self {
            code: code.map(str::to_owned),
            field: field.map(str::to_owned),
            blames_token,
        }
    }

    fn failure(&self, kind: ErrorKind, what: &str, answer: &Answer) -> Verdict {
        let mut message = what.to_owned();
        if let Some(code) = &self.code {
            message.push_str(": ");
            message.push_str(code);
        }
        if let Some(field) = &self.field {
            message.push_str(" in ");
            message.push_str(field);
        }
        let mut error = Error::new(kind, message).with_code(answer.status.as_u16().into());
        if kind == ErrorKind::Timeout {
            error = error.ambiguous();
        }
        let pause = match kind {
            ErrorKind::RateLimited => Some(answer.retry_after.unwrap_or(QUOTA_PAUSE)),
            ErrorKind::Unavailable | ErrorKind::Timeout => answer.retry_after,
            _ => None,
        };
        Verdict::Failed(match pause {
            Some(pause) => error.with_retry_after(pause),
            None => error,
        })
    }
}

fn calls_token_invalid(text: &Value) -> bool {
    const WORDS: &str = "not a valid fcm registration token";
    text.as_str()
        .is_some_and(|text| text.to_ascii_lowercase().contains(WORDS))
}

#[cfg(test)]
mod tests;
