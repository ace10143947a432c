//! The only place that names every adapter.

mod shared;
mod store;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;
use uuid::Uuid;
use voip_core::{
    AccountPorts, Accounts, Calls, Ports, RetryingTelephony, Users,
    ports::{Clock, EventBus, PushSender, SystemClock, Telephony},
};
use voip_push::{
    ApnsConfig, ApnsSender, FcmConfig, FcmSender, PushServices, RetryPolicy, Retrying,
    ServiceAccount,
};
use voip_sim::{
    Simulator, SimulatorConfig,
    engine::{Application, NumberConfig},
};
use voip_twilio::{
    ApiKey, AuthToken, CallbackUrls, HttpTransport, TwilioConfig, TwilioTelephony, TwilioWebhooks,
};

use crate::{
    App, AppParts, Hub, StartupError,
    auth::{self, Argon2Passwords, Auth, HashingCost, SessionCookie, Tokens},
    config::{
        AuthConfig, Config, DatabaseConfig, ProviderConfig, PushConfig, SimulatorSettings,
        TwilioSettings,
    },
    dialer::{DialerSetup, PagePhone, VoiceSdk},
    metrics::{MeasuredBus, MeasuredCalls, MeasuredPush, Metrics},
};

pub(crate) use shared::OnRedis;
pub(crate) use store::Store;

use shared::Shared;

/// Everything that was put together.
pub(crate) struct Composed {
    pub(crate) app: App,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) redis: Option<Arc<OnRedis>>,
    pub(crate) simulator: Option<Simulator>,
    pub(crate) store: Store,
    pub(crate) pushes: Arc<PushServices>,
    pub(crate) public_url: Url,
}

/// Puts the server together; `http` is where it listens already.
pub(crate) async fn compose(config: &Config, http: SocketAddr) -> Result<Composed, StartupError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Store::open_to_serve(&config.database).await?;
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{http}")).map_err(StartupError::because)?,
    };
    let callbacks = CallbackUrls::new(public_url.clone()).map_err(StartupError::because)?;
    let (simulator, mut twilio) = match &config.provider {
        ProviderConfig::Simulator(settings) => {
            let (simulator, twilio) = simulated(settings, callbacks).await?;
            (Some(simulator), twilio)
        }
        ProviderConfig::Twilio(settings) => {
            let guard = &config.calls.guard;
            if guard.countries.is_none() && !guard.is_off() {
                tracing::warn!("ALLOWED_COUNTRIES is not set: calls to every country are placed");
            }
            if let Some(lacks) = settings.voice_clients_lack() {
                tracing::warn!("{lacks}");
            }
            (None, real(settings, callbacks)?)
        }
    };
    twilio
        .outbound_twiml_url
        .clone_from(&config.outbound_twiml_url);
    let twilio = Arc::new(twilio);
    let transport = HttpTransport::new(&twilio).map_err(StartupError::because)?;
    let telephony = TwilioTelephony::new(Arc::clone(&twilio), Arc::new(transport));
    let telephony: Arc<dyn Telephony> = Arc::new(RetryingTelephony::new(
        Arc::new(telephony),
        Arc::clone(&clock),
    ));
    let shared = Shared::open(config, &clock);
    let pushes = Arc::new(push(&config.push, &clock)?);
    let metrics = Metrics::default();
    let bus: Arc<dyn EventBus> =
        Arc::new(MeasuredBus::new(Arc::clone(&shared.bus), metrics.clone()));
    let ports = Ports {
        telephony: Arc::clone(&telephony),
        calls: Arc::new(MeasuredCalls::new(store.calls(), metrics.clone())),
        users: store.users(),
        push: Arc::new(MeasuredPush::new(Arc::clone(&pushes) as _, metrics.clone())),
        cache: Arc::clone(&shared.cache),
        bus: Arc::clone(&bus),
        limiter: Arc::clone(&shared.limiter),
        clock: Arc::clone(&clock),
    };
    let hasher = Argon2Passwords::new(HashingCost::default()).map_err(StartupError::because)?;
    let accounts = AccountPorts {
        accounts: store.accounts(),
        hasher: Arc::new(hasher),
        limiter: Arc::clone(&shared.limiter),
        clock: Arc::clone(&clock),
    };
    let app = App::new(AppParts {
        accounts: Accounts::new(accounts, config.logins.limits),
        logins: config.logins,
        telephony,
        users: Users::new(store.users(), Arc::clone(&clock)),
        calls: Calls::new(ports, config.calls.clone()),
        webhooks: Arc::new(TwilioWebhooks::new(&twilio)),
        hub: Arc::new(Hub::new(Arc::clone(&clock))),
        auth: who_calls(&config.auth, &config.database)?,
        clock,
        dialer: DialerSetup {
            cookie: SessionCookie::new(&public_url),
            phone: Some(page_phone(&config.provider, simulator.as_ref())?),
        },
        redis: shared.redis.clone().map(|redis| redis as _),
        limits: config.limits,
        metrics,
        stopping: CancellationToken::new(),
        sockets: TaskTracker::new(),
    });
    Ok(Composed {
        app,
        bus,
        redis: shared.redis,
        simulator,
        store,
        public_url,
        pushes,
    })
}

