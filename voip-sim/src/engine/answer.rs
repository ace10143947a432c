//! What came of a webhook.

use time::OffsetDateTime;

use super::Engine;
use super::deliver::{Prepared, Sending};
use super::fetch::Purpose;
use crate::inspect::DeliveryOutcome;
use crate::twiml::{self, Document, MAX_DOCUMENT_BYTES, Method, Play, Say, Sound, Verb};
use crate::webhook::{self, FailureKind, MAX_AUDIO_BYTES, WebhookAnswer, WebhookId, is_audio};

/// More HTTP redirects than this are not followed (11215).
const MAX_HTTP_REDIRECTS: u32 = 10;

impl Engine {
    /// Tells what came of a webhook that [`Engine::poll`] yielded. An answer that comes after the
    /// fifteen seconds any webhook has, or for a webhook that is not known, is ignored.
    pub fn answered(&mut self, now: OffsetDateTime, id: WebhookId, answer: WebhookAnswer) {
        self.advance(now);
        let Some(sending) = self.sending.remove(&id) else {
            return;
        };
        let prepared = &sending.prepared;
        if prepared
            .connection
            .tries_again(prepared.webhook.attempt, &answer)
        {
            return self.try_again(now, sending);
        }
        if let WebhookAnswer::Replied { cookies, .. } = &answer
            && let Some(leg) = self.by_sid.get(&prepared.webhook.call_sid).copied()
        {
            let address = prepared.configured.clone();
            self.keep_cookies(leg, &address, cookies);
        }
        match answer {
            WebhookAnswer::Failed(failure) => {
                self.delivered(
                    now,
                    sending,
                    DeliveryOutcome::Failed { failure },
                    Err(failure.code()),
                );
            }
            WebhookAnswer::Replied {
                status: status @ (301 | 302 | 303 | 307 | 308),
                location,
                ..
            } => self.follow(now, sending, status, location),
            WebhookAnswer::Replied {
                status,
                content_type,
                body,
                ..
            } => {
                let shown = match is_audio(content_type.as_deref()) {
                    true => &[],
                    false => &body[..body.len().min(MAX_DOCUMENT_BYTES)],
                };
                let outcome = DeliveryOutcome::Replied {
                    status,
                    body: String::from_utf8_lossy(shown).into_owned(),
                };
                let read = match status {
                    200..=299 => Ok((content_type, body)),
                    _ => Err(11200),
                };
                self.delivered(now, sending, outcome, read);
            }
        }
    }

    /// No answer within the ceiling.
    pub(super) fn ceiling_reached(&mut self, now: OffsetDateTime, id: WebhookId) {
        if let Some(sending) = self.sending.remove(&id) {
            let failure = FailureKind::Timeout;
            self.delivered(
                now,
                sending,
                DeliveryOutcome::Failed { failure },
                Err(failure.code()),
            );
        }
    }

    /// The application sent the request elsewhere. After 301, 302 and 303 the next request is a
    /// `GET` without fields; 307 and 308 keep method and body (RFC 9110, section 15.4).
    fn follow(
        &mut self,
        now: OffsetDateTime,
        mut sending: Sending,
        status: u16,
        location: Option<String>,
    ) {
        let here = Some(sending.prepared.configured.as_str());
        let next = location.and_then(|location| webhook::resolve(here, &location));
        sending.http_redirects += 1;
        let code = match next {
            _ if sending.http_redirects > MAX_HTTP_REDIRECTS => 11215,
            None => 11216,
            Some(next) => {
                if status < 307 {
                    sending.prepared.webhook.method = Method::Get;
                    sending.prepared.webhook.form.clear();
                }
                sending.prepared.configured = next;
                match self.sign(&mut sending.prepared) {
                    true => return self.put_out(now, sending),
                    false => 11216,
                }
            }
        };
        let outcome = DeliveryOutcome::Replied {
            status,
            body: String::new(),
        };
        self.delivered(now, sending, outcome, Err(code));
    }

    /// A delivery is over, one way or the other.
    fn delivered(
        &mut self,
        now: OffsetDateTime,
        sending: Sending,
        outcome: DeliveryOutcome,
        read: Result<(Option<String>, Vec<u8>), u32>,
    ) {
        if let Some(ceiling) = sending.ceiling {
            self.timers.take_back(ceiling);
        }
        let Prepared {
            webhook,
            configured,
            line,
            asked,
            ..
        } = sending.prepared;
        self.note_outcome(now, &webhook, &outcome);
        self.deliveries.came_to(webhook.id, outcome);
        let Some(asked) = asked else {
            if let (Err(_), Some(id)) = (read, self.by_sid.get(&webhook.call_sid).copied()) {
                self.alert(now, id, 15003, "a status callback was not accepted");
            }
            return self.line_moved(now, &line, webhook.id);
        };
        if asked.purpose == Purpose::Ignore {
            return;
        }
        if let Purpose::Announcement(announcement) = asked.purpose {
            let document = read.and_then(|(media_type, body)| {
                understand(media_type.as_deref(), &body, &configured)
            });
            let document = document.map(|document| (document, configured));
            return self.announcement_answered(now, announcement, document);
        }
        // The leg may be over, or doing something else by now.
        if self
            .legs
            .get(&asked.leg)
            .is_none_or(|leg| leg.epoch != asked.epoch)
        {
            return;
        }
        let document = read
            .and_then(|(media_type, body)| understand(media_type.as_deref(), &body, &configured));
        match (document, asked.purpose) {
            (_, Purpose::Ignore | Purpose::Announcement(_)) => {}
            (Ok(document), Purpose::Run | Purpose::Fallback) => {
                self.run_document(now, asked.leg, document, Some(configured));
            }
            (Err(code), Purpose::Run | Purpose::Fallback) => {
                self.document_failed(now, asked.leg, code, Some(configured), asked.purpose);
            }
            (Ok(document), Purpose::Wait) => {
                let ear = self.ear_of(now, asked.leg, document, configured);
                self.wait_document_arrived(now, asked.leg, ear);
            }
            (Err(code), Purpose::Wait) => {
                let message = "a wait document could not be had or understood";
                self.alert(now, asked.leg, code, message);
                self.stays_outside(now, asked.leg);
            }
            (document, Purpose::Hold(turn)) => {
                let document = document.map(|document| (document, configured));
                self.hold_document_answered(now, asked.leg, turn, document);
            }
        }
    }
}

/// Makes a document of an answer, by its media type; a debugger code when it cannot be one.
fn understand(media_type: Option<&str>, body: &[u8], url: &str) -> Result<Document, u32> {
    let audio = is_audio(media_type);
    let most = if audio {
        MAX_AUDIO_BYTES
    } else {
        MAX_DOCUMENT_BYTES
    };
    if body.len() > most {
        return Err(11750);
    }
    if audio {
        return Ok(one_verb(Verb::Play(Play {
            sound: Sound::Audio(url.to_owned()),
            times: Some(1),
        })));
    }
    if body.is_empty() {
        return Err(11770);
    }
    let text = std::str::from_utf8(body).map_err(|_| 12100_u32)?;
    match webhook::media_type(media_type).as_str() {
        "text/xml" | "application/xml" | "text/html" => {
            twiml::read(text).map_err(|error| error.code())
        }
        "text/plain" => Ok(twiml::read(text).unwrap_or_else(|_| {
            one_verb(Verb::Say(Say {
                text: text.trim().to_owned(),
                times: Some(1),
            }))
        })),
        _ => Err(12300),
    }
}

fn one_verb(verb: Verb) -> Document {
    Document {
        verbs: vec![verb],
        warnings: Vec::new(),
    }
}
