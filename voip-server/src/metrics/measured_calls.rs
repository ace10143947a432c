use std::{fmt, future::Future, sync::Arc, time::Instant};

use async_trait::async_trait;
use prometheus_client::metrics::histogram::Histogram;
use voip_core::{
    Call, CallId, Effect, ProviderCallId, Result, Timestamp, UserId,
    ports::{
        CallStore, ClaimedEffect, EffectLease, Held, Inserted, LegReport, LogChange, LogEntry,
        LogQuery, NewCall, Replaced, Version,
    },
};

use super::Metrics;

/// Storage of calls that times all it does and counts what it does not.
pub(crate) struct MeasuredCalls {
    calls: Arc<dyn CallStore>,
    metrics: Metrics,
    times: Times,
}

/// The times of each kind of work, found once.
struct Times {
    insert: Histogram,
    find: Histogram,
    replace: Histogram,
    sweep: Histogram,
    settle: Histogram,
    report: Histogram,
    log: Histogram,
    log_change: Histogram,
    live: Histogram,
    ping: Histogram,
    clear: Histogram,
}

impl MeasuredCalls {
    pub(crate) fn new(calls: Arc<dyn CallStore>, metrics: Metrics) -> Self {
        Self {
            calls,
            times: Times {
                insert: metrics.storage_time("insert"),
                find: metrics.storage_time("find"),
                replace: metrics.storage_time("replace"),
                sweep: metrics.storage_time("sweep"),
                settle: metrics.storage_time("settle"),
                report: metrics.storage_time("report"),
                log: metrics.storage_time("log"),
                log_change: metrics.storage_time("log_change"),
                live: metrics.storage_time("live"),
                ping: metrics.storage_time("ping"),
                clear: metrics.storage_time("clear"),
            },
            metrics,
        }
    }

    async fn timed<T>(
        &self,
        times: &Histogram,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let began = Instant::now();
        let outcome = work.await;
        times.observe(began.elapsed().as_secs_f64());
        outcome.inspect_err(|error| self.metrics.storage_error(error.kind()))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl CallStore for MeasuredCalls {
    async fn insert(&self, new: NewCall) -> Result<Inserted> {
        let work = self.calls.insert(new);
        self.timed(&self.times.insert, work).await
    }

    async fn known(&self, new: &NewCall) -> Result<Option<Held>> {
        let work = self.calls.known(new);
        self.timed(&self.times.find, work).await
    }

    async fn call(&self, id: &CallId) -> Result<Option<Held>> {
        let work = self.calls.call(id);
        self.timed(&self.times.find, work).await
    }

    async fn call_by_provider_id(&self, id: &ProviderCallId) -> Result<Option<Held>> {
        let work = self.calls.call_by_provider_id(id);
        self.timed(&self.times.find, work).await
    }

    fn recall(&self, id: &CallId) -> Option<Held> {
        self.calls.recall(id)
    }

    fn recall_by_provider_id(&self, id: &ProviderCallId) -> Option<Held> {
        self.calls.recall_by_provider_id(id)
    }

    async fn replace(
        &self,
        call: &Call,
        version: Version,
        effects: &[Effect],
        effects_due: Timestamp,
    ) -> Result<Replaced> {
        let work = self.calls.replace(call, version, effects, effects_due);
        self.timed(&self.times.replace, work).await
    }

    async fn due_calls(&self, now: Timestamp, limit: usize) -> Result<Vec<CallId>> {
        let work = self.calls.due_calls(now, limit);
        self.timed(&self.times.sweep, work).await
    }

    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>> {
        let work = self.calls.claim_effects(now, lease_until, limit);
        self.timed(&self.times.sweep, work).await
    }

    async fn renew_leases(&self, leases: &[EffectLease], until: Timestamp) -> Result<()> {
        let work = self.calls.renew_leases(leases, until);
        self.timed(&self.times.sweep, work).await
    }

    async fn settle_effect(&self, call: &CallId, effect: Effect) -> Result<()> {
        let work = self.calls.settle_effect(call, effect);
        self.timed(&self.times.settle, work).await
    }

    async fn keep_report(&self, report: &LegReport, now: Timestamp) -> Result<()> {
        let work = self.calls.keep_report(report, now);
        self.timed(&self.times.report, work).await
    }

    async fn take_reports(&self, leg: &ProviderCallId) -> Result<Vec<LegReport>> {
        let work = self.calls.take_reports(leg);
        self.timed(&self.times.report, work).await
    }

    async fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>> {
        let work = self.calls.log(query);
        self.timed(&self.times.log, work).await
    }

    async fn delete_log(&self, owner: &UserId, call: &CallId, at: Timestamp) -> Result<LogChange> {
        let work = self.calls.delete_log(owner, call, at);
        self.timed(&self.times.log_change, work).await
    }

    async fn restore_log(&self, owner: &UserId, call: &CallId) -> Result<LogChange> {
        let work = self.calls.restore_log(owner, call);
        self.timed(&self.times.log_change, work).await
    }

    async fn live_calls(&self, user: &UserId) -> Result<Vec<Call>> {
        let work = self.calls.live_calls(user);
        self.timed(&self.times.live, work).await
    }

    async fn ping(&self) -> Result<()> {
        let work = self.calls.ping();
        self.timed(&self.times.ping, work).await
    }

    async fn clear_calls(&self) -> Result<u64> {
        let work = self.calls.clear_calls();
        self.timed(&self.times.clear, work).await
    }
}

impl fmt::Debug for MeasuredCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calls.fmt(f)
    }
}
