use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use voip_core::{CallId, Effect, Timestamp, ports::EffectLease};

/// How many effects may wait to be settled before somebody has to wait for it.
const MANY: usize = 128;

/// How many are held at most: while a database is out of reach, they pile up.
/// Those beyond are forgotten; who takes up their effects finds them done.
const MOST: usize = 4096;

/// How many effects are known by their moment. With one more, all are
/// forgotten, and settling those asks no more whose they are.
const MOST_KNOWN: usize = 65_536;

/// Effects that are carried out and wait to be deleted together with the next
/// write: alone none is worth a commit.
///
/// It also knows until when each effect is this node's: an effect that another
/// node has claimed or asked for since is that node's, and is left alone.
#[derive(Default)]
pub(crate) struct Settling {
    state: Mutex<State>,
    /// Held by who deletes some, so that a claim can wait for it.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Settle>,
    until: HashMap<(CallId, Effect), i64>,
}

/// An effect to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settle {
    pub(crate) call: CallId,
    pub(crate) effect: Effect,
    /// The moment it was this node's until, where that is known: at any other
    /// it is somebody else's.
    pub(crate) due: Option<i64>,
}

/// Effects being deleted. Dropped, they wait again.
pub(crate) struct Load<'a> {
    settling: &'a Settling,
    pub(crate) settles: Vec<Settle>,
    _turn: tokio::sync::MutexGuard<'a, ()>,
}

/// How things are after one more has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// It is the first.
    First,
    /// There are some.
    Some,
    /// There are too many.
    Many,
}

impl Settling {
    /// These effects are this node's until `due`.
    pub(crate) fn hold(&self, call: CallId, effects: &[Effect], due: Timestamp) {
        if effects.is_empty() {
            return;
        }
        let mut state = self.lock();
        if state.until.len() + effects.len() > MOST_KNOWN {
            state.until.clear();
        }
        let held = effects
            .iter()
            .map(|effect| ((call, *effect), due.as_micros()));
        state.until.extend(held);
    }

    /// The leases that were as told end `until` then. Nobody may be deleting
    /// any meanwhile.
    pub(crate) fn renew(&self, leases: &[EffectLease], until: Timestamp) {
        let mut state = self.lock();
        for lease in leases {
            let (key, before) = ((lease.call, lease.effect), lease.until.as_micros());
            if let Some(due) = state.until.get_mut(&key)
                && *due == before
            {
                *due = until.as_micros();
            }
            // Those that were carried out just now.
            for settle in &mut state.waiting {
                if (settle.call, settle.effect) == key && settle.due == Some(before) {
                    settle.due = Some(until.as_micros());
                }
            }
        }
    }

    /// Nobody knows any more whose these effects are.
    pub(crate) fn forget(&self, call: CallId, effects: &[Effect]) {
        let mut state = self.lock();
        for effect in effects {
            state.until.remove(&(call, *effect));
        }
    }

    /// An effect is carried out.
    pub(crate) fn add(&self, call: CallId, effect: Effect) -> Waiting {
        let mut state = self.lock();
        let due = state.until.remove(&(call, effect));
        state.waiting.push(Settle { call, effect, due });
        match state.waiting.len() {
            1 => Waiting::First,
            few if few < MANY => Waiting::Some,
            _ => Waiting::Many,
        }
    }

    /// Whether any waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// All that wait, unless there are none or others are being deleted.
    pub(crate) fn take(&self) -> Option<Load<'_>> {
        let turn = self.turn.try_lock().ok()?;
        let settles = std::mem::take(&mut self.lock().waiting);
        (!settles.is_empty()).then_some(Load {
            settling: self,
            settles,
            _turn: turn,
        })
    }

    /// All that wait, once no others are being deleted. Until the load is
    /// dropped none are.
    pub(crate) async fn take_in_turn(&self) -> Load<'_> {
        let turn = self.turn.lock().await;
        let settles = std::mem::take(&mut self.lock().waiting);
        Load {
            settling: self,
            settles,
            _turn: turn,
        }
    }

    /// There are no effects any more.
    pub(crate) fn clear(&self) {
        *self.lock() = State::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Load<'_> {
    /// They are deleted.
    pub(crate) fn settled(mut self) {
        self.settles.clear();
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        if self.settles.is_empty() {
            return;
        }
        let mut state = self.settling.lock();
        state.waiting.append(&mut self.settles);
        state.waiting.truncate(MOST);
    }
}
