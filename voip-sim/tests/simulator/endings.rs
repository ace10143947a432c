//! All the ways in which a client's dial ends, and what its caller gets to hear of it.

use voip_sim::inspect::Status;
use voip_sim::phone::PhoneScript;
use voip_sim::sid::CallSid;
use voip_sim::webhook::WebhookKind;

use crate::dialer::{FAR, dialer};
use crate::fixture::{World, seconds};

/// One way for a dial to end: the far end, what happens, and what comes of it.
#[derive(Clone)]
struct Ending {
    name: &'static str,
    far: PhoneScript,
    extra: &'static str,
    after: u64,
    act: fn(&mut World, &CallSid, &CallSid),
    child: Status,
    action: Option<&'static str>,
    duration: bool,
    heard: &'static [&'static str],
}

#[test]
fn a_dial_ends_in_all_the_ways_the_vendor_describes() {
    let nothing: fn(&mut World, &CallSid, &CallSid) = |_, _, _| {};
    let plain = Ending {
        name: "",
        far: PhoneScript::answers_after(seconds(1)),
        extra: "",
        after: 5,
        act: nothing,
        child: Status::Completed,
        action: Some("completed"),
        duration: true,
        heard: &["Call ended. completed"],
    };
    let endings = [
        Ending {
            name: "the callee hangs up",
            act: |world, _, child| world.engine.hang_up(world.now, child).unwrap(),
            ..plain.clone()
        },
        Ending {
            name: "busy",
            far: PhoneScript::busy(),
            child: Status::Busy,
            action: Some("busy"),
            heard: &["Call ended. busy"],
            ..plain.clone()
        },
        Ending {
            name: "no answer",
            far: PhoneScript::no_answer(),
            child: Status::NoAnswer,
            action: Some("no-answer"),
            heard: &["Call ended. no-answer"],
            ..plain.clone()
        },
        Ending {
            name: "wrong number",
            far: PhoneScript::failed(),
            child: Status::Failed,
            action: Some("failed"),
            heard: &["Call ended. failed"],
            ..plain.clone()
        },
        Ending {
            name: "the caller hangs up while it rings",
            far: PhoneScript::no_answer(),
            act: |world, parent, _| world.engine.hang_up(world.now, parent).unwrap(),
            child: Status::Canceled,
            action: Some("canceled"),
            heard: &[],
            ..plain.clone()
        },
        Ending {
            name: "the caller hangs up while connected",
            act: |world, parent, _| world.engine.hang_up(world.now, parent).unwrap(),
            heard: &[],
            ..plain.clone()
        },
        Ending {
            name: "the time limit",
            extra: "timeLimit=\"30\"",
            ..plain.clone()
        },
        Ending {
            name: "Status=completed on the child",
            act: |world, _, child| {
                assert_eq!(world.update(child, &[("Status", "completed")]).0, 200);
            },
            ..plain.clone()
        },
        Ending {
            name: "Status=completed on the parent",
            act: |world, parent, _| {
                assert_eq!(world.update(parent, &[("Status", "completed")]).0, 200);
            },
            action: None,
            heard: &[],
            ..plain.clone()
        },
        Ending {
            name: "Status=completed on the parent while it rings",
            far: PhoneScript::no_answer(),
            act: |world, parent, _| {
                assert_eq!(world.update(parent, &[("Status", "completed")]).0, 200);
            },
            child: Status::Canceled,
            action: None,
            heard: &[],
            ..plain.clone()
        },
        Ending {
            name: "the child is redirected",
            act: |world, _, child| {
                let inline = [("Twiml", "<Response><Pause length=\"9\"/></Response>")];
                assert_eq!(world.update(child, &inline).0, 200);
            },
            action: Some("answered"),
            duration: false,
            heard: &["Call ended. answered"],
            ..plain.clone()
        },
        Ending {
            name: "the parent is redirected",
            act: |world, parent, _| {
                let inline = [("Twiml", "<Response><Say>Elsewhere</Say></Response>")];
                assert_eq!(world.update(parent, &inline).0, 200);
            },
            heard: &["Elsewhere"],
            ..plain.clone()
        },
    ];
    for ending in endings {
        let (mut world, _) = dialer(3, ending.extra);
        world.engine.set_phone(FAR, ending.far);
        let parent = world
            .engine
            .place_client_call(world.now, "user", &[])
            .unwrap();
        world.run_for(seconds(ending.after));
        let child = world.child(&parent).sid;
        (ending.act)(&mut world, &parent, &child);
        world.run();
        let name = ending.name;
        assert_eq!(world.call(&child).status, ending.child, "{name}");
        assert_eq!(world.call(&parent).status, Status::Completed, "{name}");
        assert_eq!(world.call(&parent).said(), ending.heard, "{name}");
        let asked = world.asked("/after");
        assert_eq!(asked.len(), usize::from(ending.action.is_some()), "{name}");
        if let Some(asked) = asked.first() {
            assert_eq!(asked.field("CallSid"), Some(parent.as_str()), "{name}");
            assert_eq!(asked.field("DialCallSid"), Some(child.as_str()), "{name}");
            assert_eq!(asked.field("DialCallStatus"), ending.action, "{name}");
            let duration = asked.field("DialCallDuration").is_some();
            assert_eq!(duration, ending.duration, "{name}");
            let ignored = asked.kind == WebhookKind::DocumentIgnored;
            let heard = ending
                .heard
                .iter()
                .any(|text| text.starts_with("Call ended"));
            assert_eq!(ignored, !heard, "{name}");
        }
    }
}
