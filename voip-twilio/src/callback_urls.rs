//! Where the provider calls us: the one place that knows these paths.

use std::fmt::Write as _;

use url::Url;
use voip_core::{CallId, Callback};

/// How a leg fares; with the name of our call in the query.
pub const STATUS_PATH: &str = "/twilio-status";
/// What to do with the leg of one of our calls; with its name in the query.
pub const VOICE_PATH: &str = "/twilio/voice";
/// How to connect the leg of one of our calls; with its name in the query.
pub const CONNECT_PATH: &str = "/twilio/connect";
/// The connection made for a call is over; with its name in the query.
pub const BRIDGE_ENDED_PATH: &str = "/twilio/bridge-ended";
/// A call has come in: the address to enter at the provider for each number.
pub const INBOUND_PATH: &str = "/twilio-inbound";
/// What to do with the leg of a voice client that calls: the address to enter
/// at the provider as the voice URL of the TwiML App.
pub const AGENT_JOIN_PATH: &str = "/api/agent-join";
/// How the legs of a voice client's call fare; the user follows as a segment.
/// Without it, the address to enter as the status callback of the TwiML App.
pub const CALL_STATUS_PATH: &str = "/api/call-status";
/// How to enter a conference; with its name in the query.
pub const CALL_EVENTS_PATH: &str = "/api/call-events";
/// The dial of a voice client is over.
pub const DIAL_ACTION_PATH: &str = "/api/dial-action";
/// What happens in a conference.
pub const CONFERENCE_EVENTS_PATH: &str = "/api/conference-events";
/// The query field that names a conference.
pub const CONFERENCE_FIELD: &str = "conferenceName";
/// The query field that counts the connections of our call.
pub const TURN_FIELD: &str = "turn";
/// The query field that names our call.
pub const CALL_ID_FIELD: &str = "callId";

/// Makes the absolute addresses the provider is given.
///
/// ```
/// use voip_core::{CallId, Callback};
/// use voip_twilio::CallbackUrls;
/// let urls = CallbackUrls::new("https://voip.example.com/app/".parse()?)?;
/// let call: CallId = "018c1f6e-7c3a-7000-8000-000000000001".parse()?;
/// assert_eq!(
///     urls.of(&Callback::Ask(call)),
///     "https://voip.example.com/app/twilio/voice?callId=018c1f6e-7c3a-7000-8000-000000000001",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackUrls {
    base: Url,
    /// The base without its trailing slash.
    text: String,
}

/// The address cannot be called by the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public URL must be http(s)://host, with a path at most")]
pub struct InvalidPublicUrl;

impl CallbackUrls {
    /// Addresses below `base`, which may have a port and a path.
    ///
    /// # Errors
    /// When `base` is not an `http` or `https` address, or has credentials, a
    /// query or a fragment.
    pub fn new(base: Url) -> Result<Self, InvalidPublicUrl> {
        let plain = matches!(base.scheme(), "http" | "https")
            && base.host().is_some()
            && base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !plain {
            return Err(InvalidPublicUrl);
        }
        let text = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self { base, text })
    }

    /// The address of `callback`.
    pub fn of(&self, callback: &Callback) -> String {
        match callback {
            Callback::Ask(call) => self.for_call(VOICE_PATH, *call),
            Callback::Connect(call) => self.for_call(CONNECT_PATH, *call),
            Callback::Status(call) => self.for_call(STATUS_PATH, *call),
            Callback::BridgeEnded { call, turn } => {
                let url = self.for_call(BRIDGE_ENDED_PATH, *call);
                format!("{url}&{TURN_FIELD}={turn}")
            }
            Callback::FarStatus(user) => {
                let user = escaped(user.as_str());
                format!("{}{CALL_STATUS_PATH}/{user}", self.text)
            }
            Callback::DialEnded => format!("{}{DIAL_ACTION_PATH}", self.text),
            // A provider's id needs no escaping.
            Callback::Room(name) => {
                format!("{}{CALL_EVENTS_PATH}?{CONFERENCE_FIELD}={name}", self.text)
            }
            Callback::RoomNews => format!("{}{CONFERENCE_EVENTS_PATH}", self.text),
        }
    }

    /// The voice URL of the TwiML App that voice clients call through.
    pub fn agent_join(&self) -> String {
        format!("{}{AGENT_JOIN_PATH}", self.text)
    }

    /// The status callback of that app.
    pub fn client_status(&self) -> String {
        format!("{}{CALL_STATUS_PATH}", self.text)
    }

    /// The address that a number's incoming calls are sent to.
    pub fn inbound(&self) -> String {
        format!("{}{INBOUND_PATH}", self.text)
    }

    /// The address of how calls fare, without any of ours in it: to be entered
    /// at the provider for each number.
    pub fn inbound_status(&self) -> String {
        format!("{}{STATUS_PATH}", self.text)
    }

    /// The address below which all of these are.
    pub fn base(&self) -> &Url {
        &self.base
    }

    fn for_call(&self, path: &str, call: CallId) -> String {
        // A UUID needs no escaping.
        format!("{}{path}?{CALL_ID_FIELD}={call}", self.text)
    }
}

/// `text` as one segment of a path: every byte that could mean something is
/// escaped (RFC 3986 §2.3).
fn escaped(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => path.push(char::from(byte)),
            _ => {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_one_segment_whatever_the_name() {
        let of =
            |user: &str| urls("https://a.test/x").of(&Callback::FarStatus(user.parse().unwrap()));
        assert_eq!(of("Manoj"), "https://a.test/x/api/call-status/Manoj");
        assert_eq!(
            of("../é?&"),
            "https://a.test/x/api/call-status/%2E%2E%2F%C3%A9%3F%26"
        );
    }

    fn urls(base: &str) -> CallbackUrls {
        CallbackUrls::new(base.parse().unwrap()).unwrap()
    }

    #[test]
    fn prefix_and_port_are_kept() {
        let call: CallId = "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap();
        let status = |base| urls(base).of(&Callback::Status(call));
        let rest = "twilio-status?callId=018c1f6e-7c3a-7000-8000-000000000001";
        assert_eq!(
            status("http://127.0.0.1:8080"),
            format!("http://127.0.0.1:8080/{rest}")
        );
        assert_eq!(
            status("https://a.test/x/y/"),
            format!("https://a.test/x/y/{rest}")
        );
        assert_eq!(
            urls("http://[::1]:3000/").inbound(),
            "http://[::1]:3000/twilio-inbound"
        );
    }

    #[test]
    fn an_address_nobody_could_call_is_refused() {
        for base in [
            "ftp://a.test/",
            "mailto:a@b.test",
            "https://u:p@a.test/",
            "https://a.test/?x=1",
            "https://a.test/#x",
        ] {
            assert!(CallbackUrls::new(base.parse().unwrap()).is_err(), "{base}");
        }
    }
}
