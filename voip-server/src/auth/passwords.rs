use std::{fmt, sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::phc,
};
use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use voip_core::{
    Error, ErrorKind, Password, PasswordHash, Result,
    ports::{PasswordHasher, Verified},
};

use super::HashingCost;

/// Hashes with Argon2id (RFC 9106), on threads for blocking work, and reads the
/// bcrypt hashes of earlier systems.
///
/// Only so many hashes are made at a time, so that a flood of logins leaves
/// the processor to calls; only so many wait for their turn, and whoever comes
/// then is told to come back.
///
/// bcrypt reads 72 bytes of a password. Where it made the hash, all passwords
/// with the same 72 bytes match, as they did before; the first that does is
/// hashed anew, and from then on every byte of it counts.
///
/// A hash takes its own time to check, and a stranger may choose neither its
/// cost nor that of our own: one that is dearer than bcrypt of cost 14, 256 MiB
/// of Argon2 or 16 passes of it matches nothing, like one that cannot be
/// read, after the work of a fresh one. Where a bcrypt hash or an Argon2 hash
/// of another cost is stored, the time of a wrong password may tell that an
/// account is old and nobody has logged in to it since; bcrypt of a cost of 10
/// or 11 takes about as long as a fresh hash.
pub struct Argon2Passwords {
    params: Params,
    /// One permit for each hash in the making.
    turns: Arc<Semaphore>,
    /// One permit for each hash in the making or waiting.
    places: Arc<Semaphore>,
}

/// When to come back if too many wait.
const PAUSE: Duration = Duration::from_secs(2);

/// The dearest bcrypt hash that is checked: about a second. Each step more
/// doubles it; the dearest that bcrypt knows takes days.
const MOST_BCRYPT_COST: u32 = 14;

/// The most memory that checking a stored Argon2 hash may take, in KiB: 256 MiB.
const MOST_KIB: u32 = 256 * 1024;

/// The most passes of a stored Argon2 hash that is checked.
const MOST_PASSES: u32 = 16;

/// A salt and a hash that nobody has found a password for: zeros.
const DECOY: &str = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Argon2Passwords {
    /// A hasher of this cost.
    ///
    /// # Errors
    /// `Misconfigured` for a cost that Argon2 does not know: less than 8 KiB,
    /// or no pass.
    pub fn new(cost: HashingCost) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, Params::DEFAULT_P_COST, None)
            .map_err(|_| Error::new(ErrorKind::Misconfigured, "Argon2 knows no such cost"))?;
        let at_a_time = cost.at_a_time.max(1);
        Ok(Self {
            params,
            turns: Arc::new(Semaphore::new(at_a_time)),
            places: Arc::new(Semaphore::new(at_a_time + cost.waiting)),
        })
    }

    /// Does `work` on a thread for blocking work, once it is its turn. Work
    /// that nobody waits for any more keeps its turn until it is done.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T> {
        let place: OwnedSemaphorePermit = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| busy())?;
        let params = self.params.clone();
        tokio::task::spawn_blocking(move || {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let done = work(&argon2);
            drop((turn, place));
            done
        })
        .await
        .map_err(|_| Error::new(ErrorKind::Internal, "a hash was given up"))
    }
}

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash(&self, password: &Password) -> Result<PasswordHash> {
        let password = password.clone();
        let hash: Option<PasswordHash> = self
            .in_turn(move |argon2| {
                let hash = argon2.hash_password(password.expose().as_bytes()).ok()?;
                hash.to_string().parse().ok()
            })
            .await?;
        hash.ok_or_else(|| Error::new(ErrorKind::Internal, "a password could not be hashed"))
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verified> {
        let (password, hash) = (password.clone(), hash.clone());
        self.in_turn(move |argon2| verify(argon2, password.expose(), hash.expose()))
            .await
    }

    fn decoy(&self) -> PasswordHash {
        decoy(&self.params)
            .parse()
            .expect("short, and printable ASCII")
    }
}

impl fmt::Debug for Argon2Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Passwords")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

fn busy() -> Error {
    Error::new(
        ErrorKind::Exhausted,
        "too many passwords wait to be checked",
    )
    .with_retry_after(PAUSE)
}

