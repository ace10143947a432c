//! What a request asks for, by its path.

use std::borrow::Cow;

use crate::faults::RestTarget;
use crate::sid::is_sid;

use super::form::Form;
use super::recordings::Owner;
use super::{RestError, RestRequest};

/// The resource a path names.
pub(super) enum Resource<'a> {
    Calls,
    Call(&'a str),
    Conferences,
    Conference(&'a str),
    Participants(&'a str),
    /// A conference, and a participant by call SID or label.
    Participant(&'a str, Cow<'a, str>),
    Recordings(Owner<'a>),
    Recording(Owner<'a>, &'a str),
    /// The sound of a recording.
    Media(&'a str),
}

impl<'a> Resource<'a> {
    /// # Errors
    /// 404 for a path that names nothing of this account.
    pub(super) fn of(path: &'a str, account: &str) -> Result<Self, RestError> {
        let not_found = || RestError::not_found(path);
        let prefix = format!("/2010-04-01/Accounts/{account}/");
        let inside = path.strip_prefix(&prefix).ok_or_else(not_found)?;
        if let Some(sid) = media(inside) {
            return Ok(Self::Media(sid));
        }
        let resource = inside.strip_suffix(".json").ok_or_else(not_found)?;
        let segments: Vec<&str> = resource.split('/').collect();
        Ok(match segments[..] {
            ["Calls"] => Self::Calls,
            ["Calls", sid] => Self::Call(sid),
            ["Conferences"] => Self::Conferences,
            ["Conferences", sid] => Self::Conference(sid),
            ["Conferences", sid, "Participants"] => Self::Participants(sid),
            ["Conferences", sid, "Participants", who] => Self::Participant(sid, decoded(who)),
            ["Recordings"] => Self::Recordings(Owner::Account),
            ["Recordings", sid] => Self::Recording(Owner::Account, sid),
            ["Calls", call, "Recordings"] => Self::Recordings(Owner::Call(call)),
            ["Calls", call, "Recordings", sid] => Self::Recording(Owner::Call(call), sid),
            ["Conferences", room, "Recordings"] => Self::Recordings(Owner::Conference(room)),
            ["Conferences", room, "Recordings", sid] => {
                Self::Recording(Owner::Conference(room), sid)
            }
            _ => return Err(not_found()),
        })
    }

    /// The leg it is about, if the path names one.
    pub(super) fn leg(&self) -> Option<&str> {
        match self {
            Self::Call(sid) => Some(sid),
            Self::Participant(_, who) => Some(who),
            Self::Calls
            | Self::Conferences
            | Self::Conference(_)
            | Self::Participants(_)
            | Self::Recordings(_)
            | Self::Recording(..)
            | Self::Media(_) => None,
        }
    }

    /// Whether a scripted fault that waits for `target` means a request for this.
    pub(super) fn is_meant(&self, target: RestTarget, request: &RestRequest<'_>) -> bool {
        let (post, get) = (request.method == "POST", request.method == "GET");
        let delete = request.method == "DELETE";
        let form = Form::parse(request.body);
        let says = |name: &str| form.get(name).is_some();
        let hold = form.get("Hold");
        match (target, self) {
            (RestTarget::Any, _) => true,
            (RestTarget::Reads, _) => get,
            (RestTarget::Creates, Self::Calls | Self::Participants(_)) => post,
            (RestTarget::Updates, Self::Call(_)) => post,
            (RestTarget::Redirects, Self::Call(_)) => {
                post && !says("Status") && (says("Url") || says("Twiml"))
            }
            (RestTarget::HangUps, Self::Call(_)) => post && says("Status"),
            (RestTarget::CallFetches, Self::Call(_)) => get,
            (RestTarget::CallLists, Self::Calls) => get,
            (RestTarget::ConferenceLists, Self::Conferences) => get,
            (RestTarget::ConferenceFetches, Self::Conference(_)) => get,
            (RestTarget::ConferenceUpdates, Self::Conference(_)) => post,
            (RestTarget::ParticipantLists, Self::Participants(_)) => get,
            (RestTarget::ParticipantFetches, Self::Participant(..)) => get,
            (RestTarget::ParticipantUpdates, Self::Participant(..)) => post,
            (RestTarget::Holds, Self::Participant(..)) => post && hold == Some("true"),
            (RestTarget::Unholds, Self::Participant(..)) => {
                post && hold.is_some_and(|hold| hold != "true")
            }
            (RestTarget::Removals, Self::Participant(..)) => delete,
            (
                RestTarget::Creates
                | RestTarget::Updates
                | RestTarget::Redirects
                | RestTarget::HangUps
                | RestTarget::CallFetches
                | RestTarget::CallLists
                | RestTarget::ConferenceLists
                | RestTarget::ConferenceFetches
                | RestTarget::ConferenceUpdates
                | RestTarget::ParticipantLists
                | RestTarget::ParticipantFetches
                | RestTarget::ParticipantUpdates
                | RestTarget::Holds
                | RestTarget::Unholds
                | RestTarget::Removals,
                _,
            ) => false,
        }
    }
}

/// The recording whose sound a path names: with the ending of a sound file, or none.
fn media(inside: &str) -> Option<&str> {
    let name = inside.strip_prefix("Recordings/")?;
    let sid = name.strip_suffix(".wav").unwrap_or(name);
    is_sid("RE", sid).then_some(sid)
}

/// A label is percent-encoded in a path; a plus sign there is one.
pub(super) fn decoded(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let kept = segment
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let text: String = form_urlencoded::parse(kept.as_bytes())
        .map(|(key, _)| key.into_owned())
        .collect();
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_decoded_once_and_plus_signs_stay() {
        assert_eq!(decoded("a%20b+c"), "a b+c");
        assert_eq!(decoded("a=b&c%26d"), "a=b&c&d");
        assert_eq!(decoded("plain+1"), "plain+1");
        assert_eq!(decoded("%2541"), "%41");
    }
}
