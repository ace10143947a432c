//! The requests to the API, as it wants them. Pure.

use form_urlencoded::Serializer;
use voip_core::{Callback, ProviderCallId, ports::Dial};

use crate::{
    ConferenceFilter, TwilioConfig,
    seconds::ring_seconds,
    transport::{HttpRequest, Method},
};

/// The news we want of a call. On this resource each word is a field of its
/// own; several in one field are understood only in part.
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// Places a call.
pub(crate) fn dial(config: &TwilioConfig, dial: &Dial) -> HttpRequest {
    let mut form = Serializer::new(String::with_capacity(512));
    form.append_pair("To", dial.to.expose());
    form.append_pair("From", dial.from.expose());
    match &config.outbound_twiml_url {
        Some(url) => form.append_pair("Url", url.as_str()),
        None => form.append_pair("Url", &config.callbacks.of(&Callback::Ask(dial.call))),
    };
    form.append_pair("Method", "POST");
    form.append_pair(
        "StatusCallback",
        &config.callbacks.of(&Callback::Status(dial.call)),
    );
    form.append_pair("StatusCallbackMethod", "POST");
    for event in EVENTS {
        form.append_pair("StatusCallbackEvent", event);
    }
    if let Some(ring_time) = dial.ring_time {
        form.append_pair("Timeout", &ring_seconds(ring_time).to_string());
    }
    post(path(config, "Calls.json"), form)
}

/// Has the provider ask afresh what to do with a leg.
pub(crate) fn redirect(config: &TwilioConfig, leg: &ProviderCallId, to: &Callback) -> HttpRequest {
    let mut form = Serializer::new(String::new());
    form.append_pair("Url", &config.callbacks.of(to));
    form.append_pair("Method", "POST");
    post(call_path(config, leg), form)
}

/// Ends a leg, whatever live state it is in.
pub(crate) fn hang_up(config: &TwilioConfig, leg: &ProviderCallId) -> HttpRequest {
    let mut form = Serializer::new(String::new());
    form.append_pair("Status", "completed");
    post(call_path(config, leg), form)
}

/// Reads a leg.
pub(crate) fn look_up(config: &TwilioConfig, leg: &ProviderCallId) -> HttpRequest {
    get(call_path(config, leg))
}

/// The calls between the parties of `dial`, newest first.
///
/// Not narrowed by start time: a call that waits for a slot has none yet, and
/// just such calls are what a lost answer leaves behind. Whoever reads the
/// pages looks at the moment of creation and stops at the first older call.
pub(crate) fn find_dialled(config: &TwilioConfig, dial: &Dial) -> HttpRequest {
    let mut query = Serializer::new(String::new());
    query.append_pair("To", dial.to.expose());
    query.append_pair("From", dial.from.expose());
    query.append_pair("PageSize", "50");
    get(format!("{}?{}", path(config, "Calls.json"), query.finish()))
}

/// The legs that the dial of `parent` has made, newest first.
pub(crate) fn children(config: &TwilioConfig, parent: &ProviderCallId) -> HttpRequest {
    get(path(
        config,
        &format!("Calls.json?ParentCallSid={parent}&PageSize=50"),
    ))
}

/// Puts a participant on hold, or takes it back.
pub(crate) fn set_hold(
    config: &TwilioConfig,
    conference: &ProviderCallId,
    leg: &ProviderCallId,
    hold: bool,
) -> HttpRequest {
    let mut form = Serializer::new(String::new());
    form.append_pair("Hold", if hold { "true" } else { "false" });
    post(participant_path(config, conference, leg), form)
}

/// The conferences that pass `filter`.
pub(crate) fn conferences(config: &TwilioConfig, filter: &ConferenceFilter) -> HttpRequest {
    let mut query = Serializer::new(String::new());
    if let Some(name) = &filter.friendly_name {
        query.append_pair("FriendlyName", name);
    }
    if let Some(status) = filter.status {
        query.append_pair("Status", status.as_str());
    }
    query.append_pair("PageSize", "50");
    get(format!(
        "{}?{}",
        path(config, "Conferences.json"),
        query.finish()
    ))
}

/// A participant of a conference.
pub(crate) fn participant(
    config: &TwilioConfig,
    conference: &ProviderCallId,
    leg: &ProviderCallId,
) -> HttpRequest {
    get(participant_path(config, conference, leg))
}

/// The participants of a conference.
pub(crate) fn participants(config: &TwilioConfig, conference: &ProviderCallId) -> HttpRequest {
    get(path(
        config,
        &format!("Conferences/{conference}/Participants.json?PageSize=50"),
    ))
}

/// The next page of a list, at the address the last one named.
pub(crate) fn next_page(path_and_query: String) -> HttpRequest {
    get(path_and_query)
}

fn get(path_and_query: String) -> HttpRequest {
    HttpRequest {
        method: Method::Get,
        path_and_query,
        form: None,
    }
}

fn post(path_and_query: String, mut form: Serializer<'_, String>) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        path_and_query,
        form: Some(form.finish()),
    }
}

fn path(config: &TwilioConfig, rest: &str) -> String {
    format!("/2010-04-01/Accounts/{}/{rest}", config.account)
}

fn call_path(config: &TwilioConfig, leg: &ProviderCallId) -> String {
    path(config, &format!("Calls/{leg}.json"))
}

fn participant_path(
    config: &TwilioConfig,
    conference: &ProviderCallId,
    leg: &ProviderCallId,
) -> String {
    path(
        config,
        &format!("Conferences/{conference}/Participants/{leg}.json"),
    )
}
