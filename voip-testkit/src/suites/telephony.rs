//! The suite of [`Telephony`].
//!
//! An adapter says in a [`TelephonyFixture`] how to arrange what a case needs,
//! and gets a test for each promise from
//! [`telephony_suite!`](crate::telephony_suite).

use std::time::Duration;

use async_trait::async_trait;
use voip_core::{
    CallId, CallStatus, Callback, ErrorKind, ProviderCallId, Retry, Timestamp,
    ports::{Dial, Redirected, Telephony},
};

/// What the suite needs around an adapter: a say in what its provider does.
#[async_trait]
pub trait TelephonyFixture: Send + Sync {
    /// The adapter that is tried.
    fn telephony(&self) -> &dyn Telephony;

    /// The present moment at the provider.
    fn now(&self) -> Timestamp;

    /// The provider will refuse the next dial.
    async fn refuse_next_dial(&self);

    /// The provider will place the next dial, and its answer will be lost.
    async fn lose_next_answer(&self);

    /// The far end of a leg answers.
    async fn answer(&self, leg: &ProviderCallId);

    /// The far end of a leg hangs up.
    async fn end(&self, leg: &ProviderCallId);

    /// A name for a leg that the provider does not know.
    fn unknown_leg(&self) -> ProviderCallId;

    /// The dial of a connected leg makes another one, which rings.
    async fn make_child(&self, parent: &ProviderCallId) -> ProviderCallId;

    /// A connected leg enters the conference of this name, which comes to be.
    async fn join(&self, room: &str, leg: &ProviderCallId);

    /// How many calls the provider has placed.
    async fn placed(&self) -> usize;
}

/// Gives a test for every promise of [`Telephony`](voip_core::ports::Telephony).
///
/// `$fresh` is an async function without arguments that gives a fresh
/// [`TelephonyFixture`](crate::suites::telephony::TelephonyFixture). The crate
/// that uses the macro needs `tokio` with its features `macros` and `rt`.
#[macro_export]
macro_rules! telephony_suite {
    ($fresh:path) => {
        $crate::telephony_suite! {
            $fresh;
            a_dialled_call_has_a_leg_that_can_be_looked_up
            a_refused_dial_places_nothing
            hanging_up_an_ended_leg_succeeds
            redirecting_an_ended_leg_says_gone
            an_unknown_leg_is_none_not_an_error
            a_dialled_call_is_found_by_its_parties
            the_children_of_a_leg_are_found
            a_room_is_found_with_who_is_in_it
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test]
            async fn $case() {
                $crate::suites::telephony::$case(&$fresh().await).await;
            }
        )+
    };
}

/// Whoever dials gets the name of a leg, and its status can be read under that
/// name until the end.
pub async fn a_dialled_call_has_a_leg_that_can_be_looked_up(fixture: &impl TelephonyFixture) {
    let leg = place(fixture, &dial(CALLEE)).await;
    assert!(
        !status(fixture, &leg).await.is_final(),
        "a fresh call is not over"
    );
    fixture.answer(&leg).await;
    assert_eq!(status(fixture, &leg).await, CallStatus::InProgress);
    fixture.end(&leg).await;
    let report = fixture
        .telephony()
        .look_up(&leg)
        .await
        .expect("the provider answers")
        .expect("it is still known");
    assert_eq!(
        report.leg, leg,
        "the report is about the leg that was asked about"
    );
    assert_eq!(report.status, CallStatus::Completed);
    assert!(
        report.duration.is_some(),
        "a call that is over has a length"
    );
    assert_eq!(fixture.placed().await, 1, "one dial places one call");
}

