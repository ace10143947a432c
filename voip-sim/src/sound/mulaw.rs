//! µ-law, the way telephones write a sample in eight bits (ITU-T G.711).

const BIAS: i32 = 0x84;
const LOUDEST: i32 = 32_635;

/// Writes a sample.
pub fn encode(sample: i16) -> u8 {
    let wide = i32::from(sample);
    let sign = if wide < 0 { 0x80 } else { 0 };
    let magnitude = wide.abs().min(LOUDEST) + BIAS;
    // The place of the highest bit, of which the bias sets at least the eighth.
    let segment = 24 - magnitude.leading_zeros();
    let step = (magnitude >> (segment + 3)) & 0x0f;
    let bits = sign | (segment << 4) as i32 | step;
    // On the wire every bit is turned round.
    !u8::try_from(bits).unwrap_or(u8::MAX)
}

/// Reads a sample.
pub fn decode(byte: u8) -> i16 {
    let bits = !byte;
    let segment = (bits >> 4) & 0x07;
    let step = i32::from(bits & 0x0f);
    let magnitude = (((step << 3) + BIAS) << segment) - BIAS;
    let sample = if bits & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    };
    // At most 32 124 either way.
    sample as i16
}

/// Writes samples one after the other.
pub fn encode_all(samples: &[i16]) -> Vec<u8> {
    samples.iter().copied().map(encode).collect()
}

/// Reads samples one after the other.
pub fn decode_all(bytes: &[u8]) -> Vec<i16> {
    bytes.iter().copied().map(decode).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_standards_own_values() {
        assert_eq!((encode(0), decode(0xff)), (0xff, 0));
        assert_eq!(decode(0x00), -32_124);
        assert_eq!(decode(0x80), 32_124);
        assert_eq!(encode(i16::MAX), 0x80);
        assert_eq!(encode(i16::MIN), 0x00);
        assert_eq!(decode(0x7f), 0);
    }

    #[test]
    fn every_byte_comes_back() {
        for byte in 0..=u8::MAX {
            // There are two zeros.
            let same = encode(decode(byte)) == byte || byte == 0x7f;
            assert!(same, "{byte:#x}");
        }
    }

    proptest! {
        #[test]
        fn a_sample_comes_back_nearly_as_it_was(sample: i16) {
            let wide = i32::from(sample);
            let off = (i32::from(decode(encode(sample))) - wide).abs();
            prop_assert!(off <= (wide.abs() + BIAS) / 30 + 1, "{}", off);
        }
    }
}
