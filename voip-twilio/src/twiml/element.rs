//! One element of a document.

use std::borrow::Cow;

use super::escape;

/// An element: a verb, a noun, or something inside one.
///
/// Characters that XML forbids are left out, so every element can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    tag: Cow<'static, str>,
    attributes: Vec<(Cow<'static, str>, String)>,
    text: String,
    children: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Element(Element),
    Comment(String),
}

impl Element {
    /// An empty element.
    ///
    /// # Panics
    /// When `tag` is not a name of letters, digits and `-`.
    pub fn new(tag: impl Into<Cow<'static, str>>) -> Self {
        let tag = tag.into();
        assert!(
            is_name(&tag),
            "an element's name is made of letters, digits and '-'"
        );
        Self {
            tag,
            attributes: Vec::new(),
            text: String::new(),
            children: Vec::new(),
        }
    }

    /// Adds an attribute. An empty value is written, and may mean something
    /// else than no attribute.
    ///
    /// # Panics
    /// When `name` is not a name of letters, digits and `-`.
    #[must_use]
    pub fn attr(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        let name = name.into();
        assert!(
            is_name(&name),
            "an attribute's name is made of letters, digits and '-'"
        );
        self.attributes
            .push((name, escape::allowed(&value.into().0).into_owned()));
        self
    }

    /// Sets the text, which comes before the children.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = escape::allowed(text).into_owned();
        self
    }

    /// Adds a child.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// Adds children.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children
            .extend(children.into_iter().map(Node::Element));
        self
    }

    /// Adds a comment; two hyphens in a row, which would end it, are parted.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        let mut text = escape::allowed(text).into_owned();
        while text.contains("--") {
            text = text.replace("--", "- -");
        }
        self.children.push(Node::Comment(text));
        self
    }

    /// Appends the element to `xml`.
    pub(super) fn write(&self, xml: &mut String) {
        xml.push('<');
        xml.push_str(&self.tag);
        for (name, value) in &self.attributes {
            xml.push(' ');
            xml.push_str(name);
            xml.push_str("=\"");
            escape::attribute(value, xml);
            xml.push('"');
        }
        if self.text.is_empty() && self.children.is_empty() {
            xml.push_str("/>");
            return;
        }
        xml.push('>');
        escape::text(&self.text, xml);
        for child in &self.children {
            match child {
                Node::Element(element) => element.write(xml),
                Node::Comment(text) => {
                    xml.push_str("<!-- ");
                    xml.push_str(text);
                    xml.push_str(" -->");
                }
            }
        }
        xml.push_str("</");
        xml.push_str(&self.tag);
        xml.push('>');
    }
}

impl Default for Element {
    fn default() -> Self {
        Self::new("Response")
    }
}

/// The value of an attribute: text, a number, `true` or `false`, or a list of
/// words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(String);

macro_rules! value_from {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self(value.to_string())
            }
        }
    )*};
}

value_from!(&str, i32, u16, u32, u64, bool);

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&[&str]> for Value {
    fn from(words: &[&str]) -> Self {
        Self(words.join(" "))
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
