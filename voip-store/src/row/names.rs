use voip_core::{Call, UserId};

/// The names in whose logs a call is listed, each once.
pub(crate) fn names(call: &Call) -> impl Iterator<Item = &str> {
    let owner = call.owner.as_ref().map(UserId::as_str);
    let (from, to) = (call.logged_from(), call.logged_to());
    let from = Some(from).filter(|from| owner != Some(from));
    let to = Some(to).filter(|to| owner != Some(to) && from != Some(to));
    [owner, from, to].into_iter().flatten()
}
