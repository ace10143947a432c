use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use voip_core::CallStatus;
use voip_sim::{
    inspect::{DeliveryOutcome, WebhookView},
    webhook::WebhookKind,
};

use super::{Client, OURS, Provider, Row, USER};

/// Whoever reads the logs again and again and knows what was in them before.
pub(crate) struct Witness {
    client: Client,
    provider: Provider,
    /// The logs as they were last seen.
    known: Mutex<Known>,
    /// The first webhook that may still have to be looked at: what has come of
    /// all before it is known, and shown.
    first: AtomicU64,
    /// The ends that were acknowledged before their call was on record, by leg,
    /// and since when.
    owed: Mutex<HashMap<String, Instant>>,
    /// One look after the other: one that began earlier sees less.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// By call.
    rows: HashMap<String, Row>,
    /// The call of each leg.
    calls: HashMap<String, String>,
}

/// More rows than a log has.
const WHOLE: usize = 10_000;

/// More rows than may change between two looks at a whole log: old ones are over.
const NEWEST: usize = 500;

/// How many glances at the newest rows come between two looks at all.
const GLANCES: usize = 40;

impl Witness {
    /// Reads the logs of this server, whose provider this is.
    pub(crate) fn new(client: Client, provider: Provider) -> Self {
        Self {
            client,
            provider,
            known: Mutex::default(),
            first: AtomicU64::default(),
            owed: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        }
    }

    /// Every row seen last.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.known().rows.values().cloned().collect()
    }

    /// The row of a call.
    pub(crate) fn row(&self, call: &str) -> Option<Row> {
        self.known().rows.get(call).cloned()
    }

    /// The row of a provider's leg.
    pub(crate) fn row_of(&self, sid: &str) -> Option<Row> {
        let known = self.known();
        known.rows.get(known.calls.get(sid)?).cloned()
    }

    /// Reads the logs and holds them against what is known already: nothing
    /// vanishes, nothing moves backwards, and every webhook that was accepted
    /// before the look shows. Returns whether anybody was there to be asked.
    pub(crate) async fn look(&self) -> bool {
        self.read(WHOLE).await
    }

    /// [`look`](Self::look)s all the time, mostly at the newest rows alone,
    /// until told to stop.
    pub(crate) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        for n in 1_usize.. {
            if stop.is_cancelled() {
                return;
            }
            let most = if n.is_multiple_of(GLANCES) {
                WHOLE
            } else {
                NEWEST
            };
            self.read(most).await;
            // real time: the server needs the processor more than we do.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn read(&self, most: usize) -> bool {
        let _turn = self.looking.lock().await;
        let webhooks = self
            .provider
            .sim
            .webhooks_from(self.first.load(Ordering::Relaxed));
        let theirs = self.client.newest_of_log(USER, most);
        let ours = self.client.newest_of_log(OURS, most);
        let (Some(theirs), Some(ours)) = (theirs.await, ours.await) else {
            return false;
        };
        let whole = theirs.len() < most && ours.len() < most;
        assert!(whole || most < WHOLE, "the logs are too long to be read");
        let now: HashMap<String, Row> = theirs
            .into_iter()
            .chain(ours)
            .map(|row| (row.call_id.clone(), row))
            .collect();
        let mut known = self.known();
        if whole {
            let lost = known.rows.keys().find(|call| !now.contains_key(*call));
            assert_eq!(lost, None, "no row vanishes");
        }
        for row in now.values() {
            known.learn(row);
        }
        let open = webhooks.iter().filter(|webhook| {
            let row = known.calls.get(webhook.call_sid.as_str());
            let row = row.and_then(|call| now.get(call));
            // What is not among the newest rows the next look at all will show.
            let looked = whole || row.is_some();
            match webhook.outcome {
                DeliveryOutcome::Pending => true,
                _ if !accepted(webhook) => false,
                _ => !looked || !self.shown(webhook, row),
            }
        });
        // One more than the last where none is open.
        let next = webhooks.last().map(|last| last.id.get() + 1);
        if let Some(first) = open.map(|open| open.id.get()).min().or(next) {
            self.first.store(first, Ordering::Relaxed);
        }
        true
    }

    /// Whether an accepted webhook shows; it may be owed for a while.
    fn shown(&self, webhook: &WebhookView, row: Option<&Row>) -> bool {
        let shown = shows(webhook, row);
        if !shown {
            let mut owed = self.owed.lock().expect("nothing fails meanwhile");
            let leg = webhook.call_sid.as_str().to_owned();
            let since = *owed.entry(leg).or_insert_with(Instant::now);
            assert!(since.elapsed() < OWED, "the log does not show {webhook:?}");
        }
        shown
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known
            .lock()
            .expect("a failed look has failed the test already")
    }
}

impl Known {
    /// Takes in a row, which may not be behind the one that is known.
    fn learn(&mut self, row: &Row) {
        if let Some(before) = self.rows.get(&row.call_id) {
            assert!(
                row.status.rank() >= before.status.rank(),
                "{before:?} became {row:?}"
            );
            assert!(
                !before.status.is_final() || row == before,
                "{before:?} became {row:?}"
            );
            assert!(before.twilio_sid.is_none() || row.twilio_sid == before.twilio_sid);
        }
        if let Some(sid) = &row.twilio_sid {
            self.calls.insert(sid.clone(), row.call_id.clone());
        }
        self.rows.insert(row.call_id.clone(), row.clone());
    }
}

/// Whether the server has said that it has this webhook.
pub(crate) fn accepted(webhook: &WebhookView) -> bool {
    matches!(
        webhook.outcome,
        DeliveryOutcome::Replied {
            status: 200..=299,
            ..
        }
    )
}

/// How soon the log has to show what was said of a call before it was on record:
/// its insert may have been given up by who waited, and come about all the same.
const OWED: Duration = Duration::from_secs(15);

/// Whether a webhook that was accepted shows in the log; one that need not yet
/// may not.
fn shows(webhook: &WebhookView, row: Option<&Row>) -> bool {
    if webhook.url.ends_with("/twilio-inbound") {
        assert!(
            row.is_some(),
            "an inbound call that was taken is in the log: {webhook:?}"
        );
        return true;
    }
    let status = webhook
        .field("CallStatus")
        .and_then(|word| word.parse::<CallStatus>().ok());
    let ours = webhook.field("ParentCallSid").is_none();
    let (WebhookKind::Status, Some(status), true) = (webhook.kind, status, ours) else {
        return true;
    };
    match (webhook.field("Direction"), row) {
        // The end of a caller whose call never came in is nobody's.
        (Some("inbound"), None) => true,
        // What a waiting caller's leg does is no status of the call, but its end is.
        (Some("inbound"), Some(row)) => row.status.is_final() || !status.is_final(),
        (_, None) => panic!("a call whose webhook was accepted is in the log: {webhook:?}"),
        (_, Some(row)) => {
            assert!(
                row.status.rank() >= status.rank(),
                "{webhook:?} but {row:?}"
            );
            true
        }
    }
}
