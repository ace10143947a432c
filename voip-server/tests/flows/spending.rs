//! What outbound calls may cost, at every way in.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};
use voip_core::{Action, CallSettings, Phrases, Plan, ProviderCallId, SpendGuard};

use crate::house::{ANN, BOB, House, request};

const PREMIUM: &str = "+19002345678";
const SATELLITE: &str = "+881612345678";
const LONDON: &str = "+442079460000";
const MINUTE: Duration = Duration::from_secs(60);

/// A house with Ann, where outbound calls are bounded like this.
async fn house_with(guard: SpendGuard) -> House {
    let settings = CallSettings {
        guard,
        ..CallSettings::default()
    };
    let house = House::with_settings(7, settings);
    house.register("ann", ANN, "ann-phone").await;
    house
}

fn from_america() -> SpendGuard {
    SpendGuard {
        countries: Some(["US", "CA"].map(|code| code.parse().unwrap()).into()),
        ..SpendGuard::default()
    }
}

async fn start(house: &House, body: &Value, headers: &[(&str, &str)]) -> (u16, String) {
    let (status, answer) = house.post_with("/start-call", body, headers).await;
    (status, answer["code"].as_str().unwrap_or("").to_owned())
}

/// What a voice client of Ann's that calls `to` is told, if it is not put
/// through.
async fn told(house: &House, leg: u32, to: &str) -> Option<String> {
    let leg: ProviderCallId = format!("CA{leg:032x}").parse().unwrap();
    let dials = house.world.app.app.calls.client_dials(
        leg,
        "ann".parse().unwrap(),
        Some(to.parse().unwrap()),
    );
    let plan: Plan = house.world.during(dials).await.unwrap();
    match &plan.actions[..] {
        [Action::Say(text), ..] => Some(text.to_string()),
        [Action::ConnectNumber { .. }] => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn expensive_numbers_and_other_countries_are_refused_at_every_way_in() {
    let house = house_with(from_america()).await;
    let device = house.device("ann").await;
    let phrases = Phrases::default();
    for (place, (to, code, spoken)) in [
        (PREMIUM, "premium_number", &phrases.premium_refused),
        (SATELLITE, "satellite_number", &phrases.satellite_refused),
        (LONDON, "country_not_allowed", &phrases.country_refused),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = (403, code.to_owned());
        assert_eq!(start(&house, &json!({"to": to}), &[]).await, refused);
        assert_eq!(
            start(&house, &json!({"to": to, "from": ANN}), &[]).await,
            refused
        );
        device.say(&json!({"type": "initiate_call", "to": to}));
        house.world.pass(Duration::from_secs(1)).await;
        let heard = device.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(heard[0]["type"], "call_failed");
        assert_eq!(heard[0]["callId"], Value::Null);
        assert_eq!(heard[0]["code"], code);
        assert_eq!(
            told(&house, place as u32, to).await,
            Some(spoken.to_string())
        );
    }
    assert!(house.log("ann").await.is_empty(), "nothing is on record");
    assert!(
        house.world.provider.legs().is_empty(),
        "nothing was dialled"
    );
    assert_eq!(start(&house, &json!({"to": BOB}), &[]).await.0, 200);
    assert_eq!(told(&house, 9, BOB).await, None);
}

#[tokio::test]
async fn without_the_guard_everything_is_called() {
    let house = house_with(SpendGuard::off()).await;
    for to in [PREMIUM, SATELLITE, LONDON] {
        assert_eq!(start(&house, &json!({"to": to}), &[]).await.0, 200, "{to}");
    }
    for _ in 0..100 {
        let body = json!({"to": BOB, "from": ANN});
        assert_eq!(start(&house, &body, &[]).await.0, 200);
    }
}

#[tokio::test]
async fn of_any_minute_so_many_calls_are_started_and_waiting_helps() {
    let guard = SpendGuard {
        calls_a_minute: Some(3),
        ..SpendGuard::default()
    };
    let house = house_with(guard).await;
    house.register("bob", BOB, "bob-phone").await;
    let anns = json!({"to": LONDON, "from": ANN});
    for _ in 0..3 {
        assert_eq!(start(&house, &anns, &[]).await.0, 200);
        house.world.pass(Duration::from_secs(10)).await;
    }
    let too_often = (429, "too_many_calls".to_owned());
    let response = house.world.app.response(request(&anns, &[])).await;
    assert_eq!(response.status(), 429);
    let pause: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((25..=30).contains(&pause), "{pause} s");
    let spoken = Phrases::default().too_often.to_string();
    assert_eq!(told(&house, 1, LONDON).await, Some(spoken));
    let device = house.device("ann").await;
    device.say(&json!({"type": "initiate_call", "to": LONDON}));
    house.world.rest().await;
    let heard = device.heard();
    let refused = heard.iter().find(|frame| frame["type"] == "call_failed");
    assert_eq!(refused.expect("a refusal")["code"], "too_many_calls");

    // Others have tries of their own, and so do calls of nobody.
    let bobs = json!({"to": LONDON, "from": BOB});
    assert_eq!(start(&house, &bobs, &[]).await.0, 200);
    let nobodys = json!({"to": LONDON});
    for _ in 0..3 {
        assert_eq!(start(&house, &nobodys, &[]).await.0, 200);
    }
    assert_eq!(start(&house, &nobodys, &[]).await, too_often);
    let another = json!({"to": LONDON, "from": "+15550007777"});
    assert_eq!(start(&house, &another, &[]).await, too_often);

    house.world.pass(MINUTE).await;
    assert_eq!(start(&house, &anns, &[]).await.0, 200);
    assert_eq!(told(&house, 2, LONDON).await, None);
}

#[tokio::test]
async fn so_many_calls_at_a_time_and_one_that_ends_makes_room() {
    let guard = SpendGuard {
        live_calls: Some(3),
        ..SpendGuard::default()
    };
    let house = house_with(guard).await;
    // Whoever is called is no reason to call less.
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(2)).await;
    let body = json!({"to": LONDON, "from": ANN});
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (status, answer) = house.post("/start-call", &body).await;
        assert_eq!(status, 200, "{answer}");
        ids.push(answer["callId"].clone());
    }
    assert_eq!(told(&house, 1, LONDON).await, None, "the third");
    let refused = (429, "too_many_live_calls".to_owned());
    assert_eq!(start(&house, &body, &[]).await, refused);
    let spoken = Phrases::default().too_many.to_string();
    assert_eq!(told(&house, 2, LONDON).await, Some(spoken));
    // The provider asks about the third once more: it goes on.
    assert_eq!(told(&house, 1, LONDON).await, None);

    let (status, _) = house.post("/hangup", &json!({"callId": ids[0]})).await;
    assert_eq!(status, 200);
    house.world.pass(Duration::from_secs(5)).await;
    assert_eq!(start(&house, &body, &[]).await.0, 200);
    assert_eq!(start(&house, &body, &[]).await, refused);
}