fn verify(argon2: &Argon2<'_>, password: &str, hash: &str) -> Verified {
    if let Some(cost) = bcrypt_cost(hash) {
        if cost > MOST_BCRYPT_COST {
            tracing::warn!(
                cost,
                most = MOST_BCRYPT_COST,
                "a stored bcrypt hash is too dear to check"
            );
            return like_fresh(argon2, password);
        }
        return match bcrypt::verify(password, hash) {
            Ok(true) => Verified::Matches { outdated: true },
            Ok(false) => Verified::Differs,
            Err(_) => like_fresh(argon2, password),
        };
    }
    let Ok(hash) = phc::PasswordHash::new(hash) else {
        return like_fresh(argon2, password);
    };
    let Some(params) = Params::try_from(&hash).ok().filter(is_affordable) else {
        tracing::warn!("a stored Argon2 hash is too dear to check, or says no cost");
        return like_fresh(argon2, password);
    };
    // It runs with the cost that the hash names.
    match argon2.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Verified::Matches {
            outdated: !is_current(argon2, &hash, &params),
        },
        Err(_) => Verified::Differs,
    }
}

/// The cost of a bcrypt hash, which stands in `$2b$10$`; `None` for a hash of
/// another kind. One that does not say is as cheap as can be: it is not run.
fn bcrypt_cost(hash: &str) -> Option<u32> {
    let kinds = ["$2a$", "$2b$", "$2y$", "$2x$"];
    let rest = kinds.iter().find_map(|kind| hash.strip_prefix(kind))?;
    let cost = rest.split('$').next().and_then(|cost| cost.parse().ok());
    Some(cost.unwrap_or_default())
}

fn is_affordable(params: &Params) -> bool {
    params.m_cost() <= MOST_KIB && params.t_cost() <= MOST_PASSES
}

/// The work of a fresh hash for one that is not checked: the time must not
/// tell that there is something to be found.
fn like_fresh(argon2: &Argon2<'_>, password: &str) -> Verified {
    let decoy = decoy(argon2.params());
    if let Ok(decoy) = phc::PasswordHash::new(&decoy) {
        let _ = argon2.verify_password(password.as_bytes(), &decoy);
    }
    Verified::Differs
}

fn decoy(params: &Params) -> String {
    let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
    format!("$argon2id$v=19$m={m},t={t},p={p}${DECOY}")
}

