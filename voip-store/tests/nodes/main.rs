//! What only databases on servers have to stand: several nodes at once, servers
//! that go away, addresses that are wrong, and tables of others.

#![cfg(any(feature = "postgres", feature = "mysql"))]
#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

mod losing;
mod paging;
mod samples;
#[path = "../servers/mod.rs"]
mod servers;
mod sharing;
mod starting;
mod writing;

/// Makes a test of each of these functions for each kind of database.
macro_rules! cases {
    ($($case:ident)+) => {
        #[cfg(feature = "postgres")]
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case::<crate::servers::postgres::PostgresSchema>().await;
                }
            )+
        }

        #[cfg(feature = "mysql")]
        mod mysql {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case::<crate::servers::mysql::MySqlDatabase>().await;
                }
            )+
        }
    };
}

pub(crate) use cases;
