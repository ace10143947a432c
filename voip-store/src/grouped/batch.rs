use std::collections::{HashMap, HashSet};

use voip_core::{
    CallId, ProviderCallId,
    ports::{Inserted, NewCall, Replaced, Version},
};

use super::{
    fault::{Class, Fault},
    jobs::{Done, Replacing, Saved, Write},
    settling::{Load, Settle, Settling},
};

/// Writes of calls that share a transaction, each kind together.
#[derive(Default)]
pub struct Batch<'a> {
    pub(crate) inserts: Vec<&'a NewCall>,
    /// In the order of their ids, so that no two nodes lock rows crosswise.
    pub(crate) replaces: Vec<&'a Replacing>,
    /// What is deleted along the way.
    pub(crate) settles: Vec<Settle>,
    /// What was to be deleted, had a write of this batch not asked for it anew.
    postponed: Vec<Settle>,
}

/// What a batch has written.
#[derive(Default)]
pub struct Written {
    pub(crate) inserted: HashMap<CallId, Inserted>,
    /// The calls that were at their version.
    pub(crate) replaced: HashSet<CallId>,
    /// Whether the only write of the batch named a leg that another call has.
    pub(crate) leg_taken: bool,
}

impl<'a> Batch<'a> {
    /// These jobs, and the effects that are settled along the way.
    pub(crate) fn of(jobs: &'a [Write], load: Option<&Load<'_>>) -> Self {
        let mut batch = Self::default();
        for job in jobs {
            match job {
                Write::Insert(new) => batch.inserts.push(new),
                Write::Replace(replacing) => batch.replaces.push(replacing),
                Write::Settle => {}
            }
        }
        batch.replaces.sort_by_key(|replacing| replacing.call.id);
        if let Some(load) = load {
            let asked = batch.asked();
            let (postponed, settles) = load
                .settles
                .iter()
                .partition(|settle| asked.contains(&(settle.call, settle.effect)));
            (batch.postponed, batch.settles) = (postponed, settles);
            batch
                .settles
                .sort_by_key(|settle| (settle.call, settle.effect));
        }
        batch
    }

    /// The legs that calls have got by this batch, and that somebody may have
    /// reported on before: not those of voice clients, about which nobody is told
    /// before their call is on record.
    pub(super) fn new_legs(&self, written: &Written) -> Vec<&'a ProviderCallId> {
        let inserted = self.inserts.iter().filter(|new| {
            let outcome = written.inserted.get(&new.call.id);
            matches!(outcome, Some(Inserted::New)) && new.call.far.is_none()
        });
        let replaced = self
            .replaces
            .iter()
            .filter(|next| next.gets_leg && written.replaced.contains(&next.call.id));
        let inserted = inserted.filter_map(|new| new.call.provider_id.as_ref());
        let replaced = replaced.filter_map(|next| next.call.provider_id.as_ref());
        inserted.chain(replaced).collect()
    }

    fn asked(&self) -> HashSet<(CallId, voip_core::Effect)> {
        let inserts = self.inserts.iter().map(|new| (new.call.id, &new.effects));
        let replaces = self
            .replaces
            .iter()
            .map(|next| (next.call.id, &next.effects));
        let all = inserts.chain(replaces);
        all.flat_map(|(call, effects)| effects.iter().map(move |effect| (call, *effect)))
            .collect()
    }

    /// How many statements it takes at least.
    pub(crate) fn kinds(&self) -> usize {
        usize::from(!self.inserts.is_empty())
            + usize::from(!self.replaces.is_empty())
            + usize::from(!self.settles.is_empty())
    }

    /// Remembers whose the effects are now, and tells what became of each job.
    pub(crate) fn finish(
        self,
        jobs: &[Write],
        written: Result<Written, Fault>,
        load: Option<Load<'_>>,
        settling: &Settling,
    ) -> Result<Vec<Done>, Fault> {
        let mut written = written.inspect_err(|fault| {
            if fault.class == Class::Lost {
                self.forget(settling);
            }
        })?;
        for new in &self.inserts {
            if matches!(written.inserted.get(&new.call.id), Some(Inserted::New)) {
                settling.hold(new.call.id, &new.effects, new.effects_due);
            }
        }
        for next in &self.replaces {
            if written.replaced.contains(&next.call.id) {
                settling.hold(next.call.id, &next.effects, next.effects_due);
            }
        }
        if let Some(mut load) = load {
            // Asked for anew, they are new; where that came to nothing, they
            // still have to go.
            load.settles = self.postponed;
            load.settles.retain(|settle| {
                let inserted = written.inserted.get(&settle.call);
                !written.replaced.contains(&settle.call) && !matches!(inserted, Some(Inserted::New))
            });
        }
        Ok(jobs.iter().map(|job| outcome(job, &mut written)).collect())
    }

    /// Nobody knows whether the effects are as this batch would have them.
    fn forget(&self, settling: &Settling) {
        for new in &self.inserts {
            settling.forget(new.call.id, &new.effects);
        }
        for next in &self.replaces {
            settling.forget(next.call.id, &next.effects);
        }
    }
}

fn outcome(job: &Write, written: &mut Written) -> Done {
    match job {
        Write::Insert(new) => match written.inserted.remove(&new.call.id) {
            Some(inserted) => Done::Inserted(inserted),
            None => Done::Undone,
        },
        Write::Replace(_) if written.leg_taken => Done::Saved(Saved::LegTaken),
        Write::Replace(next) if written.replaced.contains(&next.call.id) => {
            Done::Saved(Saved::As(Replaced::Done(Version(next.version.0 + 1))))
        }
        Write::Replace(_) => Done::Saved(Saved::As(Replaced::Conflict)),
        Write::Settle => Done::Settled,
    }
}
