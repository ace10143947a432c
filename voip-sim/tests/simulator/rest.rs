//! The REST interface: shapes, refusals, lists.

use serde_json::Value;
use voip_sim::magic_numbers as magic;
use voip_sim::rest::RestRequest;
use voip_sim::webhook::WebhookAnswer;

use crate::fixture::{ACCOUNT, CALLER, OURS, World, config, seconds};

const WAIT: &[(&str, &str)] = &[
    ("/answer", "<Pause length=\"10\"/>"),
    ("/voice", "<Dial><Client>ann</Client></Dial>"),
];

fn code(reply: &(u16, Value)) -> (u16, u64) {
    (reply.0, reply.1["code"].as_u64().unwrap_or(0))
}

#[test]
fn a_call_looks_like_the_vendors_from_queued_to_completed() {
    let mut world = World::new(WAIT);
    let sid = world.dial(magic::ANSWERS);
    let path = format!("/Calls/{sid}.json");
    let queued = world.request("GET", &path, "");
    insta::assert_snapshot!("call_queued", pretty(&queued.body));
    world.run();
    let completed = world.request("GET", &path, "");
    insta::assert_snapshot!("call_completed", pretty(&completed.body));
    assert_eq!(completed.status, 200);
    assert!(
        completed
            .headers
            .contains(&("Content-Type", "application/json;charset=utf-8".to_owned()))
    );
}

#[test]
fn an_inbound_call_and_the_leg_it_dialled_look_like_the_vendors() {
    let mut world = World::new(WAIT);
    let caller = world.ring_in();
    world.run_for(seconds(5));
    let child = world.child(&caller).sid;
    let parent = world.request("GET", &format!("/Calls/{caller}.json"), "");
    insta::assert_snapshot!("call_inbound", pretty(&parent.body));
    let child = world.request("GET", &format!("/Calls/{child}.json"), "");
    insta::assert_snapshot!("call_child", pretty(&child.body));
}

#[test]
fn lists_look_like_the_vendors() {
    let mut world = World::new(WAIT);
    let empty = world.request("GET", "/Calls.json", "");
    insta::assert_snapshot!("list_empty", pretty(&empty.body));
    for _ in 0..3 {
        world.dial(magic::ANSWERS);
    }
    let reply = world.request("GET", "/Calls.json?To=%2B15005550106&PageSize=2", "");
    let mut page: Value = serde_json::from_str(&reply.body).unwrap();
    for call in page["calls"].as_array_mut().unwrap() {
        *call = call["sid"].clone();
    }
    insta::assert_snapshot!("list_page", pretty(&page.to_string()));
}

