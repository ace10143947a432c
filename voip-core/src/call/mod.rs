//! The call as a pure function: facts go in with the time, the next call comes
//! out with what to do and what to tell. No clock, no lock, no await.

#[allow(clippy::module_inception)]
mod call;
mod change;
mod conversing;
mod effect;
mod end;
mod event;
mod far_side;
mod holding;
mod over;
mod parted;
mod placing;
mod plan;
mod reaching;
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
pub use far_side::{FarSide, Hold, Link, Room, Stage};
pub use plan::{Action, Callback, Plan};
pub use signal::{Answerer, BridgeOutcome, DialEnd, RoomChange, RoomNews, Signal};
pub use state::{BridgeEnd, State};
pub use status::{CallStatus, UnknownStatus};
pub use step::{Refusal, Step, timing};
