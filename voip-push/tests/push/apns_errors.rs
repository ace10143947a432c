//! APNs' error table, row by row, over HTTP/2.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use voip_core::{
    Device, Error, ErrorKind, Retry, Timestamp,
    ports::{Delivery, PushSender},
};
use wiremock::{Mock, ResponseTemplate, matchers::path_regex};

use crate::{
    apns::{Apns, accepted, sender},
    broken_server::BrokenServer,
    devices::{IPHONE_TOKEN, iphone, ring},
};

fn reason(http: u16, reason: &str) -> ResponseTemplate {
    ResponseTemplate::new(http).set_body_json(json!({ "reason": reason }))
}

async fn failure(answer: ResponseTemplate) -> Error {
    let apns = Apns::start().await;
    apns.answers(answer).await;
    let error = apns.failed_ring().await;
    assert_eq!(apns.requests().await.len(), 1, "one attempt a push");
    error
}

fn class(error: &Error) -> (ErrorKind, Retry) {
    (error.kind(), error.retry())
}

#[tokio::test]
async fn a_token_of_another_environment_or_none_at_all_is_gone() {
    let apns = Apns::start().await;
    apns.answers(reason(400, "BadDeviceToken")).await;
    assert_eq!(apns.ring().await.unwrap(), Delivery::Gone);
}

#[tokio::test]
async fn an_unregistered_or_expired_token_is_gone() {
    for why in ["Unregistered", "ExpiredToken"] {
        let apns = Apns::start().await;
        apns.answers(reason(410, why)).await;
        assert_eq!(apns.ring().await.unwrap(), Delivery::Gone);
    }
}

#[tokio::test]
async fn a_token_registered_again_after_it_died_is_kept() {
    let apns = Apns::start().await;
    let died = Timestamp::from_secs(1_650_000_000);
    let body = json!({ "reason": "Unregistered", "timestamp": died.as_micros() / 1000 });
    apns.answers(ResponseTemplate::new(410).set_body_json(body))
        .await;
    let seen = |last_seen| Device {
        last_seen,
        ..iphone()
    };
    let push = ring(&apns.clock);
    assert_eq!(
        apns.sender.send(&seen(died), &push).await.unwrap(),
        Delivery::Gone
    );
    let again = seen(died + Duration::from_millis(1));
    let error = apns.sender.send(&again, &push).await.unwrap_err();
    assert_eq!(class(&error), (ErrorKind::Refused, Retry::Never));
}

#[tokio::test]
async fn a_topic_that_does_not_fit_is_a_setting_and_keeps_the_token() {
    for why in [
        "DeviceTokenNotForTopic",
        "BadTopic",
        "MissingTopic",
        "TopicDisallowed",
    ] {
        let error = failure(reason(400, why)).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Misconfigured, Retry::Never),
            "{why}"
        );
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_message_apple_does_not_like_is_refused() {
    for (http, why) in [
        (400, "BadPriority"),
        (400, "BadExpirationDate"),
        (400, "BadCollapseId"),
        (400, "BadMessageId"),
        (400, "InvalidPushType"),
        (400, "PayloadEmpty"),
        (400, "DuplicateHeaders"),
        (400, "SomethingNew"),
        (404, "BadPath"),
        (405, "MethodNotAllowed"),
        (413, "PayloadTooLarge"),
    ] {
        let error = failure(reason(http, why)).await;
        assert_eq!(class(&error), (ErrorKind::Refused, Retry::Never), "{why}");
    }
}

#[tokio::test]
async fn an_idle_connection_may_be_tried_again() {
    let error = failure(reason(400, "IdleTimeout")).await;
    assert_eq!(class(&error), (ErrorKind::Unavailable, Retry::Safe));
}

#[tokio::test]
async fn an_expired_provider_token_is_replaced_once_and_the_push_sent() {
    let apns = Apns::start().await;
    let once =
        Mock::given(path_regex("^/3/device/")).respond_with(reason(403, "ExpiredProviderToken"));
    once.up_to_n_times(1).mount(&apns.server).await;
    apns.answers(accepted()).await;
    assert!(matches!(
        apns.ring().await.unwrap(),
        Delivery::Accepted { .. }
    ));
    apns.ring().await.unwrap();
    let tokens = apns.provider_tokens().await;
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(tokens[1], tokens[2], "the new one is kept");
}

