use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use voip_core::{Device, PhoneNumber, User, UserId};

/// Whose number is whose, and their devices, as far as anybody asked: every
/// call asks, and hardly anything of it ever changes.
///
/// Whatever changes any of it makes it forget all. Who read before a change
/// cannot put that back after it: an answer is kept only if nothing was
/// forgotten since its question.
#[derive(Default)]
pub(super) struct Directory {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Counts how often all was forgotten.
    age: u64,
    numbers: HashMap<PhoneNumber, Option<User>>,
    devices: HashMap<UserId, Vec<Device>>,
}

/// The right to keep an answer, until anything is forgotten.
pub(super) struct Question(u64);

/// How many answers of a kind are kept, in some 10 MiB; with one more, they start
/// anew.
const MOST: usize = 65_536;

impl Directory {
    /// Whom this number rings, or the right to find out.
    pub(super) fn user(&self, number: &PhoneNumber) -> Result<Option<User>, Question> {
        let known = self.lock();
        known
            .numbers
            .get(number)
            .cloned()
            .ok_or(Question(known.age))
    }

    /// The devices of a user, or the right to find out.
    pub(super) fn devices(&self, user: &UserId) -> Result<Vec<Device>, Question> {
        let known = self.lock();
        known.devices.get(user).cloned().ok_or(Question(known.age))
    }

    pub(super) fn keep_user(&self, asked: Question, number: &PhoneNumber, user: Option<&User>) {
        let mut known = self.lock();
        if known.age == asked.0 {
            keep(&mut known.numbers, number.clone(), user.cloned());
        }
    }

    pub(super) fn keep_devices(&self, asked: Question, user: &UserId, devices: &[Device]) {
        let mut known = self.lock();
        if known.age == asked.0 {
            keep(&mut known.devices, user.clone(), devices.to_vec());
        }
    }

    /// Forgets all.
    pub(super) fn forget(&self) {
        let mut known = self.lock();
        known.age += 1;
        known.numbers.clear();
        known.devices.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing in here panics half-way through a change.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<K: Eq + Hash, V>(answers: &mut HashMap<K, V>, key: K, answer: V) {
    if answers.len() >= MOST {
        answers.clear();
    }
    answers.insert(key, answer);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number() -> PhoneNumber {
        "+15550001111".parse().unwrap()
    }

    #[test]
    fn an_answer_is_kept_until_anything_changes() {
        let directory = Directory::default();
        let Err(asked) = directory.user(&number()) else {
            panic!("nobody asked before");
        };
        directory.keep_user(asked, &number(), None);
        assert!(matches!(directory.user(&number()), Ok(None)));
        directory.forget();
        assert!(directory.user(&number()).is_err());
    }

    #[test]
    fn who_read_before_a_change_cannot_put_that_back_after_it() {
        let directory = Directory::default();
        let user: UserId = "ann".parse().unwrap();
        let (Err(number_asked), Err(devices_asked)) =
            (directory.user(&number()), directory.devices(&user))
        else {
            panic!("nobody asked before");
        };
        directory.forget();
        directory.keep_user(number_asked, &number(), None);
        directory.keep_devices(devices_asked, &user, &[]);
        assert!(directory.user(&number()).is_err());
        assert!(directory.devices(&user).is_err());
    }
}
