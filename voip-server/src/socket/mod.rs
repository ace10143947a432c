//! Real time: what clients say and hear over WebSocket.

mod command;
mod connection;
mod frame;
mod hub;
mod sequencer;
mod upgrade;

pub use frame::{ClientFrame, ServerFrame};
pub use hub::Hub;
pub use sequencer::Sequencer;
pub use upgrade::upgrade;
