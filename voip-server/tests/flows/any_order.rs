//! All webhooks of a call, in any order and any number: the same log.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use voip_sim::webhook::{Webhook, WebhookAnswer, WebhookKind};
use voip_testkit::AppUnderTest as _;

use crate::house::{ANN, BOB, House};

/// Plays a call in a tidy world and keeps its status webhooks.
async fn recorded(house: &House) -> (Value, Vec<Webhook>) {
    let body = json!({"to": BOB, "from": ANN});
    let (_, answer) = house.post("/start-call", &body).await;
    let mut hooks = Vec::new();
    for _ in 0..200 {
        for hook in a_moment_later(house) {
            let answer = house.world.app.webhook(&hook).await;
            if hook.kind == WebhookKind::Status {
                hooks.push(hook.clone());
            }
            answered(house, &hook, answer);
        }
    }
    (answer, hooks)
}

/// Lets a quarter of a second pass; gives the webhooks that are then due.
fn a_moment_later(house: &House) -> Vec<Webhook> {
    house.world.clock.advance(Duration::from_millis(250));
    let mut engine = house.world.provider.engine();
    engine.advance(house.world.now().to_datetime());
    std::iter::from_fn(|| engine.poll()).collect()
}

fn answered(house: &House, hook: &Webhook, answer: WebhookAnswer) {
    let now = house.world.now().to_datetime();
    house.world.provider.engine().answered(now, hook.id, answer);
}

/// Markup that keeps a leg busy with nothing.
fn patience() -> WebhookAnswer {
    WebhookAnswer::twiml("<Response><Pause length=\"60\"/></Response>")
}

/// What the log says about the call, its moments included.
async fn logged(house: &House) -> Value {
    let mut entry = house.only_call("ann").await;
    // The id is made afresh in every world.
    entry.as_object_mut().unwrap().remove("call_id");
    entry
}

fn world() -> (tokio::runtime::Runtime, House) {
    let runtime = a_runtime();
    let house = runtime.block_on(async {
        let house = House::with_ann().await;
        // Answers after a second, hangs up five seconds later.
        let script = voip_sim::phone::PhoneScript::answers_after(Duration::from_secs(1));
        house
            .world
            .provider
            .engine()
            .set_phone(BOB, script.hanging_up_after(Duration::from_secs(5)));
        house
    });
    (runtime, house)
}

#[test]
fn webhooks_in_any_order_and_any_number_leave_the_log_of_the_tidy_sequence() {
    let (runtime, house) = world();
    let (tidy, count) = runtime.block_on(async {
        let (_, hooks) = recorded(&house).await;
        (logged(&house).await, hooks.len())
    });
    assert_eq!(tidy["status"], "completed");
    assert_eq!(count, 4, "initiated, ringing, answered, completed");

    let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
    let repeats = prop::collection::vec(1..5usize, count);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let played = runner.run(&(order, repeats), |(order, repeats)| {
        let (runtime, house) = world();
        let entry = runtime.block_on(async {
            // The same call, but its webhooks come only now.
            let body = json!({"to": BOB, "from": ANN});
            house.post("/start-call", &body).await;
            let mut hooks = Vec::new();
            for _ in 0..200 {
                for hook in a_moment_later(&house) {
                    let answer = match hook.kind {
                        WebhookKind::Status
                        | WebhookKind::Conference
                        | WebhookKind::Event
                        | WebhookKind::DocumentIgnored => WebhookAnswer::empty(200),
                        WebhookKind::Document => patience(),
                    };
                    answered(&house, &hook, answer);
                    if hook.kind == WebhookKind::Status {
                        hooks.push(hook);
                    }
                }
            }
            let mut ranks = Vec::new();
            for (index, times) in order.iter().zip(&repeats) {
                for _ in 0..*times {
                    house.world.app.webhook(&hooks[*index]).await;
                    let entry = house.only_call("ann").await;
                    let status: voip_core::CallStatus =
                        entry["status"].as_str().unwrap().parse().unwrap();
                    ranks.push(status.rank());
                }
            }
            assert!(ranks.is_sorted(), "{ranks:?}");
            logged(&house).await
        });
        prop_assert_eq!(&entry, &tidy);
        Ok(())
    });
    played.unwrap();
}

