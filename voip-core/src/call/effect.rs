use std::str::FromStr;

/// What has to be done about a call in the outside world.
///
/// An effect is saved together with the step that asks for it and deleted once
/// it is carried out. Its name is its key: a call has each at most once at a
/// time. Whoever takes one up looks first whether it still has to be done, so
/// that one which a crash left behind does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Place the call at the provider. Never done twice: whoever finds this
    /// one left behind looks the call up instead.
    Dial,
    /// End the provider's leg.
    HangUp,
    /// Connect the waiting caller to the user who answered.
    Connect,
    /// Let the waiting caller hear that nobody is available.
    Dismiss,
    /// Ask the provider how the call stands.
    LookUp,
    /// Move the far leg into a conference.
    MoveFar,
    /// Put the far leg on hold.
    HoldFar,
    /// Take the far leg back from hold.
    ResumeFar,
    /// End the far leg.
    HangUpFar,
    /// Push the incoming call to every device of the owner.
    RingDevices,
    /// Push to every device of the owner that the call was missed.
    ReportMissed,
    /// Push to every device of the owner that the ringing is over, where
    /// nothing was missed: devices that only a push has woken hear it no other
    /// way.
    StopRinging,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 12] = [
        Self::Dial,
        Self::HangUp,
        Self::Connect,
        Self::Dismiss,
        Self::LookUp,
        Self::MoveFar,
        Self::HoldFar,
        Self::ResumeFar,
        Self::HangUpFar,
        Self::RingDevices,
        Self::ReportMissed,
        Self::StopRinging,
    ];

    /// Whether it ends a leg, which costs money for as long as nobody does.
    pub const fn ends_a_leg(self) -> bool {
        matches!(self, Self::HangUp | Self::HangUpFar)
    }

    /// Its name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::HangUp => "hang_up",
            Self::Connect => "connect",
            Self::Dismiss => "dismiss",
            Self::LookUp => "look_up",
            Self::MoveFar => "move_far",
            Self::HoldFar => "hold_far",
            Self::ResumeFar => "resume_far",
            Self::HangUpFar => "hang_up_far",
            Self::RingDevices => "ring_devices",
            Self::ReportMissed => "report_missed",
            Self::StopRinging => "stop_ringing",
        }
    }
}

/// The word names no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an effect")]
pub struct UnknownEffect;

impl FromStr for Effect {
    type Err = UnknownEffect;

    fn from_str(text: &str) -> Result<Self, UnknownEffect> {
        Self::ALL
            .into_iter()
            .find(|effect| effect.as_str() == text)
            .ok_or(UnknownEffect)
    }
}
