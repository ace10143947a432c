//! The fake passes the suite of push senders, and each case of the suite
//! catches a sender that breaks its promise.

#![allow(
    clippy::unwrap_used,
    reason = "a fixture that cannot be set up fails its test"
)]

use std::sync::Arc;

use async_trait::async_trait;
use voip_core::{
    Device, Error, ErrorKind, Platform, PushToken, Result,
    ports::{Delivery, Push, PushSender},
};
use voip_testkit::{
    FakePush, ManualClock,
    suites::push_sender::{self, PushFixture},
};

/// What a broken sender does with what a sound one answered.
type Sabotage = fn(&Device, &Push, Delivery) -> Result<Delivery>;

struct Bench {
    clock: Arc<ManualClock>,
    service: Arc<FakePush>,
    sender: Arc<dyn PushSender>,
}

/// Asks the service for everything it is told to send, sound or not, and then
/// gives a wrong answer.
#[derive(Debug)]
struct Saboteur {
    service: Arc<FakePush>,
    sabotage: Sabotage,
}

#[async_trait]
impl PushSender for Saboteur {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let delivery = self.service.send(device, push).await?;
        (self.sabotage)(device, push, delivery)
    }
}

/// Sends what should be skipped, by lying about the deadline or the platform,
/// and keeps quiet about it where told to.
#[derive(Debug)]
struct Zealot {
    service: Arc<FakePush>,
    late: bool,
    foreign: bool,
    owns_up: bool,
}

#[async_trait]
impl PushSender for Zealot {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let honest = self.service.send(device, push).await?;
        if honest != Delivery::Skipped {
            return Ok(honest);
        }
        let mut device = device.clone();
        let mut push = push.clone();
        if self.foreign {
            device.platform = Platform::Fcm;
        }
        if self.late {
            push = match push {
                Push::IncomingCall { call, caller, .. } => Push::MissedCall { call, caller },
                Push::RingOver { call, .. } => Push::MissedCall {
                    call,
                    caller: String::new(),
                },
                missed @ Push::MissedCall { .. } => missed,
            };
        }
        let sent = self.service.send(&device, &push).await?;
        Ok(if self.owns_up {
            sent
        } else {
            Delivery::Skipped
        })
    }
}

impl Bench {
    fn sound() -> Self {
        let clock = Arc::new(ManualClock::default());
        let service = Arc::new(FakePush::serving(Platform::Fcm, Arc::clone(&clock) as _));
        Self {
            clock,
            sender: Arc::clone(&service) as _,
            service,
        }
    }

    fn sabotaged(sabotage: Sabotage) -> Self {
        let bench = Self::sound();
        let service = Arc::clone(&bench.service);
        Self {
            sender: Arc::new(Saboteur { service, sabotage }),
            ..bench
        }
    }

    fn zealous(late: bool, foreign: bool, owns_up: bool) -> Self {
        let bench = Self::sound();
        let service = Arc::clone(&bench.service);
        Self {
            sender: Arc::new(Zealot {
                service,
                late,
                foreign,
                owns_up,
            }),
            ..bench
        }
    }
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
        Platform::Fcm
    }

    fn not_served(&self) -> Platform {
        Platform::Apns
    }

    fn live_token(&self) -> PushToken {
        "live".parse().unwrap()
    }

    async fn dead_token(&self) -> PushToken {
        let token: PushToken = "dead".parse().unwrap();
        self.service.lose(&token);
        token
    }

    async fn asked(&self) -> usize {
        self.service.asked()
    }
}

mod the_fake {
    use super::Bench;

    async fn fresh() -> Bench {
        Bench::sound()
    }

    voip_testkit::push_sender_suite!(fresh);
}

