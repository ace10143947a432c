use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::Semaphore;
use voip_core::{Error, ErrorKind, Result};

use super::{SqliteOptions, readers::Readers};

/// Reads that may take long, one after the other on a connection and a thread of
/// their own: whoever reads for microseconds never waits for one.
pub(super) struct LongReads {
    reader: Arc<Readers>,
    turn: Arc<Semaphore>,
}

impl LongReads {
    pub(super) fn new(options: SqliteOptions) -> Self {
        let options = SqliteOptions {
            readers: 1,
            ..options
        };
        Self {
            reader: Arc::new(Readers::new(options)),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Runs `query` when its turn comes, at the last commit by then. Who stops
    /// waiting before its turn leaves the queue.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let died = |_| Error::new(ErrorKind::Internal, "a read of a call log died");
        let turn = Arc::clone(&self.turn)
            .acquire_owned()
            .await
            .map_err(|_| Error::new(ErrorKind::Unavailable, "the database is closed"))?;
        let reader = Arc::clone(&self.reader);
        let read = move || {
            let _turn = turn;
            reader.read(query)
        };
        tokio::task::spawn_blocking(read).await.map_err(died)?
    }

    /// Closes the connection; reads fail from now on.
    pub(super) fn close(&self) {
        self.turn.close();
        self.reader.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::sqlite::connection;

    #[tokio::test]
    async fn short_reads_go_on_while_any_number_of_long_ones_wait() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::at(folder.path().join("voip.db"));
        drop(connection::writing(&options).unwrap());
        let (short, long) = (Readers::new(options.clone()), LongReads::new(options));
        let (begun, has_begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let first = long.read(move |_| {
            begun.send(()).unwrap();
            ended.recv().unwrap();
            Ok(1)
        });
        let others = futures_util::future::join_all((2..9).map(|n| long.read(move |_| Ok(n))));
        let meanwhile = async {
            tokio::task::spawn_blocking(move || has_begun.recv().unwrap())
                .await
                .unwrap();
            for _ in 0..9 {
                short
                    .read(|db| db.query_row("SELECT 1", [], |_| Ok(())))
                    .unwrap();
            }
            end.send(()).unwrap();
        };
        let (first, others, ()) = tokio::join!(first, others, meanwhile);
        assert_eq!(first.unwrap(), 1);
        let others: Vec<i32> = others.into_iter().map(Result::unwrap).collect();
        assert_eq!(others, [2, 3, 4, 5, 6, 7, 8]);
    }

    #[tokio::test]
    async fn once_closed_it_reads_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::at(folder.path().join("voip.db"));
        let long = LongReads::new(options);
        long.close();
        let refused = long.read(|_| Ok(())).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
    }
}
