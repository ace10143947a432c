//! Holds in bad weather: webhooks are dropped, repeated, delayed and reordered
//! while people press buttons and hang up, and nobody may be left behind.

use std::time::Duration;

use serde_json::Value;
use voip_core::CallStatus;
use voip_sim::{
    faults::{Faults, RestFault, RestTarget},
    inspect::Status,
    sid::CallSid,
};

use crate::{
    agent::{Agent, FAR, waits_on_music},
    house::House,
};

const SEEDS: u64 = 1_000;
const SECOND: Duration = Duration::from_secs(1);

/// Small numbers that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn weather(dice: &mut Dice) -> Faults {
    let mut rate = || dice.below(4) as f64 / 10.0;
    Faults {
        drop: rate(),
        repeat: rate(),
        delay: rate(),
        reorder: rate(),
        repeat_documents: rate(),
        delay_documents: rate(),
        ..Faults::default()
    }
}

#[tokio::test]
async fn a_thousand_storms_leave_no_leg_alone_and_no_hold_unclear() {
    let mut confirmed = 0;
    for seed in 0..SEEDS {
        confirmed += storm(seed).await;
    }
    assert!(confirmed > SEEDS / 2, "the storms hold calls: {confirmed}");
}

/// One call in one storm; gives the number of confirmed holds.
async fn storm(seed: u64) -> u64 {
    let mut dice = Dice(seed);
    let house = House::new(seed);
    let provider = &house.world.provider;
    provider.engine().set_faults(weather(&mut dice));
    let ann = Agent::new(&house, "ann");
    let device = house.device("ann").await;
    let near = ann.dial(&house, FAR);
    house
        .world
        .pass(Duration::from_millis(500 + dice.below(4_000)))
        .await;
    let mut confirmed = 0;
    for _ in 0..dice.below(6) {
        match dice.below(8) {
            0..=3 => {
                trip_up(&house, &mut dice);
                confirmed += u64::from(hold(&house, &ann, &near, seed).await);
            }
            4..=5 => unhold(&house, &ann, &near, seed).await,
            6 => provider.hang_up(&near),
            _ => {
                for far in provider.children(&near) {
                    provider.hang_up(&far.sid);
                }
            }
        }
        house
            .world
            .pass(Duration::from_millis(dice.below(3_000)))
            .await;
    }
    let answered = provider
        .children(&near)
        .iter()
        .any(|far| far.status == Status::InProgress);
    match dice.below(3) {
        0 => provider.hang_up(&near),
        1 if answered => {
            for far in provider.children(&near) {
                provider.hang_up(&far.sid);
            }
        }
        _ => match ann.end(&house, &near).await {
            // The call is so young that nobody has told us of it.
            (404, _) => provider.hang_up(&near),
            (status, answer) => assert_eq!(status, 200, "seed {seed}: {answer}"),
        },
    }
    house.world.pass(40 * SECOND).await;
    let broken = provider.broken_invariants();
    assert!(broken.is_empty(), "seed {seed}: {broken:?}");
    let alone = provider.longest_alone();
    assert!(alone <= 10 * SECOND, "seed {seed}: alone for {alone:?}");
    let alive: Vec<_> = provider
        .legs()
        .into_iter()
        .filter(|leg| !leg.status.is_final())
        .collect();
    assert!(alive.is_empty(), "seed {seed}: {alive:?}");
    if !is_over(&house, seed).await {
        // What was not heard of is asked for in the end.
        house.world.pass(Duration::from_secs(20 * 60)).await;
        assert!(
            is_over(&house, seed).await,
            "seed {seed}: it goes on for ever"
        );
    }
    never_back(&device.heard(), seed);
    confirmed
}

/// One time in three somebody hangs up while the next hold is under way.
fn trip_up(house: &House, dice: &mut Dice) {
    let span = Duration::from_millis(dice.below(2_500));
    let fault = match dice.below(6) {
        0 => RestFault::PartnerEndsAfter(span),
        1 => RestFault::LegEndsAfter(span),
        _ => return,
    };
    let mut engine = house.world.provider.engine();
    engine.fail_next_rest(RestTarget::Redirects, fault, 1);
}

/// Whether the call's record, if it got so far as to have one, is final.
async fn is_over(house: &House, seed: u64) -> bool {
    let log = house.log("ann").await;
    assert!(log.len() <= 1, "seed {seed}: one call: {log:?}");
    log.iter().all(|call| {
        let status: CallStatus = call["status"].as_str().unwrap().parse().unwrap();
        status.is_final()
    })
}

/// Asks for a hold; whether it was confirmed. Then the far end does wait.
async fn hold(house: &House, ann: &Agent, near: &CallSid, seed: u64) -> bool {
    let (status, answer) = ann.hold(house, near).await;
    assert!(
        matches!(status, 200 | 404 | 409 | 502),
        "seed {seed}: {status} {answer}"
    );
    let far = house.world.provider.children(near);
    let lives = far.iter().any(|far| !far.status.is_final());
    if status == 200 && lives {
        assert!(far.iter().any(waits_on_music), "seed {seed}: {answer}");
    }
    status == 200
}

async fn unhold(house: &House, ann: &Agent, near: &CallSid, seed: u64) {
    let (status, answer) = ann.unhold(house, near).await;
    assert!(
        matches!(status, 200 | 404 | 409 | 502),
        "seed {seed}: {status} {answer}"
    );
    if status == 200 {
        let far = house.world.provider.children(near);
        assert!(!far.iter().any(waits_on_music), "seed {seed}: {answer}");
    }
}

/// No client hears of a call moving backwards.
fn never_back(heard: &[Value], seed: u64) {
    let statuses = heard.iter().filter(|frame| frame["type"] == "call_status");
    let ranks: Vec<_> = statuses
        .map(|frame| {
            let status: CallStatus = frame["status"].as_str().unwrap().parse().unwrap();
            status.rank()
        })
        .collect();
    assert!(ranks.is_sorted_by(|a, b| a < b), "seed {seed}: {ranks:?}");
}
