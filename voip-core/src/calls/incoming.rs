//! What the provider tells and asks.

use std::sync::Arc;

use crate::{
    BridgeOutcome, Call, CallId, Calls, Direction, Party, Plan, ProviderCallId, Result, Signal,
    State,
    calls::{Inner, LEASE, missed::About, plans},
    ports::{Held, Inserted, LegReport, NewCall},
};

/// A call from the phone network that has come in.
#[derive(Clone, Debug)]
pub struct InboundCall {
    /// The provider's leg; a repeat of the news names the same one.
    pub leg: ProviderCallId,
    /// Who calls.
    pub from: Party,
    /// The number that was called.
    pub to: Party,
}

impl Calls {
    /// A call has come in: rings the user whose number it is, and says what
    /// the caller hears meanwhile.
    ///
    /// # Errors
    /// When storage is out of order; the provider should be refused, so that
    /// it falls back or tries again.
    pub async fn incoming(&self, call: InboundCall) -> Result<Plan> {
        let inner = Arc::clone(&self.inner);
        let about = About::Leg(call.leg.clone());
        self.run(async move {
            let news = inner.incoming(call);
            inner.heed(about, news).await
        })
        .await?
    }

    /// The provider asks what to do with the leg of a call; `None` for a call
    /// we do not know.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn plan(&self, id: &CallId, leg: ProviderCallId) -> Result<Option<Plan>> {
        let (inner, id) = (Arc::clone(&self.inner), *id);
        self.run(async move {
            let news = inner.plan(id, leg);
            inner.heed(About::Call(id), news).await
        })
        .await?
    }

    /// The provider, told to connect a call to its user, asks how; `None` for a
    /// call we do not know.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn connect(&self, id: &CallId) -> Result<Option<Plan>> {
        let (inner, id) = (Arc::clone(&self.inner), *id);
        self.run(async move {
            let news = inner.connect(id);
            inner.heed(About::Call(id), news).await
        })
        .await?
    }

    /// The provider reports on a leg. `call` is ours, where the provider named
    /// it. A report on a leg we do not know is kept for the call that may
    /// still claim it.
    ///
    /// # Errors
    /// When storage is out of order; the provider should be refused, so that
    /// the loss is seen.
    pub async fn report(&self, report: LegReport, call: Option<CallId>) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        let about = match call {
            Some(id) => About::Call(id),
            None => About::Leg(report.leg.clone()),
        };
        self.run(async move {
            let news = inner.report(report, call);
            inner.heed(about, news).await
        })
        .await?
    }

    /// The connection made for a call the `turn`th time is over: says what
    /// comes next; `None` for a call we do not know.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn bridge_ended(
        &self,
        id: &CallId,
        turn: u32,
        outcome: BridgeOutcome,
    ) -> Result<Option<Plan>> {
        let (inner, id) = (Arc::clone(&self.inner), *id);
        self.run(async move {
            let news = inner.bridge_ended(id, turn, outcome);
            inner.heed(About::Call(id), news).await
        })
        .await?
    }
}

impl Inner {
    async fn incoming(self: &Arc<Self>, incoming: InboundCall) -> Result<Plan> {
        let users = &self.ports.users;
        let user = async |party: &Party| match party.phone() {
            Some(number) => users.user_by_number(number).await,
            None => Ok(None),
        };
        // At once: a storage elsewhere looks both up in one go. Calls for numbers that
        // are nobody's are few.
        let (owner, peer) = tokio::try_join!(user(&incoming.to), user(&incoming.from))?;
        let Some(owner) = owner else {
            tracing::info!(leg = %incoming.leg, "a call came in for a number that is nobody's");
            return Ok(Plan::say_and_hang_up(&self.settings.phrases.nobody));
        };
        let peer = peer.map(|peer| peer.id);
        let now = self.ports.clock.now();
        let lease = now + LEASE;
        let ring_time = self.settings.ring_time;
        let step = Call::inbound(CallId::fresh(), incoming, owner.id, peer, now, ring_time);
        let (call, effects) = (step.call, step.effects);
        let new = NewCall {
            call: call.clone(),
            effects: effects.clone(),
            effects_due: lease,
            key: None,
        };
        let call = match self.ports.calls.insert(new).await? {
            Inserted::New => {
                self.forget_log_pages(&call).await;
                self.tell(step.events).await;
                self.begin(&call, &effects, lease);
                self.apply_kept_reports(&call).await?.unwrap_or(call)
            }
            Inserted::Known(held) => self
                .apply_kept_reports(&held.call)
                .await?
                .unwrap_or(held.call),
        };
        Ok(plans::plan(&call, &self.settings, self.ports.clock.now()))
    }

