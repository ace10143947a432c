//! Carrying out effects.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};

use crate::{
    Call, CallStatus, Callback, Device, Effect, Error, ErrorKind, Result, Retry, Signal, State,
    calls::{Inner, REST, leases::Hand, missed::About, slots::Slot},
    ports::{Delivery, Held, Push, Redirected, RingOutcome},
};

/// The first pause after a failure; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(4);

/// How long an effect is tried again before it is left to the sweep.
const TRYING: Duration = Duration::from_secs(60);

/// How old a call may be that is taken to ring still, as it did when it was saved.
const JUST_NOW: Duration = Duration::from_millis(100);

/// How many devices are pushed to at a time.
const PUSHES: usize = 16;

/// Whether anybody may have tried an effect before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It was saved just now.
    First,
    /// It was left behind, or has failed.
    Again,
}

/// Whether there is no sense in trying `effect` again. A leg that nobody ends is
/// paid for, so a hang-up waits even for an operator to give us the right
/// credentials.
fn is_final(effect: Effect, error: &Error) -> bool {
    let may_get_right = effect.ends_a_leg() && error.kind() == ErrorKind::Unauthorized;
    error.retry() == Retry::Never && !may_get_right
}

impl Inner {
    /// Carries out one effect and forgets it. One that fails is tried again for
    /// a while; after that it rests in storage, and a sweep takes it up. A
    /// look-up is left to the sweep at once: while the provider is out of order,
    /// more questions help nobody.
    pub(super) async fn carry_out(
        self: Arc<Self>,
        call: Call,
        effect: Effect,
        mut claim: Claim,
        slot: Slot,
        hand: Hand,
    ) {
        let clock = &self.ports.clock;
        let last = clock.now() + TRYING;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.attempt(&call, effect, claim).await {
                Ok(()) => {
                    self.settle(&call, effect).await;
                    if effect == Effect::LookUp && slot.asked_again() {
                        continue;
                    }
                    return;
                }
                Err(error) if is_final(effect, &error) => {
                    tracing::error!(call = %call.id, effect = effect.as_str(), %error, "an effect failed for good");
                    return self.settle(&call, effect).await;
                }
                Err(error) => {
                    tracing::warn!(call = %call.id, effect = effect.as_str(), %error, "an effect failed and will be tried again");
                }
            }
            if effect == Effect::LookUp {
                return hand.rest(clock.now() + REST);
            }
            claim = Claim::Again;
            let next = clock.now() + pause;
            if next > last {
                return hand.rest(clock.now() + REST / 2);
            }
            tokio::select! {
                () = clock.sleep_until(next) => pause *= 2,
                () = self.storage.back() => {}
                () = self.closing.cancelled() => return,
            }
        }
    }

    /// Forgets an effect.
    pub(super) async fn settle(&self, call: &Call, effect: Effect) {
        if let Err(error) = self.ports.calls.settle_effect(&call.id, effect).await {
            // It will be carried out once more, which is harmless.
            tracing::warn!(call = %call.id, effect = effect.as_str(), %error, "an effect was not settled");
        }
    }

    async fn attempt(self: &Arc<Self>, call: &Call, effect: Effect, claim: Claim) -> Result<()> {
        match effect {
            Effect::Dial => self.finish_dial(call.clone()).await,
            Effect::HangUp => match &call.provider_id {
                Some(leg) => self.ports.telephony.hang_up(leg).await,
                None => Ok(()),
            },
            Effect::Connect => self.redirect_to_user(call).await,
            Effect::Dismiss => self.redirect(call, Callback::Ask(call.id)).await,
            Effect::LookUp => self.look_up(call).await,
            Effect::MoveFar => self.move_far(call, claim).await,
            Effect::HoldFar | Effect::ResumeFar => self.set_hold(call).await,
            Effect::HangUpFar => match call.far.as_ref().and_then(|far| far.leg.as_ref()) {
                Some(leg) => self.ports.telephony.hang_up(leg).await,
                None => Ok(()),
            },
            Effect::RingDevices => self.ring_devices(call, claim).await,
            Effect::ReportMissed => {
                let caller = call.logged_from().to_owned();
                self.push(
                    call,
                    &Push::MissedCall {
                        call: call.id,
                        caller,
                    },
                )
                .await
            }
            Effect::StopRinging => self.stop_ringing(call).await,
        }
    }

    /// Has the provider connect the caller, unless it was told to already: a
    /// second redirect would tear down what the first has begun.
    async fn redirect_to_user(self: &Arc<Self>, call: &Call) -> Result<()> {
        match self.reload(&call.id).await?.call.state {
            State::InProgress { connects: 0, .. } => {
                self.redirect(call, Callback::Connect(call.id)).await
            }
            State::InProgress { .. }
            | State::Initiated { .. }
            | State::Queued { .. }
            | State::Ringing { .. }
            | State::Ended(_) => Ok(()),
        }
    }

    async fn redirect(self: &Arc<Self>, call: &Call, to: Callback) -> Result<()> {
        let Some(leg) = &call.provider_id else {
            return Ok(());
        };
        match self.ports.telephony.redirect(leg, to).await? {
            Redirected::Done => Ok(()),
            Redirected::Gone => self.signal(call, Signal::LegGone).await.map(drop),
        }
    }

    async fn look_up(self: &Arc<Self>, call: &Call) -> Result<()> {
        if call.far.is_some() {
            return self.look_at_both(call).await;
        }
        let Some(leg) = &call.provider_id else {
            return self.finish_dial(call.clone()).await;
        };
        let signal = match self.ports.telephony.look_up(leg).await? {
            Some(report) => Signal::Reported(report),
            None => Signal::LegGone,
        };
        self.signal(call, signal).await.map(drop)
    }

    pub(super) async fn signal(self: &Arc<Self>, call: &Call, signal: Signal) -> Result<Call> {
        let applied = async {
            let held = self.reload(&call.id).await?;
            self.note(held, signal).await
        };
        self.heed(About::Call(call.id), applied).await
    }

    async fn ring_devices(&self, call: &Call, claim: Claim) -> Result<()> {
        let State::Ringing { until } = call.state else {
            return Ok(());
        };
        // Late, after a crash or a slow cache: ring only if it still rings.
        let age = self.ports.clock.now().since(call.created_at);
        if claim == Claim::Again || age > JUST_NOW {
            let still = self.ports.calls.call(&call.id).await?;
            if !matches!(still, Some(Held { call, .. }) if call.status() == CallStatus::Ringing) {
                return Ok(());
            }
        }
        let caller = call.logged_from().to_owned();
        self.push(
            call,
            &Push::IncomingCall {
                call: call.id,
                caller,
                until,
            },
        )
        .await
    }

    async fn stop_ringing(&self, call: &Call) -> Result<()> {
        let outcome = match &call.state {
            State::InProgress { .. } => RingOutcome::Answered,
            State::Ended(ended) if ended.answered_at.is_some() => RingOutcome::Answered,
            State::Ended(_) => RingOutcome::Declined,
            State::Initiated { .. } | State::Queued { .. } | State::Ringing { .. } => return Ok(()),
        };
        let until = call.created_at + self.settings.ring_time;
        self.push(
            call,
            &Push::RingOver {
                call: call.id,
                outcome,
                until,
            },
        )
        .await
    }

    /// Pushes to every device of the owner and forgets those that are gone.
    /// One device that cannot be reached keeps no other from being told.
    async fn push(&self, call: &Call, push: &Push) -> Result<()> {
        let Some(owner) = &call.owner else {
            return Ok(());
        };
        let devices = self.ports.users.devices(owner).await?;
        // Few at a time: nobody has many devices, but anybody may register many.
        stream::iter(&devices)
            .for_each_concurrent(PUSHES, |device| self.push_to(call, device, push))
            .await;
        Ok(())
    }

    async fn push_to(&self, call: &Call, device: &Device, push: &Push) {
        let outcome = match self.ports.push.send(device, push).await {
            Ok(Delivery::Gone) => {
                tracing::info!(call = %call.id, "a push token is dead and forgotten");
                self.ports.users.forget_device(&device.token).await
            }
            Ok(Delivery::Accepted { .. } | Delivery::Skipped) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(call = %call.id, %error, "a push went wrong");
        }
    }
}
