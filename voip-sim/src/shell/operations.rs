//! Every operation of the control interface, once: the router and the description are both made
//! from this list, so that neither can have what the other has not.

use axum::routing::{MethodRouter, delete, get, post, put};
use serde_json::{Value, json};

use super::drive::Shared;
use super::{clients, control, journal};

/// One operation.
pub(super) struct Operation {
    /// In small letters, as a description has it.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// What it does, in one sentence.
    pub(super) summary: &'static str,
    /// A body it takes, for those that take one.
    pub(super) body: Option<Value>,
    /// The status of its answer when all is well.
    pub(super) status: u16,
    pub(super) handler: MethodRouter<Shared>,
    /// Whether pages of other sites are kept away from it.
    pub(super) guarded: bool,
}

fn read(path: &'static str, summary: &'static str, handler: MethodRouter<Shared>) -> Operation {
    operation("get", path, summary, None, handler)
}

fn act(path: &'static str, summary: &'static str, handler: MethodRouter<Shared>) -> Operation {
    operation("post", path, summary, None, handler)
}

fn operation(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    body: Option<Value>,
    handler: MethodRouter<Shared>,
) -> Operation {
    Operation {
        method,
        path,
        summary,
        body,
        status: 200,
        handler,
        guarded: true,
    }
}

/// All operations, in the order of the manual.
pub(super) fn operations() -> Vec<Operation> {
    let phone = json!({
        "outcome": "answer", "ring_seconds": 1, "hang_up_after_seconds": 5,
        "press": {"after_seconds": 2, "keys": "1"},
        "speak": {"after_seconds": 2, "text": "sales"},
        "answered_by": "human", "voice": {"tone": 440},
    });
    let number = json!({
        "voice_url": "http://127.0.0.1:8080/voice", "voice_method": "POST",
        "fallback_url": null, "fallback_method": "POST",
        "status_url": null, "status_method": "POST",
    });
    let application = json!({"sid": "AP000000000000000000000000000000c1", "voice": number});
    let next_fault = json!({
        "on": "creates", "fault": "never_answer", "times": 1, "about": null,
    });
    let next_webhook_fault = json!({
        "on": "completed", "fault": "drop", "times": 1, "about": null,
    });
    let seed = json!({
        "number": number, "numbers": {"+15550001111": number}, "application": application,
        "phones": {"+15550002222": phone}, "clients": {"ann": phone},
        "faults": {"drop": 0.0}, "rest_faults": [next_fault],
        "webhook_faults": [next_webhook_fault],
        "choices": {"stopped_child": "no-answer"},
        "calls_per_second": 100, "surplus": "refuse",
    });
    let mut all = vec![
        Operation {
            status: 201,
            ..operation(
                "post",
                "/sim/calls",
                "Somebody calls a number of the application.",
                Some(json!({"from": "+15550002222", "to": "+15550001111"})),
                post(control::place_call),
            )
        },
        read(
            "/sim/calls",
            "Every leg that is still known.",
            get(control::calls),
        ),
        read("/sim/calls/{sid}", "One leg.", get(control::call)),
        read(
            "/sim/calls/{sid}/timeline",
            "What happened to one leg, in order.",
            get(journal::timeline),
        ),
        act(
            "/sim/calls/{sid}/answer",
            "The far end of a ringing leg answers.",
            post(control::pick_up),
        ),
        act(
            "/sim/calls/{sid}/reject",
            "The far end of a ringing leg declines.",
            post(control::reject),
        ),
        act(
            "/sim/calls/{sid}/ignore",
            "The far end of a ringing leg lets it ring.",
            post(control::ignore),
        ),
        act(
            "/sim/calls/{sid}/hangup",
            "The far end hangs up.",
            post(control::hang_up),
        ),
        operation(
            "post",
            "/sim/calls/{sid}/digits",
            "The far end presses keys.",
            Some(json!({"digits": "1#"})),
            post(control::press),
        ),
        operation(
            "post",
            "/sim/calls/{sid}/speech",
            "The far end says something.",
            Some(json!({"text": "sales, please"})),
            post(control::speak),
        ),
        operation(
            "post",
            "/sim/calls/{sid}/trigger",
            "The application is told a status, whether or not the leg has it.",
            Some(json!({"status": "completed"})),
            post(control::trigger),
        ),
        Operation {
            status: 201,
            ..operation(
                "post",
                "/sim/clients/{identity}/calls",
                "A voice client places a call through the TwiML App.",
                Some(json!({"parameters": {"phoneNumber": "+15550001111"}})),
                post(clients::place_call),
            )
        },
        read(
            "/sim/clients/{identity}/calls",
            "The legs of a voice client, and what it shows its user.",
            get(clients::calls),
        ),
        operation(
            "put",
            "/sim/clients/{identity}",
            "Scripts a voice client.",
            Some(phone.clone()),
            put(clients::set),
        ),
        operation(
            "delete",
            "/sim/clients/{identity}",
            "A voice client signs out.",
            None,
            delete(clients::unregister),
        ),
        operation(
            "put",
            "/sim/clients/{identity}/registration",
            "A voice client signs in.",
            None,
            put(clients::register),
        ),
        operation(
            "put",
            "/sim/phones/{number}",
            "Scripts a telephone.",
            Some(phone),
            put(control::set_phone),
        ),
    ];
    #[cfg(feature = "media")]
    all.extend(sounds());
    all.extend([
        read(
            "/sim/conferences",
            "Every conference that is still known.",
            get(control::rooms),
        ),
        read(
            "/sim/recordings",
            "Every recording that is still known.",
            get(control::recordings),
        ),
        read(
            "/sim/orphans",
            "Live legs whose partners have all gone.",
            get(control::orphans),
        ),
        read(
            "/sim/webhooks",
            "The webhooks made so far.",
            get(control::webhooks),
        ),
        act(
            "/sim/webhooks/{id}/replay",
            "Makes a webhook once more; the answer is thrown away.",
            post(control::replay),
        ),
        read(
            "/sim/journal",
            "What happened, in order.",
            get(journal::journal),
        ),
        read(
            "/sim/events",
            "What happens from now on, as server-sent events.",
            get(journal::events),
        ),
        read(
            "/sim/export",
            "Everything that is known, in one document.",
            get(control::export),
        ),
        read(
            "/sim/settings",
            "How it is set up: number, application, faults and limits.",
            get(control::settings),
        ),
        operation(
            "put",
            "/sim/number",
            "What the account's numbers do with inbound calls.",
            Some(number),
            put(control::set_number),
        ),
        operation(
            "put",
            "/sim/application",
            "The TwiML App that voice clients call through.",
            Some(application),
            put(control::set_application),
        ),
        operation(
            "put",
            "/sim/faults",
            "How webhooks and REST requests are mistreated.",
            Some(json!({"drop": 0.1, "repeat": 0.1})),
            put(control::set_faults),
        ),
        operation(
            "put",
            "/sim/choices",
            "What is done where the vendor is silent.",
            Some(json!({
                "moved_child": "completed", "stopped_child": "no-answer",
                "untold_events_count": true, "start_before_join": true,
                "token_per_attempt": true, "retry_after_seconds": 1,
                "end_shows_later": true, "early_delete_is_400": true,
            })),
            put(control::set_choices),
        ),
        operation(
            "post",
            "/sim/rest-faults",
            "What the next matching REST requests meet.",
            Some(next_fault),
            post(control::fail_next_rest),
        ),
        operation(
            "post",
            "/sim/webhook-faults",
            "What the next matching webhooks meet.",
            Some(next_webhook_fault),
            post(control::fail_next_webhook),
        ),
        operation(
            "put",
            "/sim/limits",
            "How many calls may be placed in one second, and what becomes of others.",
            Some(json!({"calls_per_second": 1, "surplus": "queue"})),
            put(control::set_limits),
        ),
        operation(
            "post",
            "/sim/seed",
            "Sets up telephones, clients, numbers, an application and faults.",
            Some(seed),
            post(control::plant),
        ),
        read(
            "/sim/scripts",
            "The scripts there are.",
            get(control::scripts),
        ),
        act(
            "/sim/scripts/{name}",
            "Sets up the circumstances of a named script.",
            post(control::run_script),
        ),
        act(
            "/sim/reset",
            "Forgets calls, scripts, webhooks and faults.",
            post(control::reset),
        ),
        read(
            "/sim/openapi.json",
            "This description.",
            get(super::openapi::description),
        ),
    ]);
    all
}

