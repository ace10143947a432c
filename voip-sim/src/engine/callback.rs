//! Status callbacks: which event is told to whom, and with what.

use time::OffsetDateTime;

use super::Engine;
use super::fields::{date, pair};
use super::leg::LegId;
use crate::inspect::Status;
use crate::webhook::WebhookKind;

/// The events that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Initiated,
    Ringing,
    Answered,
    /// The leg is over, whichever way.
    Completed,
}

impl Event {
    fn word(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Completed => "completed",
        }
    }
}

impl Engine {
    /// Tells the application about an event of a leg, if it asked for that.
    pub(super) fn report(&mut self, now: OffsetDateTime, id: LegId, event: Event) {
        let untold_count = self.config.choices.untold_events_count;
        let leg = self.leg_mut(id);
        let Some(callback) = leg.status_callback.clone() else {
            return;
        };
        let told = callback.events.iter().any(|word| word == event.word());
        let sequence = leg.next_sequence;
        // Whether others than those that are told take a number, the vendor does not say.
        leg.next_sequence += u32::from(told || untold_count);
        if !told {
            return;
        }
        let (status, sip, seconds) = (leg.status, leg.sip, leg.seconds());
        let attestation = leg.script.attestation();
        let mut fields = self.call_fields(id);
        fields.push(pair("Timestamp", &date(now)));
        fields.push(pair("CallbackSource", "call-progress-events"));
        fields.push(pair("SequenceNumber", &sequence.to_string()));
        if let (Event::Ringing | Event::Answered, Some(level)) = (event, attestation) {
            fields.push(pair("StirStatus", level));
        }
        if status.is_final() {
            fields.push(pair("CallDuration", &seconds.to_string()));
            if status == Status::Completed {
                // Minutes here, a started one counted whole; seconds above.
                fields.push(pair("Duration", &seconds.div_ceil(60).to_string()));
            }
            fields.push(pair("SipResponseCode", &sip.to_string()));
            if let Some(recording) = self.leg(id).recording {
                fields.extend(self.recorded_fields(now, recording));
            }
        }
        let kind = WebhookKind::Status;
        let webhook = self.new_webhook(now, id, kind, &callback.url, callback.method, fields);
        if let Some(webhook) = webhook {
            self.submit_status(now, webhook);
        }
    }
}
