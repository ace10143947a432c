//! Calls and users to measure with. Equal numbers give equal calls.

use std::{sync::Arc, time::Duration};

use voip_core::{
    Call, CallId, ClientDial, Ended, FinalStatus, PhoneNumber, ProviderCallId, State, Timestamp,
    UserId,
    ports::{Clock, SystemClock},
};

/// The number that calls come from: the one the provider's test credentials
/// accept.
pub const FROM: &str = "+15005550006";

/// The number that outbound calls go to.
pub const TO: &str = "+14155552671";

/// The number of the user who is called.
pub const CALLED: &str = "+14155552672";

/// The account that all of these belong to.
pub const ACCOUNT: &str = "AC00000000000000000000000000be9c4e";

/// How long an ended call was talked on.
const TALK: Duration = Duration::from_secs(42);

/// A number in E.164 form.
///
/// # Panics
/// For any other text.
pub fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).expect("samples use numbers in E.164 form")
}

/// The user number `n`.
pub fn user(n: usize) -> UserId {
    named(&format!("user-{n}"))
}

/// The user `name`.
///
/// # Panics
/// For a text that is no user's name.
pub fn named(name: &str) -> UserId {
    name.parse().expect("samples use ordinary names")
}

/// The provider's leg number `n`.
///
/// # Panics
/// Never: the text has the form of a SID.
pub fn leg(n: u64) -> ProviderCallId {
    format!("CA{n:032x}")
        .parse()
        .expect("this is the form of a SID")
}

/// A call that the provider has just taken, of the user number `n`.
pub fn placed_call(n: u64) -> Call {
    let owner = user(usize::try_from(n).unwrap_or(0));
    placed(leg(n), owner, SystemClock.now())
}

/// A call that the provider has taken as `leg`, with no deadline that a
/// measurement could meet. Its events are counted from here, as a server that
/// has not seen those before would otherwise wait for them.
pub fn placed(leg: ProviderCallId, owner: UserId, created_at: Timestamp) -> Call {
    let (from, to) = (phone(FROM), phone(TO));
    let step = Call::outbound(CallId::fresh(), from, to, Some(owner), None, created_at);
    let check_at = created_at + Duration::from_secs(24 * 60 * 60);
    Call {
        provider_id: Some(leg),
        state: State::Initiated { check_at },
        told: 0,
        ..step.call
    }
}

/// A call that the voice client `leg` of `owner` has just placed, otherwise as
/// [`placed`].
pub fn dialled(leg: ProviderCallId, owner: UserId, created_at: Timestamp) -> Call {
    let dial = ClientDial {
        leg,
        user: owner,
        from: phone(FROM),
        to: phone(TO),
    };
    let step = Call::from_client(CallId::fresh(), dial, None, created_at);
    let check_at = created_at + Duration::from_secs(24 * 60 * 60);
    Call {
        state: State::Initiated { check_at },
        told: 0,
        ..step.call
    }
}

/// The same call once it is over.
pub fn ended(call: Call) -> Call {
    let answered_at = call.created_at + Duration::from_secs(5);
    let state = State::Ended(Ended {
        status: FinalStatus::Completed,
        at: answered_at + TALK,
        answered_at: Some(answered_at),
        duration: Some(TALK),
        reason: None::<Arc<str>>,
        trouble: None,
    });
    Call {
        state,
        told: 5,
        ..call
    }
}
