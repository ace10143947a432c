//! The webhooks made last, for onlookers, within bounds.

use std::collections::BTreeMap;

use crate::inspect::{DeliveryOutcome, WebhookView};
use crate::webhook::WebhookId;

/// The bytes they take at most, about.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What was sent last and what came of it, as far back as there is room.
#[derive(Default)]
pub(super) struct Deliveries {
    views: BTreeMap<WebhookId, WebhookView>,
    bytes: usize,
}

impl Deliveries {
    /// Remembers one more, and forgets the oldest above so many.
    pub(super) fn insert(&mut self, view: WebhookView, most: usize) {
        self.bytes += weight(&view);
        self.views.insert(view.id, view);
        while self.views.len() > most {
            self.forget_oldest();
        }
        self.make_room();
    }

    pub(super) fn get(&self, id: WebhookId) -> Option<&WebhookView> {
        self.views.get(&id)
    }

    /// All of them, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &WebhookView> {
        self.views.values()
    }

    /// Those from this one on, oldest first.
    pub(super) fn since(&self, first: WebhookId) -> impl Iterator<Item = &WebhookView> {
        self.views.range(first..).map(|(_, view)| view)
    }

    /// One more attempt was made.
    pub(super) fn tried(&mut self, id: WebhookId) {
        if let Some(view) = self.views.get_mut(&id) {
            view.attempts += 1;
        }
    }

    /// What came of one.
    pub(super) fn came_to(&mut self, id: WebhookId, outcome: DeliveryOutcome) {
        if let Some(view) = self.views.get_mut(&id) {
            self.bytes -= weight(view);
            view.outcome = outcome;
            self.bytes += weight(view);
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        while self.bytes > MAX_BYTES && self.views.len() > 1 {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, oldest)) = self.views.pop_first() {
            self.bytes -= weight(&oldest);
        }
    }
}

/// About how many bytes one takes.
fn weight(view: &WebhookView) -> usize {
    let fields = view.form.iter();
    let fields: usize = fields
        .map(|(name, value)| name.len() + value.len() + 48)
        .sum();
    let body = match &view.outcome {
        DeliveryOutcome::Replied { body, .. } => body.len(),
        DeliveryOutcome::Pending | DeliveryOutcome::Dropped | DeliveryOutcome::Failed { .. } => 0,
    };
    200 + view.url.len() + fields + body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sid::CallSid;
    use crate::webhook::WebhookKind;

    fn view(id: u64) -> WebhookView {
        WebhookView {
            id: WebhookId(id),
            call_sid: CallSid::parse("CA000000000000000000000000000000b1").unwrap(),
            kind: WebhookKind::Document,
            method: "POST",
            url: "http://a.test/".to_owned(),
            form: Vec::new(),
            at: time::OffsetDateTime::UNIX_EPOCH,
            attempts: 0,
            outcome: DeliveryOutcome::Pending,
        }
    }

    #[test]
    fn neither_many_nor_large_ones_take_more_than_their_room() {
        let mut deliveries = Deliveries::default();
        for id in 1..=1000 {
            deliveries.insert(view(id), 900);
        }
        assert_eq!(deliveries.all().count(), 900);
        for id in 101..=1000 {
            let body = "x".repeat(64 * 1024);
            let outcome = DeliveryOutcome::Replied { status: 200, body };
            deliveries.came_to(WebhookId(id), outcome);
        }
        let kept = deliveries.all().count();
        assert!((400..=512).contains(&kept), "{kept}");
        assert!(deliveries.get(WebhookId(1000)).is_some());
        let bytes: usize = deliveries.all().map(weight).sum();
        assert_eq!(deliveries.bytes, bytes);
    }
}
