//! TwiML, the provider's markup for what to do with a leg.
//!
//! A [`Document`] is a list of [`Element`]s. [`verb`] and [`noun`] make the
//! common ones; attributes and content are added to them:
//!
//! ```
//! use voip_twilio::twiml::{Document, noun, verb};
//! let document = Document::new([
//!     verb::say("One moment.").attr("language", "en-GB"),
//!     verb::dial().attr("timeout", 20).child(noun::client("alice")),
//! ]);
//! assert_eq!(
//!     document.to_xml(),
//!     "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
//!      <Say language=\"en-GB\">One moment.</Say>\
//!      <Dial timeout=\"20\"><Client>alice</Client></Dial></Response>",
//! );
//! ```

mod document;
mod element;
mod escape;
pub mod noun;
pub mod verb;

pub use document::Document;
pub use element::{Element, Value};