/// What is heard, and what browsers say beside their conversations.
#[cfg(feature = "media")]
fn sounds() -> Vec<Operation> {
    use super::{asides, sounds};

    vec![
        // It says itself which pages may have it.
        Operation {
            guarded: false,
            ..read(
                "/sim/client.js",
                "The voice client of our own, for web pages.",
                get(asides::client),
            )
        },
        read(
            "/sim/calls/{sid}/ear",
            "How loud the last two seconds of what a leg heard were.",
            get(sounds::ear),
        ),
        read(
            "/sim/calls/{sid}/ear.wav",
            "The last two seconds of what a leg heard, as a WAV file.",
            get(sounds::ear_file),
        ),
        read(
            "/sim/calls/{sid}/messages",
            "What the browser of a leg said beside the conversation.",
            get(sounds::said),
        ),
        operation(
            "post",
            "/sim/calls/{sid}/messages",
            "Says something to the browser of a leg, beside the conversation.",
            Some(json!({
                "content": {"any": "JSON"}, "content_type": "application/json",
                "message_type": "user-defined-message",
            })),
            post(sounds::say),
        ),
        operation(
            "put",
            "/sim/losses",
            "What browsers lose on the way.",
            Some(json!({"media": false, "signalling": false})),
            put(sounds::set_losses),
        ),
    ]
}