/// How a call to Ann goes.
#[derive(Clone, Copy, Debug)]
enum Story {
    /// She answers, they talk, Bob hangs up.
    Talked,
    /// Bob gives up while it rings.
    GivenUp,
}

/// The webhooks of a call to Ann, played in an order of the test's choosing.
struct Incoming {
    house: House,
    /// Everything the provider had to say, each once, in the order of the events.
    hooks: Vec<Webhook>,
}

impl Incoming {
    /// Lets a call take place. What cannot come later, because something else
    /// follows from it, is answered as it comes; all of it is kept.
    async fn recorded(story: Story) -> Self {
        let house = House::with_ann().await;
        let client = voip_sim::phone::ClientScript::answers_after(Duration::from_secs(1));
        house.world.provider.engine().set_client("ann", client);
        let device = house.device("ann").await;
        let caller = house.world.provider.place_call(BOB, ANN);
        let mut hooks = Vec::new();
        for quarter in 0..120 {
            for hook in a_moment_later(&house) {
                hooks.push(hook.clone());
                // An answer depends on the ringing, and the connection on the answer.
                let answer = match (hook.kind, story) {
                    (WebhookKind::Document, Story::Talked) if !is_end_of_bridge(&hook) => {
                        house.world.app.webhook(&hook).await
                    }
                    (WebhookKind::Document, _) => patience(),
                    (
                        WebhookKind::Status
                        | WebhookKind::Conference
                        | WebhookKind::Event
                        | WebhookKind::DocumentIgnored,
                        _,
                    ) => WebhookAnswer::empty(200),
                };
                answered(&house, &hook, answer);
            }
            house.world.rest().await;
            match (story, quarter) {
                (Story::Talked, 12) => {
                    let id = device.ringing();
                    device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
                    house.world.rest().await;
                }
                (Story::Talked, 60) | (Story::GivenUp, 12) => {
                    house.world.provider.hang_up(&caller);
                }
                (Story::Talked | Story::GivenUp, _) => {}
            }
        }
        Self { house, hooks }
    }

    /// Plays the webhooks and returns what the log then says of the call. It
    /// never goes back meanwhile.
    async fn played(&self, order: &[(usize, usize)]) -> Value {
        let mut ranks = Vec::new();
        for (index, times) in order {
            for _ in 0..*times {
                let answer = self.house.world.app.webhook(&self.hooks[*index]).await;
                assert!(
                    matches!(answer, WebhookAnswer::Replied { status: 200, .. }),
                    "{answer:?}"
                );
                self.house.world.rest().await;
                if let [entry] = self.house.log("ann").await.as_slice() {
                    let status: voip_core::CallStatus =
                        entry["status"].as_str().unwrap().parse().unwrap();
                    ranks.push(status.rank());
                }
            }
        }
        assert!(ranks.is_sorted(), "{ranks:?}");
        logged(&self.house).await
    }
}

fn is_end_of_bridge(hook: &Webhook) -> bool {
    hook.url.contains("/twilio/bridge-ended")
}

fn a_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn webhooks_of_an_incoming_call_in_any_order_and_any_number_leave_the_log_of_the_tidy_sequence() {
    for (story, status, fewest) in [
        (Story::Talked, "completed", 4),
        (Story::GivenUp, "canceled", 2),
    ] {
        let (tidy, count) = a_runtime().block_on(async {
            let call = Incoming::recorded(story).await;
            let order: Vec<_> = (0..call.hooks.len()).map(|index| (index, 1)).collect();
            (call.played(&order).await, call.hooks.len())
        });
        assert_eq!(tidy["status"], status, "{tidy}");
        assert!(tidy["ended_at"].is_string(), "{tidy}");
        assert!(count >= fewest, "{story:?}: {count}");

        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        // Whatever came may come again after all the rest.
        let repeats = prop::collection::vec(1..4usize, count);
        let again = prop::collection::vec((0..count, 1..3usize), 0..4);
        let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
        let played = runner.run(&(order, repeats, again), |(order, repeats, again)| {
            let mut all: Vec<_> = order.into_iter().zip(repeats).collect();
            all.extend(again);
            let entry = a_runtime().block_on(async {
                let call = Incoming::recorded(story).await;
                assert_eq!(call.hooks.len(), count);
                call.played(&all).await
            });
            prop_assert_eq!(&entry, &tidy);
            Ok(())
        });
        played.unwrap();
    }
}
