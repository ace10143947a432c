use std::sync::Arc;

use voip_core::ProviderCallId;

use super::LegStatus;
use super::client::Client;

/// A question that is being answered.
pub(super) struct Question(Arc<Client>);

impl Question {
    /// One of `client`, which has room for it.
    pub(super) fn of(client: &Arc<Client>) -> Self {
        Self(Arc::clone(client))
    }

    /// Before looking at a record; what is seen then is [told](Look::saw).
    pub(super) fn look(self) -> Look {
        Look::begin(Arc::clone(&self.0), Some(self))
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.0.answered();
    }
}

/// A look at records on behalf of a client.
pub(super) struct Look {
    client: Arc<Client>,
    _question: Option<Question>,
}

impl Look {
    pub(super) fn begin(client: Arc<Client>, question: Option<Question>) -> Self {
        client.known().look();
        Self {
            client,
            _question: question,
        }
    }

    /// The client is told what was seen, if it is news.
    pub(super) fn saw(&self, status: &LegStatus) {
        self.client.tell(status);
    }

    /// The same for somebody who joined `leg`; returns how it stands.
    pub(super) fn saw_joined(
        &self,
        leg: &ProviderCallId,
        seen: Option<LegStatus>,
    ) -> Option<LegStatus> {
        let client = &self.client;
        let last = client.known().last(leg).cloned();
        let rank = |status: &LegStatus| status.call_status.rank();
        let present = match (seen, last) {
            (Some(seen), Some(last)) if rank(&last) > rank(&seen) => Some(last),
            (Some(seen), _) => Some(seen),
            (None, last) => last,
        };
        let joined = client.known().has_joined(leg);
        if joined && let Some(present) = &present {
            client.tell(present);
        }
        present
    }

    /// It did not succeed: it is to be tried again.
    pub(super) fn failed(&self) {
        self.client.fall_behind();
    }

    pub(super) fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        self.client.known().looked();
    }
}
