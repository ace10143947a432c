//! An adapter over a real socket, and what it is given to do.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use voip_core::{
    CallId, Error, ProviderCallId,
    ports::{Dial, Telephony},
};
use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioTelephony};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

pub(crate) const CALLS: &str = "/2010-04-01/Accounts/AC000000000000000000000000000000a1/Calls.json";
pub(crate) const LEG: &str =
    "/2010-04-01/Accounts/AC000000000000000000000000000000a1/Calls/CA1.json";

pub(crate) fn telephony(address: &str) -> TwilioTelephony {
    let account = "AC000000000000000000000000000000a1".parse().unwrap();
    let callbacks = CallbackUrls::new("https://voip.example.test".parse().unwrap()).unwrap();
    let mut config = TwilioConfig::new(account, AuthToken::new("sesame").unwrap(), callbacks);
    config.api_base_url = address.parse().unwrap();
    config.request_timeout = Duration::from_millis(300);
    TwilioTelephony::over_network(Arc::new(config)).unwrap()
}

pub(crate) fn to_anybody() -> Dial {
    Dial {
        call: "018c1f6e-7c3a-7000-8000-000000000001"
            .parse::<CallId>()
            .unwrap(),
        to: "+15550001111".parse().unwrap(),
        from: "+15550002222".parse().unwrap(),
        ring_time: None,
    }
}

pub(crate) fn leg() -> ProviderCallId {
    "CA1".parse().unwrap()
}

pub(crate) async fn answering(reply: ResponseTemplate) -> (MockServer, TwilioTelephony) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(reply).mount(&server).await;
    let telephony = telephony(&server.uri());
    (server, telephony)
}

pub(crate) fn fault(status: u16, code: u32) -> ResponseTemplate {
    let message = "Account suspended, call +15550001111";
    ResponseTemplate::new(status)
        .set_body_json(json!({"code": code, "message": message, "status": status}))
}

pub(crate) async fn dial_error(telephony: &TwilioTelephony) -> Error {
    telephony
        .dial(&to_anybody())
        .await
        .expect_err("this cannot go well")
}

pub(crate) async fn hang_up_error(telephony: &TwilioTelephony) -> Error {
    telephony
        .hang_up(&leg())
        .await
        .expect_err("this cannot go well")
}
