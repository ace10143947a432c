//! Keys, and what somebody claims to have signed with one.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::signature::{Port, Quotes, SignedUrl};

/// An auth token, ready to sign with. `Debug` hides it.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha1>);

/// A signature somebody claims is right.
pub(crate) struct Claim([u8; 20]);

impl Key {
    pub(crate) fn new(auth_token: &str) -> Self {
        let mac = Hmac::new_from_slice(auth_token.as_bytes());
        Self(mac.expect("HMAC takes keys of any length"))
    }

    /// Signs a URL and fields as [`join`](super::join) joins them.
    pub(crate) fn sign(&self, url: &str, fields: &str) -> [u8; 20] {
        let mut mac = self.0.clone();
        mac.update(url.as_bytes());
        mac.update(fields.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Claim {
    /// Reads a header; `None` where it is not a signature at all.
    pub(crate) fn read(header: &str) -> Option<Self> {
        // 28 characters are 21 bytes, one of them padding.
        let mut bytes = [0; 21];
        if header.len() != 28 || STANDARD.decode_slice(header, &mut bytes).ok()? != 20 {
            return None;
        }
        bytes[..20].try_into().ok().map(Self)
    }

    /// Whether one of `keys` signed this URL, in one of its forms, with these
    /// joined fields.
    pub(crate) fn holds(&self, keys: &[Key], url: &SignedUrl<'_>, fields: &str) -> bool {
        self.holds_as(Quotes::Untouched, keys, url, fields)
            || url.has_quotes()
                && [Quotes::Escaped, Quotes::Plain]
                    .into_iter()
                    .any(|quotes| self.holds_as(quotes, keys, url, fields))
    }

    fn holds_as(&self, quotes: Quotes, keys: &[Key], url: &SignedUrl<'_>, fields: &str) -> bool {
        let forms = [Port::AsVoiceSigns, Port::TheOther];
        forms.into_iter().any(|port| {
            keys.iter().any(|key| {
                let mut mac = key.0.clone();
                url.each_piece(port, quotes, |piece| mac.update(piece.as_bytes()));
                mac.update(fields.as_bytes());
                // Compares in constant time.
                mac.verify_slice(&self.0).is_ok()
            })
        })
    }
}
