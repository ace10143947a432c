//! What can be done with a leg.

use super::Element;

/// Speaks a text; the provider takes up to 4 096 characters.
pub fn say(text: &str) -> Element {
    Element::new("Say").text(text)
}

/// Plays a sound file.
pub fn play(url: &str) -> Element {
    Element::new("Play").text(url)
}

/// Stays silent for a number of seconds. As the first verb it lets an inbound
/// call ring for that long.
pub fn pause(seconds: u64) -> Element {
    Element::new("Pause").attr("length", seconds)
}

/// Hangs up. As the first verb it answers an inbound call before that.
pub fn hang_up() -> Element {
    Element::new("Hangup")
}

/// Refuses an inbound call without answering it; only as the first verb.
pub fn reject() -> Element {
    Element::new("Reject")
}

/// Goes on with the document at `url`; nothing after this runs.
pub fn redirect(url: &str) -> Element {
    Element::new("Redirect").attr("method", "POST").text(url)
}

/// Connects the leg with the nouns inside.
pub fn dial() -> Element {
    Element::new("Dial")
}

/// Asks for keys or speech; may hold [`say`], [`play`] and [`pause`].
pub fn gather() -> Element {
    Element::new("Gather")
}

/// Records the leg.
pub fn record() -> Element {
    Element::new("Record")
}

/// Puts the leg into a queue.
pub fn enqueue(queue: &str) -> Element {
    Element::new("Enqueue").text(queue)
}

/// Takes the leg out of its queue; only in the document that waiting callers
/// hear.
pub fn leave() -> Element {
    Element::new("Leave")
}
