//! All push services together.

use std::{sync::Arc, time::Duration};

use voip_core::{
    Platform,
    ports::{Delivery, PushSender},
};
use voip_push::{PushServices, RetryPolicy, Retrying};
use voip_testkit::{FakePush, ManualClock};
use wiremock::ResponseTemplate;

use crate::{
    apns::Apns,
    devices::{ANDROID_TOKEN, CALLER, IPHONE_TOKEN, android, iphone, missed, ring},
    fcm::Fcm,
    log_book::LogBook,
};

#[tokio::test]
async fn each_device_is_reached_through_its_own_service() {
    let clock = Arc::new(ManualClock::default());
    let fcm = Arc::new(FakePush::serving(Platform::Fcm, Arc::clone(&clock) as _));
    let apns = Arc::new(FakePush::serving(Platform::Apns, Arc::clone(&clock) as _));
    let services = PushServices::new(Some(Arc::clone(&fcm) as _), Some(Arc::clone(&apns) as _));
    services.send(&android(), &missed()).await.unwrap();
    services.send(&iphone(), &ring(&clock)).await.unwrap();
    assert_eq!(fcm.sent()[0].device, android());
    assert_eq!(apns.sent()[0].device, iphone());
    assert_eq!((fcm.asked(), apns.asked(), services.skipped()), (1, 1, 0));
}

#[tokio::test]
async fn what_no_service_is_set_up_for_is_skipped_counted_and_warned_of_once() {
    let (book, _guard) = LogBook::open();
    let clock = ManualClock::default();
    let services = PushServices::new(None, None);
    for _ in 0..3 {
        for device in [android(), iphone()] {
            let sent = services.send(&device, &ring(&clock)).await.unwrap();
            assert_eq!(sent, Delivery::Skipped);
        }
    }
    assert_eq!(services.skipped(), 6);
    let warnings = |platform| {
        let said = |line: &&str| line.contains("WARN") && line.contains(platform);
        book.text().lines().filter(said).count()
    };
    assert_eq!(
        (warnings("platform=\"fcm\""), warnings("platform=\"apns\"")),
        (1, 1)
    );
}

#[tokio::test]
async fn what_a_service_skips_itself_is_not_counted_as_missing_setup() {
    let clock = Arc::new(ManualClock::default());
    let apns = Arc::new(FakePush::serving(Platform::Apns, Arc::clone(&clock) as _));
    let services = PushServices::new(None, Some(apns));
    let late = ring(&clock);
    clock.advance(crate::devices::RING_TIME);
    assert_eq!(
        services.send(&iphone(), &late).await.unwrap(),
        Delivery::Skipped
    );
    assert_eq!(services.skipped(), 0);
}

#[tokio::test]
async fn neither_tokens_nor_numbers_nor_credentials_are_logged_at_any_level() {
    let (book, _guard) = LogBook::open();
    let fcm = Fcm::start().await;
    let apns = Apns::start().await;
    let policy = RetryPolicy {
        first_pause: Duration::ZERO,
        patience: Duration::from_secs(1),
        ..RetryPolicy::FCM
    };
    let wrapped = |sender: Arc<dyn PushSender>, clock: &Arc<ManualClock>| -> Arc<dyn PushSender> {
        Arc::new(Retrying::new(sender, policy, Arc::clone(clock) as _))
    };
    let services = PushServices::new(
        Some(wrapped(Arc::clone(&fcm.sender) as _, &fcm.clock)),
        Some(wrapped(Arc::clone(&apns.sender) as _, &apns.clock)),
    );
    let quoting = format!("{ANDROID_TOKEN} {IPHONE_TOKEN} {CALLER}");
    for status in [500, 400, 403] {
        let body = serde_json::json!({
            "reason": quoting,
            "error": { "status": quoting, "message": quoting },
        });
        let answer = ResponseTemplate::new(status).set_body_json(body);
        fcm.server.reset().await;
        apns.server.reset().await;
        let mint = wiremock::Mock::given(wiremock::matchers::path(crate::fcm::MINT));
        mint.respond_with(crate::fcm::Minting::default())
            .mount(&fcm.server)
            .await;
        fcm.answers(answer.clone()).await;
        apns.answers(answer).await;
        for device in [android(), iphone()] {
            let error = services.send(&device, &ring(&fcm.clock)).await.unwrap_err();
            tracing::warn!(%error, ?error, ?device, ?services, "as a caller would log it");
        }
    }
    let text = book.text();
    assert!(text.contains("as a caller would log it"));
    for secret in [
        ANDROID_TOKEN,
        IPHONE_TOKEN,
        "5550100",
        "access-1",
        "eyJ",
        "PRIVATE KEY",
    ] {
        let told: Vec<_> = text.lines().filter(|line| line.contains(secret)).collect();
        assert!(told.is_empty(), "{secret} is in {told:?}");
    }
}
