//! The fields every request about a call carries.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::Engine;
use super::leg::LegId;
use crate::address::country;
use crate::inspect::Direction;

/// The version of the interface, as it appears in paths, resources and requests.
pub(crate) const API_VERSION: &str = "2010-04-01";

/// A time as resources and callbacks write it: RFC 2822, in UTC, without fractions.
pub(crate) fn date(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC)
        .format(&Rfc2822)
        .expect("RFC 2822 holds every year of four digits, and a call is made in one")
}

impl Engine {
    pub(super) fn call_fields(&self, id: LegId) -> Vec<(String, String)> {
        let leg = self.leg(id);
        let mut fields = vec![
            pair("AccountSid", &self.config.account_sid),
            pair("ApiVersion", API_VERSION),
            pair("CallSid", leg.sid.as_str()),
            pair("CallStatus", leg.status.as_str()),
            // A voice client calls an application, not a number: whatever `To` it chose itself.
            pair(
                "Called",
                if leg.application_sid.is_some() {
                    ""
                } else {
                    &leg.to
                },
            ),
            pair("Caller", &leg.from),
            pair("Direction", leg.direction.as_str()),
            pair("From", &leg.from),
            pair("To", &leg.to),
        ];
        if let Some(answered_by) = leg.answered_by {
            fields.push(pair("AnsweredBy", answered_by));
        }
        if let Some(application) = &leg.application_sid {
            fields.push(pair("ApplicationSid", application));
            return fields;
        }
        if let (Direction::Inbound, Some(stir)) = (leg.direction, &leg.script.stir_status) {
            fields.push(pair("StirVerstat", stir));
        }
        if let Some(parent) = &leg.parent_sid {
            fields.push(pair("ParentCallSid", parent.as_str()));
        }
        // Clients live nowhere; of numbers the simulator knows the country at best.
        for (names, number) in [(["From", "Caller"], &leg.from), (["To", "Called"], &leg.to)] {
            if !number.starts_with('+') {
                continue;
            }
            for side in names {
                for part in ["City", "State", "Zip"] {
                    fields.push((format!("{side}{part}"), String::new()));
                }
                fields.push((format!("{side}Country"), country(number).to_owned()));
            }
        }
        fields
    }
}

pub(super) fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
