//! Machine detection, and keys that are sent into a call that was answered.

use time::OffsetDateTime;

use super::Engine;
use super::fetch::resolve;
use super::fields::pair;
use super::leg::{Activity, FirstDocument, LegId};
use super::timer::Timer;
use crate::inspect::Sound;
use crate::twiml;
use crate::webhook::WebhookKind;

impl Engine {
    /// A call of the REST interface was answered: its document runs, unless something comes first.
    pub(super) fn callee_of_api_answered(&mut self, now: OffsetDateTime, id: LegId) {
        if let Some(keys) = self.leg(id).send_digits.clone() {
            let length = self.play_length(&twiml::Sound::Keys(keys.clone()));
            self.hear(now, id, Sound::Keys(keys));
            self.begin(id, Activity::Lasting("send-digits"));
            self.timers.set(now + length, Timer::FirstDocument(id));
            return;
        }
        match self.detect(now, id) {
            true => {
                self.begin(id, Activity::Lasting("machine-detection"));
            }
            false => self.begin_first_document(now, id),
        }
    }

    /// Starts to find out who answered; whether the call has to wait for that.
    pub(super) fn detect(&mut self, now: OffsetDateTime, id: LegId) -> bool {
        let leg = self.leg(id);
        let Some(detection) = &leg.detection else {
            return false;
        };
        let (_, after) = detection.verdict(leg.script.answered_by);
        let waits = !detection.asynchronous;
        self.timers.set(now + after, Timer::Verdict(id));
        waits
    }

    /// It is known who answered.
    pub(super) fn verdict_found(&mut self, now: OffsetDateTime, id: LegId) {
        let leg = self.leg_mut(id);
        let Some(detection) = leg.detection.clone() else {
            return;
        };
        let (verdict, after) = detection.verdict(leg.script.answered_by);
        leg.answered_by = Some(verdict);
        leg.updated = now;
        if !detection.asynchronous {
            return self.begin_first_document(now, id);
        }
        let Some(callback) = detection.callback else {
            let message = "nobody is told the result of the machine detection";
            return self.alert(now, id, 21262, message);
        };
        // A noun's address is relative to the document that dialled.
        let parent = leg.parent.and_then(|parent| self.legs.get(&parent));
        let base = parent.and_then(|parent| parent.program.base.clone());
        let url = resolve(base.as_deref(), &callback.url).unwrap_or_default();
        let fields = vec![
            pair("AccountSid", &self.config.account_sid),
            pair("CallSid", self.leg(id).sid.as_str()),
            pair("AnsweredBy", verdict),
            pair("MachineDetectionDuration", &after.as_millis().to_string()),
        ];
        let kind = WebhookKind::Event;
        if let Some(webhook) = self.new_webhook(now, id, kind, &url, callback.method, fields) {
            self.submit_status(now, webhook);
        }
    }

    /// The document of a call runs, unless it was redirected meanwhile.
    pub(super) fn begin_first_document(&mut self, now: OffsetDateTime, id: LegId) {
        let first = std::mem::replace(&mut self.leg_mut(id).first, FirstDocument::None);
        self.start_document(now, id, first);
    }
}
