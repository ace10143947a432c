//! Opus, the way browsers write sound when they may choose (RFC 6716, RFC 7587).

use ropus::{Application, Bitrate, Channels, DecodeMode, Decoder, Encoder};

use super::mixer::Frame;
use super::{FRAME, RATE};

/// Opus counts in 48 000ths of a second, whatever its sound is made of.
pub(crate) const CLOCK: u32 = 48_000;

/// One of our samples takes so much of that.
const UNITS: u64 = (CLOCK / RATE) as u64;

/// The most that one packet can hold: 120 milliseconds.
const LONGEST: usize = 6 * FRAME;

/// The largest packet of one frame.
const LARGEST: usize = 1_275;

/// Bits a second: for the pitches that telephones have it is plenty.
const BITS: u32 = 24_000;

/// How hard is tried, of ten. The most takes three times as long, and nobody hears it.
const EFFORT: u8 = 2;

/// So many lost frames in a row are made up. A longer gap was a pause, or is silence.
const MADE_UP: u64 = 3;

/// Writes the sound for one listener.
pub(crate) struct Writer(Box<Encoder>);

impl Writer {
    /// Nothing has been written.
    pub(crate) fn new() -> Self {
        let encoder = Encoder::builder(RATE, Channels::Mono, Application::Voip)
            .bitrate(Bitrate::Bits(BITS))
            .complexity(EFFORT)
            .build();
        Self(Box::new(encoder.expect("these settings are in range")))
    }

    /// The next 20 milliseconds.
    pub(crate) fn write(&mut self, frame: &Frame) -> Vec<u8> {
        let mut packet = vec![0; LARGEST];
        let length = self.0.encode(frame, &mut packet);
        packet.truncate(length.expect("a frame is 20 milliseconds, and no packet is larger"));
        packet
    }
}

/// Reads the sound of one speaker.
pub(crate) struct Reader {
    decoder: Box<Decoder>,
    /// When the next packet begins, if none is lost.
    next: Option<u64>,
}

impl Reader {
    /// Nothing has been read.
    pub(crate) fn new() -> Self {
        let decoder = Decoder::new(RATE, Channels::Mono);
        Self {
            decoder: Box::new(decoder.expect("the rate is one of the five")),
            next: None,
        }
    }

    /// The samples of a packet that begins at this time of its clock; before them what is made up
    /// for a few that were lost. A packet that makes no sense is one that was lost.
    pub(crate) fn read(&mut self, packet: &[u8], begins: u64) -> Vec<i16> {
        let mut sound = Vec::with_capacity(FRAME);
        let gap = self.next.map_or(0, |next| begins.saturating_sub(next));
        let lost = gap / (FRAME as u64 * UNITS);
        if lost <= MADE_UP {
            for left in (0..lost).rev() {
                // A packet may tell once more what the one before it said.
                let again = if left == 0 { packet } else { &[] };
                self.decode(again, DecodeMode::Fec, FRAME, &mut sound);
            }
        }
        let before = sound.len();
        let nothing = packet.is_empty();
        if nothing || !self.decode(packet, DecodeMode::Normal, LONGEST, &mut sound) {
            self.decode(&[], DecodeMode::Normal, FRAME, &mut sound);
        }
        self.next = Some(begins.saturating_add((sound.len() - before) as u64 * UNITS));
        sound
    }