#[tokio::test]
#[should_panic(expected = "an accepted push needs a receipt")]
async fn a_missing_receipt_is_caught() {
    let bench = Bench::sabotaged(|_, _, delivery| match delivery {
        Delivery::Accepted { .. } => Ok(Delivery::Accepted {
            receipt: String::new(),
        }),
        other => Ok(other),
    });
    push_sender::accepted_push_has_a_receipt(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a live device takes a ring")]
async fn a_sender_that_skips_everything_is_caught() {
    let bench = Bench::sabotaged(|_, _, _| Ok(Delivery::Skipped));
    push_sender::accepted_push_has_a_receipt(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "one push is sent once")]
async fn a_sender_that_sends_twice_is_caught() {
    #[derive(Debug)]
    struct Twice(Arc<FakePush>);

    #[async_trait]
    impl PushSender for Twice {
        async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
            self.0.send(device, push).await?;
            self.0.send(device, push).await
        }
    }

    let bench = Bench::sound();
    let sender = Arc::new(Twice(Arc::clone(&bench.service)));
    push_sender::accepted_push_has_a_receipt(&Bench { sender, ..bench }).await;
}

#[tokio::test]
#[should_panic(expected = "this is no failure")]
async fn a_dead_token_as_an_error_is_caught() {
    let bench = Bench::sabotaged(|_, _, delivery| match delivery {
        Delivery::Gone => Err(Error::new(ErrorKind::NotFound, "no such device")),
        other => Ok(other),
    });
    push_sender::unknown_token_is_gone_not_an_error(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a dead token is gone")]
async fn a_dead_token_as_accepted_is_caught() {
    let bench = Bench::sabotaged(|_, _, _| {
        Ok(Delivery::Accepted {
            receipt: "r".into(),
        })
    });
    push_sender::unknown_token_is_gone_not_an_error(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "only the dead token is gone")]
async fn a_sender_that_gives_up_on_everybody_is_caught() {
    let bench = Bench::sabotaged(|_, _, _| Ok(Delivery::Gone));
    push_sender::unknown_token_is_gone_not_an_error(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a late ring is skipped")]
async fn a_late_ring_is_caught() {
    let bench = Bench::zealous(true, false, true);
    push_sender::a_ring_is_not_sent_after_its_deadline(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a late ring is not sent")]
async fn a_late_ring_that_is_hushed_up_is_caught() {
    let bench = Bench::zealous(true, false, false);
    push_sender::a_ring_is_not_sent_after_its_deadline(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a ring in time is sent")]
async fn a_sender_that_is_too_careful_is_caught() {
    let bench = Bench::sabotaged(|_, _, _| Ok(Delivery::Skipped));
    push_sender::a_ring_is_not_sent_after_its_deadline(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a late end is skipped")]
async fn a_late_end_of_a_ring_is_caught() {
    let bench = Bench::zealous(true, false, true);
    push_sender::the_end_of_a_ring_is_not_sent_after_its_deadline(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a late end is not sent")]
async fn a_late_end_of_a_ring_that_is_hushed_up_is_caught() {
    let bench = Bench::zealous(true, false, false);
    push_sender::the_end_of_a_ring_is_not_sent_after_its_deadline(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "only what is accepted was sent")]
async fn an_end_of_a_ring_that_is_hushed_up_is_caught() {
    let bench = Bench::sabotaged(|_, _, _| Ok(Delivery::Skipped));
    push_sender::the_end_of_a_ring_is_not_sent_after_its_deadline(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "a live device is not gone")]
async fn a_sender_that_takes_the_end_of_a_ring_for_the_end_of_a_device_is_caught() {
    let bench = Bench::sabotaged(|_, _, _| Ok(Delivery::Gone));
    push_sender::the_end_of_a_ring_is_not_sent_after_its_deadline(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "another platform's device is skipped")]
async fn a_push_to_another_platform_is_caught() {
    let bench = Bench::zealous(false, true, true);
    push_sender::a_platform_it_does_not_serve_is_skipped(&bench).await;
}

#[tokio::test]
#[should_panic(expected = "another platform's device is not sent to")]
async fn a_push_to_another_platform_that_is_hushed_up_is_caught() {
    let bench = Bench::zealous(false, true, false);
    push_sender::a_platform_it_does_not_serve_is_skipped(&bench).await;
}
