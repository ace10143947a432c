//! What a test logged.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;

/// What a test logged, at every level.
#[derive(Clone, Default)]
pub(crate) struct LogBook(Arc<Mutex<Vec<u8>>>);

impl LogBook {
    /// Writes down what this thread logs until the guard is dropped.
    pub(crate) fn open() -> (Self, tracing::subscriber::DefaultGuard) {
        let book = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(book.clone())
            .finish();
        (book, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for LogBook {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogBook {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
