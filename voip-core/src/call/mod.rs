//! The call as a pure function: facts go in with the time, the next call comes
//! out with what to do and what to tell. No clock, no lock, no await.

#[allow(clippy::module_inception)]
mod call;
mod change;
mod effect;
mod end;
mod event;
mod over;
mod placing;
mod plan;
mod ringing;
mod signal;
mod state;
mod status;
mod step;
mod talking;

pub mod table;

pub use call::{Call, Direction};
pub use effect::{Effect, UnknownEffect};
pub use end::{EndReason, Ended, FinalStatus, Trouble, UnknownTrouble};
pub use event::{Event, EventKind};
pub use plan::{Action, Callback, Plan};
pub use signal::{Answerer, BridgeOutcome, Signal};
pub use state::{BridgeEnd, State};
pub use status::{CallStatus, UnknownStatus};
pub use step::{Refusal, Step, timing};
