//! Writing what the provider is to do next.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use voip_benches::sample;
use voip_core::{Action, Callback, Plan, VoiceIdentity, ports::Webhooks};
use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioWebhooks};

fn write(c: &mut Criterion) {
    let base = "https://voip.example.com".parse().expect("this is a URL");
    let config = TwilioConfig::new(
        sample::ACCOUNT
            .parse()
            .expect("the sample account has the form of a SID"),
        AuthToken::new("0123456789abcdef0123456789abcdef").expect("this is an auth token's form"),
        CallbackUrls::new(base).expect("it can be called"),
    );
    let webhooks = TwilioWebhooks::new(&config);
    let call = sample::placed_call(1).id;
    let hold = Plan::new([
        Action::Say("Please hold the line while we connect your call.".into()),
        Action::Pause(Duration::from_secs(15)),
        Action::Ask(Callback::Ask(call)),
    ]);
    let connect = Plan::new([Action::ConnectClient {
        identity: VoiceIdentity::of(&sample::user(1)).expect("the sample user has an identity"),
        caller_id: Some(sample::phone(sample::FROM)),
        ring_time: Duration::from_secs(20),
        call,
        then: Callback::BridgeEnded { call, turn: 1 },
    }]);
    for (name, plan) in [
        ("markup: hold the line", hold),
        ("markup: connect to a client", connect),
    ] {
        c.bench_function(name, |b| b.iter(|| webhooks.write(black_box(&plan))));
    }
}

criterion_group!(benches, write);
criterion_main!(benches);
