//! Placing a call at the provider, once.

use std::{sync::Arc, time::Duration};

use crate::{
    Call, CallStatus, Direction, Effect, Error, ErrorKind, ProviderCallId, Result, Retry, Signal,
    StartError, Started, Timestamp, Trouble,
    calls::{Inner, missed::About},
    ports::{Dial, DialledLeg, Held, LogFilter, LogQuery},
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

/// How long a dial may be under way without a word: whose leg nobody knows by
/// then was not placed, or all that the provider said of it was lost.
const UNDER_WAY: Duration = Duration::from_secs(60);

/// More calls than one number makes to another in that time.
const MANY: usize = 100;

/// What came of looking for a call.
enum Sought {
    Found(ProviderCallId),
    /// The provider has no such call.
    Absent,
    /// The provider cannot be asked, or has several that it may be.
    Unknown,
}

impl Inner {
    /// Places a call that was just put on record, and whose dial is this node's
    /// for the time of a lease.
    pub(super) async fn place(
        self: &Arc<Self>,
        call: Call,
        lease: Timestamp,
    ) -> Result<Started, StartError> {
        let id = call.id;
        let _hand = self.leases.begin(id, Effect::Dial, Some(lease));
        let Some(dial) = dial_of(&call) else {
            let error = Error::new(ErrorKind::Internal, "an outbound call without numbers");
            return Err(StartError::Storage(error));
        };
        let (signal, error) = match self.ports.telephony.dial(&dial).await {
            Ok(leg) => (Signal::Placed(leg), None),
            Err(error) if error.retry() == Retry::Ambiguous => {
                tracing::warn!(call = %id, %error, "a dial got no clear answer; looking for the call");
                match self.find(&call, &dial).await {
                    Sought::Found(leg) => (Signal::Placed(leg), None),
                    Sought::Absent => (not_placed(&error), Some(error)),
                    Sought::Unknown => {
                        // Its effect stays: a sweep goes on looking.
                        let reason =
                            Arc::from("no answer from the provider; still looking for the call");
                        let trouble = Trouble::TimedOut;
                        return Err(StartError::NotPlaced {
                            call: id,
                            reason,
                            trouble,
                        });
                    }
                }
            }
            Err(error) => (not_placed(&error), Some(error)),
        };
        let call = self.conclude(call, signal).await?;
        self.settle(&call, Effect::Dial).await;
        match (call.provider_id, error) {
            (Some(leg), _) => Ok(Started { call: id, leg }),
            (None, error) => {
                let trouble = error.as_ref().map_or(Trouble::Refused, Trouble::from);
                let reason = error.map_or_else(|| "canceled".to_owned(), |error| error.to_string());
                tracing::warn!(call = %id, trouble = trouble.as_str(), "the provider did not place a call");
                Err(StartError::NotPlaced {
                    call: id,
                    reason: Arc::from(reason),
                    trouble,
                })
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
        let Some(dial) = dial_of(&call) else {
            return Ok(());
        };
        let signal = match self.find(&call, &dial).await {
            Sought::Found(leg) => Signal::Placed(leg),
            Sought::Absent => Signal::NotPlaced {
                trouble: Trouble::TimedOut,
                reason: Arc::from("interrupted before the provider confirmed the call"),
            },
            Sought::Unknown => {
                let message = "nobody knows yet whether the provider has the call";
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
        };
        let call = self.conclude(call, signal).await?;
        // What was reported on the leg meanwhile may have found nobody.
        self.lost_sight_of(About::Call(call.id));
        Ok(())
    }

    /// Looks for the leg of a call whose dial was not answered.
    async fn find(&self, call: &Call, dial: &Dial) -> Sought {
        let since = call.created_at - CLOCK_SKEW;
        let mut sought = Sought::Unknown;
        for pause in LOOKS {
            let clock = &self.ports.clock;
            clock.sleep_until(clock.now() + pause).await;
            // A callback may have named the leg meanwhile.
            match self.ports.calls.call(&call.id).await {
                Ok(Some(Held {
                    call:
                        Call {
                            provider_id: Some(leg),
                            ..
                        },
                    ..
                })) => {
                    return Sought::Found(leg);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(call = %call.id, %error, "could not reload a call"),
            }
            sought = match self.ports.telephony.find_dialled(dial, since).await {
                Ok(legs) => match self.pick(dial, legs, since).await {
                    Ok(sought) => sought,
                    Err(error) => {
                        tracing::warn!(call = %call.id, %error, "could not tell whose a leg is");
                        Sought::Unknown
                    }
                },
                Err(error) => {
                    tracing::warn!(call = %call.id, %error, "could not look for a call");
                    Sought::Unknown
                }
            };
            if let Sought::Found(_) = sought {
                return sought;
            }
        }
        sought
    }

    /// The one leg that can be ours. Where several can, or where the leg of
    /// another dial between the same numbers is not known yet, whoever dials or
    /// died at it, only a callback can tell: those name the call.
    async fn pick(&self, dial: &Dial, legs: Vec<DialledLeg>, since: Timestamp) -> Result<Sought> {
        // Before the legs are looked at: one that is known from now on is not free.
        let alone = self.is_alone(dial).await?;
        let mut free = Vec::new();
        for leg in legs {
            if leg.created_at.is_some_and(|created| created < since) {
                continue;
            }
            let leg = leg.report.leg;
            if self.ports.calls.call_by_provider_id(&leg).await?.is_none() {
                free.push(leg);
            }
        }
        Ok(match (free.pop(), free.is_empty() && alone) {
            (None, _) => Sought::Absent,
            (Some(leg), true) => Sought::Found(leg),
            (Some(_), false) => Sought::Unknown,
        })
    }

    /// Whether the record has no other call between these numbers whose dial may
    /// be under way, on any node: it has no leg yet, and did not fail.
    async fn is_alone(&self, dial: &Dial) -> Result<bool> {
        let query = LogQuery {
            name: Arc::from(dial.from.expose()),
            owned_only: false,
            filter: LogFilter {
                statuses: vec![CallStatus::Initiated, CallStatus::Canceled],
                direction: Some(Direction::Outbound),
                party: Some(Arc::from(dial.to.expose())),
                since: Some(self.ports.clock.now() - UNDER_WAY),
                until: None,
            },
            after: None,
            limit: MANY,
        };
        let others = self.ports.calls.log(&query).await?;
        Ok(!others
            .iter()
            .any(|other| other.id != dial.call && other.provider_id.is_none()))
    }

    async fn conclude(self: &Arc<Self>, call: Call, signal: Signal) -> Result<Call> {
        let held = self.reload(&call.id).await?;
        let call = self.note(held, signal).await?;
        match self.apply_kept_reports(&call).await? {
            Some(call) => Ok(call),
            None => Ok(call),
        }
    }
}

fn dial_of(call: &Call) -> Option<Dial> {
    let to = call.dialled_number()?.clone();
    let from = call.from.phone()?.clone();
    Some(Dial {
        call: call.id,
        to,
        from,
        ring_time: None,
    })
}

fn not_placed(error: &Error) -> Signal {
    Signal::NotPlaced {
        trouble: error.into(),
        reason: Arc::from(error.to_string()),
    }
}
