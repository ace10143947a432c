//! Waiting a moment, so that more writes share a commit.

use std::time::Duration;

use tokio::sync::mpsc;

use super::writer::{BATCH, Write};

/// How long a batch that is smaller than the one before waits for more. Writers
/// that were just told come back together; one flush is cheaper than two.
pub(super) const GATHERING: Duration = Duration::from_micros(100);

/// The smallest batch that tells of many writers.
const MANY: usize = 8;

/// Waits for more writes where the batch before had many and this one has
/// fewer, and takes what came.
pub(super) fn gather(
    queue: &mut mpsc::Receiver<Box<dyn Write>>,
    writes: &mut Vec<Box<dyn Write>>,
    last: usize,
    wait: impl FnOnce(),
) {
    if last < MANY || writes.len() >= last {
        return;
    }
    wait();
    while writes.len() < BATCH
        && let Ok(write) = queue.try_recv()
    {
        writes.push(write);
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    struct Nothing;

    impl Write for Nothing {
        fn run(&mut self, _: &Connection) -> rusqlite::Result<()> {
            Ok(())
        }

        fn is_awaited(&self) -> bool {
            true
        }

        fn tell(self: Box<Self>, _: voip_core::Result<()>) {}
    }

    fn write() -> Box<dyn Write> {
        Box::new(Nothing)
    }

    #[test]
    fn a_batch_waits_for_those_who_wrote_with_the_last_one() {
        for (last, has, waits) in [
            (MANY, 1, true),
            (MANY, MANY - 1, true),
            (MANY, MANY, false),
            (MANY - 1, 1, false),
            (0, 1, false),
            (BATCH, BATCH - 1, true),
        ] {
            let (sender, mut queue) = mpsc::channel(BATCH);
            let mut writes: Vec<_> = (0..has).map(|_| write()).collect();
            let come = || {
                for _ in 0..3 {
                    let sent = sender.try_send(write());
                    sent.unwrap_or_else(|_| panic!("there is room"));
                }
            };
            gather(&mut queue, &mut writes, last, come);
            let expected = if waits { (has + 3).min(BATCH) } else { has };
            assert_eq!(writes.len(), expected, "{has} after {last}");
        }
    }
}