#[tokio::test]
async fn calls_started_at_once_are_no_more_than_calls_started_one_by_one() {
    let house = house_with(SpendGuard::default()).await;
    let body = json!({"to": LONDON, "from": ANN});
    let all = join_all((0..25).map(|_| house.world.app.answer(request(&body, &[]))));
    let answers = house.world.during(all).await;
    let started = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(started, 10);
    let codes: BTreeSet<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(codes, [200, 429].into());
    assert_eq!(house.log("ann").await.len(), 10);
}

#[tokio::test]
async fn a_repeat_is_neither_counted_nor_refused() {
    let guard = SpendGuard {
        calls_a_minute: Some(2),
        live_calls: Some(1),
        ..SpendGuard::default()
    };
    let house = house_with(guard).await;
    let body = json!({"to": LONDON, "from": ANN});
    let key = [("idempotency-key", "once")];
    let all = join_all((0..20).map(|_| house.world.app.answer(request(&body, &key))));
    let answers = house.world.during(all).await;
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(answers[0].0, 200, "{answers:?}");
    assert_eq!(start(&house, &body, &key).await.0, 200, "still under way");
    assert_eq!(
        start(&house, &body, &[]).await,
        (429, "too_many_live_calls".to_owned())
    );

    let first: Value = serde_json::from_slice(&answers[0].1).unwrap();
    house
        .post("/hangup", &json!({"callId": first["callId"]}))
        .await;
    house.world.pass(Duration::from_secs(5)).await;
    let named =
        json!({"to": LONDON, "from": ANN, "callId": "018c1f6e-7c3a-7000-8000-000000000001"});
    for _ in 0..3 {
        assert_eq!(
            start(&house, &named, &[]).await.0,
            200,
            "the second, thrice"
        );
    }
    house
        .post("/hangup", &json!({"callId": named["callId"]}))
        .await;
    house.world.pass(Duration::from_secs(5)).await;
    assert_eq!(
        start(&house, &body, &[]).await,
        (429, "too_many_calls".to_owned())
    );
    for repeat in [
        start(&house, &body, &key).await,
        start(&house, &named, &[]).await,
    ] {
        assert_eq!(repeat.0, 200);
    }
    assert_eq!(house.log("ann").await.len(), 2);
}

#[tokio::test]
async fn what_the_provider_repeats_about_a_voice_client_is_not_refused() {
    let limits = [
        SpendGuard {
            live_calls: Some(1),
            ..SpendGuard::default()
        },
        SpendGuard {
            calls_a_minute: Some(2),
            ..SpendGuard::default()
        },
    ];
    for guard in limits {
        let house = house_with(guard.clone()).await;
        for _ in 0..5 {
            assert_eq!(told(&house, 1, LONDON).await, None, "{guard:?}");
        }
        assert!(told(&house, 2, LONDON).await.is_some(), "{guard:?}");
        assert_eq!(house.log("ann").await.len(), 1, "{guard:?}");
    }
}
