use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use uuid::Uuid;
use voip_core::CallStatus;
use voip_sim::{
    phone::{Outcome, PhoneScript},
    sid::CallSid,
};

use super::{CALLER, Client, Dice, OURS, Provider, Row, Seen, USER, USERS_NUMBER, Witness};

/// Many calls at once, while the server comes and goes.
pub(crate) struct Storm {
    pub(crate) client: Client,
    pub(crate) provider: Provider,
    /// Whoever watches the logs meanwhile.
    pub(crate) witness: Arc<Witness>,
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
        let witness = Witness::new(client.clone(), provider.clone());
        Arc::new(Self {
            client,
            provider,
            witness: Arc::new(witness),
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
            if let Some(row) = self.witness.row_of(sid.as_str()) {
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
    pub(crate) fn holds(&self, acknowledged: &Acknowledged, seen: &Seen) {
        match acknowledged {
            Acknowledged::Placed {
                call,
                to,
                sid,
                hung_up,
            } => {
                let row = self
                    .witness
                    .row(call)
                    .expect("a call that was answered for is in the log");
                assert_eq!(row.twilio_sid.as_ref(), Some(sid), "{row:?}");
                let legs = seen.dialled(to);
                assert_eq!(legs.len(), 1, "one call is placed once: {legs:?}");
                assert_eq!(legs[0].sid.as_str(), sid);
                if !hung_up {
                    assert_eq!(row.status.as_str(), legs[0].status.as_str(), "{row:?}");
                }
            }
            Acknowledged::NotPlaced { call, to, willing } => {
                let row = self
                    .witness
                    .row(call)
                    .expect("a call that was refused is in the log");
                assert_eq!(row.status, CallStatus::Failed, "{row:?}");
                let legs = seen.dialled(to);
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
                let Some(row) = self.witness.row_of(sid.as_str()) else {
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
                let clients = seen.dialled_by(sid);
                if !answered {
                    assert_eq!(clients.len(), 0, "nobody answered, but {clients:?}");
                    return;
                }
                // A caller who was to hear something while nobody was there to
                // say it has been cut off by the provider: that is on record there.
                let caller = seen.leg(sid);
                assert!(
                    seen.talked(sid) || !caller.alerts.is_empty(),
                    "answered and not cut off, but they never talked: {caller:?} {clients:?} {}",
                    json!(self.provider.sim.call(sid).timeline())
                );
            }
        }
    }
}
