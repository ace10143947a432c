//! The provider's error codes in our words.

use voip_core::ErrorKind;

/// What a code means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The kind of fault.
    pub(crate) kind: ErrorKind,
    /// What may be shown. The provider's own texts often hold phone numbers.
    pub(crate) text: &'static str,
}

/// The meaning of a code of the REST API or the account's debugger; `None`
/// for those that need no word of their own.
pub(crate) fn meaning(code: u32) -> Option<Meaning> {
    use ErrorKind::{
        Malformed, Misconfigured, NotFound, RateLimited, Refused, Unauthorized, Unavailable,
    };
    let (kind, text) = match code {
        10004 => (RateLimited, "too many calls at once for this account"),
        11100 => (Misconfigured, "the provider was given an invalid address"),
        11200..=11205 | 11210 | 11215..=11217 | 11220 | 11235..=11237 => {
            (Unavailable, "the provider could not fetch our instructions")
        }
        11750 | 11770 | 12100..=12102 | 12200 | 12300 => {
            (Malformed, "the provider could not read our instructions")
        }
        13214 | 13247 | 13248 => (Refused, "the caller number is not allowed"),
        13223 => (Refused, "the number has no valid form"),
        13224 => (Refused, "the number is not valid or not supported"),
        13225 => (Refused, "calls to this number are blocked"),
        13226 => (Refused, "the number's country is not known"),
        13227 => (
            Refused,
            "calls to this country are not allowed for this account",
        ),
        20003 => (Unauthorized, "the provider rejected our credentials"),
        20005 => (Unauthorized, "the provider account is not active"),
        20008 => (Misconfigured, "not available with test credentials"),
        20009 => (Refused, "the resource is still in use"),
        20403 => (Unauthorized, "the provider account may not do this"),
        20404 => (NotFound, "the provider does not know this resource"),
        20429 => (RateLimited, "too many requests at once"),
        20500 | 20503 => (Unavailable, "the provider is out of order"),
        21201 => (Refused, "the number to call is missing"),
        21202 => (Refused, "premium numbers cannot be called"),
        21203 => (Refused, "international calls are not enabled"),
        21205 => (Misconfigured, "the provider cannot use our public URL"),
        21206 => (Refused, "the digits to send are not valid"),
        21208 => (Refused, "the ring time is not valid"),
        21209 => (Misconfigured, "the callback method is not valid"),
        21210 => (
            Refused,
            "the caller number is not owned or verified by this account",
        ),
        21211 => (Refused, "the number to call is not valid"),
        21212 => (Refused, "the caller number is not valid"),
        21213 => (Refused, "the caller number is missing"),
        21214 => (Refused, "the number to call cannot be reached"),
        21215 => (
            Refused,
            "calls to this country are not allowed for this account",
        ),
        21216 => (Refused, "the provider has blocked calls to this number"),
        21217 => (Refused, "the number to call does not appear to be valid"),
        21218 => (Misconfigured, "the TwiML App is not known"),
        21219 => (Refused, "a trial account may only call verified numbers"),
        CALL_NOT_IN_PROGRESS => (Refused, "the call is not in progress"),
        32018 => (Refused, "the inline document is too long"),
        _ => return None,
    };
    Some(Meaning { kind, text })
}

/// A redirect, or a hang-up, of a call that is not live.
pub(crate) const CALL_NOT_IN_PROGRESS: u32 = 21220;

/// The resource does not exist.
pub(crate) const NOT_FOUND: u32 = 20404;

/// Why a call that did not come about ended, read off its SIP response code
/// (RFC 3261, section 21); `None` where the call's status says it all.
pub(crate) fn sip_reason(code: u16) -> Option<&'static str> {
    Some(match code {
        401 | 403 | 407 => "the carrier refused the call",
        404 | 410 | 484 | 604 => "the number cannot be reached",
        408 | 504 => "the carrier did not answer",
        480 => "the other side is not available",
        488 | 606 => "the devices have no codec in common",
        500..=503 | 505..=599 => "the carrier is out of order",
        603 | 607 | 608 => "the call was declined",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_it_was() {
        use std::fmt::Write;
        let mut table = String::new();
        for code in 0..100_000 {
            if let Some(Meaning { kind, text }) = meaning(code) {
                writeln!(table, "{code} {kind:?}: {text}").unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn no_text_holds_a_digit() {
        // The texts are shown; nothing in them may look like a number to call.
        let texts = (0..100_000).filter_map(meaning).map(|meaning| meaning.text);
        for text in texts.chain((0..1_000).filter_map(sip_reason)) {
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{text}");
        }
    }
}
