use voip_core::{Error, ErrorKind};

/// What went wrong between us and a database, told to everybody who waited for
/// it: it can be copied, and has no value of a row and no password in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) class: Class,
    pub(crate) message: String,
    /// The database's own code, such as an SQLSTATE.
    pub(crate) code: Option<String>,
    /// Whether the connection is of no use any more.
    pub(crate) hangs_up: bool,
}

/// What a fault says about what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// It was not done because others were at it; soon it can be.
    Again,
    /// It was not done because of what was asked for.
    Asked,
    /// It was not done for another reason.
    NotDone,
    /// Nobody knows whether it was done: the connection is gone, or no answer
    /// came in time.
    Lost,
}

impl Fault {
    pub(crate) fn new(kind: ErrorKind, class: Class, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            class,
            message,
            code: None,
            hangs_up: matches!(class, Class::Lost),
        }
    }

    /// The same fault, after which the connection is of no use.
    pub(crate) fn hanging_up(mut self) -> Self {
        self.hangs_up = true;
        self
    }

    /// The same fault with the database's own code.
    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The store was closed, or is being closed.
    pub(crate) fn closed() -> Self {
        Self::new(
            ErrorKind::Unavailable,
            Class::NotDone,
            "the database is closed",
        )
    }

    /// No answer came in time.
    pub(crate) fn late() -> Self {
        Self::new(
            ErrorKind::Timeout,
            Class::Lost,
            "the database did not answer in time",
        )
    }

    /// The error for somebody who wanted something written.
    pub(crate) fn in_write(&self) -> Error {
        match self.class {
            Class::Lost => self.error().ambiguous(),
            Class::Again => self.error().with_retry(voip_core::Retry::Safe),
            Class::Asked | Class::NotDone => self.error(),
        }
    }

    /// The error for somebody who wanted something read.
    pub(crate) fn in_read(&self) -> Error {
        match self.class {
            // Reading again does no harm.
            Class::Lost | Class::Again => self.error().with_retry(voip_core::Retry::Safe),
            Class::Asked | Class::NotDone => self.error(),
        }
    }

    fn error(&self) -> Error {
        let error = Error::new(self.kind, self.message.clone());
        match &self.code {
            Some(code) => error.with_source(format!("the database's code is {code}")),
            None => error,
        }
    }
}
