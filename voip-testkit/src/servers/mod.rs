//! Servers of one's own, for tests that stop, pause and kill them.
//!
//! [`PrivateServer`] runs a Redis, a MariaDB or a PostgreSQL on a free port of
//! this machine, in a temporary folder that goes with it. Tests that only need
//! a database or a cache use those that `scripts/services` has started, which
//! are shared: [`shared_url`] names them.

mod mariadb;
mod port;
mod postgres;
mod private_server;
mod program;
mod redis;
mod signal;
mod watchdog;

pub use private_server::PrivateServer;

pub(crate) use port::free_port;

/// Set where the machine is meant to have the servers, so that missing one is a
/// failure; elsewhere the test is left out.
const REQUIRED: &str = "REQUIRE_SERVICES";

/// The address of a server that tests share, out of this variable, such as
/// `VOIP_TEST_REDIS_URL`. `None` where it is not set: the test is left out.
///
/// # Panics
/// Where it is not set though `REQUIRE_SERVICES` is: then it has to be.
pub fn shared_url(variable: &str) -> Option<String> {
    let url = read(variable).filter(|url| !url.is_empty());
    assert!(
        url.is_some() || !are_required(),
        "{variable} is not set, but {REQUIRED} is: run this by scripts/services"
    );
    url
}

fn are_required() -> bool {
    read(REQUIRED).is_some()
}

#[allow(clippy::disallowed_methods)] // It is about the tests, not about the server.
fn read(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}
