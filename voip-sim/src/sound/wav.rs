//! WAV files: RIFF WAVE with plain PCM or µ-law.

use super::{RATE, mulaw};

/// Longer recordings than this are not taken: ten minutes.
const LONGEST: usize = 600 * RATE as usize;

/// Why a file is not a WAV file that can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// It is no RIFF WAVE file, or cut short.
    #[error("not a WAV file")]
    NotWav,
    /// It has something else than 16-bit PCM or µ-law.
    #[error("16-bit PCM or µ-law, please")]
    Format,
    /// It has no samples, or more than ten minutes of them.
    #[error("at least one sample and at most ten minutes, please")]
    Length,
}

/// Reads a file, as one channel of 8000 samples a second.
///
/// # Errors
/// [`WavError`].
pub fn read(file: &[u8]) -> Result<Vec<i16>, WavError> {
    let chunks = file.strip_prefix(b"RIFF").ok_or(WavError::NotWav)?;
    let mut chunks = chunks.get(4..).and_then(|rest| rest.strip_prefix(b"WAVE"));
    let mut format = None;
    while let Some([a, b, c, d, l0, l1, l2, l3, rest @ ..]) = chunks {
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
        // Files that were written as they were made do not know their length.
        let (chunk, rest) = rest.split_at(length.min(rest.len()));
        match &[*a, *b, *c, *d] {
            b"fmt " => format = Some(Format::read(chunk)?),
            b"data" => return format.ok_or(WavError::NotWav)?.samples(chunk),
            _ => {}
        }
        // Chunks begin at even places.
        chunks = Some(rest.get(length % 2..).unwrap_or_default());
    }
    Err(WavError::NotWav)
}

/// Writes a file of 16-bit PCM. The channels should be of one length; silence fills up the others.
pub fn file(channels: &[&[i16]]) -> Vec<u8> {
    let frames = channels.iter().map(|one| one.len()).max().unwrap_or(0);
    let count = u16::try_from(channels.len()).unwrap_or(u16::MAX);
    let bytes = u32::try_from(frames * channels.len() * 2).unwrap_or(u32::MAX - 36);
    let mut file = header(count, bytes);
    for frame in 0..frames {
        for channel in channels {
            let sample = channel.get(frame).copied().unwrap_or_default();
            file.extend_from_slice(&sample.to_le_bytes());
        }
    }
    file
}

/// The 44 bytes in front of so many bytes of 16-bit PCM.
pub(crate) fn header(channels: u16, bytes: u32) -> Vec<u8> {
    let frame = channels * 2;
    let mut header = Vec::with_capacity(44);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&bytes.saturating_add(36).to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    // Plain PCM.
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&channels.to_le_bytes());
    header.extend_from_slice(&RATE.to_le_bytes());
    header.extend_from_slice(&(RATE * u32::from(frame)).to_le_bytes());
    header.extend_from_slice(&frame.to_le_bytes());
    header.extend_from_slice(&16_u16.to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&bytes.to_le_bytes());
    header
}

#[derive(Clone, Copy)]
struct Format {
    mulaw: bool,
    channels: usize,
    rate: u32,
}

impl Format {
    fn read(chunk: &[u8]) -> Result<Self, WavError> {
        let [k0, k1, c0, c1, r0, r1, r2, r3, _, _, _, _, _, _, b0, b1, ..] = chunk else {
            return Err(WavError::NotWav);
        };
        let mulaw = match (
            u16::from_le_bytes([*k0, *k1]),
            u16::from_le_bytes([*b0, *b1]),
        ) {
            (1 | 0xfffe, 16) => false,
            (7, 8) => true,
            _ => return Err(WavError::Format),
        };
        let channels = usize::from(u16::from_le_bytes([*c0, *c1]));
        let rate = u32::from_le_bytes([*r0, *r1, *r2, *r3]);
        if channels == 0 || !(1_000..=192_000).contains(&rate) {
            return Err(WavError::Format);
        }
        Ok(Self {
            mulaw,
            channels,
            rate,
        })
    }

    fn samples(self, data: &[u8]) -> Result<Vec<i16>, WavError> {
        let wide: Vec<i16> = match self.mulaw {
            true => mulaw::decode_all(data),
            false => {
                let pairs = data.chunks_exact(2);
                pairs
                    .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                    .collect()
            }
        };
        let frames = wide.chunks_exact(self.channels);
        let mono: Vec<i16> = frames.map(middle).collect();
        let ratio = f64::from(self.rate) / f64::from(RATE);
        let length = (mono.len() as f64 / ratio) as usize;
        if length == 0 || length > LONGEST {
            return Err(WavError::Length);
        }
        let at = |index: usize| {
            let place = index as f64 * ratio;
            let (before, part) = (place as usize, place.fract());
            let one = f64::from(mono[before]);
            let next = f64::from(*mono.get(before + 1).unwrap_or(&mono[before]));
            (one + (next - one) * part) as i16
        };
        Ok((0..length).map(at).collect())
    }
}

/// What all channels together sound like.
fn middle(frame: &[i16]) -> i16 {
    let sum: i64 = frame.iter().map(|sample| i64::from(*sample)).sum();
    let count = i64::try_from(frame.len()).unwrap_or(1);
    // A mean lies between its values.
    (sum / count) as i16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_channels_and_other_rates_become_one_channel_of_ours() {
        let mut file = file(&[&[100; 160], &[300; 160]]);
        assert_eq!(read(&file).unwrap(), [200; 160]);
        file[24..28].copy_from_slice(&16_000_u32.to_le_bytes());
        assert_eq!(read(&file).unwrap(), [200; 80]);
    }

    #[test]
    fn what_cannot_be_played_is_refused() {
        assert_eq!(read(b"ID3"), Err(WavError::NotWav));
        let mut file = file(&[&[1, 2, 3]]);
        file[34] = 24;
        assert_eq!(read(&file), Err(WavError::Format));
        assert_eq!(read(&super::file(&[])[..]), Err(WavError::Format));
        assert_eq!(read(&super::file(&[&[]])[..]), Err(WavError::Length));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(samples in proptest::collection::vec(any::<i16>(), 1..400)) {
            prop_assert_eq!(read(&file(&[&samples])), Ok(samples));
        }

        #[test]
        fn no_bytes_make_it_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            whole: bool,
        ) {
            let mut file = if whole { file(&[&[1, 2, 3]]) } else { b"RIFF0000WAVE".to_vec() };
            file.truncate(44);
            file.extend(bytes);
            let _ = read(&file);
            for end in 0..file.len() {
                let _ = read(&file[..end]);
            }
        }

        #[test]
        fn no_header_makes_it_panic(format in proptest::array::uniform16(any::<u8>())) {
            let mut file = file(&[&[1, 2, 3, 4]]);
            file[20..36].copy_from_slice(&format);
            let _ = read(&file);
        }
    }
}
