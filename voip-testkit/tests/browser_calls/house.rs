//! A simulator, an application of a few documents, and pages that call through both.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, RawForm, State},
    http::header,
    response::IntoResponse,
    routing::post,
};
use serde_json::{Value, json};
use voip_core::ports::{Clock as _, SystemClock};
use voip_sim::{
    MediaConfig, Simulator, SimulatorConfig,
    engine::{Application, NumberConfig},
};
use voip_testkit::{BLANK, Chromium, FlakyProxy, PHONE, Page, microphone};
use voip_twilio::{AccessToken, ApiKey};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000001";
const KEY: &str = "SK00000000000000000000000000000001";
const SECRET: &str = "the-secret-of-the-key";
const APP: &str = "AP00000000000000000000000000000001";

/// A number of the application.
pub(crate) const OURS: &str = "+15550001111";
/// A telephone somewhere.
pub(crate) const FAR: &str = "+15550002222";

/// Which client a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// The vendor's newest SDK.
    Newest,
    /// The one before.
    Older,
    /// Our own.
    Ours,
}

impl Client {
    fn library(self) -> Option<&'static str> {
        match self {
            Self::Newest => Some("@twilio/voice-sdk"),
            Self::Older => Some("voice-sdk-2-16-0"),
            Self::Ours => None,
        }
    }
}

type Documents = Arc<Mutex<App>>;

/// What the application answers, by the last part of the path, and what it was told.
#[derive(Default)]
struct App {
    documents: HashMap<String, String>,
    told: Vec<(String, HashMap<String, String>)>,
}

/// All of it.
pub(crate) struct House {
    pub(crate) sim: Simulator,
    pub(crate) chromium: Arc<Chromium>,
    client: Client,
    app: Documents,
    /// Has the sound of the microphones in it.
    sounds: tempfile::TempDir,
}

/// The pitch of what a page says.
pub(crate) const MICROPHONE: u16 = 1_250;

impl House {
    /// `None` where the machine has no browser.
    pub(crate) async fn open(client: Client) -> Option<Self> {
        Self::with(client, MediaConfig::default(), &[]).await
    }

    pub(crate) async fn with(client: Client, media: MediaConfig, flags: &[String]) -> Option<Self> {
        Self::at(client, media, flags, 0).await
    }

    /// The same, with the simulator at this port.
    pub(crate) async fn at(
        client: Client,
        media: MediaConfig,
        flags: &[String],
        port: u16,
    ) -> Option<Self> {
        let sounds = tempfile::tempdir().unwrap();
        let mut flags = flags.to_vec();
        flags.push(microphone(sounds.path(), MICROPHONE));
        let chromium = Chromium::start(client.library(), &flags).await?;
        let app = Documents::default();
        let routes = Router::new()
            .route("/twiml/{name}", post(document))
            .with_state(Arc::clone(&app));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let voice = |name: &str| NumberConfig {
            voice_url: Some(format!("{url}/twiml/{name}")),
            ..NumberConfig::default()
        };
        let mut config = SimulatorConfig::new(ACCOUNT, "token")
            .api_key(KEY, SECRET)
            .application(Application {
                sid: APP.to_owned(),
                voice: voice("client"),
            });
        config.engine.number = voice("number");
        config.media = media;
        config.bind.set_port(port);
        let sim = Simulator::start_with(config).await.unwrap();
        let house = Self {
            sim,
            chromium,
            client,
            app,
            sounds,
        };
        house.says(
            "client",
            &format!("<Dial callerId='{OURS}' answerOnBridge='true'>{FAR}</Dial>"),
        );
        house.says("number", "<Dial><Client>ann</Client></Dial>");
        Some(house)
    }

    /// The application answers with these verbs there.
    pub(crate) fn says(&self, name: &str, verbs: &str) {
        let document = format!("<Response>{verbs}</Response>");
        self.app
            .lock()
            .unwrap()
            .documents
            .insert(name.to_owned(), document);
    }

