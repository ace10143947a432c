//! The provider's requests. Every one is checked for its signature before
//! anything of it is read.

mod bridge_ended;
mod connect;
mod inbound;
mod signed;
mod status;
mod voice;

pub(crate) use bridge_ended::bridge_ended;
pub(crate) use connect::connect;
pub(crate) use inbound::inbound;
pub(crate) use signed::reply;
pub(crate) use status::status;
pub(crate) use voice::voice;
