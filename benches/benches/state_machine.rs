//! One step of a call.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use voip_benches::sample;
use voip_core::{CallStatus, Signal, ports::LegReport};

fn step(c: &mut Criterion) {
    let call = sample::placed_call(1);
    let now = call.created_at + Duration::from_secs(3);
    let report = |status| {
        let leg = sample::leg(1);
        Signal::Reported(LegReport {
            leg,
            status,
            at: Some(now),
            duration: None,
            reason: None,
        })
    };
    c.bench_function("step: a report that changes the call", |b| {
        b.iter(|| black_box(&call).step(report(CallStatus::Ringing), now));
    });
    c.bench_function("step: a report that is no news", |b| {
        b.iter(|| black_box(&call).step(report(CallStatus::Initiated), now));
    });
}

criterion_group!(benches, step);
criterion_main!(benches);
