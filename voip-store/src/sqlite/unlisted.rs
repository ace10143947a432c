use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Included, Unbounded},
    sync::Arc,
};

use uuid::Uuid;
use voip_core::{Call, CallId, Timestamp, UserId};

use super::call_row::names;

/// Lines of logs that are not in the database yet, in the order of its table,
/// so that those written together lie next to each other.
#[derive(Default)]
pub(super) struct Unlisted {
    lines: BTreeMap<Place, Line>,
    /// The rows of the calls that these lines are about, and how many each has.
    rows: BTreeMap<i64, u8>,
    /// The last line that was taken in turn.
    turn: Option<Place>,
}

/// Where a line belongs: the primary key of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) name: Arc<str>,
    created_at: Timestamp,
    id: CallId,
}

/// What a line tells of.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) call: Arc<Call>,
    pub(super) row: i64,
}

impl Place {
    fn of(call: &Call, name: &str) -> Self {
        Self {
            name: Arc::from(name),
            created_at: call.created_at,
            id: call.id,
        }
    }

    /// Before every line under a name.
    fn before_all(name: &str) -> Self {
        Self {
            name: Arc::from(name),
            created_at: Timestamp::from_micros(i64::MIN),
            id: CallId::from_uuid(Uuid::nil()),
        }
    }
}

impl Unlisted {
    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The lowest row of a call that has a line here.
    pub(super) fn lowest_row(&self) -> Option<i64> {
        self.rows.keys().next().copied()
    }

