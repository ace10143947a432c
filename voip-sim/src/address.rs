//! Who a call is from or to: a phone number, a voice client or a SIP address.

/// An address as the REST API and the markup write it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A telephone number in E.164 form.
    Phone(String),
    /// A voice client, by identity. Custom parameters are kept as written.
    Client {
        identity: String,
        parameters: Vec<(String, String)>,
    },
    /// A SIP address, `sip:` included.
    Sip(String),
}

impl Address {
    /// Reads an address; `None` when it has none of the three forms.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(client) = text.strip_prefix("client:") {
            let (identity, query) = client.split_once('?').unwrap_or((client, ""));
            return is_identity(identity).then(|| Self::Client {
                identity: identity.to_owned(),
                parameters: form_urlencoded::parse(query.as_bytes())
                    .into_owned()
                    .collect(),
            });
        }
        if let Some(sip) = text.strip_prefix("sip:") {
            return sip.contains('@').then(|| Self::Sip(text.to_owned()));
        }
        is_e164(text).then(|| Self::Phone(text.to_owned()))
    }

    /// The form that resources and webhooks carry.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Phone(number) => number.clone(),
            Self::Client { identity, .. } => format!("client:{identity}"),
            Self::Sip(uri) => uri.clone(),
        }
    }
}

/// Plus sign, no leading zero, 7 to 15 digits (ITU-T E.164).
pub(crate) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// At most 256 characters, none of them a control character, a blank or a delimiter
/// (vendor error 31105).
fn is_identity(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 256
        && !text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>#%\"{}|\\^[]`?&".contains(c))
}

/// North American numbers as `(415) 555-1212`, everything else unchanged.
pub(crate) fn formatted(text: &str) -> String {
    match text.strip_prefix("+1") {
        Some(digits) if digits.len() == 10 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..])
        }
        _ => text.to_owned(),
    }
}

/// The ISO country of a number where the calling code alone tells it, else empty.
pub(crate) fn country(text: &str) -> &'static str {
    // +1 is shared by twenty-five countries; the numbers the simulator is used with are American.
    const CODES: [(&str, &str); 10] = [
        ("+1", "US"),
        ("+33", "FR"),
        ("+34", "ES"),
        ("+39", "IT"),
        ("+44", "GB"),
        ("+49", "DE"),
        ("+55", "BR"),
        ("+61", "AU"),
        ("+81", "JP"),
        ("+91", "IN"),
    ];
    CODES
        .iter()
        .find(|(code, _)| text.starts_with(code))
        .map_or("", |(_, country)| country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_told_apart() {
        assert!(matches!(
            Address::parse("+15005550006"),
            Some(Address::Phone(_))
        ));
        assert!(matches!(
            Address::parse("sip:a@example.test"),
            Some(Address::Sip(_))
        ));
        let client = Address::parse("client:bob?x=1&y=a+b").expect("a client address");
        assert_eq!(client.text(), "client:bob");
        assert!(matches!(client, Address::Client { parameters, .. }
            if parameters == [("x".to_owned(), "1".to_owned()), ("y".to_owned(), "a b".to_owned())]));
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "",
            "15005550006",
            "+0123456789",
            "+1500555000a",
            "+123456",
            "client:",
            "client:a b",
            "sip:nobody",
            "+1234567890123456",
        ] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_north_american_numbers_are_formatted() {
        assert_eq!(formatted("+14155551212"), "(415) 555-1212");
        assert_eq!(formatted("+442071838750"), "+442071838750");
        assert_eq!(formatted("client:bob"), "client:bob");
    }
}
