//! Reading attribute values: a bad one leaves a warning and gives way to the default.

use std::time::Duration;

use super::xml::Element;
use super::{Method, Target, Warning};
use crate::detection::{Detection, DetectionMode};

/// The vendor's code for a document that its schema does not allow.
pub(super) const SCHEMA_WARNING: u32 = 12200;

/// Reads the attributes of one element and collects what was odd.
pub(super) struct Attributes<'a> {
    element: &'a Element,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(element: &'a Element, warnings: &'a mut Vec<Warning>) -> Self {
        Self { element, warnings }
    }

    /// The attribute as text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.element.attribute(name)
    }

    /// Warns about every attribute whose name is not in the list.
    pub(super) fn known(&mut self, names: &[&str]) {
        for (name, _) in &self.element.attributes {
            // Namespaces and schema locations are decoration.
            if !names.contains(&name.as_str()) && !name.contains(':') && name != "xmlns" {
                self.odd(SCHEMA_WARNING, name);
            }
        }
    }

    pub(super) fn flag(&mut self, name: &str, default: bool, code: u32) -> bool {
        match self.text(name).map(str::trim) {
            None => default,
            Some(value) if value.eq_ignore_ascii_case("true") => true,
            Some(value) if value.eq_ignore_ascii_case("false") => false,
            Some(_) => {
                self.odd(code, name);
                default
            }
        }
    }

    pub(super) fn number(
        &mut self,
        name: &str,
        allowed: std::ops::RangeInclusive<u32>,
        default: u32,
        code: u32,
    ) -> u32 {
        match self.text(name).map(|value| value.trim().parse::<u32>()) {
            None => default,
            Some(Ok(value)) if allowed.contains(&value) => value,
            Some(_) => {
                self.odd(code, name);
                default
            }
        }
    }

    pub(super) fn seconds(
        &mut self,
        name: &str,
        allowed: std::ops::RangeInclusive<u32>,
        default: u32,
        code: u32,
    ) -> Duration {
        Duration::from_secs(u64::from(self.number(name, allowed, default, code)))
    }

    /// A `loop` attribute: zero is for ever.
    pub(super) fn times(&mut self) -> Option<u32> {
        match self.number("loop", 0..=1000, 1, SCHEMA_WARNING) {
            0 => None,
            times => Some(times),
        }
    }

    pub(super) fn method(&mut self, name: &str, code: u32) -> Method {
        match self.text(name) {
            None => Method::Post,
            Some(value) => Method::parse(value.trim()).unwrap_or_else(|| {
                self.odd(code, name);
                Method::Post
            }),
        }
    }

    /// `action` and `method`, the pair most verbs share. An absent action is empty text, which
    /// means the current document to those verbs that always have one.
    pub(super) fn action(&mut self, code: u32) -> Target {
        Target {
            url: self.text("action").unwrap_or_default().trim().to_owned(),
            method: self.method("method", code),
        }
    }

    /// `machineDetection` of a noun. The two are connected meanwhile, so the verdict is always
    /// told by callback.
    pub(super) fn detection(&mut self) -> Option<Detection> {
        let word = self.text("machineDetection").map(str::trim)?;
        let Some(mode) = DetectionMode::parse(word) else {
            if word != "none" {
                self.odd(21234, "machineDetection");
            }
            return None;
        };
        let usual = Detection::new(mode);
        let mut millis = |name: &str, allowed, usual: Duration| {
            let usual = u32::try_from(usual.as_millis()).unwrap_or(u32::MAX);
            Duration::from_millis(self.number(name, allowed, usual, 21234).into())
        };
        let speech = millis("machineDetectionSpeechThreshold", 1000..=6000, usual.speech);
        let speech_end = millis(
            "machineDetectionSpeechEndThreshold",
            500..=5000,
            usual.speech_end,
        );
        let silence = millis(
            "machineDetectionSilenceTimeout",
            2000..=10_000,
            usual.silence,
        );
        let callback = self.text("amdStatusCallback").map(str::trim);
        Some(Detection {
            timeout: self.seconds("machineDetectionTimeout", 3..=59, 30, 21234),
            speech,
            speech_end,
            silence,
            asynchronous: true,
            callback: callback.filter(|url| !url.is_empty()).map(|url| Target {
                url: url.to_owned(),
                method: self.method("amdStatusCallbackMethod", SCHEMA_WARNING),
            }),
            ..usual
        })
    }

    pub(super) fn odd(&mut self, code: u32, name: &str) {
        self.warnings.push(Warning {
            code,
            message: format!("{}: {name} is not valid here", self.element.name),
        });
    }
}
