//! The state × signal table, generated from the machine itself.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use crate::{
    Answerer, BridgeOutcome, Call, CallId, CallStatus, ClientDial, DialEnd, InboundCall, Party,
    ProviderCallId, RoomChange, RoomNews, Signal, State, Timestamp, Trouble, UserId,
    ports::{ConferenceRef, LegReport, RoomMember, RoomReport},
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
    let mut all = vec![
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
    ];
    all.extend(client_calls());
    all
}

/// A call that a voice client placed, in every kind of state there is.
fn client_calls() -> Vec<(&'static str, Call)> {
    let dial = ClientDial {
        leg: leg(),
        user: user("ann"),
        from: number("+15550001111"),
        to: number("+15550002222"),
    };
    let id = CallId::from_uuid(uuid::Uuid::from_u128(3));
    let placed = Call::from_client(id, dial, None, start()).call;
    let ringing = stepped(&placed, far_reported(CallStatus::Ringing));
    let left = stepped(&ringing, reported(CallStatus::Completed));
    let talking = stepped(&ringing, far_reported(CallStatus::InProgress));
    let moving = stepped(&talking, Signal::HoldAsked);
    let holding = stepped(&moving, joined(far_leg()));
    let in_room = stepped(&holding, joined(leg()));
    let held = stepped(&in_room, Signal::HoldSet(true));
    let resuming = stepped(&held, Signal::ResumeAsked);
    let resumed = stepped(&resuming, Signal::HoldSet(false));
    let late = start() + Duration::from_secs(60);
    let lost = match moving.step(Signal::DeadlineCame, late) {
        Ok(step) => step.call,
        Err(_) => moving.clone(),
    };
    let over = stepped(&talking, far_reported(CallStatus::Completed));
    vec![
        ("By a voice client, initiated", placed),
        ("By a voice client, ringing", ringing),
        ("By a voice client, ringing, the client gone", left),
        ("By a voice client, talking through the dial", talking),
        ("By a voice client, moving into a conference", moving),
        ("By a voice client, the move not confirmed", lost),
        (
            "By a voice client, holding, the user's leg on its way",
            holding,
        ),
        ("By a voice client, holding", in_room),
        ("By a voice client, held", held),
        ("By a voice client, resuming", resuming),
        ("By a voice client, talking in a conference", resumed),
        ("By a voice client, completed", over),
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
    ]);
    all.extend(client_signals());
    all.push(("deadline came".to_owned(), Signal::DeadlineCame));
    all
}

/// Every kind of signal that only a call of a voice client heeds.
fn client_signals() -> Vec<(String, Signal)> {
    let mut all: Vec<_> = CallStatus::ALL
        .into_iter()
        .map(|status| (format!("far leg reports `{status}`"), far_reported(status)))
        .collect();
    let dial_ended = |duration, leg_over| {
        Signal::DialEnded(DialEnd {
            child: Some(far_leg()),
            status: CallStatus::Completed,
            duration,
            leg_over,
        })
    };
    let length = Some(Duration::from_secs(20));
    let news = |what| {
        Signal::RoomNews(RoomNews {
            conference: room(),
            what,
            at: None,
        })
    };
    let seen = |members: &[(ProviderCallId, bool)]| {
        let members = members.iter().map(|(leg, on_hold)| RoomMember {
            leg: leg.clone(),
            on_hold: *on_hold,
        });
        Signal::RoomSeen(Some(RoomReport {
            conference: ConferenceRef(room()),
            members: members.collect(),
        }))
    };
    let more = [
        ("dial over, far leg ended", dial_ended(length, false)),
        ("dial over, far leg moved", dial_ended(None, false)),
        ("dial over, both gone", dial_ended(length, true)),
        ("hold asked", Signal::HoldAsked),
        ("resume asked", Signal::ResumeAsked),
        ("hold set", Signal::HoldSet(true)),
        ("hold taken back", Signal::HoldSet(false)),
        ("hold refused", Signal::HoldRefused),
        ("far leg joined the conference", joined(far_leg())),
        ("user's leg joined the conference", joined(leg())),
        ("far leg on hold", news(RoomChange::Held(far_leg(), true))),
        ("far leg off hold", news(RoomChange::Held(far_leg(), false))),
        (
            "far leg left the conference",
            news(RoomChange::Left(far_leg())),
        ),
        ("conference over", news(RoomChange::Closed)),
        ("seen: no conference", Signal::RoomSeen(None)),
        (
            "seen: both in the conference",
            seen(&[(leg(), false), (far_leg(), false)]),
        ),
        (
            "seen: far leg on hold",
            seen(&[(leg(), false), (far_leg(), true)]),
        ),
        ("seen: user's leg alone", seen(&[(leg(), false)])),
    ];
    all.extend(more.map(|(name, signal)| (name.to_owned(), signal)));
    all
}

fn joined(leg: ProviderCallId) -> Signal {
    Signal::RoomNews(RoomNews {
        conference: room(),
        what: RoomChange::Joined(leg),
        at: None,
    })
}

fn far_reported(status: CallStatus) -> Signal {
    match reported(status) {
        Signal::Reported(report) => Signal::FarReported(LegReport {
            leg: far_leg(),
            ..report
        }),
        other => other,
    }
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
        crate::EventKind::Hold { hold, failed } => match failed {
            true => format!("`{}` (failed)", hold.as_str()),
            false => format!("`{}`", hold.as_str()),
        },
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

fn far_leg() -> ProviderCallId {
    "CA000000000000000000000000000000c2"
        .parse()
        .expect("a fixed, plain id")
}

fn room() -> ProviderCallId {
    "CF000000000000000000000000000000d3"
        .parse()
        .expect("a fixed, plain id")
}

fn number(text: &str) -> crate::PhoneNumber {
    crate::PhoneNumber::from_e164(text).expect("a fixed number in E.164 form")
}

fn user(name: &str) -> UserId {
    name.parse().expect("a fixed, short name")
}
