//! Named scripts: the circumstances under which applications break, each by one name.
//!
//! A script is a [`Seed`]: it sets up faults, clients and telephones, and leaves the rest as it
//! is. [`Engine::run_script`] sets one up, and so does `voip-sim script NAME`. The call itself is
//! then made as always.

use crate::engine::Engine;
use crate::seed::{Seed, SeedError};

/// Circumstances with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// Its name, in words with hyphens.
    pub name: &'static str,
    /// What goes wrong, in one sentence.
    pub summary: &'static str,
    /// The seed, as JSON.
    pub seed: &'static str,
}

/// The leg to be moved into a conference has been answered, and a list does not show it yet.
pub const HOLD_CHILD_NOT_LISTED: Script = Script {
    name: "hold-child-not-listed",
    summary: "hold, first race: the callee's leg is up, and lists do not show it for two seconds",
    seed: r#"{"faults": {"list_lag": {"secs": 2, "nanos": 0}}}"#,
};

/// The conference and its participant are there, and reading them says that they are not.
pub const HOLD_ROOM_NOT_THERE: Script = Script {
    name: "hold-room-not-there",
    summary: "hold, second race: the callee is in the conference, and for a second nobody finds it",
    seed: r#"{"faults": {"conference_lag": {"secs": 1, "nanos": 0}}}"#,
};

/// The one party hangs up while the other is on its way into the conference.
pub const HOLD_HANG_UP_IN_THE_MIDDLE: Script = Script {
    name: "hold-hang-up-in-the-middle",
    summary: "hold, third race: the caller hangs up after the callee was moved, before following",
    seed: r#"{
        "faults": {"delay_documents": 1.0, "delay_up_to": {"secs": 1, "nanos": 0}},
        "rest_faults": [
            {"on": "redirects", "fault": {"partner_ends_after": {"secs": 0, "nanos": 300000000}}}
        ]
    }"#,
};

/// Every telephone and client that has no other script answers at the same moment.
pub const RING_ALL: Script = Script {
    name: "ring-all",
    summary: "two clients, ann and bob, ring together and accept in the same instant",
    seed: r#"{
        "clients": {
            "ann": {"outcome": "answer", "ring_seconds": 1},
            "bob": {"outcome": "answer", "ring_seconds": 1}
        }
    }"#,
};

/// The answer to placing a call comes after its first callbacks.
pub const EARLY_CALLBACKS: Script = Script {
    name: "early-callbacks",
    summary: "callbacks arrive before the answer to the request that placed the call",
    seed: r#"{
        "rest_faults": [{"on": "creates", "fault": {"answer_late": {"secs": 3, "nanos": 0}}}]
    }"#,
};

/// Callbacks arrive late, twice, and in any order.
pub const LATE_CALLBACKS: Script = Script {
    name: "late-callbacks",
    summary: "callbacks arrive up to five seconds late, many twice, in any order",
    seed: r#"{
        "faults": {
            "repeat": 0.5, "reorder": 0.7, "reorder_within": {"secs": 5, "nanos": 0},
            "delay": 0.5, "delay_up_to": {"secs": 5, "nanos": 0}
        }
    }"#,
};

/// A call is placed, and the answer that says so never comes.
pub const ACCEPTED_THEN_SILENT: Script = Script {
    name: "accepted-then-silent",
    summary: "the call is placed, and its request times out: nobody may place it again",
    seed: r#"{"rest_faults": [{"on": "creates", "fault": "never_answer"}]}"#,
};

/// All scripts.
pub const ALL: [Script; 7] = [
    HOLD_CHILD_NOT_LISTED,
    HOLD_ROOM_NOT_THERE,
    HOLD_HANG_UP_IN_THE_MIDDLE,
    RING_ALL,
    EARLY_CALLBACKS,
    LATE_CALLBACKS,
    ACCEPTED_THEN_SILENT,
];

/// The script of this name.
pub fn named(name: &str) -> Option<Script> {
    ALL.into_iter().find(|script| script.name == name)
}

impl Engine {
    /// Sets up the circumstances of a script.
    ///
    /// # Errors
    /// [`SeedError`], for a script of one's own; those here are sound.
    pub fn run_script(&mut self, script: Script) -> Result<(), SeedError> {
        self.plant(Seed::parse(script.seed.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineConfig;

    #[test]
    fn every_script_is_sound_has_its_own_name_and_is_in_the_manual() {
        let manual = include_str!("../../docs/simulator.md");
        for script in ALL {
            let mut engine = Engine::new(EngineConfig::new("AC", "t"));
            engine.run_script(script).expect(script.name);
            assert_eq!(named(script.name), Some(script));
            assert!(
                manual.contains(&format!("| `{}` |", script.name)),
                "{}",
                script.name
            );
        }
    }
}
