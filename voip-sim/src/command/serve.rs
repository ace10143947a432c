//! `voip-sim serve`.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use voip_sim::engine::Surplus;
use voip_sim::seed::Seed;
use voip_sim::{Simulator, SimulatorConfig};

#[derive(Args)]
pub(crate) struct Serve {
    /// Address to listen on. The control interface is open to whoever reaches it, so any but a
    /// loopback address needs --allow-remote-clients.
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// The simulated account.
    #[arg(long, default_value = "AC00000000000000000000000000000000")]
    account_sid: String,
    /// Its auth token, which also signs webhooks.
    #[arg(long, default_value = "simulated-auth-token")]
    auth_token: String,
    /// An API key of the account: it signs the access tokens of voice clients.
    #[arg(long, default_value = "SK00000000000000000000000000000000")]
    api_key_sid: String,
    /// Its secret.
    #[arg(long, default_value = "simulated-api-secret")]
    api_key_secret: String,
    /// UDP port of the sound of browsers; 0 takes a free one.
    #[cfg(feature = "media")]
    #[arg(long, default_value_t = 0)]
    media_port: u16,
    /// Where browsers send their sound, if it listens on all addresses.
    #[cfg(feature = "media")]
    #[arg(long, default_value = "127.0.0.1")]
    media_address: IpAddr,
    /// Asked what to do with inbound calls.
    #[arg(long)]
    voice_url: Option<String>,
    /// Told how inbound calls ended.
    #[arg(long)]
    status_url: Option<String>,
    /// Calls placed over REST in one second; those above are refused with 429.
    #[arg(long)]
    calls_per_second: Option<NonZeroU32>,
    /// Calls above that rate wait for their turn instead.
    #[arg(long)]
    queue_surplus: bool,
    /// All randomness follows from it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A JSON file with telephones, clients, numbers, an application and faults.
    #[arg(long)]
    seed_file: Option<PathBuf>,
    /// Lets webhooks go to other machines than this one.
    #[arg(long)]
    allow_remote_webhooks: bool,
    /// Lets other machines than this one drive the simulator.
    #[arg(long)]
    allow_remote_clients: bool,
}

/// Runs a simulator until it is interrupted.
pub(crate) async fn serve(arguments: Serve) -> Result<(), String> {
    if !arguments.bind.is_loopback() && !arguments.allow_remote_clients {
        return Err(format!(
            "{} is not a loopback address, and whoever reaches the simulator can drive it; \
             --allow-remote-clients allows it",
            arguments.bind
        ));
    }
    let seed = match &arguments.seed_file {
        None => Seed::default(),
        Some(path) => read(path)?,
    };
    let mut config = SimulatorConfig::new(&arguments.account_sid, arguments.auth_token)
        .bind(SocketAddr::from((arguments.bind, arguments.port)))
        .api_key(&arguments.api_key_sid, arguments.api_key_secret)
        .seed(arguments.seed);
    #[cfg(feature = "media")]
    {
        config.media.port = arguments.media_port;
        config.media.address = arguments.media_address;
    }
    config.engine.number.voice_url = arguments.voice_url;
    config.engine.number.status_url = arguments.status_url;
    config.engine.calls_per_second = arguments.calls_per_second;
    if arguments.queue_surplus {
        config.engine.surplus = Surplus::Queue;
    }
    config.allow_remote_webhooks = arguments.allow_remote_webhooks;
    let simulator = Simulator::start_with(config)
        .await
        .map_err(|error| format!("it cannot listen on port {}: {error}", arguments.port))?;
    simulator.plant(seed).map_err(|error| error.to_string())?;
    let (base, account) = (simulator.base_url(), &arguments.account_sid);
    let mut out = std::io::stdout();
    let told = writeln!(
        out,
        "page     {base}/\n\
         REST     {base}/2010-04-01/Accounts/{account}/Calls.json\n\
         control  {base}/sim/calls\n\
         live     {base}/sim/events\n\
         browsers {}\n\
         seed     {}",
        browsers(&simulator),
        arguments.seed
    );
    told.and_then(|()| out.flush())
        .map_err(|error| error.to_string())?;
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| error.to_string())?;
    simulator.stop().await;
    Ok(())
}

#[cfg(feature = "media")]
fn browsers(simulator: &Simulator) -> String {
    format!(
        "{} {}",
        simulator.signal_url(),
        simulator.secure_signal_url()
    )
}

#[cfg(not(feature = "media"))]
fn browsers(_: &Simulator) -> &'static str {
    "not without the feature media"
}

fn read(path: &std::path::Path) -> Result<Seed, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read(path).map_err(|error| told(&error))?;
    Seed::parse(&text).map_err(|error| told(&error))
}
