//! Sound that is sent: a WAV file of silence, which need not be held to be sent.

use crate::sound::{RATE, wav};

/// Bytes a sample.
const WIDTH: u16 = 2;

/// A WAV file of silence: 16 bits, 8 kHz.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The SID of the recording.
    pub recording: String,
    /// How long it is.
    pub seconds: u64,
    /// How many channels it has.
    pub channels: u16,
}

impl Media {
    /// The 44 bytes in front of the sound: the header of a canonical RIFF WAVE file.
    pub fn header(&self) -> Vec<u8> {
        wav::header(self.channels, self.silent_bytes())
    }

    /// How many bytes of silence, all of them zero, follow the header.
    pub fn silent_bytes(&self) -> u32 {
        let frame = RATE * u32::from(self.channels * WIDTH);
        // A day of two channels fits; more is cut.
        u32::try_from(self.seconds)
            .unwrap_or(u32::MAX)
            .saturating_mul(frame)
            .min(u32::MAX - 36)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_how_much_follows() {
        let media = Media {
            recording: String::new(),
            seconds: 3,
            channels: 2,
        };
        let header = media.header();
        assert_eq!(header.len(), 44);
        assert_eq!(media.silent_bytes(), 3 * 8_000 * 4);
        assert_eq!(header[40..], media.silent_bytes().to_le_bytes());
        assert_eq!(header[4..8], (media.silent_bytes() + 36).to_le_bytes());
        let endless = Media {
            recording: String::new(),
            seconds: u64::MAX,
            channels: 2,
        };
        assert_eq!(endless.silent_bytes(), u32::MAX - 36);
    }
}
