//! A push service in memory.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::watch;
use voip_core::{
    Device, Error, Platform, PushToken, Result, Timestamp,
    ports::{Clock, Delivery, Push, PushSender},
};

/// A push service in memory, which remembers what it was asked to send and can
/// be told what to answer.
///
/// Serves every platform unless it is made with [`FakePush::serving`]. Keeps
/// the promises of [`PushSender`], so it stands in for a real one.
///
/// ```
/// use std::sync::Arc;
///
/// use voip_core::{Device, ErrorKind, Error, Platform, ports::{Clock, Delivery, Push, PushSender}};
/// use voip_testkit::{FakePush, ManualClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = Arc::new(ManualClock::default());
/// let push = FakePush::new(clock.clone());
/// let phone = Device {
///     token: "phone".parse().unwrap(),
///     platform: Platform::Fcm,
///     last_seen: clock.now(),
/// };
/// let missed = Push::MissedCall { call: voip_core::CallId::fresh(), caller: "Ann".into() };
///
/// push.fail_next(Error::new(ErrorKind::Unavailable, "out of order"));
/// assert!(push.send(&phone, &missed).await.is_err());
/// push.send(&phone, &missed).await.unwrap();
/// push.lose(&phone.token);
/// assert_eq!(push.send(&phone, &missed).await.unwrap(), Delivery::Gone);
/// assert_eq!(push.sent().len(), 1);
/// # }
/// ```
#[derive(Debug)]
pub struct FakePush {
    clock: Arc<dyn Clock>,
    only: Option<Platform>,
    script: Mutex<Script>,
    sent: watch::Sender<Vec<SentPush>>,
}

/// A push that [`FakePush`] accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentPush {
    /// Where it went.
    pub device: Device,
    /// What it said.
    pub push: Push,
    /// When it was accepted.
    pub at: Timestamp,
}

#[derive(Debug, Default)]
struct Script {
    asked: usize,
    gone: HashSet<PushToken>,
    failures: VecDeque<Error>,
}

impl FakePush {
    /// A service for every platform.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (script, sent) = (Mutex::default(), watch::Sender::new(Vec::new()));
        Self {
            clock,
            only: None,
            script,
            sent,
        }
    }

    /// A service for one platform; it skips the devices of others.
    pub fn serving(platform: Platform, clock: Arc<dyn Clock>) -> Self {
        Self {
            only: Some(platform),
            ..Self::new(clock)
        }
    }

    /// From now on, the device with this token is gone.
    pub fn lose(&self, token: &PushToken) {
        self.script().gone.insert(token.clone());
    }

    /// The device with this token is there again.
    pub fn find(&self, token: &PushToken) {
        self.script().gone.remove(token);
    }

    /// The next push fails with `error`. Said several times, the next ones do,
    /// one each.
    pub fn fail_next(&self, error: Error) {
        self.script().failures.push_back(error);
    }

    /// How many pushes the service was asked to send, whatever it answered.
    /// What was skipped is not among them.
    pub fn asked(&self) -> usize {
        self.script().asked
    }

    /// Every push it accepted, in order.
    pub fn sent(&self) -> Vec<SentPush> {
        self.sent.borrow().clone()
    }

    /// Waits until it accepted at least `count` pushes, and gives them all.
    /// May be dropped at any time.
    pub async fn sent_at_least(&self, count: usize) -> Vec<SentPush> {
        let mut sent = self.sent.subscribe();
        // An error means that the sender is gone, and it is ours.
        let _ = sent.wait_for(|sent| sent.len() >= count).await;
        self.sent()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PushSender for FakePush {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let at = self.clock.now();
        let late = matches!(
            push,
            Push::IncomingCall { until, .. } | Push::RingOver { until, .. } if at >= *until
        );
        if late || self.only.is_some_and(|only| device.platform != only) {
            return Ok(Delivery::Skipped);
        }
        let number = {
            let mut script = self.script();
            script.asked += 1;
            if let Some(error) = script.failures.pop_front() {
                return Err(error);
            }
            if script.gone.contains(&device.token) {
                return Ok(Delivery::Gone);
            }
            script.asked
        };
        let entry = SentPush {
            device: device.clone(),
            push: push.clone(),
            at,
        };
        self.sent.send_modify(|sent| sent.push(entry));
        Ok(Delivery::Accepted {
            receipt: format!("fake-push-{number}"),
        })
    }
}
