//! Numbers that mean something to the simulator. `docs/simulator.md` shows the same table, and a
//! test keeps the two together.

use std::time::Duration;

use crate::phone::{Outcome, PhoneScript};

/// A number with a meaning of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MagicNumber {
    /// The number in E.164 form. Not personal data: nobody can own it.
    pub number: &'static str,
    /// What it stands for.
    pub meaning: Meaning,
}

/// What a magic number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// As `From` of a REST call: refused with this code.
    FromRefused(u32),
    /// As `From` of a REST call: always accepted.
    FromAccepted,
    /// As `To` of a REST call: refused with this code.
    ToRefused(u32),
    /// As `To`, or dialled: behaves like this.
    Behaves(Behaviour),
}

/// The script of a magic number in a form that fits a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behaviour {
    /// What it does.
    pub outcome: Outcome,
    /// Seconds of ringing before that.
    pub ring_seconds: u64,
    /// Seconds after the answer until it hangs up.
    pub hang_up_seconds: Option<u64>,
}

/// A telephone that is engaged.
pub const BUSY: &str = "+15005550100";
/// A telephone that rings out.
pub const RINGS_OUT: &str = "+15005550101";
/// A number that cannot be reached.
pub const FAILS: &str = "+15005550102";
/// A telephone that answers after a second and hangs up five seconds later.
pub const HANGS_UP_AFTER_5S: &str = "+15005550103";
/// A telephone that answers at once and stays.
pub const ANSWERS_AT_ONCE: &str = "+15005550104";
/// A telephone that rings for two seconds and declines.
pub const REJECTS: &str = "+15005550105";
/// A telephone that answers after a second and stays: the default, spelled out.
pub const ANSWERS: &str = "+15005550106";

/// The whole table: the vendor's published test numbers first, then ours.
///
/// The vendor's first number has a meaning in each place, hence the two rows.
pub const TABLE: &[MagicNumber] = &[
    magic("+15005550001", Meaning::FromRefused(21212)),
    magic("+15005550006", Meaning::FromAccepted),
    magic("+15005550001", Meaning::ToRefused(21217)),
    magic("+15005550002", Meaning::ToRefused(21214)),
    magic("+15005550003", Meaning::ToRefused(21215)),
    magic("+15005550004", Meaning::ToRefused(21216)),
    behaves(BUSY, Outcome::Busy, 0, None),
    behaves(RINGS_OUT, Outcome::NoAnswer, 0, None),
    behaves(FAILS, Outcome::Failed, 0, None),
    behaves(HANGS_UP_AFTER_5S, Outcome::Answer, 1, Some(5)),
    behaves(ANSWERS_AT_ONCE, Outcome::Answer, 0, None),
    behaves(REJECTS, Outcome::Reject, 2, None),
    behaves(ANSWERS, Outcome::Answer, 1, None),
];

/// The code that refuses this `From`, if it is one of the refused ones.
pub(crate) fn from_refusal(number: &str) -> Option<u32> {
    meanings(number).find_map(|meaning| match meaning {
        Meaning::FromRefused(code) => Some(code),
        _ => None,
    })
}

/// Whether this `From` is accepted whatever the account owns.
pub(crate) fn from_accepted(number: &str) -> bool {
    meanings(number).any(|meaning| meaning == Meaning::FromAccepted)
}

/// The code that refuses this `To`, if it is one of the refused ones.
pub(crate) fn to_refusal(number: &str) -> Option<u32> {
    meanings(number).find_map(|meaning| match meaning {
        Meaning::ToRefused(code) => Some(code),
        _ => None,
    })
}

/// The script that comes with this number, if it has one.
pub(crate) fn script(number: &str) -> Option<PhoneScript> {
    meanings(number).find_map(|meaning| match meaning {
        Meaning::Behaves(behaviour) => Some(PhoneScript {
            ring: Duration::from_secs(behaviour.ring_seconds),
            outcome: behaviour.outcome,
            hang_up_after: behaviour.hang_up_seconds.map(Duration::from_secs),
            ..PhoneScript::default()
        }),
        // Dialled from markup, the refused numbers fail: there is no request to refuse.
        Meaning::ToRefused(_) => Some(PhoneScript::failed()),
        _ => None,
    })
}

fn meanings(number: &str) -> impl Iterator<Item = Meaning> {
    TABLE
        .iter()
        .filter(move |magic| magic.number == number)
        .map(|magic| magic.meaning)
}

const fn magic(number: &'static str, meaning: Meaning) -> MagicNumber {
    MagicNumber { number, meaning }
}

const fn behaves(
    number: &'static str,
    outcome: Outcome,
    ring_seconds: u64,
    hang_up_seconds: Option<u64>,
) -> MagicNumber {
    magic(
        number,
        Meaning::Behaves(Behaviour {
            outcome,
            ring_seconds,
            hang_up_seconds,
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_magic_number_is_a_possible_north_american_number() {
        for magic in TABLE {
            let digits = magic.number.strip_prefix("+1").expect("+1");
            assert_eq!(digits.len(), 10, "{}", magic.number);
            assert!(crate::address::is_e164(magic.number));
        }
    }

    #[test]
    fn the_manual_lists_every_magic_number() {
        let manual = include_str!("../../docs/simulator.md");
        for magic in TABLE {
            let row = manual
                .lines()
                .find(|line| line.starts_with(&format!("| `{}`", magic.number)))
                .unwrap_or_else(|| panic!("{} is missing", magic.number));
            if let Meaning::FromRefused(code) | Meaning::ToRefused(code) = magic.meaning {
                assert!(row.contains(&code.to_string()), "{row} lacks {code}");
            }
        }
    }
}
