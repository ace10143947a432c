//! The simulator over real HTTP, against a small application on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use voip_sim::engine::Timing;
use voip_sim::faults::{RestFault, RestTarget};
use voip_sim::inspect::{CallView, Sound, Status};
use voip_sim::phone::PhoneScript;
use voip_sim::sid::CallSid;
use voip_sim::{Simulator, SimulatorConfig};

use crate::fixture::{ACCOUNT, CALLER, OURS, TOKEN};

/// One request: path, signature, and fields.
type Received = (String, String, Vec<(String, String)>);

/// What the application was sent, and what holds its answers back.
struct Desk {
    received: Mutex<Vec<Received>>,
    gate: Semaphore,
}

type Inbox = Arc<Desk>;

async fn app(State(inbox): State<Inbox>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let signature = request.headers()["x-twilio-signature"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap();
    let form = form_urlencoded::parse(&body).into_owned().collect();
    inbox
        .received
        .lock()
        .unwrap()
        .push((path.clone(), signature, form));
    let document = match path.as_str() {
        "/voice" => "<Response><Dial><Client>ann</Client></Dial></Response>",
        "/answer" => "<Response><Say>Hello</Say></Response>",
        "/a/../raw//path" => "<Response><Say>As written</Say></Response>",
        "/gate" => {
            inbox.gate.acquire().await.unwrap().forget();
            "<Response><Say>Through</Say></Response>"
        }
        // Sounds of as many kilobytes as the query says.
        "/music" => {
            let kilobytes: usize = query.parse().unwrap();
            return ([("content-type", "audio/wav")], vec![0; kilobytes * 1024]).into_response();
        }
        _ => return StatusCode::NO_CONTENT.into_response(),
    };
    ([("content-type", "text/xml")], document).into_response()
}

struct Shell {
    simulator: Simulator,
    app: String,
    inbox: Inbox,
    http: reqwest::Client,
}

impl Shell {
    async fn start() -> Self {
        let inbox = Arc::new(Desk {
            received: Mutex::default(),
            gate: Semaphore::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let app_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(app).with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut config = SimulatorConfig::new(ACCOUNT, TOKEN).voice_url(format!("{app_url}/voice"));
        // real time: the network's own steps are made as short as they can be.
        let short = Duration::from_millis(5);
        config.engine.timing = Timing {
            queue: short,
            connect: short,
            redirect: short,
            say_per_character: Duration::ZERO,
            say_at_least: short,
            play: short,
        };
        Self {
            simulator: Simulator::start_with(config).await.unwrap(),
            app: app_url,
            inbox,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn rest(&self, body: &str) -> reqwest::Result<reqwest::Response> {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
        let base = self.simulator.base_url();
        self.http
            .post(format!("{base}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"))
            .header("authorization", format!("Basic {pair}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .timeout(Duration::from_millis(500))
            .body(body.to_owned())
            .send()
            .await
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.simulator.base_url());
        let response = self
            .http
            .request(method, url)
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Waits until a leg is as wished.
    async fn until(&self, sid: &CallSid, wished: impl Fn(&CallView) -> bool) -> CallView {
        // real time: the legs live in the simulator's own task.
        let waited = tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                match self.simulator.call(sid).view() {
                    Some(call) if wished(&call) => return call,
                    _ => tokio::time::sleep(Duration::from_millis(2)).await,
                }
            }
        });
        waited
            .await
            .expect("the leg becomes what is wished in time")
    }
}

#[tokio::test]
async fn a_call_goes_all_the_way_over_http_with_valid_signatures() {
    let shell = Shell::start().await;
    shell
        .simulator
        .set_phone("+15005550106", PhoneScript::answers_after(Duration::ZERO));
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", "+15005550106")
        .append_pair("From", OURS);
    form.append_pair("Url", &format!("{}/answer", shell.app));
    form.append_pair("StatusCallback", &format!("{}/status?x=1", shell.app));
    for event in ["initiated", "ringing", "answered", "completed"] {
        form.append_pair("StatusCallbackEvent", event);
    }
    let response = shell.rest(&form.finish()).await.unwrap();
    assert_eq!(response.status(), 201);
    let call: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let sid = CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
    let call = shell.until(&sid, |call| call.status.is_final()).await;
    assert_eq!(call.said(), ["Hello"]);
    // real time: the last callback leaves when the leg ends.
    let told = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let inbox = shell.inbox.received.lock().unwrap().clone();
            if inbox.iter().filter(|(path, ..)| path == "/status").count() == 4 {
                return inbox;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    let told = told.await.expect("four callbacks");
    let mut statuses = Vec::new();
    for (path, signature, form) in &told {
        let query = if path == "/status" { "?x=1" } else { "" };
        let url = format!("{}{path}{query}", shell.app);
        assert_eq!(*signature, voip_twilio::signature::sign(TOKEN, &url, form));
        if path == "/status" {
            let status = form.iter().find(|(name, _)| name == "CallStatus");
            statuses.push(status.unwrap().1.as_str());
        }
    }
    assert_eq!(
        statuses,
        ["initiated", "ringing", "in-progress", "completed"]
    );
    assert_eq!(shell.simulator.webhooks().len(), 5);
    shell.simulator.stop().await;
}

#[tokio::test]
async fn the_control_interface_drives_an_inbound_call() {
    use reqwest::Method;
    let shell = Shell::start().await;
    let script = json!({ "outcome": "no-answer" }).to_string();
    let (status, _) = shell
        .control(Method::PUT, "/sim/clients/ann", &script)
        .await;
    assert_eq!(status, 200);
    let new = json!({ "from": CALLER, "to": OURS }).to_string();
    let (status, reply) = shell.control(Method::POST, "/sim/calls", &new).await;
    assert_eq!(status, 201);
    let caller = CallSid::parse(reply["sid"].as_str().unwrap()).unwrap();
    shell.until(&caller, |call| call.doing == "dial").await;
    let child = shell.simulator.calls()[1].sid.clone();
    shell
        .until(&child, |call| call.status == Status::Ringing)
        .await;

    let answer = format!("/sim/calls/{child}/answer");
    assert_eq!(shell.control(Method::POST, &answer, "").await.0, 200);
    assert_eq!(
        shell.simulator.call(&caller).view().unwrap().bridged_with,
        Some(child.clone())
    );
    let keys = format!("/sim/calls/{caller}/digits");
    assert_eq!(
        shell
            .control(Method::POST, &keys, r#"{"digits":"1"}"#)
            .await
            .0,
        200
    );
    let view = shell
        .control(Method::GET, &format!("/sim/calls/{caller}"), "")
        .await;
    assert_eq!(view.1["bridged_with"], child.as_str());
    let hang_up = format!("/sim/calls/{caller}/hangup");
    assert_eq!(shell.control(Method::POST, &hang_up, "").await.0, 200);
    assert_eq!(
        shell.simulator.call(&child).view().unwrap().status,
        Status::Completed
    );
    let again = shell.control(Method::POST, &hang_up, "").await;
    assert_eq!(
        (again.0, again.1["code"].as_str()),
        (409, Some("call_over"))
    );
    assert_eq!(shell.control(Method::POST, "/sim/reset", "").await.0, 200);
    assert_eq!(
        shell.control(Method::GET, "/sim/calls", "").await.1,
        json!({ "calls": [] })
    );
}

#[tokio::test]
async fn browser_clients_are_driven_over_http() {
    use reqwest::Method;
    let shell = Shell::start().await;
    let application = json!({
        "sid": "AP000000000000000000000000000000c1",
        "voice": { "voice_url": format!("{}/voice", shell.app) },
    });
    let put = async |path: &str, body: &str| shell.control(Method::PUT, path, body).await.0;
    let application = application.to_string();
    assert_eq!(put("/sim/application", &application).await, 200);
    let register = "/sim/clients/ann/registration";
    assert_eq!(put(register, "").await, 200);
    let new = r#"{"parameters":{"phoneNumber":"+15005550106"}}"#;
    let placed = shell
        .control(Method::POST, "/sim/clients/bob/calls", new)
        .await;
    assert_eq!(placed.0, 201);
    let caller = CallSid::parse(placed.1["sid"].as_str().unwrap()).unwrap();
    shell.until(&caller, |call| call.doing == "dial").await;
    let form = shell.inbox.received.lock().unwrap()[0].2.clone();
    assert!(form.contains(&("phoneNumber".to_owned(), "+15005550106".to_owned())));
    let child = shell.simulator.client_calls("ann")[0].sid.clone();
    let ringing = |call: &CallView| call.status == Status::Ringing;
    shell.until(&child, ringing).await;
    let state = shell
        .control(Method::GET, "/sim/clients/ann/calls", "")
        .await
        .1;
    assert_eq!(state["calls"][0]["state"], "ringing");
    for (act, status) in [("ignore", 200), ("reject", 200), ("reject", 409)] {
        let path = format!("/sim/calls/{child}/{act}");
        assert_eq!(
            shell.control(Method::POST, &path, "").await.0,
            status,
            "{act}"
        );
    }
    let script = r#"{"outcome":"busy"}"#;
    assert_eq!(put("/sim/phones/sip:ann@a.test", script).await, 200);
    let out = shell.control(Method::DELETE, "/sim/clients/ann", "").await;
    assert_eq!(out.0, 200);
    for (path, member) in [
        ("/sim/conferences", "conferences"),
        ("/sim/orphans", "orphans"),
    ] {
        let (status, body) = shell.control(Method::GET, path, "").await;
        assert_eq!(status, 200);
        assert!(body[member].is_array(), "{body}");
    }
    let limits = r#"{"calls_per_second":1}"#;
    assert_eq!(put("/sim/limits", limits).await, 200);
    let form = format!(
        "To=%2B15005550101&From=%2B15005550006&Url={}/answer",
        shell.app
    );
    assert_eq!(shell.rest(&form).await.unwrap().status(), 201);
    assert_eq!(shell.rest(&form).await.unwrap().status(), 429);
    let fault = r#"{"on":"hang_ups","fault":"not_found","about":"CA1"}"#;
    let scripted = shell.control(Method::POST, "/sim/rest-faults", fault).await;
    assert_eq!(scripted.0, 200);
}

#[tokio::test]
async fn bad_control_requests_get_a_sentence_and_a_word() {
    use reqwest::Method;
    let shell = Shell::start().await;
    let unknown = "/sim/calls/CA00000000000000000000000000000000";
    for (method, path, body, status, code) in [
        (Method::POST, "/sim/calls", "{", 400, "bad_json"),
        (
            Method::POST,
            "/sim/calls",
            r#"{"from":1,"to":"x"}"#,
            400,
            "bad_json",
        ),
        (
            Method::POST,
            "/sim/calls",
            r#"{"from":"1","to":"x"}"#,
            400,
            "bad_number",
        ),
        (Method::GET, unknown, "", 404, "unknown_call"),
        (Method::GET, "/sim/calls/nonsense", "", 404, "unknown_call"),
        (Method::GET, "/nowhere", "", 404, "not_found"),
        (Method::DELETE, "/sim/calls", "", 405, "method_not_allowed"),
        (
            Method::PUT,
            "/sim/phones/12",
            r#"{"outcome":"busy"}"#,
            400,
            "bad_number",
        ),
        (
            Method::PUT,
            "/sim/phones/+15005550100",
            r#"{"outcome":"sing"}"#,
            400,
            "bad_json",
        ),
        (
            Method::PUT,
            "/sim/clients/a",
            r#"{"outcome":"answer","ring_seconds":-1}"#,
            400,
            "bad_duration",
        ),
        (
            Method::PUT,
            "/sim/number",
            r#"{"voice_method":"PUT"}"#,
            400,
            "bad_method",
        ),
        (Method::PUT, "/sim/faults", r#"{"dorp":1}"#, 400, "bad_json"),
        (
            Method::PUT,
            "/sim/faults",
            r#"{"read_lag":{"secs":1000000000000,"nanos":0}}"#,
            400,
            "bad_duration",
        ),
        (
            Method::PUT,
            "/sim/faults",
            r#"{"delay_up_to":{"secs":86400,"nanos":1}}"#,
            400,
            "bad_duration",
        ),
        (
            Method::PUT,
            "/sim/faults",
            r#"{"drop":1.5}"#,
            400,
            "bad_rate",
        ),
        (
            Method::PUT,
            "/sim/faults",
            r#"{"rest":-0.1}"#,
            400,
            "bad_rate",
        ),
        (
            Method::PUT,
            "/sim/faults",
            r#"{"rest_fault":{"answer_late":{"secs":86401,"nanos":0}}}"#,
            400,
            "bad_duration",
        ),
        (
            Method::POST,
            "/sim/rest-faults",
            r#"{"on":"any","fault":{"leg_ends_after":{"secs":86401,"nanos":0}}}"#,
            400,
            "bad_duration",
        ),
        (
            Method::POST,
            "/sim/webhook-faults",
            r#"{"on":"any","fault":{"delay":{"secs":86401,"nanos":0}}}"#,
            400,
            "bad_duration",
        ),
        (
            Method::POST,
            "/sim/seed",
            r#"{"webhook_faults":[{"on":"any","fault":{"delay":{"secs":86401,"nanos":0}}}]}"#,
            400,
            "bad_duration",
        ),
        (
            Method::POST,
            "/sim/seed",
            r#"{"faults":{"list_lag":{"secs":86401,"nanos":0}}}"#,
            400,
            "bad_duration",
        ),
    ] {
        let reply = shell.control(method, path, body).await;
        assert_eq!(
            (reply.0, reply.1["code"].as_str()),
            (status, Some(code)),
            "{path} {body}"
        );
        assert!(reply.1["error"].is_string());
    }
}

#[tokio::test]
async fn a_dial_that_is_never_answered_is_placed_all_the_same_and_does_not_block_the_stop() {
    let shell = Shell::start().await;
    shell
        .simulator
        .fail_next_rest(RestTarget::Creates, RestFault::NeverAnswer, 1);
    let form = format!(
        "To=%2B15005550101&From=%2B15005550006&Url={}/answer",
        shell.app
    );
    let error = shell.rest(&form).await.expect_err("no answer in time");
    assert!(error.is_timeout());
    assert_eq!(shell.simulator.calls().len(), 1);
    let stopped = tokio::time::timeout(Duration::from_secs(4), shell.simulator.stop());
    stopped
        .await
        .expect("stopping does not wait for silent requests");
}

#[tokio::test]
async fn webhooks_stay_on_this_machine_unless_allowed() {
    let shell = Shell::start().await;
    shell.simulator.set_voice_url("http://192.0.2.1/voice");
    let sid = shell.simulator.place_call(CALLER, OURS).await.unwrap();
    let call = shell.until(&sid, |call| !call.alerts.is_empty()).await;
    assert_eq!(call.alerts[0].code, 11100);
}

#[tokio::test]
async fn a_sound_may_be_larger_than_a_document_but_not_without_end() {
    let shell = Shell::start().await;
    for (kilobytes, code) in [(65, None), (300, None), (16 * 1024 + 1, Some(11750))] {
        let url = format!("{}/music?{kilobytes}", shell.app);
        shell.simulator.set_voice_url(&url);
        let sid = shell.simulator.place_call(CALLER, OURS).await.unwrap();
        let call = shell.until(&sid, |call| call.status.is_final()).await;
        let heard: Vec<&Sound> = call.heard.iter().map(|heard| &heard.what).collect();
        match code {
            None => assert_eq!(heard, [&Sound::Played(url)]),
            Some(code) => assert_eq!(heard, [&Sound::ErrorSentence(code)]),
        }
    }
}

#[tokio::test]
async fn a_connection_is_reset_with_or_without_the_work_done() {
    let shell = Shell::start().await;
    let form = format!(
        "To=%2B15005550101&From=%2B15005550006&Url={}/answer",
        shell.app
    );
    for (fault, calls) in [(RestFault::Reset, 0), (RestFault::ResetAfterwards, 1)] {
        shell
            .simulator
            .fail_next_rest(RestTarget::Creates, fault, 1);
        let error = shell.rest(&form).await.expect_err("no answer");
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let kind = cause.downcast_ref::<std::io::Error>().unwrap().kind();
        assert_eq!(kind, std::io::ErrorKind::ConnectionReset);
        assert_eq!(shell.simulator.calls().len(), calls, "{fault:?}");
    }
    assert_eq!(shell.rest(&form).await.unwrap().status(), 201);
}

/// As many as are sent at once do not get an answer until the gate opens.
#[tokio::test]
async fn webhooks_above_the_bound_wait_their_turn() {
    const AT_ONCE: usize = 256;
    let shell = Shell::start().await;
    shell.simulator.set_voice_url(format!("{}/gate", shell.app));
    let mut calls = Vec::new();
    for _ in 0..AT_ONCE + 20 {
        calls.push(shell.simulator.place_call(CALLER, OURS).await.unwrap());
    }
    let arrived = || shell.inbox.received.lock().unwrap().len();
    // real time: the requests travel through sockets.
    let full = tokio::time::timeout(Duration::from_secs(20), async {
        while arrived() < AT_ONCE {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    full.await.expect("as many as may arrive");
    shell.inbox.gate.add_permits(1);
    let through = |call: &CallView| call.said() == ["Through"];
    // real time: as above.
    let one_more = tokio::time::timeout(Duration::from_secs(20), async {
        while arrived() == AT_ONCE {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    one_more.await.expect("one leaves, and another comes");
    assert_eq!(arrived(), AT_ONCE + 1);
    shell.inbox.gate.add_permits(AT_ONCE + 20);
    for sid in &calls {
        shell.until(sid, through).await;
    }
}

#[tokio::test]
async fn an_address_is_asked_for_and_signed_as_it_was_written() {
    let shell = Shell::start().await;
    let url = format!("{}/a/../raw//path?n=O'Brien&empty=", shell.app);
    shell.simulator.set_voice_url(&url);
    let sid = shell.simulator.place_call(CALLER, OURS).await.unwrap();
    let call = shell.until(&sid, |call| call.status.is_final()).await;
    assert_eq!(call.said(), ["As written"]);
    let (_, signature, form) = shell.inbox.received.lock().unwrap()[0].clone();
    assert_eq!(signature, voip_twilio::signature::sign(TOKEN, &url, &form));
}

/// A name of somebody else's that was made to point here, and a page of somebody else's.
#[tokio::test]
async fn pages_of_other_sites_reach_neither_interface() {
    let shell = Shell::start().await;
    let base = shell.simulator.base_url();
    for path in [
        "/sim/calls".to_owned(),
        format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json"),
    ] {
        for (name, value) in [
            ("host", "rebound.example.test"),
            ("origin", "https://example.test"),
        ] {
            let request = shell.http.get(format!("{base}{path}")).header(name, value);
            assert_eq!(request.send().await.unwrap().status(), 403, "{path} {name}");
        }
        let plain = shell.http.get(format!("{base}{path}"));
        assert_ne!(plain.send().await.unwrap().status(), 403, "{path}");
    }
}
