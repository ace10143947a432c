use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voip_core::CallStatus;
use voip_sim::{
    inspect::{CallView, DeliveryOutcome, Status, WebhookView},
    phone::{Outcome, PhoneScript},
    sid::CallSid,
    webhook::WebhookKind,
};

use super::{CALLER, Client, Dice, OURS, Provider, Row, USER, USERS_NUMBER};

/// Many calls at once, while the server comes and goes.
pub(crate) struct Storm {
    pub(crate) client: Client,
    pub(crate) provider: Provider,
    /// The logs as they were last seen, by call.
    rows: Mutex<HashMap<String, Row>>,
    /// The ends that were acknowledged before their call was on record, by leg,
    /// and since when.
    owed: Mutex<HashMap<String, Instant>>,
    /// One look after the other: one that began earlier sees less.
    looking: tokio::sync::Mutex<()>,
}

/// What the server has acknowledged of one call.
#[derive(Debug)]
pub(crate) enum Acknowledged {
    /// A call to this number is placed under this sid.
    Placed {
        call: String,
        to: String,
        sid: String,
        hung_up: bool,
    },
    /// A call to this number is not placed.
    NotPlaced {
        call: String,
        to: String,
        willing: bool,
    },
    /// An inbound call on this leg; of its user's word what was taken.
    Inbound {
        sid: CallSid,
        answered: bool,
        declined: bool,
    },
}

/// What becomes of an inbound call.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Answered,
    Declined,
    GivenUp,
    RungOut,
}

impl Storm {
    /// A storm in front of this server and provider.
    pub(crate) fn new(client: Client, provider: Provider) -> Arc<Self> {
        let client_script = PhoneScript::answers_after(Duration::from_millis(150));
        let talk = Duration::from_millis(400);
        provider
            .sim
            .set_client(USER, client_script.hanging_up_after(talk));
        Arc::new(Self {
            client,
            provider,
            rows: Mutex::default(),
            owed: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        })
    }

    /// Makes the `n`th call and sees it through as far as a client does.
    pub(crate) async fn call(&self, n: u64, mut dice: Dice) -> Acknowledged {
        if n % 4 == 3 {
            self.inbound(&mut dice).await
        } else {
            self.outbound(n, &mut dice).await
        }
    }

