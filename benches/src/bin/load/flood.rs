//! Logins as fast as the server takes them, and what others notice of it.

use std::{
    cell::Cell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, task::LocalSet};

use crate::{
    Fault, app::App, client::Client, closed_loop::quantile, database::SHORT_LOG, goal,
    options::Options, place::Place, provider, report::Figure, request,
};

/// Its name on the command line.
pub(crate) const NAME: &str = "logins";

/// How many log in at a time, each again as soon as they have an answer.
const FLOOD: usize = 16;

/// How many others there are, and how long each waits between two requests.
const OTHERS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(40);

/// Measures it on the database at `place`.
pub(crate) fn measure(
    runtime: &Runtime,
    place: &Place,
    options: &Options,
) -> Result<Vec<Figure>, Fault> {
    let app = App::start(&options.server, place, provider::start()?)?;
    let time = options.time().max(Duration::from_secs(3));
    let tasks = LocalSet::new();
    let (logins, mut latencies) = runtime.block_on(tasks.run_until(run(&tasks, app.http, time)))?;
    latencies.sort_unstable();
    let rate = f64::from(logins) / time.as_secs_f64();
    let name = "a call log meanwhile, 200/s";
    Ok(vec![
        Figure::plain(
            format!("logins, {FLOOD} at a time"),
            format!("{rate:.0} a second"),
        ),
        Figure::plain(format!("{name}, median"), millis(quantile(&latencies, 50))),
        Figure::new(
            format!("{name}, p99"),
            quantile(&latencies, 99),
            goal::BESIDE_LOGINS,
            millis,
        ),
    ])
}

/// Returns how many logins were answered, and what the others waited.
async fn run(
    tasks: &LocalSet,
    server: SocketAddr,
    time: Duration,
) -> Result<(u32, Vec<Duration>), Fault> {
    let until = Instant::now() + time;
    let count = Rc::new(Cell::new(0));
    let flood: Vec<_> = (0..FLOOD)
        .map(|one| tasks.spawn_local(log_in(server, one, until, Rc::clone(&count))))
        .collect();
    let others: Vec<_> = (0..OTHERS)
        .map(|one| tasks.spawn_local(read(server, one, until)))
        .collect();
    let mut latencies = Vec::new();
    for other in others {
        latencies.extend(other.await??);
    }
    for one in flood {
        one.await??;
    }
    Ok((count.get(), latencies))
}

/// Nobody has these accounts, which takes the server as long to find out as
/// that a password is wrong.
async fn log_in(
    server: SocketAddr,
    one: usize,
    until: Instant,
    count: Rc<Cell<u32>>,
) -> Result<(), Fault> {
    let mut client = Client::connect(server).await?;
    for again in 0_u32.. {
        if Instant::now() >= until {
            break;
        }
        let body = format!(
            r#"{{"email":"nobody-{one}-{again}@example.com","password":"not-their-password"}}"#
        );
        match client
            .exchange(&request::post_json("/api/login", &body))
            .await?
        {
            401 => count.set(count.get() + 1),
            status => return Err(format!("a login was answered {status}").into()),
        }
    }
    Ok(())
}

/// What each request took from the moment it was meant to be sent.
async fn read(server: SocketAddr, one: u32, until: Instant) -> Result<Vec<Duration>, Fault> {
    let mut client = Client::connect(server).await?;
    let request = request::get(&format!("/api/call-logs/{}", SHORT_LOG.0));
    // The first has the server look which calls are live, of which there are many.
    client.exchange(&request).await?;
    let mut latencies = Vec::new();
    let mut meant = Instant::now() + PAUSE / OTHERS * one;
    while meant < until {
        tokio::time::sleep_until(meant.into()).await;
        match client.exchange(&request).await? {
            200 => latencies.push(meant.elapsed()),
            status => return Err(format!("a call log was answered {status}").into()),
        }
        meant += PAUSE;
    }
    Ok(latencies)
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
