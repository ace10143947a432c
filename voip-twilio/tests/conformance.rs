//! The adapter keeps the promises of the ports.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod provider;

use std::sync::Arc;

use async_trait::async_trait;
use provider::Provider;
use voip_core::{
    CallId, CallStatus, Callback, ErrorKind, ProviderCallId, Retry, Timestamp,
    ports::{Dial, Telephony, Webhooks},
};
use voip_testkit::suites::{
    telephony::TelephonyFixture,
    webhooks::{SentRequest, WebhooksFixture},
};
use voip_twilio::{CallbackUrls, TwilioTelephony, TwilioWebhooks, signature};

struct OverProvider {
    provider: Arc<Provider>,
    telephony: TwilioTelephony,
}

#[async_trait]
impl TelephonyFixture for OverProvider {
    fn telephony(&self) -> &dyn Telephony {
        &self.telephony
    }

    fn now(&self) -> Timestamp {
        self.provider.now()
    }

    async fn refuse_next_dial(&self) {
        self.provider.refuse_next();
    }

    async fn lose_next_answer(&self) {
        self.provider.lose_next();
    }

    async fn answer(&self, leg: &ProviderCallId) {
        self.provider
            .set_status(leg.as_str(), CallStatus::InProgress);
    }

    async fn end(&self, leg: &ProviderCallId) {
        self.provider
            .set_status(leg.as_str(), CallStatus::Completed);
    }

    fn unknown_leg(&self) -> ProviderCallId {
        "CAffffffffffffffffffffffffffffffff".parse().unwrap()
    }

    async fn make_child(&self, parent: &ProviderCallId) -> ProviderCallId {
        self.provider.make_child(parent.as_str()).parse().unwrap()
    }

    async fn join(&self, room: &str, leg: &ProviderCallId) {
        self.provider.join(room, leg.as_str());
    }

    async fn placed(&self) -> usize {
        self.provider.placed()
    }
}

async fn over_provider() -> OverProvider {
    let provider = Arc::new(Provider::default());
    let transport = Arc::clone(&provider) as _;
    let telephony = TwilioTelephony::new(provider::config(), transport);
    OverProvider {
        provider,
        telephony,
    }
}

mod telephony {
    use super::over_provider;

    voip_testkit::telephony_suite!(over_provider);
}

#[tokio::test]
async fn redirecting_a_leg_that_still_rings_may_be_tried_again() {
    let fixture = over_provider().await;
    let call = CallId::fresh();
    let number = |text: &str| text.parse().unwrap();
    let (to, from) = (number("+15550001111"), number("+15550002222"));
    let leg = fixture
        .telephony
        .dial(&Dial {
            call,
            to,
            from,
            ring_time: None,
        })
        .await
        .unwrap();
    fixture
        .provider
        .set_status(leg.as_str(), CallStatus::Ringing);
    let error = fixture
        .telephony
        .redirect(&leg, Callback::Ask(call))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Refused, Retry::Safe)
    );
}

struct Signed {
    webhooks: TwilioWebhooks,
    urls: CallbackUrls,
}

impl Signed {
    fn sent(&self, callback: Callback, fields: &[(&str, &str)]) -> SentRequest {
        let url = self.urls.of(&callback);
        let params: Vec<_> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&params)
            .finish();
        SentRequest {
            method: "POST".to_owned(),
            path_and_query: url
                .strip_prefix("https://voip.example.test")
                .unwrap()
                .to_owned(),
            signature: Some(signature::sign(provider::TOKEN, &url, &params)),
            content_type: Some("application/x-www-form-urlencoded; charset=UTF-8".to_owned()),
            body: body.into_bytes(),
        }
    }
}

impl WebhooksFixture for Signed {
    fn webhooks(&self) -> &dyn Webhooks {
        &self.webhooks
    }

    fn leg(&self) -> ProviderCallId {
        "CA000000000000000000000000000000b1".parse().unwrap()
    }

    fn report(&self, leg: &ProviderCallId, status: CallStatus, call: CallId) -> SentRequest {
        self.sent(
            Callback::Status(call),
            &[
                ("CallSid", leg.as_str()),
                ("CallStatus", status.as_str()),
                ("From", "+15550001111"),
                ("To", "+15550002222"),
                ("Direction", "outbound-api"),
                ("Timestamp", "Tue, 05 Mar 2024 18:30:00 +0000"),
                ("CallbackSource", "call-progress-events"),
                ("SequenceNumber", "1"),
            ],
        )
    }

    fn question(&self, leg: &ProviderCallId, call: CallId) -> SentRequest {
        self.sent(
            Callback::Ask(call),
            &[
                ("CallSid", leg.as_str()),
                ("CallStatus", "in-progress"),
                ("From", "+15550001111"),
                ("To", "+15550002222"),
                ("Direction", "outbound-api"),
            ],
        )
    }
}

async fn signed() -> Signed {
    let config = provider::config();
    Signed {
        webhooks: TwilioWebhooks::new(&config),
        urls: config.callbacks.clone(),
    }
}

mod webhooks {
    use super::signed;

    voip_testkit::webhooks_suite!(signed);
}
