//! Signing up and logging in.

mod limits;
mod origin;

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    Account, AccountName, Email, Error, ErrorKind, Password, Result, UserId,
    ports::{
        AccountStore, Clock, Created, PasswordHasher, PasswordReplaced, RateLimiter, Verified,
    },
};

pub use limits::{AccountLimits, TooOften};
pub use origin::Origin;

/// The account service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts {
    ports: Arc<AccountPorts>,
    limits: AccountLimits,
}

/// What the account service works with.
#[derive(Debug)]
pub struct AccountPorts {
    /// Where accounts are kept.
    pub accounts: Arc<dyn AccountStore>,
    /// What checks passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// What counts tries.
    pub limiter: Arc<dyn RateLimiter>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Why somebody did not get an account.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Somebody else has this e-mail.
    #[error("there is an account with this e-mail already")]
    EmailTaken,
    /// Too many sign-ups from there.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// Storage failed us, or too many passwords wait to be hashed.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Why somebody was not logged in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// No account with this e-mail, or another password; nobody learns which.
    #[error("the e-mail or the password is wrong")]
    Wrong,
    /// Too many tries, for this account or from there.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// Storage failed us, or too many passwords wait to be checked.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Accounts {
    /// The service over these ports.
    pub fn new(ports: AccountPorts, limits: AccountLimits) -> Self {
        let ports = Arc::new(ports);
        Self { ports, limits }
    }

    /// Makes an account, with a user of its own. Where nobody knows where the
    /// request comes from, sign-ups are not limited.
    ///
    /// # Errors
    /// See [`SignUpError`].
    pub async fn sign_up(
        &self,
        email: Email,
        name: Option<AccountName>,
        password: &Password,
        origin: Option<&Origin>,
    ) -> Result<Account, SignUpError> {
        if let Some(origin) = origin {
            let quota = self.limits.sign_ups_from_one_address;
            self.take_from("sign-up-from", "", origin, quota).await?;
        }
        let accounts = &self.ports.accounts;
        // A taken e-mail costs no hash. Who signs up at the same time is told
        // apart below.
        if accounts.account_by_email(&email).await?.is_some() {
            return Err(SignUpError::EmailTaken);
        }
        let account = Account {
            user: fresh_user()?,
            email,
            name,
            password: self.ports.hasher.hash(password).await?,
            created_at: self.ports.clock.now(),
        };
        match accounts.create(&account).await? {
            Created::Done => Ok(account),
            Created::EmailTaken => Err(SignUpError::EmailTaken),
            Created::UserTaken => Err(internal("a fresh user id was taken").into()),
        }
    }

    /// The account of this user, where there is one.
    ///
    /// # Errors
    /// Those of [`AccountStore::account_of`].
    pub async fn of(&self, user: &UserId) -> Result<Option<Account>> {
        self.ports.accounts.account_of(user).await
    }

    /// The account of whoever knows its password.
    ///
    /// An unknown e-mail takes the same work as a wrong password. Old accounts
    /// get a fresh hash once their password is at hand. Where nobody knows
    /// where the request comes from, an account is limited as if all came from
    /// one address.
    ///
    /// # Errors
    /// See [`LogInError`].
    pub async fn log_in(
        &self,
        email: &Email,
        password: &Password,
        origin: Option<&Origin>,
    ) -> Result<Account, LogInError> {
        self.take_log_in(email, origin).await?;
        let hasher = &self.ports.hasher;
        let Some(mut account) = self.ports.accounts.account_by_email(email).await? else {
            hasher.verify(password, &hasher.decoy()).await?;
            return Err(LogInError::Wrong);
        };
        match hasher.verify(password, &account.password).await? {
            Verified::Differs => return Err(LogInError::Wrong),
            Verified::Matches { outdated: false } => {}
            Verified::Matches { outdated: true } => {
                // Another login will do it if this one cannot.
                if let Err(error) = self.renew_hash(&mut account, password).await {
                    tracing::warn!(%error, "an old password hash was not replaced");
                }
            }
        }
        Ok(account)
    }

    /// The account of a user, if they have one.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    pub async fn account_of(&self, user: &UserId) -> Result<Option<Account>> {
        self.ports.accounts.account_of(user).await
    }

    async fn renew_hash(&self, account: &mut Account, password: &Password) -> Result<()> {
        let fresh = self.ports.hasher.hash(password).await?;
        let accounts = &self.ports.accounts;
        let replaced = accounts.replace_password(&account.user, &account.password, &fresh);
        match replaced.await? {
            PasswordReplaced::Done => account.password = fresh,
            // Somebody else was faster; theirs counts.
            PasswordReplaced::NotHeld => {}
        }
        Ok(())
    }
}

/// A user that nobody is yet. Its 36 bytes always have a voice identity.
fn fresh_user() -> Result<UserId> {
    let id = Uuid::new_v4().to_string();
    id.parse()
        .map_err(|_| internal("a UUID was refused as a user id"))
}

fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Internal, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VoiceIdentity;

    #[test]
    fn a_fresh_user_has_a_voice_identity_that_leads_back() {
        for _ in 0..1_000 {
            let user = fresh_user().unwrap();
            let identity = VoiceIdentity::of(&user).unwrap();
            assert_eq!(identity.user(), Some(user));
        }
    }
}
