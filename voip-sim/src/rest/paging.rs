//! Pages of a list: which items, and the addresses of the pages around.

use std::ops::Range;

use serde_json::Value;

use super::RestError;
use super::form::Form;
use crate::engine::Engine;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 1000;

/// What a list is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    /// The name of the array.
    pub(super) member: &'static str,
    /// The first two letters of the items' SIDs.
    pub(super) sid_prefix: &'static str,
    /// What stands in tokens for those.
    pub(super) token_prefix: &'static str,
}

/// An item as pages know it.
pub(super) struct Item<'a> {
    pub(super) sid: &'a str,
    /// Its place in the order of all items, listed or not.
    pub(super) place: u64,
}

impl<'a> Item<'a> {
    pub(super) fn all(known: impl Iterator<Item = (&'a str, u64)>) -> Vec<Self> {
        known.map(|(sid, place)| Self { sid, place }).collect()
    }
}

impl Listed {
    fn token(self, before_or_after: &str, sid: &str) -> String {
        let (prefix, rest) = (self.token_prefix, sid.get(2..).unwrap_or_default());
        format!("{before_or_after}{prefix}{rest}")
    }

    /// The SID of the item that a token names.
    fn sid(self, named: &str) -> Option<String> {
        let rest = named.strip_prefix(self.token_prefix)?;
        Some(format!("{}{rest}", self.sid_prefix))
    }
}

/// The page a request asks for.
pub(super) struct Page {
    size: usize,
    number: usize,
    token: Option<Token>,
}

/// Where a page begins, by an item next to it, so that new calls shift nothing. What counts is
/// the item's place in the order of all: the item itself may not be in the list any more.
enum Token {
    After(String),
    Before(String),
}

impl Page {
    pub(super) fn read(form: &Form) -> Result<Self, RestError> {
        let number = |name: &str, default: usize| match form.get(name) {
            None => Ok(default),
            Some(value) => value
                .parse::<usize>()
                .map_err(|_| RestError::invalid(20422, format!("{name} is not valid"))),
        };
        let size = number("PageSize", DEFAULT_SIZE)?;
        if size > MAX_SIZE {
            return Err(RestError::invalid(20007, "the page size is too large"));
        }
        Ok(Self {
            size: size.max(1),
            number: number("Page", 0)?,
            token: form.get("PageToken").and_then(|token| {
                // An unknown token is ignored, and pages are counted instead.
                token
                    .strip_prefix("PA")
                    .map(|sid| Token::After(sid.to_owned()))
                    .or_else(|| {
                        token
                            .strip_prefix("PB")
                            .map(|sid| Token::Before(sid.to_owned()))
                    })
            }),
        })
    }

    /// Which of the items, newest first, are on this page.
    pub(super) fn window(
        &self,
        engine: &Engine,
        listed: Listed,
        items: &[Item<'_>],
    ) -> Range<usize> {
        let place = |named: &String| engine.place_of(&listed.sid(named)?);
        let after = |place: u64| items.partition_point(|item| item.place >= place);
        let before = |place: u64| items.partition_point(|item| item.place > place);
        let known = match &self.token {
            Some(Token::After(sid)) => place(sid).map(|place| {
                let start = after(place);
                start..start.saturating_add(self.size)
            }),
            Some(Token::Before(sid)) => place(sid).map(|place| {
                let end = before(place);
                end.saturating_sub(self.size)..end
            }),
            None => None,
        };
        let window = known.unwrap_or_else(|| {
            let start = self.number.saturating_mul(self.size);
            start..start.saturating_add(self.size)
        });
        window.start.min(items.len())..window.end.min(items.len())
    }

    /// The JSON of a page.
    pub(super) fn envelope(
        &self,
        listed: Listed,
        path: &str,
        form: &Form,
        items: &[Item<'_>],
        window: Range<usize>,
        shown: Vec<Value>,
    ) -> String {
        let uri = |page: usize, token: Option<String>| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (name, value) in form.pairs() {
                if !matches!(name.as_str(), "Page" | "PageSize" | "PageToken") {
                    query.append_pair(name, value);
                }
            }
            query.append_pair("PageSize", &self.size.to_string());
            query.append_pair("Page", &page.to_string());
            if let Some(token) = token {
                query.append_pair("PageToken", &token);
            }
            format!("{path}?{}", query.finish())
        };
        let own_token = self.token.as_ref().map(|token| match token {
            Token::After(sid) => format!("PA{sid}"),
            Token::Before(sid) => format!("PB{sid}"),
        });
        let next = (window.end < items.len() && !window.is_empty()).then(|| {
            uri(
                self.number.saturating_add(1),
                Some(listed.token("PA", items[window.end - 1].sid)),
            )
        });
        let previous = (self.number > 0 && window.start > 0 && !window.is_empty()).then(|| {
            uri(
                self.number - 1,
                Some(listed.token("PB", items[window.start].sid)),
            )
        });
        let start = self.number.saturating_mul(self.size);
        let (start, end) = match shown.len() {
            0 => (0, 0),
            length => (start, start.saturating_add(length - 1)),
        };
        serde_json::json!({
            listed.member: shown,
            "end": end,
            "first_page_uri": uri(0, None),
            "next_page_uri": next,
            "page": self.number,
            "page_size": self.size,
            "previous_page_uri": previous,
            "start": start,
            "uri": uri(self.number, own_token),
        })
        .to_string()
    }
}