#[test]
fn every_webhook_looks_like_the_vendors() {
    let mut world = World::new(WAIT);
    world.ring_in();
    let out = world.dial(magic::BUSY);
    world.run_for(seconds(5));
    let voice = world.asked("/voice")[0].clone();
    let end = (*world.statuses(&out).last().unwrap()).clone();
    for (name, webhook) in [("webhook_voice", voice), ("webhook_busy", end)] {
        let mut lines = vec![format!("{} {}", webhook.method.as_str(), webhook.url)];
        lines.extend(
            webhook
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        lines.push(String::new());
        lines.extend(
            webhook
                .form
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        insta::assert_snapshot!(name, lines.join("\n"));
    }
}

#[test]
fn create_refuses_what_the_vendor_refuses() {
    let url = ("Url", "http://app.test/answer");
    let to = ("To", magic::ANSWERS);
    let from = ("From", OURS);
    let long = format!("<Response><Say>{}</Say></Response>", "x".repeat(4000));
    let cases: &[(&[(&str, &str)], u64)] = &[
        (&[from, url], 21201),
        (&[to, url], 21213),
        (&[("To", "12345"), from, url], 21211),
        (&[("To", "+1abc"), from, url], 21211),
        (&[to, ("From", "me"), url], 21212),
        (&[to, ("From", "+15005550001"), url], 21212),
        (&[to, ("From", "client:bob"), url], 21212),
        (&[("To", "+15005550001"), from, url], 21217),
        (&[("To", "+15005550002"), from, url], 21214),
        (&[("To", "+15005550003"), from, url], 21215),
        (&[("To", "+15005550004"), from, url], 21216),
        (&[to, from], 21205),
        (&[to, from, ("Url", "/relative")], 21205),
        (&[to, from, ("Url", "undefined/path")], 21205),
        (&[to, from, ("Url", "http://under_score.test/")], 21205),
        (&[to, from, url, ("StatusCallback", "nonsense")], 21205),
        (&[to, from, url, ("Method", "PUT")], 21209),
        (&[to, from, url, ("Timeout", "0")], 21208),
        (&[to, from, url, ("Timeout", "601")], 21208),
        (&[to, from, url, ("SendDigits", "12x")], 21206),
        (&[to, from, ("ApplicationSid", "nonsense")], 21218),
        (&[to, from, ("Twiml", &long)], 32018),
    ];
    for (fields, expected) in cases {
        let mut world = World::new(WAIT);
        let reply = world.json("POST", "/Calls.json", fields);
        assert_eq!(code(&reply), (400, *expected), "{fields:?}");
        assert!(
            world.engine.calls().is_empty(),
            "a refused call leaves nothing behind"
        );
    }
}

#[test]
fn a_refusal_has_the_vendors_shape() {
    let mut world = World::new(WAIT);
    let reply = world.request("POST", "/Calls.json", "");
    insta::assert_snapshot!("refusal", reply.body);
    let path = "/Calls/CA00000000000000000000000000000000.json";
    let reply = world.request("GET", path, "");
    assert_eq!(reply.status, 404);
    insta::assert_snapshot!("refusal_unknown_call", reply.body);
}

#[test]
fn numbers_that_are_not_owned_are_refused_once_there_is_a_list() {
    let mut config = config();
    config.owned_numbers = Some(vec!["+14155550100".to_owned()]);
    let mut world = World::with(config, |_| WebhookAnswer::empty(200));
    for (from, status) in [(CALLER, 400), ("+14155550100", 201), ("+15005550006", 201)] {
        let fields = [
            ("To", magic::ANSWERS),
            ("From", from),
            ("Url", "http://app.test/"),
        ];
        let reply = world.json("POST", "/Calls.json", &fields);
        assert_eq!(reply.0, status);
        if status == 400 {
            assert_eq!(reply.1["code"], 21210);
        }
    }
}

#[test]
fn wrong_credentials_are_refused_before_anything_else() {
    let mut world = World::new(WAIT);
    for header in [
        None,
        Some("Basic nonsense"),
        Some("Bearer x"),
        Some("Basic QTpC"),
    ] {
        let reply = world.engine.rest(
            world.now,
            &RestRequest {
                method: "GET",
                path_and_query: "/2010-04-01/Nowhere",
                authorization: header,
                body: b"",
            },
        );
        assert_eq!(reply.status, 401);
        assert!(reply.body.contains("20003"));
        assert!(
            reply
                .headers
                .iter()
                .any(|(name, _)| *name == "WWW-Authenticate")
        );
    }
}

#[test]
fn unknown_paths_and_wrong_methods_are_told_apart() {
    let mut world = World::new(WAIT);
    let sid = world.dial(magic::ANSWERS);
    for (method, path, expected) in [
        ("GET", "/Nowhere.json".to_owned(), (404, 20404)),
        ("GET", "/Conferences/CFnone.json".to_owned(), (404, 20404)),
        ("GET", "/Calls".to_owned(), (404, 20404)),
        ("GET", "/Calls/CAnonsense.json".to_owned(), (404, 20404)),
        ("PUT", "/Calls.json".to_owned(), (405, 20004)),
        ("PATCH", format!("/Calls/{sid}.json"), (405, 20004)),
    ] {
        assert_eq!(
            code(&world.json(method, &path, &[])),
            expected,
            "{method} {path}"
        );
    }
    // The right credentials open no other account.
    let next_door = "/../AC00000000000000000000000000000000/Calls.json";
    assert_eq!(code(&world.json("GET", next_door, &[])), (404, 20404));
}

#[test]
fn update_refuses_what_the_vendor_refuses_and_changes_nothing_then() {
    let mut world = World::new(WAIT);
    let sid = world.dial(magic::ANSWERS);
    world.run_for(seconds(3));
    for (fields, expected) in [
        (&[("Status", "busy")][..], 20422),
        (&[("Url", "/relative")], 21205),
        (&[("Status", "completed"), ("StatusCallback", "x")], 21205),
        (&[("TimeLimit", "soon")], 20422),
    ] {
        let reply = world.json("POST", &format!("/Calls/{sid}.json"), fields);
        assert_eq!(code(&reply), (400, expected), "{fields:?}");
    }
    assert_eq!(world.call(&sid).status.as_str(), "in-progress");
}

#[test]
fn a_time_limit_set_later_counts_from_the_answer() {
    let mut world = World::new(&[("/answer", "<Pause length=\"600\"/>")]);
    let sid = world.dial(magic::ANSWERS);
    world.run_for(seconds(10));
    assert_eq!(world.update(&sid, &[("TimeLimit", "60")]).0, 200);
    world.run();
    let call = world.call(&sid);
    let talked = call.ended_at.unwrap() - call.answered_at.unwrap();
    assert_eq!(talked.whole_seconds(), 60);
}

#[test]
fn a_status_callback_can_be_moved() {
    let mut world = World::new(WAIT);
    let sid = world.dial(magic::ANSWERS);
    world.run_for(seconds(3));
    world.update(&sid, &[("StatusCallback", "http://app.test/other")]);
    world.run();
    let told = world.statuses(&sid);
    assert_eq!(told.last().unwrap().url, "http://app.test/other");
    assert_eq!(told[0].url, "http://app.test/status");
}

#[test]
fn only_an_ended_call_can_be_deleted() {
    let mut world = World::new(WAIT);
    let sid = world.dial(magic::ANSWERS);
    let path = format!("/Calls/{sid}.json");
    assert_eq!(code(&world.json("DELETE", &path, &[])), (409, 20009));
    world.run();
    assert_eq!(world.json("DELETE", &path, &[]).0, 204);
    assert_eq!(code(&world.json("GET", &path, &[])), (404, 20404));
}

#[test]
fn lists_are_filtered() {
    let mut world = World::new(WAIT);
    let caller = world.ring_in();
    let ended = world.dial(magic::BUSY);
    world.run_for(seconds(5));
    let child = world.child(&caller).sid;
    let list = |world: &mut World, query: &str| -> Vec<String> {
        let (status, page) = world.json("GET", &format!("/Calls.json?{query}"), &[]);
        assert_eq!(status, 200, "{page}");
        let calls = page["calls"].as_array().unwrap();
        calls
            .iter()
            .map(|call| call["sid"].as_str().unwrap().to_owned())
            .collect()
    };
    let (caller, ended, child) = (caller.to_string(), ended.to_string(), child.to_string());
    assert_eq!(
        list(&mut world, ""),
        [&child, &ended, &caller].map(String::as_str)
    );
    let one = format!("ParentCallSid={caller}&Status=in-progress");
    assert_eq!(list(&mut world, &one), [child.as_str()]);
    assert_eq!(list(&mut world, "To=client:ann"), [child.as_str()]);
    assert_eq!(list(&mut world, "Status=busy"), [ended.as_str()]);
    assert_eq!(list(&mut world, "StartTime=2026-01-05").len(), 3);
    assert_eq!(list(&mut world, "StartTime%3E=2026-01-06").len(), 0);
    for name in ["StartTime", "EndTime"] {
        assert_eq!(list(&mut world, &format!("{name}=9999-12-31")).len(), 0);
    }
    assert_eq!(list(&mut world, "StartTime<=2026-01-05").len(), 0);
    assert_eq!(list(&mut world, "StartTime>=2026-01-05T11:00:00Z").len(), 3);
    assert_eq!(list(&mut world, "EndTime=2026-01-05"), [ended.as_str()]);
    for bad in ["Status=ended", "StartTime=yesterday", "Page=x"] {
        assert_eq!(
            world.json("GET", &format!("/Calls.json?{bad}"), &[]).0,
            400,
            "{bad}"
        );
    }
    assert_eq!(
        code(&world.json("GET", "/Calls.json?PageSize=1001", &[])),
        (400, 20007)
    );
}

#[test]
fn following_the_next_page_meets_every_call_once_while_new_ones_come_in() {
    let mut world = World::new(WAIT);
    let mut expected: Vec<String> = (0..7)
        .map(|_| world.dial(magic::BUSY).to_string())
        .collect();
    expected.reverse();
    let mut met = Vec::new();
    let mut path = Some("/Calls.json?PageSize=3".to_owned());
    while let Some(next) = path {
        let (_, page) = world.json("GET", &next, &[]);
        for call in page["calls"].as_array().unwrap() {
            met.push(call["sid"].as_str().unwrap().to_owned());
        }
        path = page["next_page_uri"].as_str().map(|uri| {
            uri.strip_prefix(&format!("/2010-04-01/Accounts/{ACCOUNT}"))
                .unwrap()
                .to_owned()
        });
        // Would shift every page that is counted by number.
        world.dial(magic::BUSY);
    }
    assert_eq!(met, expected);
}

#[test]
fn too_many_live_calls_are_refused_with_429() {
    let mut config = config();
    config.max_live_calls = 2;
    let mut world = World::with(config, |_| WebhookAnswer::twiml("<Response/>"));
    world.dial(magic::ANSWERS);
    world.dial(magic::ANSWERS);
    let fields = [("To", OURS), ("From", OURS), ("Url", "http://app.test/")];
    assert_eq!(
        code(&world.json("POST", "/Calls.json", &fields)),
        (429, 20429)
    );
    world.run();
    assert_eq!(world.json("POST", "/Calls.json", &fields).0, 201);
}

fn pretty(json: &str) -> String {
    let value: Value = serde_json::from_str(json).expect("a JSON body");
    serde_json::to_string_pretty(&value).expect("a value")
}

/// What stood last on a page may be gone from the list when the next page is asked for, and new
/// calls may have come: nobody is listed twice, and nobody is left out.
#[test]
fn pages_go_on_where_they_were_while_the_list_changes() {
    let mut world = World::new(&[("/answer", "<Pause length='60'/>")]);
    let calls: Vec<_> = (0..6).map(|_| world.dial("+15005550104")).collect();
    world.run_for(seconds(2));
    let path = "/Calls.json?Status=in-progress&PageSize=2";
    let follow = |world: &mut World, page: &Value, way: &str| {
        let uri = page[way].as_str().unwrap().to_owned();
        let path = uri.strip_prefix(&format!("/2010-04-01/Accounts/{ACCOUNT}"));
        world.json("GET", path.unwrap(), &[]).1
    };
    let sids = |page: &Value| -> Vec<String> {
        let calls = page["calls"].as_array().unwrap().iter();
        calls
            .map(|call| call["sid"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = world.json("GET", path, &[]).1;
    assert_eq!(sids(&first), [calls[5].as_str(), calls[4].as_str()]);
    world.update(&calls[4], &[("Status", "completed")]);
    world.dial("+15005550104");
    world.run_for(seconds(2));
    let second = follow(&mut world, &first, "next_page_uri");
    assert_eq!(sids(&second), [calls[3].as_str(), calls[2].as_str()]);
    world.update(&calls[2], &[("Status", "completed")]);
    world.run_for(seconds(2));
    assert_eq!(
        world
            .json("DELETE", &format!("/Calls/{}.json", calls[2]), &[])
            .0,
        204
    );
    let third = follow(&mut world, &second, "next_page_uri");
    assert_eq!(sids(&third), [calls[1].as_str(), calls[0].as_str()]);
    assert_eq!(third["next_page_uri"], Value::Null);
    let back = follow(&mut world, &third, "previous_page_uri");
    assert_eq!(sids(&back), [calls[5].as_str(), calls[3].as_str()]);
}

#[test]
fn no_number_of_a_page_is_too_large() {
    let mut world = World::new(&[]);
    world.dial("+15005550104");
    for page in [u64::MAX, u64::MAX / 2, 1 << 40] {
        for size in [1, 1000] {
            let path = format!("/Calls.json?Page={page}&PageSize={size}");
            let (status, body) = world.json("GET", &path, &[]);
            assert_eq!((status, &body["calls"]), (200, &serde_json::json!([])));
        }
        let call = world.engine.calls()[0].sid.clone();
        let token = format!("/Calls.json?Page={page}&PageToken=PB{call}");
        assert_eq!(world.json("GET", &token, &[]).0, 200);
        world.dial("+15005550104");
        let other = world.dial("+15005550104");
        // One that another page follows, and one with several calls on it.
        world.dial("+15005550104");
        for size in [1, 1000] {
            let path = format!("/Calls.json?Page={page}&PageToken=PA{other}&PageSize={size}");
            let (status, body) = world.json("GET", &path, &[]);
            let listed = body["calls"].as_array().unwrap().len();
            assert!(status == 200 && listed >= size.min(2), "{listed}");
        }
    }
}
