use std::time::Duration;

/// Whether somebody is still at the other end of a connection. Pure: it is told
/// of each message, and beats once every [`BEAT`].
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Pings since the client was last heard.
    unanswered: u8,
    /// Beats in a row at which the client had not registered.
    nameless: u8,
}

/// How often a connection is looked after.
pub(super) const BEAT: Duration = Duration::from_secs(30);

/// How many beats a client has to register.
const NAMELESS: u8 = 2;

/// How many pings in a row may go unanswered.
const UNANSWERED: u8 = 2;

/// What is to be done at a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Ask whether somebody is there.
    Ping,
    /// Nobody answers any more.
    Gone,
    /// The client did not say who it is.
    Nameless,
}

impl Pulse {
    /// The client was heard; whatever it said, it lives.
    pub(super) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// [`BEAT`] has passed.
    pub(super) fn beat(&mut self, registered: bool) -> Beat {
        self.nameless = if registered { 0 } else { self.nameless + 1 };
        if self.nameless >= NAMELESS {
            return Beat::Nameless;
        }
        if self.unanswered >= UNANSWERED {
            return Beat::Gone;
        }
        self.unanswered += 1;
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pings_may_go_unanswered_and_any_word_counts() {
        let mut pulse = Pulse::default();
        assert_eq!([pulse.beat(true), pulse.beat(true)], [Beat::Ping; 2]);
        pulse.heard();
        assert_eq!([pulse.beat(true), pulse.beat(true)], [Beat::Ping; 2]);
        assert_eq!(pulse.beat(true), Beat::Gone);
    }

    #[test]
    fn who_does_not_register_is_not_kept() {
        let mut pulse = Pulse::default();
        assert_eq!(pulse.beat(false), Beat::Ping);
        pulse.heard();
        assert_eq!(pulse.beat(false), Beat::Nameless);
    }
}
