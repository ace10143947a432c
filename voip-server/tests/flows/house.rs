//! The application under test with everything around it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body, response::Response};
use bytes::Bytes;
use http::{Request, header};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use voip_core::{
    AccountPorts, Accounts, CallSettings, Calls, Ports, RetryingTelephony, Timestamp, Users,
    ports::{Clock, EventBus, Telephony},
};
use voip_server::{
    App, AppParts, Hub, Metrics,
    auth::{Argon2Passwords, Auth, HashingCost, Subject, Tokens},
    config::{AuthMode, Limits, LoginConfig},
    dialer::DialerSetup,
    router,
};
use voip_sim::{
    engine::{Application, EngineConfig, NumberConfig},
    sid::CallSid,
    webhook::{Webhook, WebhookAnswer},
};
use voip_store::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
use voip_testkit::{AppUnderTest, FakePush, ManualClock, Provider, World};
use voip_twilio::{
    AuthToken, CallbackUrls, TwilioConfig, TwilioTelephony, TwilioWebhooks, signature,
};

use crate::{device::Device, line::InProcess};

pub(crate) const ACCOUNT: &str = "AC000000000000000000000000000000a1";
pub(crate) const TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const PUBLIC_URL: &str = "https://voip.example.test";

/// Ann's number, which rings her devices.
pub(crate) const ANN: &str = "+15550001111";
/// Somebody on the telephone network.
pub(crate) const BOB: &str = "+15550002222";
/// The number that calls come from where nothing else is said.
pub(crate) const OURS: &str = "+15005550006";

/// The application under test with everything around it.
pub(crate) struct House {
    pub(crate) world: World<Backend>,
    pub(crate) push: Arc<FakePush>,
    pub(crate) bus: Arc<dyn EventBus>,
    grounds: Grounds,
    /// Whether its process lives.
    alive: Arc<AtomicBool>,
    _events: JoinHandle<()>,
}

/// What outlives a process.
#[derive(Clone)]
struct Grounds {
    provider: Arc<Provider>,
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    push: Arc<FakePush>,
    settings: CallSettings,
    tokens: SecretString,
}

/// The application itself.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) app: App,
    router: Router,
}

impl House {
    /// A house in which Ann is registered with one device.
    pub(crate) async fn with_ann() -> Self {
        let house = Self::new(7);
        house.register("ann", ANN, "ann-phone").await;
        house
    }

    pub(crate) fn new(seed: u64) -> Self {
        Self::with_settings(seed, CallSettings::default())
    }

    /// A house where calls behave like this.
    pub(crate) fn with_settings(seed: u64, settings: CallSettings) -> Self {
        let clock = Arc::new(ManualClock::default());
        let mut engine = EngineConfig::new(ACCOUNT, TOKEN);
        engine.seed = seed;
        engine.number.voice_url = Some(format!("{PUBLIC_URL}/twilio-inbound"));
        engine.number.status_url = Some(format!("{PUBLIC_URL}/twilio-status"));
        engine.application = Some(Application {
            sid: "AP000000000000000000000000000000c1".to_owned(),
            voice: NumberConfig {
                voice_url: Some(format!("{PUBLIC_URL}/api/agent-join")),
                status_url: Some(format!("{PUBLIC_URL}/api/call-status")),
                ..NumberConfig::default()
            },
        });
        let provider = Arc::new(Provider::new(engine, Arc::clone(&clock)));
        let grounds = Grounds {
            push: Arc::new(FakePush::new(Arc::clone(&clock) as _)),
            provider,
            clock,
            store: Arc::new(MemoryStore::default()),
            settings,
            tokens: SecretString::from("what a test signs its tokens with, and no one else"),
        };
        Self::on(grounds)
    }

    /// The process dies in the middle of whatever it does, and another one
    /// starts on what it has saved.
    pub(crate) async fn dies_and_starts_again(&mut self) {
        self.alive.store(false, Ordering::Relaxed);
        let mut next = Self::on(self.grounds.clone());
        next.world.together = self.world.together;
        *self = next;
        self.world.app.app.calls.take_over().await.unwrap();
    }

