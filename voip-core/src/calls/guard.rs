//! What keeps outbound calls from costing more than anybody wants to spend.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    Call, Country, Direction, PhoneNumber, Phrases, Result, Tariff, UserId,
    calls::{Inner, entering::Entering},
    ports::{Allowance, LimitKey, Quota},
};

/// What outbound calls may cost: where to, how often, how many at a time.
///
/// Stolen logins and mistyped programs are paid by whoever owns the provider's
/// account, so something is always refused unless it is allowed on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendGuard {
    /// The countries that may be called; every one where not given. Where it
    /// is, numbers of no country are refused.
    pub countries: Option<BTreeSet<Country>>,
    /// Whether premium-rate and satellite numbers may be called. Default: no.
    pub expensive_numbers: bool,
    /// How many calls a user may start in any minute; as many as they like
    /// where not given. Default 30. Calls of nobody in particular count
    /// together. What the provider repeats about a voice client's call is never
    /// refused for it, but may count once more.
    pub calls_a_minute: Option<u32>,
    /// How many calls that they started a user may have at a time, at most
    /// [`MOST_LIVE_CALLS`](crate::ports::MOST_LIVE_CALLS); as many as they like
    /// where not given. Default 10. Calls of nobody in particular are not
    /// counted. Never more, whichever nodes they are started at: where two
    /// nodes admit the last one at the same moment, it is taken back by one of
    /// them or by both.
    pub live_calls: Option<usize>,
}

/// Why a call was refused for what it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpendRefusal {
    /// Somewhere that is not called from here.
    #[error("calls to this country are not allowed")]
    Country,
    /// A premium-rate number.
    #[error("calls to premium-rate numbers are not allowed")]
    Premium,
    /// A number of a satellite or other international network.
    #[error("calls to satellite and international networks are not allowed")]
    Satellite,
    /// Too many calls in a short time.
    #[error("too many calls were started within a minute; wait a little")]
    TooOften {
        /// When to come back.
        retry_after: Duration,
    },
    /// Too many calls at a time.
    #[error("too many calls are under way; end one first")]
    TooMany,
}

impl SpendGuard {
    /// Refuses nothing.
    pub fn off() -> Self {
        Self {
            countries: None,
            expensive_numbers: true,
            calls_a_minute: None,
            live_calls: None,
        }
    }

    /// Whether it refuses nothing, so that nothing has to be looked up.
    pub fn is_off(&self) -> bool {
        *self == Self::off()
    }

    /// Whether `number` may be called at all.
    ///
    /// # Errors
    /// Why it may not.
    pub fn allows(&self, number: &PhoneNumber) -> Result<(), SpendRefusal> {
        if !self.expensive_numbers {
            match number.tariff() {
                Tariff::Ordinary => {}
                Tariff::Premium => return Err(SpendRefusal::Premium),
                Tariff::Satellite => return Err(SpendRefusal::Satellite),
            }
        }
        match &self.countries {
            Some(countries) if !countries.iter().any(|country| number.is_of(*country)) => {
                Err(SpendRefusal::Country)
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Default for SpendGuard {
    fn default() -> Self {
        Self {
            countries: None,
            expensive_numbers: false,
            calls_a_minute: Some(30),
            live_calls: Some(10),
        }
    }
}

impl SpendRefusal {
    /// What a voice client hears.
    pub(super) fn spoken(self, phrases: &Phrases) -> &Arc<str> {
        match self {
            Self::Country => &phrases.country_refused,
            Self::Premium => &phrases.premium_refused,
            Self::Satellite => &phrases.satellite_refused,
            Self::TooOften { .. } => &phrases.too_often,
            Self::TooMany => &phrases.too_many,
        }
    }
}

/// Those of `live` that `owner` has started.
pub(super) fn started_by<'a>(owner: &UserId, live: &'a [Call]) -> impl Iterator<Item = &'a Call> {
    live.iter().filter(move |call| {
        call.direction == Direction::Outbound && call.owner.as_ref() == Some(owner)
    })
}

/// Why a call was not admitted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAdmitted {
    #[error(transparent)]
    Refused(#[from] SpendRefusal),
    #[error(transparent)]
    Storage(#[from] crate::Error),
}

impl Inner {
    /// Lets a call to the phone network in, and counts it; any other is let in
    /// uncounted. Keep what is returned until the call is on record.
    pub(super) async fn admit(&self, call: &Call) -> Result<Option<Entering<'_>>, NotAdmitted> {
        let Some(to) = call.dialled_number() else {
            return Ok(None);
        };
        let owner = call.owner.as_ref();
        let guard = &self.settings.guard;
        guard.allows(to)?;
        let mut entering = None;
        if let (Some(owner), Some(most)) = (owner, guard.live_calls) {
            // First the place, then the look: whoever has left the door by then
            // is on record.
            let place = self.entrance.enter(owner, call.id);
            let mut under_way = place.before_it();
            let live = self.ports.calls.live_calls(owner).await?;
            under_way.extend(started_by(owner, &live).map(|call| call.id));
            if under_way.len() >= most {
                return Err(SpendRefusal::TooMany.into());
            }
            entering = Some(place);
        }
        if let Some(most) = guard.calls_a_minute {
            let key = match owner {
                Some(owner) => LimitKey::new("calls-of", owner.as_str()),
                None => LimitKey::new("calls-of-nobody", ""),
            };
            match self.ports.limiter.take(&key, Quota::a_minute(most)).await {
                Ok(Allowance::Allowed) => {}
                Ok(Allowance::Denied { retry_after }) => {
                    return Err(SpendRefusal::TooOften { retry_after }.into());
                }
                // Nobody is cut off for want of a counter; the number of calls
                // at a time still holds.
                Err(error) => tracing::error!(%error, "calls are not counted"),
            }
        }
        Ok(entering)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn expensive_numbers_are_refused_unless_they_are_allowed() {
        let (premium, satellite) = (number("+19002345678"), number("+881612345678"));
        let guard = SpendGuard::default();
        assert_eq!(guard.allows(&premium), Err(SpendRefusal::Premium));
        assert_eq!(guard.allows(&satellite), Err(SpendRefusal::Satellite));
        assert_eq!(guard.allows(&number("+15550001111")), Ok(()));
        assert_eq!(guard.allows(&number("+442079460000")), Ok(()));
        for number in [premium, satellite] {
            assert_eq!(SpendGuard::off().allows(&number), Ok(()));
        }
    }

    #[test]
    fn only_the_countries_named_are_called() {
        let guard = SpendGuard {
            countries: Some(["US", "CA"].map(|code| code.parse().unwrap()).into()),
            ..SpendGuard::default()
        };
        for text in ["+15550001111", "+14165550130", "+18002345678"] {
            assert_eq!(guard.allows(&number(text)), Ok(()), "{text}");
        }
        for text in ["+442079460000", "+18092345678", "+80012345678"] {
            assert_eq!(
                guard.allows(&number(text)),
                Err(SpendRefusal::Country),
                "{text}"
            );
        }
        let guard = SpendGuard {
            expensive_numbers: true,
            ..guard
        };
        let satellite = number("+881612345678");
        assert_eq!(guard.allows(&satellite), Err(SpendRefusal::Country));
    }
}
