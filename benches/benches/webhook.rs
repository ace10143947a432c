//! What taking in a webhook costs, without HTTP.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use voip_benches::{Signer, sample};
use voip_core::{
    CallStatus,
    ports::{WebhookRequest, Webhooks},
};
use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioWebhooks, signature};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const BASE: &str = "https://voip.example.com";

fn read(c: &mut Criterion) {
    let config = TwilioConfig::new(
        sample::ACCOUNT
            .parse()
            .expect("the sample account has the form of a SID"),
        AuthToken::new(TOKEN).expect("this is the form of an auth token"),
        CallbackUrls::new(BASE.parse().expect("this is a URL")).expect("it can be called"),
    );
    let webhooks = TwilioWebhooks::new(&config);
    let signer = Signer::new(TOKEN, BASE);
    let status = signer.status(&sample::placed_call(1), CallStatus::Completed);
    let inbound = signer.inbound(&sample::leg(1), sample::TO, sample::CALLED);
    let mut group = c.benchmark_group("webhook");
    for (name, webhook) in [("read: status", &status), ("read: inbound call", &inbound)] {
        let request = WebhookRequest {
            method: "POST",
            path_and_query: &webhook.target,
            signature: Some(&webhook.signature),
            content_type: Some("application/x-www-form-urlencoded; charset=UTF-8"),
            body: webhook.body.as_bytes(),
        };
        assert!(
            webhooks.read(&request).is_ok(),
            "the sample is what the provider sends"
        );
        group.throughput(Throughput::Bytes(webhook.body.len() as u64));
        group.bench_function(name, |b| b.iter(|| webhooks.read(black_box(&request))));
    }
    let url = format!("{BASE}{}", status.target);
    let fields: Vec<(String, String)> = form_urlencoded::parse(status.body.as_bytes())
        .into_owned()
        .collect();
    group.throughput(Throughput::Elements(1));
    group.bench_function("signature: status, 31 fields", |b| {
        b.iter(|| signature::verify(TOKEN, &status.signature, black_box(&url), &fields));
    });
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