/// A refusal is `Refused`, never to be tried again, and leaves nothing behind.
pub async fn a_refused_dial_places_nothing(fixture: &impl TelephonyFixture) {
    let dial = dial(CALLEE);
    fixture.refuse_next_dial().await;
    let error = fixture
        .telephony()
        .dial(&dial)
        .await
        .expect_err("the provider refuses");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.retry(), Retry::Never);
    assert_eq!(fixture.placed().await, 0, "a refused call is not placed");
    assert_eq!(found(fixture, &dial, fixture.now()).await, [], "nor found");
    place(fixture, &dial).await;
    assert_eq!(fixture.placed().await, 1, "the next dial goes well");
}

/// A hang-up ends a live leg; of one that is over, or was never there, it is
/// done as well.
pub async fn hanging_up_an_ended_leg_succeeds(fixture: &impl TelephonyFixture) {
    let ours = place(fixture, &dial(CALLEE)).await;
    fixture.answer(&ours).await;
    for _ in 0..2 {
        fixture
            .telephony()
            .hang_up(&ours)
            .await
            .expect("a hang-up can be repeated");
        assert!(status(fixture, &ours).await.is_final(), "the leg is over");
    }
    let theirs = place(fixture, &dial(CALLEE)).await;
    fixture.answer(&theirs).await;
    fixture.end(&theirs).await;
    fixture
        .telephony()
        .hang_up(&theirs)
        .await
        .expect("it is over already");
    assert_eq!(status(fixture, &theirs).await, CallStatus::Completed);
    let unknown = fixture.unknown_leg();
    fixture
        .telephony()
        .hang_up(&unknown)
        .await
        .expect("there is nothing to end");
}

/// A connected leg is redirected, again and again; one that is over is `Gone`,
/// and so is one that was never there.
pub async fn redirecting_an_ended_leg_says_gone(fixture: &impl TelephonyFixture) {
    let dial = dial(CALLEE);
    let leg = place(fixture, &dial).await;
    let redirect = async |leg: &ProviderCallId| {
        fixture
            .telephony()
            .redirect(leg, Callback::Ask(dial.call))
            .await
            .expect("an answer either way")
    };
    fixture.answer(&leg).await;
    assert_eq!(redirect(&leg).await, Redirected::Done);
    assert_eq!(
        redirect(&leg).await,
        Redirected::Done,
        "a redirect can be repeated"
    );
    assert_eq!(
        status(fixture, &leg).await,
        CallStatus::InProgress,
        "it ends nothing"
    );
    fixture.end(&leg).await;
    assert_eq!(redirect(&leg).await, Redirected::Gone);
    assert_eq!(redirect(&fixture.unknown_leg()).await, Redirected::Gone);
}

/// Of a leg it does not know, the provider knows nothing; that is no error.
pub async fn an_unknown_leg_is_none_not_an_error(fixture: &impl TelephonyFixture) {
    let report = fixture.telephony().look_up(&fixture.unknown_leg()).await;
    assert_eq!(report.expect("not knowing is no error"), None);
}

/// The calls between two parties are found, oldest first, those included whose
/// dial got no answer; others, and older ones, are not.
pub async fn a_dialled_call_is_found_by_its_parties(fixture: &impl TelephonyFixture) {
    let (since, wanted) = (fixture.now(), dial(CALLEE));
    let first = place(fixture, &wanted).await;
    place(fixture, &dial(ANOTHER)).await;
    fixture.lose_next_answer().await;
    let error = fixture
        .telephony()
        .dial(&wanted)
        .await
        .expect_err("its answer is lost");
    assert_eq!(error.retry(), Retry::Ambiguous, "it may have been placed");
    let legs = found(fixture, &wanted, since).await;
    let [one, two] = &legs[..] else {
        panic!("both calls between these parties are found, and only they: {legs:?}");
    };
    assert_eq!(*one, first, "the oldest comes first");
    assert_eq!(status(fixture, two).await, status(fixture, &first).await);
    let later = since + Duration::from_secs(3_600);
    assert_eq!(
        found(fixture, &wanted, later).await,
        [],
        "older ones are not asked for"
    );
}

