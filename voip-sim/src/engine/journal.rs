//! Keeping the journal, within bounds.

use std::collections::VecDeque;

use time::OffsetDateTime;

use super::Engine;
use super::leg::LegId;
use crate::explain::explain;
use crate::inspect::{Alert, DeliveryOutcome, Happening, Heard, JournalEntry, Sound};
use crate::rest::{RestReply, RestRequest};
use crate::sid::CallSid;
use crate::twiml::{Document, Verb};
use crate::webhook::{Webhook, WebhookId, WebhookKind};

/// The bytes a journal takes at most, about.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What happened last, as far back as there is room.
#[derive(Default)]
pub(super) struct Journal {
    entries: VecDeque<JournalEntry>,
    bytes: usize,
    last: u64,
}

impl Journal {
    /// Numbering goes on, so that a reader who comes back gets nothing twice.
    pub(super) fn emptied(&self) -> Self {
        Self {
            last: self.last,
            ..Self::default()
        }
    }
}

impl Engine {
    /// Up to `most` entries of the journal after that place, oldest first; an onlooker goes on
    /// with the place of the last. Old entries are forgotten, which shows as a gap in the places.
    pub fn journal(&self, after: u64, most: usize) -> Vec<JournalEntry> {
        let entries = &self.journal.entries;
        let start = entries.partition_point(|entry| entry.seq <= after);
        entries.iter().skip(start).take(most).cloned().collect()
    }

    /// What the journal has about one leg, oldest first: its timeline.
    pub fn timeline(&self, sid: &CallSid) -> Vec<JournalEntry> {
        let entries = self.journal.entries.iter();
        let about = |entry: &&JournalEntry| entry.call_sid.as_ref() == Some(sid);
        entries.filter(about).cloned().collect()
    }

    /// The place of the newest entry; 0 before the first.
    pub fn journal_end(&self) -> u64 {
        self.journal.last
    }

    /// Writes something down.
    pub(super) fn note(&mut self, now: OffsetDateTime, leg: Option<LegId>, what: Happening) {
        let sid = leg.and_then(|leg| self.legs.get(&leg));
        self.note_about(now, sid.map(|leg| leg.sid.clone()), what);
    }

    pub(super) fn note_about(
        &mut self,
        now: OffsetDateTime,
        call_sid: Option<CallSid>,
        what: Happening,
    ) {
        let most = self.config.journal;
        if most == 0 {
            return;
        }
        let journal = &mut self.journal;
        journal.last += 1;
        let entry = JournalEntry {
            seq: journal.last,
            at: now,
            call_sid,
            what,
        };
        journal.bytes += entry.weight();
        journal.entries.push_back(entry);
        while journal.entries.len() > most || journal.bytes > MAX_BYTES {
            let Some(oldest) = journal.entries.pop_front() else {
                break;
            };
            journal.bytes -= oldest.weight();
        }
    }

    /// An entry of the debugger.
    pub(super) fn alert(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        code: u32,
        message: impl Into<String>,
    ) {
        let message = message.into();
        self.leg_mut(id).alerts.push(Alert {
            at: now,
            code,
            message: message.clone(),
        });
        let explanation = explain(code);
        let alert = Happening::Alert {
            code,
            message,
            explanation,
        };
        self.note(now, Some(id), alert);
    }

    /// Something reaches the far end's ear.
    pub(super) fn hear(&mut self, now: OffsetDateTime, id: LegId, sound: Sound) {
        let what = sound.clone();
        self.leg_mut(id).heard.push(Heard { at: now, what });
        self.note(now, Some(id), Happening::Heard { sound });
    }

    pub(super) fn note_document(&mut self, now: OffsetDateTime, id: LegId, document: &Document) {
        let verbs = document.verbs.iter().map(Verb::name).collect();
        self.note(now, Some(id), Happening::Document { verbs });
    }

