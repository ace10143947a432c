use async_trait::async_trait;
use voip_core::{
    Account, Email, PasswordHash, Result, UserId,
    ports::{AccountStore, Created, PasswordReplaced},
};
use voip_store::MemoryStore;
use voip_testkit::suites::account_store;

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    ForgetsNames,
    TakesUsersInAnyCase,
    FindsNoUser,
    SharesEmails,
    ReplacesAccounts,
    GivesEverybodyTheEmail,
    ReplacesAnyPassword,
    ReplacesNoPassword,
    ClearsNothing,
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

    fn user(&self, user: &UserId) -> UserId {
        match self.does(Fault::TakesUsersInAnyCase) {
            true => user.as_str().to_lowercase().parse().expect("as short"),
            false => user.clone(),
        }
    }
}

#[async_trait]
impl AccountStore for Saboteur {
    async fn create(&self, account: &Account) -> Result<Created> {
        let mut account = Account {
            user: self.user(&account.user),
            ..account.clone()
        };
        if self.does(Fault::ForgetsNames) {
            account.name = None;
        }
        let created = self.store.create(&account).await?;
        if self.does(Fault::SharesEmails) && created == Created::EmailTaken {
            account.email = "somewhere@else.example".parse().expect("an e-mail");
            return self.store.create(&account).await;
        }
        if self.does(Fault::ReplacesAccounts) && created == Created::UserTaken {
            self.store.clear_accounts().await?;
            return self.store.create(&account).await;
        }
        if self.does(Fault::GivesEverybodyTheEmail) && created == Created::EmailTaken {
            return Ok(Created::Done);
        }
        Ok(created)
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>> {
        self.store.account_by_email(email).await
    }

    async fn account_of(&self, user: &UserId) -> Result<Option<Account>> {
        match self.does(Fault::FindsNoUser) {
            true => Ok(None),
            false => self.store.account_of(&self.user(user)).await,
        }
    }

    async fn replace_password(
        &self,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced> {
        if self.does(Fault::ReplacesNoPassword) {
            return Ok(PasswordReplaced::Done);
        }
        let present = self.store.account_of(user).await?;
        let present = present.map(|account| account.password);
        let held = match (self.does(Fault::ReplacesAnyPassword), present) {
            (true, Some(present)) => present,
            _ => held.clone(),
        };
        self.store.replace_password(user, &held, new).await
    }

    async fn clear_accounts(&self) -> Result<u64> {
        match self.does(Fault::ClearsNothing) {
            true => Ok(0),
            false => self.store.clear_accounts().await,
        }
    }
}

async fn fresh() -> Saboteur {
    Saboteur {
        store: MemoryStore::default(),
        fault: Fault::Nothing,
    }
}

mod without_a_fault {
    voip_testkit::account_store_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let saboteur = Saboteur { fault: Fault::$fault, ..fresh().await };
                expect_caught(async move { account_store::$case(&saboteur).await }).await;
            }
        )+
    };
}

caught! {
    ForgetsNames by a_created_account_is_found_by_email_and_by_user as a_forgotten_name_is_caught;
    TakesUsersInAnyCase by a_created_account_is_found_by_email_and_by_user as users_in_any_case_are_caught;
    FindsNoUser by a_created_account_is_found_by_email_and_by_user as a_user_not_found_is_caught;
    SharesEmails by an_email_of_another_account_is_taken as a_shared_email_is_caught;
    ReplacesAccounts by a_user_has_one_account as a_replaced_account_is_caught;
    GivesEverybodyTheEmail by one_of_many_who_want_an_email_gets_it as an_email_given_twice_is_caught;
    ReplacesAnyPassword by a_password_is_replaced_only_where_it_is_still_the_one_held as a_blind_replacement_is_caught;
    ReplacesNoPassword by a_password_is_replaced_only_where_it_is_still_the_one_held as a_replacement_that_is_none_is_caught;
    ClearsNothing by clearing_accounts_leaves_none as an_account_never_cleared_is_caught;
}
