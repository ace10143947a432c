use voip_core::{State, Timestamp, Trouble};

use super::numbers::{micros, outcome_number};

/// What a state is in columns.
#[derive(Debug, Default)]
pub(crate) struct StateColumns<'a> {
    pub(crate) deadline_at: Option<i64>,
    pub(crate) answered_at: Option<i64>,
    pub(crate) answered_by: Option<&'a str>,
    pub(crate) answered_on: Option<&'a str>,
    pub(crate) bridge_outcome: Option<i64>,
    pub(crate) bridge_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) duration: Option<i64>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) connects: Option<u32>,
    pub(crate) trouble: Option<&'static str>,
}

impl<'a> StateColumns<'a> {
    pub(crate) fn of(state: &'a State) -> Self {
        let deadline_at = state.deadline().map(Timestamp::as_micros);
        match state {
            State::Initiated { .. } | State::Queued { .. } | State::Ringing { .. } => Self {
                deadline_at,
                ..Self::default()
            },
            State::InProgress {
                answered_at,
                by,
                connects,
                bridge,
                check_at: _,
            } => Self {
                connects: Some(*connects),
                deadline_at,
                answered_at: Some(answered_at.as_micros()),
                answered_by: by.as_ref().map(|by| by.user.as_str()),
                answered_on: by.as_ref().map(|by| &*by.device),
                bridge_outcome: bridge.map(|bridge| outcome_number(bridge.outcome)),
                bridge_at: bridge.map(|bridge| bridge.at.as_micros()),
                ..Self::default()
            },
            State::Ended(ended) => Self {
                answered_at: ended.answered_at.map(Timestamp::as_micros),
                ended_at: Some(ended.at.as_micros()),
                duration: ended.duration.map(micros),
                reason: ended.reason.as_deref(),
                trouble: ended.trouble.map(Trouble::as_str),
                ..Self::default()
            },
        }
    }
}
