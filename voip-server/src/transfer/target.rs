use std::{fmt, sync::Arc};

use voip_core::{
    Account, Result, User,
    ports::{
        AccountStore, ArchivedCall, ArchivedUser, CallStore, Created, Inserted, NewCall,
        Registered, UserStore,
    },
};

use crate::compose::Store;

/// Where data is brought to. What is there stays as it is: rows are added or
/// passed by, so that a run may be broken off and done again.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) users: Arc<dyn UserStore>,
    pub(super) accounts: Arc<dyn AccountStore>,
    calls: Arc<dyn CallStore>,
    /// Only says what it would do.
    rehearses: bool,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It was added.
    Added,
    /// The user was added; their number rings somebody else.
    AddedWithoutNumber,
    /// It was there.
    There,
    /// It cannot be added.
    LeftOut(Clash),
}

/// What keeps a row from being added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// Another call here has the provider's name of this one.
    Leg,
    /// Another account here has this e-mail address.
    Email,
    /// Somebody else here has this user's id.
    User,
    /// Somebody else here has the id of the call's owner.
    Owner,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leg => "the provider's call is on record here already",
            Self::Email => "another account here has the e-mail address",
            Self::User => "somebody else here has the user id (try --user-prefix)",
            Self::Owner => "somebody else here has the id of the call's owner",
        })
    }
}

impl Target {
    /// This storage.
    pub(super) fn new(store: &Store) -> Self {
        Self {
            users: store.users(),
            accounts: store.accounts(),
            calls: store.calls(),
            rehearses: false,
        }
    }

    /// The same, which changes nothing and says what it would do.
    #[must_use]
    pub(super) fn rehearsing(mut self, rehearses: bool) -> Self {
        self.rehearses = rehearses;
        self
    }

    /// Adds a user with their devices.
    pub(super) async fn put_user(&self, archived: ArchivedUser) -> Result<Put> {
        let ArchivedUser { user, devices } = archived;
        if self.users.user(&user.id).await?.is_some() {
            return Ok(Put::There);
        }
        let mut user = user;
        let mut put = Put::Added;
        if let Some(number) = &user.phone
            && self.users.user_by_number(number).await?.is_some()
        {
            (user.phone, put) = (None, Put::AddedWithoutNumber);
        }
        if self.rehearses {
            return Ok(put);
        }
        // The last seen comes last, as it did.
        let mut devices = devices.into_iter().rev();
        let first = devices.next();
        match self.users.register(&user, first.clone()).await? {
            Registered::Done => {}
            Registered::NumberTaken => {
                // By another row of this run.
                user = User {
                    phone: None,
                    ..user
                };
                put = Put::AddedWithoutNumber;
                self.users.register(&user, first).await?;
            }
        }
        for device in devices {
            self.users.register(&user, Some(device)).await?;
        }
        Ok(put)
    }

    /// Adds those of a user's devices that are not there.
    pub(super) async fn complete_devices(&self, archived: &ArchivedUser) -> Result<()> {
        let ArchivedUser { user, devices } = archived;
        let (there, present) = (
            self.users.user(&user.id).await?,
            self.users.devices(&user.id).await?,
        );
        let Some(there) = there else { return Ok(()) };
        for device in devices.iter().rev() {
            if present.iter().all(|known| known.token != device.token) {
                self.users.register(&there, Some(device.clone())).await?;
            }
        }
        Ok(())
    }

    /// Adds an account.
    pub(super) async fn put_account(&self, account: &Account) -> Result<Put> {
        if let Some(there) = self.accounts.account_of(&account.user).await? {
            return Ok(match there.email == account.email {
                true => Put::There,
                false => Put::LeftOut(Clash::User),
            });
        }
        if self.rehearses {
            let taken = self.accounts.account_by_email(&account.email).await?;
            return Ok(match taken {
                Some(_) => Put::LeftOut(Clash::Email),
                None => Put::Added,
            });
        }
        Ok(match self.accounts.create(account).await? {
            Created::Done => Put::Added,
            Created::EmailTaken => Put::LeftOut(Clash::Email),
            Created::UserTaken => Put::LeftOut(Clash::User),
        })
    }

    /// Adds a call with all that is kept about it.
    pub(super) async fn put_call(&self, archived: ArchivedCall) -> Result<Put> {
        let ArchivedCall {
            call,
            deleted_at,
            effects,
        } = archived;
        let (id, owner) = (call.id, call.owner.clone());
        let first_due = effects.iter().map(|(_, due)| *due).min();
        let new = NewCall {
            effects_due: first_due.unwrap_or(call.created_at),
            effects: effects.into_iter().map(|(effect, _)| effect).collect(),
            call,
            key: None,
        };
        let known = if self.rehearses {
            self.calls.known(&new).await?
        } else {
            match self.calls.insert(new).await? {
                Inserted::New => None,
                Inserted::Known(held) => Some(held),
            }
        };
        let put = match known {
            None => Put::Added,
            Some(held) if held.call.id == id => Put::There,
            Some(_) => return Ok(Put::LeftOut(Clash::Leg)),
        };
        // One that is there too: a run may have ended between the two writes.
        if let (Some(at), Some(owner), false) = (deleted_at, owner, self.rehearses) {
            self.calls.delete_log(&owner, &id, at).await?;
        }
        Ok(put)
    }
}
