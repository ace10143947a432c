//! How many devices a user keeps.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::{sync::Arc, time::Duration};

use voip_core::{Device, MOST_DEVICES, PhoneNumber, Platform, UserId, Users, ports::UserStore};
use voip_store::MemoryStore;
use voip_testkit::ManualClock;

#[tokio::test]
async fn of_too_many_devices_the_one_that_registered_longest_ago_is_forgotten() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(MemoryStore::default());
    let users = Users::new(Arc::clone(&store) as _, Arc::clone(&clock) as _);
    let ann: UserId = "ann".parse().unwrap();
    let number: PhoneNumber = "+15550001111".parse().unwrap();
    let register = async |token: String| {
        clock.advance(Duration::from_secs(1));
        let device = |last_seen| Device {
            token: token.parse().unwrap(),
            platform: Platform::Fcm,
            last_seen,
        };
        users
            .register(ann.clone(), number.clone(), device)
            .await
            .unwrap();
    };
    for place in 0..MOST_DEVICES {
        register(format!("phone-{place}")).await;
    }
    // Seen again, so another one is the oldest now.
    register("phone-0".into()).await;
    assert_eq!(store.devices(&ann).await.unwrap().len(), MOST_DEVICES);
    register("one-more".into()).await;
    let devices = store.devices(&ann).await.unwrap();
    let has = |token: &str| devices.iter().any(|device| device.token.expose() == token);
    assert_eq!(devices.len(), MOST_DEVICES);
    assert!(has("one-more") && has("phone-0") && has("phone-2"));
    assert!(!has("phone-1"));
}
