//! Two hundred calls, and a server that is killed again and again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voip_sim::faults::{Faults, RestFault};
use voip_sim::inspect::CallView;

use crate::process::{
    Acknowledged, CALLER, Dice, Machine, Process, Provider, Seen, Storm, USER, USERS_NUMBER, until,
};

const CALLS: u64 = 200;

const KILLS: u64 = 15;

/// A seed that is new each time, unless `CRASH_SEED` repeats an earlier one.
fn seed() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is configured by nothing else"
    )]
    match std::env::var("CRASH_SEED") {
        Ok(text) => text.parse().expect("CRASH_SEED is a number"),
        Err(_) => Uuid::new_v4().as_u64_pair().0,
    }
}

/// Kills the server at random moments, some of them during its start.
async fn kill_and_restart(machine: &Machine, mut process: Process, mut dice: Dice) -> Process {
    for _ in 0..KILLS {
        // real time: this is the random moment.
        tokio::time::sleep(dice.millis(100..1_800)).await;
        process.kill();
        if dice.within(0..3) == 0 {
            let starting = machine.spawn();
            // real time: likewise.
            tokio::time::sleep(dice.millis(0..300)).await;
            starting.kill();
        }
        process = machine.start().await;
    }
    process
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again() {
    let seed = seed();
    println!("CRASH_SEED={seed}");
    let dice = Dice::new(seed);
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), seed).await;
    provider.sim.set_faults(Faults {
        repeat: 0.1,
        reorder: 0.1,
        reorder_within: Duration::from_millis(800),
        rest: 0.3,
        rest_fault: Some(RestFault::AnswerLate(Duration::from_millis(300))),
        ..Faults::default()
    });
    let machine = machine
        .set("TWILIO_API_BASE_URL", &provider.sim.base_url())
        .set("RING_TIME_SECONDS", "5")
        .set("OUTBOUND_TEXT", "Hello.");
    let process = machine.start().await;
    machine.client().register(USER, USERS_NUMBER).await;

    let storm = Storm::new(machine.client(), provider);
    let stop = CancellationToken::new();
    let watch = tokio::spawn(Arc::clone(&storm.witness).watch(stop.clone()));
    let calls = (0..CALLS).map(async |n| {
        let mut dice = dice.fork(n);
        // real time: the calls are spread over the kills.
        tokio::time::sleep(dice.millis(0..20_000)).await;
        storm.call(n, dice).await
    });
    let kills = kill_and_restart(&machine, process, dice.fork(CALLS));
    let (process, acknowledged) = tokio::join!(kills, join_all(calls));

    let patience = Duration::from_secs(30);
    until(
        "every call is over, at the provider and in the log",
        patience,
        async || {
            assert!(!watch.is_finished(), "the watch has seen something wrong");
            let over = |leg: CallView| leg.status.is_final();
            let settled = storm.provider.sim.calls().into_iter().all(over)
                && storm.witness.look().await
                && storm.witness.rows().iter().all(|row| row.status.is_final());
            settled.then_some(())
        },
    )
    .await;
    stop.cancel();
    watch.await.expect("the watch has seen nothing wrong");
    drop(process);

    let placed = acknowledged
        .iter()
        .filter(|a| matches!(a, Acknowledged::Placed { .. }))
        .count();
    assert!(placed > 50, "most calls go through, but only {placed} did");
    let seen = Seen::of(&storm.provider);
    for acknowledged in &acknowledged {
        storm.holds(acknowledged, &seen);
    }
    let (answered, talked) = acknowledged
        .iter()
        .filter_map(|acknowledged| match acknowledged {
            Acknowledged::Inbound {
                sid,
                answered: true,
                ..
            } => Some(usize::from(seen.talked(sid))),
            Acknowledged::Inbound { .. }
            | Acknowledged::Placed { .. }
            | Acknowledged::NotPlaced { .. } => None,
        })
        .fold((0, 0), |(all, talked), one| (all + 1, talked + one));
    println!("{talked} of {answered} that were answered talked");
    assert!(
        talked > 0 || answered == 0,
        "somebody who answers does talk"
    );
    let log = machine.log();
    assert!(!log.contains("panicked"), "the server never panics");
    assert!(
        !log.contains(&USERS_NUMBER[1..]) && !log.contains(&CALLER[1..]),
        "no numbers in logs"
    );
}
