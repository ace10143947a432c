use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt, future::join_all};
use tokio::sync::Semaphore;

use super::*;

const NOW: i64 = 1_700_000_000;

/// Mints when it is let, and counts.
struct Press {
    begun: AtomicUsize,
    gate: Semaphore,
}

impl Press {
    fn closed() -> Arc<Self> {
        Arc::new(Self {
            begun: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        })
    }

    fn open() -> Arc<Self> {
        let press = Self::closed();
        press.gate.add_permits(Semaphore::MAX_PERMITS);
        press
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// Gives a credential for 1000 s that is due after 900 s, or a failure.
    fn mint(
        self: &Arc<Self>,
        now: Timestamp,
        failure: Option<MintFailure>,
    ) -> impl FnOnce() -> Mint + use<> {
        let press = Arc::clone(self);
        move || {
            Box::pin(async move {
                let number = press.begun.fetch_add(1, Ordering::Relaxed) + 1;
                press
                    .gate
                    .acquire()
                    .await
                    .expect("the gate is never closed")
                    .forget();
                match failure {
                    Some(failure) => Err(failure),
                    None => Ok(Credential {
                        header: HeaderValue::from(number),
                        renew_at: now + Duration::from_secs(900),
                        expires_at: now + Duration::from_secs(1000),
                    }),
                }
            })
        }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(NOW + seconds)
}

fn outage(retry: Retry) -> Option<MintFailure> {
    Some(MintFailure {
        kind: ErrorKind::Unavailable,
        retry,
        message: "out of order".into(),
        retry_after: None,
        source: None,
    })
}

#[tokio::test]
async fn everyone_waits_for_one_mint() {
    let (desk, press) = (Desk::new(), Press::closed());
    let all = join_all((0..50).map(|_| desk.credential(at(0), press.mint(at(0), None))));
    let opened = async { press.gate.add_permits(50) };
    let (all, ()) = futures_util::join!(all, opened);
    let first = all[0].clone().unwrap();
    assert!(all.into_iter().all(|each| each.unwrap() == first));
    assert_eq!(press.begun(), 1);
}

#[tokio::test]
async fn everyone_who_waited_gets_the_failure_and_nobody_asks_in_turn() {
    let (desk, press) = (Desk::new(), Press::closed());
    let failing = || press.mint(at(0), outage(Retry::Safe));
    let all = join_all((0..50).map(|_| desk.credential(at(0), failing())));
    let opened = async { press.gate.add_permits(50) };
    let (all, ()) = futures_util::join!(all, opened);
    assert!(all.into_iter().all(|each| each.is_err()));
    assert_eq!(press.begun(), 1);
}

#[tokio::test]
async fn when_the_first_caller_leaves_the_others_carry_the_mint_on() {
    let (desk, press) = (Desk::new(), Press::closed());
    let mut first = Box::pin(desk.credential(at(0), press.mint(at(0), None)));
    let mut second = Box::pin(desk.credential(at(0), press.mint(at(0), None)));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    drop(first);
    press.gate.add_permits(1);
    second.await.unwrap();
    assert_eq!(press.begun(), 1);
}

#[tokio::test]
async fn when_every_caller_leaves_the_next_begins_anew() {
    let (desk, press) = (Desk::new(), Press::closed());
    let mut only = Box::pin(desk.credential(at(0), press.mint(at(0), None)));
    assert!((&mut only).now_or_never().is_none());
    drop(only);
    press.gate.add_permits(1);
    desk.credential(at(0), press.mint(at(0), None))
        .await
        .unwrap();
    assert_eq!(press.begun(), 2);
}

#[tokio::test]
async fn during_a_renewal_the_old_credential_serves_the_others() {
    let (desk, press) = (Desk::new(), Press::closed());
    press.gate.add_permits(1);
    let old = desk
        .credential(at(0), press.mint(at(0), None))
        .await
        .unwrap();
    let mut renewing = Box::pin(desk.credential(at(900), press.mint(at(900), None)));
    assert!((&mut renewing).now_or_never().is_none());
    let other = desk
        .credential(at(900), press.mint(at(900), None))
        .now_or_never();
    assert_eq!(other.expect("nobody else waits").unwrap(), old);
    press.gate.add_permits(1);
    assert_ne!(renewing.await.unwrap(), old);
}

#[tokio::test]
async fn a_refused_renewal_rests_while_the_old_credential_lasts() {
    let (desk, press) = (Desk::new(), Press::open());
    let old = desk
        .credential(at(0), press.mint(at(0), None))
        .await
        .unwrap();
    for seconds in [900, 901, 929] {
        let failing = press.mint(at(seconds), outage(Retry::Safe));
        assert_eq!(desk.credential(at(seconds), failing).await.unwrap(), old);
    }
    assert_eq!(press.begun(), 2);
    let renewed = desk
        .credential(at(930), press.mint(at(930), None))
        .await
        .unwrap();
    assert_ne!(renewed, old);
}

#[tokio::test]
async fn an_expired_credential_is_never_given() {
    let (desk, press) = (Desk::new(), Press::open());
    desk.credential(at(0), press.mint(at(0), None))
        .await
        .unwrap();
    let failing = press.mint(at(1000), outage(Retry::Safe));
    desk.credential(at(1000), failing).await.unwrap_err();
}

#[tokio::test]
async fn only_the_credential_that_was_refused_is_forgotten() {
    let (desk, press) = (Desk::new(), Press::open());
    let first = desk
        .credential(at(0), press.mint(at(0), None))
        .await
        .unwrap();
    desk.forget(&first);
    let second = desk
        .credential(at(1), press.mint(at(1), None))
        .await
        .unwrap();
    assert_ne!(second, first);
    desk.forget(&first);
    assert_eq!(
        desk.credential(at(2), press.mint(at(2), None))
            .await
            .unwrap(),
        second
    );
}

#[test]
fn no_credential_shows_itself() {
    let mut header = HeaderValue::from_static("Bearer secret");
    header.set_sensitive(true);
    let credential = Credential {
        header,
        renew_at: at(0),
        expires_at: at(0),
    };
    assert!(!format!("{credential:?}").contains("secret"));
}