/// The legs that a leg's dial has made are found, the newest first, and no
/// others.
pub async fn the_children_of_a_leg_are_found(fixture: &impl TelephonyFixture) {
    let parent = place(fixture, &dial(CALLEE)).await;
    let other = place(fixture, &dial(ANOTHER)).await;
    fixture.answer(&parent).await;
    fixture.answer(&other).await;
    let children = async |of: &ProviderCallId| {
        let legs = fixture.telephony().children(of).await;
        let legs = legs.expect("the provider answers").into_iter();
        legs.map(|report| report.leg).collect::<Vec<_>>()
    };
    assert_eq!(children(&parent).await, [], "there are none yet");
    let first = fixture.make_child(&parent).await;
    let second = fixture.make_child(&parent).await;
    fixture.make_child(&other).await;
    assert_eq!(children(&parent).await, [second, first]);
    assert_eq!(children(&fixture.unknown_leg()).await, []);
}

/// A conference is found by its name with who is in it, and a leg that is put
/// on hold there is seen to be.
pub async fn a_room_is_found_with_who_is_in_it(fixture: &impl TelephonyFixture) {
    const ROOM: &str = "CA000000000000000000000000000000e1";
    let telephony = fixture.telephony();
    let (one, two) = (
        place(fixture, &dial(CALLEE)).await,
        place(fixture, &dial(ANOTHER)).await,
    );
    fixture.answer(&one).await;
    fixture.answer(&two).await;
    let room = telephony.room(ROOM).await;
    assert_eq!(room.expect("not being there is no error"), None);
    fixture.join(ROOM, &one).await;
    fixture.join(ROOM, &two).await;
    let seen = async || {
        let room = telephony.room(ROOM).await.expect("the provider answers");
        let room = room.expect("it is there");
        let on_hold = |leg| room.member(leg).map(|member| member.on_hold);
        assert_eq!(room.members.len(), 2, "nobody else is in it");
        (room.conference.clone(), on_hold(&one), on_hold(&two))
    };
    let (conference, first, second) = seen().await;
    assert_eq!((first, second), (Some(false), Some(false)));
    let hold = async |hold| telephony.set_hold(&conference, &one, hold).await;
    hold(true).await.expect("it is a participant");
    hold(true).await.expect("a repeat is harmless");
    assert_eq!(seen().await, (conference.clone(), Some(true), Some(false)));
    hold(false).await.expect("it still is one");
    assert_eq!(seen().await, (conference.clone(), Some(false), Some(false)));
    let error = telephony
        .set_hold(&conference, &fixture.unknown_leg(), true)
        .await
        .expect_err("it is no participant");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let other = telephony.room("CA000000000000000000000000000000e2").await;
    assert_eq!(other.expect("not being there is no error"), None);
}

const CALLEE: &str = "+15550001111";
const ANOTHER: &str = "+15550002222";
const CALLER: &str = "+15550009999";

fn dial(to: &str) -> Dial {
    let number = |text: &str| text.parse().expect("a number");
    Dial {
        call: CallId::fresh(),
        to: number(to),
        from: number(CALLER),
        ring_time: None,
    }
}

async fn place(fixture: &impl TelephonyFixture, dial: &Dial) -> ProviderCallId {
    fixture
        .telephony()
        .dial(dial)
        .await
        .expect("the provider takes this call")
}

async fn status(fixture: &impl TelephonyFixture, leg: &ProviderCallId) -> CallStatus {
    let report = fixture
        .telephony()
        .look_up(leg)
        .await
        .expect("the provider answers");
    report.expect("a leg that was dialled is known").status
}

async fn found(
    fixture: &impl TelephonyFixture,
    dial: &Dial,
    since: Timestamp,
) -> Vec<ProviderCallId> {
    let legs = fixture
        .telephony()
        .find_dialled(dial, since)
        .await
        .expect("the provider answers");
    legs.into_iter().map(|leg| leg.report.leg).collect()
}
