//! Sound that is sent: a WAV file of silence, which need not be held to be sent.

/// Samples a second.
const RATE: u32 = 8_000;

/// Bytes a sample.
const WIDTH: u16 = 2;

/// A WAV file of silence: 16 bits, 8 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// How long it is.
    pub seconds: u64,
    /// How many channels it has.
    pub channels: u16,
}

impl Media {
    /// The 44 bytes in front of the sound: the header of a canonical RIFF WAVE file.
    pub fn header(self) -> Vec<u8> {
        let sound = self.silent_bytes();
        let frame = self.channels * WIDTH;
        let mut header = Vec::with_capacity(44);
        header.extend_from_slice(b"RIFF");
        header.extend_from_slice(&(sound.saturating_add(36)).to_le_bytes());
        header.extend_from_slice(b"WAVEfmt ");
        header.extend_from_slice(&16_u32.to_le_bytes());
        // Plain PCM.
        header.extend_from_slice(&1_u16.to_le_bytes());
        header.extend_from_slice(&self.channels.to_le_bytes());
        header.extend_from_slice(&RATE.to_le_bytes());
        header.extend_from_slice(&(RATE * u32::from(frame)).to_le_bytes());
        header.extend_from_slice(&frame.to_le_bytes());
        header.extend_from_slice(&(WIDTH * 8).to_le_bytes());
        header.extend_from_slice(b"data");
        header.extend_from_slice(&sound.to_le_bytes());
        header
    }

    /// How many bytes of silence, all of them zero, follow the header.
    pub fn silent_bytes(self) -> u32 {
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
            seconds: 3,
            channels: 2,
        };
        let header = media.header();
        assert_eq!(header.len(), 44);
        assert_eq!(media.silent_bytes(), 3 * 8_000 * 4);
        assert_eq!(header[40..], media.silent_bytes().to_le_bytes());
        assert_eq!(header[4..8], (media.silent_bytes() + 36).to_le_bytes());
        let endless = Media {
            seconds: u64::MAX,
            channels: 2,
        };
        assert_eq!(endless.silent_bytes(), u32::MAX - 36);
    }
}
