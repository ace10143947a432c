//! Sending webhooks: signed, and one status callback of a leg at a time.

use std::collections::VecDeque;

use time::OffsetDateTime;
use uuid::Uuid;

use super::Engine;
use super::leg::{Epoch, LegId};
use super::timer::{Timer, TimerKey};
use crate::connection::Connection;
use crate::inspect::{DeliveryOutcome, WebhookView};
use crate::twiml::Method;
use crate::webhook::{CONNECT_TIMEOUT, Webhook, WebhookId, WebhookKind, destination};

const IDEMPOTENCY_TOKEN: &str = "I-Twilio-Idempotency-Token";

/// A webhook that is ready to go out.
pub(super) struct Prepared {
    pub(super) webhook: Webhook,
    /// The address as configured, or as the application redirected it: what is signed and what
    /// relative addresses of the answer resolve against.
    pub(super) configured: String,
    /// What its fragment asks of the connection.
    pub(super) connection: Connection,
    /// The leg or room whose callbacks leave one after the other.
    pub(super) line: String,
    /// Set for documents.
    pub(super) asked: Option<Asked>,
}

/// A webhook that is out.
pub(super) struct Sending {
    pub(super) prepared: Prepared,
    pub(super) http_redirects: u32,
    /// When it is given up; not before it was sent for the first time.
    pub(super) ceiling: Option<TimerKey>,
}

/// Who waits for a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) leg: LegId,
    pub(super) epoch: Epoch,
    pub(super) purpose: super::fetch::Purpose,
}

/// The callbacks of one leg or one room, which leave one after the other.
#[derive(Default)]
pub(super) struct Line {
    out: Option<WebhookId>,
    waiting: VecDeque<(OffsetDateTime, Prepared)>,
}

impl Engine {
    /// Builds and records a webhook; `None` (and a debugger entry) when the address is unusable.
    pub(super) fn new_webhook(
        &mut self,
        now: OffsetDateTime,
        leg: LegId,
        kind: WebhookKind,
        url: &str,
        method: Method,
        form: Vec<(String, String)>,
    ) -> Option<Prepared> {
        let Some(there) = destination(url, method, &form, &self.config.auth_token) else {
            let message = "the address of a webhook is not valid";
            self.alert(now, leg, 11100, message);
            return None;
        };
        let connection = Connection::of(url);
        if !connection.understood {
            let message = "the retry policy of a webhook's address is not valid";
            self.alert(now, leg, 11243, message);
        }
        let token = self.idempotency_token();
        let call_sid = self.leg(leg).sid.clone();
        self.next_webhook += 1;
        let mut headers = headers(method, there.signature, there.authorization, token);
        if let Some(cookies) = self.cookies_for(leg, url) {
            headers.push(("Cookie", cookies));
        }
        let webhook = Webhook {
            id: WebhookId(self.next_webhook),
            attempt: 1,
            call_sid,
            kind,
            method,
            url: there.url,
            form,
            headers,
            connect_timeout: CONNECT_TIMEOUT,
            timeout: connection.read.min(connection.total),
        };
        self.remember(now, &webhook);
        Some(Prepared {
            line: webhook.call_sid.to_string(),
            webhook,
            configured: url.to_owned(),
            connection,
            asked: None,
        })
    }

    fn idempotency_token(&mut self) -> Uuid {
        let (high, low) = (self.seeded.next(), self.seeded.next());
        let random = (u128::from(high) << 64) | u128::from(low);
        uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
    }

    /// Puts a webhook out.
    pub(super) fn send(&mut self, now: OffsetDateTime, prepared: Prepared) {
        self.put_out(
            now,
            Sending {
                prepared,
                http_redirects: 0,
                ceiling: None,
            },
        );
    }

    /// A webhook is sent now: its time begins, or what is left of it after an attempt before.
    pub(super) fn goes_out(&mut self, id: WebhookId) -> Option<Webhook> {
        let now = self.clock;
        let sending = self.sending.get_mut(&id)?;
        let connection = &sending.prepared.connection;
        let (end, _) = *sending.ceiling.get_or_insert_with(|| {
            let end = now + connection.total;
            self.timers.set(end, Timer::Ceiling(id))
        });
        let mut webhook = sending.prepared.webhook.clone();
        let left = (end - now).max(time::Duration::ZERO).unsigned_abs();
        webhook.timeout = connection.read.min(left);
        Some(webhook)
    }

    /// A retry, within the time the first attempt began.
    pub(super) fn try_again(&mut self, now: OffsetDateTime, mut sending: Sending) {
        sending.prepared.webhook.attempt += 1;
        if self.config.choices.token_per_attempt {
            let token = self.idempotency_token().to_string();
            let headers = sending.prepared.webhook.headers.iter_mut();
            for (_, value) in headers.filter(|(name, _)| *name == IDEMPOTENCY_TOKEN) {
                value.clone_from(&token);
            }
        }
        self.put_out(now, sending);
    }

