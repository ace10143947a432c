//! The port to the telephony provider.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{
    CallId, CallStatus, Callback, PhoneNumber, ProviderCallId, Result, Timestamp, VoiceIdentity,
};

/// Places and steers calls at a provider.
///
/// # Contract
/// - `a_dialled_call_has_a_leg_that_can_be_looked_up`
/// - `a_refused_dial_places_nothing`
/// - `hanging_up_an_ended_leg_succeeds`
/// - `redirecting_an_ended_leg_says_gone`
/// - `an_unknown_leg_is_none_not_an_error`
/// - `a_dialled_call_is_found_by_its_parties`
/// - `the_children_of_a_leg_are_found`
/// - `a_room_is_found_with_who_is_in_it`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Telephony: fmt::Debug + Send + Sync + 'static {
    /// Places a call.
    ///
    /// # Errors
    /// - `Refused` (never): the provider does not want this call.
    /// - `RateLimited`, `Unavailable` with retry *safe*: nothing was placed.
    /// - `Timeout`, `Unavailable`, `Malformed` with retry *ambiguous*: it may
    ///   be ringing; look with [`find_dialled`](Self::find_dialled).
    /// - `Unauthorized`, `Misconfigured`: our account or settings.
    async fn dial(&self, dial: &Dial) -> Result<ProviderCallId>;

    /// Has the provider drop what a live leg is doing and ask `to` instead.
    ///
    /// # Errors
    /// As [`dial`](Self::dial), and for the same reason: a repeat starts anew
    /// what the first has begun. `Refused` with retry *safe* where the leg
    /// lives but cannot be steered yet.
    async fn redirect(&self, leg: &ProviderCallId, to: Callback) -> Result<Redirected>;

    /// Ends a leg; one that is already over is fine.
    ///
    /// # Errors
    /// As [`dial`](Self::dial); repeating is harmless.
    async fn hang_up(&self, leg: &ProviderCallId) -> Result<()>;

    /// Puts a conference participant on hold or takes it back; repeating is
    /// harmless.
    ///
    /// # Errors
    /// As [`dial`](Self::dial), and `NotFound` while there is no such
    /// participant.
    async fn set_hold(
        &self,
        conference: &ConferenceRef,
        leg: &ProviderCallId,
        hold: bool,
    ) -> Result<()>;

    /// What the provider knows of a leg; `None` where it knows none.
    ///
    /// # Errors
    /// `RateLimited`, `Unavailable`, `Timeout`, `Malformed`, `Unauthorized`.
    async fn look_up(&self, leg: &ProviderCallId) -> Result<Option<LegReport>>;

    /// The legs the provider made between the parties of `dial` since `since`,
    /// oldest first: how an ambiguous dial is found again.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    async fn find_dialled(&self, dial: &Dial, since: Timestamp) -> Result<Vec<DialledLeg>>;

    /// The legs that the dial of `parent` has made, newest first: what to do
    /// when the provider's word about them was lost.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    async fn children(&self, parent: &ProviderCallId) -> Result<Vec<LegReport>>;

    /// The conference of this name that is not over, with who is in it; `None`
    /// where there is none.
    ///
    /// # Errors
    /// As [`look_up`](Self::look_up).
    async fn room(&self, name: &str) -> Result<Option<RoomReport>>;

    /// Makes a token with which a voice client registers as `identity`.
    ///
    /// # Errors
    /// `Misconfigured` where no signing key is set up; `Refused` for a
    /// life time the provider does not allow.
    fn mint_client_token(
        &self,
        identity: &VoiceIdentity,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<ClientToken>;
}

/// A call to place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Our name for it; the provider's callbacks carry it.
    pub call: CallId,
    /// Whom to call.
    pub to: PhoneNumber,
    /// The number shown to them.
    pub from: PhoneNumber,
    /// How long it may ring; the provider's default where not given.
    pub ring_time: Option<Duration>,
}

/// What became of a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirected {
    /// The provider is about to ask.
    Done,
    /// The leg is over.
    Gone,
}

/// What a provider reports of one leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegReport {
    /// The leg.
    pub leg: ProviderCallId,
    /// Its status.
    pub status: CallStatus,
    /// When it reached it, where the provider says so.
    pub at: Option<Timestamp>,
    /// How long it was connected, once it is over.
    pub duration: Option<Duration>,
    /// Why it ended, where that is worth knowing.
    pub reason: Option<Arc<str>>,
}

/// A leg found at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialledLeg {
    /// What the provider says of it.
    pub report: LegReport,
    /// When the provider created it.
    pub created_at: Option<Timestamp>,
}

/// What a provider says of a conference that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomReport {
    /// The conference.
    pub conference: ConferenceRef,
    /// Who is in it.
    pub members: Vec<RoomMember>,
}

/// A leg in a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomMember {
    /// The leg.
    pub leg: ProviderCallId,
    /// Whether it is on hold.
    pub on_hold: bool,
}

impl RoomReport {
    /// The member with this leg.
    pub fn member(&self, leg: &ProviderCallId) -> Option<&RoomMember> {
        self.members.iter().find(|member| member.leg == *leg)
    }
}

/// The provider's name of a live conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceRef(pub ProviderCallId);

/// A token for a voice client; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientToken(String);

impl ClientToken {
    /// Wraps a token.
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The token as text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientToken(…)")
    }
}