/// Who calls. Without a key of the operator's, logins are signed with one of
/// our own, which lives as long as the accounts do.
fn who_calls(config: &AuthConfig, database: &DatabaseConfig) -> Result<Auth, StartupError> {
    let Some(secret) = &config.secret else {
        let tokens = match database {
            DatabaseConfig::Memory => Tokens::with_fresh_key(),
            DatabaseConfig::Sqlite(path) => Tokens::new(&auth::key_beside(path)?),
            // One of our own would be another on each node.
            DatabaseConfig::Server(_) => {
                return Err(StartupError::new(
                    "JWT_SECRET is required with a database server",
                ));
            }
        };
        return Ok(Auth::new(config.mode, Some(tokens)));
    };
    let tokens = Tokens::new(secret);
    let tokens = match &config.previous {
        Some(previous) => tokens.accepting(previous),
        None => tokens,
    };
    Ok(Auth::new(config.mode, Some(tokens)))
}

/// What the page calls through.
fn page_phone(
    provider: &ProviderConfig,
    simulator: Option<&Simulator>,
) -> Result<PagePhone, StartupError> {
    if let Some(simulator) = simulator {
        let signal = Url::parse(&simulator.signal_url()).map_err(StartupError::because)?;
        return Ok(PagePhone::Simulator { signal });
    }
    let ProviderConfig::Twilio(settings) = provider else {
        return Err(StartupError::new("the simulator did not start"));
    };
    if let Some(signal) = &settings.signal_url {
        let signal = signal.clone();
        return Ok(PagePhone::Simulator { signal });
    }
    let sdk = match &settings.voice_sdk {
        None => VoiceSdk::Pinned,
        Some(path) => VoiceSdk::Own(Bytes::from(std::fs::read(path).map_err(|error| {
            StartupError::new(format!("VOICE_SDK_FILE cannot be read: {error}"))
        })?)),
    };
    Ok(PagePhone::Twilio(sdk))
}

fn real(settings: &TwilioSettings, callbacks: CallbackUrls) -> Result<TwilioConfig, StartupError> {
    let account = settings
        .account_sid
        .parse()
        .map_err(StartupError::because)?;
    let token = |secret: &SecretString| {
        AuthToken::new(secret.expose_secret().to_owned()).map_err(StartupError::because)
    };
    let mut twilio = TwilioConfig::new(account, token(&settings.auth_token)?, callbacks);
    if let Some(second) = &settings.secondary_auth_token {
        twilio.other_auth_tokens.push(token(second)?);
    }
    if let Some((sid, secret)) = &settings.api_key {
        let sid = sid.parse().map_err(StartupError::because)?;
        let key = ApiKey::new(sid, secret.expose_secret().to_owned());
        twilio.api_key = Some(key.map_err(StartupError::because)?);
    }
    if let Some(app) = &settings.twiml_app_sid {
        twilio.app = Some(app.parse().map_err(StartupError::because)?);
    }
    if let Some(base) = &settings.api_base_url {
        twilio.api_base_url = base.clone();
    }
    Ok(twilio)
}

/// The account of the simulator. No secret: its token is.
const SIMULATED_ACCOUNT: &str = "AC00000000000000000000000000005105";

/// The key of the simulator that signs the tokens of voice clients. No secret:
/// its secret is, and is another one at each start.
const SIMULATED_API_KEY: &str = "SK00000000000000000000000000005105";

/// The app of the simulator that voice clients call through.
const SIMULATED_APP: &str = "AP00000000000000000000000000005105";

