//! What was recorded, until it is fetched, deleted or too much.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sound::mixer::Frame;
use crate::sound::wav;

/// Samples of all recordings together; the oldest are let go above that, and are silent from then
/// on: two hours of one channel.
const MOST: usize = 2 * 3_600 * 8_000;

/// The sound of recordings, by their SIDs.
#[derive(Clone, Default)]
pub(crate) struct Tapes(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    tapes: BTreeMap<String, Tape>,
    made: u64,
    samples: usize,
}

struct Tape {
    /// In the order of their making.
    place: u64,
    channels: Vec<Vec<i16>>,
}

impl Tapes {
    /// Adds what was said in 20 milliseconds.
    pub(crate) fn record(&self, frames: Vec<(String, Vec<Frame>)>) {
        if frames.is_empty() {
            return;
        }
        let mut shelf = self.shelf();
        for (sid, frames) in frames {
            shelf.record(sid, frames);
        }
        while shelf.samples > MOST {
            let oldest = shelf.tapes.iter().min_by_key(|(_, tape)| tape.place);
            let Some(sid) = oldest.map(|(sid, _)| sid.clone()) else {
                return;
            };
            shelf.let_go(&sid);
        }
    }

    /// The WAV file of a recording, if anything is known of its sound.
    pub(crate) fn file(&self, sid: &str) -> Option<Vec<u8>> {
        let shelf = self.shelf();
        let channels: Vec<&[i16]> = shelf
            .tapes
            .get(sid)?
            .channels
            .iter()
            .map(Vec::as_slice)
            .collect();
        Some(wav::file(&channels))
    }

    /// Lets go of those that are not known any more.
    pub(crate) fn keep(&self, known: impl Fn(&str) -> bool) {
        let sids: Vec<String> = self.shelf().tapes.keys().cloned().collect();
        for sid in sids.iter().filter(|sid| !known(sid)) {
            self.shelf().let_go(sid);
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Every use leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn record(&mut self, sid: String, frames: Vec<Frame>) {
        let made = &mut self.made;
        let tape = self.tapes.entry(sid).or_insert_with(|| {
            *made += 1;
            Tape {
                place: *made,
                channels: vec![Vec::new(); frames.len()],
            }
        });
        for (channel, frame) in tape.channels.iter_mut().zip(&frames) {
            channel.extend_from_slice(frame);
            self.samples += frame.len();
        }
    }

    fn let_go(&mut self, sid: &str) {
        if let Some(tape) = self.tapes.remove(sid) {
            self.samples -= tape.channels.iter().map(Vec::len).sum::<usize>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_in_the_file() {
        let tapes = Tapes::default();
        for loud in [1, 2] {
            tapes.record(vec![("RE1".to_owned(), vec![[loud; 160], [0; 160]])]);
        }
        let file = tapes.file("RE1").unwrap();
        assert_eq!(file.len(), 44 + 2 * 2 * 320);
        assert_eq!(wav::read(&file).unwrap().len(), 320);
        assert_eq!(tapes.file("RE2"), None);
        tapes.keep(|_| false);
        assert_eq!(tapes.file("RE1"), None);
        assert_eq!(tapes.shelf().samples, 0);
    }

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let tapes = Tapes::default();
        tapes.record(vec![("RE1".to_owned(), vec![[1; 160]])]);
        tapes.shelf().samples += MOST - 160;
        tapes.record(vec![("RE2".to_owned(), vec![[2; 160]])]);
        assert!(tapes.file("RE1").is_none() && tapes.file("RE2").is_some());
    }
}
