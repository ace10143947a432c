//! What people at the far ends do.

use time::OffsetDateTime;

use super::config::NumberConfig;
use super::fetch::Purpose;
use super::finish::EndedBy;
use super::leg::{FirstDocument, LegId, NewLeg};
use super::{Engine, run};
use crate::address::{Address, is_e164};
use crate::inspect::{Direction, Status};
use crate::phone::{Outcome, PhoneScript};
use crate::sid::CallSid;
use crate::twiml::{StatusSubscription, Target};
use crate::voice::Voice;

/// Why a far end cannot do that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DriveError {
    /// There is no such leg.
    #[error("there is no such call")]
    UnknownCall,
    /// The leg is over.
    #[error("the call is over")]
    Over,
    /// The leg is not ringing (any more).
    #[error("the call is not ringing")]
    NotRinging,
    /// The leg is not answered.
    #[error("the call is not answered")]
    NotAnswered,
    /// A caller or called number is not in E.164 form.
    #[error("the number is not in E.164 form")]
    BadNumber,
    /// A client's name has characters it may not have.
    #[error("the identity is not valid")]
    BadIdentity,
    /// There is no TwiML App to call through.
    #[error("there is no application for clients to call through")]
    NoApplication,
    /// Something other than `0`–`9`, `A`–`D`, `*` and `#` was pressed.
    #[error("there is no such key")]
    BadKey,
    /// Nothing was said.
    #[error("nothing was said")]
    NoWords,
    /// There is no such webhook (any more).
    #[error("there is no such webhook")]
    UnknownWebhook,
    /// The application did not ask to be told the status of this leg.
    #[error("nobody is told the status of this call")]
    NoCallback,
}

impl DriveError {
    /// A stable word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownCall => "unknown_call",
            Self::Over => "call_over",
            Self::NotRinging => "not_ringing",
            Self::NotAnswered => "not_answered",
            Self::BadNumber => "bad_number",
            Self::BadIdentity => "bad_identity",
            Self::NoApplication => "no_application",
            Self::BadKey => "bad_key",
            Self::NoWords => "no_words",
            Self::UnknownWebhook => "unknown_webhook",
            Self::NoCallback => "no_callback",
        }
    }
}

impl Engine {
    /// Somebody calls one of the application's numbers. The Voice URL is asked at once.
    ///
    /// # Errors
    /// [`DriveError::BadNumber`].
    pub fn place_call(
        &mut self,
        now: OffsetDateTime,
        from: &str,
        to: &str,
    ) -> Result<CallSid, DriveError> {
        self.advance(now);
        if !is_e164(from) || !is_e164(to) {
            return Err(DriveError::BadNumber);
        }
        let number = self.numbers.get(to).unwrap_or(&self.config.number);
        let number = number.clone();
        Ok(self.call_comes_in(
            now,
            from.to_owned(),
            to.to_owned(),
            None,
            number,
            Vec::new(),
        ))
    }

    /// A voice client places a call through the TwiML App, with custom parameters of its own
    /// choosing. They become fields of the first request; one named `To` fills `To`, and none can
    /// take the place of a field that the provider sets.
    ///
    /// # Errors
    /// [`DriveError::BadIdentity`], [`DriveError::NoApplication`].
    pub fn place_client_call(
        &mut self,
        now: OffsetDateTime,
        identity: &str,
        parameters: &[(String, String)],
    ) -> Result<CallSid, DriveError> {
        self.advance(now);
        let Some(client @ Address::Client { .. }) = Address::parse(&format!("client:{identity}"))
        else {
            return Err(DriveError::BadIdentity);
        };
        let application = self.config.application.clone();
        let application = application.ok_or(DriveError::NoApplication)?;
        let chosen = |(name, _): &&(String, String)| name == "To";
        let to = parameters
            .iter()
            .find(chosen)
            .map(|(_, value)| value.clone());
        let (from, to) = (client.text(), to.unwrap_or_default());
        let (sid, voice) = (Some(application.sid), application.voice);
        Ok(self.call_comes_in(now, from, to, sid, voice, parameters.to_vec()))
    }

    fn call_comes_in(
        &mut self,
        now: OffsetDateTime,
        from: String,
        to: String,
        application_sid: Option<String>,
        number: NumberConfig,
        parameters: Vec<(String, String)>,
    ) -> CallSid {
        // A caller does nothing by itself, but has the voice of its telephone.
        let telephone = self.phones.get(&from);
        let script = PhoneScript {
            voice: telephone.map_or_else(Voice::default, |phone| phone.voice.clone()),
            ..PhoneScript::default()
        };
        let target = |url: Option<String>, method| url.map(|url| Target { url, method });
        let new = NewLeg {
            direction: Direction::Inbound,
            status: Status::Ringing,
            from,
            to,
            application_sid,
            parent: None,
            first: FirstDocument::None,
            fallback: target(number.fallback_url, number.fallback_method),
            status_callback: number.status_url.map(|url| StatusSubscription {
                url,
                method: number.status_method,
                events: vec!["completed".to_owned()],
            }),
            // How long the caller waits is the caller's business.
            ring_timeout: run::LONGEST_CALL,
            time_limit: run::LONGEST_CALL,
            script,
            parameters: Vec::new(),
            extras: super::leg::Extras::default(),
        };
        let id = self.add_leg(now, new);
        let sid = self.leg(id).sid.clone();
        match target(number.voice_url, number.voice_method) {
            Some(voice) => {
                let standard = self.call_fields(id);
                let mut extra = parameters;
                extra.retain(|(name, _)| !standard.iter().any(|(set, _)| set == name));
                self.fetch(now, id, &voice, extra, Purpose::Run);
            }
            None => {
                self.alert(now, id, 11100, "the number has no Voice URL");
                self.finish(now, id, Status::Failed, 404, EndedBy::Provider);
            }
        }
        sid
    }

