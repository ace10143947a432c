//! The rows that run as fast as the server answers.

use std::net::SocketAddr;

use tokio::runtime::Runtime;
use voip_benches::{Signer, sample};
use voip_core::CallStatus;

use crate::{
    Fault,
    app::App,
    closed_loop::{self, Lane, Run},
    database::{Copy, LONG_LOG, SHORT_LOG},
    goal::{self, Goal},
    hello::{self, Hello},
    options::Options,
    provider, request,
};

/// One kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// A call is started, and the provider takes it at once.
    StartCall,
    /// A signed status webhook that changes its call.
    Status,
    /// A signed webhook about a call that has come in.
    Inbound,
    /// The log of somebody with ten calls.
    ShortLog,
    /// The log of somebody with a thousand calls.
    LongLog,
    /// The same of ten calls for whom they are, logged in.
    OwnShortLog,
    /// The same of a thousand calls.
    OwnLongLog,
    /// A signed webhook about a call that a voice client places.
    AgentJoin,
    /// A signed webhook about the far leg of such a call, that changes it.
    CallStatus,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) workload: Workload,
    pub(crate) connections: usize,
    pub(crate) run: Run,
    pub(crate) hello: Run,
}

/// Among how many users the calls of voice clients are spread.
const USERS: usize = 10_000;

/// What the provider reports of an outbound call once it has taken it; each
/// changes the call.
const STATUSES: [CallStatus; 3] = [
    CallStatus::Ringing,
    CallStatus::InProgress,
    CallStatus::Completed,
];

impl Workload {
    const ALL: [Self; 9] = [
        Self::StartCall,
        Self::Status,
        Self::Inbound,
        Self::ShortLog,
        Self::LongLog,
        Self::OwnShortLog,
        Self::OwnLongLog,
        Self::AgentJoin,
        Self::CallStatus,
    ];

    /// The rows that were asked for.
    pub(crate) fn wanted(options: &Options) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|row| options.wants(row.name()))
            .collect()
    }

    /// Its name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::StartCall => "start-call",
            Self::Status => "twilio-status",
            Self::Inbound => "twilio-inbound",
            Self::ShortLog => "call-logs-10",
            Self::LongLog => "call-logs-1000",
            Self::OwnShortLog => "own-call-logs-10",
            Self::OwnLongLog => "own-call-logs-1000",
            Self::AgentJoin => "agent-join",
            Self::CallStatus => "call-status",
        }
    }

    /// What is wanted of it.
    pub(crate) const fn goal(self) -> Goal {
        match self {
            Self::StartCall => goal::START_CALL,
            Self::Status => goal::STATUS,
            Self::Inbound => goal::INBOUND,
            Self::ShortLog => goal::SHORT_LOG,
            Self::LongLog => goal::LONG_LOG,
            Self::OwnShortLog => goal::OWN_SHORT_LOG,
            Self::OwnLongLog => goal::OWN_LONG_LOG,
            Self::AgentJoin => goal::AGENT_JOIN,
            Self::CallStatus => goal::CALL_STATUS,
        }
    }

    fn lanes(
        self,
        connections: usize,
        file: &Copy<'_>,
        signer: &Signer,
        options: &Options,
    ) -> Result<Vec<Lane>, Fault> {
        let each = most(connections, options) / connections;
        let lane = |n: usize| -> Result<Lane, Fault> {
            Ok(match self {
                Self::StartCall => {
                    let (to, from) = (sample::TO, sample::FROM);
                    let body = format!(r#"{{"to":"{to}","from":"{from}"}}"#);
                    Lane::Same(request::post_json("/start-call", &body))
                }
                Self::Status => {
                    // Calls that are live at one moment began at about one moment,
                    // so they lie close together in the database.
                    let calls = file.live.iter().skip(n).step_by(connections);
                    let calls = calls.take(each / STATUSES.len());
                    let webhooks = calls.flat_map(|call| STATUSES.map(|s| signer.status(call, s)));
                    Lane::Each(webhooks.map(|webhook| request::webhook(&webhook)).collect())
                }
                Self::Inbound => {
                    // Far from the legs in the database.
                    let legs = (0..each).map(|m| sample::leg((1 << 56) + (n * each + m) as u64));
                    let webhooks = legs.map(|leg| signer.inbound(&leg, sample::TO, sample::CALLED));
                    Lane::Each(webhooks.map(|webhook| request::webhook(&webhook)).collect())
                }
                Self::ShortLog => {
                    Lane::Same(request::get(&format!("/api/call-logs/{}", SHORT_LOG.0)))
                }
                Self::LongLog => {
                    Lane::Same(request::get(&format!("/api/call-logs/{}", LONG_LOG.0)))
                }
                Self::OwnShortLog => own_log(SHORT_LOG.0, options)?,
                Self::OwnLongLog => own_log(LONG_LOG.0, options)?,
                Self::AgentJoin => {
                    // Far from the legs in the database, and each user seldom.
                    let dials = (0..each).map(|m| {
                        let number = n * each + m;
                        let (leg, user) = (
                            sample::leg((1 << 57) + number as u64),
                            sample::user(number % USERS),
                        );
                        signer.client_dial(&leg, &user, sample::TO)
                    });
                    Lane::Each(dials.map(|webhook| request::webhook(&webhook)).collect())
                }
                Self::CallStatus => {
                    let calls = file.dialled.iter().enumerate().skip(n).step_by(connections);
                    let calls = calls.take(each / STATUSES.len());
                    let webhooks = calls.flat_map(|(number, call)| {
                        let far = sample::leg((1 << 58) + number as u64);
                        STATUSES.map(|status| signer.far_status(call, &far, status))
                    });
                    Lane::Each(webhooks.map(|webhook| request::webhook(&webhook)).collect())
                }
            })
        };
        (0..connections).map(lane).collect()
    }
}

