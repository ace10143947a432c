//! The fields of a form, decoded once.

use std::borrow::Cow;

/// The fields of a form body or a query: decoded, sorted by name and value,
/// equal pairs once. Fields without escapes are borrowed.
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

/// Takes a form apart in one pass. Only pairs with escapes are decoded; of a
/// status callback those are a few out of thirty.
fn split(text: &str) -> Vec<Pair<'_>> {
    let mut pairs = Vec::with_capacity(40);
    let (mut start, mut equals, mut escaped) = (0, None, false);
    let end = std::iter::once((text.len(), b'&'));
    for (at, byte) in text.bytes().enumerate().chain(end) {
        match byte {
            b'&' => {
                let pair = &text[start..at];
                if escaped {
                    pairs.extend(form_urlencoded::parse(pair.as_bytes()));
                } else if let Some(equals) = equals {
                    let (name, value) = (&text[start..equals], &text[equals + 1..at]);
                    pairs.push((Cow::Borrowed(name), Cow::Borrowed(value)));
                } else if !pair.is_empty() {
                    pairs.push((Cow::Borrowed(pair), Cow::Borrowed("")));
                }
                (start, equals, escaped) = (at + 1, None, false);
            }
            b'=' if equals.is_none() => equals = Some(at),
            b'%' | b'+' => escaped = true,
            _ => {}
        }
    }
    pairs
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
        fn a_form_is_read_as_the_standard_says(text in "[a-z%+&=é0-9]{0,60}") {
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
