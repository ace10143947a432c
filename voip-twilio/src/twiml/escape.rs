//! Escapes, the way the provider's own libraries write them.

use std::borrow::Cow;

/// Appends `text` as the text of an element.
pub(super) fn text(text: &str, xml: &mut String) {
    escaped(text, xml, |byte| {
        Some(match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            // A reader would make it a line feed.
            b'\r' => "&#xD;",
            _ => return None,
        })
    });
}

/// Appends `value` as the value of an attribute in double quotes.
pub(super) fn attribute(value: &str, xml: &mut String) {
    escaped(value, xml, |byte| {
        Some(match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'"' => "&quot;",
            // A reader would make each of these a space.
            b'\t' => "&#x9;",
            b'\n' => "&#xA;",
            b'\r' => "&#xD;",
            _ => return None,
        })
    });
}

/// `text` without the characters that XML 1.0 forbids, which no escape can
/// carry.
pub(super) fn allowed(text: &str) -> Cow<'_, str> {
    match text.contains(is_forbidden) {
        true => Cow::Owned(text.replace(is_forbidden, "")),
        false => Cow::Borrowed(text),
    }
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

/// Appends `text`, with what `escape` gives in place of single bytes, all of
/// them ASCII.
fn escaped(text: &str, xml: &mut String, escape: impl Fn(u8) -> Option<&'static str>) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = escape(byte) {
            xml.push_str(&text[plain..at]);
            xml.push_str(replacement);
            plain = at + 1;
        }
    }
    xml.push_str(&text[plain..]);
}
