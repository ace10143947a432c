use std::{collections::HashSet, sync::Arc, time::Duration};

use voip_core::CallId;

use super::{
    Batch, Connections, Done, Fault, Lease, Server, Settling, Work, Write, Written,
    recalling::Recalling,
};

/// How long those whose writes are committed wait for a look that spares some of
/// them one of their own.
const LOOK: Duration = Duration::from_millis(100);

/// Carries out writes of calls, a batch at a time.
pub(super) struct Writing<D: Server> {
    pub(super) connections: Connections<D>,
    pub(super) settling: Arc<Settling>,
    pub(super) recalling: Arc<Recalling>,
}

impl<D: Server> Work for Writing<D> {
    type Job = Write;
    type Done = Done;

    fn about(job: &Write) -> Option<CallId> {
        job.about()
    }

    async fn run(&self, jobs: &[Write]) -> Result<Vec<Done>, Fault> {
        let load = if jobs.iter().any(|job| matches!(job, Write::Settle)) {
            Some(self.settling.take_in_turn().await)
        } else {
            self.settling.take()
        };
        let batch = Batch::of(jobs, load.as_ref());
        let mut lease = self.connections.lease().await?;
        let outcome = lease.clock().run(D::carry_out(lease.db(), &batch)).await;
        let written = match outcome {
            Ok(written) => {
                self.look_for_reports(lease, &batch, &written).await;
                Ok(written)
            }
            Err(stopped) => lease.end(Err(stopped)),
        };
        batch.finish(jobs, written, load, &self.settling)
    }
}

impl<D: Server> Writing<D> {
    /// Finds out which of the legs that were just committed nobody has reported
    /// on: whoever has written them will ask, and has it cheaper so. Where that
    /// fails they are looked up then; what is written is written.
    async fn look_for_reports(&self, mut lease: Lease<D>, batch: &Batch<'_>, written: &Written) {
        let legs = batch.new_legs(written);
        let reported = match legs.is_empty() {
            true => Ok(Vec::new()),
            false => {
                let clock = lease.clock().at_most(LOOK);
                clock.run(D::reported(lease.db(), &legs)).await
            }
        };
        if let Ok(reported) = lease.end(reported) {
            let reported: HashSet<_> = reported.into_iter().collect();
            for leg in legs {
                match reported.contains(leg) {
                    true => self.recalling.found_reported(leg),
                    false => self.recalling.found_unreported(leg),
                }
            }
        }
    }
}
