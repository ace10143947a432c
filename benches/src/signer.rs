use std::{borrow::Cow, time::Duration};

use time::format_description::well_known::Rfc2822;
use voip_core::{
    Call, CallStatus, ProviderCallId, Timestamp, UserId, VoiceIdentity,
    ports::{Clock, SystemClock},
};
use voip_twilio::{AGENT_JOIN_PATH, CALL_STATUS_PATH, INBOUND_PATH, STATUS_PATH, signature};

use crate::sample;

/// Makes webhooks such as the provider sends, signed with an auth token.
#[derive(Clone)]
pub struct Signer {
    token: String,
    base: String,
    now: Timestamp,
}

/// A webhook, ready to be sent by `POST`.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Path and query.
    pub target: String,
    /// The value of the signature header.
    pub signature: String,
    /// The form.
    pub body: String,
}

/// What the provider knows of the numbers' places; sent with every webhook.
const PLACES: [(&str, &str); 16] = [
    ("CalledCity", "SAN FRANCISCO"),
    ("CalledCountry", "US"),
    ("CalledState", "CA"),
    ("CalledZip", "94105"),
    ("CallerCity", "TESTVILLE"),
    ("CallerCountry", "US"),
    ("CallerState", "NY"),
    ("CallerZip", "10001"),
    ("FromCity", "TESTVILLE"),
    ("FromCountry", "US"),
    ("FromState", "NY"),
    ("FromZip", "10001"),
    ("ToCity", "SAN FRANCISCO"),
    ("ToCountry", "US"),
    ("ToState", "CA"),
    ("ToZip", "94105"),
];

type Field<'a> = (&'a str, Cow<'a, str>);

impl Signer {
    /// Signs with `token` for a server whose public address is `base`, without
    /// a slash at its end.
    pub fn new(token: &str, base: &str) -> Self {
        Self {
            token: token.to_owned(),
            base: base.to_owned(),
            now: SystemClock.now(),
        }
    }

    /// The news that `call` has reached `status`: 28 fields, 31 at the end.
    ///
    /// # Panics
    /// Where `call` has no leg.
    pub fn status(&self, call: &Call, status: CallStatus) -> Webhook {
        let leg = call
            .provider_id
            .as_ref()
            .expect("the provider tells of its own legs");
        let sequence = u64::from(status.rank());
        let mut fields = common(leg, call.from.expose(), call.to.expose());
        fields.extend([
            ("CallStatus", Cow::Borrowed(status.as_str())),
            ("CallbackSource", "call-progress-events".into()),
            ("Direction", "outbound-api".into()),
            ("SequenceNumber", sequence.to_string().into()),
            ("Timestamp", self.after(sequence).into()),
        ]);
        if status.is_final() {
            fields.extend([
                ("CallDuration", Cow::Borrowed("42")),
                ("Duration", "1".into()),
                ("SipResponseCode", "200".into()),
            ]);
        }
        self.signed(format!("{STATUS_PATH}?callId={}", call.id), &fields)
    }

    /// The news that a call from the phone network has come in as `leg`.
    pub fn inbound(&self, leg: &ProviderCallId, from: &str, to: &str) -> Webhook {
        let mut fields = common(leg, from, to);
        fields.extend([
            ("CallStatus", Cow::Borrowed("ringing")),
            (
                "CallToken",
                "%7B%22parentCallInfoToken%22%3A%22none%22%7D".into(),
            ),
            ("Direction", "inbound".into()),
            ("StirVerstat", "TN-Validation-Passed-A".into()),
        ]);
        self.signed(INBOUND_PATH.to_owned(), &fields)
    }

    /// A voice client of `user` calls `to`, as `leg`.
    ///
    /// # Panics
    /// For a user whose id is too long for a voice client.
    pub fn client_dial(&self, leg: &ProviderCallId, user: &UserId, to: &str) -> Webhook {
        let identity = VoiceIdentity::of(user).expect("samples use short names");
        let from = format!("client:{}", identity.as_str());
        let mut fields = common(leg, &from, "");
        fields.extend([
            (
                "ApplicationSid",
                Cow::Borrowed("AP000000000000000000000000000be9c4"),
            ),
            ("CallStatus", "ringing".into()),
            ("Direction", "inbound".into()),
            ("phoneNumber", to.into()),
        ]);
        self.signed(AGENT_JOIN_PATH.to_owned(), &fields)
    }

