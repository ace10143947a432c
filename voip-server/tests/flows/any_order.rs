//! All webhooks of a call, in any order and any number: the same log.

use std::time::Duration;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use voip_sim::webhook::{Webhook, WebhookKind};
use voip_testkit::AppUnderTest as _;

use crate::house::{ANN, BOB, House};

/// Plays a call in a tidy world and keeps its status webhooks.
async fn recorded(house: &House) -> (Value, Vec<Webhook>) {
    let body = json!({"to": BOB, "from": ANN});
    let (_, answer) = house.post("/start-call", &body).await;
    let mut hooks = Vec::new();
    for _ in 0..200 {
        house.world.clock.advance(Duration::from_millis(250));
        let now = house.world.now().to_datetime();
        let due: Vec<Webhook> = {
            let mut engine = house.world.provider.engine();
            engine.advance(now);
            std::iter::from_fn(|| engine.poll()).collect()
        };
        for hook in due {
            let answer = house.world.app.webhook(&hook).await;
            if hook.kind == WebhookKind::Status {
                hooks.push(hook.clone());
            }
            house.world.provider.engine().answered(now, hook.id, answer);
        }
    }
    (answer, hooks)
}

/// What the log says about the call, its moments included.
async fn logged(house: &House) -> Value {
    let mut entry = house.only_call("ann").await;
    // The id is made afresh in every world.
    entry.as_object_mut().unwrap().remove("call_id");
    entry
}

fn world() -> (tokio::runtime::Runtime, House) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
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
                house.world.clock.advance(Duration::from_millis(250));
                let now = house.world.now().to_datetime();
                let mut engine = house.world.provider.engine();
                engine.advance(now);
                while let Some(hook) = engine.poll() {
                    match hook.kind {
                        WebhookKind::Status => {
                            hooks.push(hook.clone());
                            engine.answered(
                                now,
                                hook.id,
                                voip_sim::webhook::WebhookAnswer::empty(200),
                            );
                        }
                        _ => {
                            let markup = "<Response><Pause length=\"60\"/></Response>";
                            engine.answered(
                                now,
                                hook.id,
                                voip_sim::webhook::WebhookAnswer::twiml(markup),
                            );
                        }
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