    /// Hands a webhook to whoever polls.
    pub(super) fn put_out(&mut self, now: OffsetDateTime, sending: Sending) {
        let (id, attempt) = (
            sending.prepared.webhook.id,
            sending.prepared.webhook.attempt,
        );
        self.note_attempt(now, id, attempt);
        let webhook = &sending.prepared.webhook;
        self.deliveries.tried(webhook.id);
        self.outbox.push_back(webhook.id);
        self.sending.insert(webhook.id, sending);
    }

    /// Signs a webhook for the address it goes to now; false when that is unusable.
    pub(super) fn sign(&self, prepared: &mut Prepared) -> bool {
        let webhook = &mut prepared.webhook;
        let token = &self.config.auth_token;
        let there = destination(&prepared.configured, webhook.method, &webhook.form, token);
        let Some(there) = there else { return false };
        webhook.url = there.url;
        webhook.headers.retain(|(name, _)| match *name {
            "X-Twilio-Signature" | "Authorization" | "Cookie" => false,
            "Content-Type" => webhook.method == Method::Post,
            _ => true,
        });
        webhook
            .headers
            .push(("X-Twilio-Signature", there.signature));
        if let Some(credentials) = there.authorization {
            webhook.headers.push(("Authorization", credentials));
        }
        true
    }

    /// Puts a callback at the end of its line.
    pub(super) fn line_up(
        &mut self,
        now: OffsetDateTime,
        not_before: OffsetDateTime,
        prepared: Prepared,
    ) {
        let name = prepared.line.clone();
        let line = self.lines.entry(name.clone()).or_default();
        line.waiting.push_back((not_before, prepared));
        self.move_line(now, &name);
    }

    /// Lets the next callback of a line out, if none is out and its time has come.
    pub(super) fn move_line(&mut self, now: OffsetDateTime, name: &str) {
        let Some(line) = self.lines.get_mut(name) else {
            return;
        };
        if line.out.is_some() {
            return;
        }
        match line.waiting.front() {
            None => {
                self.lines.remove(name);
            }
            Some((not_before, _)) if *not_before > now => {
                self.timers.set(*not_before, Timer::Line(name.to_owned()));
            }
            Some(_) => {
                if let Some((_, prepared)) = line.waiting.pop_front() {
                    line.out = Some(prepared.webhook.id);
                    self.send(now, prepared);
                }
            }
        }
    }

    /// A callback is delivered or given up: the next one may leave.
    pub(super) fn line_moved(&mut self, now: OffsetDateTime, name: &str, id: WebhookId) {
        if let Some(line) = self.lines.get_mut(name)
            && line.out == Some(id)
        {
            line.out = None;
            self.move_line(now, name);
        }
    }

    /// The same delivery once more: same event, same fields, same token.
    pub(super) fn copy_of(&mut self, now: OffsetDateTime, prepared: &Prepared) -> Prepared {
        self.next_webhook += 1;
        let webhook = Webhook {
            id: WebhookId(self.next_webhook),
            ..prepared.webhook.clone()
        };
        self.remember(now, &webhook);
        Prepared {
            webhook,
            configured: prepared.configured.clone(),
            line: prepared.line.clone(),
            connection: prepared.connection,
            asked: prepared.asked,
        }
    }

    fn remember(&mut self, now: OffsetDateTime, webhook: &Webhook) {
        self.note_webhook(now, webhook);
        let view = WebhookView {
            id: webhook.id,
            call_sid: webhook.call_sid.clone(),
            kind: webhook.kind,
            method: webhook.method.as_str(),
            url: webhook.url.clone(),
            form: webhook.form.clone(),
            at: now,
            attempts: 0,
            outcome: DeliveryOutcome::Pending,
        };
        self.deliveries.insert(view, self.config.keep);
    }
}

/// The headers a provider sends, in the spelling it uses.
fn headers(
    method: Method,
    signature: String,
    authorization: Option<String>,
    token: Uuid,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("User-Agent", "TwilioProxy/1.1".to_owned()),
        ("Accept", "*/*".to_owned()),
        ("Cache-Control", "max-age=259200".to_owned()),
        ("Connection", "close".to_owned()),
        ("X-Home-Region", "us1".to_owned()),
        (IDEMPOTENCY_TOKEN, token.to_string()),
    ];
    if method == Method::Post {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        headers.push(("Content-Type", form.to_owned()));
    }
    headers.push(("X-Twilio-Signature", signature));
    if let Some(credentials) = authorization {
        headers.push(("Authorization", credentials));
    }
    headers
}
