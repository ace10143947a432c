use std::{collections::VecDeque, sync::Arc};

use voip_core::Event;

/// The events of this node that the others are still to be told, numbered from
/// 0 without gaps. When it is full the oldest is given up; the others see the
/// hole in the numbers.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Arc<Event>>,
    /// The number of the first that waits.
    first: u64,
    hello: bool,
    asked: bool,
}

impl Outbox {
    /// How many events may wait: some seconds of a busy node.
    pub(super) const CAPACITY: usize = 8192;

    /// Puts `event` behind all others; tells whether the oldest was given up.
    pub(super) fn put(&mut self, event: Arc<Event>) -> bool {
        let full = self.waiting.len() >= Self::CAPACITY;
        if full {
            self.waiting.pop_front();
            self.first += 1;
        }
        self.waiting.push_back(event);
        full
    }

    /// The first up to `most`, with the number of the first. They stay until
    /// they are [sent](Self::sent).
    pub(super) fn next(&self, most: usize) -> (u64, Vec<Arc<Event>>) {
        (
            self.first,
            self.waiting.iter().take(most).cloned().collect(),
        )
    }

    /// Everything before the number `next` needs not be sent again.
    pub(super) fn sent(&mut self, next: u64) {
        while self.first < next && self.waiting.pop_front().is_some() {
            self.first += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// This node has begun to listen, and wants to know at once who lives.
    pub(super) fn ask_who_lives(&mut self) {
        self.hello = true;
    }

    /// Another node wants to know that this one lives.
    pub(super) fn say_that_we_live(&mut self) {
        self.asked = true;
    }

    /// Whether a letter is wanted now, though there may be no events for it.
    pub(super) fn is_letter_wanted(&self) -> bool {
        self.hello || self.asked
    }

    /// Whether the letter that is written next asks who lives.
    pub(super) fn asks_who_lives(&self) -> bool {
        self.hello
    }

    /// A letter that asks who lives, or does not, was sent.
    pub(super) fn said(&mut self, hello: bool) {
        self.hello &= !hello;
        self.asked = false;
    }
}

#[cfg(test)]
mod tests {
    use super::{super::letter::tests::event, *};
    use voip_core::{CallStatus, EventKind};

    fn numbered(seq: usize) -> Arc<Event> {
        let seq = u32::try_from(seq).unwrap();
        event(seq, EventKind::reached(CallStatus::Ringing))
    }

    #[test]
    fn when_it_is_full_the_oldest_goes_and_its_number_with_it() {
        let mut outbox = Outbox::default();
        for seq in 0..Outbox::CAPACITY {
            assert!(!outbox.put(numbered(seq)));
        }
        let (first, some) = outbox.next(2);
        assert_eq!((first, some.len()), (0, 2));
        assert!(outbox.put(numbered(Outbox::CAPACITY)));
        // What was on its way when the oldest went is not taken for more.
        outbox.sent(2);
        let (first, some) = outbox.next(1);
        assert_eq!((first, some[0].seq), (2, 2));
        outbox.sent(u64::MAX);
        assert!(outbox.is_empty());
        let (first, none) = outbox.next(1);
        assert!(none.is_empty());
        assert_eq!(first, Outbox::CAPACITY as u64 + 1);
    }

    #[test]
    fn a_question_that_comes_up_while_a_letter_is_on_its_way_is_asked_after_it() {
        let mut outbox = Outbox::default();
        assert!(!outbox.is_letter_wanted());
        outbox.say_that_we_live();
        assert!(outbox.is_letter_wanted() && !outbox.asks_who_lives());
        outbox.ask_who_lives();
        outbox.said(false);
        assert!(outbox.is_letter_wanted() && outbox.asks_who_lives());
        outbox.said(true);
        assert!(!outbox.is_letter_wanted());
    }
}
