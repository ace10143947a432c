//! What a service answered.

use std::time::Duration;

use reqwest::{Response, StatusCode, header::HeaderMap};
use serde_json::Value;
use voip_core::Timestamp;

use crate::retry_after;

/// What a service answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// How long it asks us to wait.
    pub(crate) retry_after: Option<Duration>,
    /// At most [`Answer::MAX_BODY`] bytes of it, and a little.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Answers are a few hundred bytes; error pages of a proxy may be more, and
    /// what is past this adds nothing.
    const MAX_BODY: usize = 64 * 1024;

    /// Reads the answer to the end.
    ///
    /// # Errors
    /// Where a success breaks off. A failure that breaks off is read as far as
    /// it came: its status says most.
    pub(crate) async fn read(
        mut response: Response,
        now: Timestamp,
    ) -> Result<Self, reqwest::Error> {
        let status = response.status();
        let headers = response.headers().clone();
        let retry_after = retry_after::read(&headers, now);
        let mut body = Vec::new();
        while body.len() < Self::MAX_BODY {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if status.is_success() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(Self {
            status,
            headers,
            retry_after,
            body,
        })
    }

    /// The body as JSON; `null` where it is something else, such as the HTML
    /// page of a proxy.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// `text` where it is a word that a service's error table may hold, so that it
/// can be logged: short, and made of letters, digits, `_`, `.`, `[` and `]`.
pub(crate) fn word(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte);
    // The longest word of either table has 27 letters; tokens have more than 60.
    let fits = (1..=48).contains(&text.len()) && text.bytes().all(plain);
    // A phone number would fit too, and tables have no digits in a row.
    let numeric = text.bytes().filter(u8::is_ascii_digit).count() > 3;
    (fits && !numeric).then_some(text)
}

#[cfg(test)]
impl Answer {
    /// An answer for the tests of the readers.
    pub(crate) fn test(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            retry_after: None,
            body: body.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_table_words_are_repeated() {
        assert_eq!(word("INVALID_ARGUMENT"), Some("INVALID_ARGUMENT"));
        assert_eq!(word("message.data[0].value"), Some("message.data[0].value"));
        for text in [
            "",
            "a word",
            "15550001111",
            "<html>",
            "line\nbreak",
            &"x".repeat(49),
        ] {
            assert_eq!(word(text), None, "{text}");
        }
    }
}
