use std::{sync::Arc, time::Duration};

use voip_core::{
    CallStatus, Timestamp,
    ports::{CallStore, LegReport},
};

use super::samples::{after, leg, start};

/// A report waits for whoever claims its leg; then it is gone.
pub async fn a_report_on_an_unknown_leg_is_kept_until_taken(store: &dyn CallStore) {
    let mut reports = Vec::new();
    for status in CallStatus::ALL {
        reports.push(LegReport {
            leg: leg(1),
            status,
            at: None,
            duration: None,
            reason: None,
        });
    }
    reports.reverse();
    reports.push(LegReport {
        leg: leg(1),
        status: CallStatus::Failed,
        at: Some(Timestamp::from_micros(1_700_000_000_123_457)),
        duration: Some(Duration::from_secs(3)),
        reason: Some(Arc::from("Zoë: 'busy' 📵")),
    });
    let other = LegReport {
        leg: leg(2),
        reason: Some(Arc::from("")),
        ..reports[3].clone()
    };
    for (place, report) in (0..).zip(&reports) {
        store
            .keep_report(report, after(place))
            .await
            .expect("storage is in order");
        if place == 4 {
            store
                .keep_report(&other, after(place))
                .await
                .expect("storage is in order");
        }
    }
    // A clock that was set back changes nothing about the order.
    let repeated = reports[0].clone();
    store
        .keep_report(&repeated, start())
        .await
        .expect("storage is in order");
    reports.push(repeated);

    let take = async |number| {
        store
            .take_reports(&leg(number))
            .await
            .expect("storage is in order")
    };
    assert_eq!(take(3).await, [], "nothing was said of that leg");
    assert_eq!(take(1).await, reports, "all, in the order they were kept");
    assert_eq!(take(1).await, [], "taken is taken");
    assert_eq!(take(2).await, [other], "another leg's report stays");
}
