//! Names that look like a setting and are none.

use super::{SETTINGS, Setting};

/// The setting that `name` was meant for, where it is that of none and no more
/// than two letters off: one in a short name, where two are half of it.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let most = if name.len() < 8 { 1 } else { 2 };
    let upper = name.to_ascii_uppercase();
    if SETTINGS.iter().any(|setting| setting.name == name) {
        return None;
    }
    let near = SETTINGS
        .iter()
        .map(|Setting { name: known, .. }| (distance(&upper, known), *known));
    let nearest = near.min_by_key(|(off, _)| *off);
    nearest
        .filter(|(off, _)| *off <= most)
        .map(|(_, known)| known)
}

/// How many letters have to be put in, left out, replaced, or swapped with
/// their neighbours, each at most once.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    // Three rows of the usual table: each says how far a beginning of `from`
    // is from each beginning of `to`.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = above[j] + usize::from(a != b);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_seen_and_a_name_of_its_own_is_not_taken_for_one() {
        for (name, known) in [
            ("JWT_SECERT", Some("JWT_SECRET")),
            ("TWILIO_ACOUNT_SID", Some("TWILIO_ACCOUNT_SID")),
            ("TWILIO_AUTHTOKEN", Some("TWILIO_AUTH_TOKEN")),
            ("DATABASE_URI", Some("DATABASE_URL")),
            ("PROT", Some("PORT")),
            ("port", Some("PORT")),
            ("PORT", None),
            ("JWT_SECRET", None),
            ("NODE_ENV", None),
            ("PATH", None),
            ("LANG", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(meant(name), known, "{name}");
        }
    }

    #[test]
    fn no_two_settings_are_slips_of_each_other_unnoticed() {
        for setting in SETTINGS {
            assert_eq!(meant(setting.name), None);
        }
    }

    #[test]
    fn distances_are_the_usual_ones() {
        for (from, to, off) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("abcd", "acbd", 1),
        ] {
            assert_eq!(distance(from, to), off, "{from} {to}");
        }
    }
}
