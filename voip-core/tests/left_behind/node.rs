use std::{sync::Arc, time::Duration};

use voip_core::{
    Call, CallId, CallSettings, Calls, Device, Effect, InboundCall, Party, PhoneNumber, Platform,
    Ports, ProviderCallId, Signal, User, UserId,
    ports::{CallStore as _, Clock as _, Dial, Inserted, NewCall, Telephony as _, UserStore as _},
};
use voip_store::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
use voip_testkit::{FakePush, FakeTelephony, ManualClock};

/// A node that has just started on storage that another life of it has used.
pub(crate) struct Node {
    pub(crate) calls: Calls,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) telephony: Arc<FakeTelephony>,
    pub(crate) push: Arc<FakePush>,
    pub(crate) clock: Arc<ManualClock>,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self::on(
            Arc::new(MemoryStore::default()),
            Arc::new(ManualClock::default()),
        )
    }

    /// One more node on the same storage, which reaches the provider its own way.
    pub(crate) fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.store), Arc::clone(&self.clock))
    }

    pub(crate) fn on(store: Arc<MemoryStore>, clock: Arc<ManualClock>) -> Self {
        let telephony = Arc::new(FakeTelephony::new(Arc::clone(&clock) as _));
        let push = Arc::new(FakePush::new(Arc::clone(&clock) as _));
        let ports = Ports {
            telephony: Arc::clone(&telephony) as _,
            calls: Arc::clone(&store) as _,
            users: Arc::clone(&store) as _,
            push: Arc::clone(&push) as _,
            cache: Arc::new(MemoryCache::new(Arc::clone(&clock) as _)),
            bus: Arc::new(MemoryBus::default()),
            limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock) as _)),
            clock: Arc::clone(&clock) as _,
        };
        Self {
            calls: Calls::new(ports, CallSettings::default()),
            store,
            telephony,
            push,
            clock,
        }
    }

    /// A call to Ann, who has one device, as a crash right after its record
    /// left it: the device does not ring yet.
    pub(crate) async fn half_rung(&self) -> Call {
        let (id, now): (UserId, _) = ("ann".parse().unwrap(), self.clock.now());
        let ann = User {
            id: id.clone(),
            phone: None,
            created_at: now,
        };
        let phone = Device {
            token: "ann-phone".parse().unwrap(),
            platform: Platform::Fcm,
            last_seen: now,
        };
        self.store.register(&ann, Some(phone)).await.unwrap();
        let came = InboundCall {
            leg: "CA000000000000000000000000000000b1".parse().unwrap(),
            from: Party::read("+15550002222"),
            to: Party::read("+15550001111"),
        };
        let ring_time = CallSettings::default().ring_time;
        let step = Call::inbound(CallId::fresh(), came, id, None, now, ring_time);
        let new = NewCall {
            call: step.call.clone(),
            effects: step.effects,
            effects_due: now + Duration::from_secs(40),
            key: None,
        };
        assert_eq!(self.store.insert(new).await.unwrap(), Inserted::New);
        step.call
    }

    /// An outbound call as a crash right after its record left it.
    pub(crate) async fn half_placed(&self) -> Call {
        let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
        let (from, to) = (number("+15550001111"), number("+15550002222"));
        let step = Call::outbound(CallId::fresh(), from, to, None, None, self.clock.now());
        let effects_due = self.clock.now() + Duration::from_secs(40);
        let (call, effects) = (step.call, step.effects);
        assert_eq!(effects, [Effect::Dial]);
        let new = NewCall {
            call: call.clone(),
            effects,
            effects_due,
            key: None,
        };
        assert_eq!(self.store.insert(new).await.unwrap(), Inserted::New);
        call
    }

    /// The provider takes the call whose answer the crash cut off.
    pub(crate) async fn provider_has(&self, call: &Call) {
        let dial = Dial {
            call: call.id,
            to: call.to.phone().unwrap().clone(),
            from: call.from.phone().unwrap().clone(),
            ring_time: None,
        };
        self.telephony.dial(&dial).await.unwrap();
    }

    /// Lets `span` pass in small steps, so that everything that waits for the
    /// clock has its turn.
    pub(crate) async fn pass(&self, span: Duration) {
        self.pass_in(Duration::from_millis(250), span).await;
    }

    /// Lets `span` pass in steps of `step`.
    pub(crate) async fn pass_in(&self, step: Duration, span: Duration) {
        let end = self.clock.now() + span;
        while self.clock.now() < end {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            self.clock.advance(step);
            self.calls.sweep().await.unwrap();
        }
    }

    /// The provider takes the call and its answer is noted.
    pub(crate) async fn place(&self, call: &Call) -> ProviderCallId {
        self.provider_has(call).await;
        let leg = self.telephony.legs_of(call.id).remove(0);
        self.step(&call.id, Signal::Placed(leg.clone())).await;
        self.store
            .settle_effect(&call.id, Effect::Dial)
            .await
            .unwrap();
        leg
    }

    pub(crate) async fn now(&self, id: &CallId) -> Call {
        self.store.call(id).await.unwrap().unwrap().call
    }

    pub(crate) async fn step(&self, id: &CallId, signal: Signal) -> Vec<Effect> {
        let held = self.store.call(id).await.unwrap().unwrap();
        let step = held.call.step(signal, self.clock.now()).unwrap();
        let due = self.clock.now() + Duration::from_secs(40);
        self.store
            .replace(&step.call, held.version, &step.effects, due)
            .await
            .unwrap();
        step.effects
    }
}
