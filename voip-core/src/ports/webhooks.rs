//! The port to the provider's requests to us.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    CallId, Party, Plan, ProviderCallId, Timestamp, VoiceIdentity,
    ports::{Fields, LegReport},
};

/// Reads what the provider sends us and writes what we answer. Pure.
///
/// # Contract
/// - `an_altered_request_is_refused`
/// - `an_unsigned_request_is_refused`
/// - `a_signed_request_is_read`
/// - `every_plan_can_be_written`
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Webhooks: fmt::Debug + Send + Sync + 'static {
    /// Checks that the provider sent `request`, before anything else, and
    /// reads it.
    ///
    /// # Errors
    /// [`WebhookError::Unsigned`] where the provider did not sign exactly
    /// this; [`WebhookError::Malformed`] where it did but we cannot read it.
    fn read<'a>(&self, request: &WebhookRequest<'a>) -> Result<Notice, WebhookError>;

    /// Writes a plan the way the provider wants it.
    fn write(&self, plan: &Plan) -> Reply;
}

/// An HTTP request as it came in.
#[derive(Clone, Copy)]
pub struct WebhookRequest<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The raw request target: path and query, undecoded.
    pub path_and_query: &'a str,
    /// The value of the provider's signature header.
    pub signature: Option<&'a str>,
    /// The media type as sent.
    pub content_type: Option<&'a str>,
    /// The raw body.
    pub body: &'a [u8],
}

impl fmt::Debug for WebhookRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Target and body hold phone numbers.
        f.debug_struct("WebhookRequest")
            .field("method", &self.method)
            .field("signed", &self.signature.is_some())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why a request was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The provider did not sign exactly this request.
    #[error("the signature does not prove that the provider sent this: {0}")]
    Unsigned(Unsigned),
    /// The provider signed it, but a field is missing or unreadable.
    #[error("the webhook cannot be read: {0}")]
    Malformed(String),
}

/// What is wrong with a signature, for whoever has to mend it. Holds no secret
/// and no field of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// There is no signature header.
    #[error("the signature header is missing")]
    Missing,
    /// The header is not a signature at all.
    #[error("the signature header is not 28 characters of Base64")]
    NotASignature,
    /// The digest of the body in the query differs from the body.
    #[error("the body was changed on its way (its digest differs)")]
    BodyChanged,
    /// The signature is for the same request at a URL with the other scheme.
    #[error("it was signed for the same URL with the other scheme: check the public URL")]
    OtherScheme,
    /// The signature is for the same request with or without a trailing slash.
    #[error(
        "it was signed for the same path with or without a trailing slash: check the public URL"
    )]
    OtherSlash,
    /// The signature covers the URL, but not this body.
    #[error("the URL was signed but the form fields were not: something rewrote the body")]
    FieldsChanged,
    /// No key, URL or body we can think of gives this signature.
    #[error("wrong auth token, or signed for another public URL")]
    Mismatch,
}

/// What the provider tells or asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// It wants to know what to do with a leg.
    Voice(VoiceRequest),
    /// A leg changed its status.
    Progress {
        /// What it says.
        report: LegReport,
        /// Our call, where the callback URL named it.
        call: Option<CallId>,
        /// The leg that dialled this one.
        parent: Option<ProviderCallId>,
        /// Orders the words about one leg.
        sequence: Option<u32>,
    },
    /// A leg that we had dial somebody is done with that, and it wants to know
    /// what to do next.
    DialEnded {
        /// The leg that dialled.
        leg: ProviderCallId,
        /// Our call, where the callback URL named it.
        call: Option<CallId>,
        /// Which connection of our call it was, where the URL says so.
        turn: Option<u32>,
        /// The leg that was dialled last.
        child: Option<ProviderCallId>,
        /// How the dialling ended, in the child's terms.
        status: crate::CallStatus,
        /// Whether the two were ever connected, where the provider says so.
        bridged: Option<bool>,
        /// How long the child was connected; not said of one that was moved
        /// elsewhere.
        duration: Option<Duration>,
        /// Whether the leg that dialled is over itself.
        leg_over: bool,
    },
    /// Something happened in a conference.
    Conference {
        /// The conference.
        conference: ProviderCallId,
        /// The name we gave it.
        name: Arc<str>,
        /// The provider's word for what happened, such as `participant-join`.
        event: Arc<str>,
        /// The participant it happened to.
        leg: Option<ProviderCallId>,
        /// Whether that participant is on hold.
        hold: Option<bool>,
        /// Why the participant left or the conference ended.
        reason: Option<Arc<str>>,
        /// Orders the words about one conference.
        sequence: Option<u32>,
        /// When it happened.
        at: Option<Timestamp>,
    },
    /// A recording changed its status.
    Recording {
        /// The recorded leg or conference.
        of: ProviderCallId,
        /// The recording.
        recording: ProviderCallId,
        /// The provider's word for its status.
        status: Arc<str>,
        /// Where it can be fetched.
        url: Option<Arc<str>>,
        /// How long it is.
        duration: Option<Duration>,
    },
    /// A machine was told from a human.
    MachineDetected {
        /// The leg.
        leg: ProviderCallId,
        /// The provider's verdict, such as `human` or `machine_start`.
        answered_by: Arc<str>,
    },
}

/// A leg for which the provider wants to know what to do.
#[derive(Clone, PartialEq, Eq)]
pub struct VoiceRequest {
    /// The leg.
    pub leg: ProviderCallId,
    /// Our call, where the URL named it.
    pub call: Option<CallId>,
    /// Who calls.
    pub from: Party,
    /// The voice client that calls, where the provider vouches that one does.
    pub client: Option<VoiceIdentity>,
    /// Who is called.
    pub to: Party,
    /// Its present status.
    pub status: crate::CallStatus,
    /// Whether the leg came to us, rather than being made by us.
    pub inbound: bool,
    /// Keys pressed or heard, where it was gathering.
    pub digits: Option<Arc<str>>,
    /// Every other field, decoded.
    pub fields: Fields,
}

impl fmt::Debug for VoiceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits and further fields may hold anything people say or press.
        f.debug_struct("VoiceRequest")
            .field("leg", &self.leg)
            .field("call", &self.call)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("status", &self.status)
            .field("inbound", &self.inbound)
            .finish_non_exhaustive()
    }
}

/// What we answer the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its media type.
    pub content_type: &'static str,
    /// Its body.
    pub body: String,
}
