//! A small element tree: the part of XML that documents use.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::DocumentError;

/// Deeper nesting than any verb needs; a bound, so that a hostile document cannot exhaust the
/// stack of the recursive readers above this one.
const MAX_DEPTH: usize = 32;

/// One element, comments and processing instructions left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
}

/// What is inside an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// Reads a whole document and returns its root.
    pub(super) fn parse(text: &str) -> Result<Self, DocumentError> {
        carried(text)?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut root: Option<Self> = None;
        loop {
            match reader.read_event().map_err(not_xml)? {
                Event::Start(start) => {
                    if open.len() >= MAX_DEPTH || (open.is_empty() && root.is_some()) {
                        return Err(not_xml("too deep, or a second root"));
                    }
                    open.push(Self::begin(&start)?);
                }
                Event::Empty(start) => {
                    let element = Self::begin(&start)?;
                    close(element, &mut open, &mut root)?;
                }
                Event::End(_) => {
                    let element = open
                        .pop()
                        .ok_or_else(|| not_xml("an end without a start"))?;
                    close(element, &mut open, &mut root)?;
                }
                Event::Text(text) => push_text(&mut open, &text.xml10_content())?,
                Event::CData(text) => push_text(&mut open, &text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    if let Some(character) = reference.resolve_char_ref().map_err(not_xml)? {
                        let mut buffer = [0; 4];
                        let character = character.encode_utf8(&mut buffer);
                        carried(character)?;
                        push_text(&mut open, character)?;
                    } else {
                        let name = reference.xml10_content();
                        let entity = quick_xml::escape::resolve_predefined_entity(&name)
                            .ok_or_else(|| not_xml("an entity that is not predefined"))?;
                        push_text(&mut open, entity)?;
                    }
                }
                Event::Decl(declaration) => {
                    let version = declaration.version().map_err(not_xml)?;
                    if !matches!(version.as_ref(), "1.0" | "1.1") {
                        return Err(DocumentError::BadVersion);
                    }
                }
                Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
        }
        if !open.is_empty() {
            return Err(not_xml("an element is not closed"));
        }
        root.ok_or_else(|| not_xml("no element"))
    }

    fn begin(start: &BytesStart<'_>) -> Result<Self, DocumentError> {
        let mut element = Self {
            name: start.name().0.to_owned(),
            ..Self::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(not_xml)?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(not_xml)?;
            carried(&value)?;
            element
                .attributes
                .push((attribute.key.0.to_owned(), value.into_owned()));
        }
        Ok(element)
    }

    /// The value of an attribute, if it is there.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The element's own text, trimmed; the text of elements inside is not part of it.
    pub(super) fn own_text(&self) -> String {
        let mut text = String::new();
        for node in &self.children {
            if let Node::Text(part) = node {
                text.push_str(part);
            }
        }
        text.trim().to_owned()
    }

    /// All text inside, elements flattened, trimmed.
    pub(super) fn whole_text(&self) -> String {
        fn collect(element: &Element, text: &mut String) {
            for node in &element.children {
                match node {
                    Node::Text(part) => text.push_str(part),
                    Node::Element(inner) => collect(inner, text),
                }
            }
        }
        let mut text = String::new();
        collect(self, &mut text);
        text.trim().to_owned()
    }

    /// The elements inside, in order.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }
}

/// # Errors
/// [`DocumentError::NotXml`] where there is a character that no document may have, spelled out or
/// not (XML 1.0, section 2.2).
fn carried(text: &str) -> Result<(), DocumentError> {
    let allowed = |c: char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        c => c >= ' ',
    };
    match text.chars().all(allowed) {
        true => Ok(()),
        false => Err(not_xml("a character that XML does not carry")),
    }
}

fn close(
    element: Element,
    open: &mut [Element],
    root: &mut Option<Element>,
) -> Result<(), DocumentError> {
    match open.last_mut() {
        Some(parent) => parent.children.push(Node::Element(element)),
        None if root.is_none() => *root = Some(element),
        None => return Err(not_xml("a second root")),
    }
    Ok(())
}

fn push_text(open: &mut [Element], text: &str) -> Result<(), DocumentError> {
    let Some(parent) = open.last_mut() else {
        // A byte order mark and blanks may surround the root, nothing else.
        return if text
            .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
            .is_empty()
        {
            Ok(())
        } else {
            Err(not_xml("text outside the root"))
        };
    };
    // Text, references and CDATA sections in a row are one text to the application.
    if let Some(Node::Text(last)) = parent.children.last_mut() {
        last.push_str(text);
    } else {
        parent.children.push(Node::Text(text.to_owned()));
    }
    Ok(())
}

fn not_xml(why: impl std::fmt::Display) -> DocumentError {
    DocumentError::NotXml(why.to_string())
}
