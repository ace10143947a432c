use std::collections::{HashMap, hash_map::Entry};

use async_trait::async_trait;
use voip_core::{
    Account, Email, PasswordHash, Result, UserId,
    ports::{AccountStore, Created, PasswordReplaced},
};

use super::{MemoryStore, locked};

/// What is kept of accounts.
#[derive(Default)]
pub(super) struct AccountTables {
    accounts: HashMap<UserId, Account>,
    by_email: HashMap<Email, UserId>,
}

impl AccountTables {
    fn create(&mut self, account: &Account) -> Created {
        if self.by_email.contains_key(&account.email) {
            return Created::EmailTaken;
        }
        match self.accounts.entry(account.user.clone()) {
            Entry::Occupied(_) => Created::UserTaken,
            Entry::Vacant(place) => {
                place.insert(account.clone());
                self.by_email
                    .insert(account.email.clone(), account.user.clone());
                Created::Done
            }
        }
    }
}

impl AccountTables {
    /// The accounts after that of `after`.
    pub(super) fn archived(&self, after: Option<&UserId>, limit: usize) -> Vec<Account> {
        let accounts = self.accounts.values();
        let mut accounts: Vec<_> = accounts
            .filter(|account| after.is_none_or(|after| account.user > *after))
            .collect();
        accounts.sort_unstable_by_key(|account| &account.user);
        accounts.truncate(limit);
        accounts.into_iter().cloned().collect()
    }
}

#[async_trait]
impl AccountStore for MemoryStore {
    async fn create(&self, account: &Account) -> Result<Created> {
        Ok(locked(&self.accounts).create(account))
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>> {
        let tables = locked(&self.accounts);
        let user = tables.by_email.get(email);
        Ok(user.and_then(|user| tables.accounts.get(user)).cloned())
    }

    async fn account_of(&self, user: &UserId) -> Result<Option<Account>> {
        Ok(locked(&self.accounts).accounts.get(user).cloned())
    }

    async fn replace_password(
        &self,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced> {
        let mut tables = locked(&self.accounts);
        match tables.accounts.get_mut(user) {
            Some(account) if account.password == *held => {
                account.password = new.clone();
                Ok(PasswordReplaced::Done)
            }
            Some(_) | None => Ok(PasswordReplaced::NotHeld),
        }
    }

    async fn clear_accounts(&self) -> Result<u64> {
        let cleared = std::mem::take(&mut *locked(&self.accounts));
        Ok(cleared.accounts.len() as u64)
    }
}
