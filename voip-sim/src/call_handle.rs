//! A leg in the hands of a test: to look at, to drive, and to wait for.

use std::fmt::Write as _;
use std::time::Duration;

use crate::engine::DriveError;
use crate::faults::{WebhookFault, WebhookTarget};
use crate::inspect::{CallView, Happening, JournalEntry};
use crate::shell::Shared;
use crate::sid::CallSid;

/// The longest that a wait takes before the test has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// One leg of a running simulator.
///
/// Its waits end with the simulator's own changes, so they take no longer than they must; one
/// that is not fulfilled within half a minute, or can never be, panics and tells what happened
/// instead: they are assertions.
#[derive(Clone)]
pub struct CallHandle<'a> {
    shared: &'a Shared,
    sid: CallSid,
}

impl<'a> CallHandle<'a> {
    pub(crate) fn new(shared: &'a Shared, sid: CallSid) -> Self {
        Self { shared, sid }
    }

    /// The leg's SID.
    pub fn sid(&self) -> &CallSid {
        &self.sid
    }

    /// The leg as it stands; `None` when it is not known (any more).
    pub fn view(&self) -> Option<CallView> {
        self.shared.look(|engine, _| engine.call(&self.sid))
    }

    /// What happened to it so far, oldest first.
    pub fn timeline(&self) -> Vec<JournalEntry> {
        self.shared.look(|engine, _| engine.timeline(&self.sid))
    }

    /// Waits until the leg has had this status, in the vendor's words such as `in-progress`.
    ///
    /// # Panics
    /// When it ends without, or takes longer than half a minute.
    pub async fn reached(&self, status: &str) -> CallView {
        let had = |call: &CallView| {
            let entries = self.shared.look(|engine, _| engine.timeline(&self.sid));
            call.status.as_str() == status
                || entries.iter().any(|entry| match &entry.what {
                    Happening::State { status: had } | Happening::Made { status: had, .. } => {
                        had.as_str() == status
                    }
                    _ => false,
                })
        };
        self.is(&format!("reaches {status:?}"), had).await
    }

    /// Waits until the far end has heard a text that has these words in it.
    ///
    /// # Panics
    /// As [`reached`](Self::reached).
    pub async fn heard(&self, words: &str) -> CallView {
        let heard = |call: &CallView| call.said().iter().any(|said| said.contains(words));
        self.is(&format!("hears {words:?}"), heard).await
    }

    /// Waits until the leg is connected with somebody, by a bridge or in a conference.
    ///
    /// # Panics
    /// As [`reached`](Self::reached).
    pub async fn connected(&self) -> CallView {
        self.is("is connected", |call| !call.hears.is_empty()).await
    }

    /// Waits until the leg waits for keys or for speech.
    ///
    /// # Panics
    /// As [`reached`](Self::reached).
    pub async fn listens(&self) -> CallView {
        self.is("listens", |call| call.doing == "gather").await
    }

    /// Waits until the leg is over.
    ///
    /// # Panics
    /// When that takes longer than half a minute.
    pub async fn ended(&self) -> CallView {
        self.is("ends", |call| call.status.is_final()).await
    }

