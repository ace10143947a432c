use futures_util::future::try_join_all;
use voip_core::{
    Account, Error, Result,
    ports::{ArchivedCall, Clock as _, SystemClock},
};
use voip_store::legacy::{Found, LegacyOptions, LegacySource, Person};

use super::{
    CALLS, PEOPLE, Tally,
    owners::Owners,
    target::{Clash, Put, Target},
};
use crate::compose::Store;

/// What is brought over from an earlier system, and how.
#[derive(Debug)]
pub(crate) struct Import<'a> {
    /// The file or address of its database.
    pub(crate) from: &'a str,
    /// Whether nothing is to be changed.
    pub(crate) rehearse: bool,
    /// At what offset from UTC its moments without a zone are.
    pub(crate) utc_offset: Option<&'a str>,
    /// What stands before the ids of users that count from 1.
    pub(crate) user_prefix: Option<&'a str>,
}

/// Brings over what an earlier system keeps: people first, then calls.
///
/// # Errors
/// `Misconfigured` when `from` is not an earlier system's; `Unavailable` when
/// one of the databases is out of order. What was added until then stays, and
/// the next run goes on from there.
pub(crate) async fn import(what: &Import<'_>, store: &Store) -> Result<[Tally; 2]> {
    let mut options = LegacyOptions::new(SystemClock.now());
    if let Some(offset) = what.utc_offset {
        options = options.with_utc_offset(offset)?;
    }
    if let Some(prefix) = what.user_prefix {
        options = options.with_user_prefix(prefix);
    }
    let mut source = LegacySource::open(what.from, options).await?;
    let (people, calls) = source.counts().await?;
    super::say(&format!(
        "the {} has {people} users and {calls} calls",
        source.name()
    ));
    let target = Target::new(store).rehearsing(what.rehearse);
    let mut owners = Owners::default();
    let people = bring_people(&mut source, &target, &mut owners).await?;
    let calls = bring_calls(&mut source, &target, &mut owners).await?;
    Ok([people, calls])
}

async fn bring_people(
    source: &mut LegacySource,
    target: &Target,
    owners: &mut Owners,
) -> Result<Tally> {
    let mut tally = Tally::of("users");
    let mut after = None;
    loop {
        let page = source.people(after.as_deref(), PEOPLE).await?;
        let people = readable(page.rows, &mut tally);
        let put = people.into_iter().map(|person| async {
            match person {
                Person::User(archived) => {
                    let id = archived.user.id.clone();
                    Ok::<_, Error>((id, target.put_user(archived).await?))
                }
                Person::Account(account) => {
                    Ok((account.user.clone(), put_account(&account, target).await?))
                }
            }
        });
        for (id, put) in try_join_all(put).await? {
            owners.know(id, put != Put::LeftOut(Clash::User));
            tally.count(put);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(tally),
        }
    }
}

/// Adds an account, unless its id is that of an app user here, who is somebody
/// else: only they and accounts of ours have ids without an account of theirs.
async fn put_account(account: &Account, target: &Target) -> Result<Put> {
    let is_theirs = target.accounts.account_of(&account.user).await?.is_some();
    if !is_theirs && target.users.user(&account.user).await?.is_some() {
        return Ok(Put::LeftOut(Clash::User));
    }
    target.put_account(account).await
}

async fn bring_calls(
    source: &mut LegacySource,
    target: &Target,
    owners: &mut Owners,
) -> Result<Tally> {
    let mut tally = Tally::of("calls");
    let mut after = None;
    loop {
        let page = source.calls(after.as_deref(), CALLS).await?;
        let mut calls: Vec<ArchivedCall> = Vec::new();
        for archived in readable(page.rows, &mut tally) {
            match &archived.call.owner {
                Some(owner) if owners.is_somebody_else(owner, target).await? => {
                    tally.count(Put::LeftOut(Clash::Owner));
                }
                Some(_) | None => calls.push(archived),
            }
        }
        let put = calls.into_iter().map(|call| target.put_call(call));
        for put in try_join_all(put).await? {
            tally.count(put);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(tally),
        }
    }
}

/// The rows that have a form here; the others are counted.
fn readable<T>(rows: Vec<Found<T>>, tally: &mut Tally) -> Vec<T> {
    let mut readable = Vec::with_capacity(rows.len());
    for Found { what, remarks } in rows {
        for remark in remarks {
            tally.remark(&remark);
        }
        match what {
            Ok(row) => readable.push(row),
            Err(flaw) => tally.leave_out(&flaw),
        }
    }
    readable
}
