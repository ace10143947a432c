//! The statements of a server database, whichever it is: each once a database, in
//! the file there that is named for what it is about.

use std::{fmt, future::Future};

use voip_core::{
    Account, Call, CallId, Device, Effect, Email, PasswordHash, PhoneNumber, ProviderCallId,
    PushToken, Timestamp, User, UserId,
    ports::{
        ArchivedCall, ClaimedEffect, Created, EffectLease, Held, IdempotencyKey, LegReport,
        LogChange, LogEntry, LogQuery, PasswordReplaced, Registered,
    },
};

use super::{Batch, Connections, Driver, Settle, Written};

/// A kind of database server, with everything that a store asks of it.
pub trait Server:
    Driver
    + fmt::Debug
    + CallTable
    + Finding
    + EffectTable
    + LogTable
    + Deleting
    + UserTable
    + AccountTable
    + ArchiveTable
{
    /// Makes of a call what the database can keep.
    fn fit(_call: &mut Call) {}

    /// Brings the tables up to date.
    fn migrate(
        connections: &Connections<Self>,
    ) -> impl Future<Output = voip_core::Result<()>> + Send
    where
        Self: Sized;
}

/// Statements that write calls.
pub trait CallTable: Driver {
    /// Writes a batch, all or nothing.
    fn carry_out(
        db: &mut Self::Connection,
        batch: &Batch<'_>,
    ) -> impl Future<Output = Result<Written, sqlx::Error>> + Send;

    /// Deletes all calls and what hangs on them, however long it takes; tells how
    /// many there were.
    fn clear_calls(
        db: &mut Self::Connection,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;
}

/// Statements that find calls.
pub trait Finding: Driver {
    /// The calls with these ids, in no order.
    fn calls(
        db: &mut Self::Connection,
        ids: &[CallId],
    ) -> impl Future<Output = Result<Vec<Held>, sqlx::Error>> + Send;

    /// The calls with these legs, in no order.
    fn calls_by_leg(
        db: &mut Self::Connection,
        legs: &[&ProviderCallId],
    ) -> impl Future<Output = Result<Vec<Held>, sqlx::Error>> + Send;

    /// The call that keeps `call` from being added: that with its id, else that with
    /// its leg, else that with its key.
    fn known(
        db: &mut Self::Connection,
        call: &Call,
        key: Option<&IdempotencyKey>,
    ) -> impl Future<Output = Result<Option<Held>, sqlx::Error>> + Send;

