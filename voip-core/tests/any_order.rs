//! Webhooks arrive late, twice and in any order: the log must not care.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use voip_core::{
    Answerer, BridgeOutcome, Call, CallId, CallStatus, ClientDial, DialEnd, InboundCall, Party,
    PhoneNumber, Signal, State, Timestamp, ports::LegReport,
};

const LEG: &str = "CA000000000000000000000000000000b1";
const FAR: &str = "CA000000000000000000000000000000b2";

fn start() -> Timestamp {
    Timestamp::from_secs(1_700_000_000)
}

fn report(status: CallStatus, second: u64, duration: Option<u64>) -> Signal {
    Signal::Reported(LegReport {
        leg: LEG.parse().unwrap(),
        status,
        at: Some(start() + Duration::from_secs(second)),
        duration: duration.map(Duration::from_secs),
        reason: None,
    })
}

/// What a log shows of a call: everything but how often and when we looked.
fn logged(call: &Call) -> impl PartialEq + std::fmt::Debug + use<> {
    let State::Ended(ended) = &call.state else {
        panic!("the call is not over: {call:?}")
    };
    (call.provider_id.clone(), ended.clone())
}

fn outbound() -> Call {
    let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
    let (from, to) = (number("+15550001111"), number("+15550002222"));
    let owner = Some("ann".parse().unwrap());
    Call::outbound(CallId::fresh(), from, to, owner, None, start()).call
}

fn from_client() -> Call {
    let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
    let dial = ClientDial {
        leg: LEG.parse().unwrap(),
        user: "ann".parse().unwrap(),
        from: number("+15550001111"),
        to: number("+15550002222"),
    };
    Call::from_client(CallId::fresh(), dial, None, start()).call
}

/// What the provider says of a voice client's call whose far end comes to
/// `status`.
fn client_story(status: CallStatus) -> Vec<Signal> {
    let seconds = (status == CallStatus::Completed).then_some(25);
    let far = |status, second, seconds| match report(status, second, seconds) {
        Signal::Reported(report) => Signal::FarReported(LegReport {
            leg: FAR.parse().unwrap(),
            ..report
        }),
        other => other,
    };
    let mut story = vec![
        far(CallStatus::Initiated, 0, None),
        far(CallStatus::Ringing, 1, None),
    ];
    if status == CallStatus::Completed {
        story.push(far(CallStatus::InProgress, 5, None));
    }
    story.push(far(status, 30, Some(seconds.unwrap_or(0))));
    story.push(Signal::DialEnded(DialEnd {
        child: Some(FAR.parse().unwrap()),
        status,
        duration: seconds.map(Duration::from_secs),
        leg_over: false,
    }));
    story.push(report(CallStatus::Completed, 31, Some(31)));
    story
}

fn answered_inbound() -> Call {
    let (from, to) = (Party::read("+15550002222"), Party::read("+15550001111"));
    let owner = "ann".parse().unwrap();
    let ring = Duration::from_secs(50);
    let leg = LEG.parse().unwrap();
    let came = InboundCall { leg, from, to };
    let call = Call::inbound(CallId::fresh(), came, owner, None, start(), ring).call;
    let by = Answerer {
        user: "ann".parse().unwrap(),
        device: Arc::from("phone"),
    };
    let call = call
        .step(Signal::Answered(by), start() + Duration::from_secs(4))
        .unwrap()
        .call;
    call.step(Signal::Connecting, start() + Duration::from_secs(5))
        .unwrap()
        .call
}

/// Plays the signals into the call, quickly, once they are all known.
fn play(mut call: Call, signals: &[Signal]) -> (Call, Vec<CallStatus>) {
    let mut statuses = vec![call.status()];
    for (index, signal) in signals.iter().enumerate() {
        let now = start() + Duration::from_secs(100) + Duration::from_millis(index as u64);
        call = call.step(signal.clone(), now).unwrap().call;
        statuses.push(call.status());
    }
    (call, statuses)
}

fn stories() -> Vec<(Call, Vec<Signal>)> {
    use CallStatus::{Busy, Completed, Failed, InProgress, Initiated, NoAnswer, Ringing};
    let placed = Signal::Placed(LEG.parse().unwrap());
    let begun = vec![placed, report(Initiated, 0, None), report(Ringing, 1, None)];
    let ending = |status, more: &[Signal]| {
        let mut story = begun.clone();
        story.extend_from_slice(more);
        story.push(report(
            status,
            30,
            Some(if status == Completed { 25 } else { 0 }),
        ));
        (outbound(), story)
    };
    let over = Signal::BridgeEnded {
        outcome: BridgeOutcome::Connected,
        turn: 1,
    };
    vec![
        ending(Completed, &[report(InProgress, 5, None)]),
        ending(Busy, &[]),
        ending(NoAnswer, &[]),
        ending(Failed, &[]),
        (
            answered_inbound(),
            vec![over, report(Completed, 30, Some(30))],
        ),
        (from_client(), client_story(Completed)),
        (from_client(), client_story(Busy)),
        (from_client(), client_story(NoAnswer)),
    ]
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_leave_the_same_log(
        story in 0..8usize,
        order in prop::collection::vec((0..64usize, 1..5usize), 1..40),
    ) {
        let (call, tidy) = stories().swap_remove(story);
        // Every signal at least once, shuffled, with repeats anywhere.
        let mut rest: Vec<usize> = (0..tidy.len()).collect();
        let mut played = Vec::new();
        for (pick, repeats) in order {
            if rest.is_empty() {
                played.extend(std::iter::repeat_n(tidy[pick % tidy.len()].clone(), repeats));
            } else {
                let signal = rest.remove(pick % rest.len());
                played.extend(std::iter::repeat_n(tidy[signal].clone(), repeats));
            }
        }
        played.extend(rest.into_iter().map(|index| tidy[index].clone()));

        let (wanted, _) = play(call.clone(), &tidy);
        let (got, statuses) = play(call, &played);
        prop_assert_eq!(logged(&got), logged(&wanted));
        let ranks: Vec<u8> = statuses.iter().map(|status| status.rank()).collect();
        prop_assert!(ranks.is_sorted(), "{:?}", statuses);
    }

    #[test]
    fn whatever_happens_an_ended_call_stays_ended(
        signals in prop::collection::vec(0..18usize, 1..60),
        which in 0..13usize,
    ) {
        let (_, mut call) = voip_core::table::calls().swap_remove(which);
        let all = voip_core::table::signals();
        let mut end = None;
        for (index, signal) in signals.into_iter().enumerate() {
            let (_, signal) = &all[signal % all.len()];
            let now = start() + Duration::from_secs(60 * index as u64);
            let Ok(step) = call.step(signal.clone(), now) else { continue };
            call = step.call;
            if let State::Ended(ended) = &call.state {
                // When it was, the leg itself may still say better.
                let kept = (ended.status, ended.duration);
                prop_assert_eq!(*end.get_or_insert(kept), kept);
            } else {
                prop_assert_eq!(end, None);
            }
        }
    }
}
