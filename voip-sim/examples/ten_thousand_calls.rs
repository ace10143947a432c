//! How much the simulator carries: that many calls at once (10 000 unless said otherwise), each
//! placed over REST, answered, redirected to a document of the application and ended over REST,
//! with all four status callbacks, everything over HTTP and in one process.
//!
//! `cargo run --release -p voip-sim --example ten_thousand_calls -- 10000`

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use voip_sim::phone::PhoneScript;
use voip_sim::{Simulator, SimulatorConfig};

type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Requests of the application that are out at the same time.
const AT_ONCE: usize = 64;

#[derive(Default)]
struct Told {
    documents: AtomicUsize,
    callbacks: AtomicUsize,
}

async fn app(State(told): State<Arc<Told>>, uri: Uri) -> Response {
    if uri.path() == "/answer" {
        told.documents.fetch_add(1, Ordering::Relaxed);
        let markup = "<Response><Say>Hello</Say><Pause length=\"3600\"/></Response>";
        return ([("content-type", "text/xml")], markup).into_response();
    }
    told.callbacks.fetch_add(1, Ordering::Relaxed);
    axum::http::StatusCode::NO_CONTENT.into_response()
}

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let count: usize = match std::env::args().nth(1) {
        None => 10_000,
        Some(text) => text.parse()?,
    };
    let mut out = std::io::stdout();
    let told = Arc::new(Told::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let router = Router::new().fallback(app).with_state(Arc::clone(&told));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let mut config = SimulatorConfig::default();
    config.engine.max_live_calls = count;
    config.engine.keep = count * 6;
    let (account, token) = (
        config.engine.account_sid.clone(),
        config.engine.auth_token.clone(),
    );
    let simulator = Arc::new(Simulator::start_with(config).await?);
    simulator.set_phone("+15550002222", PhoneScript::answers_after(Duration::ZERO));
    let rest = format!(
        "{}/2010-04-01/Accounts/{account}/Calls",
        simulator.base_url()
    );
    let http = reqwest::Client::builder().no_proxy().build()?;
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let ask = move |path: String, form: Vec<(&'static str, String)>| {
        let (http, turns) = (http.clone(), Arc::clone(&turns));
        let (account, token) = (account.clone(), token.expose().to_owned());
        async move {
            let _turn = turns.acquire_owned().await?;
            let request = http.post(path).basic_auth(account, Some(token)).form(&form);
            let answer = request.send().await?.error_for_status()?;
            let call: serde_json::Value = answer.json().await?;
            Ok::<_, Problem>(call["sid"].as_str().unwrap_or_default().to_owned())
        }
    };

    let begun = Instant::now();
    let mut placing = JoinSet::new();
    for _ in 0..count {
        let mut form = vec![
            ("To", "+15550002222".to_owned()),
            ("From", "+15005550006".to_owned()),
            ("Url", format!("{base}/answer")),
            ("StatusCallback", format!("{base}/status")),
        ];
        for event in ["initiated", "ringing", "answered", "completed"] {
            form.push(("StatusCallbackEvent", event.to_owned()));
        }
        placing.spawn(ask(format!("{rest}.json"), form));
    }
    let mut sids = Vec::with_capacity(count);
    while let Some(placed) = placing.join_next().await {
        sids.push(placed??);
    }
    writeln!(out, "placed {count} calls in {:.2?}", begun.elapsed())?;
    wait(&told.documents, count).await;
    wait(&told.callbacks, count * 3).await;
    let live = simulator.calls();
    let live = live.iter().filter(|call| !call.status.is_final()).count();
    writeln!(
        out,
        "{live} live at once, all answered and told after {:.2?}; {} MB",
        begun.elapsed(),
        resident_megabytes()
    )?;

    let ending = Instant::now();
    let mut ends = JoinSet::new();
    for sid in sids {
        let form = vec![("Status", "completed".to_owned())];
        ends.spawn(ask(format!("{rest}/{sid}.json"), form));
    }
    while let Some(ended) = ends.join_next().await {
        ended??;
    }
    wait(&told.callbacks, count * 4).await;
    let took = begun.elapsed();
    let webhooks = count * 5;
    writeln!(out, "all ended and told in {:.2?}", ending.elapsed())?;
    writeln!(
        out,
        "{webhooks} webhooks and {} REST requests in {took:.2?}: {:.0} a second",
        count * 2,
        (webhooks + count * 2) as f64 / took.as_secs_f64()
    )?;
    let lost = simulator.webhooks();
    let lost = lost.iter().filter(|webhook| webhook.attempts != 1).count();
    writeln!(out, "{lost} webhooks lost or repeated")?;
    Ok(())
}

/// Waits until that many have been counted.
async fn wait(counted: &AtomicUsize, wanted: usize) {
    while counted.load(Ordering::Relaxed) < wanted {
        // real time: it is what is measured.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What the process holds in memory, where the system tells.
fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
