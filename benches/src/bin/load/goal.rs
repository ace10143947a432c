//! What is wanted.

use std::time::Duration;

/// What is wanted of a closed-loop row: the server's processor time at most so
/// many times that of the bare handler, and at 64 connections so many answers
/// a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) floor: Want,
    pub(crate) goal: Want,
}

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    /// Times the bare handler's processor time, at most.
    pub(crate) times_hello: f64,
    /// Answers a second at [`MANY`] connections, at least.
    pub(crate) rate: Option<f64>,
}

/// What is wanted of a single figure: less is better.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most<T> {
    pub(crate) floor: T,
    pub(crate) goal: T,
}

/// How a figure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Goal,
    Floor,
    Missed,
}

/// The number of connections for which rates are wanted.
pub(crate) const MANY: usize = 64;

pub(crate) const START_CALL: Goal = Goal::times(15.0, 8.0);
pub(crate) const STATUS: Goal = Goal {
    floor: Want {
        times_hello: 6.0,
        rate: Some(12_000.0),
    },
    goal: Want {
        times_hello: 4.0,
        rate: Some(25_000.0),
    },
};
pub(crate) const INBOUND: Goal = Goal::times(10.0, 6.0);
pub(crate) const SHORT_LOG: Goal = Goal::times(6.0, 3.0);
pub(crate) const LONG_LOG: Goal = Goal::times(80.0, 40.0);
pub(crate) const OWN_SHORT_LOG: Goal = Goal::times(6.0, 3.0);
pub(crate) const OWN_LONG_LOG: Goal = Goal::times(40.0, 10.0);
pub(crate) const AGENT_JOIN: Goal = Goal::times(6.0, 3.0);
pub(crate) const CALL_STATUS: Goal = Goal::times(10.0, 6.0);
pub(crate) const EVENT: Most<Duration> = Most {
    floor: Duration::from_millis(5),
    goal: Duration::from_millis(2),
};
pub(crate) const SOCKET_IO_EVENT: Most<Duration> = Most {
    floor: Duration::from_millis(4),
    goal: Duration::from_millis(2),
};
pub(crate) const BESIDE_LOGINS: Most<Duration> = Most {
    floor: Duration::from_millis(10),
    goal: Duration::from_millis(5),
};
/// Wanted beyond what the provider takes; the simulator's own work is in it.
pub(crate) const HOLD: Most<Duration> = Most {
    floor: Duration::from_millis(100),
    goal: Duration::from_millis(20),
};
pub(crate) const START: Most<Duration> = Most {
    floor: Duration::from_millis(100),
    goal: Duration::from_millis(30),
};
/// In MiB.
pub(crate) const IDLE: Most<f64> = Most {
    floor: 40.0,
    goal: 20.0,
};
/// In KiB.
pub(crate) const SOCKET_IO: Most<f64> = Most {
    floor: 20.0,
    goal: 10.0,
};
/// In KiB.
pub(crate) const SOCKET: Most<f64> = Most {
    floor: 12.0,
    goal: 6.0,
};

impl Goal {
    const fn times(floor: f64, goal: f64) -> Self {
        Self {
            floor: Want {
                times_hello: floor,
                rate: None,
            },
            goal: Want {
                times_hello: goal,
                rate: None,
            },
        }
    }

    /// How a row stands.
    pub(crate) fn verdict(&self, times_hello: f64, rate: f64, connections: usize) -> Verdict {
        let met = |want: &Want| {
            let fast = want
                .rate
                .is_none_or(|wanted| connections != MANY || rate >= wanted);
            times_hello <= want.times_hello && fast
        };
        Verdict::of(met(&self.floor), met(&self.goal))
    }
}

impl<T: PartialOrd> Most<T> {
    /// How a figure stands.
    pub(crate) fn verdict(&self, figure: &T) -> Verdict {
        Verdict::of(*figure <= self.floor, *figure <= self.goal)
    }
}

impl Verdict {
    fn of(floor: bool, goal: bool) -> Self {
        match (floor, goal) {
            (true, true) => Self::Goal,
            (true, false) => Self::Floor,
            (false, _) => Self::Missed,
        }
    }

    /// The word for it in tables.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Floor => "floor",
            Self::Missed => "**missed**",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_wanted_of_many_connections_only() {
        assert_eq!(STATUS.verdict(3.9, 30_000.0, 64), Verdict::Goal);
        assert_eq!(STATUS.verdict(3.9, 13_000.0, 64), Verdict::Floor);
        assert_eq!(STATUS.verdict(3.9, 11_000.0, 64), Verdict::Missed);
        assert_eq!(STATUS.verdict(3.9, 11_000.0, 16), Verdict::Goal);
        assert_eq!(STATUS.verdict(6.1, 11_000.0, 16), Verdict::Missed);
    }
}
