use std::{collections::HashMap, sync::Arc, time::Duration};

use uuid::Uuid;
use voip_core::{Event, Timestamp};

use super::letter::Letter;

/// What this node knows of the others: up to where it has heard each, and when
/// it last did. Pure: time goes in, and what its subscribers are owed comes out.
///
/// A gap is owed where a number is missing, where a node falls silent that did
/// not say goodbye, for what cannot be read, and whenever listening begins
/// anew.
#[derive(Debug)]
pub(super) struct Peers {
    own: Uuid,
    known: HashMap<Uuid, Peer>,
    /// Since when this node has listened without a break.
    since: Timestamp,
    unreadable: bool,
}

#[derive(Debug)]
struct Peer {
    /// The number that comes next.
    next: u64,
    heard: Timestamp,
    /// Its silence was noticed.
    silent: bool,
}

/// What the subscribers are to get: first the gap, if any, then the events.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Due {
    pub(super) gap: bool,
    pub(super) events: Vec<Arc<Event>>,
}

/// How long a node may be silent. It says something every second.
pub(super) const SILENCE: Duration = Duration::from_secs(3);

/// How long a silent node is remembered, so that it can come back.
const MEMORY: Duration = Duration::from_secs(600);

/// How many nodes are known at a time; the one heard of longest ago makes room.
const MOST: usize = 1_000;

impl Peers {
    pub(super) fn new(own: Uuid, now: Timestamp) -> Self {
        Self {
            own,
            known: HashMap::new(),
            since: now,
            unreadable: false,
        }
    }

    /// Listening begins, or begins anew: whatever was said before is lost.
    pub(super) fn listening(&mut self, now: Timestamp) -> Due {
        self.since = now;
        // Nobody could be heard; that was no silence of theirs.
        for peer in self.known.values_mut() {
            peer.heard = peer.heard.max(now);
        }
        Due {
            gap: true,
            events: Vec::new(),
        }
    }

    /// A letter has come.
    pub(super) fn heard(&mut self, letter: Letter<'_>, now: Timestamp) -> Due {
        if letter.node == self.own {
            return Due::default();
        }
        self.make_room();
        let first_heard = letter.first;
        let listened = now.since(self.since) >= SILENCE;
        let peer = self.known.entry(letter.node).or_insert_with(|| Peer {
            // Who has listened for a while has heard every node from its
            // beginning; who has not was told of a gap when it began.
            next: if listened { 0 } else { first_heard },
            heard: now,
            silent: false,
        });
        peer.heard = now;
        peer.silent = false;
        let gap = letter.first > peer.next;
        // What was sent twice is heard once.
        let again = usize::try_from(peer.next.saturating_sub(letter.first)).unwrap_or(usize::MAX);
        let end = letter.first.saturating_add(letter.events.len() as u64);
        let events = letter.events.iter().skip(again).cloned().collect();
        peer.next = peer.next.max(end);
        if letter.last {
            self.known.remove(&letter.node);
        }
        Due { gap, events }
    }

    /// Something has come that cannot be read. The gap is told with the next
    /// tick, so that a node that always writes so costs one gap a second at
    /// worst.
    pub(super) fn unreadable(&mut self) {
        self.unreadable = true;
    }

    /// Time has passed; to be called every second or so.
    pub(super) fn tick(&mut self, now: Timestamp) -> Due {
        let mut gap = std::mem::take(&mut self.unreadable);
        for peer in self.known.values_mut() {
            if !peer.silent && now.since(peer.heard) >= SILENCE {
                peer.silent = true;
                gap = true;
            }
        }
        self.known.retain(|_, peer| now.since(peer.heard) < MEMORY);
        Due {
            gap,
            events: Vec::new(),
        }
    }

