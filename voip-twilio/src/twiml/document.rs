//! A whole document.

use super::Element;

/// A whole document: verbs that run one after the other. At its end the leg is
/// hung up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    response: Element,
}

impl Document {
    /// A document of these verbs.
    pub fn new(verbs: impl IntoIterator<Item = Element>) -> Self {
        Self {
            response: Element::new("Response").children(verbs),
        }
    }

    /// The document as text: one line, no indentation.
    pub fn to_xml(&self) -> String {
        let mut xml = String::with_capacity(512);
        xml.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
        self.response.write(&mut xml);
        xml
    }
}

/// A document with this root, which should be a `Response`.
impl From<Element> for Document {
    fn from(response: Element) -> Self {
        Self { response }
    }
}
