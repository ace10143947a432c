//! Reading and deleting calls.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

use super::form::Form;
use super::paging::{Item, Listed, Page};
use super::{RestError, RestReply, resource};
use crate::engine::{Engine, Leg, LegId};
use crate::inspect::Status;

const LISTED: Listed = Listed {
    member: "calls",
    sid_prefix: "CA",
    token_prefix: "CA",
};

pub(super) fn fetch(engine: &Engine, now: OffsetDateTime, id: LegId) -> RestReply {
    let then = engine.calls_as_of(now);
    RestReply::json(200, resource::call(engine, id, then))
}

pub(super) fn delete(engine: &mut Engine, id: LegId) -> Result<RestReply, RestError> {
    if !engine.leg(id).status.is_final() {
        return Err(RestError::not_complete(&engine.config.choices));
    }
    engine.forget(id);
    Ok(RestReply::no_content())
}

pub(super) fn list(
    engine: &Engine,
    now: OffsetDateTime,
    path: &str,
    query: &str,
) -> Result<RestReply, RestError> {
    let form = Form::parse(query.as_bytes());
    let page = Page::read(&form)?;
    let filter = Filter::read(&form)?;
    let then = engine.lists_as_of(now);
    // Newest first; what was made after `then` is not visible yet.
    let found: Vec<(LegId, &Leg)> = engine
        .legs
        .iter()
        .rev()
        .map(|(id, leg)| (*id, leg))
        .filter(|(_, leg)| leg.created <= then && filter.matches(leg, then))
        .collect();
    let items = Item::all(found.iter().map(|(id, leg)| (leg.sid.as_str(), id.place())));
    let window = page.window(engine, LISTED, &items);
    let calls = found[window.clone()]
        .iter()
        .map(|(id, _)| resource::value(engine, *id, then))
        .collect();
    let envelope = page.envelope(LISTED, path, &form, &items, window, calls);
    Ok(RestReply::json(200, envelope))
}

#[derive(Default)]
struct Filter<'a> {
    to: Option<&'a str>,
    from: Option<&'a str>,
    parent: Option<&'a str>,
    status: Option<Status>,
    started: Span,
    ended: Span,
}

/// From a moment (included) up to another (excluded).
#[derive(Default)]
pub(super) struct Span {
    from: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
}

impl<'a> Filter<'a> {
    fn read(form: &'a Form) -> Result<Self, RestError> {
        let status = match form.get("Status") {
            None => None,
            Some(word) => Some(
                Status::parse(word)
                    .ok_or_else(|| RestError::invalid(20422, "Status is not valid"))?,
            ),
        };
        Ok(Self {
            to: form.get("To"),
            from: form.get("From"),
            parent: form.get("ParentCallSid"),
            status,
            started: Span::read(form, "StartTime")?,
            ended: Span::read(form, "EndTime")?,
        })
    }

    fn matches(&self, leg: &Leg, then: OffsetDateTime) -> bool {
        self.to.is_none_or(|to| to == leg.to)
            && self.from.is_none_or(|from| from == leg.from)
            && self.parent.is_none_or(|parent| {
                leg.parent_sid
                    .as_ref()
                    .is_some_and(|sid| sid.as_str() == parent)
            })
            && self
                .status
                .is_none_or(|status| resource::shown(leg, leg.status_at(then)) == status)
            && self.started.contains(leg.started)
            && self.ended.contains(leg.ended)
    }
}

impl Span {
    /// `Name` is one day, `Name>` from then on, `Name<` before then.
    pub(super) fn read(form: &Form, name: &str) -> Result<Self, RestError> {
        let mut span = Self::default();
        if let Some(day) = form.get(name) {
            let from = moment(day)?;
            span.from = Some(from);
            // Behind the last day that can be told, nothing ends.
            span.until = from.checked_add(time::Duration::DAY);
        }
        if let Some(from) = form.get(&format!("{name}>")) {
            span.from = Some(moment(from)?);
        }
        if let Some(until) = form.get(&format!("{name}<")) {
            span.until = Some(moment(until)?);
        }
        Ok(span)
    }

    pub(super) fn contains(&self, at: Option<OffsetDateTime>) -> bool {
        if self.from.is_none() && self.until.is_none() {
            return true;
        }
        at.is_some_and(|at| {
            self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
        })
    }
}

/// A day, or a moment in ISO 8601; both in UTC.
fn moment(text: &str) -> Result<OffsetDateTime, RestError> {
    let day = format_description!("[year]-[month]-[day]");
    let second = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    Date::parse(text, day)
        .map(|day| day.midnight().assume_utc())
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .or_else(|_| {
            PrimitiveDateTime::parse(text.trim_end_matches('Z'), second)
                .map(PrimitiveDateTime::assume_utc)
        })
        .map_err(|_| RestError::invalid(20422, "a time filter is not valid"))
}
