//! What a far end lets be heard, where calls have sound.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sound::wav::{self, WavError};

/// What a telephone or a scripted client lets be heard after it has answered.
///
/// It needs media: without browsers and recordings nobody listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Voice {
    /// A soft tone of so many hertz that swells and fades.
    Tone(u16),
    /// A recording, over and over.
    Wav(Clip),
    /// What it hears, half a second later.
    Echo,
    /// Nothing.
    Silent,
}

impl Default for Voice {
    /// Concert pitch.
    fn default() -> Self {
        Self::Tone(440)
    }
}

/// A recording to be played: one channel, 8000 samples a second.
///
/// In JSON it is a WAV file in Base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip(Arc<[i16]>);

impl Clip {
    /// Reads a WAV file of 16-bit PCM or µ-law; other rates and more channels are converted.
    ///
    /// # Errors
    /// [`WavError`].
    pub fn read(file: &[u8]) -> Result<Self, WavError> {
        let sound = wav::read(file)?;
        Ok(Self(sound.into()))
    }

    /// Its samples.
    pub fn samples(&self) -> &[i16] {
        &self.0
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({} samples)", self.0.len())
    }
}

impl Serialize for Clip {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let file = wav::file(&[&self.0]);
        serializer.serialize_str(&STANDARD.encode(file))
    }
}

impl<'de> Deserialize<'de> for Clip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let file = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Self::read(&file).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_voice_has_a_word() {
        let read = |text: &str| serde_json::from_str::<Voice>(text).unwrap();
        assert_eq!(read(r#""echo""#), Voice::Echo);
        assert_eq!(read(r#""silent""#), Voice::Silent);
        assert_eq!(read(r#"{"tone": 500}"#), Voice::Tone(500));
        let clip = Voice::Wav(Clip(vec![1, -2, 3].into()));
        let text = serde_json::to_string(&clip).unwrap();
        assert_eq!(read(&text), clip);
        assert!(serde_json::from_str::<Voice>(r#"{"wav": "UklGRg=="}"#).is_err());
    }
}
