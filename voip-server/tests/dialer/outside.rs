use std::{collections::BTreeMap, path::Path, process::Command};

use voip_sim::{
    Simulator, SimulatorConfig,
    engine::{Application, NumberConfig},
};

use crate::process::{ACCOUNT, AUTH_TOKEN, Machine};

const APP: &str = "AP000000000000000000000000000000a1";
const KEY: (&str, &str) = ("SK000000000000000000000000000000a1", "a-secret-of-the-test");

/// A server as an operator runs it, which the flow starts and kills, with the
/// provider in the test's process, so that it outlives the server.
pub(crate) struct Outside {
    machine: Machine,
    pub(crate) simulator: Simulator,
}

impl Outside {
    pub(crate) async fn new() -> Self {
        let machine = Machine::for_twilio();
        let base = machine.base();
        let voice = NumberConfig {
            voice_url: Some(format!("{base}/api/agent-join")),
            status_url: Some(format!("{base}/api/call-status")),
            ..NumberConfig::default()
        };
        let config = SimulatorConfig::new(ACCOUNT, AUTH_TOKEN)
            .api_key(KEY.0, KEY.1)
            .voice_url(format!("{base}/twilio-inbound"))
            .status_url(format!("{base}/twilio-status"))
            .application(Application {
                sid: APP.to_owned(),
                voice,
            });
        let simulator = Simulator::start_with(config).await.unwrap();
        let machine = machine
            .set("TWILIO_API_BASE_URL", &simulator.base_url())
            .set("TWILIO_API_KEY_SID", KEY.0)
            .set("TWILIO_API_KEY_SECRET", KEY.1)
            .set("TWILIO_TWIML_APP_SID", APP);
        Self { machine, simulator }
    }

    /// Its page calls by the simulator's client.
    pub(crate) fn by_our_client(mut self) -> Self {
        let signal = self.simulator.signal_url();
        self.machine = self.machine.set("SIM_SIGNAL_URL", &signal);
        self
    }

    /// Its page calls by the vendor's SDK, which the operator has put there.
    pub(crate) fn by_own_sdk(mut self, file: &Path) -> Self {
        let file = file.to_str().unwrap();
        self.machine = self.machine.set("VOICE_SDK_FILE", file);
        self
    }

    /// Tells a flow how to start the server.
    pub(crate) fn tell(&self, flow: &mut Command) {
        let server = self.machine.program(&[]);
        let environment: BTreeMap<_, _> = server
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)))
            .collect();
        flow.env("SERVER", self.machine.base())
            .env("SIMULATOR", self.simulator.base_url())
            .env("PROGRAM", server.get_program())
            .env("DIRECTORY", server.get_current_dir().unwrap())
            .env("ENVIRONMENT", serde_json::to_string(&environment).unwrap());
    }
}
