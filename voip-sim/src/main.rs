//! `voip-sim`: the Twilio Voice simulator as a program of its own.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use clap::Parser;
use voip_sim::{Simulator, SimulatorConfig};

/// A Twilio Voice simulator: takes REST calls, executes TwiML, signs webhooks.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on; the control interface is open to whoever reaches it.
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
    /// Asked what to do with inbound calls.
    #[arg(long)]
    voice_url: Option<String>,
    /// Told how inbound calls ended.
    #[arg(long)]
    status_url: Option<String>,
    /// Calls placed over REST above that many a second are refused with 429.
    #[arg(long)]
    calls_per_second: Option<NonZeroU32>,
    /// All randomness follows from it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Lets webhooks go to other machines than this one.
    #[arg(long)]
    allow_remote_webhooks: bool,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let mut config = SimulatorConfig::new(&arguments.account_sid, arguments.auth_token)
        .bind(SocketAddr::from((arguments.bind, arguments.port)))
        .seed(arguments.seed);
    config.engine.number.voice_url = arguments.voice_url;
    config.engine.number.status_url = arguments.status_url;
    config.engine.calls_per_second = arguments.calls_per_second;
    config.allow_remote_webhooks = arguments.allow_remote_webhooks;
    let simulator = Simulator::start(config).await?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "REST     {}/2010-04-01/Accounts/{}/Calls.json",
        simulator.base_url(),
        arguments.account_sid
    )?;
    writeln!(out, "control  {}/sim/calls", simulator.base_url())?;
    writeln!(out, "seed     {}", arguments.seed)?;
    out.flush()?;
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}
