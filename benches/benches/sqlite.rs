//! One durable step on an SQLite file, alone and among many: the flush of the
//! disk is shared.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use tokio::runtime::Runtime;
use voip_benches::sample;
use voip_core::{
    Call, CallStatus, Signal,
    ports::{CallStore, LegReport, NewCall, Replaced, Version},
};
use voip_store::{SqliteOptions, SqliteStore};

/// How many steps are under way at a time.
const MANY: u64 = 64;

fn step(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is room for a database");
    let runtime = Runtime::new().expect("a runtime can be started");
    let store = SqliteStore::open(SqliteOptions::at(folder.path().join("voip.db")))
        .expect("a new database can be opened");
    let ringing = Ringing::new(&runtime, &store);
    let mut group = c.benchmark_group("sqlite");
    group
        .measurement_time(Duration::from_secs(8))
        .sample_size(50);
    group.throughput(Throughput::Elements(1));
    group.bench_function("one durable step", |b| {
        b.to_async(&runtime).iter(|| ringing.step(&store, 0));
    });
    group.throughput(Throughput::Elements(MANY));
    group.bench_function("64 durable steps at once", |b| {
        b.to_async(&runtime)
            .iter(|| join_all((0..MANY).map(|n| ringing.step(&store, n))));
    });
    group.bench_function("64 calls found by id", |b| {
        b.to_async(&runtime).iter(|| async {
            for call in &ringing.calls {
                let _ = store.call(&call.id).await;
            }
        });
    });
    group.finish();
    // Criterion reports; whether closing works is the tests' business.
    let _ = runtime.block_on(store.close());
}

/// Calls that ring again and again: each is replaced by itself, as a step that
/// changes it would.
struct Ringing {
    calls: Vec<Call>,
    versions: Vec<AtomicU64>,
}

impl Ringing {
    fn new(runtime: &Runtime, store: &SqliteStore) -> Self {
        let calls: Vec<Call> = (0..MANY)
            .map(|n| {
                let call = sample::placed_call(n);
                let effects_due = call.created_at;
                let new = NewCall {
                    call: call.clone(),
                    effects: Vec::new(),
                    effects_due,
                    key: None,
                };
                runtime
                    .block_on(store.insert(new))
                    .expect("a call can be inserted");
                let report = LegReport {
                    leg: sample::leg(n),
                    status: CallStatus::Ringing,
                    at: None,
                    duration: None,
                    reason: None,
                };
                let step = call.step(Signal::Reported(report), effects_due);
                step.expect("a report is never refused").call
            })
            .collect();
        let versions = calls.iter().map(|_| AtomicU64::new(0)).collect();
        Self { calls, versions }
    }

    async fn step(&self, store: &SqliteStore, n: u64) {
        let place = n as usize;
        let (call, version) = (&self.calls[place], &self.versions[place]);
        let held = Version(version.load(Ordering::Relaxed));
        let replaced = store.replace(call, held, &[], call.created_at).await;
        let Ok(Replaced::Done(next)) = replaced else {
            panic!("{replaced:?}")
        };
        version.store(next.0, Ordering::Relaxed);
    }
}

criterion_group!(benches, step);
criterion_main!(benches);
