//! The provider's requests. Every one is checked for its signature before
//! anything of it is read.

mod agent_join;
mod bridge_ended;
mod call_events;
mod call_status;
mod conference_events;
mod connect;
mod dial_action;
mod inbound;
mod openapi;
mod signed;
mod status;
mod voice;

pub(crate) use agent_join::agent_join;
pub(crate) use bridge_ended::bridge_ended;
pub(crate) use call_events::call_events;
pub(crate) use call_status::call_status;
pub(crate) use conference_events::conference_events;
pub(crate) use connect::connect;
pub(crate) use dial_action::dial_action;
pub(crate) use inbound::inbound;
pub(crate) use openapi::ProviderApi;
pub(crate) use signed::reply;
pub(crate) use status::status;
pub(crate) use voice::voice;