    /// The news that the far leg `child` of `call` has reached `status`.
    ///
    /// # Panics
    /// Where `call` has no leg, or no owner.
    pub fn far_status(&self, call: &Call, child: &ProviderCallId, status: CallStatus) -> Webhook {
        let near = call.provider_id.as_ref().expect("the near leg has a name");
        let owner = call.owner.as_ref().expect("somebody dialled");
        let sequence = u64::from(status.rank());
        let mut fields = common(child, call.from.expose(), call.to.expose());
        fields.extend([
            ("ParentCallSid", Cow::Borrowed(near.as_str())),
            ("CallStatus", status.as_str().into()),
            ("CallbackSource", "call-progress-events".into()),
            ("Direction", "outbound-dial".into()),
            ("SequenceNumber", sequence.to_string().into()),
            ("Timestamp", self.after(sequence).into()),
        ]);
        if status.is_final() {
            fields.extend([
                ("CallDuration", Cow::Borrowed("42")),
                ("Duration", "1".into()),
                ("SipResponseCode", "200".into()),
            ]);
        }
        self.signed(format!("{CALL_STATUS_PATH}/{}", owner.as_str()), &fields)
    }

    /// So many seconds from now, as the provider writes it.
    fn after(&self, seconds: u64) -> String {
        let moment = self.now + Duration::from_secs(seconds);
        let text = moment.to_datetime().format(&Rfc2822);
        text.expect("this century has an RFC 2822 form")
    }

    fn signed(&self, target: String, fields: &[Field<'_>]) -> Webhook {
        let pairs: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into_owned()))
            .collect();
        let signature = signature::sign(&self.token, &format!("{}{target}", self.base), &pairs);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&pairs)
            .finish();
        Webhook {
            target,
            signature,
            body,
        }
    }
}

fn common<'a>(leg: &'a ProviderCallId, from: &'a str, to: &'a str) -> Vec<Field<'a>> {
    let own = [
        ("AccountSid", sample::ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", leg.as_str()),
        ("Called", to),
        ("Caller", from),
        ("From", from),
        ("To", to),
    ];
    own.into_iter()
        .chain(PLACES)
        .map(|(name, value)| (name, Cow::Borrowed(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use voip_core::ports::{Notice, WebhookRequest, Webhooks as _};
    use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioWebhooks};

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn read(webhook: &Webhook) -> Notice {
        let base = "http://127.0.0.1:8080/".parse().unwrap();
        let config = TwilioConfig::new(
            sample::ACCOUNT.parse().unwrap(),
            AuthToken::new(TOKEN).unwrap(),
            CallbackUrls::new(base).unwrap(),
        );
        let request = WebhookRequest {
            method: "POST",
            path_and_query: &webhook.target,
            signature: Some(&webhook.signature),
            content_type: Some("application/x-www-form-urlencoded; charset=UTF-8"),
            body: webhook.body.as_bytes(),
        };
        TwilioWebhooks::new(&config).read(&request).unwrap()
    }

    #[test]
    fn status_webhooks_are_what_the_server_takes() {
        let signer = Signer::new(TOKEN, "http://127.0.0.1:8080");
        let call = sample::placed_call(1);
        for status in [
            CallStatus::Ringing,
            CallStatus::InProgress,
            CallStatus::Completed,
        ] {
            let notice = read(&signer.status(&call, status));
            let Notice::Progress {
                report,
                call: named,
                ..
            } = notice
            else {
                panic!("{notice:?}")
            };
            assert_eq!((report.status, named), (status, Some(call.id)));
        }
    }

    #[test]
    fn webhooks_of_voice_clients_are_what_the_server_takes() {
        let signer = Signer::new(TOKEN, "http://127.0.0.1:8080");
        let user = sample::user(7);
        let webhook = signer.client_dial(&sample::leg(1), &user, sample::TO);
        let Notice::Voice(voice) = read(&webhook) else {
            panic!("{webhook:?}")
        };
        assert_eq!(voice.client.and_then(|client| client.user()), Some(user));
        assert_eq!(voice.fields.get("phoneNumber"), Some(sample::TO));
        let call = sample::dialled(sample::leg(1), sample::user(7), signer.now);
        for status in [CallStatus::Ringing, CallStatus::Completed] {
            let webhook = signer.far_status(&call, &sample::leg(2), status);
            let Notice::Progress { report, parent, .. } = read(&webhook) else {
                panic!("{webhook:?}")
            };
            assert_eq!(report.status, status);
            assert_eq!(
                (report.leg, parent),
                (sample::leg(2), call.provider_id.clone())
            );
        }
    }

    #[test]
    fn inbound_webhooks_are_what_the_server_takes() {
        let signer = Signer::new(TOKEN, "http://127.0.0.1:8080");
        let webhook = signer.inbound(&sample::leg(1), sample::FROM, sample::CALLED);
        let notice = read(&webhook);
        let Notice::Voice(voice) = notice else {
            panic!("{notice:?}")
        };
        assert_eq!(voice.to.expose(), sample::CALLED);
        assert!(voice.inbound);
    }
}