#[tokio::test]
async fn provider_tokens_that_are_always_expired_are_an_error_and_not_minted_without_end() {
    let apns = Apns::start().await;
    apns.answers(reason(403, "ExpiredProviderToken")).await;
    for _ in 0..3 {
        let error = apns.failed_ring().await;
        assert_eq!(class(&error), (ErrorKind::Unauthorized, Retry::Never));
    }
    let mut tokens = apns.provider_tokens().await;
    tokens.dedup();
    assert_eq!(tokens.len(), 2, "Apple counts new tokens");
    apns.clock.advance(Duration::from_secs(20 * 60));
    apns.failed_ring().await;
    let mut tokens = apns.provider_tokens().await;
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

#[tokio::test]
async fn a_rejected_provider_token_is_about_our_credentials() {
    for why in ["InvalidProviderToken", "MissingProviderToken", "Forbidden"] {
        let error = failure(reason(403, why)).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Unauthorized, Retry::Never),
            "{why}"
        );
    }
    for why in ["UnrelatedKeyIdInToken", "BadEnvironmentKeyIdInToken"] {
        let error = failure(reason(403, why)).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Misconfigured, Retry::Never),
            "{why}"
        );
    }
}

#[tokio::test]
async fn too_many_pushes_to_a_device_wait() {
    let answer = reason(429, "TooManyRequests");
    assert_eq!(
        class(&failure(answer.clone()).await),
        (ErrorKind::RateLimited, Retry::Safe)
    );
    let error = failure(answer.clone().insert_header("retry-after", "10")).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(10)));
    let error = failure(answer.insert_header("retry-after", "50")).await;
    assert_eq!(error.retry(), Retry::Never, "the ring is over by then");
}

#[tokio::test]
async fn too_many_provider_tokens_keep_the_one_we_have() {
    let apns = Apns::start().await;
    let once = Mock::given(path_regex("^/3/device/"))
        .respond_with(reason(429, "TooManyProviderTokenUpdates"));
    once.up_to_n_times(1).mount(&apns.server).await;
    apns.answers(accepted()).await;
    let error = apns.failed_ring().await;
    assert_eq!(class(&error), (ErrorKind::RateLimited, Retry::Safe));
    apns.ring().await.unwrap();
    let tokens = apns.provider_tokens().await;
    assert_eq!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn trouble_on_their_side_may_be_tried_again_whatever_the_body() {
    for answer in [
        reason(500, "InternalServerError"),
        reason(503, "ServiceUnavailable"),
        reason(503, "Shutdown"),
        ResponseTemplate::new(502).set_body_string("<html>Bad Gateway</html>"),
        ResponseTemplate::new(500),
        // An outage deletes nothing, whatever it says.
        reason(503, "Unregistered"),
    ] {
        let error = failure(answer).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Unavailable, Retry::Safe),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_not_apns_is_a_setting_and_keeps_the_token() {
    for status in [404, 405, 301] {
        let error = failure(ResponseTemplate::new(status).set_body_string("<html>")).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Misconfigured, Retry::Never),
            "{status}"
        );
    }
}

#[tokio::test]
async fn an_acceptance_without_a_name_is_ambiguous() {
    let error = failure(ResponseTemplate::new(200)).await;
    assert_eq!(class(&error), (ErrorKind::Malformed, Retry::Ambiguous));
}

#[tokio::test]
async fn a_stall_ends_in_a_timeout_that_is_ambiguous() {
    // real time: the HTTP client's own timer is what is tried.
    let apns = Apns::start().await;
    apns.answers(accepted().set_delay(Duration::from_secs(60)))
        .await;
    let sender = sender(&apns.server.uri(), &apns.clock).with_timeout(Duration::from_millis(300));
    let error = sender
        .send(&iphone(), &ring(&apns.clock))
        .await
        .unwrap_err();
    assert_eq!(class(&error), (ErrorKind::Timeout, Retry::Ambiguous));
}

#[tokio::test]
async fn nobody_listening_is_safe_to_try_again_and_the_token_is_not_told() {
    let clock = Arc::default();
    let sender = sender(&BrokenServer::absent().await, &clock);
    let error = sender.send(&iphone(), &ring(&clock)).await.unwrap_err();
    assert_eq!(class(&error), (ErrorKind::Unavailable, Retry::Safe));
    assert!(!format!("{error} {error:?}").contains(IPHONE_TOKEN));
}
