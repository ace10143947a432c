use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use voip_core::Event;

/// What one node tells the others at a time, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter<'a> {
    /// The version of this form.
    v: u32,
    /// Who writes; another one at each start.
    pub(super) node: Uuid,
    /// The number of the first event among all events of this node, from 0; of
    /// the next one where there is none in here.
    pub(super) first: u64,
    /// The events; none says only that the node lives.
    #[serde(with = "shared")]
    pub(super) events: Cow<'a, [Arc<Event>]>,
    /// Nothing will follow: the node stops.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) last: bool,
    /// The node has begun to listen: whoever reads this is to say that it lives.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) hello: bool,
}

/// Events as they are, whoever else holds them.
mod shared {
    use serde::{Deserializer, Serializer};

    use super::{Arc, Cow, Deserialize, Event};

    pub(super) fn serialize<S: Serializer>(
        events: &[Arc<Event>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(events.iter().map(|event| &**event))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Cow<'static, [Arc<Event>]>, D::Error> {
        let events = Vec::<Event>::deserialize(deserializer)?;
        Ok(events.into_iter().map(Arc::new).collect())
    }
}

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// A letter of a node with another version, or no letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message on the bus cannot be read; do all nodes have the same version?")]
pub(super) struct Unreadable;

impl<'a> Letter<'a> {
    pub(super) fn new(node: Uuid, first: u64, events: &'a [Arc<Event>], last: bool) -> Self {
        Self {
            v: VERSION,
            node,
            first,
            events: Cow::Borrowed(events),
            last,
            hello: false,
        }
    }

    /// The same letter, which asks for an answer.
    pub(super) fn with_hello(self, hello: bool) -> Self {
        Self { hello, ..self }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        // Names, numbers and texts can be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Letter<'static>, Unreadable> {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|_| Unreadable)?;
        if head.v != VERSION {
            return Err(Unreadable);
        }
        serde_json::from_slice(bytes).map_err(|_| Unreadable)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use voip_core::{CallId, CallStatus, EventKind, Hold};

    pub(crate) fn event(seq: u32, kind: EventKind) -> Arc<Event> {
        Arc::new(Event {
            call: CallId::from_uuid(Uuid::from_u128(7)),
            leg: Some("CA00000000000000000000000000000001".parse().unwrap()),
            seq,
            audience: vec!["ann".parse().unwrap()],
            kind,
        })
    }

    /// Nodes of two releases may work side by side: what is written changes
    /// only together with the version.
    #[test]
    fn the_form_stays() {
        let over = EventKind::Status {
            status: CallStatus::Completed,
            duration: Some(61),
        };
        let kinds = [
            EventKind::IncomingCall {
                from: "+15550001111".to_owned(),
                to: "+15550002222".to_owned(),
            },
            EventKind::CallInitiated {
                to: "+15550002222".to_owned(),
            },
            EventKind::CallFailed {
                reason: "refused".to_owned(),
            },
            over,
            EventKind::Hold {
                hold: Hold::Holding,
                failed: true,
            },
        ];
        let events: Vec<_> = (0..)
            .zip(kinds)
            .map(|(seq, kind)| event(seq, kind))
            .collect();
        let node = Uuid::from_u128(1);
        let letter = Letter::new(node, 41, &events, false);
        let bytes = letter.write();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        insta::assert_json_snapshot!(value);
        assert_eq!(Letter::read(&bytes).unwrap(), letter);
        let goodbye = Letter::new(node, 46, &[], true);
        let text = String::from_utf8(goodbye.write()).unwrap();
        insta::assert_snapshot!(text);
        assert!(Letter::read(text.as_bytes()).unwrap().last);
        let hello = Letter::new(node, 0, &[], false).with_hello(true);
        let text = String::from_utf8(hello.write()).unwrap();
        insta::assert_snapshot!(text);
        assert!(Letter::read(text.as_bytes()).unwrap().hello);
    }

    #[test]
    fn what_is_no_letter_is_not_read() {
        for bytes in [
            &b""[..],
            b"hello",
            b"{}",
            b"\xff",
            br#"{"v":2}"#,
            br#"{"v":1}"#,
        ] {
            assert_eq!(Letter::read(bytes), Err(Unreadable));
        }
    }
}
