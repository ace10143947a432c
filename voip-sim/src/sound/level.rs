//! How loud something is, altogether or at one pitch.

use super::RATE;

/// The root mean square of the samples: 0 for silence, at most 32 768.
pub fn rms(samples: &[i16]) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let energy: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    (energy / samples.len() as f64).sqrt()
}

/// The amplitude of the part of the sound that has this pitch, in the units of the samples
/// (Goertzel's algorithm). A tone of this pitch alone yields its peak.
pub fn at(samples: &[i16], hertz: f64) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let turn = 2.0 * (std::f64::consts::TAU * hertz / f64::from(RATE)).cos();
    let (mut one_ago, mut two_ago) = (0.0, 0.0);
    for sample in samples {
        let next = f64::from(*sample) + turn * one_ago - two_ago;
        two_ago = one_ago;
        one_ago = next;
    }
    let power = one_ago * one_ago + two_ago * two_ago - turn * one_ago * two_ago;
    2.0 * power.max(0.0).sqrt() / samples.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, peak: f64) -> Vec<i16> {
        let turn = std::f64::consts::TAU * hertz / f64::from(RATE);
        let sample = |index| (peak * (turn * f64::from(index)).sin()) as i16;
        (0..4_000).map(sample).collect()
    }

    #[test]
    fn a_tone_shows_at_its_pitch_and_nowhere_else() {
        let sound = tone(440.0, 8_000.0);
        assert!((at(&sound, 440.0) - 8_000.0).abs() < 100.0);
        assert!(at(&sound, 880.0) < 100.0);
        assert!((rms(&sound) - 8_000.0 / 2_f64.sqrt()).abs() < 50.0);
    }

    #[test]
    fn silence_has_no_level() {
        assert_eq!(rms(&[]), 0.0);
        assert_eq!(at(&[], 440.0), 0.0);
        assert_eq!(rms(&[0; 160]), 0.0);
        assert_eq!(at(&[0; 160], 440.0), 0.0);
    }
}