    fn make_room(&mut self) {
        if self.known.len() >= MOST {
            let oldest = self.known.iter().min_by_key(|(_, peer)| peer.heard);
            if let Some(oldest) = oldest.map(|(node, _)| *node) {
                self.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::letter::tests::event, *};
    use proptest::prelude::*;
    use voip_core::{CallStatus, EventKind};

    const OWN: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    fn events(numbers: std::ops::Range<u32>) -> Vec<Arc<Event>> {
        let ringing = || EventKind::reached(CallStatus::Ringing);
        numbers.map(|seq| event(seq, ringing())).collect()
    }

    fn hear(peers: &mut Peers, numbers: std::ops::Range<u32>, now: Timestamp) -> (bool, Vec<u32>) {
        let first = u64::from(numbers.start);
        let events = events(numbers);
        let due = peers.heard(Letter::new(OTHER, first, &events, false), now);
        (due.gap, due.events.iter().map(|event| event.seq).collect())
    }

    fn listening() -> Peers {
        let mut peers = Peers::new(OWN, at(0));
        assert!(peers.listening(at(0)).gap);
        peers
    }

    #[test]
    fn a_hole_is_a_gap_and_what_comes_twice_is_heard_once() {
        let mut peers = listening();
        assert_eq!(hear(&mut peers, 0..2, at(1)), (false, vec![0, 1]));
        assert_eq!(hear(&mut peers, 1..3, at(1)), (false, vec![2]));
        assert_eq!(hear(&mut peers, 0..1, at(1)), (false, vec![]));
        assert_eq!(hear(&mut peers, 5..6, at(1)), (true, vec![5]));
        // A sign of life with a later number is a hole too.
        assert_eq!(hear(&mut peers, 9..9, at(1)), (true, vec![]));
        assert_eq!(hear(&mut peers, 9..10, at(1)), (false, vec![9]));
    }

    #[test]
    fn a_node_that_was_there_before_is_no_gap_but_one_missed_from_its_start_is() {
        let mut peers = listening();
        assert_eq!(hear(&mut peers, 7..8, at(1)), (false, vec![7]));
        let mut peers = listening();
        assert_eq!(hear(&mut peers, 7..8, at(3)), (true, vec![7]));
        let mut peers = listening();
        assert_eq!(hear(&mut peers, 0..1, at(3)), (false, vec![0]));
    }

    #[test]
    fn a_silent_node_is_one_gap_and_none_when_it_comes_back_whole() {
        let mut peers = listening();
        hear(&mut peers, 0..1, at(1));
        assert!(!peers.tick(at(3)).gap);
        assert!(peers.tick(at(4)).gap);
        assert!(!peers.tick(at(5)).gap, "told once");
        assert_eq!(hear(&mut peers, 1..2, at(6)), (false, vec![1]));
        assert!(peers.tick(at(9)).gap, "silent once more");
    }

    #[test]
    fn who_says_goodbye_may_be_silent() {
        let mut peers = listening();
        hear(&mut peers, 0..1, at(1));
        let due = peers.heard(Letter::new(OTHER, 1, &[], true), at(2));
        assert_eq!(due, Due::default());
        assert!(!peers.tick(at(100)).gap);
        // Unless the last words were lost.
        hear(&mut peers, 0..1, at(101));
        assert!(peers.heard(Letter::new(OTHER, 4, &[], true), at(102)).gap);
    }

    #[test]
    fn whoever_could_not_listen_blames_nobody_for_silence() {
        let mut peers = listening();
        hear(&mut peers, 0..1, at(1));
        assert!(peers.listening(at(60)).gap);
        assert!(!peers.tick(at(61)).gap);
        assert_eq!(hear(&mut peers, 1..2, at(61)), (false, vec![1]));
    }

    #[test]
    fn own_letters_are_nothing_and_unreadable_ones_a_gap() {
        let mut peers = listening();
        let own = events(0..5);
        assert_eq!(
            peers.heard(Letter::new(OWN, 3, &own, false), at(1)),
            Due::default()
        );
        peers.unreadable();
        peers.unreadable();
        assert!(peers.tick(at(1)).gap);
        assert!(!peers.tick(at(2)).gap);
    }

    #[test]
    fn only_so_many_nodes_are_known() {
        let mut peers = listening();
        for node in 10..2_000_u128 {
            let now = at(1) + Duration::from_millis(node as u64);
            peers.heard(Letter::new(Uuid::from_u128(node), 0, &[], false), now);
        }
        assert!(peers.known.len() <= MOST);
    }

    proptest! {
        /// Whatever letters are lost or come twice: every event is heard at
        /// most once and in order, and none is missed without a word.
        #[test]
        fn nothing_is_missed_without_a_word(
            letters in prop::collection::vec((0..4_u32, 0..3_u32, any::<bool>()), 0..60),
        ) {
            let mut peers = listening();
            // Known from its beginning.
            prop_assert_eq!(hear(&mut peers, 0..0, at(1)), (false, vec![]));
            let (mut written, mut expected) = (0, 0);
            for (count, again, lost) in letters {
                let start = written - again.min(written);
                let end = start + count;
                written = written.max(end);
                if lost {
                    continue;
                }
                let (gap, heard) = hear(&mut peers, start..end, at(1));
                prop_assert_eq!(gap, start > expected);
                let news: Vec<u32> = (start.max(expected)..end).collect();
                prop_assert_eq!(heard, news);
                expected = expected.max(end);
            }
        }
    }
}
