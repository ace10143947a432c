//! Both adapters keep the promises of the port.

use std::sync::Arc;

use async_trait::async_trait;
use voip_core::{Platform, PushToken, ports::PushSender};
use voip_push::{PushServices, RetryPolicy, Retrying};
use voip_testkit::{ManualClock, suites::push_sender::PushFixture};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, path},
};

use crate::{
    apns::Apns,
    devices::{ANDROID_TOKEN, IPHONE_TOKEN},
    fcm::{Fcm, SEND, accepted},
};

const DEAD_IPHONE: &str = "dead";

struct Bench {
    server: MockServer,
    clock: Arc<ManualClock>,
    sender: Arc<dyn PushSender>,
    served: Platform,
}

#[async_trait]
impl PushFixture for Bench {
    fn sender(&self) -> &dyn PushSender {
        &*self.sender
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn served(&self) -> Platform {
        self.served
    }

    fn not_served(&self) -> Platform {
        match self.served {
            Platform::Fcm => Platform::Apns,
            Platform::Apns => Platform::Fcm,
        }
    }

    fn live_token(&self) -> PushToken {
        let token = match self.served {
            Platform::Fcm => ANDROID_TOKEN,
            Platform::Apns => IPHONE_TOKEN,
        };
        token.parse().unwrap()
    }

    async fn dead_token(&self) -> PushToken {
        DEAD_IPHONE.parse().unwrap()
    }

    async fn asked(&self) -> usize {
        let requests = self.server.received_requests().await.unwrap();
        let sends = |path: &str| path == SEND || path.starts_with("/3/device/");
        requests
            .iter()
            .filter(|request| sends(request.url.path()))
            .count()
    }
}

async fn fcm() -> Bench {
    let fcm = Fcm::start().await;
    let details = serde_json::json!([{ "errorCode": "UNREGISTERED" }]);
    let dead = ResponseTemplate::new(404).set_body_json(
        serde_json::json!({ "error": { "status": "NOT_FOUND", "details": details } }),
    );
    let to_dead = Mock::given(path(SEND)).and(body_string_contains(r#""token":"dead""#));
    to_dead
        .respond_with(dead)
        .with_priority(1)
        .mount(&fcm.server)
        .await;
    fcm.answers(accepted()).await;
    let sender = Arc::clone(&fcm.sender) as Arc<dyn PushSender>;
    Bench {
        server: fcm.server,
        clock: fcm.clock,
        sender,
        served: Platform::Fcm,
    }
}

async fn apns() -> Bench {
    let apns = Apns::start().await;
    let dead = ResponseTemplate::new(410).set_body_json(
        serde_json::json!({ "reason": "Unregistered", "timestamp": 1_650_000_000_000_i64 }),
    );
    let to_dead = Mock::given(path("/3/device/dead"));
    to_dead
        .respond_with(dead)
        .with_priority(1)
        .mount(&apns.server)
        .await;
    apns.answers(crate::apns::accepted()).await;
    let sender = Arc::clone(&apns.sender) as Arc<dyn PushSender>;
    Bench {
        server: apns.server,
        clock: apns.clock,
        sender,
        served: Platform::Apns,
    }
}

mod fcm_sender {
    voip_testkit::push_sender_suite!(super::fcm);
}

mod apns_sender {
    voip_testkit::push_sender_suite!(super::apns);
}

/// What wraps a sender keeps its promises, too.
mod wrapped {
    use super::*;

    async fn retrying() -> Bench {
        let bench = fcm().await;
        let clock = Arc::clone(&bench.clock) as _;
        let sender = Arc::new(Retrying::new(
            Arc::clone(&bench.sender),
            RetryPolicy::FCM,
            clock,
        ));
        Bench { sender, ..bench }
    }

    async fn services() -> Bench {
        let bench = apns().await;
        let sender = Arc::new(PushServices::new(None, Some(Arc::clone(&bench.sender))));
        Bench { sender, ..bench }
    }

    mod in_retrying {
        voip_testkit::push_sender_suite!(super::retrying);
    }

    mod in_services {
        voip_testkit::push_sender_suite!(super::services);
    }
}
