use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, oneshot},
    time::Instant,
};
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
    /// Too few jobs to begin beside a lane that is at work, before this moment.
    Few(Instant),
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
const FEW: usize = 16;

/// How long few jobs wait for a lane that is at work to take them along, before
/// an idle one does.
pub(super) const LINGER: Duration = Duration::from_millis(2);

/// One job and who waits for it.
pub(super) struct Ticket<J, D> {
    pub(super) job: J,
    pub(super) about: Option<CallId>,
    pub(super) reply: oneshot::Sender<Result<D, Fault>>,
    pub(super) state: Arc<Claim>,
    /// When it came.
    pub(super) since: Instant,
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

    /// A batch for an idle lane.
    pub(super) fn look(&mut self, now: Instant) -> Look<J, D> {
        self.lingered_for = false;
        if self.busy > 0
            && !self.closed
            && let Some(until) = self.linger_until(now)
        {
            self.lingered_for = true;
            return Look::Few(until);
        }
        let batch = self.take(BATCH);
        if !batch.is_empty() {
            self.busy += 1;
            // Where it is not full, what is left is about calls that are worked on.
            let more = batch.len() == BATCH && !self.waiting.is_empty();
            return Look::Batch { batch, more };
        }
        match self.closed && self.waiting.is_empty() {
            true => Look::Over,
            false => Look::Nothing,
        }
    }

    /// Until when an idle lane leaves what waits to one that is at work; `None`
    /// where there is nothing to leave, or it should begin by itself.
    fn linger_until(&self, now: Instant) -> Option<Instant> {
        let mut free = self.waiting.iter().filter(|ticket| self.is_free(ticket));
        let until = free.next()?.since + LINGER;
        let few = free.take(FEW - 1).count() < FEW - 1;
        (few && now < until).then_some(until)
    }

    fn is_free(&self, ticket: &Ticket<J, D>) -> bool {
        let about = ticket.about.as_ref();
        about.is_none_or(|call| !self.worked_on.contains(call))
    }

    /// Takes up to `most` jobs, none about a call that is worked on.
    fn take(&mut self, most: usize) -> Vec<Ticket<J, D>> {
        let mut taken = Vec::new();
        let mut passed_over = VecDeque::new();
        while taken.len() < most
            && let Some(ticket) = self.waiting.pop_front()
        {
            if !self.is_free(&ticket) {
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

    struct Bench {
        queue: Queue<u128, ()>,
        waiters: Vec<oneshot::Receiver<Result<(), Fault>>>,
        now: Instant,
    }

    fn call(number: u128) -> CallId {
        CallId::from_uuid(uuid::Uuid::from_u128(number))
    }

    impl Bench {
        fn new() -> Self {
            Self {
                queue: Queue::default(),
                waiters: Vec::new(),
                now: Instant::now(),
            }
        }

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
                since: self.now,
                _place: places.try_acquire_owned().unwrap(),
            })
        }

        /// What a lane takes, and for how long it had better wait for more.
        fn look(&mut self) -> Result<Vec<u128>, Duration> {
            match self.queue.look(self.now) {
                Look::Batch { batch, .. } => Ok(batch.iter().map(|ticket| ticket.job).collect()),
                Look::Nothing | Look::Over => Ok(Vec::new()),
                Look::Few(until) => Err(until - self.now),
            }
        }

        fn pass(&mut self, millis: u64) {
            self.now += Duration::from_millis(millis);
        }
    }

    #[test]
    fn few_jobs_wait_for_the_lane_at_work_or_a_moment_and_many_for_nobody() {
        let mut bench = Bench::new();
        assert!(bench.push(0));
        assert_eq!(bench.look(), Ok(vec![0]), "nobody is at work");
        assert!(
            bench.push(1),
            "a lane has to see to it that it waits no longer"
        );
        assert_eq!(bench.look(), Err(LINGER));
        assert!(!bench.push(2), "one does already");
        bench.pass(1);
        assert_eq!(bench.look(), Err(LINGER - Duration::from_millis(1)));
        bench.pass(1);
        assert_eq!(bench.look(), Ok(vec![1, 2]), "the first has waited");
        bench.push(10);
        assert_eq!(bench.look(), Err(LINGER), "this one has not");
        for job in 11..10 + FEW as u128 - 1 {
            assert!(!bench.push(job));
        }
        assert_eq!(bench.look(), Err(LINGER));
        assert!(bench.push(99), "now they are many");
        assert_eq!(bench.look().map(|jobs| jobs.len()), Ok(FEW));
    }

    #[test]
    fn jobs_about_calls_that_are_worked_on_make_few_no_more() {
        let mut bench = Bench::new();
        bench.push(0);
        assert_eq!(bench.look(), Ok(vec![0]));
        for _ in 0..FEW {
            bench.push(0);
        }
        assert_eq!(bench.look(), Ok(Vec::new()), "there is nothing to wait for");
        bench.push(1);
        assert_eq!(bench.look(), Err(LINGER));
    }

    #[test]
    fn a_lane_that_is_through_takes_what_came_meanwhile() {
        let mut bench = Bench::new();
        bench.push(0);
        assert_eq!(bench.look(), Ok(vec![0]));
        bench.push(0);
        bench.push(1);
        bench.pass(2);
        assert_eq!(bench.look(), Ok(vec![1]), "the other is worked on");
        assert_eq!(bench.look(), Ok(Vec::new()));
        bench.queue.put_down(&[call(0)]);
        bench.queue.put_down(&[call(1)]);
        assert_eq!(bench.look(), Ok(vec![0]));
    }

    #[test]
    fn once_closed_nothing_waits_for_more() {
        let mut bench = Bench::new();
        bench.push(0);
        assert_eq!(bench.look(), Ok(vec![0]));
        bench.push(1);
        bench.queue.closed = true;
        assert_eq!(bench.look(), Ok(vec![1]));
        assert!(matches!(bench.queue.look(bench.now), Look::Over));
    }

    #[test]
    fn once_closed_it_is_over_also_where_all_that_waited_was_given_up() {
        let mut bench = Bench::new();
        bench.push(0);
        assert!(bench.queue.waiting[0].state.give_up());
        bench.queue.closed = true;
        assert!(matches!(bench.queue.look(bench.now), Look::Over));
    }
}
