//! A few things by name, the newest of them.

use std::collections::{HashMap, VecDeque};

/// What was remembered last, by name. Names are not remembered twice.
pub(super) struct Remembered<T> {
    known: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Remembered<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.known.get(name)
    }

    /// Remembers one more, and forgets the oldest above so many.
    pub(super) fn insert(&mut self, name: String, what: T, most: usize) {
        if self.known.insert(name.clone(), what).is_none() {
            self.order.push_back(name);
        }
        while self.order.len() > most {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_known() {
        let mut remembered = Remembered::default();
        for (name, what) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            remembered.insert(name.to_owned(), what, 2);
        }
        let known: Vec<_> = ["a", "b", "c"].map(|name| remembered.get(name)).into();
        assert_eq!(known, [None, Some(&2), Some(&4)]);
    }
}