/// How many webhooks are made for a run, so that it is not over before its
/// time: more than any server here has taken.
fn most(connections: usize, options: &Options) -> usize {
    let per_second = match connections {
        ..4 => 6_000,
        4..32 => 24_000,
        _ => 36_000,
    };
    (options.time().as_secs_f64() * f64::from(per_second)) as usize
}

/// How many live calls the rows need in the database.
pub(crate) fn live_calls(options: &Options) -> usize {
    changing(Workload::Status, options)
}

/// How many calls of voice clients.
pub(crate) fn dialled_calls(options: &Options) -> usize {
    changing(Workload::CallStatus, options)
}

/// Somebody's own log, as they ask for it.
fn own_log(user: &str, options: &Options) -> Result<Lane, Fault> {
    let token = App::token(&options.server, user)?;
    Ok(Lane::Same(request::get_as("/api/call-logs", &token)))
}

/// How many calls `row` leads from one status to the next.
fn changing(row: Workload, options: &Options) -> usize {
    if !options.wants(row.name()) {
        return 0;
    }
    let most = options.connections.iter().map(|&n| most(n, options)).max();
    most.unwrap_or(0) / STATUSES.len()
}

/// Measures one row: first the bare handler, then the server.
pub(crate) fn measure(
    runtime: &Runtime,
    workload: Workload,
    connections: usize,
    file: &Copy<'_>,
    hello: &Hello,
    options: &Options,
) -> Result<Row, Fault> {
    let connections = connections.max(1);
    let redis = options.redis_of_servers();
    let app = App::start_as_node(&options.server, &file.place, provider::start()?, redis)?;
    let lanes = workload.lanes(connections, file, &app.signer(), options)?;
    let greet = |addr: SocketAddr, time| {
        let lanes = (0..connections)
            .map(|_| Lane::Same(hello::REQUEST.to_vec()))
            .collect();
        closed_loop::run(&hello.process, addr, lanes, time)
    };
    let greeted = runtime.block_on(greet(hello.addr, options.time() / 2))?;
    let run = closed_loop::run(&app.process, app.http, lanes, options.time());
    let run = runtime
        .block_on(run)
        .map_err(|fault| format!("{}: {fault}", workload.name()))?;
    Ok(Row {
        workload,
        connections,
        run,
        hello: greeted,
    })
}
