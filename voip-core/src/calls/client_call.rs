//! Calls that a user's voice client places through the provider.

use std::sync::Arc;

use crate::{
    Call, CallId, Calls, DialEnd, PhoneNumber, Plan, ProviderCallId, Result, Signal, UserId,
    calls::{Inner, LEASE, entering::Word, guard::NotAdmitted, missed::About, plans},
    ports::{Inserted, LegReport, NewCall},
};

/// A call that a voice client places.
#[derive(Clone, Debug)]
pub struct ClientDial {
    /// The client's own leg; a repeat of the news names the same one.
    pub leg: ProviderCallId,
    /// Whose client it is.
    pub user: UserId,
    /// The number to show.
    pub from: PhoneNumber,
    /// Whom to call.
    pub to: PhoneNumber,
}

impl Calls {
    /// A voice client of `user` calls `to`: puts the call on record and says
    /// how the provider connects it. `None` for what is no phone number. One
    /// that [`SpendGuard`](crate::SpendGuard) does not allow is told why, and
    /// nothing is put on record.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn client_dials(
        &self,
        leg: ProviderCallId,
        user: UserId,
        to: Option<PhoneNumber>,
    ) -> Result<Plan> {
        let inner = Arc::clone(&self.inner);
        self.run(async move { inner.client_dials(leg, user, to).await })
            .await?
    }

    /// The provider reports on the leg that it made for the voice client's leg
    /// `near`. One that no call knows is logged and forgotten: the call is on
    /// record before the provider makes any leg for it.
    ///
    /// # Errors
    /// When storage is out of order; the provider should be refused, so that
    /// the loss is seen.
    pub async fn report_far(&self, near: ProviderCallId, report: LegReport) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        self.run(async move {
            let leg = report.leg.clone();
            let signal = Signal::FarReported(report);
            let news = inner.signal_by_leg(&near, signal);
            if inner.heed(About::Leg(near.clone()), news).await?.is_none() {
                tracing::info!(%leg, %near, "a report on a leg of a call that nobody knows");
            }
            Ok(())
        })
        .await?
    }

    /// The dial of the voice client's leg `near` is over: says what comes
    /// next.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn dial_ended(&self, near: ProviderCallId, end: DialEnd) -> Result<Plan> {
        let inner = Arc::clone(&self.inner);
        self.run(async move {
            let news = inner.signal_by_leg(&near, Signal::DialEnded(end));
            let call = inner.heed(About::Leg(near.clone()), news).await?;
            Ok(match call {
                Some(call) => plans::after_dial(&call, &inner.settings),
                None => Plan::say_and_hang_up(&inner.settings.phrases.ended),
            })
        })
        .await?
    }
}

impl Inner {
    async fn client_dials(
        self: Arc<Self>,
        leg: ProviderCallId,
        user: UserId,
        to: Option<PhoneNumber>,
    ) -> Result<Plan> {
        let phrases = &self.settings.phrases;
        let Some(to) = to else {
            return Ok(Plan::say_and_hang_up(&phrases.bad_number));
        };
        let Some(from) = self.settings.default_from.clone() else {
            tracing::error!("a voice client cannot call: no number to call from is configured");
            return Ok(Plan::say_and_hang_up(&phrases.refused));
        };
        let peer = self.ports.users.user_by_number(&to).await?;
        let dial = ClientDial {
            leg,
            user: user.clone(),
            from,
            to,
        };
        let now = self.ports.clock.now();
        let step = Call::from_client(CallId::fresh(), dial, peer.map(|peer| peer.id), now);
        let new = NewCall {
            call: step.call.clone(),
            effects: step.effects,
            effects_due: now + LEASE,
            key: None,
        };
        let word = step.call.provider_id.clone().map(Word::Leg);
        let call = match self.insert_guarded(new, word).await {
            Ok(Inserted::New) => {
                self.forget_log_pages(&step.call).await;
                self.tell(step.events).await;
                step.call
            }
            Ok(Inserted::Known(held)) => held.call,
            Err(NotAdmitted::Refused(why)) => {
                return Ok(Plan::say_and_hang_up(why.spoken(phrases)));
            }
            Err(NotAdmitted::Storage(error)) => return Err(error),
        };
        // The leg is proof of who calls: nobody else's call goes on here.
        if call.owner.as_ref() != Some(&user) {
            return Ok(Plan::hang_up());
        }
        Ok(plans::dial(&call, &self.settings))
    }

    /// Applies a signal to the call with this leg, if there is one.
    pub(super) async fn signal_by_leg(
        self: &Arc<Self>,
        leg: &ProviderCallId,
        signal: Signal,
    ) -> Result<Option<Call>> {
        if let Some(recalled) = self.ports.calls.recall_by_provider_id(leg)
            && let Some(call) = self.apply_to_recalled(&recalled, signal.clone()).await?
        {
            return Ok(Some(call));
        }
        match self.ports.calls.call_by_provider_id(leg).await? {
            Some(held) => self.note(held, signal).await.map(Some),
            None => Ok(None),
        }
    }
}