    pub(super) fn note_webhook(&mut self, now: OffsetDateTime, webhook: &Webhook) {
        if self.config.journal == 0 {
            return;
        }
        let signature = webhook.header("X-Twilio-Signature").unwrap_or_default();
        let made = Happening::Webhook {
            webhook: webhook.id,
            purpose: webhook.kind,
            method: webhook.method.as_str(),
            url: webhook.url.clone(),
            form: webhook.form.clone(),
            signature: signature.to_owned(),
        };
        self.note_about(now, Some(webhook.call_sid.clone()), made);
    }

    pub(super) fn note_outcome(
        &mut self,
        now: OffsetDateTime,
        webhook: &Webhook,
        outcome: &DeliveryOutcome,
    ) {
        if self.config.journal == 0 {
            return;
        }
        let explanation = explain_outcome(webhook, outcome);
        let outcome = Happening::Outcome {
            webhook: webhook.id,
            outcome: outcome.clone(),
            explanation,
        };
        self.note_about(now, Some(webhook.call_sid.clone()), outcome);
    }

    pub(super) fn note_attempt(&mut self, now: OffsetDateTime, id: WebhookId, attempt: u32) {
        let of = self.deliveries.get(id);
        let sid = of.map(|delivery| delivery.call_sid.clone());
        let webhook = id;
        self.note_about(now, sid, Happening::Attempt { webhook, attempt });
    }

    /// A REST request and its answer.
    pub(super) fn note_rest(
        &mut self,
        now: OffsetDateTime,
        request: &RestRequest<'_>,
        reply: &RestReply,
    ) {
        if self.config.journal == 0 {
            return;
        }
        let mut segments = request.path_and_query.split(['/', '?', '.']);
        let named = segments.find_map(CallSid::parse);
        // Lists can be long; what is looked for is in errors, and in answers to what made a leg.
        let told = reply.status >= 400 || (named.is_none() && request.method == "POST");
        let body = told.then(|| serde_json::from_str::<serde_json::Value>(&reply.body).ok());
        let body = body.flatten();
        let member = |name: &str| body.as_ref().and_then(|body| body.get(name));
        let code = member("code").and_then(serde_json::Value::as_u64);
        let code = code.and_then(|code| u32::try_from(code).ok());
        let made = member("sid").or_else(|| member("call_sid"));
        let made = made.and_then(serde_json::Value::as_str);
        let call_sid = named.or_else(|| made.and_then(CallSid::parse));
        let form = form_urlencoded::parse(request.body).into_owned().collect();
        let rest = Happening::Rest {
            method: request.method.to_owned(),
            path: request.path_and_query.to_owned(),
            form,
            status: reply.status,
            code,
            explanation: code.map(explain),
        };
        self.note_about(now, call_sid, rest);
    }
}

/// What an outcome that is no good most likely means.
fn explain_outcome(webhook: &Webhook, outcome: &DeliveryOutcome) -> Option<String> {
    let asks = match webhook.kind {
        WebhookKind::Document | WebhookKind::DocumentIgnored => true,
        WebhookKind::Status | WebhookKind::Conference | WebhookKind::Event => false,
    };
    let code = if asks { 11200 } else { 15003 };
    match outcome {
        DeliveryOutcome::Pending
        | DeliveryOutcome::Replied {
            status: 200..=299, ..
        } => None,
        DeliveryOutcome::Dropped => Some("A fault kept it from being delivered.".to_owned()),
        DeliveryOutcome::Replied {
            status: status @ (401 | 403),
            ..
        } => Some(format!(
            "{code}: the application answered {status}, so it most likely refused the signature; \
             that is made with the auth token over {} and the fields, so compare the token and \
             the public address the application believes it has.",
            webhook.url
        )),
        DeliveryOutcome::Replied { status, .. } => {
            Some(format!("{code}: the application answered {status}."))
        }
        DeliveryOutcome::Failed { failure } => {
            let code = failure.code();
            Some(format!("{code}: {}", explain(code)))
        }
    }
}