    /// Waits until the leg is as wished; `what` completes the sentence "the call …".
    ///
    /// # Panics
    /// As [`reached`](Self::reached).
    pub async fn is(&self, what: &str, wished: impl Fn(&CallView) -> bool) -> CallView {
        let mut changes = self.shared.changes();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                match self.view() {
                    Some(call) if wished(&call) => return Ok(call),
                    Some(call) if call.status.is_final() => return Err("it is over"),
                    Some(_) => {}
                    None => return Err("it is not known"),
                }
                if changes.changed().await.is_err() {
                    return Err("the simulator has stopped");
                }
            }
        };
        // real time: the simulator lives in real time, and a test must not hang.
        let outcome = tokio::time::timeout(PATIENCE, waiting).await;
        match outcome.unwrap_or(Err("it took too long")) {
            Ok(call) => call,
            Err(why) => panic!(
                "the call {} should have been seen so that it {what}, and {why}; it went like \
                 this:{}",
                self.sid,
                told(&self.timeline())
            ),
        }
    }

    /// What the leg heard of late, two seconds at most, oldest first; nothing for a leg that the
    /// mixer does not know.
    #[cfg(feature = "media")]
    pub async fn ear(&self) -> Vec<i16> {
        let Some(exchange) = self.shared.exchange() else {
            return Vec::new();
        };
        let call = self.sid.clone();
        let heard = exchange.ask(|reply| crate::browser::Command::Heard { call, reply });
        heard
            .await
            .flatten()
            .map_or_else(Vec::new, |(samples, _)| samples)
    }

    /// Lets the next matching webhooks about this leg meet this fault.
    pub fn fail_next_webhook(&self, target: WebhookTarget, fault: WebhookFault, times: usize) {
        let sid = self.sid.as_str();
        self.shared
            .turn(|engine, _| engine.fail_next_webhook_about(sid, target, fault, times));
    }

    /// The far end of the ringing leg answers.
    ///
    /// # Errors
    /// As [`Engine::pick_up`](crate::engine::Engine::pick_up).
    pub fn answer(&self) -> Result<(), DriveError> {
        self.shared
            .turn(|engine, now| engine.pick_up(now, &self.sid))
    }

    /// The far end of the ringing leg declines.
    ///
    /// # Errors
    /// As [`Engine::reject`](crate::engine::Engine::reject).
    pub fn reject(&self) -> Result<(), DriveError> {
        self.shared
            .turn(|engine, now| engine.reject(now, &self.sid))
    }

    /// The far end presses keys.
    ///
    /// # Errors
    /// As [`Engine::press`](crate::engine::Engine::press).
    pub fn press(&self, keys: &str) -> Result<(), DriveError> {
        self.shared
            .turn(|engine, now| engine.press(now, &self.sid, keys))
    }

    /// The far end says something.
    ///
    /// # Errors
    /// As [`Engine::speak`](crate::engine::Engine::speak).
    pub fn say(&self, text: &str) -> Result<(), DriveError> {
        self.shared
            .turn(|engine, now| engine.speak(now, &self.sid, text))
    }

    /// The far end hangs up.
    ///
    /// # Errors
    /// As [`Engine::hang_up`](crate::engine::Engine::hang_up).
    pub fn hang_up(&self) -> Result<(), DriveError> {
        self.shared
            .turn(|engine, now| engine.hang_up(now, &self.sid))
    }
}

/// Waits until there is a leg as wished.
pub(crate) async fn call_that<'a>(
    shared: &'a Shared,
    wished: impl Fn(&CallView) -> bool,
) -> CallHandle<'a> {
    let mut changes = shared.changes();
    let waiting = async {
        loop {
            changes.borrow_and_update();
            let found = shared.look(|engine, _| engine.calls());
            if let Some(call) = found.into_iter().rev().find(|call| wished(call)) {
                return Some(call.sid);
            }
            changes.changed().await.ok()?;
        }
    };
    // real time: as above.
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(Some(sid)) => CallHandle::new(shared, sid),
        Ok(None) | Err(_) => panic!("there should have been a call as wished, and there was none"),
    }
}

/// A timeline in a few words; numbers and texts are left out.
fn told(entries: &[JournalEntry]) -> String {
    let mut told = String::new();
    for entry in entries {
        let line = match &entry.what {
            Happening::Rest {
                method,
                status,
                code,
                ..
            } => {
                format!("{method} over REST: {status} {code:?}")
            }
            Happening::Made { status, .. } => format!("made {}", status.as_str()),
            Happening::State { status } => status.as_str().to_owned(),
            Happening::Webhook {
                webhook, purpose, ..
            } => {
                format!("webhook {} ({purpose:?})", webhook.get())
            }
            Happening::Attempt { webhook, attempt } => {
                format!("webhook {} goes out, attempt {attempt}", webhook.get())
            }
            Happening::Outcome {
                webhook,
                outcome,
                explanation,
            } => {
                let why = explanation.as_deref().unwrap_or_default();
                format!("webhook {}: {outcome:?} {why}", webhook.get())
            }
            Happening::Document { verbs } => format!("document: {}", verbs.join(", ")),
            Happening::Heard { .. } => "heard something".to_owned(),
            Happening::Alert {
                code, explanation, ..
            } => format!("{code}: {explanation}"),
            Happening::Conference { event, .. } => (*event).to_owned(),
            Happening::Reset => "everything was forgotten".to_owned(),
        };
        // Writing to a text cannot fail.
        let _ = write!(told, "\n  {line}");
    }
    told
}

impl std::fmt::Debug for CallHandle<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallHandle")
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}
