//! As fast as the server answers: each connection sends its next request when
//! it has the answer to the one before.

use std::{
    cell::Cell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::task::LocalSet;

use crate::{Fault, client::Client, process::Process};

/// What one connection sends.
pub(crate) enum Lane {
    /// The same request again and again.
    Same(Vec<u8>),
    /// Each of these once. When one lane has sent all of its own, the run is
    /// over.
    Each(Vec<Vec<u8>>),
}

/// What came of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Answers a second.
    pub(crate) rate: f64,
    /// The server's processor time for each.
    pub(crate) processor_time: Duration,
    /// What half of the requests took at most.
    pub(crate) median: Duration,
    /// What 99 of 100 requests took at most.
    pub(crate) p99: Duration,
}

/// Sends what is in `lanes`, each over a connection of its own, for `time`.
///
/// # Errors
/// When a connection breaks, or an answer is not a success.
pub(crate) async fn run(
    process: &Process,
    addr: SocketAddr,
    lanes: Vec<Lane>,
    time: Duration,
) -> Result<Run, Fault> {
    let mut clients = Vec::new();
    for lane in lanes {
        clients.push((Client::connect(addr).await?, lane));
    }
    let over = Rc::new(Cell::new(false));
    let tasks = LocalSet::new();
    let (before, began) = (process.processor_time()?, Instant::now());
    let until = began + time;
    let running: Vec<_> = clients
        .into_iter()
        .map(|(client, lane)| tasks.spawn_local(drive(client, lane, until, Rc::clone(&over))))
        .collect();
    let mut latencies = Vec::new();
    let outcome = tasks.run_until(async {
        for task in running {
            latencies.extend(task.await??);
        }
        Ok::<_, Fault>(())
    });
    outcome.await?;
    let (took, after) = (began.elapsed(), process.processor_time()?);
    let count = u32::try_from(latencies.len())?;
    if count == 0 {
        return Err("nothing was answered".into());
    }
    latencies.sort_unstable();
    Ok(Run {
        rate: f64::from(count) / took.as_secs_f64(),
        processor_time: after.saturating_sub(before) / count,
        median: quantile(&latencies, 50),
        p99: quantile(&latencies, 99),
    })
}

/// What `percent` of sorted values are at most.
pub(crate) fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}

async fn drive(
    mut client: Client,
    lane: Lane,
    until: Instant,
    over: Rc<Cell<bool>>,
) -> Result<Vec<Duration>, Fault> {
    let mut latencies = Vec::with_capacity(64 * 1024);
    let mut sent = Instant::now();
    let mut place = 0;
    while !over.get() && sent < until {
        let request = match &lane {
            Lane::Same(request) => request,
            Lane::Each(requests) => match requests.get(place) {
                Some(request) => request,
                None => break,
            },
        };
        place += 1;
        let status = client.exchange(request).await?;
        if !(200..300).contains(&status) {
            over.set(true);
            return Err(format!("the server answered {status}").into());
        }
        let answered = Instant::now();
        latencies.push(answered - sent);
        sent = answered;
    }
    over.set(true);
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let values: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(quantile(&values, 50), Duration::from_millis(100));
        assert_eq!(quantile(&values, 99), Duration::from_millis(198));
        assert_eq!(quantile(&values, 100), Duration::from_millis(200));
        assert_eq!(quantile(&[], 50), Duration::ZERO);
    }
}
