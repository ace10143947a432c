//! Calls to be stored.

use std::{sync::Arc, time::Duration};

use tokio::{runtime::Handle, task::block_in_place};
use uuid::Uuid;
use voip_core::{
    Answerer, BridgeEnd, BridgeOutcome, Call, CallId, Direction, Effect, Ended, FinalStatus, Party,
    ProviderCallId, State, Timestamp, Trouble, UserId,
    ports::{CallStore, ClaimedEffect, Held, Inserted, NewCall},
    table,
};

/// When the stories of this suite begin.
pub(in crate::suites) fn start() -> Timestamp {
    Timestamp::from_secs(1_700_000_000)
}

/// So many seconds after [`start`].
pub(in crate::suites) fn after(seconds: u64) -> Timestamp {
    start() + Duration::from_secs(seconds)
}

/// The call with this number.
pub(in crate::suites) fn id(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(number))
}

/// The leg with this number.
pub(super) fn leg(number: u128) -> ProviderCallId {
    format!("CA{number:032x}")
        .parse()
        .expect("34 letters and digits")
}

/// The user with this name.
pub(super) fn user(name: &str) -> UserId {
    name.parse().expect("a short name")
}

/// A plain outbound call of `owner`, with its own id, leg, and moment of
/// creation.
pub(in crate::suites) fn outbound(number: u128, owner: &str) -> Call {
    Call {
        id: id(number),
        direction: Direction::Outbound,
        from: Party::read("+15550001111"),
        to: Party::read("+15550002222"),
        owner: Some(user(owner)),
        peer: None,
        provider_id: Some(leg(number)),
        far: None,
        created_at: after(u64::try_from(number).expect("a small number")),
        state: State::Ringing { until: after(90) },
        told: 1,
    }
}

/// A plain inbound call for `owner`.
pub(in crate::suites) fn inbound(number: u128, owner: &str) -> Call {
    let mut call = outbound(number, owner);
    call.direction = Direction::Inbound;
    (call.from, call.to) = (call.to, call.from);
    call
}

/// `call`, ended.
pub(in crate::suites) fn ended(call: &Call) -> Call {
    let ended = Ended {
        status: FinalStatus::Completed,
        at: call.created_at + Duration::from_secs(20),
        answered_at: Some(call.created_at + Duration::from_secs(5)),
        duration: Some(Duration::from_secs(15)),
        reason: None,
        trouble: None,
    };
    Call {
        state: State::Ended(ended),
        told: call.told + 1,
        ..call.clone()
    }
}

/// `call`, still ringing, until `until`.
pub(super) fn ringing(call: &Call, until: Timestamp) -> Call {
    Call {
        state: State::Ringing { until },
        told: call.told + 1,
        ..call.clone()
    }
}

/// Calls in every state with everything that may be missing there and missing
/// not, and with texts that are easy to get wrong. Ids and legs are their own.
pub(in crate::suites) fn every_kind() -> Vec<Call> {
    let mut calls: Vec<_> = table::calls().into_iter().map(|(_, call)| call).collect();
    for state in states() {
        for direction in [Direction::Outbound, Direction::Inbound] {
            calls.push(Call {
                direction,
                state: state.clone(),
                ..outbound(0, "ann")
            });
        }
    }
    for text in ODD {
        calls.push(Call {
            from: Party::read(text),
            to: Party::read(text),
            owner: text.parse().ok(),
            peer: None,
            told: u32::MAX,
            ..outbound(0, "ann")
        });
        calls.push(Call {
            owner: None,
            peer: text.parse().ok(),
            ..inbound(0, "ann")
        });
        calls.push(Call {
            owner: Some(user("b")),
            peer: text.parse().ok(),
            ..inbound(0, "ann")
        });
    }
    for created_at in [Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX)] {
        let state = State::Ringing { until: created_at };
        calls.push(Call {
            created_at,
            state,
            told: 0,
            ..inbound(0, "ann")
        });
    }
    for (place, call) in (0_u128..).zip(&mut calls) {
        // Ids from all over: their order is no one's business.
        call.id = id((place << 100) ^ (u128::MAX / 7));
        call.provider_id = call.provider_id.as_ref().map(|_| leg(place));
    }
    calls
}

/// Texts that are easy to get wrong in storage.
pub(super) const ODD: [&str; 10] = [
    "",
    " ",
    "null",
    "O'Brien \"\\%_; DROP TABLE calls",
    "ann@example.com",
    "sip:ann@example.com;transport=tls",
    "Zoë Müller",
    "Zoe\u{308} Mu\u{308}ller",
    "山田太郎 👩‍👩‍👧",
    "anonymous",
];

