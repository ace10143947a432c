//! An e-mail address.

use std::{fmt, str::FromStr, sync::Arc};

/// An e-mail address in the one form in which it is kept and compared: without
/// blanks around it and in lower case.
///
/// The syntax is that of the e-mail fields of browsers (WHATWG HTML, "valid
/// e-mail address"): ASCII, so a domain with other letters is written in its
/// `xn--` form. Whether anybody reads mail there is another question.
///
/// `Debug` hides it.
///
/// ```
/// use voip_core::Email;
/// let email: Email = " Ann@Example.com ".parse()?;
/// assert_eq!(email.expose(), "ann@example.com");
/// # Ok::<(), voip_core::InvalidEmail>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(Arc<str>);

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no e-mail address, such as ann@example.com, of at most 254 characters")]
pub struct InvalidEmail;

impl Email {
    /// The longest address, in bytes (RFC 5321 §4.5.3.1.3, without its angle
    /// brackets).
    pub const MAX_BYTES: usize = 254;

    /// The longest part before the `@`, in bytes (RFC 5321 §4.5.3.1.1).
    pub const MAX_LOCAL_BYTES: usize = 64;

    /// The address as text.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub(crate) fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let fits = text.len() <= Self::MAX_BYTES && local.len() <= Self::MAX_LOCAL_BYTES;
        if fits && is_local(local) && domain.split('.').all(is_label) {
            Ok(Self(Arc::from(text.to_ascii_lowercase())))
        } else {
            Err(InvalidEmail)
        }
    }
}

fn is_local(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling_makes_no_difference() {
        for text in ["ann@example.com", "\tANN@Example.COM\n", " ann@example.com"] {
            assert_eq!(text.parse::<Email>().unwrap().expose(), "ann@example.com");
        }
        for text in ["a@b", "o'brien+x@a-b.co.uk", "{|}~@xn--bcher-kva.example"] {
            assert_eq!(text.parse::<Email>().unwrap().expose(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@",
            "ann",
            "ann@",
            "@example.com",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a@.b",
            "a@b.",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@b_c",
            "a\0@b",
            "ä@b",
            "a@ä",
            "a@b,c@d",
            "<a@b>",
            "\"a b\"@c",
            "a@[127.0.0.1]",
        ] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text:?}");
        }
    }

    #[test]
    fn the_longest_address_fits_and_one_more_does_not() {
        let domain = format!("{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(61));
        let longest = format!("{}@{domain}", "l".repeat(64));
        assert_eq!(longest.len(), Email::MAX_BYTES);
        assert!(longest.parse::<Email>().is_ok());
        assert!(format!("{longest}c").parse::<Email>().is_err());
        assert!(format!("{}@b", "l".repeat(65)).parse::<Email>().is_err());
        assert!(format!("a@{}", "b".repeat(64)).parse::<Email>().is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_idempotent(
            text in "\\PC{0,40}|[ \\tA-Za-z0-9.@_+-]{0,40}|[a-zA-Z.+]{1,70}@[a-zA-Z.-]{1,260}",
        ) {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert!(email.expose().len() <= Email::MAX_BYTES);
                prop_assert_eq!(email.expose(), text.trim().to_lowercase());
                prop_assert_eq!(email.expose().parse::<Email>().unwrap(), email.clone());
                let shouted = email.expose().to_uppercase().parse::<Email>();
                prop_assert_eq!(shouted.unwrap(), email);
            }
        }
    }
}
