//! Placing a call at the provider, once.

use std::{sync::Arc, time::Duration};

use crate::{
    Call, Effect, Error, ErrorKind, PhoneNumber, Result, Retry, Signal, StartError, Started,
    Timestamp,
    calls::Inner,
    ports::{Dial, DialledLeg, Held},
};

/// When to look for a call whose dial got no answer. The provider's list may
/// lag, and its first callback names the call before the list does.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// How far the provider's clock may be behind ours.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

impl Inner {
    /// Places a call that was just put on record.
    pub(super) async fn place(self: &Arc<Self>, call: Call) -> Result<Started, StartError> {
        let id = call.id;
        let Some(dial) = dial_of(&call) else {
            let error = Error::new(ErrorKind::Internal, "an outbound call without numbers");
            return Err(StartError::Storage(error));
        };
        let (signal, error) = match self.ports.telephony.dial(&dial).await {
            Ok(leg) => (Signal::Placed(leg), None),
            Err(error) if error.retry() == Retry::Ambiguous => {
                tracing::warn!(call = %id, %error, "a dial got no clear answer; looking for the call");
                match self.find(&call, &dial).await {
                    Some(signal) => (signal, None),
                    None => (not_placed(&error), Some(error)),
                }
            }
            Err(error) => (not_placed(&error), Some(error)),
        };
        let call = self.conclude(call, signal).await?;
        self.settle(&call, Effect::Dial).await;
        match (call.provider_id, error) {
            (Some(leg), _) => Ok(Started { call: id, leg }),
            (None, error) => {
                let kind = error.as_ref().map_or(ErrorKind::Refused, Error::kind);
                let reason = error.map_or_else(|| "canceled".to_owned(), |error| error.to_string());
                tracing::warn!(call = %id, kind = ?kind, "the provider did not place a call");
                Err(StartError::NotPlaced { call: id, reason: Arc::from(reason), kind })
            }
        }
    }

    /// Finishes a dial that somebody left behind: it may have been placed, so
    /// it is looked for and never placed again. Even if the call was given up
    /// meanwhile: then the leg that is found is ended.
    pub(super) async fn finish_dial(self: &Arc<Self>, call: Call) -> Result<()> {
        if call.provider_id.is_some() {
            return Ok(());
        }
        let Some(dial) = dial_of(&call) else { return Ok(()) };
        let signal = self.find(&call, &dial).await.unwrap_or_else(|| Signal::NotPlaced {
            reason: Arc::from("interrupted before the provider confirmed the call"),
        });
        self.conclude(call, signal).await.map(drop)
    }

    /// Looks for the leg of a call whose dial was not answered.
    async fn find(&self, call: &Call, dial: &Dial) -> Option<Signal> {
        let since = call.created_at - CLOCK_SKEW;
        for pause in LOOKS {
            let clock = &self.ports.clock;
            clock.sleep_until(clock.now() + pause).await;
            // A callback may have named the leg meanwhile.
            match self.ports.calls.call(&call.id).await {
                Ok(Some(Held { call: Call { provider_id: Some(leg), .. }, .. })) => {
                    return Some(Signal::Placed(leg));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(call = %call.id, %error, "could not reload a call"),
            }
            match self.ports.telephony.find_dialled(dial, since).await {
                Ok(legs) => {
                    for leg in legs {
                        if self.may_be(&leg, since).await {
                            return Some(Signal::Placed(leg.report.leg));
                        }
                    }
                }
                Err(error) => tracing::warn!(call = %call.id, %error, "could not look for a call"),
            }
        }
        None
    }

    /// Whether a leg found at the provider is new enough and no other call's.
    async fn may_be(&self, leg: &DialledLeg, since: Timestamp) -> bool {
        leg.created_at.is_none_or(|created| created >= since)
            && matches!(self.ports.calls.call_by_provider_id(&leg.report.leg).await, Ok(None))
    }

    async fn conclude(self: &Arc<Self>, call: Call, signal: Signal) -> Result<Call> {
        let held = self.reload(&call.id).await?;
        let call = self.note(held, signal).await?;
        self.apply_kept_reports(&call).await?;
        Ok(call)
    }
}

fn dial_of(call: &Call) -> Option<Dial> {
    let to: PhoneNumber = call.dialled_number()?.clone();
    let from = call.from.phone()?.clone();
    Some(Dial { call: call.id, to, from, ring_time: None })
}

fn not_placed(error: &Error) -> Signal {
    Signal::NotPlaced { reason: Arc::from(error.to_string()) }
}