    /// What the application was told there, each time.
    pub(crate) fn told(&self, name: &str) -> Vec<HashMap<String, String>> {
        let app = self.app.lock().unwrap();
        let told = app.told.iter().filter(|(to, _)| to == name);
        told.map(|(_, fields)| fields.clone()).collect()
    }

    /// A page whose client is told this token's identity, and nothing done yet.
    pub(crate) async fn page(&self, identity: &str) -> Page {
        self.page_with(&token(identity, Duration::from_secs(3_600)), json!({}))
            .await
    }

    pub(crate) async fn page_with(&self, token: &str, options: Value) -> Page {
        self.page_in(&self.chromium, token, options, &self.sim.signal_url())
            .await
    }

    /// A page whose signalling goes through that proxy; its sound does not.
    pub(crate) async fn page_through(&self, identity: &str, proxy: &FlakyProxy) -> Page {
        let token = token(identity, Duration::from_secs(3_600));
        let signal = proxy.instead_in(&self.sim.signal_url());
        self.page_in(&self.chromium, &token, json!({}), &signal)
            .await
    }

    /// A page whose client would rather have its sound in these codings.
    pub(crate) async fn page_preferring(&self, identity: &str, codings: &[&str]) -> Page {
        let token = token(identity, Duration::from_secs(3_600));
        self.page_with(&token, json!({"codecPreferences": codings}))
            .await
    }

    /// A page in another browser, which has a microphone of its own.
    pub(crate) async fn page_elsewhere(&self, identity: &str, hertz: u16) -> Page {
        let flags = [microphone(self.sounds.path(), hertz)];
        let chromium = Chromium::start(self.client.library(), &flags)
            .await
            .unwrap();
        let token = token(identity, Duration::from_secs(3_600));
        self.page_in(&chromium, &token, json!({}), &self.sim.signal_url())
            .await
    }

    async fn page_in(
        &self,
        chromium: &Arc<Chromium>,
        token: &str,
        mut options: Value,
        signal: &str,
    ) -> Page {
        let page = blank_in(chromium, signal).await;
        let kind = match self.client {
            Client::Ours => "ours",
            Client::Newest | Client::Older => "sdk",
        };
        if self.client == Client::Ours {
            options["module"] = json!(format!("{}/sim/client.js", self.sim.base_url()));
            options["signal"] = json!(signal);
        }
        page.run(&format!("await phone.make({kind:?}, {token:?}, {options})"))
            .await;
        page
    }

    /// A page with a client that was not made.
    pub(crate) async fn blank(&self) -> Page {
        blank_in(&self.chromium, &self.sim.signal_url()).await
    }
}

async fn blank_in(chromium: &Arc<Chromium>, signal: &str) -> Page {
    let scripts = [
        format!("globalThis.signalUrl = {signal:?};"),
        PHONE.to_owned(),
    ];
    chromium.open(BLANK, &scripts).await
}

/// An access token of this identity.
pub(crate) fn token(identity: &str, ttl: Duration) -> String {
    let account = ACCOUNT.parse().unwrap();
    let key = ApiKey::new(KEY.parse().unwrap(), SECRET.to_owned()).unwrap();
    let now = SystemClock.now();
    AccessToken::new(&account, &key, identity, ttl, now)
        .unwrap()
        .allow_incoming()
        .outgoing(APP.parse().unwrap(), [])
        .sign()
}

async fn document(
    State(app): State<Documents>,
    Path(name): Path<String>,
    RawForm(form): RawForm,
) -> impl IntoResponse {
    let fields = url_fields(&form);
    let mut app = app.lock().unwrap();
    app.told.push((name.clone(), fields));
    let document = app.documents.get(&name).cloned();
    let document = document.unwrap_or_else(|| "<Response/>".to_owned());
    ([(header::CONTENT_TYPE, "text/xml")], document)
}

fn url_fields(form: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(form).into_owned().collect()
}
