use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voip_core::{
    Accounts, Calls, Users,
    ports::{Clock, Telephony, Webhooks},
};

use crate::{
    SharedHealth,
    auth::Auth,
    config::{Limits, LoginConfig},
    dialer::DialerSetup,
    metrics::Metrics,
    socket::Hub,
};

/// Everything the routes need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<AppParts>);

/// The parts of an [`App`].
#[derive(Debug)]
pub struct AppParts {
    /// The call service.
    pub calls: Calls,
    /// The user service.
    pub users: Users,
    /// The account service.
    pub accounts: Accounts,
    /// How logging in works.
    pub logins: LoginConfig,
    /// Makes the tokens of voice clients.
    pub telephony: Arc<dyn Telephony>,
    /// Reads the provider's requests.
    pub webhooks: Arc<dyn Webhooks>,
    /// The sockets of this node.
    pub hub: Arc<Hub>,
    /// Who calls.
    pub auth: Auth,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What the web dialer works with.
    pub dialer: DialerSetup,
    /// Redis, where nodes share one.
    pub redis: Option<Arc<dyn SharedHealth>>,
    /// How much is too much.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Metrics,
    /// Cancelled when the server is asked to stop.
    pub stopping: CancellationToken,
    /// The tasks of open sockets.
    pub sockets: TaskTracker,
}

impl App {
    /// An app of these parts.
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}
