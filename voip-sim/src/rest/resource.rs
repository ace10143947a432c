//! A call as the REST interface shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::address::formatted;
use crate::engine::{API_VERSION, Engine, Leg, LegId, date};
use crate::inspect::{Direction, Status};

const SUBRESOURCES: [(&str, &str); 9] = [
    ("notifications", "Notifications"),
    ("recordings", "Recordings"),
    ("payments", "Payments"),
    ("events", "Events"),
    ("siprec", "Siprec"),
    ("streams", "Streams"),
    ("transcriptions", "Transcriptions"),
    (
        "user_defined_message_subscriptions",
        "UserDefinedMessageSubscriptions",
    ),
    ("user_defined_messages", "UserDefinedMessages"),
];

/// Amounts and durations are texts, flags are booleans, what is absent is null.
#[derive(Serialize)]
struct Call<'a> {
    sid: &'a str,
    date_created: String,
    date_updated: String,
    parent_call_sid: Option<&'a str>,
    account_sid: &'a str,
    to: &'a str,
    to_formatted: String,
    from: &'a str,
    from_formatted: String,
    phone_number_sid: Option<&'a str>,
    status: &'a str,
    start_time: Option<String>,
    end_time: Option<String>,
    duration: Option<String>,
    price: Option<String>,
    price_unit: &'a str,
    direction: &'a str,
    answered_by: Option<&'a str>,
    api_version: &'a str,
    forwarded_from: Option<&'a str>,
    group_sid: Option<&'a str>,
    caller_name: Option<&'a str>,
    queue_time: String,
    trunk_sid: Option<&'a str>,
    uri: String,
    subresource_uris: BTreeMap<&'a str, String>,
}

/// The JSON of one call as it stood then.
pub(super) fn call(engine: &Engine, id: LegId, then: OffsetDateTime) -> String {
    value(engine, id, then).to_string()
}

pub(super) fn value(engine: &Engine, id: LegId, then: OffsetDateTime) -> Value {
    let leg = engine.leg(id);
    let status = shown(leg, leg.status_at(then));
    let account = &engine.config.account_sid;
    let uri = format!("/2010-04-01/Accounts/{account}/Calls/{}", leg.sid);
    let by_then = |at: Option<OffsetDateTime>| at.filter(|at| *at <= then).map(date);
    let call = Call {
        sid: leg.sid.as_str(),
        date_created: date(leg.created),
        date_updated: date(leg.updated),
        parent_call_sid: leg.parent_sid.as_ref().map(|sid| sid.as_str()),
        account_sid: account,
        to: &leg.to,
        to_formatted: formatted(&leg.to),
        from: &leg.from,
        from_formatted: formatted(&leg.from),
        phone_number_sid: leg.number_sid.as_deref(),
        status: status.as_str(),
        start_time: by_then(leg.started),
        end_time: by_then(leg.ended),
        duration: status.is_final().then(|| leg.seconds().to_string()),
        price: None,
        price_unit: "USD",
        direction: leg.direction.as_str(),
        answered_by: leg.answered_by,
        api_version: API_VERSION,
        forwarded_from: None,
        group_sid: None,
        caller_name: None,
        queue_time: leg.queue_time.as_millis().to_string(),
        trunk_sid: None,
        subresource_uris: SUBRESOURCES
            .iter()
            .map(|(name, segment)| (*name, format!("{uri}/{segment}.json")))
            .collect(),
        uri: format!("{uri}.json"),
    };
    serde_json::to_value(call).expect("texts and nulls are always JSON")
}

/// Resources never say `initiated`: a call of the REST interface still shows `queued`, a leg of a
/// dial, which is never queued, `ringing`.
pub(super) fn shown(leg: &Leg, status: Status) -> Status {
    match (status, leg.direction) {
        (Status::Initiated, Direction::OutboundApi) => Status::Queued,
        (Status::Initiated, _) => Status::Ringing,
        (status, _) => status,
    }
}
