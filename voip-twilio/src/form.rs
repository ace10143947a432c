//! The fields of a form, decoded once.

use std::borrow::Cow;

/// The fields of a form body or a query: decoded, sorted by name and value,
/// equal pairs once. What has no escapes is borrowed.
#[derive(Debug, Default)]
pub(crate) struct Form<'a> {
    pairs: Vec<Pair<'a>>,
}

/// A field's name and value.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'a> Form<'a> {
    /// Reads `application/x-www-form-urlencoded`; every text is a form.
    pub(crate) fn decode(text: &'a [u8]) -> Self {
        let mut pairs = match std::str::from_utf8(text) {
            Ok(text) => split(text),
            Err(_) => form_urlencoded::parse(text).collect(),
        };
        // Nearly all are told apart by how their names begin, which a number
        // can hold; the second pass finds little to do.
        pairs.sort_by_cached_key(|(name, _)| beginning(name));
        pairs.sort_unstable();
        pairs.dedup();
        Self { pairs }
    }

    /// The value of `name`. `None` also where it has several different ones:
    /// then there is no telling which one was meant.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let first = self
            .pairs
            .partition_point(|(other, _)| other.as_ref() < name);
        match &self.pairs[first..] {
            [(found, _), (next, _), ..] if found == name && next == name => None,
            [(found, value), ..] if found == name => Some(value),
            _ => None,
        }
    }

    /// As [`get`](Self::get), but an empty value counts as none.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All fields, in order.
    pub(crate) fn pairs(&self) -> &[Pair<'a>] {
        &self.pairs
    }
}

/// Takes a form apart in one pass. Only texts with escapes are decoded; of a
/// status callback those are a few out of sixty.
fn split(text: &str) -> Vec<Pair<'_>> {
    let bytes = text.as_bytes();
    let mut pairs = Vec::with_capacity(40);
    let mut at = 0;
    while at < bytes.len() {
        let (name, end) = piece(text, at, IN_NAME);
        let (value, end) = match bytes.get(end) {
            Some(b'=') => piece(text, end + 1, IN_VALUE),
            Some(_) | None => (Cow::Borrowed(""), end),
        };
        // Nothing at all between two `&` is no field.
        if end > at {
            pairs.push((name, value));
        }
        at = end + 1;
    }
    pairs
}

/// The text that begins at `start`, decoded, and where it ends.
fn piece(text: &str, start: usize, ordinary: u8) -> (Cow<'_, str>, usize) {
    let rest = &text.as_bytes()[start..];
    let length = |classes: u8| {
        let ends = |byte: &u8| CLASSES[usize::from(*byte)] & classes == 0;
        rest.iter().position(ends).unwrap_or(rest.len())
    };
    let plain = start + length(ordinary);
    match text.as_bytes().get(plain) {
        Some(b'%' | b'+') => {
            let end = start + length(ordinary | ESCAPE);
            (Cow::Owned(decoded(&rest[..end - start])), end)
        }
        Some(_) | None => (Cow::Borrowed(&text[start..plain]), plain),
    }
}

/// What bytes may be in a name, what in a value, and what has to be decoded.
const IN_NAME: u8 = 1;
const IN_VALUE: u8 = 2;
const ESCAPE: u8 = 4;

/// Of which of these classes each byte is.
const CLASSES: [u8; 256] = {
    let mut classes = [IN_NAME | IN_VALUE; 256];
    classes[b'&' as usize] = 0;
    classes[b'=' as usize] = IN_VALUE;
    classes[b'%' as usize] = ESCAPE;
    classes[b'+' as usize] = ESCAPE;
    classes
};

/// A name or value with its escapes taken out, as the URL Standard has it:
/// a `%` that begins no escape stays, and what is no UTF-8 is replaced.
fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    (high << 4) | low
                }
                _ => b'%',
            },
            (other, _) => *other,
        });
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The first eight bytes of a name, in a number that sorts as they do.
fn beginning(name: &str) -> u64 {
    let name = name.as_bytes();
    u64::from_be_bytes(name.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0; 8];
        padded[..name.len()].copy_from_slice(name);
        padded
    }))
}

/// The value of a hexadecimal digit.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_decoded_once() {
        let form = Form::decode(b"a=%2541&b=x+y%2Bz&empty=&bare&c=%E6%9D%B1");
        assert_eq!(form.get("a"), Some("%41"));
        assert_eq!(form.get("b"), Some("x y+z"));
        assert_eq!(form.get("empty"), Some(""));
        assert_eq!(form.text("empty"), None);
        assert_eq!(form.get("bare"), Some(""));
        assert_eq!(form.get("c"), Some("東"));
        assert_eq!(form.get("absent"), None);
    }

    #[test]
    fn a_contradictory_field_has_no_value() {
        let form = Form::decode(b"From=a&From=b&To=x&To=x");
        assert_eq!(form.get("From"), None);
        assert_eq!(form.get("To"), Some("x"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_form(bytes: Vec<u8>, name in "\\PC{0,8}") {
            let form = Form::decode(&bytes);
            let _ = form.get(&name);
        }

        #[test]
        fn a_form_is_read_as_the_standard_says(text in "[a-zA-F%+&=é0-9]{0,60}") {
            let mut expected: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(Form::decode(text.as_bytes()).pairs, expected);
        }

        #[test]
        fn what_was_encoded_is_found(
            fields in prop::collection::btree_map("\\PC{1,12}", "\\PC{0,20}", 0..20),
        ) {
            let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let form = Form::decode(text.as_bytes());
            for (name, value) in &fields {
                prop_assert_eq!(form.get(name), Some(value.as_str()));
            }
        }
    }
}