    /// Whether there is a line under this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.under(name).next().is_some()
    }

    /// Puts in the lines of a call, as they follow from how the call is.
    pub(super) fn put(&mut self, call: &Arc<Call>, row: i64) {
        for name in names(call) {
            let call = Arc::clone(call);
            let place = Place::of(&call, name);
            if self.lines.insert(place, Line { call, row }).is_none() {
                *self.rows.entry(row).or_default() += 1;
            }
        }
    }

    /// Has the lines of a call tell of it as it is now, and tells whether that
    /// of its owner is here.
    pub(super) fn renew(&mut self, call: &Arc<Call>) -> bool {
        let mut owners = false;
        for name in names(call) {
            if let Some(line) = self.lines.get_mut(&Place::of(call, name)) {
                line.call = Arc::clone(call);
                owners |= call.owner.as_ref().map(UserId::as_str) == Some(name);
            }
        }
        owners
    }

    /// Takes so many lines, from where it was left the last time, and from the
    /// beginning after the end: as a lift goes past the floors of a house.
    pub(super) fn take_in_turn(&mut self, most: usize) -> Vec<(Place, Line)> {
        let after = match self.turn.take() {
            Some(turn) => self.lines.range((Excluded(turn), Unbounded)),
            None => self.lines.range::<Place, _>(..),
        };
        let places: Vec<_> = after.take(most).map(|(place, _)| place.clone()).collect();
        if places.len() == most {
            self.turn = places.last().cloned();
        }
        self.take(places)
    }

    /// Takes all lines.
    pub(super) fn take_all(&mut self) -> Vec<(Place, Line)> {
        let all = std::mem::take(self);
        all.lines.into_iter().collect()
    }

    /// Takes the lines under a name.
    pub(super) fn take_under(&mut self, name: &str) -> Vec<(Place, Line)> {
        let places = self.under(name).cloned().collect();
        self.take(places)
    }

    /// Takes the lines of a call.
    pub(super) fn take_of(&mut self, call: &Call) -> Vec<(Place, Line)> {
        self.take(names(call).map(|name| Place::of(call, name)).collect())
    }

    fn under(&self, name: &str) -> impl Iterator<Item = &Place> {
        let after = self
            .lines
            .range((Included(Place::before_all(name)), Unbounded));
        after
            .map(|(place, _)| place)
            .take_while(move |place| &*place.name == name)
    }

    fn take(&mut self, places: Vec<Place>) -> Vec<(Place, Line)> {
        let mut taken = Vec::with_capacity(places.len());
        for place in places {
            let Some(line) = self.lines.remove(&place) else {
                continue;
            };
            if let Some(lines) = self.rows.get_mut(&line.row) {
                *lines -= 1;
                if *lines == 0 {
                    self.rows.remove(&line.row);
                }
            }
            taken.push((place, line));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use voip_core::{Direction, Party, Signal, table};

    use super::*;

    /// A live call of ann from one number to another.
    fn call(from: &str, to: &str) -> Arc<Call> {
        let calls = table::calls().into_iter().map(|(_, call)| call);
        let mut live = calls.filter(|call| !call.is_over());
        Arc::new(Call {
            id: CallId::fresh(),
            direction: Direction::Outbound,
            from: Party::read(from),
            to: Party::read(to),
            owner: Some("ann".parse().unwrap()),
            ..live.next().unwrap()
        })
    }

    fn taken(lines: &[(Place, Line)]) -> Vec<(&str, i64)> {
        lines
            .iter()
            .map(|(place, line)| (&*place.name, line.row))
            .collect()
    }

    #[test]
    fn a_call_has_a_line_under_each_of_its_names_until_they_are_taken() {
        let (mut unlisted, call) = (Unlisted::default(), call("+15550001111", "+15550002222"));
        unlisted.put(&call, 7);
        assert_eq!(unlisted.len(), 3);
        assert!(unlisted.has("ann") && unlisted.has("+15550001111"));
        assert!(!unlisted.has("an") && !unlisted.has("annie") && !unlisted.has(""));
        assert_eq!(taken(&unlisted.take_under("ann")), [("ann", 7)]);
        assert!(!unlisted.has("ann"));
        assert_eq!(unlisted.lowest_row(), Some(7), "two lines are left");
        assert_eq!(unlisted.take_of(&call).len(), 2);
        assert_eq!((unlisted.len(), unlisted.lowest_row()), (0, None));
    }

    #[test]
    fn lines_are_taken_in_their_order_and_round_and_round() {
        let mut unlisted = Unlisted::default();
        let calls = [call("+1", "+5"), call("+3", "+7")];
        unlisted.put(&calls[0], 1);
        unlisted.put(&calls[1], 2);
        assert_eq!(taken(&unlisted.take_in_turn(2)), [("+1", 1), ("+3", 2)]);
        // Where the lift has been, it comes again after all others.
        unlisted.put(&call("+2", "+6"), 3);
        assert_eq!(taken(&unlisted.take_in_turn(2)), [("+5", 1), ("+6", 3)]);
        let rest = unlisted.take_in_turn(9);
        let mut anns = [1, 2, 3].map(|row| ("ann", row)).to_vec();
        let mut rest = taken(&rest);
        assert_eq!(rest.remove(0), ("+7", 2));
        rest.sort_unstable();
        anns.sort_unstable();
        assert_eq!(rest, anns);
        assert_eq!(taken(&unlisted.take_in_turn(1)), [("+2", 3)]);
        assert_eq!(unlisted.len(), 0);
    }

    #[test]
    fn all_lines_are_taken_wherever_the_lift_is() {
        let mut unlisted = Unlisted::default();
        unlisted.put(&call("+1", "+5"), 1);
        unlisted.take_in_turn(2);
        unlisted.put(&call("+2", "+6"), 2);
        let all = unlisted.take_all();
        assert_eq!(taken(&all), [("+2", 2), ("+6", 2), ("ann", 1), ("ann", 2)]);
        assert_eq!((unlisted.len(), unlisted.lowest_row()), (0, None));
    }

    #[test]
    fn the_end_of_a_call_reaches_its_lines_and_is_due_elsewhere_without_the_owners() {
        let (mut unlisted, call) = (Unlisted::default(), call("+1", "+2"));
        let over = call.step(Signal::LegGone, call.created_at).unwrap().call;
        let over = Arc::new(over);
        assert!(over.is_over());
        assert!(!unlisted.renew(&over), "it has no line here");
        unlisted.put(&call, 1);
        assert!(unlisted.renew(&over));
        let taken = unlisted.take_under("ann");
        assert!(taken[0].1.call.is_over());
        assert!(!unlisted.renew(&over), "that of its owner is gone");
    }
}