async fn simulated(
    settings: &SimulatorSettings,
    callbacks: CallbackUrls,
) -> Result<(Simulator, TwilioConfig), StartupError> {
    let token = match &settings.auth_token {
        Some(token) => token.expose_secret().to_owned(),
        None => Uuid::new_v4().as_simple().to_string(),
    };
    let key_secret = auth::fresh_key();
    let simulator = SimulatorConfig::new(SIMULATED_ACCOUNT, token.clone())
        // Its legs must not be called as those of an earlier start, which are on record.
        .seed(Uuid::new_v4().as_u64_pair().0)
        .api_key(SIMULATED_API_KEY, key_secret.clone())
        .bind(SocketAddr::from(([127, 0, 0, 1], settings.port)))
        .voice_url(callbacks.inbound())
        .status_url(callbacks.inbound_status())
        .application(Application {
            sid: SIMULATED_APP.to_owned(),
            voice: NumberConfig {
                voice_url: Some(callbacks.agent_join()),
                status_url: Some(callbacks.client_status()),
                ..NumberConfig::default()
            },
        });
    let simulator = Simulator::start_with(simulator).await.map_err(|error| {
        StartupError::new(format!(
            "the simulator cannot listen on port {}: {error}; set SIM_PORT to another one",
            settings.port
        ))
    })?;
    let base = Url::parse(&simulator.base_url()).map_err(StartupError::because)?;
    let twilio = TwilioSettings {
        account_sid: SIMULATED_ACCOUNT.to_owned(),
        auth_token: SecretString::from(token),
        secondary_auth_token: None,
        api_key: Some((SIMULATED_API_KEY.to_owned(), SecretString::from(key_secret))),
        twiml_app_sid: Some(SIMULATED_APP.to_owned()),
        api_base_url: Some(base),
        voice_sdk: None,
        signal_url: None,
    };
    Ok((simulator, real(&twilio, callbacks)?))
}

/// FCM wants no hurry; a ringing device cannot wait.
const PUSH_TIMEOUT: Duration = Duration::from_secs(10);

fn push(config: &PushConfig, clock: &Arc<dyn Clock>) -> Result<PushServices, StartupError> {
    let fcm = match &config.firebase {
        None => {
            tracing::warn!("FIREBASE_SERVICE_ACCOUNT is not set: pushes to Android are skipped");
            None
        }
        Some(path) if !path.exists() => {
            tracing::warn!(
                "FIREBASE_SERVICE_ACCOUNT names a file that is not there: no pushes to Android"
            );
            None
        }
        Some(path) => {
            let account = ServiceAccount::from_file(path).map_err(StartupError::because)?;
            let base_url = config.fcm_base_url.clone();
            let config = FcmConfig {
                account,
                base_url,
                timeout: PUSH_TIMEOUT,
            };
            let sender =
                FcmSender::new(config, Arc::clone(clock)).map_err(StartupError::because)?;
            let sender = Retrying::new(Arc::new(sender), RetryPolicy::FCM, Arc::clone(clock));
            Some(Arc::new(sender) as Arc<dyn PushSender>)
        }
    };
    let apns = match &config.apns {
        None => None,
        Some(apns) => {
            let key = std::fs::read_to_string(&apns.key_file).map_err(|error| {
                StartupError::new(format!("APNS_KEY_FILE cannot be read: {error}"))
            })?;
            let config = ApnsConfig {
                team_id: apns.team_id.clone(),
                key_id: apns.key_id.clone(),
                key_pem: SecretString::from(key),
                bundle_id: apns.bundle_id.clone(),
                sandbox: apns.sandbox,
                base_url: None,
            };
            let sender =
                ApnsSender::new(config, Arc::clone(clock)).map_err(StartupError::because)?;
            let sender = Retrying::new(Arc::new(sender), RetryPolicy::APNS, Arc::clone(clock));
            Some(Arc::new(sender) as Arc<dyn PushSender>)
        }
    };
    Ok(PushServices::new(fcm, apns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_leg_is_never_called_as_one_of_an_earlier_start() {
        let mut legs = Vec::new();
        for _ in 0..2 {
            let settings = SimulatorSettings {
                port: 0,
                auth_token: None,
            };
            let nowhere = "http://127.0.0.1:9/".parse().unwrap();
            let callbacks = CallbackUrls::new(nowhere).unwrap();
            let (simulator, _) = simulated(&settings, callbacks).await.unwrap();
            let leg = simulator.place_call("+15550001111", "+15550002222").await;
            legs.push(leg.unwrap());
        }
        assert_ne!(legs[0], legs[1]);
    }
}
