//! Where the provider calls us: the one place that knows these paths.

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
///     urls.of(Callback::Ask(call)),
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
    pub fn of(&self, callback: Callback) -> String {
        let (path, call) = match callback {
            Callback::Ask(call) => (VOICE_PATH, call),
            Callback::Connect(call) => (CONNECT_PATH, call),
            Callback::Status(call) => (STATUS_PATH, call),
            Callback::BridgeEnded { call, turn } => {
                let url = self.for_call(BRIDGE_ENDED_PATH, call);
                return format!("{url}&{TURN_FIELD}={turn}");
            }
        };
        self.for_call(path, call)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(base: &str) -> CallbackUrls {
        CallbackUrls::new(base.parse().unwrap()).unwrap()
    }

    #[test]
    fn prefix_and_port_are_kept() {
        let call: CallId = "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap();
        let status = |base| urls(base).of(Callback::Status(call));
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
