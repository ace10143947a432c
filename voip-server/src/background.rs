use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use voip_core::ports::EventBus;

use crate::App;

/// The work that goes on whether or not a request comes in: handing events to
/// the sockets of this node, and sweeping up deadlines and what a crash left.
///
/// Dropping it stops the work at once; [`stop`](Self::stop) does so in order.
#[derive(Debug)]
pub struct Background {
    tasks: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

/// How often deadlines are looked at.
const SWEEP: Duration = Duration::from_millis(250);

impl Background {
    /// Begins the background work of `app`.
    pub fn start(app: &App, bus: &Arc<dyn EventBus>) -> Self {
        let stop = CancellationToken::new();
        let items = app.hub.listen(&**bus);
        let (hub, stopped) = (app.clone(), stop.clone());
        let events = tokio::spawn(async move {
            tokio::select! {
                () = hub.hub.run(items) => {}
                () = stopped.cancelled() => {}
            }
        });
        let (app, stopped) = (app.clone(), stop.clone());
        let sweeps = tokio::spawn(async move {
            tokio::select! {
                () = app.calls.keep_sweeping(SWEEP) => {}
                () = stopped.cancelled() => {}
            }
        });
        Self {
            tasks: vec![events, sweeps],
            stop,
        }
    }

    /// Ends the background work and waits for that.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for task in self.tasks.drain(..) {
            // A task that died has nothing left to end.
            let _ = task.await;
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
