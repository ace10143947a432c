//! How much may go wrong: spans of at most a day, and rates that are rates.

use std::time::Duration;

use super::{Faults, RestFault, WebhookFault};
use crate::seed::SeedError;

/// The longest that anything is late, as with scripts of telephones.
const LONGEST: Duration = Duration::from_secs(86_400);

impl Faults {
    /// # Errors
    /// [`SeedError::BadRate`], [`SeedError::BadDuration`].
    pub(crate) fn check(&self) -> Result<(), SeedError> {
        let rates = [
            self.drop,
            self.repeat,
            self.delay,
            self.reorder,
            self.drop_documents,
            self.repeat_documents,
            self.delay_documents,
            self.rest,
        ];
        if !rates.iter().all(|rate| (0.0..=1.0).contains(rate)) {
            return Err(SeedError::BadRate);
        }
        let spans = [
            self.delay_up_to,
            self.reorder_within,
            self.read_lag,
            self.list_lag,
            self.conference_lag,
        ];
        spans.into_iter().try_for_each(check)?;
        self.rest_fault.map_or(Ok(()), RestFault::check)
    }

    /// With every span above a day cut to a day.
    pub(crate) fn within_a_day(mut self) -> Self {
        for span in [
            &mut self.delay_up_to,
            &mut self.reorder_within,
            &mut self.read_lag,
            &mut self.list_lag,
            &mut self.conference_lag,
        ] {
            *span = (*span).min(LONGEST);
        }
        self.rest_fault = self.rest_fault.map(RestFault::within_a_day);
        self
    }
}

impl RestFault {
    /// # Errors
    /// [`SeedError::BadDuration`].
    pub(crate) fn check(self) -> Result<(), SeedError> {
        match self.within_a_day() == self {
            true => Ok(()),
            false => Err(SeedError::BadDuration),
        }
    }

    /// With a span above a day cut to a day.
    pub(crate) fn within_a_day(self) -> Self {
        match self {
            Self::AnswerLate(span) => Self::AnswerLate(span.min(LONGEST)),
            Self::LegEndsAfter(span) => Self::LegEndsAfter(span.min(LONGEST)),
            Self::PartnerEndsAfter(span) => Self::PartnerEndsAfter(span.min(LONGEST)),
            other => other,
        }
    }
}

impl WebhookFault {
    /// # Errors
    /// [`SeedError::BadDuration`].
    pub(crate) fn check(self) -> Result<(), SeedError> {
        match self.within_a_day() == self {
            true => Ok(()),
            false => Err(SeedError::BadDuration),
        }
    }

    /// With a span above a day cut to a day.
    pub(crate) fn within_a_day(self) -> Self {
        match self {
            Self::Delay(span) => Self::Delay(span.min(LONGEST)),
            Self::Reorder(span) => Self::Reorder(span.min(LONGEST)),
            other @ (Self::Drop | Self::Repeat) => other,
        }
    }
}

fn check(span: Duration) -> Result<(), SeedError> {
    match span <= LONGEST {
        true => Ok(()),
        false => Err(SeedError::BadDuration),
    }
}