fn is_current(argon2: &Argon2<'_>, hash: &phc::PasswordHash, params: &Params) -> bool {
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
        && hash.version == Some(Version::V0x13.into())
        && cost(params) == cost(argon2.params())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashingCost = HashingCost {
        memory_kib: 8,
        passes: 1,
        at_a_time: 1,
        waiting: 1,
    };

    mod suite {
        use super::*;

        async fn fresh() -> Argon2Passwords {
            Argon2Passwords::new(HashingCost::cheapest()).unwrap()
        }

        voip_testkit::password_hasher_suite!(fresh);
    }

    fn typed(text: &str) -> Password {
        Password::typed(text)
    }

    async fn verified(hasher: &Argon2Passwords, password: &str, hash: &str) -> Verified {
        let hash = hash.parse().unwrap();
        hasher.verify(&typed(password), &hash).await.unwrap()
    }

    #[tokio::test]
    async fn a_fresh_hash_is_argon2id_of_the_usual_cost() {
        let hasher = Argon2Passwords::new(HashingCost::default()).unwrap();
        let hash = hasher.hash(&typed("sesame")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let decoy = hasher.decoy();
        assert!(
            decoy
                .expose()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        assert_eq!(decoy.expose().len(), hash.expose().len());
        phc::PasswordHash::new(decoy.expose()).unwrap();
    }

    #[tokio::test]
    async fn hashes_of_bcrypt_match_and_are_outdated() {
        let hasher = Argon2Passwords::new(CHEAP).unwrap();
        let hash = bcrypt::hash("correct horse", 4).unwrap();
        for kind in ["$2a$", "$2b$", "$2y$"] {
            let hash = hash.replacen("$2b$", kind, 1);
            let right = verified(&hasher, "correct horse", &hash).await;
            assert_eq!(right, Verified::Matches { outdated: true }, "{kind}");
            let wrong = verified(&hasher, "correct house", &hash).await;
            assert_eq!(wrong, Verified::Differs);
        }
        assert_eq!(
            verified(&hasher, "x", "$2b$04$short").await,
            Verified::Differs
        );
    }

    #[tokio::test]
    async fn of_bcrypt_72_bytes_count_as_they_always_did() {
        let hasher = Argon2Passwords::new(CHEAP).unwrap();
        let start = "é".repeat(36);
        let hash = bcrypt::hash(format!("{start}tail"), 4).unwrap();
        for (password, matches) in [
            (format!("{start}tail"), true),
            (start.clone(), true),
            (format!("{start}another"), true),
            ("é".repeat(35), false),
        ] {
            let expected = match matches {
                true => Verified::Matches { outdated: true },
                false => Verified::Differs,
            };
            assert_eq!(verified(&hasher, &password, &hash).await, expected);
        }
    }

    #[tokio::test]
    async fn a_hash_that_is_too_dear_is_not_run() {
        let hasher = Argon2Passwords::new(CHEAP).unwrap();
        let cheap = bcrypt::hash("sesame", 4).unwrap();
        let params = Params::new(8, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let known = argon2.hash_password(b"sesame").unwrap().to_string();
        // Any of these would take minutes, days or all memory.
        for dear in [
            cheap.replacen("$04$", "$15$", 1),
            cheap.replacen("$04$", "$31$", 1),
            known.replacen("m=8,", "m=4000000,", 1),
            known.replacen("t=1,", "t=4000000,", 1),
        ] {
            let start = std::time::Instant::now();
            assert_eq!(verified(&hasher, "sesame", &dear).await, Verified::Differs);
            assert!(start.elapsed() < Duration::from_millis(500), "{dear}");
        }
    }

    #[tokio::test]
    async fn a_hash_that_is_not_run_takes_the_work_of_a_fresh_one() {
        let cost = HashingCost {
            memory_kib: 64 * 1024,
            ..CHEAP
        };
        let hasher = Argon2Passwords::new(cost).unwrap();
        let time = async |hash: &str| {
            let start = std::time::Instant::now();
            assert_eq!(verified(&hasher, "sesame", hash).await, Verified::Differs);
            start.elapsed()
        };
        // The quickest of some: what else the machine does only takes longer.
        let mut fresh = Duration::MAX;
        for _ in 0..5 {
            fresh = fresh.min(time(hasher.decoy().expose()).await);
        }
        for unread in [
            "$2b$31$short",
            "$2b$04$short",
            "nonsense",
            "$argon2id$v=19$x",
        ] {
            assert!(time(unread).await > fresh / 4, "{unread}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_or_kind_is_outdated() {
        let hasher = Argon2Passwords::new(CHEAP).unwrap();
        for (algorithm, passes) in [(Algorithm::Argon2id, 2), (Algorithm::Argon2i, 1)] {
            let params = Params::new(8, passes, 1, None).unwrap();
            let other = Argon2::new(algorithm, Version::V0x13, params);
            let hash = other.hash_password(b"sesame").unwrap().to_string();
            let outdated = Verified::Matches { outdated: true };
            assert_eq!(verified(&hasher, "sesame", &hash).await, outdated);
        }
    }

    #[tokio::test]
    async fn whoever_finds_no_place_is_told_when_to_come_back() {
        let hasher = Argon2Passwords::new(CHEAP).unwrap();
        let turn = Arc::clone(&hasher.turns).acquire_owned().await.unwrap();
        let hasher = Arc::new(hasher);
        let waiting = |hasher: &Arc<Argon2Passwords>| {
            let hasher = Arc::clone(hasher);
            tokio::spawn(async move { hasher.hash(&typed("sesame")).await })
        };
        let (first, second) = (waiting(&hasher), waiting(&hasher));
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = hasher.hash(&typed("sesame")).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Exhausted);
        assert_eq!(refused.retry_after(), Some(PAUSE));
        drop(turn);
        assert!(first.await.unwrap().is_ok());
        assert!(second.await.unwrap().is_ok());
        assert_eq!(hasher.places.available_permits(), 2);
        assert!(hasher.hash(&typed("sesame")).await.is_ok());
    }
}
