use std::sync::{Arc, atomic::Ordering};

use async_trait::async_trait;
use rusqlite::Connection;
use voip_core::{
    Call, CallId, Effect, Error, ErrorKind, ProviderCallId, Result, Timestamp, UserId,
    ports::{
        CallStore, ClaimedEffect, EffectLease, Held, Inserted, LegReport, LogChange, LogEntry,
        LogQuery, NewCall, Replaced, Version,
    },
};

use super::{
    SqliteStore, deleting, effects, finding, listing, live, log_lines,
    saving::{self, Added, Saved},
};

#[async_trait]
impl CallStore for SqliteStore {
    async fn insert(&self, new: NewCall) -> Result<Inserted> {
        let (recent, listing) = (Arc::clone(&self.recent), Arc::clone(&self.listing));
        let call = Arc::new(new.call.clone());
        let put = Arc::clone(&call);
        let add = move |db: &Connection| {
            let added = saving::insert(db, &new)?;
            if let Added::New(row) = added {
                listing.put(&call, row);
            }
            Ok(added)
        };
        let remember = move |added: &Added| match added {
            Added::New(_) => recent.put(put, Version(0)),
            Added::Known(_) => {}
        };
        match self.writer.write_then(add, remember).await? {
            Added::New(_) => Ok(Inserted::New),
            Added::Known(held) => Ok(Inserted::Known(*held)),
        }
    }

    async fn known(&self, new: &NewCall) -> Result<Option<Held>> {
        self.readers
            .read(|db| saving::known(db, &new.call, new.key.as_ref()))
    }

    async fn call(&self, id: &CallId) -> Result<Option<Held>> {
        match self.recent.find(id) {
            Some(held) => Ok(Some(held)),
            None => self.readers.read(|db| finding::call(db, id)),
        }
    }

    async fn call_by_provider_id(&self, id: &ProviderCallId) -> Result<Option<Held>> {
        match self.recent.find_by_leg(id) {
            Some(held) => Ok(Some(held)),
            None => self.readers.read(|db| finding::call_by_leg(db, id)),
        }
    }

    async fn replace(
        &self,
        call: &Call,
        version: Version,
        effects: &[Effect],
        effects_due: Timestamp,
    ) -> Result<Replaced> {
        let (call, effects) = (Arc::new(call.clone()), Vec::from(effects));
        let (recent, saved) = (Arc::clone(&self.recent), Arc::clone(&call));
        let listing = Arc::clone(&self.listing);
        let remember = move |outcome: &Saved| match outcome {
            Saved::Done(version) => recent.put(saved, *version),
            Saved::Conflict(Some(held)) => recent.put(Arc::new(held.call.clone()), held.version),
            Saved::Conflict(None) => recent.forget(&saved.id),
            Saved::LegTaken => {}
        };
        let saved = self
            .writer
            .write_then(
                move |db| saving::replace(db, &listing, &call, version, &effects, effects_due),
                remember,
            )
            .await?;
        match saved {
            Saved::Done(version) => Ok(Replaced::Done(version)),
            Saved::Conflict(_) => Ok(Replaced::Conflict),
            Saved::LegTaken => Err(Error::new(ErrorKind::Refused, "another call has this leg")),
        }
    }

    async fn due_calls(&self, now: Timestamp, limit: usize) -> Result<Vec<CallId>> {
        self.readers.read(|db| finding::due_calls(db, now, limit))
    }

    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>> {
        // Sweeps ask all the time, and nearly always there is nothing.
        if !self.writer.has_lazy() && !self.readers.read(|db| effects::any_due(db, now))? {
            return Ok(Vec::new());
        }
        self.writer
            .write(move |db| effects::claim(db, now, lease_until, limit))
            .await
    }

    async fn renew_leases(&self, leases: &[EffectLease], until: Timestamp) -> Result<()> {
        let leases = leases.to_vec();
        self.writer
            .write_lazily(move |db| effects::renew(db, &leases, until))
            .await
    }

    async fn settle_effect(&self, call: &CallId, effect: Effect) -> Result<()> {
        let call = *call;
        self.writer
            .write_lazily(move |db| effects::settle(db, &call, effect))
            .await
    }

    async fn keep_report(&self, report: &LegReport, now: Timestamp) -> Result<()> {
        // Before it is written, so that nobody who could find it looks away.
        self.reports.store(true, Ordering::SeqCst);
        let report = report.clone();
        self.writer
            .write(move |db| effects::keep(db, &report, now))
            .await
    }

    async fn take_reports(&self, leg: &ProviderCallId) -> Result<Vec<LegReport>> {
        // Every call asks, and nearly never there is one.
        if !self.reports.load(Ordering::SeqCst)
            || !self.readers.read(|db| effects::is_kept(db, leg))?
        {
            return Ok(Vec::new());
        }
        let leg = leg.clone();
        self.writer.write(move |db| effects::take(db, &leg)).await
    }

    async fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>> {
        if query.filter.is_all() {
            let whole = self.readers.read(|db| {
                if self.listing.may_lack(&query.name, listing::newest(db)?) {
                    return Ok(None);
                }
                log_lines::page(db, query).map(Some)
            })?;
            if let Some(page) = whole {
                return Ok(page);
            }
            self.list(&query.name).await?;
            return self.readers.read(|db| log_lines::page(db, query));
        }
        let newest = self.readers.read(listing::newest)?;
        if self.listing.may_lack(&query.name, newest) {
            self.list(&query.name).await?;
        }
        // To find the few lines that are wanted, all of a long log may be read.
        let query = query.clone();
        self.long_reads
            .read(move |db| log_lines::filtered(db, &query))
            .await
    }

    async fn delete_log(&self, owner: &UserId, call: &CallId, at: Timestamp) -> Result<LogChange> {
        let (owner, call, listing) = (owner.clone(), *call, Arc::clone(&self.listing));
        self.writer
            .write(move |db| deleting::delete(db, &listing, &owner, &call, at))
            .await
    }

    async fn restore_log(&self, owner: &UserId, call: &CallId) -> Result<LogChange> {
        let (owner, call) = (owner.clone(), *call);
        self.writer
            .write(move |db| deleting::restore(db, &owner, &call))
            .await
    }

    async fn live_calls(&self, user: &UserId) -> Result<Vec<Call>> {
        match self.recent.live_calls(user) {
            Some(calls) => Ok(calls),
            None => self.readers.read(|db| live::of(db, user)),
        }
    }

    /// Answers once the writer has got hold of the file and the file was read.
    async fn ping(&self) -> Result<()> {
        self.writer.write(|_| Ok(())).await?;
        self.readers
            .read(|db| db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())))
    }

    async fn clear_calls(&self) -> Result<u64> {
        let (recent, listing) = (Arc::clone(&self.recent), Arc::clone(&self.listing));
        let clear = move |db: &Connection| {
            listing.forget();
            saving::clear(db)
        };
        self.writer.write_then(clear, move |_| recent.clear()).await
    }
}

impl SqliteStore {
    /// Has the lines under a name written that wait for it. What is lost with
    /// the power can be made again, so nobody waits for the disk.
    async fn list(&self, name: &Arc<str>) -> Result<()> {
        let (listing, name) = (Arc::clone(&self.listing), Arc::clone(name));
        self.writer
            .write_unflushed(move |db| listing.write_under(db, &name))
            .await
    }
}
