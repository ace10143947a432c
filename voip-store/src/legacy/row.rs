//! Rows of an earlier system, all of whose values are text or missing.

use std::sync::Arc;

use time::UtcOffset;
use voip_core::{
    Call, CallId, Direction, Party, PhoneNumber, ProviderCallId, State, Timestamp, UserId,
    ports::ArchivedCall,
};

use super::{
    Found, Remark,
    ending::{self, Recorded},
    moment,
};

/// The values of a row, in the order in which its columns were asked for.
pub(super) type Texts<const N: usize> = [Option<String>; N];

/// For each wanted column the one that the table has, under the first of its
/// names that there is. Case makes no difference.
pub(super) fn choose<const N: usize>(
    present: &[String],
    wanted: [&[&str]; N],
) -> [Option<String>; N] {
    wanted.map(|names| {
        let named = |name: &&str| {
            let mut present = present.iter();
            present.find(|column| column.eq_ignore_ascii_case(name))
        };
        names.iter().find_map(named).cloned()
    })
}

/// What the text says, where it says something.
pub(super) fn said(text: Option<&String>) -> Option<&str> {
    let text = text?.trim();
    (!text.is_empty()).then_some(text)
}

/// A user's id, where the text can be one.
pub(super) fn user(text: &str) -> Option<UserId> {
    text.parse().ok()
}

/// One end of a call. Numbers are brought into the form in which they are
/// looked for.
pub(super) fn party(text: Option<&String>) -> Party {
    let text = said(text).unwrap_or_default();
    match text.parse::<PhoneNumber>() {
        Ok(number) => Party::Phone(number),
        Err(_) => Party::Other(Arc::from(text)),
    }
}

/// The provider's name for a call, where the text can be one.
pub(super) fn leg(text: Option<&String>) -> Option<ProviderCallId> {
    said(text)?.parse().ok()
}

/// The way a call went, where the text says so. Twilio's words begin like ours.
pub(super) fn direction(text: Option<&String>) -> Option<Direction> {
    let text = said(text)?.to_ascii_lowercase();
    if text.starts_with("in") {
        Some(Direction::Inbound)
    } else if text.starts_with("out") {
        Some(Direction::Outbound)
    } else {
        None
    }
}

/// What the row of a call says, as far as it is plain.
pub(super) struct OldCall<'a> {
    pub(super) id: CallId,
    pub(super) direction: Direction,
    pub(super) from: Party,
    pub(super) to: Party,
    pub(super) owner: Option<UserId>,
    pub(super) peer: Option<UserId>,
    pub(super) leg: Option<ProviderCallId>,
    pub(super) status: Option<&'a str>,
    pub(super) duration: Option<&'a str>,
    pub(super) began: Option<&'a str>,
    pub(super) ended: Option<&'a str>,
    /// Whether its owner had taken it out of the log, and when if that is known.
    pub(super) deleted: Option<Option<Timestamp>>,
}

impl OldCall<'_> {
    /// The call in our form. Moments without a zone are at `offset`.
    pub(super) fn found(self, offset: UtcOffset) -> Found<ArchivedCall> {
        let mut remarks = Vec::new();
        let at = self.ended.and_then(|text| moment::read(text, offset));
        let began = self.began.and_then(|text| moment::read(text, offset));
        let created_at = began.or(at).unwrap_or_else(|| {
            remarks.push(Remark::Moment);
            Timestamp::from_secs(0)
        });
        let recorded = Recorded {
            status: self.status,
            duration: self.duration.and_then(seconds),
            at,
        };
        let (ended, remark) = ending::of(&recorded, created_at);
        remarks.extend(remark);
        let deleted_at = self.deleted.map(|at| at.unwrap_or(ended.at));
        let call = Call {
            id: self.id,
            direction: self.direction,
            from: self.from,
            to: self.to,
            owner: self.owner,
            peer: self.peer,
            provider_id: self.leg,
            far: None,
            created_at,
            state: State::Ended(ended),
            told: 0,
        };
        Found {
            what: Ok(ArchivedCall {
                call,
                deleted_at,
                effects: Vec::new(),
            }),
            remarks,
        }
    }
}

/// Whole seconds; Twilio sends them as text, and databases may add a fraction.
fn seconds(text: &str) -> Option<u64> {
    /// A century: what is longer is no duration of a call.
    const LONGEST: u64 = 100 * 366 * 24 * 60 * 60;
    let whole = text.split('.').next()?;
    whole.parse().ok().filter(|seconds| *seconds < LONGEST)
}

/// Whether a flag is set, in any of the ways that databases write one.
#[cfg(feature = "mysql")]
pub(super) fn is_set(text: Option<&String>) -> bool {
    said(text).is_some_and(|text| !matches!(text, "0" | "false" | "FALSE" | "\0" | "0.0"))
}
