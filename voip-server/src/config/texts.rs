use std::sync::Arc;

use voip_core::Phrases;

use super::Source;

/// What callers hear.
pub(super) fn read(source: &Source, default: Phrases) -> Phrases {
    let text = |name, default| source.text(name).map_or(default, Arc::from);
    Phrases {
        wait: text("WAIT_TEXT", default.wait),
        unavailable: text("UNAVAILABLE_TEXT", default.unavailable),
        nobody: text("NOBODY_TEXT", default.nobody),
        outbound: text("OUTBOUND_TEXT", default.outbound),
        ..default
    }
}
