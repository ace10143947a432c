//! Figures for operators: what is counted and timed, and who may read it.
//!
//! | room | what is in it |
//! |---|---|
//! | `figures` | every figure there is, on one page |
//! | `measured_bus` | counts calls that begin and end here |
//! | `measured_calls` | times storage |
//! | `measured_push` | counts pushes |
//! | `reading` | `GET /metrics` |

mod figures;
mod measured_bus;
mod measured_calls;
mod measured_push;
mod reading;

pub use figures::Metrics;
pub(crate) use measured_bus::MeasuredBus;
pub(crate) use measured_calls::MeasuredCalls;
pub(crate) use measured_push::MeasuredPush;
pub(crate) use reading::{__path_metrics, metrics};
