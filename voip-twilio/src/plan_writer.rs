//! Plans as documents.

use voip_core::{Action, Plan, ports::Reply};

use crate::{
    CallbackUrls,
    callback_urls::CALL_ID_FIELD,
    seconds::{ring_seconds, whole_seconds},
    twiml::{Document, Element, noun, verb},
};

/// The media type of a document.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// The news we want of a leg that a dial makes.
const LEG_EVENTS: &str = "initiated ringing answered completed";

/// The news we want of a conference.
const ROOM_EVENTS: &str = "start end join leave hold";

/// The most characters that are spoken.
const MOST_SPOKEN: usize = 4096;

/// Writes `plan` as an answer.
pub(crate) fn write(plan: &Plan, urls: &CallbackUrls) -> Reply {
    let document = Document::new(plan.actions.iter().map(|action| verb(action, urls)));
    Reply {
        content_type: CONTENT_TYPE,
        body: document.to_xml(),
    }
}

fn verb(action: &Action, urls: &CallbackUrls) -> Element {
    match action {
        Action::Say(text) => verb::say(spoken(text)),
        Action::Pause(span) => verb::pause(whole_seconds(*span).max(1)),
        Action::Reject => verb::reject(),
        Action::Ask(callback) => verb::redirect(&urls.of(callback)),
        Action::ConnectClient {
            identity,
            caller_id,
            ring_time,
            call,
            then,
        } => {
            let mut dial = verb::dial()
                .attr("action", urls.of(then))
                .attr("method", "POST")
                .attr("timeout", ring_seconds(*ring_time));
            if let Some(number) = caller_id {
                dial = dial.attr("callerId", number.expose());
            }
            dial.child(
                noun::client_with_parameters(identity.as_str())
                    .child(noun::parameter(CALL_ID_FIELD, &call.to_string())),
            )
        }
        Action::ConnectNumber {
            to,
            caller_id,
            ring_time,
            news,
            then,
        } => verb::dial()
            .attr("action", urls.of(then))
            .attr("timeout", ring_seconds(*ring_time))
            .attr("callerId", caller_id.expose())
            .child(
                noun::number(to.expose())
                    .attr("statusCallback", urls.of(news))
                    .attr("statusCallbackMethod", "POST")
                    .attr("statusCallbackEvent", LEG_EVENTS),
            ),
        Action::JoinRoom { name, news } => verb::dial().child(
            noun::conference(name.as_str())
                .attr("startConferenceOnEnter", "true")
                .attr("endConferenceOnExit", "true")
                .attr("beep", "false")
                .attr("statusCallback", urls.of(news))
                .attr("statusCallbackMethod", "POST")
                .attr("statusCallbackEvent", ROOM_EVENTS),
        ),
        Action::HangUp => verb::hang_up(),
    }
}

/// As much of `text` as can be spoken.
fn spoken(text: &str) -> &str {
    match text.char_indices().nth(MOST_SPOKEN) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}
