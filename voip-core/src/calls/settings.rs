//! What the call service can be told.

use std::{sync::Arc, time::Duration};

use crate::{PhoneNumber, SpendGuard};

/// What the call service can be told.
#[derive(Clone, Debug)]
pub struct CallSettings {
    /// How long an inbound call rings. Default 50 s.
    pub ring_time: Duration,
    /// How long a voice client may ring once its user has answered in the app.
    /// Default 20 s.
    pub client_ring_time: Duration,
    /// How long a number rings that a voice client calls. Default 30 s.
    pub dial_ring_time: Duration,
    /// The number outbound calls come from, where the request names none.
    pub default_from: Option<PhoneNumber>,
    /// What outbound calls may cost.
    pub guard: SpendGuard,
    /// What callers hear.
    pub phrases: Phrases,
    /// Whether other nodes may work on the same storage. Default: no.
    pub several_nodes: bool,
}

/// What callers hear.
#[derive(Clone, Debug)]
pub struct Phrases {
    /// While their call rings, again and again.
    pub wait: Arc<str>,
    /// When nobody answers, or the user declines.
    pub unavailable: Arc<str>,
    /// When the number belongs to no user.
    pub nobody: Arc<str>,
    /// When we call somebody and no user is there to talk to.
    pub outbound: Arc<str>,
    /// When a voice client calls something that is no phone number.
    pub bad_number: Arc<str>,
    /// When a voice client may not place its call.
    pub refused: Arc<str>,
    /// When a voice client calls a country that is not called from here.
    pub country_refused: Arc<str>,
    /// When it calls a premium-rate number.
    pub premium_refused: Arc<str>,
    /// When it calls a number of a satellite or other international network.
    pub satellite_refused: Arc<str>,
    /// When its user has started too many calls within a minute.
    pub too_often: Arc<str>,
    /// When its user has too many calls at a time.
    pub too_many: Arc<str>,
    /// When the number that a voice client called was busy.
    pub busy: Arc<str>,
    /// When nobody answered there.
    pub no_answer: Arc<str>,
    /// When it could not be reached.
    pub failed: Arc<str>,
    /// When the other side has hung up.
    pub ended: Arc<str>,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            ring_time: Duration::from_secs(50),
            client_ring_time: Duration::from_secs(20),
            dial_ring_time: Duration::from_secs(30),
            default_from: None,
            guard: SpendGuard::default(),
            phrases: Phrases::default(),
            several_nodes: false,
        }
    }
}

impl Default for Phrases {
    fn default() -> Self {
        Self {
            wait: Arc::from("Please hold the line while we connect your call."),
            unavailable: Arc::from(
                "Sorry, nobody is available right now. Please call again later.",
            ),
            nobody: Arc::from("This number is not in service. Goodbye."),
            outbound: Arc::from("Hello. This is a call from our application. Goodbye."),
            bad_number: Arc::from("Sorry, this is not a phone number we can call."),
            refused: Arc::from("Sorry, this call cannot be placed."),
            country_refused: Arc::from("Sorry, calls to this country are not allowed."),
            premium_refused: Arc::from("Sorry, calls to premium rate numbers are not allowed."),
            satellite_refused: Arc::from("Sorry, calls to satellite phones are not allowed."),
            too_often: Arc::from(
                "Sorry, you have placed too many calls. Please wait a minute and try again.",
            ),
            too_many: Arc::from("Sorry, you have too many calls at a time. Please end one first."),
            busy: Arc::from("The number you called is busy."),
            no_answer: Arc::from("Nobody answered."),
            failed: Arc::from("The number you called could not be reached."),
            ended: Arc::from("The call has ended."),
        }
    }
}
