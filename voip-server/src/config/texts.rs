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
        bad_number: text("BAD_NUMBER_TEXT", default.bad_number),
        refused: text("REFUSED_TEXT", default.refused),
        country_refused: text("COUNTRY_TEXT", default.country_refused),
        premium_refused: text("PREMIUM_TEXT", default.premium_refused),
        satellite_refused: text("SATELLITE_TEXT", default.satellite_refused),
        too_often: text("TOO_OFTEN_TEXT", default.too_often),
        too_many: text("TOO_MANY_TEXT", default.too_many),
        busy: text("BUSY_TEXT", default.busy),
        no_answer: text("NO_ANSWER_TEXT", default.no_answer),
        failed: text("FAILED_TEXT", default.failed),
        ended: text("ENDED_TEXT", default.ended),
    }
}
