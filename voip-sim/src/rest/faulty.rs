//! Requests that meet a fault.

use time::OffsetDateTime;

use super::operation::Resource;
use super::{ReplyDelivery, RestError, RestReply, RestRequest, split, work};
use crate::engine::Engine;
use crate::faults::RestFault;

/// The fault this request meets: the first scripted one that waits for its kind, else by rate.
pub(super) fn next_fault(engine: &mut Engine, request: &RestRequest<'_>) -> Option<RestFault> {
    let (path, _) = split(request.path_and_query);
    let resource = Resource::of(path, &engine.config.account_sid).ok();
    let scripted = engine.scripted_rest_faults.iter().position(|scripted| {
        let here = scripted
            .about
            .as_ref()
            .is_none_or(|sid| path.contains(sid.as_str()));
        here && match &resource {
            Some(resource) => resource.is_meant(scripted.target, request),
            None => scripted.target == crate::faults::RestTarget::Any,
        }
    });
    if let Some(index) = scripted {
        let scripted = engine.scripted_rest_faults.remove(index);
        return scripted.map(|scripted| scripted.fault);
    }
    let fault = engine.faults.rest_fault?;
    let rate = engine.faults.rest;
    engine.seeded.chance(rate).then_some(fault)
}

/// Answers a request that meets a fault.
pub(super) fn answer(
    engine: &mut Engine,
    now: OffsetDateTime,
    request: &RestRequest<'_>,
    fault: RestFault,
) -> RestReply {
    match fault {
        RestFault::AnswerLate(after) => RestReply {
            delivery: ReplyDelivery::After(after),
            ..work(engine, now, request)
        },
        RestFault::NeverAnswer => RestReply {
            delivery: ReplyDelivery::Never,
            ..work(engine, now, request)
        },
        RestFault::Lost => RestReply {
            delivery: ReplyDelivery::Never,
            ..RestReply::json(200, String::new())
        },
        RestFault::Reset => RestReply {
            delivery: ReplyDelivery::Reset,
            ..RestReply::json(200, String::new())
        },
        RestFault::ResetAfterwards => RestReply {
            delivery: ReplyDelivery::Reset,
            ..work(engine, now, request)
        },
        RestFault::TooManyRequests => RestError::too_many_requests().reply(),
        RestFault::ServerError => RestError::internal().reply(),
        RestFault::ServerErrorAfterwards => {
            work(engine, now, request);
            RestError::internal().reply()
        }
        RestFault::Unavailable => RestError::unavailable().reply(),
        RestFault::BadGateway => bad_gateway(),
        RestFault::BadGatewayAfterwards => {
            work(engine, now, request);
            bad_gateway()
        }
        RestFault::NotFound => RestError::not_found(split(request.path_and_query).0).reply(),
        RestFault::NothingListed => {
            engine.lists_nothing = true;
            let reply = work(engine, now, request);
            engine.lists_nothing = false;
            reply
        }
        RestFault::LegEndsBefore => {
            if let Some(leg) = addressed(engine, request) {
                engine.far_end_hangs_up(now, leg);
            }
            work(engine, now, request)
        }
        RestFault::LegEndsAfter(after) => {
            let leg = addressed(engine, request);
            let reply = work(engine, now, request);
            if let Some(leg) = leg {
                engine.far_end_hangs_up_after(now, leg, after);
            }
            reply
        }
        RestFault::PartnerEndsAfter(after) => {
            let leg = addressed(engine, request);
            let partner = leg.and_then(|leg| engine.partner_of(leg));
            let reply = work(engine, now, request);
            if let Some(partner) = partner {
                engine.far_end_hangs_up_after(now, partner, after);
            }
            reply
        }
    }
}

/// The leg that the path of a request names.
fn addressed(engine: &Engine, request: &RestRequest<'_>) -> Option<crate::engine::LegId> {
    let (path, _) = split(request.path_and_query);
    let resource = Resource::of(path, &engine.config.account_sid).ok()?;
    engine.by_sid.get(resource.leg()?).copied()
}

fn bad_gateway() -> RestReply {
    RestReply {
        status: 502,
        headers: vec![("Content-Type", "text/html".to_owned())],
        body: "<html><body>Bad Gateway</body></html>".to_owned(),
        media: None,
        delivery: ReplyDelivery::Now,
    }
}
