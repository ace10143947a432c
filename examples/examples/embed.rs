//! The routes in an axum service of your own, with adapters of your choice.
//!
//! Here: everything in memory, calls by the simulator, the API below `/phone`
//! next to a route of the service itself.

#![allow(clippy::print_stdout)] // An example talks to whoever runs it.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voip_core::{
    AccountPorts, Accounts, CallSettings, Calls, Ports, RetryingTelephony, Users,
    ports::{Clock, EventBus, SystemClock, Telephony},
};
use voip_push::PushServices;
use voip_server::{
    App, AppParts, Background, Hub, Metrics,
    auth::{Argon2Passwords, Auth, HashingCost, SessionCookie, Tokens},
    config::{AuthMode, Limits, LoginConfig},
    dialer::DialerSetup,
    router,
};
use voip_sim::{Simulator, SimulatorConfig};
use voip_store::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioTelephony, TwilioWebhooks};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = "127.0.0.1:8080";
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; stop whatever listens there, a voip-server for one")
    })?;
    // Where the provider finds the routes: they are nested, so it is below.
    let public_url = format!("http://{}/phone", listener.local_addr()?);
    let callbacks = CallbackUrls::new(public_url.parse()?)?;

    // The page at /phone/index.html: sign-up, login and the log. It has no phone here.
    let dialer = DialerSetup {
        cookie: SessionCookie::new(&public_url.parse()?),
        phone: None,
    };

    let (account, token) = ("AC000000000000000000000000000000a1", "a-token");
    let simulator = SimulatorConfig::new(account, token)
        .voice_url(callbacks.inbound())
        .status_url(callbacks.inbound_status());
    let simulator = Simulator::start_with(simulator)
        .await
        .map_err(|error| format!("the simulator cannot listen: {error}"))?;
    let mut twilio = TwilioConfig::new(account.parse()?, AuthToken::new(token)?, callbacks);
    twilio.api_base_url = simulator.base_url().parse()?;
    let twilio = Arc::new(twilio);

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Arc::new(MemoryStore::default());
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::default());
    let telephony = TwilioTelephony::over_network(Arc::clone(&twilio))?;
    let telephony: Arc<dyn Telephony> = Arc::new(RetryingTelephony::new(
        Arc::new(telephony),
        Arc::clone(&clock),
    ));
    let ports = Ports {
        telephony: Arc::clone(&telephony),
        calls: Arc::clone(&store) as _,
        users: Arc::clone(&store) as _,
        push: Arc::new(PushServices::new(None, None)),
        cache: Arc::new(MemoryCache::new(Arc::clone(&clock))),
        bus: Arc::clone(&bus),
        limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock))),
        clock: Arc::clone(&clock),
    };
    let settings = CallSettings {
        default_from: Some("+15005550006".parse()?),
        ..CallSettings::default()
    };
    // Sign-up and login, at /phone/api/signup and /phone/api/login.
    let accounts = AccountPorts {
        accounts: Arc::clone(&store) as _,
        hasher: Arc::new(Argon2Passwords::new(HashingCost::default())?),
        limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock))),
        clock: Arc::clone(&clock),
    };
    let logins = LoginConfig::default();
    let app = App::new(AppParts {
        accounts: Accounts::new(accounts, logins.limits),
        logins,
        telephony,
        calls: Calls::new(ports, settings),
        users: Users::new(store, Arc::clone(&clock)),
        webhooks: Arc::new(TwilioWebhooks::new(&twilio)),
        hub: Arc::new(Hub::new(Arc::clone(&clock))),
        // Behind your own sign-in you may let everybody through here. Logins of
        // ours last as long as the accounts: as long as the process.
        auth: Auth::new(AuthMode::Open, Some(Tokens::with_fresh_key())),
        clock,
        dialer,
        redis: None,
        limits: Limits::default(),
        metrics: Metrics::default(),
        stopping: CancellationToken::new(),
        sockets: TaskTracker::new(),
    });

    // Events and deadlines are worked on for as long as this lives.
    let background = Background::start(&app, &bus);
    let service = Router::new()
        .route("/", get(async || "the service itself"))
        .nest("/phone", router(app.clone()));
    println!("the API is at {public_url}, try POST {public_url}/start-call");
    // With who connects, so that tries can be counted by address.
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;

    app.calls.finish().await;
    background.stop().await;
    simulator.stop().await;
    Ok(())
}
