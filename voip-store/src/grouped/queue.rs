use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use voip_core::CallId;

use super::fault::Fault;

/// Jobs that wait, in the order they came, and what is being worked on.
///
/// Two jobs about one call are never worked on at once: what comes later waits
/// until the earlier one is through.
pub(super) struct Queue<J, D> {
    waiting: VecDeque<Ticket<J, D>>,
    worked_on: HashSet<CallId>,
    pub(super) closed: bool,
}

/// One job and who waits for it.
pub(super) struct Ticket<J, D> {
    pub(super) job: J,
    pub(super) about: Option<CallId>,
    pub(super) reply: oneshot::Sender<Result<D, Fault>>,
    pub(super) state: Arc<Claim>,
    /// Its place in the queue, free again once it is taken.
    pub(super) _place: OwnedSemaphorePermit,
}

/// Whose a job is: nobody's yet, of those who work, or given up by who waited.
#[derive(Default)]
pub(super) struct Claim(AtomicU8);

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Claim {
    fn become_(&self, state: u8) -> bool {
        self.0
            .compare_exchange(WAITING, state, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Takes the job back; false where somebody works on it already.
    pub(super) fn give_up(&self) -> bool {
        self.become_(GIVEN_UP)
    }
}

impl<J, D> Default for Queue<J, D> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            worked_on: HashSet::new(),
            closed: false,
        }
    }
}

impl<J, D> Queue<J, D> {
    pub(super) fn push(&mut self, ticket: Ticket<J, D>) {
        self.waiting.push_back(ticket);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes up to `most` jobs, none about a call that is worked on.
    pub(super) fn take(&mut self, most: usize) -> Vec<Ticket<J, D>> {
        let mut taken = Vec::new();
        let mut passed_over = VecDeque::new();
        while taken.len() < most
            && let Some(ticket) = self.waiting.pop_front()
        {
            let free = match ticket.about {
                Some(call) => !self.worked_on.contains(&call),
                None => true,
            };
            if !free {
                passed_over.push_back(ticket);
            } else if ticket.state.become_(TAKEN) {
                self.worked_on.extend(ticket.about);
                taken.push(ticket);
            }
        }
        // Those passed over came before the rest.
        while let Some(ticket) = passed_over.pop_back() {
            self.waiting.push_front(ticket);
        }
        taken
    }

    /// The work on these calls is over.
    pub(super) fn put_down(&mut self, calls: &[CallId]) {
        for call in calls {
            self.worked_on.remove(call);
        }
    }
}
