//! The `Telephony` port over the REST API.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use voip_core::{
    Callback, Error, ErrorKind, ProviderCallId, Result, Timestamp, VoiceIdentity,
    ports::{
        ClientToken, ConferenceRef, Dial, DialledLeg, LegReport, Redirected, RoomMember,
        RoomReport, Telephony,
    },
};

use crate::{
    Conference, ConferenceFilter, ConferenceStatus, HttpReply, HttpRequest, HttpTransport,
    Participant, Transport, TwilioConfig,
    access_token::AccessToken,
    request,
    response::{self, CallResource, Page, Repeat},
};

/// How many pages of a list are read at most.
const MOST_PAGES: usize = 20;

/// How much earlier than asked a leg may seem to have been created: the
/// provider writes whole seconds.
const WRITTEN_PRECISION: Duration = Duration::from_secs(1);

/// Places and steers calls with the provider's REST API.
///
/// Every method attempts its thing once. Dropping a future leaves open whether
/// the request was sent.
#[derive(Clone, Debug)]
pub struct TwilioTelephony {
    config: Arc<TwilioConfig>,
    transport: Arc<dyn Transport>,
}

impl TwilioTelephony {
    /// An adapter that sends over `transport`.
    pub fn new(config: Arc<TwilioConfig>, transport: Arc<dyn Transport>) -> Self {
        Self { config, transport }
    }

    /// An adapter that sends over the network.
    ///
    /// # Errors
    /// `Misconfigured` when TLS cannot be set up.
    pub fn over_network(config: Arc<TwilioConfig>) -> Result<Self> {
        let transport = Arc::new(HttpTransport::new(&config)?);
        Ok(Self::new(config, transport))
    }

    /// The conferences that pass `filter`, newest first, at most 1 000.
    ///
    /// # Errors
    /// As [`look_up`](Telephony::look_up).
    pub async fn conferences(&self, filter: &ConferenceFilter) -> Result<Vec<Conference>> {
        self.list(
            request::conferences(&self.config, filter),
            |_: &Conference| true,
        )
        .await
    }

    /// Who is in a conference that is not over; nobody where it is. At most
    /// 1 000.
    ///
    /// # Errors
    /// As [`look_up`](Telephony::look_up).
    pub async fn participants(&self, conference: &ConferenceRef) -> Result<Vec<Participant>> {
        let request = request::participants(&self.config, &conference.0);
        match self.list(request, |_: &Participant| true).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            other => other,
        }
    }

    /// One participant; `None` where the leg is not in the conference (yet, or
    /// any more).
    ///
    /// # Errors
    /// As [`look_up`](Telephony::look_up).
    pub async fn participant(
        &self,
        conference: &ConferenceRef,
        leg: &ProviderCallId,
    ) -> Result<Option<Participant>> {
        let request = request::participant(&self.config, &conference.0, leg);
        response::found(&self.send(request, Repeat::Harmless).await?)
    }

    async fn send(&self, request: HttpRequest, repeat: Repeat) -> Result<HttpReply> {
        let reply = self.transport.send(request).await;
        reply.map_err(|error| response::unanswered(error, repeat))
    }

    /// Reads a list page by page for as long as every item of a page is
    /// `wanted`; items that are not are left out.
    async fn list<T: DeserializeOwned>(
        &self,
        first: HttpRequest,
        wanted: impl Fn(&T) -> bool + Send,
    ) -> Result<Vec<T>> {
        let (mut request, mut items) = (first, Vec::new());
        for _ in 0..MOST_PAGES {
            let reply = self.send(request, Repeat::Harmless).await?;
            let mut page: Page<T> = response::page(&reply)?;
            let next = page.next(&self.config.api_base_url)?;
            let before = page.items.len();
            page.items.retain(&wanted);
            let all_wanted = page.items.len() == before;
            items.append(&mut page.items);
            match next {
                Some(next) if all_wanted => request = request::next_page(next),
                _ => break,
            }
        }
        Ok(items)
    }
}