    /// Decodes at most so many samples; whether it made sense.
    fn decode(
        &mut self,
        packet: &[u8],
        mode: DecodeMode,
        room: usize,
        sound: &mut Vec<i16>,
    ) -> bool {
        let mut samples = [0; LONGEST];
        match self.decoder.decode(packet, &mut samples[..room], mode) {
            Ok(length) => {
                sound.extend(&samples[..length]);
                true
            }
            Err(error) => {
                tracing::debug!(%error, "a packet of sound makes no sense");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sound::{generator, level};

    /// A tone, packet by packet.
    fn packets(hertz: u16, count: usize) -> Vec<Vec<u8>> {
        let mut writer = Writer::new();
        (0..count)
            .map(|index| writer.write(&generator::tone(hertz, index * FRAME)))
            .collect()
    }

    /// What is heard of them, where some are lost.
    fn heard(packets: &[Vec<u8>], lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let mut reader = Reader::new();
        let came = packets
            .iter()
            .enumerate()
            .filter(|(index, _)| !lost(*index));
        came.flat_map(|(index, packet)| reader.read(packet, index as u64 * 960))
            .collect()
    }

    #[test]
    fn a_tone_comes_out_as_it_went_in() {
        let packets = packets(500, 100);
        let sound = heard(&packets, |_| false);
        assert_eq!(sound.len(), 100 * FRAME);
        let late = &sound[8_000..];
        let clean: Vec<i16> = (50..100)
            .flat_map(|index| generator::tone(500, index * FRAME))
            .collect();
        let (wanted, found) = (level::at(&clean, 500.0), level::at(late, 500.0));
        assert!((wanted / found - 1.0).abs() < 0.15, "{wanted} {found}");
        assert!(level::at(late, 700.0) < 100.0);
        let bytes: usize = packets.iter().map(Vec::len).sum();
        assert!(bytes < 100 * 100, "{bytes}: it is smaller than PCMU");
    }

    #[test]
    fn silence_stays_silent() {
        let mut writer = Writer::new();
        let mut reader = Reader::new();
        for index in 0..50 {
            let sound = reader.read(&writer.write(&[0; FRAME]), index * 960);
            assert!(level::rms(&sound) < 5.0, "{index}");
        }
    }

    #[test]
    fn a_few_lost_packets_are_made_up_and_time_does_not_slip() {
        let packets = packets(500, 100);
        for together in [1, 2, 3] {
            let sound = heard(&packets, |index| (70..70 + together).contains(&index));
            assert_eq!(sound.len(), 100 * FRAME);
            let made_up = &sound[70 * FRAME..71 * FRAME];
            assert!(level::rms(made_up) > 1_000.0, "{together}");
            assert!(level::at(&sound[80 * FRAME..], 500.0) > 3_000.0);
        }
    }

    #[test]
    fn of_a_pause_nothing_is_made_up() {
        let packets = packets(500, 100);
        let sound = heard(&packets, |index| (70..74).contains(&index));
        assert_eq!(sound.len(), 96 * FRAME);
        // Late ones are no pause either.
        let mut reader = Reader::new();
        reader.read(&packets[1], 960);
        assert_eq!(reader.read(&packets[0], 0).len(), FRAME);
    }

    #[test]
    fn nonsense_is_a_lost_packet() {
        let packets = packets(500, 50);
        let mut reader = Reader::new();
        for (index, packet) in packets.iter().enumerate() {
            reader.read(packet, index as u64 * 960);
        }
        // A packet of three frames whose lengths are not in it.
        let sound = reader.read(&[0xff, 0x83, 0xff], 50 * 960);
        assert_eq!(sound.len(), FRAME);
        assert!(level::rms(&sound) > 1_000.0);
        assert_eq!(reader.read(&[], 51 * 960).len(), FRAME);
        assert_eq!(reader.read(&packets[0], u64::MAX).len(), FRAME);
    }

    /// Browsers put into a packet what was in the one before, where packets get lost.
    #[test]
    fn what_is_told_once_more_is_not_lost() {
        let mut encoder = Encoder::builder(RATE, Channels::Mono, Application::Voip)
            .inband_fec(ropus::InbandFec::Forced)
            .packet_loss_perc(30)
            .bitrate(Bitrate::Bits(BITS))
            .build()
            .unwrap();
        // It is done for what sounds like a voice: something that begins after a silence.
        let pitch = |index| match index {
            0..60 => 0,
            60..70 => 500,
            70 => 900,
            _ => 1_300,
        };
        let packets: Vec<Vec<u8>> = (0..72)
            .map(|index| {
                let mut packet = [0; LARGEST];
                let frame = generator::tone(pitch(index), index * FRAME);
                let length = encoder.encode(&frame, &mut packet).unwrap();
                packet[..length].to_vec()
            })
            .collect();
        let sound = heard(&packets, |index| index == 70);
        let late = &sound[70 * FRAME..71 * FRAME];
        let levels = [500.0, 900.0, 1_300.0].map(|hertz| level::at(late, hertz));
        assert!(
            levels[1] > 1.5 * levels[0] && levels[1] > 1.5 * levels[2],
            "{levels:?}"
        );
    }

    proptest! {
        /// Whatever comes, and whenever it says that it was said: sound of a bearable length.
        #[test]
        fn no_packet_is_too_strange(
            packets in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 0..200), any::<u64>(), 0_u64..6_000),
                1..20,
            ),
        ) {
            let mut reader = Reader::new();
            let mut time = 0;
            for (packet, anywhere, near) in packets {
                time = if near < 100 { anywhere } else { time.saturating_add(near) };
                let sound = reader.read(&packet, time);
                prop_assert!(sound.len() <= LONGEST + 3 * FRAME);
            }
        }

        /// A good packet that was spoilt on its way.
        #[test]
        fn no_spoilt_packet_is_too_strange(
            spoilt in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..60),
        ) {
            let mut packets = packets(500, 30);
            for (place, byte) in spoilt {
                let packet = place % packets.len();
                let length = packets[packet].len();
                packets[packet][place / 30 % length] = byte;
            }
            prop_assert!(heard(&packets, |_| false).len() <= 30 * LONGEST);
        }
    }
}
