use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use voip_core::{CallStatus, ErrorKind};

use crate::App;

/// Every figure of one server. Labels are words of the program, so there are few,
/// and nothing about a person is among them. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Figures>);

struct Figures {
    registry: Registry,
    calls_begun: Family<One, Counter>,
    calls_ended: Family<One, Counter>,
    webhooks: Family<Two, Counter>,
    webhook_time: Histogram,
    pushes: Family<Two, Counter>,
    storage_time: Family<One, Histogram, fn() -> Histogram>,
    storage_errors: Family<One, Counter>,
    sockets: Family<One, Gauge>,
    effects: Family<One, Gauge>,
    to_look_up: Gauge,
    redis_up: Family<[(&'static str, &'static str); 0], Gauge>,
}

type One = [(&'static str, &'static str); 1];
type Two = [(&'static str, &'static str); 2];

/// From one flush of a quick disk to the longest that a request may take.
const SECONDS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0,
];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("voip");
        let figures = Figures {
            calls_begun: Family::default(),
            calls_ended: Family::default(),
            webhooks: Family::default(),
            webhook_time: seconds(),
            pushes: Family::default(),
            storage_time: Family::new_with_constructor(seconds as fn() -> Histogram),
            storage_errors: Family::default(),
            sockets: Family::default(),
            effects: Family::default(),
            to_look_up: Gauge::default(),
            redis_up: Family::default(),
            registry: Registry::default(),
        };
        let all = &figures;
        registry.register(
            "calls_begun",
            "Calls put on record here, by direction",
            all.calls_begun.clone(),
        );
        registry.register(
            "calls_ended",
            "Calls whose end was noted here, by outcome",
            all.calls_ended.clone(),
        );
        registry.register(
            "webhooks",
            "Requests of the provider, by path and what came of them",
            all.webhooks.clone(),
        );
        registry.register(
            "webhook_seconds",
            "How long requests of the provider took",
            all.webhook_time.clone(),
        );
        registry.register(
            "pushes",
            "Pushes to devices, by service and what came of them",
            all.pushes.clone(),
        );
        registry.register(
            "storage_seconds",
            "How long storage took over calls, by kind of work",
            all.storage_time.clone(),
        );
        registry.register(
            "storage_errors",
            "What storage did not do, by kind of error",
            all.storage_errors.clone(),
        );
        registry.register(
            "sockets",
            "Clients connected now, by protocol",
            all.sockets.clone(),
        );
        registry.register(
            "effects",
            "What is to be done at the provider and push services: under_way here, or resting after failures",
            all.effects.clone(),
        );
        registry.register(
            "calls_to_look_up",
            "Calls that the provider is still to be asked about after an outage",
            all.to_look_up.clone(),
        );
        registry.register(
            "redis_up",
            "1 while this node reaches Redis and hears the others, else 0; missing without Redis",
            all.redis_up.clone(),
        );
        Self(Arc::new(Figures {
            registry,
            ..figures
        }))
    }
}

impl Metrics {
    pub(super) fn call_begun(&self, direction: &'static str) {
        let begun = &self.0.calls_begun;
        begun.get_or_create(&[("direction", direction)]).inc();
    }

    pub(super) fn call_ended(&self, outcome: CallStatus) {
        let ended = &self.0.calls_ended;
        ended.get_or_create(&[("outcome", outcome.as_str())]).inc();
    }

    /// A request of the provider to this route was answered with this status.
    pub(crate) fn webhook(&self, path: &'static str, status: u16, took: Duration) {
        let outcome = match status {
            200..=299 => "taken",
            403 => "refused",
            400..=499 => "unreadable",
            _ => "failed",
        };
        let labels = [("path", path), ("outcome", outcome)];
        self.0.webhooks.get_or_create(&labels).inc();
        self.0.webhook_time.observe(took.as_secs_f64());
    }

    pub(super) fn push(&self, service: &'static str, outcome: &'static str) {
        let labels = [("service", service), ("outcome", outcome)];
        self.0.pushes.get_or_create(&labels).inc();
    }

    /// Where the times of one kind of work are kept.
    pub(super) fn storage_time(&self, work: &'static str) -> Histogram {
        let times = &self.0.storage_time;
        times.get_or_create_owned(&[("work", work)])
    }

    pub(super) fn storage_error(&self, kind: ErrorKind) {
        let kind = match kind {
            ErrorKind::Refused => "refused",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Malformed => "malformed",
            ErrorKind::Misconfigured => "misconfigured",
            ErrorKind::Exhausted => "exhausted",
            // The set is open.
            _ => "other",
        };
        let errors = &self.0.storage_errors;
        errors.get_or_create(&[("kind", kind)]).inc();
    }

    /// All figures as text, with those that are looked up now.
    pub(super) fn page(&self, app: &App) -> Result<String, fmt::Error> {
        let figures = &self.0;
        let sockets = [
            ("websocket", app.hub.len()),
            ("socketio", app.hub.legs().sessions()),
        ];
        for (protocol, count) in sockets {
            let gauge = figures.sockets.get_or_create(&[("protocol", protocol)]);
            gauge.set(whole(count));
        }
        let backlog = app.calls.backlog();
        let effects = [
            ("under_way", backlog.under_way),
            ("resting", backlog.resting),
        ];
        for (state, count) in effects {
            let gauge = figures.effects.get_or_create(&[("state", state)]);
            gauge.set(whole(count));
        }
        figures.to_look_up.set(whole(backlog.to_look_up));
        if let Some(redis) = &app.redis {
            let gauge = figures.redis_up.get_or_create(&[]);
            gauge.set(i64::from(redis.is_up()));
        }
        let mut text = String::with_capacity(8 * 1024);
        encode(&mut text, &figures.registry)?;
        Ok(text)
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
