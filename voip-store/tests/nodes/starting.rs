//! What is found at the start: nothing, tables of others, another format, a wrong
//! address.

use crate::{
    cases,
    samples::{PATIENCE, connect, new, refused, ringing},
    servers::Database,
};
use futures_util::future::join_all;
use voip_core::{ErrorKind, ports::CallStore as _};

cases! {
    many_nodes_may_start_on_an_empty_database
    tables_that_are_not_ours_are_refused_and_those_of_the_earlier_system_are_not
    a_newer_format_is_refused
    wrong_addresses_are_named_without_the_password
}

async fn many_nodes_may_start_on_an_empty_database<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let url = database.url();
    let stores = join_all((0..6).map(|_| D::connect(&url, PATIENCE))).await;
    for store in &stores {
        store.as_ref().unwrap().ping().await.unwrap();
    }
    // A start that was killed half-way, where tables cannot be made all at once.
    if D::SCHEME == "mysql" {
        database
            .run("DELETE FROM voip_schema; DROP TABLE accounts, devices")
            .await;
        connect(&database).await.ping().await.unwrap();
        database
            .run("SELECT * FROM accounts; SELECT * FROM devices")
            .await;
    }
}

async fn tables_that_are_not_ours_are_refused_and_those_of_the_earlier_system_are_not<
    D: Database,
>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    database.run("CREATE TABLE devices (name INT)").await;
    let error = refused::<D>(&database.url()).await;
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("devices"), "{error}");
    database.run("SELECT name FROM devices").await;
    database.run("DROP TABLE devices").await;
    let earlier = "CREATE TABLE users (user_id INT); CREATE TABLE call_logs (id INT); \
                   INSERT INTO users VALUES (7)";
    database.run(earlier).await;
    let store = connect(&database).await;
    store.insert(new(&ringing(1), &[])).await.unwrap();
    store.clear_calls().await.unwrap();
    database
        .run("UPDATE users SET user_id = user_id; SELECT id FROM call_logs")
        .await;
}

async fn a_newer_format_is_refused<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    D::close(&connect(&database).await).await;
    database.run("UPDATE voip_schema SET format = 1000").await;
    let error = refused::<D>(&database.url()).await;
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    let message = error.to_string();
    assert!(
        message.contains("newer") && message.contains("1000"),
        "{message}"
    );
}

async fn wrong_addresses_are_named_without_the_password<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let url = database.url();
    let (start, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    let wrong = [
        (
            format!("{start}://nobody:sesame@{place}"),
            ErrorKind::Misconfigured,
        ),
        (
            format!("{start}://nobody:sesame@127.0.0.1:1/voip"),
            ErrorKind::Unavailable,
        ),
        (
            format!("{start}://nobody:ses@ame@:x/voip"),
            ErrorKind::Misconfigured,
        ),
        (
            format!("{start}://nobody:sesame@127.0.0.1"),
            ErrorKind::Misconfigured,
        ),
    ];
    for (url, kind) in wrong {
        let error = refused::<D>(&url).await;
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), kind, "{shown}");
        assert!(
            !shown.contains("sesame") && !shown.contains("ses@"),
            "{shown}"
        );
    }
}
