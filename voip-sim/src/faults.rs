//! What may go wrong on purpose, by rates that follow from the seed or as scripted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How status callbacks are mistreated. All rates lie between 0 and 1; the default is none.
///
/// Callbacks are always *generated* in order; faults concern their delivery alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Share of callbacks that are never delivered.
    pub drop: f64,
    /// Share of callbacks that are delivered twice.
    pub repeat: f64,
    /// Share of callbacks that are held back, with everything of their leg behind them.
    pub delay: f64,
    /// The longest a callback is held back.
    pub delay_up_to: Duration,
    /// Share of callbacks that leave the line and arrive whenever they like.
    pub reorder: f64,
    /// How long after its event such a callback may arrive.
    pub reorder_within: Duration,
    /// Share of REST requests that meet `rest_fault`.
    pub rest: f64,
    /// What those meet.
    pub rest_fault: Option<RestFault>,
    /// How far reads lag behind what has happened (the vendor promises no more than eventual
    /// consistency).
    pub read_lag: Duration,
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
            rest: 0.0,
            rest_fault: None,
            read_lag: Duration::ZERO,
        }
    }
}

/// What happens to one REST request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestFault {
    /// The work is done and the answer comes this much later.
    AnswerLate(Duration),
    /// The work is done and the answer never comes.
    NeverAnswer,
    /// Nothing is done and no answer comes.
    Lost,
    /// 429 with code 20429; nothing is done.
    TooManyRequests,
    /// 500 with code 20500; nothing is done.
    ServerError,
    /// 502 from a gateway, with a body that is not JSON; nothing is done.
    BadGateway,
    /// The work is done, and a gateway answers 502 all the same.
    BadGatewayAfterwards,
}

impl RestFault {
    /// Whether the request takes effect.
    pub(crate) fn does_the_work(self) -> bool {
        match self {
            Self::AnswerLate(_) | Self::NeverAnswer | Self::BadGatewayAfterwards => true,
            Self::Lost | Self::TooManyRequests | Self::ServerError | Self::BadGateway => false,
        }
    }
}

/// Which REST requests a scripted fault waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestTarget {
    /// The next ones, whichever they are.
    Any,
    /// The next ones that place a call.
    Creates,
    /// The next ones that change a call.
    Updates,
    /// The next ones that only read.
    Reads,
}
