//! What may go wrong on purpose, by rates that follow from the seed or as scripted.

mod range;
mod webhook;

pub use webhook::{WebhookFault, WebhookTarget};

pub(crate) use webhook::ScriptedWebhookFault;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How webhooks and REST requests are mistreated. All rates lie between 0 and 1; the default is
/// none. Spans are of a day at most: longer ones count as a day.
///
/// Callbacks of a leg and of a conference are always *generated* in order; faults concern their
/// delivery alone. Requests for documents have rates of their own, because a call hangs on each
/// of them: one that is lost ends it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Share of status and conference callbacks that are never delivered.
    pub drop: f64,
    /// Share of callbacks that are delivered twice.
    pub repeat: f64,
    /// Share of callbacks that are held back, with everything of their leg or conference behind
    /// them.
    pub delay: f64,
    /// The longest that anything is held back.
    pub delay_up_to: Duration,
    /// Share of callbacks that leave the line and arrive whenever they like.
    pub reorder: f64,
    /// How long after its event such a callback may arrive.
    pub reorder_within: Duration,
    /// Share of requests for documents that never arrive. The fallback is asked after the time
    /// any webhook has; without one the call ends with an error sentence.
    pub drop_documents: f64,
    /// Share of requests for documents that arrive twice, as after an answer that was lost. The
    /// second answer counts.
    pub repeat_documents: f64,
    /// Share of requests for documents that are held back.
    pub delay_documents: f64,
    /// Share of REST requests that meet `rest_fault`.
    pub rest: f64,
    /// What those meet.
    pub rest_fault: Option<RestFault>,
    /// How far reads lag behind what has happened (the vendor promises no more than eventual
    /// consistency).
    pub read_lag: Duration,
    /// How far lists lag behind, where that is more: a child that can be fetched is not listed.
    pub list_lag: Duration,
    /// How far conferences and their participants lag behind, where that is more: a leg that has
    /// entered is not found yet (20404), a conference that has started still shows `init`.
    pub conference_lag: Duration,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            drop: 0.0,
            repeat: 0.0,
            delay: 0.0,
            delay_up_to: Duration::from_secs(2),
            reorder: 0.0,
            reorder_within: Duration::from_secs(2),
            drop_documents: 0.0,
            repeat_documents: 0.0,
            delay_documents: 0.0,
            rest: 0.0,
            rest_fault: None,
            read_lag: Duration::ZERO,
            list_lag: Duration::ZERO,
            conference_lag: Duration::ZERO,
        }
    }
}

/// What happens to one REST request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestFault {
    /// The work is done and the answer comes this much later: after the first callbacks.
    AnswerLate(Duration),
    /// The work is done and the answer never comes.
    NeverAnswer,
    /// Nothing is done and no answer comes.
    Lost,
    /// Nothing is done, and the connection is reset in place of an answer.
    Reset,
    /// The work is done, and the connection is reset in place of an answer.
    ResetAfterwards,
    /// 429 with code 20429; nothing is done.
    TooManyRequests,
    /// 500 with code 20500; nothing is done.
    ServerError,
    /// The work is done, and the answer is 500 with code 20500 all the same.
    ServerErrorAfterwards,
    /// 503 with code 20503; nothing is done.
    Unavailable,
    /// 502 from a gateway, with a body that is not JSON; nothing is done.
    BadGateway,
    /// The work is done, and a gateway answers 502 all the same.
    BadGatewayAfterwards,
    /// 404 with code 20404, as for something that is not there yet; nothing is done.
    NotFound,
    /// A list is empty, whatever there is.
    NothingListed,
    /// The far end of the leg in the path hangs up just before the request.
    LegEndsBefore,
    /// The far end of the leg in the path hangs up this long after the request was accepted.
    LegEndsAfter(Duration),
    /// The partner of the leg in the path hangs up this long after the request was accepted.
    PartnerEndsAfter(Duration),
}

/// Which REST requests a scripted fault waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestTarget {
    /// The next ones, whichever they are.
    Any,
    /// The next ones that place a call.
    Creates,
    /// The next ones that change a call, in whichever way.
    Updates,
    /// The next ones that only read.
    Reads,
    /// The next ones that give a call another document.
    Redirects,
    /// The next ones that end a call.
    HangUps,
    /// The next ones that read one call.
    CallFetches,
    /// The next ones that list calls.
    CallLists,
    /// The next ones that list conferences.
    ConferenceLists,
    /// The next ones that read one conference.
    ConferenceFetches,
    /// The next ones that change a conference.
    ConferenceUpdates,
    /// The next ones that list participants.
    ParticipantLists,
    /// The next ones that read one participant.
    ParticipantFetches,
    /// The next ones that change a participant, in whichever way.
    ParticipantUpdates,
    /// The next ones that put a participant on hold.
    Holds,
    /// The next ones that take a participant back from hold.
    Unholds,
    /// The next ones that remove a participant.
    Removals,
}

/// A fault that waits for its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptedFault {
    pub(crate) target: RestTarget,
    pub(crate) fault: RestFault,
    /// Only requests whose path has this SID, of a call or conference.
    pub(crate) about: Option<String>,
}

/// What browsers and the simulator lose on the way to each other, for as long as it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Losses {
    /// The sound: no packet arrives, in either direction.
    pub media: bool,
    /// The signalling: every WebSocket is cut, and new ones are refused with 503.
    pub signalling: bool,
}
