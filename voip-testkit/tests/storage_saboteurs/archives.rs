use async_trait::async_trait;
use voip_core::{
    Account, CallId, Result, UserId,
    ports::{AccountStore, Archive, ArchivedCall, ArchivedUser, CallStore, UserStore},
};
use voip_store::MemoryStore;
use voip_testkit::suites::archive::{self, ArchiveFixture};

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    RepeatsTheLast,
    BeginsLate,
    ListsTooMany,
    ForgetsWhoIsDeleted,
    ForgetsWhatIsToBeDone,
    SaysAllIsDueAtOnce,
    ForgetsDevices,
    ComparesWithoutCase,
    ForgetsNames,
}

#[derive(Debug)]
struct Saboteur {
    store: MemoryStore,
    fault: Fault,
}

impl Saboteur {
    fn does(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

#[async_trait]
impl Archive for Saboteur {
    async fn calls_after(&self, after: Option<CallId>, limit: usize) -> Result<Vec<ArchivedCall>> {
        let limit = limit + usize::from(self.does(Fault::ListsTooMany));
        let mut calls = self.store.calls_after(after, limit).await?;
        if self.does(Fault::RepeatsTheLast) && after.is_some() && !calls.is_empty() {
            let all = self.store.calls_after(None, usize::MAX).await?;
            let last = all.into_iter().find(|call| Some(call.call.id) == after);
            calls.splice(0..0, last);
            calls.truncate(limit.max(2));
        }
        if self.does(Fault::BeginsLate) && after.is_none() && !calls.is_empty() {
            calls.remove(0);
        }
        for call in &mut calls {
            if self.does(Fault::ForgetsWhoIsDeleted) {
                call.deleted_at = None;
            }
            if self.does(Fault::ForgetsWhatIsToBeDone) {
                call.effects.clear();
            }
            if self.does(Fault::SaysAllIsDueAtOnce)
                && let Some((_, due)) = call.effects.first().copied()
            {
                call.effects.iter_mut().for_each(|effect| effect.1 = due);
            }
        }
        Ok(calls)
    }

    async fn users_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<ArchivedUser>> {
        let mut users = self.store.users_after(after, limit).await?;
        for user in &mut users {
            if self.does(Fault::ForgetsDevices) {
                user.devices.truncate(1);
            }
        }
        Ok(users)
    }

    async fn accounts_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Account>> {
        let mut accounts = self.store.accounts_after(after, limit).await?;
        if self.does(Fault::ComparesWithoutCase) {
            let mut all = self.store.accounts_after(None, usize::MAX).await?;
            let folded = |user: &UserId| user.as_str().to_lowercase();
            all.retain(|account| after.is_none_or(|after| folded(&account.user) > folded(after)));
            all.sort_by_key(|account| folded(&account.user));
            all.truncate(limit);
            return Ok(all);
        }
        if self.does(Fault::ForgetsNames) {
            accounts.iter_mut().for_each(|account| account.name = None);
        }
        Ok(accounts)
    }
}

impl ArchiveFixture for Box<Saboteur> {
    fn archive(&self) -> &dyn Archive {
        &**self
    }

    fn calls(&self) -> &dyn CallStore {
        &self.store
    }

    fn users(&self) -> &dyn UserStore {
        &self.store
    }

    fn accounts(&self) -> &dyn AccountStore {
        &self.store
    }
}

async fn fresh() -> Box<Saboteur> {
    Box::new(Saboteur {
        store: MemoryStore::default(),
        fault: Fault::Nothing,
    })
}

mod without_a_fault {
    voip_testkit::archive_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let mut saboteur = fresh().await;
                saboteur.fault = Fault::$fault;
                expect_caught(async move { archive::$case(&saboteur).await }).await;
            }
        )+
    };
}

caught! {
    RepeatsTheLast by every_call_is_listed_once_and_whole as a_repeated_call_is_caught;
    BeginsLate by every_call_is_listed_once_and_whole as a_missing_call_is_caught;
    ListsTooMany by every_call_is_listed_once_and_whole as a_page_too_long_is_caught;
    ForgetsWhoIsDeleted by a_listed_call_comes_with_what_is_kept_about_it as a_deletion_forgotten_is_caught;
    ForgetsWhatIsToBeDone by a_listed_call_comes_with_what_is_kept_about_it as an_effect_forgotten_is_caught;
    SaysAllIsDueAtOnce by a_listed_call_comes_with_what_is_kept_about_it as a_wrong_due_time_is_caught;
    ForgetsDevices by every_user_is_listed_once_with_their_devices as a_forgotten_device_is_caught;
    ComparesWithoutCase by every_account_is_listed_once as an_order_without_case_is_caught;
    ForgetsNames by every_account_is_listed_once as a_forgotten_account_name_is_caught;
}
