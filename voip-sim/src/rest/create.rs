//! Placing a call.

use std::time::Duration;

use time::OffsetDateTime;

use super::form::Form;
use super::{RestError, RestReply, asked, resource};
use crate::address::Address;
use crate::engine::{Engine, FirstDocument, NewLeg, NumberConfig};
use crate::inspect::{Direction, Status};
use crate::magic_numbers;
use crate::phone::Outcome;
use crate::twiml::{StatusSubscription, Target};

/// The longest inline document, in characters.
pub(super) const MAX_INLINE: usize = 4000;

/// The events a status callback can ask for.
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

pub(super) fn create(
    engine: &mut Engine,
    now: OffsetDateTime,
    body: &[u8],
) -> Result<RestReply, RestError> {
    let form = Form::parse(body);
    if engine.live_legs() >= engine.config.max_live_calls {
        return Err(RestError::too_many_requests());
    }
    let to = called(&form)?;
    let from = caller(engine, &form)?;
    if matches!(to, Address::Phone(_)) && !from.starts_with('+') {
        return Err(RestError::invalid(
            21212,
            "a telephone can only be called from a number",
        ));
    }
    let application = application(engine, &form)?;
    let script = engine.script_of(&to);
    if script.outcome == Outcome::Invalid {
        return Err(RestError::invalid(
            21217,
            "the number called does not appear to be valid",
        ));
    }
    let (first, fallback, status_callback) = match application {
        Some(voice) => steered_by(voice)?,
        None => (
            first_document(&form)?,
            form.target("FallbackUrl", "FallbackMethod")?,
            status_callback(&form)?,
        ),
    };
    let extras = asked::extras(&form, "AsyncAmdStatusCallback")?;
    let ring_timeout = form.seconds("Timeout", 1..=600, 21208)?;
    let time_limit = form.seconds("TimeLimit", 1..=86_400, 20422)?;
    // Last, so that only calls that are placed count.
    if !engine.may_place(now) {
        return Err(RestError::too_many_requests());
    }
    let new = NewLeg {
        direction: Direction::OutboundApi,
        status: Status::Queued,
        from,
        parent: None,
        first,
        fallback,
        status_callback,
        ring_timeout: ring_timeout.unwrap_or(Duration::from_secs(60)),
        time_limit: time_limit.unwrap_or(Duration::from_secs(14_400)),
        parameters: match &to {
            Address::Client { parameters, .. } => parameters.clone(),
            Address::Phone(_) | Address::Sip(_) => Vec::new(),
        },
        script,
        to: to.text(),
        application_sid: None,
        extras,
    };
    let id = engine.place_api_call(now, new);
    Ok(RestReply::json(201, resource::call(engine, id, now)))
}

pub(super) fn called(form: &Form) -> Result<Address, RestError> {
    let to = form
        .get("To")
        .ok_or_else(|| RestError::invalid(21201, "no 'To' number is specified"))?;
    let address = Address::parse(&plain(to))
        .ok_or_else(|| RestError::invalid(21211, format!("the 'To' number is not valid: {to}")))?;
    match magic_numbers::to_refusal(&address.text()) {
        Some(code) => Err(RestError::invalid(
            code,
            "the number called cannot be called",
        )),
        None => Ok(address),
    }
}

pub(super) fn caller(engine: &Engine, form: &Form) -> Result<String, RestError> {
    let from = form
        .get("CallerId")
        .or(form.get("From"))
        .ok_or_else(|| RestError::invalid(21213, "a 'From' number is required"))?;
    let address = Address::parse(&plain(from))
        .ok_or_else(|| {
            RestError::invalid(21212, format!("the 'From' number is not valid: {from}"))
        })?
        .text();
    if let Some(code) = magic_numbers::from_refusal(&address) {
        return Err(RestError::invalid(code, "the 'From' number is not valid"));
    }
    let ours = |owned: &Vec<String>| owned.contains(&address);
    if address.starts_with('+')
        && !magic_numbers::from_accepted(&address)
        && !engine.config.owned_numbers.as_ref().is_none_or(ours)
    {
        let message = "the 'From' number is neither owned nor verified";
        return Err(RestError::invalid(21210, message));
    }
    Ok(address)
}

/// Numbers may be written with blanks, dashes and brackets.
fn plain(address: &str) -> String {
    match address.starts_with('+') {
        true => address
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.'))
            .collect(),
        false => address.to_owned(),
    }
}

/// The addresses of the TwiML App that steers the call, if it names one. They replace all others.
fn application(engine: &Engine, form: &Form) -> Result<Option<NumberConfig>, RestError> {
    let Some(sid) = form.get("ApplicationSid") else {
        return Ok(None);
    };
    let application = engine.config.application.as_ref();
    match application.filter(|application| application.sid == sid) {
        Some(application) => Ok(Some(application.voice.clone())),
        None => Err(RestError::invalid(21218, "the ApplicationSid is not valid")),
    }
}

type Steering = (FirstDocument, Option<Target>, Option<StatusSubscription>);

fn steered_by(voice: NumberConfig) -> Result<Steering, RestError> {
    let target = |url: Option<String>, method| url.map(|url| Target { url, method });
    let message = "Url is not a valid URL: the application has none";
    let first = target(voice.voice_url, voice.voice_method)
        .ok_or_else(|| RestError::invalid(21205, message))?;
    let status = voice.status_url.map(|url| StatusSubscription {
        url,
        method: voice.status_method,
        events: vec!["completed".to_owned()],
    });
    let fallback = target(voice.fallback_url, voice.fallback_method);
    Ok((FirstDocument::Fetched(first), fallback, status))
}

fn first_document(form: &Form) -> Result<FirstDocument, RestError> {
    if let Some(target) = form.target("Url", "Method")? {
        return Ok(FirstDocument::Fetched(target));
    }
    inline(form)?.ok_or_else(|| RestError::invalid(21205, "Url is not a valid URL: it is missing"))
}

/// The inline document of a request, if it has one.
pub(super) fn inline(form: &Form) -> Result<Option<FirstDocument>, RestError> {
    match form.get("Twiml") {
        None => Ok(None),
        Some(markup) if markup.chars().count() > MAX_INLINE => {
            Err(RestError::invalid(32018, "the inline document is too long"))
        }
        Some(markup) => Ok(Some(FirstDocument::Inline(markup.to_owned()))),
    }
}

/// Each event is a value of its own here. One value that holds several words matches none of
/// them, as with the vendor, where not all of the events arrive.
pub(super) fn status_callback(form: &Form) -> Result<Option<StatusSubscription>, RestError> {
    let Some(target) = form.target("StatusCallback", "StatusCallbackMethod")? else {
        return Ok(None);
    };
    let mut events: Vec<String> = form
        .all("StatusCallbackEvent")
        .filter(|event| EVENTS.contains(event))
        .map(str::to_owned)
        .collect();
    if form.all("StatusCallbackEvent").next().is_none() {
        events.push("completed".to_owned());
    }
    Ok(Some(StatusSubscription {
        url: target.url,
        method: target.method,
        events,
    }))
}