#[async_trait]
impl Telephony for TwilioTelephony {
    async fn dial(&self, dial: &Dial) -> Result<ProviderCallId> {
        let request = request::dial(&self.config, dial);
        response::placed(&self.send(request, Repeat::Harmful).await?)
    }

    async fn redirect(&self, leg: &ProviderCallId, to: Callback) -> Result<Redirected> {
        let request = request::redirect(&self.config, leg, &to);
        if let Some(done) = response::redirected(&self.send(request, Repeat::Harmful).await?)? {
            return Ok(done);
        }
        // A user may answer before the provider has read our first document,
        // and until then the caller's leg still rings.
        match self.look_up(leg).await? {
            Some(report) if !report.status.is_final() => Err(response::not_yet_connected()),
            Some(_) | None => Ok(Redirected::Gone),
        }
    }

    async fn hang_up(&self, leg: &ProviderCallId) -> Result<()> {
        let request = request::hang_up(&self.config, leg);
        response::hung_up(&self.send(request, Repeat::Harmless).await?)
    }

    async fn set_hold(
        &self,
        conference: &ConferenceRef,
        leg: &ProviderCallId,
        hold: bool,
    ) -> Result<()> {
        let request = request::set_hold(&self.config, &conference.0, leg, hold);
        response::done(&self.send(request, Repeat::Harmless).await?)
    }

    async fn look_up(&self, leg: &ProviderCallId) -> Result<Option<LegReport>> {
        let request = request::look_up(&self.config, leg);
        let found: Option<CallResource> =
            response::found(&self.send(request, Repeat::Harmless).await?)?;
        Ok(found.map(CallResource::into_report))
    }

    async fn find_dialled(&self, dial: &Dial, since: Timestamp) -> Result<Vec<DialledLeg>> {
        let since = since - WRITTEN_PRECISION;
        let recent = |call: &CallResource| call.created_at().is_none_or(|at| at >= since);
        let calls = self
            .list(request::find_dialled(&self.config, dial), recent)
            .await?;
        let ours = calls.into_iter().filter(CallResource::placed_by_us);
        // The list is newest first.
        Ok(ours.map(CallResource::into_dialled).rev().collect())
    }

    async fn children(&self, parent: &ProviderCallId) -> Result<Vec<LegReport>> {
        let calls = self
            .list(
                request::children(&self.config, parent),
                |_: &CallResource| true,
            )
            .await?;
        Ok(calls.into_iter().map(CallResource::into_report).collect())
    }

    async fn room(&self, name: &str) -> Result<Option<RoomReport>> {
        // A room with one leg that waits has another status than one that has
        // started, so neither can be asked for.
        let filter = ConferenceFilter {
            friendly_name: Some(name.to_owned()),
            status: None,
        };
        let rooms = self.conferences(&filter).await?;
        let live = rooms
            .into_iter()
            .find(|room| room.status != ConferenceStatus::Completed);
        let Some(room) = live else { return Ok(None) };
        let conference = ConferenceRef(room.id);
        let members = self.participants(&conference).await?;
        Ok(Some(RoomReport {
            conference,
            members: members
                .into_iter()
                .map(|member| RoomMember {
                    leg: member.leg,
                    on_hold: member.hold,
                })
                .collect(),
        }))
    }

    fn mint_client_token(
        &self,
        identity: &VoiceIdentity,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<ClientToken> {
        let config = &self.config;
        let Some(key) = &config.api_key else {
            let text = "no API key is set up, and voice clients need its signature";
            return Err(Error::new(ErrorKind::Misconfigured, text));
        };
        let mut token =
            AccessToken::new(&config.account, key, identity.as_str(), ttl, now)?.allow_incoming();
        if let Some(app) = &config.app {
            token = token.outgoing(app.clone(), []);
        }
        if let Some(credential) = &config.push_credential {
            token = token.push_credential(credential.clone());
        }
        if let Some(region) = &config.region {
            token = token.region(region);
        }
        Ok(ClientToken::new(token.sign()))
    }
}
