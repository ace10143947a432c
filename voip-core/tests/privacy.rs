//! What is personal stays out of `Debug`, and so out of every log.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::{fmt::Debug, sync::Arc};

use voip_core::{
    Account, Answerer, CallId, CallStatus, Device, Direction, Email, Event, EventKind, Party,
    Password, PasswordHash, PhoneNumber, Platform, PushToken, Timestamp, User, UserId,
    VoiceIdentity,
    ports::{
        ClientToken, Dial, IdempotencyKey, LimitKey, LogEntry, LogFilter, LogQuery, Push,
        RingOutcome, WebhookRequest,
    },
    table,
};

const NUMBER: &str = "+15550001111";
const NAME: &str = "Manoj";
const TOKEN: &str = "sesame-open";

fn shows_nothing(what: &dyn Debug) {
    let text = format!("{what:?} {what:#?}");
    for personal in [&NUMBER[1..], &NUMBER[2..], NAME, "manoj", TOKEN] {
        assert!(!text.contains(personal), "{text}");
    }
}

#[test]
fn nothing_personal_is_in_any_debug_form() {
    let number: PhoneNumber = NUMBER.parse().unwrap();
    let user: UserId = NAME.parse().unwrap();
    let token: PushToken = TOKEN.parse().unwrap();
    let (call, now) = (CallId::fresh(), Timestamp::from_secs(1_700_000_000));
    shows_nothing(&number);
    shows_nothing(&user);
    shows_nothing(&token);
    shows_nothing(&VoiceIdentity::of(&user));
    shows_nothing(&ClientToken::new(TOKEN.to_owned()));
    shows_nothing(&Party::read(NUMBER));
    shows_nothing(&Party::read(NAME));
    shows_nothing(&Answerer {
        user: user.clone(),
        device: Arc::from("phone"),
    });
    shows_nothing(&User {
        id: user.clone(),
        phone: Some(number.clone()),
        created_at: now,
    });
    shows_nothing(&Device {
        token,
        platform: Platform::Fcm,
        last_seen: now,
    });
    let (from, to, reason) = (NUMBER.to_owned(), NUMBER.to_owned(), NUMBER.to_owned());
    let caller = NUMBER.to_owned();
    for kind in [
        EventKind::IncomingCall {
            from,
            to: to.clone(),
        },
        EventKind::CallInitiated { to },
        EventKind::CallFailed { reason },
    ] {
        shows_nothing(&Event {
            call,
            leg: None,
            seq: 0,
            audience: vec![user.clone()],
            kind,
        });
    }
    shows_nothing(&Push::IncomingCall {
        call,
        caller: caller.clone(),
        until: now,
    });
    shows_nothing(&Push::MissedCall { call, caller });
    shows_nothing(&Push::RingOver {
        call,
        outcome: RingOutcome::Answered,
        until: now,
    });
    shows_nothing(&LogQuery {
        name: Arc::from(NUMBER),
        owned_only: true,
        filter: LogFilter {
            party: Some(Arc::from(NUMBER)),
            ..LogFilter::default()
        },
        after: None,
        limit: 1,
    });
    shows_nothing(&LogEntry {
        id: call,
        provider_id: None,
        from: Box::from(NUMBER),
        to: Box::from(NAME),
        number: Some(Box::from(NUMBER)),
        direction: Direction::Inbound,
        status: CallStatus::Ringing,
        created_at: now,
        ended_at: None,
        duration: None,
    });
    shows_nothing(&Dial {
        call,
        to: number.clone(),
        from: number,
        ring_time: None,
    });
    shows_nothing(&IdempotencyKey::new(Some(user), "key").unwrap());
    shows_nothing(&WebhookRequest {
        method: "POST",
        path_and_query: NUMBER,
        signature: Some(TOKEN),
        content_type: None,
        body: NUMBER.as_bytes(),
    });
    let email: Email = format!("{NAME}@example.com").parse().unwrap();
    let hash: PasswordHash = format!("$2b$10${TOKEN}").parse().unwrap();
    shows_nothing(&email);
    shows_nothing(&hash);
    shows_nothing(&Password::typed(TOKEN));
    shows_nothing(&LimitKey::new("log-in-to", NAME));
    shows_nothing(&Account {
        user: NAME.parse().unwrap(),
        email,
        name: Some(NAME.parse().unwrap()),
        password: hash,
        created_at: now,
    });
    for (_, call) in table::calls() {
        shows_nothing(&call);
    }
}
