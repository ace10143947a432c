use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use voip_core::{CallId, Event, EventKind, Timestamp};

/// Brings the events of each call into their order.
///
/// Events are published after their step is saved, by whichever task or node
/// saved it, so two of them may overtake each other by a hair. One that comes
/// too early waits for those before it, but not for long: they may have been
/// lost with a node. Of a call that was there before this node, those before the
/// first that comes were told to others. Pure: time goes in.
#[derive(Debug, Default)]
pub(crate) struct Sequencer {
    /// Since when it is told all events.
    began: Option<Timestamp>,
    calls: HashMap<CallId, Line>,
    /// Until when events of which calls wait. A call whose events went on
    /// meanwhile stays until its turn comes.
    waiting: BTreeSet<(Timestamp, CallId)>,
    swept: Option<Timestamp>,
}

#[derive(Debug)]
struct Line {
    next: u32,
    early: BTreeMap<u32, Arc<Event>>,
    early_until: Timestamp,
    over: bool,
    touched: Timestamp,
}

/// How long an event waits for those before it.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long the first event of a call that is older than this node waits: by so
/// much one event overtakes another where no node is in trouble.
const BRIEFLY: Duration = Duration::from_millis(2);

/// How long a call that is over is remembered, so that a straggler is known.
const MEMORY: Duration = Duration::from_secs(60);

/// How long a call without news is remembered.
const LONG_MEMORY: Duration = Duration::from_secs(12 * 60 * 60);

impl Sequencer {
    /// One that is told all events from `now` on.
    pub(crate) fn beginning(now: Timestamp) -> Self {
        Self {
            began: Some(now),
            ..Self::default()
        }
    }

    /// Takes an event in; returns those that are due now, in order.
    pub(crate) fn push(&mut self, event: Arc<Event>, now: Timestamp) -> Vec<Arc<Event>> {
        self.forget(now);
        let line = self
            .calls
            .entry(event.call)
            .or_insert_with(|| Line::new(now));
        line.touched = now;
        if event.seq < line.next {
            return Vec::new();
        }
        if event.seq == line.next && line.early.is_empty() {
            // The ordinary case.
            line.passed(&event);
            return vec![event];
        }
        if line.early.is_empty() {
            let unheard_of = line.next == 0;
            let is_old = self.began.is_some_and(|began| is_before(event.call, began));
            let patience = match unheard_of && is_old {
                true => BRIEFLY,
                false => PATIENCE,
            };
            line.early_until = now + patience;
            self.waiting.insert((line.early_until, event.call));
        }
        line.early.insert(event.seq, event);
        line.ready()
    }

    /// The events that have waited long enough; call it at
    /// [`deadline`](Self::deadline).
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Arc<Event>> {
        let mut due = Vec::new();
        while let Some(&(until, call)) = self.waiting.first()
            && now >= until
        {
            self.waiting.pop_first();
            let Some(line) = self.calls.get_mut(&call) else {
                continue;
            };
            if line.early_until == until {
                for (_, event) in std::mem::take(&mut line.early) {
                    line.passed(&event);
                    due.push(event);
                }
            }
        }
        due
    }

    /// When [`expire`](Self::expire) has something to do, at the earliest.
    /// However many events come meanwhile, it does not move.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.waiting.first().map(|&(until, _)| until)
    }

    fn forget(&mut self, now: Timestamp) {
        if self.swept.is_some_and(|swept| now < swept + MEMORY) {
            return;
        }
        self.swept = Some(now);
        self.calls.retain(|_, line| {
            let memory = if line.over { MEMORY } else { LONG_MEMORY };
            !line.early.is_empty() || now < line.touched + memory
        });
    }
}

impl Line {
    fn new(now: Timestamp) -> Self {
        Self {
            next: 0,
            early: BTreeMap::new(),
            early_until: now,
            over: false,
            touched: now,
        }
    }

    fn ready(&mut self) -> Vec<Arc<Event>> {
        let mut ready = Vec::new();
        while let Some(event) = self.early.remove(&self.next) {
            self.passed(&event);
            ready.push(event);
        }
        ready
    }

    fn passed(&mut self, event: &Event) {
        self.next = event.seq + 1;
        if let EventKind::Status { status, .. } = event.kind {
            self.over |= status.is_final();
        }
    }
}

