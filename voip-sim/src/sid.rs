//! Identifiers in the vendor's form: two capital letters and 32 hex digits.

use std::borrow::Borrow;
use std::fmt;

use serde::Serialize;

use crate::seeded::Seeded;

/// The identifier of one call leg, `CA` and 32 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CallSid(String);

impl CallSid {
    /// Reads a call SID; `None` for anything that is not `CA` and 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        is_sid("CA", text).then(|| Self(text.to_owned()))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn generate(seeded: &mut Seeded) -> Self {
        Self(generate("CA", seeded))
    }
}

impl fmt::Display for CallSid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for CallSid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Whether `text` is a SID with this two-letter prefix.
pub(crate) fn is_sid(prefix: &str, text: &str) -> bool {
    text.len() == 34
        && text.starts_with(prefix)
        && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit())
}

/// A fresh SID with this prefix, drawn from the seed.
pub(crate) fn generate(prefix: &str, seeded: &mut Seeded) -> String {
    format!("{prefix}{:016x}{:016x}", seeded.next(), seeded.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_vendors_form_is_a_call_sid() {
        let fresh = CallSid::generate(&mut Seeded::new(1));
        assert_eq!(CallSid::parse(fresh.as_str()), Some(fresh.clone()));
        assert_eq!(CallSid::parse(&fresh.as_str()[..33]), None);
        assert_eq!(CallSid::parse(&fresh.as_str().replace("CA", "CF")), None);
        assert_eq!(
            CallSid::parse("CA../../../../../../../../../../../etc"),
            None
        );
    }
}
