//! The provider's identifiers: two capital letters and 32 hex digits.

use std::{fmt, str::FromStr, sync::Arc};

/// The text is not an identifier of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {prefix} and 32 hexadecimal digits")]
pub struct InvalidSid {
    prefix: &'static str,
}

macro_rules! sid {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidSid;

            fn from_str(text: &str) -> Result<Self, InvalidSid> {
                check($prefix, text).map(|()| Self(Arc::from(text)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

sid!(
    /// An account, `AC…`.
    AccountSid,
    "AC"
);
sid!(
    /// An API key, `SK…`.
    ApiKeySid,
    "SK"
);
sid!(
    /// A TwiML App, `AP…`: what a voice client calls when it calls out.
    AppSid,
    "AP"
);
sid!(
    /// A push credential, `CR…`: how the provider wakes a mobile voice client.
    PushCredentialSid,
    "CR"
);

/// Whether `text` is `prefix` and 32 hex digits.
fn check(prefix: &'static str, text: &str) -> Result<(), InvalidSid> {
    let digits = text.strip_prefix(prefix).ok_or(InvalidSid { prefix })?;
    match digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(()),
        false => Err(InvalidSid { prefix }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_is_accepted() {
        assert!(
            "AC000000000000000000000000000000a1"
                .parse::<AccountSid>()
                .is_ok()
        );
        for text in [
            "",
            "AC",
            "SK000000000000000000000000000000a1",
            "AC000000000000000000000000000000a",
            "AC000000000000000000000000000000a1b",
            "AC000000000000000000000000000000g1",
            "ac000000000000000000000000000000a1",
            "AC00000000000000000000000000000/..",
        ] {
            assert!(text.parse::<AccountSid>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_fault_says_what_was_expected() {
        let fault = "AC1".parse::<ApiKeySid>().unwrap_err();
        assert_eq!(fault.to_string(), "expected SK and 32 hexadecimal digits");
    }
}
