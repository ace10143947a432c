//! Changing a call that is under way.

use time::OffsetDateTime;

use super::form::Form;
use super::{RestError, RestReply, create, resource};
use crate::engine::{EndedBy, Engine, FirstDocument, LegId};
use crate::inspect::Status;
use crate::twiml::StatusSubscription;

pub(super) fn update(
    engine: &mut Engine,
    now: OffsetDateTime,
    id: LegId,
    body: &[u8],
) -> Result<RestReply, RestError> {
    let form = Form::parse(body);
    // Everything is checked before anything is changed.
    let end = match form.get("Status") {
        None => None,
        Some("canceled") => Some(Status::Canceled),
        Some("completed") => Some(Status::Completed),
        Some(_) => return Err(RestError::invalid(20422, "Status is not valid")),
    };
    let document = match form.target("Url", "Method")? {
        Some(target) => Some(FirstDocument::Fetched(target)),
        None => create::inline(&form)?,
    };
    let fallback = form.target("FallbackUrl", "FallbackMethod")?;
    let status_callback = form.target("StatusCallback", "StatusCallbackMethod")?;
    let limit = form.seconds("TimeLimit", 1..=86_400, 20422)?;
    let status = engine.leg(id).status;
    if status.is_final() && (end.is_some() || document.is_some()) {
        return Err(not_in_progress());
    }
    if end.is_none() && document.is_some() && status != Status::InProgress {
        return Err(not_in_progress());
    }

    if let Some(fallback) = fallback {
        engine.set_fallback(id, fallback);
    }
    if let Some(target) = status_callback {
        engine.set_status_callback(id, |events| StatusSubscription {
            url: target.url,
            method: target.method,
            events,
        });
    }
    if let Some(limit) = limit {
        engine.limit_call(now, id, limit);
    }
    let before = (end.is_some() && engine.config.choices.end_shows_later)
        .then(|| resource::call(engine, id, now));
    match (end, document) {
        // A call that was answered in the meantime is left alone.
        (Some(Status::Canceled), _) if status == Status::InProgress => {}
        (Some(_), _) => engine.end(now, id, EndedBy::Api),
        (None, Some(document)) => engine.redirect(now, id, document),
        (None, None) => {}
    }
    let shown = before.unwrap_or_else(|| resource::call(engine, id, now));
    Ok(RestReply::json(200, shown))
}

fn not_in_progress() -> RestError {
    RestError::invalid(21220, "Call is not in-progress. Cannot redirect.")
}
