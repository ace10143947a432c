//! Socket.IO 4: who hears of which call, by the provider's name for it.
//!
//! Knowing a live call's leg is what entitles a client to its status, and to
//! nothing else. A client that shows a user's token hears of all calls of that
//! user without joining any.

mod client;
mod desk;
mod door;
mod known;
mod look;
mod news;
mod rooms;

pub(crate) use desk::Desk;
pub(crate) use door::PATH;
pub(crate) use news::LegStatus;
pub use rooms::LegRooms;

#[cfg(test)]
pub(crate) use desk::{CALL_STATUS, JOIN_CALL, LEAVE_CALL, TOKEN_EXPIRED};
#[cfg(test)]
pub(crate) use news::{Expired, answers, leg};
