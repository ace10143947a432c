//! PostgreSQL's texts cannot hold the character NUL. Some of ours come from
//! callers and clients and may; each is stored and looked for with U+FFFD, the
//! replacement character, instead.

use std::{borrow::Cow, sync::Arc};

use voip_core::{Call, Party, State};

/// `text` without NUL.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Rids every text of a call of NUL. The ids and names of users have none, and
/// JSON writes it in another way.
pub(crate) fn call(call: &mut Call) {
    party(&mut call.from);
    party(&mut call.to);
    match &mut call.state {
        State::InProgress { by: Some(by), .. } => shared(&mut by.device),
        State::Ended(ended) => {
            if let Some(reason) = &mut ended.reason {
                shared(reason);
            }
        }
        State::InProgress { by: None, .. }
        | State::Initiated { .. }
        | State::Queued { .. }
        | State::Ringing { .. } => {}
    }
}

fn party(party: &mut Party) {
    if let Cow::Owned(text) = text(party.expose()) {
        *party = Party::read(&text);
    }
}

fn shared(shared: &mut Arc<str>) {
    if let Cow::Owned(text) = text(shared) {
        *shared = text.into();
    }
}
