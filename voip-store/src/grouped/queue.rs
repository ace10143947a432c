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
    /// How many lanes are at work.
    busy: usize,
    /// Whether an idle lane waits for few jobs to become more.
    lingered_for: bool,
    pub(super) closed: bool,
}

/// What a lane sees that looks for work.
pub(super) enum Look<J, D> {
    /// Its next batch, and whether there is more.
    Batch {
        batch: Vec<Ticket<J, D>>,
        more: bool,
    },
    /// Too few jobs to begin beside a lane that is at work.
    Few,
    Nothing,
    /// Nothing, and nothing will come.
    Over,
}

/// The most jobs in a batch: enough to make the commit cheap for each, few
/// enough that the first does not wait long for the last.
pub(super) const BATCH: usize = 128;

/// So many jobs are worth a batch of their own while another is worked on. A
/// statement costs us and the database more than several rows, so fewer had
/// better go together with what comes next.
pub(super) const FEW: usize = 16;

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
            busy: 0,
            lingered_for: false,
            closed: false,
        }
    }
}

impl<J, D> Queue<J, D> {
    /// Adds a job; whether a lane has to be woken for it.
    pub(super) fn push(&mut self, ticket: Ticket<J, D>) -> bool {
        self.waiting.push_back(ticket);
        self.busy == 0 || !self.lingered_for || self.waiting.len() >= FEW
    }

    /// A batch for an idle lane; also of few jobs, where it has lingered for
    /// them long enough.
    pub(super) fn look(&mut self, has_lingered: bool) -> Look<J, D> {
        self.lingered_for = false;
        match (self.waiting.len(), self.closed) {
            (0, true) => return Look::Over,
            (0, false) => return Look::Nothing,
            (1..FEW, false) if self.busy > 0 && !has_lingered => {
                self.lingered_for = true;
                return Look::Few;
            }
            _ => {}
        }
        let batch = self.take(BATCH);
        if batch.is_empty() {
            // Those that waited may all have been given up.
            return match self.closed && self.waiting.is_empty() {
                true => Look::Over,
                false => Look::Nothing,
            };
        }
        self.busy += 1;
        let more = !self.waiting.is_empty();
        Look::Batch { batch, more }
    }

    /// Takes up to `most` jobs, none about a call that is worked on.
    fn take(&mut self, most: usize) -> Vec<Ticket<J, D>> {
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

    /// A lane is done with its batch, which was about these calls.
    pub(super) fn put_down(&mut self, calls: &[CallId]) {
        self.busy -= 1;
        for call in calls {
            self.worked_on.remove(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[derive(Default)]
    struct Bench {
        queue: Queue<u128, ()>,
        waiters: Vec<oneshot::Receiver<Result<(), Fault>>>,
    }

    fn call(number: u128) -> CallId {
        CallId::from_uuid(uuid::Uuid::from_u128(number))
    }

    impl Bench {
        /// Adds a job about a call; whether a lane has to be woken for it.
        fn push(&mut self, number: u128) -> bool {
            let (reply, waiter) = oneshot::channel();
            self.waiters.push(waiter);
            let places = Arc::new(Semaphore::new(1));
            self.queue.push(Ticket {
                job: number,
                about: Some(call(number)),
                reply,
                state: Arc::default(),
                _place: places.try_acquire_owned().unwrap(),
            })
        }

        /// What a lane takes, and `None` where it had better wait for more.
        fn look(&mut self, has_lingered: bool) -> Option<Vec<u128>> {
            match self.queue.look(has_lingered) {
                Look::Batch { batch, .. } => {
                    Some(batch.into_iter().map(|ticket| ticket.job).collect())
                }
                Look::Nothing | Look::Over => Some(Vec::new()),
                Look::Few => None,
            }
        }
    }

    #[test]
    fn few_jobs_wait_for_the_lane_at_work_or_a_moment_and_many_for_nobody() {
        let mut bench = Bench::default();
        assert!(bench.push(0));
        assert_eq!(bench.look(false), Some(vec![0]), "nobody is at work");
        assert!(
            bench.push(1),
            "somebody has to see to it that it waits no longer"
        );
        assert_eq!(bench.look(false), None);
        assert!(!bench.push(2), "somebody does already");
        assert_eq!(bench.look(true), Some(vec![1, 2]), "they have waited");
        let few = FEW as u128;
        let wakes: Vec<bool> = (10..9 + few).map(|job| bench.push(job)).collect();
        assert!(wakes[0]);
        assert_eq!(bench.look(false), None);
        assert!(bench.push(9 + few), "now they are many");
        assert_eq!(bench.look(false).map(|jobs| jobs.len()), Some(FEW));
    }

    #[test]
    fn a_lane_that_is_through_takes_what_came_meanwhile() {
        let mut bench = Bench::default();
        bench.push(0);
        assert_eq!(bench.look(false), Some(vec![0]));
        bench.push(0);
        bench.push(1);
        assert_eq!(bench.look(true), Some(vec![1]), "the other is worked on");
        assert_eq!(bench.look(true), Some(Vec::new()));
        bench.queue.put_down(&[call(0)]);
        bench.queue.put_down(&[call(1)]);
        assert_eq!(bench.look(false), Some(vec![0]));
    }

    #[test]
    fn once_closed_nothing_waits_for_more() {
        let mut bench = Bench::default();
        bench.push(0);
        assert_eq!(bench.look(false), Some(vec![0]));
        bench.push(1);
        bench.queue.closed = true;
        assert_eq!(bench.look(false), Some(vec![1]));
        assert!(matches!(bench.queue.look(false), Look::Over));
    }

    #[test]
    fn once_closed_it_is_over_also_where_all_that_waited_was_given_up() {
        let mut bench = Bench::default();
        bench.push(0);
        assert!(bench.queue.waiting[0].state.give_up());
        bench.queue.closed = true;
        assert!(matches!(bench.queue.look(false), Look::Over));
    }
}
