//! Servers that go away, and those that never answer.

use crate::{
    cases,
    samples::{connect, id, new, ringing},
    servers::Database,
};
use std::time::Duration;
use tokio::time::Instant;
use voip_core::{
    ErrorKind,
    ports::{CallStore as _, Inserted},
};

cases! {
    a_server_that_never_answers_keeps_nobody_waiting
    a_store_is_back_at_once_after_its_connections_were_cut
}

async fn a_server_that_never_answers_keeps_nobody_waiting<D: Database>() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = silent.local_addr().unwrap();
    let url = format!("{}://ann:sesame@{place}/voip", D::SCHEME);
    let begun = Instant::now();
    let connecting = D::connect(&url, Duration::from_millis(200)); // real time: a socket keeps silent
    let error = tokio::time::timeout(Duration::from_secs(70), connecting).await;
    let error = error.unwrap().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

async fn a_store_is_back_at_once_after_its_connections_were_cut<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    for round in 0..3_u128 {
        store.insert(new(&ringing(2 * round), &[])).await.unwrap();
        store.call(&id(1)).await.unwrap();
        store.ping().await.unwrap();
        database.cut().await;
        // Each kind of connection may fail once: nobody told it before.
        let _ = store.ping().await;
        let _ = store.call(&id(1)).await;
        let _ = store.insert(new(&ringing(2 * round + 1), &[])).await;
        store.ping().await.unwrap();
        assert!(store.call(&id(2 * round)).await.unwrap().is_some());
        let again = store
            .insert(new(&ringing(2 * round + 1), &[]))
            .await
            .unwrap();
        // It may have been added: that is what ambiguous means.
        assert!(matches!(again, Inserted::New | Inserted::Known(_)));
    }
}