    fn on(grounds: Grounds) -> Self {
        let Grounds {
            provider,
            clock,
            store,
            push,
            settings,
            tokens,
        } = grounds.clone();
        let alive = Arc::new(AtomicBool::new(true));
        let callbacks = CallbackUrls::new(PUBLIC_URL.parse().unwrap()).unwrap();
        let account = ACCOUNT.parse().unwrap();
        let twilio = TwilioConfig::new(account, AuthToken::new(TOKEN).unwrap(), callbacks);
        let twilio = Arc::new(twilio);
        let transport = InProcess {
            provider: Arc::clone(&provider),
            clock: Arc::clone(&clock),
            alive: Arc::clone(&alive),
        };
        let telephony: Arc<dyn Telephony> = Arc::new(RetryingTelephony::new(
            Arc::new(TwilioTelephony::new(
                Arc::clone(&twilio),
                Arc::new(transport),
            )),
            Arc::clone(&clock) as _,
        ));

        let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::default());
        let time: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let ports = Ports {
            telephony: Arc::clone(&telephony),
            calls: Arc::clone(&store) as _,
            users: Arc::clone(&store) as _,
            push: Arc::clone(&push) as _,
            cache: Arc::new(MemoryCache::new(Arc::clone(&time))),
            bus: Arc::clone(&bus),
            limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&time))),
            clock: Arc::clone(&time),
        };
        let settings = CallSettings {
            default_from: Some(OURS.parse().unwrap()),
            ..settings
        };
        let accounts = AccountPorts {
            accounts: Arc::clone(&store) as _,
            // What a password costs is not what these tests are about.
            hasher: Arc::new(Argon2Passwords::new(HashingCost::cheapest()).unwrap()),
            limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&time))),
            clock: Arc::clone(&time),
        };
        let logins = LoginConfig::default();
        let app = App::new(AppParts {
            accounts: Accounts::new(accounts, logins.limits),
            logins,
            telephony: Arc::clone(&telephony),
            calls: Calls::new(ports, settings),
            users: Users::new(store, Arc::clone(&time)),
            webhooks: Arc::new(TwilioWebhooks::new(&twilio)),
            hub: Arc::new(Hub::new(Arc::clone(&time))),
            auth: Auth::new(AuthMode::Open, Some(Tokens::new(&tokens))),
            clock: time,
            dialer: DialerSetup::default(),
            redis: None,
            // Time-outs of requests run on the machine's clock, which no test waits for.
            limits: Limits {
                request_time: Duration::from_secs(600),
                ..Limits::default()
            },
            metrics: Metrics::default(),
            stopping: CancellationToken::new(),
            sockets: TaskTracker::new(),
        });
        let (hub, items) = (app.clone(), app.hub.listen(&*bus));
        let events = tokio::spawn(async move { hub.hub.run(items).await });
        let backend = Backend {
            router: router(app.clone()),
            app,
        };
        Self {
            world: World::new(backend, provider, clock),
            push,
            bus,
            grounds,
            alive,
            _events: events,
        }
    }

    /// A token of `user`.
    pub(crate) fn token(&self, user: &str) -> String {
        let subject = Subject::User(user.parse().unwrap());
        let (day, now) = (Duration::from_secs(24 * 60 * 60), self.world.now());
        let tokens = Tokens::new(&self.grounds.tokens);
        tokens.mint(&subject, day, now).unwrap()
    }

    pub(crate) async fn register(&self, user: &str, number: &str, token: &str) {
        let body = json!({"userId": user, "phoneNumber": number, "fcmToken": token});
        let (status, answer) = self.post("/api/register-user", &body).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// A device of `user` that has connected and registered.
    pub(crate) async fn device(&self, user: &str) -> Device {
        let device = self.unregistered_device();
        device.say(&json!({"type": "register", "userId": user}));
        self.world.rest().await;
        let first = device.heard().remove(0);
        assert_eq!(
            (&first["type"], &first["userId"]),
            (&json!("register_success"), &json!(user))
        );
        device
    }

    /// A device of `user` that has just registered, with what it heard after
    /// that it has.
    pub(crate) async fn device_hearing(&self, user: &str) -> (Device, Vec<Value>) {
        let (device, mut heard) = self.device_hearing_all(user).await;
        assert_eq!(heard.remove(0)["type"], "register_success");
        (device, heard)
    }

    /// A device of `user` that has just registered, with all it heard.
    pub(crate) async fn device_hearing_all(&self, user: &str) -> (Device, Vec<Value>) {
        let device = self.unregistered_device();
        device.say(&json!({"type": "register", "userId": user}));
        self.world.rest().await;
        let heard = device.heard();
        (device, heard)
    }

    pub(crate) fn unregistered_device(&self) -> Device {
        Device::connect(self.world.app.app.clone())
    }

    /// Posts JSON, letting time pass until it is answered.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_with(path, body, &[]).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let (status, body) = self.world.during(self.world.app.answer(request)).await;
        // TwiML is handed on as it is.
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8(body.to_vec()).unwrap()));
        (status, body)
    }

    /// What the provider is told that asks about a leg, signed as it signs.
    pub(crate) async fn voice_webhook(&self, target: &str, leg: &CallSid) -> (u16, String) {
        let leg = leg.to_string();
        let fields = [
            ("CallSid", leg.as_str()),
            ("AccountSid", ACCOUNT),
            ("From", BOB),
            ("To", ANN),
            ("CallStatus", "in-progress"),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
        ];
        let params = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let signature = signature::sign(TOKEN, &format!("{PUBLIC_URL}{target}"), &params);
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(target)
            .header("x-twilio-signature", signature)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form)).unwrap();
        let (status, body) = self.world.during(self.world.app.answer(request)).await;
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The call log of `name`.
    pub(crate) async fn log(&self, name: &str) -> Vec<Value> {
        let path = format!("/api/call-logs/{}", name.replace('+', "%2B"));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (status, body) = self.world.app.answer(request).await;
        assert_eq!(status, 200);
        serde_json::from_slice(&body).unwrap()
    }

    /// The one call in the log of `name`.
    pub(crate) async fn only_call(&self, name: &str) -> Value {
        let mut log = self.log(name).await;
        assert_eq!(log.len(), 1, "{log:?}");
        log.remove(0)
    }
}

