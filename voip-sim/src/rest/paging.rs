//! Pages of a list: which items, and the addresses of the pages around.

use std::ops::Range;

use serde_json::Value;

use super::RestError;
use super::form::Form;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 1000;

/// What a list is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    /// The name of the array.
    pub(super) member: &'static str,
    /// Stands in tokens for the first two letters of the items' SIDs, where it is not empty.
    pub(super) sid_prefix: &'static str,
}

impl Listed {
    fn token(self, before_or_after: &str, sid: &str) -> String {
        match self.sid_prefix {
            "" => format!("{before_or_after}{sid}"),
            prefix => format!(
                "{before_or_after}{prefix}{}",
                sid.get(2..).unwrap_or_default()
            ),
        }
    }
}

/// The page a request asks for.
pub(super) struct Page {
    size: usize,
    number: usize,
    token: Option<Token>,
}

/// Where a page begins, by an item next to it, so that new calls shift nothing.
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
    pub(super) fn window(&self, sids: &[&str]) -> Range<usize> {
        // The letters in front tell kinds apart, and a list is of one kind.
        let same = |one: &str, other: &str| one.get(2..) == other.get(2..);
        let position = |wanted: &str| sids.iter().position(|sid| same(sid, wanted));
        let start = match &self.token {
            Some(Token::After(sid)) => position(sid).map(|index| index + 1),
            Some(Token::Before(sid)) => position(sid).map(|index| index.saturating_sub(self.size)),
            None => None,
        };
        let start = start.unwrap_or_else(|| self.number.saturating_mul(self.size));
        let start = start.min(sids.len());
        start..start.saturating_add(self.size).min(sids.len())
    }

    /// The JSON of a page.
    pub(super) fn envelope(
        &self,
        listed: Listed,
        path: &str,
        form: &Form,
        sids: &[&str],
        window: Range<usize>,
        items: Vec<Value>,
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
        let next = (window.end < sids.len() && !window.is_empty()).then(|| {
            uri(
                self.number + 1,
                Some(listed.token("PA", sids[window.end - 1])),
            )
        });
        let previous = (self.number > 0 && window.start > 0 && !window.is_empty()).then(|| {
            uri(
                self.number - 1,
                Some(listed.token("PB", sids[window.start])),
            )
        });
        let start = self.number.saturating_mul(self.size);
        let (start, end) = match items.len() {
            0 => (0, 0),
            length => (start, start + length - 1),
        };
        serde_json::json!({
            listed.member: items,
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