fn states() -> Vec<State> {
    let moment = Timestamp::from_micros(1_700_000_000_123_457);
    let later = moment + Duration::from_micros(1);
    let mut states = vec![
        State::Initiated { check_at: later },
        State::Queued { check_at: later },
        State::Ringing { until: later },
    ];
    let by = |device: &str| Answerer {
        user: user("ann"),
        device: Arc::from(device),
    };
    let bridge = |outcome| BridgeEnd { outcome, at: later };
    for by in [None, Some(by("phone")), Some(by("")), Some(by("Zoës 📱"))] {
        for bridge in [
            None,
            Some(bridge(BridgeOutcome::Connected)),
            Some(bridge(BridgeOutcome::Unanswered)),
        ] {
            let by = by.clone();
            states.push(State::InProgress {
                answered_at: moment,
                by,
                connects: u32::from(bridge.is_some()) * 3,
                bridge,
                check_at: later,
            });
        }
    }
    for status in [
        FinalStatus::Completed,
        FinalStatus::Busy,
        FinalStatus::NoAnswer,
        FinalStatus::Failed,
        FinalStatus::Canceled,
    ] {
        for answered_at in [None, Some(moment)] {
            for duration in [None, Some(0), Some(86_400 * 365)] {
                let duration = duration.map(Duration::from_secs);
                for reason in [None, Some(Arc::from("")), Some(Arc::from("Zoë: 'busy' 📵"))] {
                    let at = later;
                    let ended = Ended {
                        status,
                        at,
                        answered_at,
                        duration,
                        reason,
                        trouble: None,
                    };
                    states.push(State::Ended(ended));
                }
            }
        }
    }
    for trouble in Trouble::ALL {
        states.push(State::Ended(Ended {
            status: FinalStatus::Failed,
            at: later,
            answered_at: None,
            duration: None,
            reason: Some(Arc::from("21217")),
            trouble: Some(trouble),
        }));
    }
    states
}

/// `call` as something to insert, without effects or key.
pub(super) fn new(call: &Call) -> NewCall {
    with_effects(call, &[], start())
}

/// `call` as something to insert with effects.
pub(super) fn with_effects(call: &Call, effects: &[Effect], effects_due: Timestamp) -> NewCall {
    NewCall {
        call: call.clone(),
        effects: effects.to_vec(),
        effects_due,
        key: None,
    }
}

/// Inserts `call`, which must be new.
pub(super) async fn insert(store: &dyn CallStore, new: NewCall) {
    let id = new.call.id;
    let inserted = store.insert(new).await.expect("storage is in order");
    assert_eq!(inserted, Inserted::New, "call {id} is new");
}

/// The call with this id, which must be there.
pub(super) async fn held(store: &dyn CallStore, id: &CallId) -> Held {
    let held = store.call(id).await.expect("storage is in order");
    held.unwrap_or_else(|| panic!("call {id} is there"))
}

/// The effects that are due at `now`, taken until `lease_until`.
pub(super) async fn claim(
    store: &dyn CallStore,
    now: Timestamp,
    lease_until: Timestamp,
) -> Vec<ClaimedEffect> {
    store
        .claim_effects(now, lease_until, 1000)
        .await
        .expect("storage is in order")
}

/// The effects claimed, in the order of their names.
pub(super) fn effects(claimed: &[ClaimedEffect]) -> Vec<Effect> {
    let mut effects: Vec<_> = claimed.iter().map(|claimed| claimed.effect).collect();
    effects.sort();
    effects
}

/// Runs `work` on so many threads at once, each with its number.
pub(super) fn race<T, F>(threads: usize, work: impl Fn(usize) -> F + Sync) -> Vec<T>
where
    T: Send,
    F: Future<Output = T>,
{
    let runtime = Handle::current();
    let line = std::sync::Barrier::new(threads);
    block_in_place(|| {
        std::thread::scope(|scope| {
            let racers: Vec<_> = (0..threads)
                .map(|number| {
                    let (runtime, line, work) = (&runtime, &line, &work);
                    scope.spawn(move || {
                        line.wait();
                        runtime.block_on(work(number))
                    })
                })
                .collect();
            let finish = racers
                .into_iter()
                .map(|racer| racer.join().expect("no racer panics"));
            finish.collect()
        })
    })
}
