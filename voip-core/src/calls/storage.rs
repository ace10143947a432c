//! Whether storage was out of order, and the word that it is back.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, futures::Notified};

/// How storage was when it was last swept.
#[derive(Debug, Default)]
pub(super) struct Storage {
    out_of_order: AtomicBool,
    back: Notify,
}

impl Storage {
    /// Storage did not do what a sweep wanted.
    pub(super) fn failed(&self) {
        self.out_of_order.store(true, Ordering::Relaxed);
    }

    /// Storage works; whether it has not before. Then whoever waits to try again
    /// need not wait any longer.
    pub(super) fn works(&self) -> bool {
        let back = self.out_of_order.swap(false, Ordering::Relaxed);
        if back {
            self.back.notify_waiters();
        }
        back
    }

    /// Returns when storage is back.
    pub(super) fn back(&self) -> Notified<'_> {
        self.back.notified()
    }
}
