//! `Enqueue` and the `Queue` inside a `Dial`: waiting in line, and being fetched out of it.

use super::attributes::{Attributes, SCHEMA_WARNING};
use super::xml::Element;
use super::{Target, Wait, Warning};

/// The longest name of a queue, in characters.
const MAX_NAME: usize = 64;

/// Puts the leg into a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueue {
    /// The queue, made when its first leg comes.
    pub name: String,
    /// Asked when the leg is not in the queue any more; without one the next verb runs.
    pub action: Option<Target>,
    /// What is heard meanwhile; a document of the application is asked for again when it is over.
    pub wait: Wait,
}

/// The first leg of a queue, as somebody to be connected with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromQueue {
    /// The queue.
    pub name: String,
    /// A document for the leg that waited, run before the two are connected.
    pub screen: Option<Target>,
}

impl Enqueue {
    /// Reads the element; `None` when the queue has no usable name.
    pub(super) fn read(element: &Element, warnings: &mut Vec<Warning>) -> Option<Self> {
        let mut attributes = Attributes::new(element, warnings);
        attributes.known(&[
            "action",
            "method",
            "waitUrl",
            "waitUrlMethod",
            "workflowSid",
        ]);
        let name = element.own_text();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            attributes.odd(SCHEMA_WARNING, "the name");
            return None;
        }
        let action = attributes.action(SCHEMA_WARNING);
        let wait = match attributes.text("waitUrl").map(str::trim) {
            None => Wait::Music,
            Some("") => Wait::Silence,
            Some(url) => Wait::Document(Target {
                url: url.to_owned(),
                method: attributes.method("waitUrlMethod", SCHEMA_WARNING),
            }),
        };
        Some(Self {
            name,
            action: (!action.url.is_empty()).then_some(action),
            wait,
        })
    }
}

impl FromQueue {
    /// Reads the element; `None` when the queue has no usable name.
    pub(super) fn read(element: &Element, warnings: &mut Vec<Warning>) -> Option<Self> {
        let mut attributes = Attributes::new(element, warnings);
        attributes.known(&["url", "method", "reservationSid", "postWorkActivitySid"]);
        let name = element.own_text();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            attributes.odd(SCHEMA_WARNING, "the name");
            return None;
        }
        let screen = attributes.text("url").map(str::trim).unwrap_or_default();
        let screen = (!screen.is_empty()).then(|| Target {
            url: screen.to_owned(),
            method: attributes.method("method", SCHEMA_WARNING),
        });
        Some(Self { name, screen })
    }
}
