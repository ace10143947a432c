//! Telephony, and what may be wrong with it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use voip_core::ports::{
    ClientToken, Clock, ConferenceRef, Dial, DialledLeg, LegReport, Redirected, RoomReport,
    Telephony,
};
use voip_core::{
    CallId, CallStatus, Callback, Error, ErrorKind, ProviderCallId, Result, Timestamp,
    VoiceIdentity,
};
use voip_testkit::suites::telephony;
use voip_testkit::suites::telephony::TelephonyFixture;
use voip_testkit::{FakeTelephony, ManualClock, NextDial};

use crate::caught;

mod fake {
    use super::{Bench, Flaw};

    async fn fresh() -> Bench {
        Bench::with(Flaw::None)
    }

    voip_testkit::telephony_suite!(fresh);
}

/// What is wrong with a telephony adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    LooksUpAnother,
    DialsTwice,
    PlacesTheRefused,
    RefusesForAWhile,
    FailsToEndTheEnded,
    HangsUpNobody,
    RedirectsTheEnded,
    EndsOnRedirect,
    CallsTheUnknownAnError,
    FindsNothing,
    FindsEverything,
    FindsNewestFirst,
    FindsTheOld,
    CallsALostAnswerSafe,
    FindsNoChildren,
    FindsOldestChildFirst,
    FindsEverybodysChildren,
    FindsNoRoom,
    FindsAnyRoom,
    MissesAMember,
    HoldsNobody,
    HoldsStrangers,
}

#[derive(Debug)]
struct Saboteur {
    provider: Arc<FakeTelephony>,
    flaw: Flaw,
}

struct Bench {
    clock: Arc<ManualClock>,
    provider: Arc<FakeTelephony>,
    adapter: Saboteur,
}

impl Bench {
    fn with(flaw: Flaw) -> Self {
        let clock = Arc::new(ManualClock::default());
        let provider = Arc::new(FakeTelephony::new(Arc::clone(&clock) as _));
        let adapter = Saboteur {
            provider: Arc::clone(&provider),
            flaw,
        };
        Self {
            clock,
            provider,
            adapter,
        }
    }
}

#[async_trait]
impl TelephonyFixture for Bench {
    fn telephony(&self) -> &dyn Telephony {
        &self.adapter
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn refuse_next_dial(&self) {
        self.provider.next_dial(NextDial::Refused);
    }

    async fn lose_next_answer(&self) {
        self.provider.next_dial(NextDial::TimesOutPlaced);
    }

    async fn answer(&self, leg: &ProviderCallId) {
        self.provider.set_status(leg, CallStatus::InProgress);
    }

    async fn end(&self, leg: &ProviderCallId) {
        self.provider.set_status(leg, CallStatus::Completed);
    }

    fn unknown_leg(&self) -> ProviderCallId {
        "CAffffffffffffffffffffffffffffffff".parse().unwrap()
    }

    async fn make_child(&self, parent: &ProviderCallId) -> ProviderCallId {
        let leg: ProviderCallId = format!("CAc{}", CallId::fresh()).parse().unwrap();
        self.provider.bring_child(parent, &leg, CallStatus::Ringing);
        leg
    }

    async fn join(&self, room: &str, leg: &ProviderCallId) {
        let conference = ConferenceRef(room.replace("CA", "CF").parse().unwrap());
        self.provider.name_room(room, &conference);
        self.provider.join(&conference, leg);
    }

    async fn placed(&self) -> usize {
        self.provider.placed()
    }
}

#[async_trait]
impl Telephony for Saboteur {
    async fn dial(&self, dial: &Dial) -> Result<ProviderCallId> {
        let outcome = self.provider.dial(dial).await;
        match (self.flaw, outcome) {
            (Flaw::DialsTwice, Ok(_)) => self.provider.dial(dial).await,
            (Flaw::PlacesTheRefused, Err(error)) if error.kind() == ErrorKind::Refused => {
                self.provider.dial(dial).await?;
                Err(error)
            }
            (Flaw::RefusesForAWhile, Err(error)) => {
                Err(Error::new(ErrorKind::Unavailable, error.to_string()))
            }
            (Flaw::CallsALostAnswerSafe, Err(error)) if error.kind() == ErrorKind::Timeout => {
                Err(error.with_retry(voip_core::Retry::Safe))
            }
            (_, outcome) => outcome,
        }
    }

    async fn redirect(&self, leg: &ProviderCallId, to: Callback) -> Result<Redirected> {
        let outcome = self.provider.redirect(leg, to).await?;
        match self.flaw {
            Flaw::RedirectsTheEnded => Ok(Redirected::Done),
            Flaw::EndsOnRedirect => {
                self.provider.set_status(leg, CallStatus::Completed);
                Ok(outcome)
            }
            _ => Ok(outcome),
        }
    }

