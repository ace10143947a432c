use std::{cmp::Reverse, sync::Arc, time::Duration};

use voip_core::{
    Call, CallId, CallStatus, Direction, Party,
    ports::{CallStore, LogFilter, LogQuery, Version},
};

use super::samples::{after, ended, every_kind, id, insert, new, outbound, start};

/// Filters and pages list what somebody would pick from the whole log by hand.
pub async fn the_log_lists_what_is_asked_for_and_nothing_else(store: &dyn CallStore) {
    let calls = calls();
    for call in &calls {
        insert(store, new(call)).await;
    }
    // Some have come to what they are by a step, as most do.
    for call in calls.iter().filter(|call| call.is_over()).step_by(3) {
        let known = Version(0);
        let saved = store.replace(call, known, &[], start()).await;
        saved.expect("storage is in order");
    }
    let mut found = 0;
    for filter in filters() {
        for owned_only in [true, false] {
            let wanted: Vec<_> = calls
                .iter()
                .filter(|call| !owned_only || is_anns(call))
                .filter(|call| is_wanted(call, &filter))
                .map(|call| call.id)
                .collect();
            for limit in [1000, 7] {
                let query = LogQuery {
                    name: Arc::from("ann"),
                    owned_only,
                    filter: filter.clone(),
                    after: None,
                    limit,
                };
                let listed = listed(store, query).await;
                assert_eq!(listed, wanted, "{filter:?} in pages of {limit}");
            }
            found += wanted.len();
        }
    }
    assert!(found > 500, "the filters leave something: {found}");
}

/// All pages of a log.
async fn listed(store: &dyn CallStore, mut query: LogQuery) -> Vec<CallId> {
    let mut listed = Vec::new();
    loop {
        let page = store.log(&query).await.expect("storage is in order");
        assert!(page.len() <= query.limit);
        let Some(last) = page.last() else {
            return listed;
        };
        query.after = Some(last.place());
        listed.extend(page.iter().map(|entry| entry.id));
        assert!(listed.len() < 10_000, "pages go round in circles");
    }
}

/// Calls in every state, of ann and about ann, newest first.
fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for (place, call) in (0_u128..).zip(every_kind()) {
        let (owner, from) = match place % 5 {
            0 => ("bob", "ann"),
            1 => ("ann", "+15550002222"),
            2 => ("ann", "+15550003333"),
            3 => ("ann", "anonymous"),
            _ => ("ann", "+15550001111"),
        };
        calls.push(Call {
            // Some share a moment, and ids do not follow time.
            id: id((place * 7919) % 1009 + 1),
            created_at: after(u64::try_from(place / 3).expect("small")),
            from: Party::read(from),
            to: Party::read(if place % 2 == 0 {
                "+15550002222"
            } else {
                "+15550004444"
            }),
            owner: owner.parse().ok(),
            peer: None,
            ..call
        });
    }
    // A user may be named like a number that others call.
    calls.push(Call {
        owner: "+15550002222".parse().ok(),
        direction: Direction::Inbound,
        from: Party::read("ann"),
        to: Party::read("+15550004444"),
        ..ended(&outbound(5000, "ann"))
    });
    calls.sort_by_key(|call| Reverse((call.created_at, call.id)));
    calls
}

fn is_anns(call: &Call) -> bool {
    call.owner
        .as_ref()
        .is_some_and(|owner| owner.as_str() == "ann")
}

/// What each filter means, told once more.
fn is_wanted(call: &Call, filter: &LogFilter) -> bool {
    if !filter.statuses.is_empty() && !filter.statuses.contains(&call.status()) {
        return false;
    }
    if filter.direction.is_some_and(|way| way != call.direction) {
        return false;
    }
    if let Some(party) = &filter.party
        && call.from.expose() != &**party
        && call.to.expose() != &**party
    {
        return false;
    }
    filter.since.is_none_or(|since| since <= call.created_at)
        && filter.until.is_none_or(|until| call.created_at < until)
}

/// Every pairing of what may be asked for.
fn filters() -> Vec<LogFilter> {
    let statuses = [
        vec![],
        vec![CallStatus::Completed],
        vec![
            CallStatus::Canceled,
            CallStatus::Ringing,
            CallStatus::Canceled,
        ],
        vec![CallStatus::Initiated],
        CallStatus::ALL.to_vec(),
    ];
    let directions = [None, Some(Direction::Inbound), Some(Direction::Outbound)];
    let parties = [
        None,
        Some("+15550002222"),
        Some("+15550003333"),
        Some("ann"),
        Some("anonymous"),
        Some("ANONYMOUS"),
        Some("+1555000222"),
        Some(""),
    ];
    let spans = [
        (None, None),
        (Some(after(5)), None),
        (None, Some(after(5))),
        (Some(after(3)), Some(after(11))),
        (Some(after(5)), Some(after(5))),
        (Some(after(11)), Some(after(3))),
        (
            Some(after(4) + Duration::from_micros(1)),
            Some(after(5) + Duration::from_micros(1)),
        ),
    ];
    let mut filters = Vec::new();
    for (n, statuses) in statuses.iter().enumerate() {
        for direction in directions {
            for (m, party) in parties.iter().enumerate() {
                for (k, (since, until)) in spans.iter().enumerate() {
                    // All pairs of two kinds are there; not all of four.
                    if n > 1 && m > 1 && k > 1 {
                        continue;
                    }
                    filters.push(LogFilter {
                        statuses: statuses.clone(),
                        direction,
                        party: party.map(Arc::from),
                        since: *since,
                        until: *until,
                    });
                }
            }
        }
    }
    filters
}
