use std::sync::Arc;

use voip_core::CallId;

use super::{Batch, Connections, Done, Fault, Server, Settling, Work, Write};

/// Carries out writes of calls, a batch at a time.
pub(super) struct Writing<D: Server> {
    pub(super) connections: Connections<D>,
    pub(super) settling: Arc<Settling>,
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
        let written = lease.end(outcome);
        batch.finish(jobs, written, load, &self.settling)
    }
}
