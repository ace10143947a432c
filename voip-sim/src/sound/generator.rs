//! Sounds that are made, not recorded.

use std::f64::consts::TAU;

use super::{FRAME, RATE, dtmf};
use crate::inspect;

/// The peak of a tone that is easy on the ear.
const SOFT: f64 = 6_000.0;

/// Two seconds of ringing and four of silence, as in North America.
const RINGING: (usize, usize) = (16_000, 48_000);

/// The notes of the music on hold, in hertz: a broken chord, up and down.
const MELODY: [f64; 8] = [
    523.25, 659.26, 783.99, 1046.5, 783.99, 659.26, 587.33, 493.88,
];

/// Samples of one note.
const NOTE: usize = 3_200;

/// The syllables of an announcement: there is no speech, but one hears that somebody speaks.
const SYLLABLES: [f64; 5] = [220.0, 247.0, 262.0, 233.0, 196.0];

/// Samples of one syllable.
const SYLLABLE: usize = 1_280;

/// A sound of the network itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cue {
    /// The far end rings.
    Ringing,
    /// What an onlooker is told that it is.
    Sound(inspect::Sound),
}

/// The next 20 milliseconds of a cue that began so many samples ago.
pub(crate) fn cue(cue: &Cue, begun: usize) -> [i16; FRAME] {
    use inspect::Sound;
    let sample: &dyn Fn(usize) -> f64 = match cue {
        Cue::Ringing => &ringing,
        Cue::Sound(Sound::Said(_)) => &speech,
        Cue::Sound(Sound::Played(_) | Sound::Music) => &music,
        Cue::Sound(Sound::Keys(keys)) => &|at| self::keys(keys, at),
        Cue::Sound(Sound::ErrorSentence(_)) => &error,
    };
    std::array::from_fn(|index| sample(begun + index) as i16)
}

/// The next 20 milliseconds of a tone that swells and fades every two seconds.
pub(crate) fn tone(hertz: u16, begun: usize) -> [i16; FRAME] {
    std::array::from_fn(|index| {
        let at = begun + index;
        let swell = 0.75 + 0.25 * sine(0.5, at);
        (SOFT * swell * sine(f64::from(hertz), at)) as i16
    })
}

fn sine(hertz: f64, at: usize) -> f64 {
    (TAU * hertz * at as f64 / f64::from(RATE)).sin()
}

fn ringing(at: usize) -> f64 {
    let (on, all) = RINGING;
    match at % all < on {
        true => SOFT / 2.0 * (sine(440.0, at) + sine(480.0, at)),
        false => 0.0,
    }
}

/// A plucked note is loud at first.
fn music(at: usize) -> f64 {
    let note = MELODY[at / NOTE % MELODY.len()];
    let fading = 1.0 - 0.7 * (at % NOTE) as f64 / NOTE as f64;
    SOFT * fading * sine(note, at)
}

fn speech(at: usize) -> f64 {
    let pitch = SYLLABLES[at / SYLLABLE % SYLLABLES.len()];
    let opening = (TAU / 2.0 * (at % SYLLABLE) as f64 / SYLLABLE as f64).sin();
    SOFT * opening * (0.7 * sine(pitch, at) + 0.3 * sine(pitch * 3.0, at))
}

fn error(at: usize) -> f64 {
    match at / 2_000 % 3 {
        0 => SOFT * sine(950.0, at),
        1 => SOFT * sine(1400.0, at),
        _ => SOFT * sine(1800.0, at),
    }
}

/// A key takes a tenth of a second, of which it sounds seven parts.
fn keys(keys: &str, at: usize) -> f64 {
    let mut left = at;
    for key in keys.chars() {
        let length = match key {
            'w' => 4_000,
            'W' => 8_000,
            _ => 800,
        };
        if left < length {
            return match dtmf::pitches(key) {
                Some(pitches) if left < 560 => dtmf_tone(pitches, at),
                Some(_) | None => 0.0,
            };
        }
        left -= length;
    }
    0.0
}

fn dtmf_tone((low, high): (f64, f64), at: usize) -> f64 {
    SOFT * (sine(low, at) + sine(high, at)) / 2.0
}

/// The next 20 milliseconds of a key that is held.
pub(crate) fn key(key: char, begun: usize) -> [i16; FRAME] {
    let pitches = dtmf::pitches(key);
    std::array::from_fn(|index| {
        pitches.map_or(0.0, |pitches| dtmf_tone(pitches, begun + index)) as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::level;

    fn second(frame: impl Fn(usize) -> [i16; FRAME]) -> Vec<i16> {
        (0..50).flat_map(|index| frame(index * FRAME)).collect()
    }

    #[test]
    fn a_tone_has_its_pitch_and_does_not_tick() {
        let sound = second(|at| tone(500, at));
        assert!(level::at(&sound, 500.0) > 3_000.0);
        assert!(level::at(&sound, 700.0) < 100.0);
        let step = |pair: &[i16]| (i32::from(pair[1]) - i32::from(pair[0])).abs();
        assert!(sound.windows(2).map(step).max() < Some(2_500));
    }

    #[test]
    fn every_cue_can_be_told_from_the_others() {
        use inspect::Sound;
        let heard = |what: &Cue| second(|at| cue(what, at));
        let ringing = heard(&Cue::Ringing);
        assert!(level::at(&ringing, 440.0) > 2_500.0 && level::at(&ringing, 480.0) > 2_500.0);
        let music = heard(&Cue::Sound(Sound::Music));
        assert!(level::at(&music[..3_200], 523.25) > 2_500.0);
        assert!(level::at(&music, 440.0) < 500.0);
        let keys = heard(&Cue::Sound(Sound::Keys("5".to_owned())));
        assert!(
            level::at(&keys[..560], 770.0) > 2_500.0 && level::at(&keys[..560], 1336.0) > 2_500.0
        );
        assert_eq!(level::rms(&keys[800..]), 0.0);
        assert!(level::rms(&heard(&Cue::Sound(Sound::Said("a".to_owned())))) > 1_000.0);
        assert!(level::rms(&heard(&Cue::Sound(Sound::ErrorSentence(1)))) > 1_000.0);
        assert!(level::rms(&second(|at| key('#', at))) > 1_000.0);
    }
}
