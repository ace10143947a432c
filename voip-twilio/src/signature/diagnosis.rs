//! Finding out why a signature is not right.

use voip_core::ports::Unsigned;

use super::{Claim, Key, SignedUrl, Slash};

/// What is most likely wrong with a claim that does not hold. Tries what goes
/// wrong in practice; only for requests that are refused anyway.
pub(crate) fn diagnose(claim: &Claim, keys: &[Key], url: &SignedUrl<'_>, fields: &str) -> Unsigned {
    let scheme = if url.scheme == "https" {
        "http"
    } else {
        "https"
    };
    if claim.holds(keys, &SignedUrl { scheme, ..*url }, fields) {
        return Unsigned::OtherScheme;
    }
    if claim.holds(
        keys,
        &SignedUrl {
            slash: Slash::Toggled,
            ..*url
        },
        fields,
    ) {
        return Unsigned::OtherSlash;
    }
    if !fields.is_empty() && claim.holds(keys, url, "") {
        return Unsigned::FieldsChanged;
    }
    Unsigned::Mismatch
}
