//! What an onlooker sees of the engine.

use super::Engine;
use super::leg::{Leg, Link};
use crate::inspect::{CallView, Status, WebhookView};
use crate::sid::CallSid;

impl Engine {
    /// All legs that are still known, oldest first.
    pub fn calls(&self) -> Vec<CallView> {
        self.legs.values().map(|leg| self.view(leg)).collect()
    }

    /// One leg.
    pub fn call(&self, sid: &CallSid) -> Option<CallView> {
        self.legs
            .get(self.by_sid.get(sid)?)
            .map(|leg| self.view(leg))
    }

    /// The webhooks made so far and what came of them, oldest first.
    pub fn webhooks(&self) -> Vec<WebhookView> {
        self.deliveries.values().cloned().collect()
    }

    /// Whether no leg is live and no webhook is out or waiting: nothing more will happen by itself.
    pub fn is_quiet(&self) -> bool {
        self.live == 0 && self.outbox.is_empty() && self.timers.next_due().is_none()
    }

    fn view(&self, leg: &Leg) -> CallView {
        let doing = match (leg.status, leg.link) {
            (status, _) if status.is_final() => "over",
            (Status::Queued, _) => "queued",
            (Status::Initiated, _) => "dialling",
            (Status::Ringing, _) if leg.direction != crate::inspect::Direction::Inbound => {
                "ringing"
            }
            (_, Link::InDial) => "in-dial",
            _ => leg.activity.name(),
        };
        CallView {
            sid: leg.sid.clone(),
            parent: leg.parent_sid.clone(),
            direction: leg.direction,
            status: leg.status,
            from: leg.from.clone(),
            to: leg.to.clone(),
            doing,
            bridged_with: leg.peer.map(|peer| self.leg(peer).sid.clone()),
            heard: leg.heard.clone(),
            alerts: leg.alerts.clone(),
            parameters: leg.parameters.clone(),
            created_at: leg.created,
            answered_at: leg.answered,
            ended_at: leg.ended,
        }
    }
}
