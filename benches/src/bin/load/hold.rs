//! Putting calls on hold and taking them back, at a provider that does at once
//! what it is told.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use voip_benches::sample;
use voip_core::VoiceIdentity;
use voip_sim::{
    Simulator, SimulatorConfig,
    engine::{Application, NumberConfig, Timing},
    phone::PhoneScript,
};

use crate::{
    Fault,
    app::{AUTH_TOKEN, App},
    client::Client,
    closed_loop::quantile,
    goal::{self, Most},
    options::Options,
    place::Place,
    report::Figure,
    request,
};

/// Its name on the command line.
pub(crate) const NAME: &str = "hold";

/// How many calls, one after the other.
const CALLS: usize = 200;

/// The TwiML App of voice clients.
const APPLICATION: &str = "AP00000000000000000000000000000001";

/// The times of each call.
#[derive(Default)]
struct Times {
    /// On hold for the first time, which takes a conference.
    first: Vec<Duration>,
    /// Taken back.
    back: Vec<Duration>,
    /// On hold again, in the same conference.
    again: Vec<Duration>,
}

/// Measures it on the database at `place`.
pub(crate) fn measure(
    runtime: &Runtime,
    place: &Place,
    options: &Options,
) -> Result<Vec<Figure>, Fault> {
    let mut times = runtime.block_on(run(place, options))?;
    let name = "hold, provider answering at once";
    let figures = [
        ("new conference", &mut times.first, Some(goal::HOLD)),
        ("taken back", &mut times.back, None),
        ("the same conference", &mut times.again, None),
    ];
    let figures = figures.into_iter().flat_map(|(what, times, most)| {
        times.sort_unstable();
        [50, 99].map(|percent| {
            let name = match percent {
                50 => format!("{name}: {what}, median"),
                _ => format!("{name}: {what}, p{percent}"),
            };
            figure(name, quantile(times, percent), most)
        })
    });
    Ok(figures.collect())
}

fn figure(name: String, time: Duration, most: Option<Most<Duration>>) -> Figure {
    match most {
        Some(most) => Figure::new(name, time, most, millis),
        None => Figure::plain(name, millis(time)),
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

async fn run(place: &Place, options: &Options) -> Result<Times, Fault> {
    let mut config = SimulatorConfig::new(sample::ACCOUNT, AUTH_TOKEN);
    config.engine.timing = Timing {
        queue: Duration::ZERO,
        connect: Duration::ZERO,
        redirect: Duration::ZERO,
        ..Timing::default()
    };
    let simulator = Simulator::start_with(config).await?;
    simulator.set_phone(sample::TO, PhoneScript::answers_after(Duration::ZERO));
    let redis = options.redis_of_servers();
    let app = App::start_as_node(&options.server, place, simulator.addr(), redis)?;
    simulator.set_application(Some(Application {
        sid: APPLICATION.to_owned(),
        voice: NumberConfig {
            voice_url: Some(format!("http://{}/api/agent-join", app.http)),
            ..NumberConfig::default()
        },
    }));
    let user = sample::user(1);
    let identity = VoiceIdentity::of(&user).ok_or("the user has no voice identity")?;
    let token = App::token(&options.server, user.as_str())?;
    let mut times = Times::default();
    for _ in 0..CALLS {
        let parameters = [("phoneNumber".to_owned(), sample::TO.to_owned())];
        let leg = simulator
            .place_client_call(identity.as_str(), &parameters)
            .await?;
        simulator.call(&leg).connected().await;
        let mut client = Client::connect(app.http).await?;
        for (target, times) in [
            ("/api/hold-call", &mut times.first),
            ("/api/unhold-call", &mut times.back),
            ("/api/hold-call", &mut times.again),
        ] {
            times.push(ask(&mut client, target, leg.as_str(), &token).await?);
        }
        simulator.hang_up(&leg).await?;
        simulator.call(&leg).ended().await;
    }
    Ok(times)
}

/// How long a change of hold takes.
async fn ask(client: &mut Client, target: &str, leg: &str, token: &str) -> Result<Duration, Fault> {
    let body = format!(r#"{{"parentCallSid":"{leg}"}}"#);
    let request = request::post_json_as(target, &body, token);
    let began = Instant::now();
    match client.exchange(&request).await? {
        200 => Ok(began.elapsed()),
        status => Err(format!("{target} was answered {status}").into()),
    }
}