impl Backend {
    pub(crate) async fn answer(&self, request: Request<Body>) -> (u16, Bytes) {
        let (status, _, body) = self.whole_answer(request).await;
        (status, body)
    }

    /// Answers with everything, headers too.
    pub(crate) async fn response(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn whole_answer(&self, request: Request<Body>) -> (u16, Option<String>, Bytes) {
        let response = self.response(request).await;
        let status = response.status().as_u16();
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (status, kind, body)
    }
}

#[async_trait]
impl AppUnderTest for Backend {
    async fn webhook(&self, webhook: &Webhook) -> WebhookAnswer {
        let target = webhook
            .url
            .strip_prefix(PUBLIC_URL)
            .expect("webhooks go to our URLs");
        let mut request = Request::builder()
            .method(webhook.method.as_str())
            .uri(target);
        for (name, value) in &webhook.headers {
            request = request.header(*name, value);
        }
        let body = Body::from(webhook.body().unwrap_or_default());
        let (status, content_type, body) = self.whole_answer(request.body(body).unwrap()).await;
        WebhookAnswer::Replied {
            status,
            content_type,
            location: None,
            cookies: Vec::new(),
            body: body.to_vec(),
        }
    }

    async fn sweep(&self) {
        self.app.calls.sweep().await.unwrap();
    }
}

/// The seconds from the beginning of the world to `moment`.
pub(crate) fn seconds(moment: Timestamp) -> u64 {
    moment.since(ManualClock::default().now()).as_secs()
}

/// A request for a call.
pub(crate) fn request(body: &Value, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post("/start-call").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_string())).unwrap()
}
