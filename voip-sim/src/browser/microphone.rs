//! What a browser says: packets go in as they come, and frames out as they are due.

use std::collections::VecDeque;

use crate::sound::coding::Coding;
use crate::sound::mixer::{Frame, SILENCE};
use crate::sound::{FRAME, mulaw, opus};

/// Frames that are waited for before a microphone is played, so that one that comes late is not
/// missed.
pub(super) const AHEAD: usize = 2;

/// More than this is behind the time, and the oldest are left out.
const BEHIND: usize = 10;

/// The microphone of one browser.
#[derive(Default)]
pub(super) struct Microphone {
    samples: VecDeque<i16>,
    /// Whether enough has come to begin with.
    playing: bool,
    /// There once Opus has come.
    opus: Option<opus::Reader>,
}

impl Microphone {
    /// A packet whose sound begins at this time of its coding's clock.
    pub(super) fn receive(&mut self, coding: Coding, packet: &[u8], begins: u64) {
        let sound = match coding {
            Coding::Pcmu => mulaw::decode_all(packet),
            Coding::Opus => {
                let reader = self.opus.get_or_insert_with(opus::Reader::new);
                reader.read(packet, begins)
            }
        };
        self.samples.extend(sound);
        let late = self.samples.len().saturating_sub(BEHIND * FRAME);
        if late > 0 {
            self.samples.drain(..late + (BEHIND - AHEAD) * FRAME);
        }
    }

    /// The next 20 milliseconds.
    pub(super) fn frame(&mut self) -> Frame {
        if !self.playing && self.samples.len() < AHEAD * FRAME {
            return SILENCE;
        }
        self.playing = self.samples.len() >= FRAME;
        if !self.playing {
            return SILENCE;
        }
        let mut frame = SILENCE;
        for (sample, heard) in frame.iter_mut().zip(self.samples.drain(..FRAME)) {
            *sample = heard;
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(sample: i16) -> Vec<u8> {
        mulaw::encode_all(&[sample; FRAME])
    }

    #[test]
    fn what_is_said_is_heard_once_enough_is_there() {
        let mut microphone = Microphone::default();
        microphone.receive(Coding::Pcmu, &said(1_000), 0);
        assert_eq!(microphone.frame(), SILENCE);
        microphone.receive(Coding::Pcmu, &said(1_000), 160);
        assert_ne!(microphone.frame(), SILENCE);
        assert_ne!(microphone.frame(), SILENCE);
        assert_eq!(microphone.frame(), SILENCE, "and no longer than it lasts");
    }

    #[test]
    fn who_is_too_far_behind_catches_up() {
        let mut microphone = Microphone::default();
        for index in 0..=BEHIND as u64 {
            microphone.receive(Coding::Pcmu, &said(1_000), index * 160);
        }
        assert_eq!(microphone.samples.len(), AHEAD * FRAME);
    }

    #[test]
    fn one_may_change_from_one_coding_to_the_other() {
        let mut microphone = Microphone::default();
        let mut writer = opus::Writer::new();
        microphone.receive(Coding::Pcmu, &said(1_000), 0);
        microphone.receive(Coding::Opus, &writer.write(&[1_000; FRAME]), 960);
        assert_eq!(microphone.samples.len(), 2 * FRAME);
    }
}
