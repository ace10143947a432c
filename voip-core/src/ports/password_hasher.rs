//! The port to what hashes passwords.

use std::fmt;

use async_trait::async_trait;

use crate::{Password, PasswordHash, Result};

/// Turns passwords into what may be stored, slowly, and checks them.
///
/// An adapter bounds how much of the machine it takes: what it cannot do soon
/// it refuses as `Exhausted`, with when to come back.
///
/// # Contract
/// - `a_password_matches_its_own_hash_and_no_other`
/// - `two_hashes_of_one_password_differ`
/// - `every_character_counts`
/// - `a_fresh_hash_needs_no_other`
/// - `nothing_matches_the_decoy`
/// - `a_hash_of_an_unknown_kind_matches_nothing`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: fmt::Debug + Send + Sync + 'static {
    /// A hash of `password`, with a salt of its own.
    ///
    /// # Errors
    /// `Exhausted` when too many wait.
    async fn hash(&self, password: &Password) -> Result<PasswordHash>;

    /// Whether `password` is the one that `hash` was made of. A hash that this
    /// adapter cannot read matches nothing.
    ///
    /// # Errors
    /// `Exhausted` when too many wait.
    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verified>;

    /// A hash that no password matches. Checking one against it takes as long
    /// as against a fresh hash, so that nobody can tell by the time whether
    /// there is an account.
    fn decoy(&self) -> PasswordHash;
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is the password.
    Matches {
        /// The hash is of an older kind: replace it with a fresh one while the
        /// password is at hand.
        outdated: bool,
    },
    /// It is another one.
    Differs,
}