    async fn plan(self: &Arc<Self>, id: CallId, leg: ProviderCallId) -> Result<Option<Plan>> {
        let Some(held) = self.ports.calls.call(&id).await? else {
            return Ok(None);
        };
        // The question may be the first we hear of the leg.
        let call = match &held.call.provider_id {
            Some(_) => held.call,
            None => self.note(held, Signal::Placed(leg)).await?,
        };
        let now = self.ports.clock.now();
        if plans::is_overdue(&call, now) {
            return self.connect(id).await;
        }
        Ok(Some(plans::plan(&call, &self.settings, now)))
    }

    async fn connect(self: &Arc<Self>, id: CallId) -> Result<Option<Plan>> {
        let Some(held) = self.ports.calls.call(&id).await? else {
            return Ok(None);
        };
        let call = self.note(held, Signal::Connecting).await?;
        Ok(Some(match (call.direction, &call.state) {
            (Direction::Inbound, State::InProgress { bridge: None, .. }) => {
                plans::connect(&call, &self.settings)
            }
            _ => plans::plan(&call, &self.settings, self.ports.clock.now()),
        }))
    }

    async fn bridge_ended(
        self: &Arc<Self>,
        id: CallId,
        turn: u32,
        outcome: BridgeOutcome,
    ) -> Result<Option<Plan>> {
        let Some(held) = self.ports.calls.call(&id).await? else {
            return Ok(None);
        };
        let call = self
            .note(held, Signal::BridgeEnded { outcome, turn })
            .await?;
        // A connection that a later one has taken the place of decides nothing.
        let stale = call.direction == Direction::Inbound
            && matches!(call.state, State::InProgress { .. })
            && turn != plans::turn(&call);
        Ok(Some(match stale {
            true => plans::patience(&call),
            false => plans::after_bridge(&call, outcome, &self.settings),
        }))
    }

    async fn report(self: &Arc<Self>, report: LegReport, call: Option<CallId>) -> Result<()> {
        let calls = &self.ports.calls;
        let recalled = match &call {
            Some(id) => calls.recall(id),
            None => calls.recall_by_provider_id(&report.leg),
        };
        if let Some(recalled) = recalled {
            let signal = Signal::Reported(report.clone());
            if self.apply_to_recalled(&recalled, signal).await?.is_some() {
                return Ok(());
            }
        }
        if let Some(held) = self.find_call(&report, call).await? {
            return self.note(held, Signal::Reported(report)).await.map(drop);
        }
        tracing::info!(leg = %report.leg, status = %report.status, "a report on a leg that no call has is kept");
        self.ports
            .calls
            .keep_report(&report, self.ports.clock.now())
            .await?;
        // The leg may have been claimed between the look and the keeping.
        match self.ports.calls.call_by_provider_id(&report.leg).await? {
            Some(held) => self.apply_kept_reports(&held.call).await.map(drop),
            None => Ok(()),
        }
    }

    async fn find_call(&self, report: &LegReport, call: Option<CallId>) -> Result<Option<Held>> {
        if let Some(id) = call
            && let Some(held) = self.ports.calls.call(&id).await?
        {
            return Ok(Some(held));
        }
        self.ports.calls.call_by_provider_id(&report.leg).await
    }

    /// Applies what was reported on a call's leg before the call had it.
    pub(super) async fn apply_kept_reports(self: &Arc<Self>, call: &Call) -> Result<Option<Call>> {
        let Some(leg) = &call.provider_id else {
            return Ok(None);
        };
        let mut latest = None;
        for report in self.ports.calls.take_reports(leg).await? {
            match self.apply_kept(call, &report).await {
                Ok(call) => latest = Some(call),
                Err(error) => {
                    // Somebody was told that it is safe with us.
                    self.ports
                        .calls
                        .keep_report(&report, self.ports.clock.now())
                        .await?;
                    return Err(error);
                }
            }
        }
        Ok(latest)
    }

    async fn apply_kept(self: &Arc<Self>, call: &Call, report: &LegReport) -> Result<Call> {
        let held = self.reload(&call.id).await?;
        self.note(held, Signal::Reported(report.clone())).await
    }
}