/// Whether a call was made before that moment, as far as its id says when.
fn is_before(call: CallId, moment: Timestamp) -> bool {
    let made = call.as_uuid().get_timestamp();
    made.is_some_and(|made| {
        let (seconds, nanos) = made.to_unix();
        let made = Duration::new(seconds, nanos).as_micros();
        i64::try_from(made).is_ok_and(|made| made < moment.as_micros())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use voip_core::CallStatus;

    const NONE: [u32; 0] = [];

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_secs(1_700_000_000) + Duration::from_millis(millis)
    }

    fn event(seq: u32) -> Arc<Event> {
        let call = "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap();
        let kind = EventKind::reached(CallStatus::Ringing);
        Arc::new(Event {
            call,
            leg: None,
            seq,
            audience: Vec::new(),
            kind,
        })
    }

    fn numbers(events: &[Arc<Event>]) -> Vec<u32> {
        events.iter().map(|event| event.seq).collect()
    }

    #[test]
    fn an_early_event_waits_for_the_one_before() {
        let mut line = Sequencer::default();
        assert_eq!(numbers(&line.push(event(1), at(0))), NONE);
        assert_eq!(numbers(&line.push(event(0), at(1))), [0, 1]);
        // Its turn comes, and there is nothing left to do.
        assert_eq!(numbers(&line.expire(at(100))), NONE);
        assert_eq!(line.deadline(), None);
    }

    #[test]
    fn a_lost_event_is_waited_for_only_so_long_however_much_else_comes() {
        let mut line = Sequencer::default();
        assert_eq!(numbers(&line.push(event(1), at(0))), NONE);
        let other = "018c1f6e-7c3a-7000-8000-000000000002".parse().unwrap();
        for seq in 0..50 {
            let news = Arc::new(Event {
                call: other,
                ..(*event(seq)).clone()
            });
            assert_eq!(numbers(&line.push(news, at(2 * u64::from(seq)))), [seq]);
            assert_eq!(line.deadline(), Some(at(100)));
        }
    }

    #[test]
    fn a_lost_event_is_waited_for_only_so_long() {
        let mut line = Sequencer::default();
        assert_eq!(numbers(&line.push(event(3), at(0))), NONE);
        assert_eq!(numbers(&line.expire(at(99))), NONE);
        assert_eq!(numbers(&line.expire(at(100))), [3]);
        // The straggler is too late: order is kept, not completeness.
        assert_eq!(numbers(&line.push(event(2), at(101))), NONE);
        assert_eq!(numbers(&line.push(event(4), at(102))), [4]);
    }

    #[test]
    fn of_a_call_that_is_older_than_the_node_nobody_waits_for_what_others_were_told() {
        // The moment that its id begins with, in milliseconds.
        let made = Timestamp::from_micros(0x018c_1f6e_7c3a * 1000);
        let later = made + Duration::from_secs(1);
        let mut line = Sequencer::beginning(later);
        assert_eq!(numbers(&line.push(event(3), later)), NONE);
        assert_eq!(line.deadline(), Some(later + BRIEFLY));
        assert_eq!(numbers(&line.push(event(2), later)), NONE);
        assert_eq!(numbers(&line.expire(later + BRIEFLY)), [2, 3]);
        // From here on it is a call like any other.
        assert_eq!(numbers(&line.push(event(5), later)), NONE);
        assert_eq!(line.deadline(), Some(later + PATIENCE));
        assert_eq!(numbers(&line.push(event(4), later)), [4, 5]);

        let mut line = Sequencer::beginning(made);
        assert_eq!(numbers(&line.push(event(1), later)), NONE);
        assert_eq!(
            line.deadline(),
            Some(later + PATIENCE),
            "its first may still come"
        );
    }

    proptest! {
        #[test]
        fn any_order_with_repeats_comes_out_in_order_and_whole(
            order in Just((0..8u32).collect::<Vec<_>>()).prop_shuffle(),
            repeats in prop::collection::vec(0..8usize, 0..8),
        ) {
            let mut line = Sequencer::default();
            let mut out = Vec::new();
            for (index, &seq) in order.iter().enumerate() {
                out.extend(numbers(&line.push(event(seq), at(1))));
                if let Some(&again) = repeats.get(index) {
                    out.extend(numbers(&line.push(event(order[again.min(index)]), at(1))));
                }
            }
            prop_assert_eq!(out, (0..8).collect::<Vec<_>>());
            prop_assert_eq!(numbers(&line.expire(at(200))), NONE);
            prop_assert_eq!(line.deadline(), None);
        }
    }
}
