//! The conferences in which calls are held.

use std::sync::Arc;

use crate::{
    Call, Callback, Calls, Error, ErrorKind, Link, Plan, ProviderCallId, Result, Retry, RoomNews,
    Signal, Stage,
    calls::{Inner, carry_out::Claim, missed::About, plans},
    ports::{ConferenceRef, Redirected},
};

impl Calls {
    /// `leg` asks how to enter the conference of the call with the leg `name`.
    /// Nobody but the two of that call may: any other leg is hung up, and so is
    /// one of a call that we do not know.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn enter_room(&self, name: &ProviderCallId, leg: &ProviderCallId) -> Result<Plan> {
        let Some(call) = self.with_leg(name).await? else {
            return Ok(Plan::hang_up());
        };
        if call.provider_id.as_ref() != Some(leg) && far_leg(&call) != Some(leg) {
            tracing::warn!(call = %call.id, %leg, "a leg of another call wants to enter a conference");
            return Ok(Plan::hang_up());
        }
        Ok(plans::join_room(&call))
    }

    /// Something happened in the conference of the call with the leg `name`.
    /// News of a conference that is not ours changes nothing.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn room_news(&self, name: ProviderCallId, news: RoomNews) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        self.run(async move {
            let signal = Signal::RoomNews(news);
            let news = inner.signal_by_leg(&name, signal);
            inner.heed(About::Leg(name.clone()), news).await.map(drop)
        })
        .await?
    }
}

impl Inner {
    /// Sends the far leg into its conference. A second redirect would tear it
    /// out again, so whoever tries again looks first.
    pub(super) async fn move_far(self: &Arc<Self>, call: &Call, claim: Claim) -> Result<()> {
        let mut call = self.reload(&call.id).await?.call;
        if claim == Claim::Again {
            call = self.look_into_room(&call).await?;
        }
        let moving = matches!(
            call.far.as_ref().map(|far| &far.link),
            Some(Link::Moving { .. })
        );
        let (true, Some(near), Some(far)) = (moving, &call.provider_id, far_leg(&call)) else {
            return Ok(());
        };
        let moved = self
            .ports
            .telephony
            .redirect(far, Callback::Room(near.clone()));
        match moved.await {
            Ok(Redirected::Done) => Ok(()),
            // How it ended is what there is to say.
            Ok(Redirected::Gone) => self.look_at_both(&call).await,
            Err(error) => self.hold_failed(&call, error).await,
        }
    }

    /// Has the provider hold the far leg or not, as the call wants it by now.
    /// The provider may have taken so long that the opposite is wanted when it
    /// has done it: the last word is what counts.
    pub(super) async fn set_hold(self: &Arc<Self>, call: &Call) -> Result<()> {
        let mut call = self.reload(&call.id).await?.call;
        while let Some(hold) = self.set_as_wanted(&call).await? {
            call = self.signal(&call, Signal::HoldSet(hold)).await?;
            if call.far.as_ref().and_then(|far| wanted(&far.link)) == Some(hold) {
                break;
            }
        }
        Ok(())
    }

    /// Has the provider hold the far leg or not, as the call wants it; `None`
    /// where nothing came of that, or nothing is wanted.
    async fn set_as_wanted(self: &Arc<Self>, call: &Call) -> Result<Option<bool>> {
        let (Some(far), false) = (&call.far, call.is_over()) else {
            return Ok(None);
        };
        let (Link::Room(room), Some(leg)) = (&far.link, &far.leg) else {
            return Ok(None);
        };
        let hold = is_held(room.stage);
        let conference = ConferenceRef(room.conference.clone());
        match self.ports.telephony.set_hold(&conference, leg, hold).await {
            Ok(()) => Ok(Some(hold)),
            // It has left the conference, or is not quite in; the call is
            // looked at again before long.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => self.hold_failed(call, error).await.map(|()| None),
        }
    }

    /// What certainly did not happen is reported; what may have is looked at
    /// when the call's deadline comes; the rest is tried again.
    async fn hold_failed(self: &Arc<Self>, call: &Call, error: Error) -> Result<()> {
        match error.retry() {
            Retry::Never => {
                tracing::warn!(call = %call.id, %error, "the provider refuses to change a hold");
                self.signal(call, Signal::HoldRefused).await.map(drop)
            }
            Retry::Ambiguous => {
                tracing::warn!(call = %call.id, %error, "a hold may or may not have changed");
                Ok(())
            }
            Retry::Safe => Err(error),
        }
    }

    /// Asks the provider about both legs of a call, and what connects them.
    pub(super) async fn look_at_both(self: &Arc<Self>, call: &Call) -> Result<()> {
        let mut call = self.reload(&call.id).await?.call;
        let telephony = &self.ports.telephony;
        let Some(near) = call.provider_id.clone() else {
            return Ok(());
        };
        let far = match far_leg(&call) {
            Some(leg) => telephony.look_up(leg).await?,
            None => telephony.children(&near).await?.into_iter().next(),
        };
        if let Some(report) = far {
            call = self.signal(&call, Signal::FarReported(report)).await?;
        }
        if call.is_over() {
            return Ok(());
        }
        call = self.look_into_room(&call).await?;
        let signal = match telephony.look_up(&near).await? {
            Some(report) => Signal::Reported(report),
            None => Signal::LegGone,
        };
        self.signal(&call, signal).await.map(drop)
    }

    /// Asks the provider about the conference of a call, where there may be one.
    async fn look_into_room(self: &Arc<Self>, call: &Call) -> Result<Call> {
        let moved = call.far.as_ref().is_some_and(|far| !far.is_dialled());
        match &call.provider_id {
            Some(name) if moved => {
                let room = self.ports.telephony.room(name.as_str()).await?;
                self.signal(call, Signal::RoomSeen(room)).await
            }
            Some(_) | None => Ok(call.clone()),
        }
    }
}

/// Whether the far leg is to be on hold, where there is a choice.
fn wanted(link: &Link) -> Option<bool> {
    match link {
        Link::Room(room) => Some(is_held(room.stage)),
        Link::Dial | Link::Moving { .. } | Link::Lost { .. } => None,
    }
}

const fn is_held(stage: Stage) -> bool {
    match stage {
        Stage::Holding { .. } | Stage::Held => true,
        Stage::Resuming { .. } | Stage::Talking => false,
    }
}

fn far_leg(call: &Call) -> Option<&ProviderCallId> {
    call.far.as_ref().and_then(|far| far.leg.as_ref())
}
