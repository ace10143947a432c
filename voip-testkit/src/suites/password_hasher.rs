//! The suite of [`PasswordHasher`]:
//! [`password_hasher_suite!`](crate::password_hasher_suite) gives an adapter a
//! test for every promise of the port.

use voip_core::{
    Password, PasswordHash,
    ports::{PasswordHasher, Verified},
};

/// Gives a test for every promise of [`PasswordHasher`](voip_core::ports::PasswordHasher).
///
/// `$fresh` is an async function without arguments that gives a hasher, best
/// one of the least cost. The crate that uses the macro needs `tokio` with its
/// features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! password_hasher_suite {
    ($fresh:path) => {
        $crate::password_hasher_suite! {
            $fresh;
            a_password_matches_its_own_hash_and_no_other
            two_hashes_of_one_password_differ
            every_character_counts
            a_fresh_hash_needs_no_other
            nothing_matches_the_decoy
            a_hash_of_an_unknown_kind_matches_nothing
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let hasher = $fresh().await;
                $crate::suites::password_hasher::$case(&hasher).await;
            }
        )+
    };
}

/// Passwords that are easy to take for each other.
const PASSWORDS: [&str; 8] = [
    "sesame",
    "Sesame",
    "sesame ",
    " sesame",
    "sésame",
    "se\u{301}same",
    "",
    "sesame\0",
];

/// A hash is of one password, byte for byte.
pub async fn a_password_matches_its_own_hash_and_no_other(hasher: &dyn PasswordHasher) {
    for own in PASSWORDS {
        let hash = hashed(hasher, own).await;
        for other in PASSWORDS {
            let matches = verified(hasher, other, &hash).await != Verified::Differs;
            assert_eq!(matches, own == other, "{own:?} and {other:?}");
        }
    }
}

/// Nobody can tell from two hashes that they are of one password.
pub async fn two_hashes_of_one_password_differ(hasher: &dyn PasswordHasher) {
    let (one, other) = (
        hashed(hasher, "sesame").await,
        hashed(hasher, "sesame").await,
    );
    assert_ne!(one.expose(), other.expose());
}

/// Nothing is cut off, however long a password is.
pub async fn every_character_counts(hasher: &dyn PasswordHasher) {
    let long = "🔑".repeat(Password::MAX_CHARS);
    let hash = hashed(hasher, &long).await;
    assert_ne!(verified(hasher, &long, &hash).await, Verified::Differs);
    let (mut shorter, longer) = (long.clone(), long + "x");
    shorter.pop();
    for other in [shorter, longer] {
        assert_eq!(verified(hasher, &other, &hash).await, Verified::Differs);
    }
}

/// What was just hashed is not to be hashed again.
pub async fn a_fresh_hash_needs_no_other(hasher: &dyn PasswordHasher) {
    let hash = hashed(hasher, "sesame").await;
    let expected = Verified::Matches { outdated: false };
    assert_eq!(verified(hasher, "sesame", &hash).await, expected);
}

/// The decoy is checked against like any other hash, and says no.
pub async fn nothing_matches_the_decoy(hasher: &dyn PasswordHasher) {
    let decoy = hasher.decoy();
    for password in PASSWORDS {
        assert_eq!(verified(hasher, password, &decoy).await, Verified::Differs);
    }
    // As nobody can time an answer here, its form has to do: it names the same
    // costs as a fresh hash, in the same places.
    let form = |hash: &PasswordHash| -> Vec<String> {
        let parts = hash.expose().split('$');
        parts
            .filter(|part| part.contains('='))
            .map(str::to_owned)
            .collect()
    };
    let fresh = hashed(hasher, "sesame").await;
    assert_eq!(form(&decoy), form(&fresh));
    assert_eq!(decoy.expose().len(), fresh.expose().len());
}

/// What cannot be read is a wrong password, not an error.
pub async fn a_hash_of_an_unknown_kind_matches_nothing(hasher: &dyn PasswordHasher) {
    for text in [
        "x",
        "$",
        "$unknown$v=1$abc$def",
        "sesame",
        "$argon2id$",
        "$2b$",
    ] {
        let hash = text.parse().expect("printable ASCII");
        for password in ["sesame", ""] {
            assert_eq!(
                verified(hasher, password, &hash).await,
                Verified::Differs,
                "{text}"
            );
        }
    }
}

async fn hashed(hasher: &dyn PasswordHasher, password: &str) -> PasswordHash {
    let hash = hasher.hash(&Password::typed(password)).await;
    hash.expect("nobody else is waiting")
}

async fn verified(hasher: &dyn PasswordHasher, password: &str, hash: &PasswordHash) -> Verified {
    let verified = hasher.verify(&Password::typed(password), hash).await;
    verified.expect("nobody else is waiting")
}
