//! The state × signal table, generated from the machine itself.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use crate::{
    Answerer, BridgeOutcome, Call, CallId, CallStatus, InboundCall, Party, ProviderCallId, Signal,
    State, Timestamp, Trouble, UserId, ports::LegReport,
};

/// The table as Markdown: one section a state, one row a signal.
pub fn markdown() -> String {
    let mut page = String::from(
        "# The call, state by state\n\n\
         Generated from the state machine; a test keeps this page true. A dash means that the\n\
         signal changes nothing, which is the ordinary lot of late and repeated ones.\n",
    );
    for (name, call) in calls() {
        let _ = write!(
            page,
            "\n## {name}\n\n| signal | then | to do | to tell |\n|---|---|---|---|\n"
        );
        for (name, signal) in signals() {
            let _ = writeln!(page, "| {name} | {} |", row(&call, signal));
        }
    }
    page
}

/// A call in every kind of state there is.
pub fn calls() -> Vec<(&'static str, Call)> {
    let outbound = |state: Option<CallStatus>| {
        let mut call = Call::outbound(
            CallId::from_uuid(uuid::Uuid::from_u128(1)),
            number("+15550001111"),
            number("+15550002222"),
            Some(user("ann")),
            None,
            start(),
        )
        .call;
        if let Some(status) = state {
            call = stepped(&call, Signal::Placed(leg()));
            call = stepped(&call, reported(status));
        }
        call
    };
    let inbound = Call::inbound(
        CallId::from_uuid(uuid::Uuid::from_u128(2)),
        InboundCall {
            leg: leg(),
            from: Party::read("+15550002222"),
            to: Party::read("+15550001111"),
        },
        user("ann"),
        None,
        start(),
        Duration::from_secs(50),
    )
    .call;
    let answered = stepped(&inbound, Signal::Answered(device("phone")));
    let outcome = BridgeOutcome::Connected;
    let connected = stepped(&answered, Signal::Connecting);
    let parted = stepped(&connected, Signal::BridgeEnded { outcome, turn: 1 });
    let given_up = stepped(&outbound(None), Signal::HungUp);
    vec![
        ("Outbound, initiated, no leg yet", outbound(None)),
        (
            "Outbound, initiated, placed",
            outbound(Some(CallStatus::Initiated)),
        ),
        ("Outbound, queued", outbound(Some(CallStatus::Queued))),
        ("Outbound, ringing", outbound(Some(CallStatus::Ringing))),
        (
            "Outbound, in progress",
            outbound(Some(CallStatus::InProgress)),
        ),
        ("Outbound, completed", outbound(Some(CallStatus::Completed))),
        ("Outbound, given up before there was a leg", given_up),
        ("Inbound, in progress", answered.clone()),
        ("Inbound, in progress, connecting or connected", connected),
        ("Inbound, in progress, connection over", parted),
        ("Inbound, completed", stepped(&answered, Signal::HungUp)),
        ("Inbound, declined", stepped(&inbound, Signal::HungUp)),
        ("Inbound, ringing", inbound),
    ]
}

/// Every kind of signal there is.
pub fn signals() -> Vec<(String, Signal)> {
    let mut all = vec![
        ("placed".to_owned(), Signal::Placed(leg())),
        (
            "not placed".to_owned(),
            Signal::NotPlaced {
                trouble: Trouble::Refused,
                reason: Arc::from("refused"),
            },
        ),
    ];
    for status in CallStatus::ALL {
        all.push((format!("provider reports `{status}`"), reported(status)));
    }
    all.extend([
        (
            "answered by the phone".to_owned(),
            Signal::Answered(device("phone")),
        ),
        (
            "answered by the tablet".to_owned(),
            Signal::Answered(device("tablet")),
        ),
        ("hung up".to_owned(), Signal::HungUp),
        ("connecting".to_owned(), Signal::Connecting),
        (
            "connection over".to_owned(),
            Signal::BridgeEnded {
                outcome: BridgeOutcome::Connected,
                turn: 1,
            },
        ),
        ("leg gone".to_owned(), Signal::LegGone),
        ("deadline came".to_owned(), Signal::DeadlineCame),
    ]);
    all
}

fn row(call: &Call, signal: Signal) -> String {
    let now = call
        .state
        .deadline()
        .unwrap_or_else(|| start() + Duration::from_secs(60));
    let step = match call.step(signal, now) {
        Ok(step) => step,
        Err(refusal) => return format!("refused: {refusal} | – | –"),
    };
    if step.changes_nothing(call) {
        return "– | – | –".to_owned();
    }
    let then = match (step.call.status() == call.status(), &step.call.state) {
        (false, State::Ended(ended)) => {
            let reason = ended.reason.as_deref().map(|why| format!(" ({why})"));
            format!("**{}**{}", step.call.status(), reason.unwrap_or_default())
        }
        (false, _) => format!("**{}**", step.call.status()),
        (true, _) if call.provider_id != step.call.provider_id => "leg known".to_owned(),
        (true, _) => "noted".to_owned(),
    };
    let dash = |list: Vec<String>| match list.is_empty() {
        true => "–".to_owned(),
        false => list.join(", "),
    };
    let effects = step
        .effects
        .iter()
        .map(|effect| format!("`{}`", effect.as_str()))
        .collect();
    let events = step.events.iter().map(|event| match &event.kind {
        crate::EventKind::Status { status, .. } => format!("`{status}`"),
        crate::EventKind::CallFailed { .. } => "call failed".to_owned(),
        crate::EventKind::IncomingCall { .. } => "incoming call".to_owned(),
        crate::EventKind::CallInitiated { .. } => "call initiated".to_owned(),
    });
    format!("{then} | {} | {}", dash(effects), dash(events.collect()))
}

fn stepped(call: &Call, signal: Signal) -> Call {
    match call.step(signal, start() + Duration::from_secs(10)) {
        Ok(step) => step.call,
        Err(_) => call.clone(),
    }
}

fn reported(status: CallStatus) -> Signal {
    Signal::Reported(LegReport {
        leg: leg(),
        status,
        at: Some(start() + Duration::from_secs(30)),
        duration: status.is_final().then_some(Duration::from_secs(20)),
        reason: None,
    })
}

fn start() -> Timestamp {
    Timestamp::from_secs(1_700_000_000)
}

fn device(name: &str) -> Answerer {
    Answerer {
        user: user("ann"),
        device: Arc::from(name),
    }
}

fn leg() -> ProviderCallId {
    "CA000000000000000000000000000000b1"
        .parse()
        .expect("a fixed, plain id")
}

fn number(text: &str) -> crate::PhoneNumber {
    crate::PhoneNumber::from_e164(text).expect("a fixed number in E.164 form")
}

fn user(name: &str) -> UserId {
    name.parse().expect("a fixed, short name")
}
