//! Real time: what clients say and hear over WebSocket.

mod command;
mod connection;
mod frame;
mod hub;
mod member;
mod pulse;
mod sequencer;
mod upgrade;

pub use connection::converse;
pub(crate) use frame::{ClientFrame, ServerFrame};
pub use hub::Hub;
pub(crate) use sequencer::Sequencer;
pub(crate) use upgrade::{__path_upgrade, upgrade};
