use futures_util::future::try_join_all;
use voip_core::{Error, Result, ports::Archive};

use super::{
    CALLS, PEOPLE, Tally,
    target::{Put, Target},
};
use crate::compose::Store;

/// Copies everything from one database of ours to another: users with their
/// devices, accounts, and calls as they stand, with their places in the logs
/// and what is still to be done about them.
///
/// Idempotency keys and reports on legs that no call had yet stay behind: both
/// are about requests under way, and no server runs.
///
/// # Errors
/// `Unavailable` when one of the databases is out of order. What was added
/// until then stays, and the next run goes on from there.
pub(crate) async fn copy(from: &Store, to: &Store) -> Result<[Tally; 3]> {
    let (archive, target) = (from.archive(), Target::new(to));
    Ok([
        copy_users(&*archive, &target).await?,
        copy_accounts(&*archive, &target).await?,
        copy_calls(&*archive, &target).await?,
    ])
}

async fn copy_users(archive: &dyn Archive, target: &Target) -> Result<Tally> {
    let (mut tally, mut after) = (Tally::of("users"), None);
    loop {
        let page = archive.users_after(after.as_ref(), PEOPLE).await?;
        let Some(last) = page.last() else {
            return Ok(tally);
        };
        after = Some(last.user.id.clone());
        let put = page.into_iter().map(|archived| async move {
            let put = target.put_user(archived.clone()).await?;
            if put == Put::There {
                // The last run may have ended between two devices.
                target.complete_devices(&archived).await?;
            }
            Ok::<_, Error>(put)
        });
        for put in try_join_all(put).await? {
            tally.count(put);
        }
    }
}

async fn copy_accounts(archive: &dyn Archive, target: &Target) -> Result<Tally> {
    let (mut tally, mut after) = (Tally::of("accounts"), None);
    loop {
        let page = archive.accounts_after(after.as_ref(), PEOPLE).await?;
        let Some(last) = page.last() else {
            return Ok(tally);
        };
        after = Some(last.user.clone());
        let put = page.iter().map(|account| target.put_account(account));
        for put in try_join_all(put).await? {
            tally.count(put);
        }
    }
}

async fn copy_calls(archive: &dyn Archive, target: &Target) -> Result<Tally> {
    let (mut tally, mut after) = (Tally::of("calls"), None);
    loop {
        let page = archive.calls_after(after, CALLS).await?;
        let Some(last) = page.last() else {
            return Ok(tally);
        };
        after = Some(last.call.id);
        let put = page.into_iter().map(|archived| target.put_call(archived));
        for put in try_join_all(put).await? {
            tally.count(put);
        }
    }
}