    /// The person at the far end of this leg hangs up; before the answer a caller gives up and a
    /// callee declines.
    ///
    /// # Errors
    /// [`DriveError::UnknownCall`], [`DriveError::Over`], and [`DriveError::NotRinging`] where
    /// the far end does not know of the call yet.
    pub fn hang_up(&mut self, now: OffsetDateTime, sid: &CallSid) -> Result<(), DriveError> {
        let id = self.live_leg(now, sid)?;
        match self.leg(id).status {
            Status::Queued | Status::Initiated => Err(DriveError::NotRinging),
            _ => {
                self.far_end_hangs_up(now, id);
                Ok(())
            }
        }
    }

    /// The person at the far end of a ringing leg answers by hand, whatever the script says.
    ///
    /// # Errors
    /// [`DriveError::UnknownCall`], [`DriveError::Over`], [`DriveError::NotRinging`].
    pub fn pick_up(&mut self, now: OffsetDateTime, sid: &CallSid) -> Result<(), DriveError> {
        let id = self.ringing_callee(now, sid)?;
        self.answer(now, id);
        Ok(())
    }

    /// The person at the far end of a ringing leg declines.
    ///
    /// # Errors
    /// [`DriveError::UnknownCall`], [`DriveError::Over`], [`DriveError::NotRinging`].
    pub fn reject(&mut self, now: OffsetDateTime, sid: &CallSid) -> Result<(), DriveError> {
        let id = self.ringing_callee(now, sid)?;
        self.far_end_hangs_up(now, id);
        Ok(())
    }

    /// The person at the far end of a ringing leg lets it ring, whatever the script says. It can
    /// still be answered by hand.
    ///
    /// # Errors
    /// [`DriveError::UnknownCall`], [`DriveError::Over`], [`DriveError::NotRinging`].
    pub fn ignore(&mut self, now: OffsetDateTime, sid: &CallSid) -> Result<(), DriveError> {
        let id = self.ringing_callee(now, sid)?;
        self.leg_mut(id).script.outcome = Outcome::NoAnswer;
        Ok(())
    }

    /// The person at the far end presses keys.
    ///
    /// # Errors
    /// [`DriveError::UnknownCall`], [`DriveError::Over`], [`DriveError::NotAnswered`],
    /// [`DriveError::BadKey`].
    pub fn press(
        &mut self,
        now: OffsetDateTime,
        sid: &CallSid,
        keys: &str,
    ) -> Result<(), DriveError> {
        let id = self.live_leg(now, sid)?;
        if keys.is_empty() || !keys.chars().all(|key| "0123456789ABCD*#".contains(key)) {
            return Err(DriveError::BadKey);
        }
        if self.leg(id).status != Status::InProgress {
            return Err(DriveError::NotAnswered);
        }
        self.keys_pressed(now, id, keys);
        Ok(())
    }

    /// The person at the far end says something, which a `Gather` may listen to.
    ///
    /// # Errors
    /// [`DriveError::UnknownCall`], [`DriveError::Over`], [`DriveError::NotAnswered`],
    /// [`DriveError::NoWords`].
    pub fn speak(
        &mut self,
        now: OffsetDateTime,
        sid: &CallSid,
        text: &str,
    ) -> Result<(), DriveError> {
        let id = self.live_leg(now, sid)?;
        if text.trim().is_empty() {
            return Err(DriveError::NoWords);
        }
        if self.leg(id).status != Status::InProgress {
            return Err(DriveError::NotAnswered);
        }
        self.spoken(now, id, text);
        Ok(())
    }

    fn ringing_callee(&mut self, now: OffsetDateTime, sid: &CallSid) -> Result<LegId, DriveError> {
        let id = self.live_leg(now, sid)?;
        let leg = self.leg(id);
        match (leg.status, leg.direction) {
            (Status::Ringing, Direction::OutboundApi | Direction::OutboundDial) => Ok(id),
            _ => Err(DriveError::NotRinging),
        }
    }

    fn live_leg(&mut self, now: OffsetDateTime, sid: &CallSid) -> Result<LegId, DriveError> {
        self.advance(now);
        let id = *self.by_sid.get(sid).ok_or(DriveError::UnknownCall)?;
        if self.leg(id).status.is_final() {
            return Err(DriveError::Over);
        }
        Ok(id)
    }
}
