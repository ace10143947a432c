//! The simulator over real sockets, in real time.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::call_handle::{self, CallHandle};
use crate::config::SimulatorConfig;
use crate::engine::{Application, DriveError};
#[cfg(feature = "media")]
use crate::faults::Losses;
use crate::faults::{Faults, RestFault, RestTarget, WebhookFault, WebhookTarget};
use crate::inspect::{CallView, JournalEntry, Orphan, RecordingView, RoomView, WebhookView};
use crate::phone::{ClientScript, PhoneScript};
use crate::scripts::Script;
use crate::secret::AuthToken;
use crate::seed::{Seed, SeedError};
use crate::shell::{self, Shared};
use crate::sid::CallSid;

/// How long [`Simulator::stop`] waits for requests that are being answered.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// A running simulator: an HTTP server with the REST interface and the control interface, and a
/// task that makes its webhooks.
///
/// It stops when it is dropped; [`stop`](Self::stop) also waits until it has.
pub struct Simulator {
    account: String,
    token: AuthToken,
    addr: SocketAddr,
    shared: Shared,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Starts one on loopback and a free port, with an account of its own.
    ///
    /// # Errors
    /// When no port is free, or no HTTP client can be made.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(SimulatorConfig::default()).await
    }

    /// Binds the address and starts.
    ///
    /// # Errors
    /// When the address cannot be bound, or no HTTP client can be made.
    pub async fn start_with(config: SimulatorConfig) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(config.bind).await?;
        let addr = listener.local_addr()?;
        let mut engine = config.engine;
        engine.public_base = format!("http://{addr}");
        let (account, token) = (engine.account_sid.clone(), engine.auth_token.clone());
        let shared = Shared::new(engine);
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        let postman = shell::Postman::new(config.allow_remote_webhooks)?;
        tasks.spawn(shell::drive(
            shared.clone(),
            postman,
            tasks.clone(),
            stopping.clone(),
        ));
        #[cfg(feature = "media")]
        {
            use crate::browser::Exchange;

            let bound = Exchange::bind(shared.clone(), addr, &config.media).await?;
            let (exchange, handle) = bound;
            shared.with_exchange(handle);
            tasks.spawn(exchange.run(stopping.clone()));
        }
        tasks.spawn(shell::serve(listener, shared.clone(), stopping.clone()));
        tasks.close();
        Ok(Self {
            account,
            token,
            addr,
            shared,
            stopping,
            tasks,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What to put in place of `https://api.twilio.com`; no trailing slash.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where browsers speak with it: a plain WebSocket.
    #[cfg(feature = "media")]
    pub fn signal_url(&self) -> String {
        format!("ws://{}/signal", self.addr)
    }

    /// The same over TLS, with a certificate that nobody vouches for. It is the same port.
    #[cfg(feature = "media")]
    pub fn secure_signal_url(&self) -> String {
        format!("wss://{}/signal", self.addr)
    }

    /// Its account, which REST requests name.
    pub fn account_sid(&self) -> &str {
        &self.account
    }

    /// The account's auth token, which authenticates REST requests and signs webhooks.
    pub fn auth_token(&self) -> &AuthToken {
        &self.token
    }

    /// Somebody calls one of the application's numbers.
    ///
    /// # Errors
    /// [`DriveError::BadNumber`].
    pub async fn place_call(&self, from: &str, to: &str) -> Result<CallSid, DriveError> {
        self.shared
            .turn(|engine, now| engine.place_call(now, from, to))
    }

    /// A voice client places a call through the TwiML App.
    ///
    /// # Errors
    /// [`DriveError::BadIdentity`], [`DriveError::NoApplication`].
    pub async fn place_client_call(
        &self,
        identity: &str,
        parameters: &[(String, String)],
    ) -> Result<CallSid, DriveError> {
        self.shared
            .turn(|engine, now| engine.place_client_call(now, identity, parameters))
    }

    /// The person at the far end of this leg hangs up.
    ///
    /// # Errors
    /// As [`Engine::hang_up`](crate::engine::Engine::hang_up).
    pub async fn hang_up(&self, sid: &CallSid) -> Result<(), DriveError> {
        self.shared.turn(|engine, now| engine.hang_up(now, sid))
    }

    /// The person at the far end of a ringing leg answers by hand.
    ///
    /// # Errors
    /// As [`Engine::pick_up`](crate::engine::Engine::pick_up).
    pub async fn pick_up(&self, sid: &CallSid) -> Result<(), DriveError> {
        self.shared.turn(|engine, now| engine.pick_up(now, sid))
    }

    /// The person at the far end of a ringing leg declines.
    ///
    /// # Errors
    /// As [`Engine::reject`](crate::engine::Engine::reject).
    pub async fn reject(&self, sid: &CallSid) -> Result<(), DriveError> {
        self.shared.turn(|engine, now| engine.reject(now, sid))
    }

    /// The person at the far end of a ringing leg lets it ring.
    ///
    /// # Errors
    /// As [`Engine::ignore`](crate::engine::Engine::ignore).
    pub async fn ignore(&self, sid: &CallSid) -> Result<(), DriveError> {
        self.shared.turn(|engine, now| engine.ignore(now, sid))
    }

    /// The person at the far end presses keys.
    ///
    /// # Errors
    /// As [`Engine::press`](crate::engine::Engine::press).
    pub async fn press(&self, sid: &CallSid, keys: &str) -> Result<(), DriveError> {
        self.shared.turn(|engine, now| engine.press(now, sid, keys))
    }

    /// All legs that are still known, oldest first.
    pub fn calls(&self) -> Vec<CallView> {
        self.shared.look(|engine, _| engine.calls())
    }

    /// One leg, to look at, to drive, and to wait for.
    pub fn call(&self, sid: &CallSid) -> CallHandle<'_> {
        CallHandle::new(&self.shared, sid.clone())
    }

    /// Waits until there is a leg as wished, and takes the newest such.
    ///
    /// # Panics
    /// When there is none after half a minute: it is an assertion.
    pub async fn call_that(&self, wished: impl Fn(&CallView) -> bool) -> CallHandle<'_> {
        call_handle::call_that(&self.shared, wished).await
    }

    /// What happened so far, oldest first, as far back as the journal goes.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.shared.look(|engine, _| engine.journal(0, usize::MAX))
    }

    /// All recordings that are still known, oldest first.
    pub fn recordings(&self) -> Vec<RecordingView> {
        self.shared.look(|engine, _| engine.recordings())
    }

    /// Sets up what a seed says; the rest stays as it is.
    ///
    /// # Errors
    /// [`SeedError`]; nothing has changed then.
    pub fn plant(&self, seed: Seed) -> Result<(), SeedError> {
        self.shared.turn(|engine, _| engine.plant(seed))
    }

    /// Sets up the circumstances of a script.
    ///
    /// # Errors
    /// [`SeedError`], for a script of one's own.
    pub fn run_script(&self, script: Script) -> Result<(), SeedError> {
        self.shared.turn(|engine, _| engine.run_script(script))
    }

    /// The legs of a voice client, whether it called or was called, oldest first.
    pub fn client_calls(&self, identity: &str) -> Vec<CallView> {
        self.shared.look(|engine, _| engine.client_calls(identity))
    }

    /// All conferences that are still known, oldest first.
    pub fn rooms(&self) -> Vec<RoomView> {
        self.shared.look(|engine, _| engine.rooms())
    }

    /// Live legs whose partners have all gone.
    pub fn orphans(&self) -> Vec<Orphan> {
        self.shared.look(|engine, now| engine.orphans(now))
    }

    /// The webhooks made so far and the application's answers, oldest first.
    pub fn webhooks(&self) -> Vec<WebhookView> {
        self.shared.look(|engine, _| engine.webhooks())
    }

    /// The same, from the one with this number on: see
    /// [`WebhookId::get`](crate::webhook::WebhookId::get).
    pub fn webhooks_from(&self, first: u64) -> Vec<WebhookView> {
        self.shared.turn(|engine, _| engine.webhooks_from(first))
    }

    /// Scripts the telephone with this number.
    pub fn set_phone(&self, number: impl Into<String>, script: PhoneScript) {
        self.shared
            .turn(|engine, _| engine.set_phone(number, script));
    }

    /// Scripts the voice client with this identity.
    pub fn set_client(&self, identity: impl Into<String>, script: ClientScript) {
        self.shared
            .turn(|engine, _| engine.set_client(identity, script));
    }

    /// A voice client signs in; calls to it ring until somebody answers, declines or gives up.
    pub fn register_client(&self, identity: impl Into<String>) {
        self.shared
            .turn(|engine, _| engine.register_client(identity));
    }

    /// A voice client signs out; calls to it end `no-answer` at once.
    pub fn unregister_client(&self, identity: impl Into<String>) {
        self.shared
            .turn(|engine, _| engine.unregister_client(identity));
    }

    /// What webhooks and REST requests go through from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.turn(|engine, _| engine.set_faults(faults));
    }

    /// What browsers lose on the way from now on.
    #[cfg(feature = "media")]
    pub fn set_losses(&self, losses: Losses) {
        if let Some(exchange) = self.shared.exchange() {
            exchange.lose(losses);
        }
    }

    /// Lets the next matching REST requests meet this fault.
    pub fn fail_next_rest(&self, target: RestTarget, fault: RestFault, times: usize) {
        self.shared
            .turn(|engine, _| engine.fail_next_rest(target, fault, times));
    }

    /// Lets the next matching REST requests whose path has this SID meet this fault.
    pub fn fail_next_rest_about(
        &self,
        sid: impl Into<String>,
        target: RestTarget,
        fault: RestFault,
        times: usize,
    ) {
        self.shared
            .turn(|engine, _| engine.fail_next_rest_about(sid, target, fault, times));
    }

    /// Lets the next matching webhooks meet this fault. [`CallHandle::fail_next_webhook`] does so
    /// for those of one leg.
    pub fn fail_next_webhook(&self, target: WebhookTarget, fault: WebhookFault, times: usize) {
        self.shared
            .turn(|engine, _| engine.fail_next_webhook(target, fault, times));
    }

    /// Lets the next matching webhooks about this leg or conference meet this fault.
    pub fn fail_next_webhook_about(
        &self,
        sid: impl Into<String>,
        target: WebhookTarget,
        fault: WebhookFault,
        times: usize,
    ) {
        self.shared
            .turn(|engine, _| engine.fail_next_webhook_about(sid, target, fault, times));
    }

    /// Asks this address what to do with inbound calls from now on.
    pub fn set_voice_url(&self, url: impl Into<String>) {
        let url = url.into();
        self.shared.turn(|engine, _| {
            let mut number = engine.number().clone();
            number.voice_url = Some(url);
            engine.set_number(number);
        });
    }

    /// Tells this address how inbound calls ended from now on.
    pub fn set_status_url(&self, url: impl Into<String>) {
        let url = url.into();
        self.shared.turn(|engine, _| {
            let mut number = engine.number().clone();
            number.status_url = Some(url);
            engine.set_number(number);
        });
    }

    /// Changes the TwiML App that voice clients call through.
    pub fn set_application(&self, application: Option<Application>) {
        self.shared
            .turn(|engine, _| engine.set_application(application));
    }

    /// Forgets all calls, scripts, webhooks and faults.
    pub fn reset(&self) {
        self.shared.turn(|engine, now| engine.reset(now));
    }

    /// Stops listening and sending, and waits (at most five seconds) for what is being answered.
    pub async fn stop(self) {
        self.stopping.cancel();
        // What has not ended by then ends with the runtime.
        let _ = tokio::time::timeout(STOP_GRACE, self.tasks.wait()).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}
