//! Carrying out effects.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::{
    Call, CallStatus, Effect, Result, Retry, Signal, State,
    calls::Inner,
    ports::{Delivery, Held, Push, Redirected},
};

impl Inner {
    /// Carries out one effect and forgets it. One that fails stays in storage,
    /// and a sweep takes it up again once its lease is over.
    pub(super) async fn carry_out(self: Arc<Self>, call: Call, effect: Effect) {
        match self.attempt(&call, effect).await {
            Ok(()) => self.settle(&call, effect).await,
            Err(error) if error.retry() == Retry::Never => {
                tracing::error!(call = %call.id, effect = effect.as_str(), %error, "an effect failed for good");
                self.settle(&call, effect).await;
            }
            Err(error) => {
                tracing::warn!(call = %call.id, effect = effect.as_str(), %error, "an effect failed and will be tried again");
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

    async fn attempt(self: &Arc<Self>, call: &Call, effect: Effect) -> Result<()> {
        match effect {
            Effect::Dial => self.finish_dial(call.clone()).await,
            Effect::HangUp => match &call.provider_id {
                Some(leg) => self.ports.telephony.hang_up(leg).await,
                None => Ok(()),
            },
            Effect::Connect | Effect::Dismiss => self.redirect(call).await,
            Effect::LookUp => self.look_up(call).await,
            Effect::RingDevices => self.ring_devices(call).await,
            Effect::ReportMissed => {
                let caller = call.logged_from().to_owned();
                self.push(call, &Push::MissedCall { call: call.id, caller }).await
            }
        }
    }

    async fn redirect(self: &Arc<Self>, call: &Call) -> Result<()> {
        let Some(leg) = &call.provider_id else { return Ok(()) };
        match self.ports.telephony.redirect(leg, call.id).await? {
            Redirected::Done => Ok(()),
            Redirected::Gone => self.signal(call, Signal::LegGone).await,
        }
    }

    async fn look_up(self: &Arc<Self>, call: &Call) -> Result<()> {
        let Some(leg) = &call.provider_id else {
            return self.finish_dial(call.clone()).await;
        };
        let signal = match self.ports.telephony.look_up(leg).await? {
            Some(report) => Signal::Reported(report),
            None => Signal::LegGone,
        };
        self.signal(call, signal).await
    }

    async fn signal(self: &Arc<Self>, call: &Call, signal: Signal) -> Result<()> {
        let held = self.reload(&call.id).await?;
        self.note(held, signal).await.map(drop)
    }

    async fn ring_devices(&self, call: &Call) -> Result<()> {
        let State::Ringing { until } = call.state else { return Ok(()) };
        // Found late, after a crash: ring only if it still rings.
        let still = self.ports.calls.call(&call.id).await?;
        if !matches!(still, Some(Held { call, .. }) if call.status() == CallStatus::Ringing) {
            return Ok(());
        }
        let caller = call.logged_from().to_owned();
        self.push(call, &Push::IncomingCall { call: call.id, caller, until }).await
    }

    /// Pushes to every device of the owner and forgets those that are gone.
    /// One device that cannot be reached keeps no other from being told.
    async fn push(&self, call: &Call, push: &Push) -> Result<()> {
        let Some(owner) = &call.owner else { return Ok(()) };
        let devices = self.ports.users.devices(owner).await?;
        let sent = devices.iter().map(|device| async move {
            match self.ports.push.send(device, push).await {
                Ok(Delivery::Gone) => {
                    tracing::info!(call = %call.id, "a push token is dead and forgotten");
                    self.ports.users.forget_device(&device.token).await
                }
                Ok(Delivery::Accepted { .. } | Delivery::Skipped) => Ok(()),
                Err(error) => {
                    tracing::warn!(call = %call.id, %error, "a push was not sent");
                    Ok(())
                }
            }
        });
        join_all(sent).await.into_iter().collect()
    }
}
