use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use voip_core::{
    Error, ErrorKind, Password, PasswordHash, Result,
    ports::{PasswordHasher, Verified},
};
use voip_testkit::suites::password_hasher;

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    TakesAnyCase,
    TrimsBlanks,
    UsesNoSalt,
    CutsPasswordsOff,
    CallsFreshHashesOutdated,
    MatchesTheDecoy,
    HasACheapDecoy,
    FailsOnUnknownHashes,
}

/// Writes the password's bytes down behind a salt: a hasher for tests of tests.
#[derive(Debug)]
struct Saboteur {
    salts: AtomicU64,
    fault: Fault,
}

const WIDTH: usize = 200;

impl Saboteur {
    fn digest(&self, password: &Password) -> String {
        let mut text = password.expose().to_owned();
        match self.fault {
            Fault::TakesAnyCase => text = text.to_lowercase(),
            Fault::TrimsBlanks => text = text.trim().to_owned(),
            _ => {}
        }
        let mut bytes = text.into_bytes();
        if self.fault == Fault::CutsPasswordsOff {
            bytes.truncate(72);
        }
        // FNV-1a of 64 bits, and the length: enough for the suite's passwords.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}{:0width$x}", bytes.len(), width = WIDTH)
    }
}

#[async_trait]
impl PasswordHasher for Saboteur {
    async fn hash(&self, password: &Password) -> Result<PasswordHash> {
        let salt = match self.fault {
            Fault::UsesNoSalt => 0,
            _ => self.salts.fetch_add(1, Ordering::Relaxed),
        };
        let text = format!("$t=1${salt:016x}${}", self.digest(password));
        Ok(text.parse().expect("printable ASCII"))
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verified> {
        let parts: Vec<&str> = hash.expose().split('$').collect();
        if self.fault == Fault::MatchesTheDecoy && *hash == self.decoy() {
            return Ok(Verified::Matches { outdated: false });
        }
        match parts[..] {
            ["", "t=1", _, digest] if digest == self.digest(password) => Ok(Verified::Matches {
                outdated: self.fault == Fault::CallsFreshHashesOutdated,
            }),
            ["", "t=1", _, _] => Ok(Verified::Differs),
            _ if self.fault == Fault::FailsOnUnknownHashes => {
                Err(Error::new(ErrorKind::Malformed, "no hash of ours"))
            }
            _ => Ok(Verified::Differs),
        }
    }

    fn decoy(&self) -> PasswordHash {
        let cost = match self.fault {
            Fault::HasACheapDecoy => "t=0",
            _ => "t=1",
        };
        let text = format!("${cost}${:016x}${}", 0, "f".repeat(16 + WIDTH));
        text.parse().expect("printable ASCII")
    }
}

async fn fresh() -> Saboteur {
    Saboteur {
        salts: AtomicU64::new(1),
        fault: Fault::Nothing,
    }
}

mod without_a_fault {
    voip_testkit::password_hasher_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let saboteur = Saboteur { fault: Fault::$fault, ..fresh().await };
                expect_caught(async move { password_hasher::$case(&saboteur).await }).await;
            }
        )+
    };
}

caught! {
    TakesAnyCase by a_password_matches_its_own_hash_and_no_other as a_password_in_any_case_is_caught;
    TrimsBlanks by a_password_matches_its_own_hash_and_no_other as a_trimmed_password_is_caught;
    UsesNoSalt by two_hashes_of_one_password_differ as a_missing_salt_is_caught;
    CutsPasswordsOff by every_character_counts as a_password_cut_off_is_caught;
    CallsFreshHashesOutdated by a_fresh_hash_needs_no_other as an_outdated_fresh_hash_is_caught;
    MatchesTheDecoy by nothing_matches_the_decoy as a_matching_decoy_is_caught;
    HasACheapDecoy by nothing_matches_the_decoy as a_cheap_decoy_is_caught;
    FailsOnUnknownHashes by a_hash_of_an_unknown_kind_matches_nothing as a_failing_check_is_caught;
}
