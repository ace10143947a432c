//! Webhooks on their way out, and what goes wrong with them: as scripted, else by rates.

use time::OffsetDateTime;

use super::Engine;
use super::deliver::{Prepared, Sending};
use super::fetch::Purpose;
use super::timer::Timer;
use crate::faults::{ScriptedWebhookFault, WebhookFault, WebhookTarget};
use crate::inspect::DeliveryOutcome;
use crate::webhook::Webhook;

impl Engine {
    /// Lets the next `times` matching webhooks meet this fault, ahead of any rate.
    pub fn fail_next_webhook(&mut self, target: WebhookTarget, fault: WebhookFault, times: usize) {
        self.script_webhook_fault(None, target, fault, times);
    }

    /// Lets the next `times` matching webhooks about this leg or this conference, by SID, meet
    /// this fault.
    pub fn fail_next_webhook_about(
        &mut self,
        sid: impl Into<String>,
        target: WebhookTarget,
        fault: WebhookFault,
        times: usize,
    ) {
        self.script_webhook_fault(Some(sid.into()), target, fault, times);
    }

    fn script_webhook_fault(
        &mut self,
        about: Option<String>,
        target: WebhookTarget,
        fault: WebhookFault,
        times: usize,
    ) {
        let scripted = ScriptedWebhookFault {
            target,
            fault: fault.within_a_day(),
            about,
        };
        self.scripted_webhook_faults
            .extend(std::iter::repeat_n(scripted, times));
    }

    /// The first scripted fault that waits for this webhook.
    fn scripted_fault(&mut self, webhook: &Webhook) -> Option<WebhookFault> {
        let scripted = &mut self.scripted_webhook_faults;
        let index = scripted.iter().position(|one| one.is_meant(webhook))?;
        scripted.remove(index).map(|scripted| scripted.fault)
    }

    /// Takes the request for a document. It goes out at once, unless a fault says otherwise.
    pub(super) fn submit_document(&mut self, now: OffsetDateTime, prepared: Prepared) {
        if let Some(fault) = self.scripted_fault(&prepared.webhook) {
            return match fault {
                WebhookFault::Drop => self.lose(now, prepared),
                WebhookFault::Repeat => {
                    self.send_in_vain(now, &prepared);
                    self.send(now, prepared);
                }
                WebhookFault::Delay(by) | WebhookFault::Reorder(by) => {
                    self.release_at(now + by, prepared);
                }
            };
        }
        let faults = &self.faults;
        let (drop, repeat) = (faults.drop_documents, faults.repeat_documents);
        let (delay, delay_up_to) = (faults.delay_documents, faults.delay_up_to);
        if self.seeded.chance(drop) {
            return self.lose(now, prepared);
        }
        if self.seeded.chance(repeat) {
            self.send_in_vain(now, &prepared);
        }
        match self.seeded.chance(delay) {
            true => {
                let at = now + self.seeded.within(delay_up_to);
                self.release_at(at, prepared);
            }
            false => self.send(now, prepared),
        }
    }

    /// The first of two attempts, whose answer is lost on its way back.
    fn send_in_vain(&mut self, now: OffsetDateTime, prepared: &Prepared) {
        let mut first = self.copy_of(now, prepared);
        if let Some(asked) = &mut first.asked {
            asked.purpose = Purpose::Ignore;
        }
        self.send(now, first);
    }

    /// A request that never arrives: its time runs out.
    fn lose(&mut self, now: OffsetDateTime, prepared: Prepared) {
        let ceiling = Timer::Ceiling(prepared.webhook.id);
        let ceiling = self.timers.set(now + prepared.connection.total, ceiling);
        let sending = Sending {
            prepared,
            http_redirects: 0,
            ceiling: Some(ceiling),
        };
        self.sending.insert(sending.prepared.webhook.id, sending);
    }

    /// Takes a callback, in the order of events, and decides when it leaves.
    pub(super) fn submit_status(&mut self, now: OffsetDateTime, prepared: Prepared) {
        match self.scripted_fault(&prepared.webhook) {
            Some(WebhookFault::Drop) => self.never_sent(now, &prepared),
            Some(WebhookFault::Repeat) => {
                let copy = self.copy_of(now, &prepared);
                self.line_up(now, now, prepared);
                self.line_up(now, now, copy);
            }
            Some(WebhookFault::Delay(by)) => self.line_up(now, now + by, prepared),
            Some(WebhookFault::Reorder(by)) => self.release_at(now + by, prepared),
            None => self.submit_by_rates(now, prepared),
        }
    }

    fn submit_by_rates(&mut self, now: OffsetDateTime, prepared: Prepared) {
        let faults = self.faults.clone();
        if self.seeded.chance(faults.drop) {
            return self.never_sent(now, &prepared);
        }
        let repeated = self.seeded.chance(faults.repeat);
        let copy = repeated.then(|| self.copy_of(now, &prepared));
        for prepared in std::iter::once(prepared).chain(copy) {
            if self.seeded.chance(faults.reorder) {
                let at = now + self.seeded.within(faults.reorder_within);
                self.release_at(at, prepared);
                continue;
            }
            let not_before = match self.seeded.chance(faults.delay) {
                true => now + self.seeded.within(faults.delay_up_to),
                false => now,
            };
            self.line_up(now, not_before, prepared);
        }
    }

    fn never_sent(&mut self, now: OffsetDateTime, prepared: &Prepared) {
        let (id, outcome) = (prepared.webhook.id, DeliveryOutcome::Dropped);
        self.note_outcome(now, &prepared.webhook, &outcome);
        self.deliveries.came_to(id, outcome);
    }

    fn release_at(&mut self, at: OffsetDateTime, prepared: Prepared) {
        self.timers.set(at, Timer::Release(Box::new(prepared)));
    }
}
