//! That no statement reads a table from end to end.

use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};
use voip_core::{
    Answerer, CallStatus, Device, Effect, Platform, Signal, Timestamp, User,
    ports::{IdempotencyKey, LegReport, LogCursor, LogFilter, LogQuery, NewCall, Version},
    table,
};

use super::{
    SqliteOptions, archive, connection, deleting, effects, finding,
    listing::{self, Listing},
    live, log_lines,
    saving::{self, Added},
    schema, users,
};

thread_local! {
    static STATEMENTS: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Every statement but those that delete whole tables, as SQLite saw it.
fn statements(db: &Connection) -> BTreeSet<String> {
    db.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event| {
            if let TraceEvent::Stmt(_, sql) = event {
                STATEMENTS.with_borrow_mut(|seen| seen.insert(sql.to_owned()));
            }
        }),
    );
    let now = Timestamp::from_secs(1_700_000_000);
    let leg = "CA1".parse().unwrap();
    let listing = Listing::new(1);
    listing.begin(db, false).unwrap();
    for (place, (_, call)) in table::calls().into_iter().enumerate() {
        let key = IdempotencyKey::new(call.owner.clone(), &format!("key{place}")).ok();
        let effects = Effect::ALL.to_vec();
        let new = NewCall {
            call: call.clone(),
            effects,
            effects_due: now,
            key,
        };
        let call = Arc::new(call);
        if let Added::New(row) = saving::insert(db, &new).unwrap() {
            listing.put(&call, row);
        }
        saving::known(db, &new.call, new.key.as_ref()).unwrap();
        saving::replace(db, &listing, &call, Version(0), &Effect::ALL, now).unwrap();
        if let Ok(step) = call.step(Signal::Answered(answerer()), now) {
            let next = Arc::new(step.call);
            saving::replace(db, &listing, &next, Version(1), &step.effects, now).unwrap();
        }
        finding::call(db, &call.id).unwrap();
        finding::call_by_leg(db, &leg).unwrap();
        effects::settle(db, &call.id, Effect::Dial).unwrap();
        for owned_only in [true, false] {
            for after in [
                None,
                Some(LogCursor {
                    created_at: now,
                    id: call.id,
                }),
            ] {
                let query = LogQuery {
                    name: "ann".into(),
                    owned_only,
                    filter: LogFilter::default(),
                    after,
                    limit: 10,
                };
                log_lines::page(db, &query).unwrap();
                log_lines::filtered(db, &query).unwrap();
            }
        }
        if let Some(owner) = &call.owner {
            listing.write_under(db, owner.as_str()).unwrap();
            deleting::delete(db, &listing, owner, &call.id, now).unwrap();
            deleting::restore(db, owner, &call.id).unwrap();
        }
    }
    listing.note(db).unwrap();
    listing::newest(db).unwrap();
    finding::due_calls(db, now, 10).unwrap();
    live::all(db, 10).unwrap();
    live::of(db, &"ann".parse().unwrap()).unwrap();
    effects::any_due(db, now).unwrap();
    effects::claim(db, now, now, 10).unwrap();
    let status = CallStatus::Ringing;
    let report = LegReport {
        leg: leg.clone(),
        status,
        at: None,
        duration: None,
        reason: None,
    };
    effects::keep(db, &report, now).unwrap();
    effects::is_kept(db, &leg).unwrap();
    effects::take(db, &leg).unwrap();
    let number = voip_core::PhoneNumber::from_e164("+15550001111").unwrap();
    let user = User {
        id: "ann".parse().unwrap(),
        phone: Some(number.clone()),
        created_at: now,
    };
    let token: voip_core::PushToken = "token".parse().unwrap();
    let device = Device {
        token: token.clone(),
        platform: Platform::Fcm,
        last_seen: now,
    };
    users::register(db, &user, Some(&device)).unwrap();
    users::by_id(db, &user.id).unwrap();
    users::by_number(db, &number).unwrap();
    users::devices(db, &user.id).unwrap();
    users::forget(db, &token).unwrap();
    archive::calls(db, None, 10).unwrap();
    archive::users(db, Some(&user.id), 10).unwrap();
    archive::accounts(db, Some(&user.id), 10).unwrap();
    db.trace_v2(TraceEventCodes::empty(), None);
    STATEMENTS.take()
}

fn answerer() -> Answerer {
    Answerer {
        user: "ann".parse().unwrap(),
        device: "phone".into(),
    }
}

#[test]
fn every_statement_finds_its_rows_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = connection::writing(&SqliteOptions::at(folder.path().join("voip.db"))).unwrap();
    schema::migrate(&mut db).unwrap();
    let statements = statements(&db);
    assert!(
        statements.len() > 30,
        "only {} statements were seen",
        statements.len()
    );
    for sql in statements {
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut steps = plan.raw_query();
        while let Some(step) = steps.next().unwrap() {
            let step: String = step.get(3).unwrap();
            assert!(!step.starts_with("SCAN"), "{step}: {sql}");
            // Only the few live calls of one user are brought into order.
            let sorts = step.contains("TEMP B-TREE");
            assert!(
                !sorts || sql.contains("deadline_at IS NOT NULL"),
                "{step}: {sql}"
            );
        }
    }
}
