//! The copies of a user's own log: kept for five minutes, and never older than
//! what a write has been answered for.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use voip_core::{
    Call, CallId, CallSettings, Calls, DeleteLogError, Ended, FinalStatus, Ports, State, UserId,
    ports::{CallStore, Clock, LogEntry, NewCall},
};
use voip_store::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
use voip_testkit::{FakePush, FakeTelephony, ManualClock};

const LEG: &str = "CA00000000000000000000000000000001";

/// A node with one call of Ann's, which is ringing.
struct Node {
    calls: Calls,
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    ann: UserId,
    call: CallId,
    /// How often a page was written.
    written: AtomicUsize,
}

impl Node {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(MemoryStore::default());
        let ports = Ports {
            telephony: Arc::new(FakeTelephony::new(Arc::clone(&clock) as _)),
            calls: Arc::clone(&store) as _,
            users: Arc::clone(&store) as _,
            push: Arc::new(FakePush::new(Arc::clone(&clock) as _)),
            cache: Arc::new(MemoryCache::new(Arc::clone(&clock) as _)),
            bus: Arc::new(MemoryBus::default()),
            limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock) as _)),
            clock: Arc::clone(&clock) as _,
        };
        let node = Self {
            calls: Calls::new(ports, CallSettings::default()),
            store,
            call: CallId::fresh(),
            ann: "ann".parse().unwrap(),
            clock,
            written: AtomicUsize::new(0),
        };
        node.add(node.call, Some(LEG)).await;
        node
    }

    /// Puts a call on record past the service, as another program would.
    async fn add(&self, id: CallId, leg: Option<&str>) {
        let number = |text: &str| text.parse().unwrap();
        let (from, to) = (number("+15550001111"), number("+15550002222"));
        let owner = Some(self.ann.clone());
        let now = self.clock.now();
        let step = Call::outbound(id, from, to, owner, None, now);
        let call = Call {
            provider_id: leg.map(|leg| leg.parse().unwrap()),
            ..step.call
        };
        let new = NewCall {
            call,
            effects: vec![],
            effects_due: now,
            key: None,
        };
        self.store.insert(new).await.unwrap();
    }

    fn write(&self, entries: &[LogEntry]) -> Bytes {
        self.written.fetch_add(1, Ordering::SeqCst);
        let lines = entries
            .iter()
            .map(|entry| format!("{} {}\n", entry.id, entry.status.as_str()));
        Bytes::from(lines.collect::<String>())
    }

    /// The log as Ann reads it.
    async fn read(&self) -> String {
        let write = |entries: Vec<LogEntry>| self.write(&entries);
        let page = self.calls.first_own_log_page(&self.ann, 10, write).await;
        String::from_utf8(page.unwrap().to_vec()).unwrap()
    }

    fn line(&self, status: &str) -> String {
        format!("{} {status}\n", self.call)
    }
}

#[tokio::test]
async fn a_copy_serves_for_five_minutes_and_no_longer() {
    let node = Node::new().await;
    let first = node.read().await;
    let other = CallId::fresh();
    node.add(other, None).await;
    node.clock.advance(Duration::from_secs(299));
    assert_eq!(node.read().await, first);
    assert_eq!(node.written.load(Ordering::SeqCst), 1);
    node.clock.advance(Duration::from_secs(1));
    assert!(node.read().await.contains(&other.to_string()));
    assert_eq!(node.written.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_reads_after_a_write_reads_what_was_written() {
    let node = Node::new().await;
    let (calls, ann) = (&node.calls, &node.ann);
    assert_eq!(node.read().await, node.line("initiated"));
    let live = calls.delete_log(LEG, ann).await;
    assert!(matches!(live, Err(DeleteLogError::Live)), "{live:?}");
    calls.hang_up(&node.call, Some(ann)).await.unwrap();
    let ended = node.line("canceled");
    assert_eq!(node.read().await, ended);
    for name in [LEG.to_owned(), node.call.to_string()] {
        calls.delete_log(&name, ann).await.unwrap();
        assert_eq!(node.read().await, "", "{name}");
        calls.delete_log(&name, ann).await.unwrap();
        assert_eq!(node.read().await, "", "twice is once");
        calls.restore_log(&name, ann).await.unwrap();
        assert_eq!(node.read().await, ended, "{name}");
        calls.restore_log(&name, ann).await.unwrap();
        assert_eq!(node.read().await, ended, "twice is once");
    }
}

#[tokio::test]
async fn a_slow_reader_does_not_put_an_old_list_back() {
    let node = Node::new().await;
    let (calls, ann) = (&node.calls, &node.ann);
    calls.hang_up(&node.call, Some(ann)).await.unwrap();
    let runtime = tokio::runtime::Handle::current();
    // Between what a reader has read and what it keeps, the call is deleted.
    let write = |entries: Vec<LogEntry>| {
        let page = node.write(&entries);
        let deleted = std::thread::scope(|scope| {
            let delete = || runtime.block_on(calls.delete_log(LEG, ann));
            scope.spawn(delete).join().unwrap()
        });
        deleted.unwrap();
        page
    };
    let slow = calls.first_own_log_page(ann, 10, write).await.unwrap();
    assert_eq!(
        slow,
        node.line("canceled"),
        "it has read before the deletion"
    );
    assert_eq!(node.read().await, "", "nobody else is shown that");
    // And what was read after the deletion is kept.
    assert_eq!(node.read().await, "");
    assert_eq!(node.written.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn nobody_changes_the_log_of_somebody_else() {
    let node = Node::new().await;
    let over = node.store.call(&node.call).await.unwrap().unwrap();
    let ended = Ended {
        status: FinalStatus::Completed,
        at: node.clock.now(),
        answered_at: None,
        duration: None,
        reason: None,
        trouble: None,
    };
    let call = Call {
        state: State::Ended(ended),
        ..over.call
    };
    let saved = node
        .store
        .replace(&call, over.version, &[], node.clock.now())
        .await;
    saved.unwrap();
    let bob = "bob".parse().unwrap();
    let before = node.read().await;
    for name in [
        LEG,
        &node.call.to_string(),
        "CA2",
        "",
        "nonsense",
        &CallId::fresh().to_string(),
    ] {
        let deleted = node.calls.delete_log(name, &bob).await;
        assert!(
            matches!(deleted, Err(DeleteLogError::Unknown)),
            "{deleted:?}"
        );
        let restored = node.calls.restore_log(name, &bob).await;
        assert!(
            matches!(restored, Err(DeleteLogError::Unknown)),
            "{restored:?}"
        );
    }
    assert_eq!(node.read().await, before);
}
