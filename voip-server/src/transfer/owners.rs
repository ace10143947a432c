use std::collections::HashMap;

use voip_core::{Result, UserId};

use super::target::Target;

/// Whose calls may be brought over.
///
/// The Outbound Caller's users count from 1, and so may others here: a call
/// must not turn up in the log of somebody else who has its owner's id.
#[derive(Debug, Default)]
pub(super) struct Owners(HashMap<UserId, bool>);

impl Owners {
    /// Remembers whether this user is the one whom the id meant.
    pub(super) fn know(&mut self, user: UserId, is_the_same: bool) {
        self.0.insert(user, is_the_same);
    }

    /// Whether somebody else here has the id. One who was never brought over,
    /// and whom nobody here knows, is nobody else.
    pub(super) async fn is_somebody_else(&mut self, user: &UserId, at: &Target) -> Result<bool> {
        if let Some(is_the_same) = self.0.get(user) {
            return Ok(!is_the_same);
        }
        let taken =
            at.users.user(user).await?.is_some() || at.accounts.account_of(user).await?.is_some();
        self.know(user.clone(), !taken);
        Ok(taken)
    }
}
