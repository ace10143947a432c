//! The fake passes the suite of telephony, and each case of the suites of
//! telephony and webhooks catches an adapter that breaks its promise.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use voip_core::{
    CallId, CallStatus, Callback, Error, ErrorKind, Party, Plan, ProviderCallId, Result, Timestamp,
    VoiceIdentity,
    ports::{
        ClientToken, Clock, ConferenceRef, Dial, DialledLeg, LegReport, Notice, Redirected, Reply,
        RoomReport, Telephony, Unsigned, VoiceRequest, WebhookError, WebhookRequest, Webhooks,
    },
};
use voip_testkit::{
    FakeTelephony, ManualClock, NextDial,
    suites::{
        telephony::{self, TelephonyFixture},
        webhooks::{self, SentRequest, WebhooksFixture},
    },
};

mod fake {
    use super::{Bench, Flaw};

    async fn fresh() -> Bench {
        Bench::with(Flaw::None)
    }

    voip_testkit::telephony_suite!(fresh);
}

mod toy {
    use super::{Slip, Toy};

    async fn fresh() -> Toy {
        Toy { slip: Slip::None }
    }

    voip_testkit::webhooks_suite!(fresh);
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

/// Whether a case fails, as it should.
async fn caught(case: impl Future<Output = ()> + Send + 'static) -> bool {
    tokio::spawn(case)
        .await
        .is_err_and(|error| error.is_panic())
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

/// What is wrong with a webhooks adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    None,
    SignsNoTarget,
    SignsNoBody,
    ComparesInPart,
    AcceptsUnsigned,
    ReadsNothing,
    MissesTheCall,
    WritesNothing,
    WritesTheSame,
}

/// An adapter for a provider that writes `leg status` into the body, our call
/// into the target, and signs with a weak checksum.
#[derive(Debug)]
struct Toy {
    slip: Slip,
}

impl Toy {
    fn sign(&self, target: &str, body: &[u8]) -> String {
        let target = if self.slip == Slip::SignsNoTarget {
            ""
        } else {
            target
        };
        let body = if self.slip == Slip::SignsNoBody {
            b""
        } else {
            body
        };
        let bytes = target.bytes().chain([b' ']).chain(body.iter().copied());
        // FNV-1a.
        let sum = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{sum:028x}")
    }

    fn sent(&self, target: String, body: String) -> SentRequest {
        SentRequest {
            method: "POST".to_owned(),
            signature: Some(self.sign(&target, body.as_bytes())),
            path_and_query: target,
            content_type: None,
            body: body.into_bytes(),
        }
    }
}

impl Webhooks for Toy {
    fn read<'a>(&self, request: &WebhookRequest<'a>) -> Result<Notice, WebhookError> {
        let right = self.sign(request.path_and_query, request.body);
        let genuine = match (self.slip, request.signature) {
            (Slip::AcceptsUnsigned, None) => true,
            (Slip::ComparesInPart, Some(signature)) => signature.get(..20) == right.get(..20),
            (_, signature) => signature == Some(&right),
        };
        if !genuine {
            return Err(WebhookError::Unsigned(Unsigned::Mismatch));
        }
        if self.slip == Slip::ReadsNothing {
            return Err(WebhookError::Malformed("anything".to_owned()));
        }
        let text = std::str::from_utf8(request.body).unwrap();
        let (leg, status) = text.split_once(' ').unwrap();
        let (leg, status) = (leg.parse().unwrap(), status.parse::<CallStatus>());
        let (path, call) = request.path_and_query.split_once('?').unwrap();
        let call = (self.slip != Slip::MissesTheCall).then(|| call.parse().unwrap());
        Ok(match (path, status) {
            ("/report", Ok(status)) => Notice::Progress {
                report: LegReport {
                    leg,
                    status,
                    at: None,
                    duration: None,
                    reason: None,
                },
                call,
                parent: None,
                sequence: None,
            },
            _ => Notice::Voice(VoiceRequest {
                leg,
                call,
                from: Party::read("+15550001111"),
                client: None,
                to: Party::read("+15550002222"),
                status: CallStatus::InProgress,
                inbound: true,
                digits: None,
                fields: Default::default(),
            }),
        })
    }

    fn write(&self, plan: &Plan) -> Reply {
        let body = match self.slip {
            Slip::WritesNothing => String::new(),
            Slip::WritesTheSame => "a plan".to_owned(),
            _ => format!("{plan:?}"),
        };
        Reply {
            content_type: "text/plain",
            body,
        }
    }
}

impl WebhooksFixture for Toy {
    fn webhooks(&self) -> &dyn Webhooks {
        self
    }

    fn leg(&self) -> ProviderCallId {
        "CA1".parse().unwrap()
    }

    fn report(&self, leg: &ProviderCallId, status: CallStatus, call: CallId) -> SentRequest {
        self.sent(format!("/report?{call}"), format!("{leg} {status}"))
    }

    fn question(&self, leg: &ProviderCallId, call: CallId) -> SentRequest {
        self.sent(format!("/question?{call}"), format!("{leg} ?"))
    }
}

macro_rules! slips_caught_by {
    ($case:ident: $($slip:ident)+) => {
        #[tokio::test]
        async fn $case() {
            $(
                let case = async { webhooks::$case(&Toy { slip: Slip::$slip }) };
                assert!(caught(case).await, "{:?} went unnoticed", Slip::$slip);
            )+
        }
    };
}

mod webhooks_catch {
    use super::{Slip, Toy, caught, webhooks};

    slips_caught_by!(an_altered_request_is_refused: SignsNoTarget SignsNoBody ComparesInPart);
    slips_caught_by!(an_unsigned_request_is_refused: AcceptsUnsigned SignsNoBody);
    slips_caught_by!(a_signed_request_is_read: ReadsNothing MissesTheCall);
    slips_caught_by!(every_plan_can_be_written: WritesNothing WritesTheSame);
}
