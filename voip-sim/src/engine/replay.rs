//! Making webhooks by hand: one that was made before, or a status that is told out of turn.

use time::OffsetDateTime;

use super::fields::{date, pair};
use super::{DriveError, Engine};
use crate::inspect::Status;
use crate::sid::CallSid;
use crate::twiml::Method;
use crate::webhook::{WebhookId, WebhookKind};

impl Engine {
    /// Makes a webhook once more: to the same address with the same fields, newly signed. The
    /// answer is thrown away, so no call does anything twice.
    ///
    /// # Errors
    /// [`DriveError::UnknownWebhook`], also where its leg is forgotten or its address unusable.
    pub fn replay(&mut self, now: OffsetDateTime, id: WebhookId) -> Result<WebhookId, DriveError> {
        self.advance(now);
        let known = self.deliveries.get(id).ok_or(DriveError::UnknownWebhook)?;
        let (url, form) = (known.url.clone(), known.form.clone());
        let (kind, sid) = (known.kind, known.call_sid.clone());
        let method = Method::parse(known.method).ok_or(DriveError::UnknownWebhook)?;
        let leg = self.by_sid.get(&sid).copied();
        let leg = leg.ok_or(DriveError::UnknownWebhook)?;
        let kind = match kind {
            WebhookKind::Document => WebhookKind::DocumentIgnored,
            WebhookKind::DocumentIgnored
            | WebhookKind::Status
            | WebhookKind::Conference
            | WebhookKind::Event => kind,
        };
        // With GET the fields are in the address already.
        let fields = match method {
            Method::Get => Vec::new(),
            Method::Post => form,
        };
        let prepared = self.new_webhook(now, leg, kind, &url, method, fields);
        let prepared = prepared.ok_or(DriveError::UnknownWebhook)?;
        let made = prepared.webhook.id;
        self.send(now, prepared);
        Ok(made)
    }

    /// Tells the application that a leg has this status, whether or not it has: a callback that
    /// comes early, late, or from nowhere.
    ///
    /// # Errors
    /// [`DriveError::UnknownCall`], [`DriveError::NoCallback`].
    pub fn trigger(
        &mut self,
        now: OffsetDateTime,
        sid: &CallSid,
        status: Status,
    ) -> Result<WebhookId, DriveError> {
        self.advance(now);
        let id = *self.by_sid.get(sid).ok_or(DriveError::UnknownCall)?;
        let leg = self.leg_mut(id);
        let callback = leg.status_callback.clone().ok_or(DriveError::NoCallback)?;
        let sequence = leg.next_sequence;
        leg.next_sequence += 1;
        let seconds = leg.seconds();
        let mut fields = self.call_fields(id);
        fields.retain(|(name, _)| name != "CallStatus");
        fields.push(pair("CallStatus", status.as_str()));
        fields.push(pair("Timestamp", &date(now)));
        fields.push(pair("CallbackSource", "call-progress-events"));
        fields.push(pair("SequenceNumber", &sequence.to_string()));
        if status.is_final() {
            fields.push(pair("CallDuration", &seconds.to_string()));
        }
        let kind = WebhookKind::Status;
        let prepared = self.new_webhook(now, id, kind, &callback.url, callback.method, fields);
        let prepared = prepared.ok_or(DriveError::NoCallback)?;
        let made = prepared.webhook.id;
        self.send(now, prepared);
        Ok(made)
    }
}
