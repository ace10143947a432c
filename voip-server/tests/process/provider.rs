use std::{sync::Arc, time::Duration};

use voip_sim::{
    Simulator, SimulatorConfig,
    inspect::{CallView, Direction},
    sid::CallSid,
};

use super::until;

/// The account that server and provider share.
pub(crate) const ACCOUNT: &str = "AC000000000000000000000000000000a1";
/// Its token, a secret.
pub(crate) const AUTH_TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
/// The number that outbound calls come from.
pub(crate) const OURS: &str = "+15005550006";

/// The provider, in the process of the test.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) sim: Arc<Simulator>,
}

impl Provider {
    /// A provider that calls back at this address.
    pub(crate) async fn start(server: &str, seed: u64) -> Self {
        let mut config = SimulatorConfig::new(ACCOUNT, AUTH_TOKEN)
            .voice_url(format!("{server}/twilio-inbound"))
            .status_url(format!("{server}/twilio-status"))
            .seed(seed);
        // What was acknowledged long ago is held against it too.
        config.engine.keep = usize::MAX;
        Self {
            sim: Arc::new(
                Simulator::start_with(config)
                    .await
                    .expect("a simulator starts on a free port"),
            ),
        }
    }

    /// The legs that the server has had placed to this number.
    pub(crate) fn dialled(&self, number: &str) -> Vec<CallView> {
        let ours = |leg: &CallView| leg.direction == Direction::OutboundApi && leg.to == number;
        self.sim.calls().into_iter().filter(ours).collect()
    }

    /// The legs that a caller was to be connected with.
    pub(crate) fn dialled_by(&self, caller: &CallSid) -> Vec<CallView> {
        let theirs = |leg: &CallView| leg.parent.as_ref() == Some(caller);
        self.sim.calls().into_iter().filter(theirs).collect()
    }

    /// One leg.
    pub(crate) fn leg(&self, sid: &CallSid) -> CallView {
        self.sim
            .call(sid)
            .view()
            .expect("the simulator remembers its legs")
    }

    /// Waits until the server's dial to this number has been accepted.
    pub(crate) async fn accepted(&self, number: &str) -> CallView {
        until(
            "the provider accepts the call",
            Duration::from_secs(20),
            async || self.dialled(number).pop(),
        )
        .await
    }

    /// Waits until a leg is as wished.
    pub(crate) async fn leg_that(
        &self,
        sid: &CallSid,
        what: &str,
        wished: impl Fn(&CallView) -> bool,
    ) -> CallView {
        until(what, Duration::from_secs(30), async || {
            Some(self.leg(sid)).filter(|leg| wished(leg))
        })
        .await
    }
}