    async fn hang_up(&self, leg: &ProviderCallId) -> Result<()> {
        let over = self.provider.status(leg).is_none_or(CallStatus::is_final);
        match self.flaw {
            Flaw::FailsToEndTheEnded if over => Err(Error::new(ErrorKind::Refused, "it is over")),
            Flaw::HangsUpNobody => Ok(()),
            _ => self.provider.hang_up(leg).await,
        }
    }

    async fn set_hold(&self, room: &ConferenceRef, leg: &ProviderCallId, hold: bool) -> Result<()> {
        match (self.flaw, self.provider.set_hold(room, leg, hold).await) {
            (Flaw::HoldsNobody, Ok(())) => self.provider.set_hold(room, leg, false).await,
            (Flaw::HoldsStrangers, _) => Ok(()),
            (_, outcome) => outcome,
        }
    }

    async fn look_up(&self, leg: &ProviderCallId) -> Result<Option<LegReport>> {
        let report = self.provider.look_up(leg).await?;
        match (self.flaw, report) {
            (Flaw::LooksUpAnother, Some(report)) => Ok(Some(LegReport {
                leg: "CA0".parse().unwrap(),
                ..report
            })),
            (Flaw::CallsTheUnknownAnError, None) => {
                Err(Error::new(ErrorKind::NotFound, "no such leg"))
            }
            (_, report) => Ok(report),
        }
    }

    async fn find_dialled(&self, dial: &Dial, since: Timestamp) -> Result<Vec<DialledLeg>> {
        let mut legs = self.provider.find_dialled(dial, since).await?;
        match self.flaw {
            Flaw::FindsNothing => legs.clear(),
            Flaw::FindsNewestFirst => legs.reverse(),
            Flaw::FindsTheOld => {
                legs = self
                    .provider
                    .find_dialled(dial, Timestamp::from_secs(0))
                    .await?;
            }
            Flaw::FindsEverything => {
                legs.clear();
                for asked in self.provider.record().dials {
                    legs.extend(self.provider.find_dialled(&asked, since).await?);
                }
            }
            _ => {}
        }
        Ok(legs)
    }

    async fn children(&self, parent: &ProviderCallId) -> Result<Vec<LegReport>> {
        let mut legs = self.provider.children(parent).await?;
        match self.flaw {
            Flaw::FindsNoChildren => legs.clear(),
            Flaw::FindsOldestChildFirst => legs.reverse(),
            Flaw::FindsEverybodysChildren => {
                for dial in self.provider.record().dials {
                    for other in self.provider.legs_of(dial.call) {
                        legs.extend(self.provider.children(&other).await?);
                    }
                }
            }
            _ => {}
        }
        Ok(legs)
    }

    async fn room(&self, name: &str) -> Result<Option<RoomReport>> {
        let mut room = self.provider.room(name).await?;
        match self.flaw {
            Flaw::FindsNoRoom => room = None,
            Flaw::FindsAnyRoom => {
                room.get_or_insert(RoomReport {
                    conference: ConferenceRef("CF0".parse().unwrap()),
                    members: Vec::new(),
                });
            }
            Flaw::MissesAMember => {
                if let Some(room) = &mut room {
                    room.members.pop();
                }
            }
            _ => {}
        }
        Ok(room)
    }

    fn mint_client_token(
        &self,
        identity: &VoiceIdentity,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<ClientToken> {
        self.provider.mint_client_token(identity, ttl, now)
    }
}

macro_rules! caught_by {
    ($case:ident: $($flaw:ident)+) => {
        #[tokio::test]
        async fn $case() {
            $(
                let case = async { telephony::$case(&Bench::with(Flaw::$flaw)).await };
                assert!(caught(case).await, "{:?} went unnoticed", Flaw::$flaw);
            )+
        }
    };
}

mod telephony_catches {
    use super::{Bench, Flaw, caught, telephony};

    caught_by!(a_dialled_call_has_a_leg_that_can_be_looked_up: LooksUpAnother DialsTwice);
    caught_by!(a_refused_dial_places_nothing: PlacesTheRefused RefusesForAWhile);
    caught_by!(hanging_up_an_ended_leg_succeeds: FailsToEndTheEnded HangsUpNobody);
    caught_by!(redirecting_an_ended_leg_says_gone: RedirectsTheEnded EndsOnRedirect);
    caught_by!(an_unknown_leg_is_none_not_an_error: CallsTheUnknownAnError);
    caught_by!(a_dialled_call_is_found_by_its_parties:
        FindsNothing FindsEverything FindsNewestFirst FindsTheOld CallsALostAnswerSafe);
    caught_by!(the_children_of_a_leg_are_found:
        FindsNoChildren FindsOldestChildFirst FindsEverybodysChildren);
    caught_by!(a_room_is_found_with_who_is_in_it:
        FindsNoRoom FindsAnyRoom MissesAMember HoldsNobody HoldsStrangers);
}
