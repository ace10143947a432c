//! How a provider in memory answers.

use std::time::Duration;

use async_trait::async_trait;
use voip_core::{
    CallStatus, Callback, Error, ErrorKind, ProviderCallId, Result, Retry, Timestamp,
    VoiceIdentity,
    ports::{
        ClientToken, ConferenceRef, Dial, DialledLeg, LegReport, Redirected, RoomMember,
        RoomReport, Telephony,
    },
};

use super::{FakeTelephony, NextDial, leg::Leg};

/// The longest life of a client token.
const MAX_TTL: Duration = Duration::from_secs(86_400);

#[async_trait]
impl Telephony for FakeTelephony {
    async fn dial(&self, dial: &Dial) -> Result<ProviderCallId> {
        self.record
            .send_modify(|record| record.dials.push(dial.clone()));
        let now = self.clock.now();
        let mut world = self.world();
        let timed_out = || Error::new(ErrorKind::Timeout, "no answer in time").ambiguous();
        match world.next_dials.pop_front() {
            None => Ok(world.place(dial, now)),
            Some(NextDial::Refused) => {
                Err(Error::new(ErrorKind::Refused, "the number is not valid").with_code(21_211))
            }
            Some(NextDial::Unreachable) => Err(Error::new(
                ErrorKind::Unavailable,
                "the provider cannot be reached",
            )),
            Some(NextDial::TimesOutUnplaced) => Err(timed_out()),
            Some(NextDial::TimesOutPlaced) => {
                world.place(dial, now);
                Err(timed_out())
            }
        }
    }

    async fn redirect(&self, leg: &ProviderCallId, to: Callback) -> Result<Redirected> {
        self.record
            .send_modify(|record| record.redirects.push((leg.clone(), to.clone())));
        self.failure()?;
        match self.status(leg) {
            Some(CallStatus::InProgress) => Ok(Redirected::Done),
            Some(status) if !status.is_final() => Err(Error::new(
                ErrorKind::Refused,
                "the leg is not connected yet",
            )
            .with_retry(Retry::Safe)),
            Some(_) | None => Ok(Redirected::Gone),
        }
    }

    async fn hang_up(&self, leg: &ProviderCallId) -> Result<()> {
        self.record
            .send_modify(|record| record.hang_ups.push(leg.clone()));
        self.failure()?;
        let end = match self.status(leg) {
            Some(CallStatus::InProgress) => CallStatus::Completed,
            _ => CallStatus::Canceled,
        };
        self.set_status(leg, end);
        Ok(())
    }

    async fn set_hold(
        &self,
        conference: &ConferenceRef,
        leg: &ProviderCallId,
        hold: bool,
    ) -> Result<()> {
        self.failure()?;
        match self
            .world()
            .participants
            .get_mut(&(conference.0.clone(), leg.clone()))
        {
            Some(on_hold) => {
                *on_hold = hold;
                Ok(())
            }
            None => Err(Error::new(
                ErrorKind::NotFound,
                "there is no such participant",
            )),
        }
    }

    async fn look_up(&self, leg: &ProviderCallId) -> Result<Option<LegReport>> {
        self.record
            .send_modify(|record| record.look_ups.push(leg.clone()));
        // An error means that the sender is gone, and it is ours.
        let _ = self.mute.subscribe().wait_for(|mute| !mute).await;
        self.failure()?;
        Ok(self.world().leg(leg).map(|leg| leg.report()))
    }

    async fn find_dialled(&self, dial: &Dial, since: Timestamp) -> Result<Vec<DialledLeg>> {
        self.failure()?;
        let world = self.world();
        let same_parties = |leg: &&Leg| {
            leg.created_at >= since
                && leg
                    .dial
                    .as_ref()
                    .is_some_and(|made_by| (&made_by.to, &made_by.from) == (&dial.to, &dial.from))
        };
        let found = world.legs.iter().filter(same_parties);
        Ok(found
            .map(|leg| DialledLeg {
                report: leg.report(),
                created_at: Some(leg.created_at),
            })
            .collect())
    }

    async fn children(&self, parent: &ProviderCallId) -> Result<Vec<LegReport>> {
        self.failure()?;
        let world = self.world();
        let of_parent = |leg: &&Leg| world.parents.get(&leg.id) == Some(parent);
        let children = world.legs.iter().rev().filter(of_parent);
        Ok(children.map(Leg::report).collect())
    }

    async fn room(&self, name: &str) -> Result<Option<RoomReport>> {
        self.failure()?;
        let world = self.world();
        let Some(conference) = world.rooms.get(name) else {
            return Ok(None);
        };
        let members = world
            .participants
            .iter()
            .filter(|((room, _), _)| room == conference)
            .map(|((_, leg), &on_hold)| RoomMember {
                leg: leg.clone(),
                on_hold,
            })
            .collect();
        Ok(Some(RoomReport {
            conference: ConferenceRef(conference.clone()),
            members,
        }))
    }

    fn mint_client_token(
        &self,
        identity: &VoiceIdentity,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<ClientToken> {
        if ttl.is_zero() || ttl > MAX_TTL {
            return Err(Error::new(
                ErrorKind::Refused,
                "a client token lives for a day at most",
            ));
        }
        let until = (now + ttl).as_secs();
        Ok(ClientToken::new(format!(
            "fake.{}.{until}",
            identity.as_str()
        )))
    }
}