    /// Every row seen last.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.lock().values().cloned().collect()
    }

    /// The row of a call.
    pub(crate) fn row(&self, call: &str) -> Option<Row> {
        self.lock().get(call).cloned()
    }

    /// The row of a provider's leg.
    pub(crate) fn row_of(&self, sid: &str) -> Option<Row> {
        self.lock()
            .values()
            .find(|row| row.twilio_sid.as_deref() == Some(sid))
            .cloned()
    }

    /// Whether a caller and the user's voice client really heard each other:
    /// the client picked up, and the provider had connected the two when their
    /// conversation ended.
    pub(crate) fn talked(&self, caller: &CallSid) -> bool {
        let picked_up = |leg: CallView| {
            leg.to == format!("client:{USER}")
                && leg.answered_at.is_some()
                && leg.status == Status::Completed
        };
        let bridged = |webhook: WebhookView| {
            webhook.call_sid == *caller && webhook.field("DialBridged") == Some("true")
        };
        let provider = &self.provider;
        provider.dialled_by(caller).into_iter().any(picked_up)
            && provider.sim.webhooks().into_iter().any(bridged)
    }

    /// Reads the logs and holds them against what is known already: nothing
    /// vanishes, nothing moves backwards, and every webhook that was accepted
    /// before the look shows. Returns whether anybody was there to be asked.
    pub(crate) async fn look(&self) -> bool {
        let _turn = self.looking.lock().await;
        let accepted: Vec<WebhookView> = self
            .provider
            .sim
            .webhooks()
            .into_iter()
            .filter(accepted)
            .collect();
        let (theirs, ours) = (self.client.whole_log(USER), self.client.whole_log(OURS));
        let (Some(theirs), Some(ours)) = (theirs.await, ours.await) else {
            return false;
        };
        let now: HashMap<String, Row> = theirs
            .into_iter()
            .chain(ours)
            .map(|row| (row.call_id.clone(), row))
            .collect();
        for before in self.lock().values() {
            let row = now.get(&before.call_id).expect("no row vanishes");
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
        let by_leg = now
            .values()
            .filter_map(|row| Some((row.twilio_sid.as_deref()?, row)));
        let by_leg: HashMap<&str, &Row> = by_leg.collect();
        for webhook in &accepted {
            let leg = webhook.call_sid.as_str();
            if !shows(webhook, by_leg.get(leg).copied()) {
                let mut owed = self.owed.lock().expect("nothing fails meanwhile");
                let since = *owed.entry(leg.to_owned()).or_insert_with(Instant::now);
                assert!(since.elapsed() < OWED, "the log does not show {webhook:?}");
            }
        }
        *self.lock() = now;
        true
    }

    /// [`look`](Self::look)s all the time, until told to stop.
    pub(crate) async fn watch(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.look().await;
            // real time: the server needs the processor more than we do.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn outbound(&self, n: u64, dice: &mut Dice) -> Acknowledged {
        // A number of its own for each call, so that its legs are known.
        let (call, to) = (
            Uuid::new_v4().to_string(),
            format!("+1212{}", 5_560_000 + n),
        );
        let answers = PhoneScript::answers_after(dice.millis(0..600));
        let (script, willing, talks) = match dice.within(0..10) {
            0 => (PhoneScript::busy(), true, false),
            1 => (PhoneScript::offline(), true, false),
            2 => (PhoneScript::failed(), true, false),
            3 => (
                PhoneScript {
                    outcome: Outcome::Invalid,
                    ..answers
                },
                false,
                false,
            ),
            4 => (PhoneScript::rejects_after(dice.millis(0..600)), true, false),
            5..=7 => (answers.hanging_up_after(dice.millis(50..900)), true, false),
            _ => (answers, true, true),
        };
        self.provider.sim.set_phone(&to, script);
        // A call from the user's own number is connected to their voice client.
        let from = if talks { USERS_NUMBER } else { OURS };
        let wanted = json!({"to": to, "from": from, "callId": call});
        let (status, text) = self.client.insist("/start-call", &wanted).await;
        let answer: Value = serde_json::from_str(&text).expect("the answer is JSON");
        if status != 200 {
            assert!((502..=504).contains(&status), "{status} {text}");
            return Acknowledged::NotPlaced { call, to, willing };
        }
        assert_eq!(answer["callId"], call.as_str());
        let sid = answer["sid"].as_str().expect("a sid").to_owned();
        if talks {
            // real time: people talk.
            tokio::time::sleep(dice.millis(0..1_500)).await;
            let (status, text) = self
                .client
                .insist("/hangup", &json!({"callId": call}))
                .await;
            assert_eq!(status, 200, "{text}");
        }
        Acknowledged::Placed {
            call,
            to,
            sid,
            hung_up: talks,
        }
    }

    async fn inbound(&self, dice: &mut Dice) -> Acknowledged {
        let sim = &self.provider.sim;
        let sid = sim
            .place_call(CALLER, USERS_NUMBER)
            .await
            .expect("good numbers");
        let ending = match dice.within(0..4) {
            0 => Ending::GivenUp,
            1 => Ending::RungOut,
            2 => Ending::Declined,
            _ => Ending::Answered,
        };
        let mut taken = (false, false);
        if let Ending::GivenUp = ending {
            // real time: the caller listens for a while.
            tokio::time::sleep(dice.millis(0..1_500)).await;
            // They may have been cut off already.
            let _ = sim.hang_up(&sid).await;
        } else if let Some(row) = self.noticed(&sid).await {
            let call = row.call_id;
            match ending {
                Ending::Answered => {
                    let device = sid.as_str();
                    let wanted = json!({"callId": call, "userId": USER, "deviceId": device});
                    let (status, text) = self.client.insist("/connect-call", &wanted).await;
                    assert!(matches!(status, 200 | 410), "{status} {text}");
                    taken.0 = status == 200;
                }
                Ending::Declined => {
                    let (status, text) = self
                        .client
                        .insist("/hangup", &json!({"callId": call}))
                        .await;
                    assert_eq!(status, 200, "{text}");
                    taken.1 = true;
                }
                Ending::GivenUp | Ending::RungOut => {}
            }
        }
        Acknowledged::Inbound {
            sid,
            answered: taken.0,
            declined: taken.1,
        }
    }

    /// Waits until a call is in the log, or cannot come there any more.
    async fn noticed(&self, sid: &CallSid) -> Option<Row> {
        loop {
            let over = self.provider.leg(sid).status.is_final();
            if let Some(row) = self.row_of(sid.as_str()) {
                return Some(row);
            }
            if over {
                return None;
            }
            // real time: another process writes the log.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What was acknowledged of a call is what log and provider say.
    pub(crate) fn holds(&self, acknowledged: &Acknowledged) {
        match acknowledged {
            Acknowledged::Placed {
                call,
                to,
                sid,
                hung_up,
            } => {
                let row = self
                    .row(call)
                    .expect("a call that was answered for is in the log");
                assert_eq!(row.twilio_sid.as_ref(), Some(sid), "{row:?}");
                let legs = self.provider.dialled(to);
                assert_eq!(legs.len(), 1, "one call is placed once: {legs:?}");
                assert_eq!(legs[0].sid.as_str(), sid);
                if !hung_up {
                    assert_eq!(row.status.as_str(), legs[0].status.as_str(), "{row:?}");
                }
            }
            Acknowledged::NotPlaced { call, to, willing } => {
                let row = self
                    .row(call)
                    .expect("a call that was refused is in the log");
                assert_eq!(row.status, CallStatus::Failed, "{row:?}");
                let legs = self.provider.dialled(to);
                assert_eq!(
                    legs.len(),
                    0,
                    "a call said not to be placed is not placed: {legs:?}"
                );
                assert!(*willing || row.twilio_sid.is_none());
            }
            Acknowledged::Inbound {
                sid,
                answered,
                declined,
            } => {
                let Some(row) = self.row_of(sid.as_str()) else {
                    assert!(!answered && !declined, "an answer without a call");
                    return;
                };
                assert!(
                    !answered || row.status == CallStatus::Completed,
                    "answered, but {row:?}"
                );
                assert!(
                    *answered || row.status != CallStatus::Completed,
                    "unanswered, but {row:?}"
                );
                let clients = self.provider.dialled_by(sid);
                if !answered {
                    assert_eq!(clients.len(), 0, "nobody answered, but {clients:?}");
                    return;
                }
                // A caller who was to hear something while nobody was there to
                // say it has been cut off by the provider: that is on record there.
                let caller = self.provider.leg(sid);
                assert!(
                    self.talked(sid) || !caller.alerts.is_empty(),
                    "answered and not cut off, but they never talked: {caller:?} {clients:?}"
                );
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Row>> {
        self.rows
            .lock()
            .expect("a failed look has failed the test already")
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
