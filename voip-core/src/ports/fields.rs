use std::fmt;

/// Named texts, such as the fields of a form. All are in one piece of memory:
/// a webhook has dozens of which hardly one is looked at.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields {
    text: String,
    /// Where in `text` each name ends, and its value.
    ends: Vec<(usize, usize)>,
}

impl Fields {
    /// The value of the field `name`; of several, the last one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.iter().filter(|(other, _)| *other == name).last();
        found.map(|(_, value)| value)
    }

    /// Names and values, in the order they were put in.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ends.iter().scan(0, |begin, &(name, value)| {
            let field = (&self.text[*begin..name], &self.text[name..value]);
            *begin = value;
            Some(field)
        })
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        // What the fields of a call come to, mostly.
        let mut text = String::with_capacity(1024);
        let mut ends = Vec::with_capacity(32);
        for (name, value) in fields {
            text.push_str(name.as_ref());
            let name = text.len();
            text.push_str(value.as_ref());
            ends.push((name, text.len()));
        }
        Self { text, ends }
    }
}

/// Shows the names alone: values may hold anything people say or press.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_several_values_the_last_counts() {
        let fields: Fields = [("a", "1"), ("b", ""), ("a", "2")].into_iter().collect();
        assert_eq!(fields.get("a"), Some("2"));
        assert_eq!(fields.get("b"), Some(""));
        assert_eq!(fields.get("c"), None);
        assert_eq!(Fields::default().get(""), None);
        assert_eq!(format!("{fields:?}"), r#"{"a", "b", "a"}"#);
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(put in prop::collection::vec(("\\PC{0,4}", "\\PC{0,8}"), 0..8)) {
            let fields: Fields = put.iter().map(|(name, value)| (name, value)).collect();
            let out: Vec<_> = fields.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(&out, &put);
            for (name, _) in &put {
                let last = put.iter().rev().find(|(other, _)| other == name);
                prop_assert_eq!(fields.get(name), last.map(|(_, value)| value.as_str()));
            }
        }
    }
}
