use std::collections::BTreeSet;

use voip_core::{Country, SpendGuard, ports::MOST_LIVE_CALLS};

use super::{Faults, Source};

/// What outbound calls may cost.
pub(super) fn read(source: &Source, faults: &mut Faults) -> SpendGuard {
    let default = SpendGuard::default();
    let on = match source.text("SPEND_GUARD").as_deref() {
        None | Some("on") => true,
        Some("off") => false,
        Some(_) => {
            faults.add("SPEND_GUARD", "must be on or off");
            true
        }
    };
    let calls_a_minute = source.parsed(
        "CALLS_PER_MINUTE",
        default.calls_a_minute.unwrap_or(0),
        faults,
    );
    // Every call within the minute is remembered.
    if calls_a_minute > 100_000 {
        faults.add("CALLS_PER_MINUTE", "must be from 0 to 100000");
    }
    let live_calls = source.parsed(
        "LIVE_CALLS_PER_USER",
        default.live_calls.unwrap_or(0),
        faults,
    );
    if live_calls > MOST_LIVE_CALLS {
        let most = format!("must be from 0 to {MOST_LIVE_CALLS}");
        faults.add("LIVE_CALLS_PER_USER", most);
    }
    let countries = countries(source, faults);
    match on {
        true => SpendGuard {
            countries,
            calls_a_minute: (calls_a_minute > 0).then_some(calls_a_minute),
            live_calls: (live_calls > 0).then_some(live_calls),
            ..default
        },
        false => SpendGuard::off(),
    }
}

fn countries(source: &Source, faults: &mut Faults) -> Option<BTreeSet<Country>> {
    let text = source.text("ALLOWED_COUNTRIES")?;
    let codes = text.split(|c: char| c == ',' || c.is_whitespace());
    let codes = codes.filter(|code| !code.is_empty());
    match codes
        .map(str::parse)
        .collect::<Result<BTreeSet<Country>, _>>()
    {
        Ok(countries) if !countries.is_empty() => Some(countries),
        Ok(_) | Err(_) => {
            let what = "must be two-letter country codes (ISO 3166), such as US,CA,GB";
            faults.add("ALLOWED_COUNTRIES", what);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[(&'static str, &str)]) -> (SpendGuard, Vec<&'static str>) {
        let mut faults = Faults::default();
        let values = values
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let guard = read(&Source::of(values), &mut faults);
        (guard, faults.names())
    }

    #[test]
    fn it_is_on_unless_it_is_turned_off() {
        assert_eq!(told(&[]), (SpendGuard::default(), vec![]));
        assert_eq!(told(&[("SPEND_GUARD", "on")]).0, SpendGuard::default());
        let off = told(&[("SPEND_GUARD", "off"), ("ALLOWED_COUNTRIES", "US")]);
        assert_eq!(off, (SpendGuard::off(), vec![]));
        assert!(!SpendGuard::default().is_off());
    }

    #[test]
    fn zero_is_no_limit_and_countries_are_a_list() {
        let (guard, faults) = told(&[
            ("CALLS_PER_MINUTE", "0"),
            ("LIVE_CALLS_PER_USER", "0"),
            ("ALLOWED_COUNTRIES", "us, CA GB,"),
        ]);
        assert_eq!(faults, [""; 0]);
        assert_eq!((guard.calls_a_minute, guard.live_calls), (None, None));
        assert!(!guard.expensive_numbers);
        let countries = guard.countries.unwrap();
        let countries: Vec<_> = countries.iter().map(ToString::to_string).collect();
        assert_eq!(countries, ["CA", "GB", "US"]);
        let (guard, _) = told(&[("CALLS_PER_MINUTE", "7"), ("LIVE_CALLS_PER_USER", "100")]);
        assert_eq!(
            (guard.calls_a_minute, guard.live_calls),
            (Some(7), Some(100))
        );
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (name, value) in [
            ("SPEND_GUARD", "maybe"),
            ("ALLOWED_COUNTRIES", "UK"),
            ("ALLOWED_COUNTRIES", "US,Canada"),
            ("ALLOWED_COUNTRIES", ","),
            ("CALLS_PER_MINUTE", "-1"),
            ("CALLS_PER_MINUTE", "100001"),
            ("LIVE_CALLS_PER_USER", "101"),
        ] {
            assert_eq!(told(&[(name, value)]).1, [name], "{value}");
        }
    }
}
