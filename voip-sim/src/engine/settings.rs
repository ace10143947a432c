//! How the simulated provider is set up at the moment.

use std::num::NonZeroU32;

use serde::Serialize;

use super::{Application, Engine, NumberConfig, Surplus};
use crate::choices::Choices;
use crate::faults::Faults;

/// What can be changed while it runs, as it stands. Tokens and keys are not in it.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// The one account.
    pub account_sid: String,
    /// All randomness follows from it.
    pub seed: u64,
    /// What the account's numbers do with inbound calls.
    pub number: NumberConfig,
    /// The TwiML App that voice clients call through.
    pub application: Option<Application>,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// What is done where the vendor is silent.
    pub choices: Choices,
    /// Calls that may be placed over REST in one second.
    pub calls_per_second: Option<NonZeroU32>,
    /// What becomes of those above.
    pub surplus: Surplus,
}

impl Engine {
    /// Changes what is done where the vendor is silent.
    pub fn set_choices(&mut self, choices: Choices) {
        self.config.choices = choices;
    }

    /// How it is set up at the moment.
    pub fn settings(&self) -> Settings {
        let config = &self.config;
        Settings {
            account_sid: config.account_sid.clone(),
            seed: config.seed,
            number: config.number.clone(),
            application: config.application.clone(),
            faults: self.faults.clone(),
            choices: config.choices.clone(),
            calls_per_second: config.calls_per_second,
            surplus: config.surplus,
        }
    }
}