    /// The calls whose deadline has come, the longest overdue first.
    fn due_calls(
        db: &mut Self::Connection,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<CallId>, sqlx::Error>> + Send;

    /// The calls of a user that have not ended, newest first.
    fn live_calls(
        db: &mut Self::Connection,
        user: &UserId,
    ) -> impl Future<Output = Result<Vec<Call>, sqlx::Error>> + Send;

    /// Whether the server answers and has our tables.
    fn ping(db: &mut Self::Connection) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Statements about effects and kept reports.
pub trait EffectTable: Driver {
    /// Takes effects that are due.
    fn claim(
        db: &mut Self::Connection,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ClaimedEffect>, sqlx::Error>> + Send;

    /// Moves the end of leases that are as they are told.
    fn renew(
        db: &mut Self::Connection,
        leases: &[EffectLease],
        until: Timestamp,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Deletes effects.
    fn settle(
        db: &mut Self::Connection,
        settles: &[Settle],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Keeps a report and forgets old ones.
    fn keep_report(
        db: &mut Self::Connection,
        report: &LegReport,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Those of these legs for which reports are kept, some more than once.
    fn reported(
        db: &mut Self::Connection,
        legs: &[&ProviderCallId],
    ) -> impl Future<Output = Result<Vec<ProviderCallId>, sqlx::Error>> + Send;

    /// Takes back the reports on a leg, in the order they were kept.
    fn take_reports(
        db: &mut Self::Connection,
        leg: &ProviderCallId,
    ) -> impl Future<Output = Result<Vec<LegReport>, sqlx::Error>> + Send;
}

/// Statements that read call logs.
pub trait LogTable: Driver {
    /// One page of a log.
    fn page(
        db: &mut Self::Connection,
        query: &LogQuery,
    ) -> impl Future<Output = Result<Vec<LogEntry>, sqlx::Error>> + Send;

    /// One page of those lines of a log that are wanted.
    fn filtered(
        db: &mut Self::Connection,
        query: &LogQuery,
    ) -> impl Future<Output = Result<Vec<LogEntry>, sqlx::Error>> + Send;
}

/// Statements that take calls out of the logs and put them back.
pub trait Deleting: Driver {
    /// Takes a call of `owner` out of every log.
    fn delete_log(
        db: &mut Self::Connection,
        owner: &UserId,
        id: &CallId,
        at: Timestamp,
    ) -> impl Future<Output = Result<LogChange, sqlx::Error>> + Send;

    /// Puts a call of `owner` back into the logs.
    fn restore_log(
        db: &mut Self::Connection,
        owner: &UserId,
        id: &CallId,
    ) -> impl Future<Output = Result<LogChange, sqlx::Error>> + Send;
}

/// Statements about users and their devices.
pub trait UserTable: Driver {
    /// Adds or updates a user, and their device.
    fn register(
        db: &mut Self::Connection,
        user: &User,
        device: Option<&Device>,
    ) -> impl Future<Output = Result<Registered, sqlx::Error>> + Send;

    /// The user with this id.
    fn user(
        db: &mut Self::Connection,
        id: &UserId,
    ) -> impl Future<Output = Result<Option<User>, sqlx::Error>> + Send;

    /// The users with these numbers, in no order.
    fn users_by_number(
        db: &mut Self::Connection,
        numbers: &[&PhoneNumber],
    ) -> impl Future<Output = Result<Vec<User>, sqlx::Error>> + Send;

    /// The devices of these users, each with whose it is; of one user the one seen
    /// last first.
    fn devices(
        db: &mut Self::Connection,
        users: &[&UserId],
    ) -> impl Future<Output = Result<Vec<(UserId, Device)>, sqlx::Error>> + Send;

    /// Deletes a device.
    fn forget_device(
        db: &mut Self::Connection,
        token: &PushToken,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Deletes all users and their devices; tells how many users there were.
    fn clear_users(
        db: &mut Self::Connection,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;
}

/// Statements about accounts.
pub trait AccountTable: Driver {
    /// Adds an account.
    fn create(
        db: &mut Self::Connection,
        account: &Account,
    ) -> impl Future<Output = Result<Created, sqlx::Error>> + Send;

    /// The account with this e-mail.
    fn account_by_email(
        db: &mut Self::Connection,
        email: &Email,
    ) -> impl Future<Output = Result<Option<Account>, sqlx::Error>> + Send;

    /// The account of a user.
    fn account_of(
        db: &mut Self::Connection,
        user: &UserId,
    ) -> impl Future<Output = Result<Option<Account>, sqlx::Error>> + Send;

    /// Replaces a hash where it is still the one held.
    fn replace_password(
        db: &mut Self::Connection,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> impl Future<Output = Result<PasswordReplaced, sqlx::Error>> + Send;

    /// Deletes all accounts; tells how many there were.
    fn clear_accounts(
        db: &mut Self::Connection,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;
}

/// Statements that list all there is, in the order of ids.
pub trait ArchiveTable: Driver {
    /// The calls after this id, without their effects.
    fn calls_after(
        db: &mut Self::Connection,
        after: &[u8],
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ArchivedCall>, sqlx::Error>> + Send;

    /// The effects of the calls after the one id and up to the other, and when they
    /// are due.
    fn effects_of(
        db: &mut Self::Connection,
        after: &[u8],
        last: &CallId,
    ) -> impl Future<Output = Result<Vec<(CallId, Effect, Timestamp)>, sqlx::Error>> + Send;

    /// The users after this id.
    fn users_after(
        db: &mut Self::Connection,
        after: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<User>, sqlx::Error>> + Send;

    /// The accounts after that of this user.
    fn accounts_after(
        db: &mut Self::Connection,
        after: &str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Account>, sqlx::Error>> + Send;
}
