//! Asking the application for a document.

use time::OffsetDateTime;

use super::Engine;
use super::announce::AnnouncementId;
use super::deliver::Asked;
use super::finish::EndedBy;
use super::leg::{Activity, LegId};
use crate::twiml::Target;
use crate::webhook::WebhookKind;

/// What is done with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is run.
    Run,
    /// It is run; it was asked for because another one could not be.
    Fallback,
    /// Nothing.
    Ignore,
    /// It is heard in a room until that starts; the leg enters when it is there.
    Wait,
    /// It is heard in a room, unless something else is by now.
    Hold(u64),
    /// It is heard in a room, beside everything else.
    Announcement(AnnouncementId),
}

pub(super) use crate::webhook::resolve;

impl Engine {
    /// Asks for a document, with the leg's fields and these.
    pub(super) fn fetch(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        target: &Target,
        extra: Vec<(String, String)>,
        purpose: Purpose,
    ) {
        let base = self.leg(id).program.base.clone();
        let Some(url) = resolve(base.as_deref(), &target.url) else {
            if purpose == Purpose::Ignore {
                return;
            }
            return self.document_failed(now, id, 11100, None, purpose);
        };
        let kind = if purpose == Purpose::Ignore {
            WebhookKind::DocumentIgnored
        } else {
            let max = self.config.max_documents;
            let leg = self.leg_mut(id);
            leg.program.verbs.clear();
            leg.documents += 1;
            if leg.documents > max {
                self.alert(now, id, 14106, "too many documents in one call");
                return self.end(now, id, EndedBy::Provider);
            }
            self.begin(id, Activity::Fetching);
            WebhookKind::Document
        };
        let mut fields = self.call_fields(id);
        // A field of the verb replaces one of the call with the same name.
        fields.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
        fields.extend(extra);
        let asked = Asked {
            leg: id,
            epoch: self.leg(id).epoch,
            purpose,
        };
        match self.new_webhook(now, id, kind, &url, target.method, fields) {
            Some(mut prepared) => {
                prepared.asked = Some(asked);
                self.submit_document(now, prepared);
            }
            None if purpose == Purpose::Ignore => {}
            None => self.document_failed(now, id, 11100, Some(url), purpose),
        }
    }

    /// Asks for a document that is heard beside what the leg does.
    pub(super) fn ask_aside(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        target: &Target,
        purpose: Purpose,
    ) {
        let max = self.config.max_documents;
        let leg = self.leg_mut(id);
        leg.documents += 1;
        let (looping, epoch) = (leg.documents > max, leg.epoch);
        let url = resolve(leg.program.base.as_deref(), &target.url);
        let prepared = match (looping, url) {
            (true, _) => Err(14106),
            (false, None) => Err(11100),
            (false, Some(url)) => {
                let fields = self.call_fields(id);
                let kind = WebhookKind::Document;
                self.new_webhook(now, id, kind, &url, target.method, fields)
                    .ok_or(11100)
            }
        };
        match (prepared, purpose) {
            (Ok(mut prepared), _) => {
                prepared.asked = Some(Asked {
                    leg: id,
                    epoch,
                    purpose,
                });
                self.submit_document(now, prepared);
            }
            (Err(code), Purpose::Hold(turn)) => {
                self.hold_document_answered(now, id, turn, Err(code));
            }
            (Err(code), Purpose::Announcement(announcement)) => {
                self.announcement_answered(now, announcement, Err(code));
            }
            (Err(code), Purpose::Wait | Purpose::Run | Purpose::Fallback | Purpose::Ignore) => {
                self.alert(now, id, code, "a wait document cannot be asked for");
                self.stays_outside(now, id);
            }
        }
    }

    /// A document could not be had or not be understood: the fallback is asked, once; without one
    /// the far end hears that something went wrong.
    pub(super) fn document_failed(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        code: u32,
        url: Option<String>,
        purpose: Purpose,
    ) {
        self.alert(now, id, code, "a document could not be had or understood");
        let fallback = self
            .leg(id)
            .fallback
            .clone()
            .filter(|_| purpose == Purpose::Run);
        let Some(fallback) = fallback else {
            return self.apologise(now, id, code);
        };
        let extra = vec![
            ("ErrorCode".to_owned(), code.to_string()),
            ("ErrorUrl".to_owned(), url.unwrap_or_default()),
        ];
        self.fetch(now, id, &fallback, extra, Purpose::Fallback);
    }
}
