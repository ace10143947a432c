//! Webhooks, and what may be wrong with them.

use voip_core::ports::{
    LegReport, Notice, Reply, Unsigned, VoiceRequest, WebhookError, WebhookRequest, Webhooks,
};
use voip_core::{CallId, CallStatus, Party, Plan, ProviderCallId, Result};
use voip_testkit::suites::webhooks;
use voip_testkit::suites::webhooks::{SentRequest, WebhooksFixture};

use crate::caught;

mod toy {
    use super::{Slip, Toy};

    async fn fresh() -> Toy {
        Toy { slip: Slip::None }
    }

    voip_testkit::webhooks_suite!(fresh);
}

/// What is wrong with a webhooks adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    None,
    SignsNoTarget,
    SignsNoBody,
    ComparesInPart,
    AcceptsUnsigned,
    ReadsNothing,
    MissesTheCall,
    WritesNothing,
    WritesTheSame,
}

/// An adapter for a provider that writes `leg status` into the body, our call
/// into the target, and signs with a weak checksum.
#[derive(Debug)]
struct Toy {
    slip: Slip,
}

impl Toy {
    fn sign(&self, target: &str, body: &[u8]) -> String {
        let target = if self.slip == Slip::SignsNoTarget {
            ""
        } else {
            target
        };
        let body = if self.slip == Slip::SignsNoBody {
            b""
        } else {
            body
        };
        let bytes = target.bytes().chain([b' ']).chain(body.iter().copied());
        // FNV-1a.
        let sum = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{sum:028x}")
    }

    fn sent(&self, target: String, body: String) -> SentRequest {
        SentRequest {
            method: "POST".to_owned(),
            signature: Some(self.sign(&target, body.as_bytes())),
            path_and_query: target,
            content_type: None,
            body: body.into_bytes(),
        }
    }
}

impl Webhooks for Toy {
    fn read<'a>(&self, request: &WebhookRequest<'a>) -> Result<Notice, WebhookError> {
        let right = self.sign(request.path_and_query, request.body);
        let genuine = match (self.slip, request.signature) {
            (Slip::AcceptsUnsigned, None) => true,
            (Slip::ComparesInPart, Some(signature)) => signature.get(..20) == right.get(..20),
            (_, signature) => signature == Some(&right),
        };
        if !genuine {
            return Err(WebhookError::Unsigned(Unsigned::Mismatch));
        }
        if self.slip == Slip::ReadsNothing {
            return Err(WebhookError::Malformed("anything".to_owned()));
        }
        let text = std::str::from_utf8(request.body).unwrap();
        let (leg, status) = text.split_once(' ').unwrap();
        let (leg, status) = (leg.parse().unwrap(), status.parse::<CallStatus>());
        let (path, call) = request.path_and_query.split_once('?').unwrap();
        let call = (self.slip != Slip::MissesTheCall).then(|| call.parse().unwrap());
        Ok(match (path, status) {
            ("/report", Ok(status)) => Notice::Progress {
                report: LegReport {
                    leg,
                    status,
                    at: None,
                    duration: None,
                    reason: None,
                },
                call,
                parent: None,
                sequence: None,
            },
            _ => Notice::Voice(VoiceRequest {
                leg,
                call,
                from: Party::read("+15550001111"),
                client: None,
                to: Party::read("+15550002222"),
                status: CallStatus::InProgress,
                inbound: true,
                digits: None,
                fields: Default::default(),
            }),
        })
    }

    fn write(&self, plan: &Plan) -> Reply {
        let body = match self.slip {
            Slip::WritesNothing => String::new(),
            Slip::WritesTheSame => "a plan".to_owned(),
            _ => format!("{plan:?}"),
        };
        Reply {
            content_type: "text/plain",
            body,
        }
    }
}

impl WebhooksFixture for Toy {
    fn webhooks(&self) -> &dyn Webhooks {
        self
    }

    fn leg(&self) -> ProviderCallId {
        "CA1".parse().unwrap()
    }

    fn report(&self, leg: &ProviderCallId, status: CallStatus, call: CallId) -> SentRequest {
        self.sent(format!("/report?{call}"), format!("{leg} {status}"))
    }

    fn question(&self, leg: &ProviderCallId, call: CallId) -> SentRequest {
        self.sent(format!("/question?{call}"), format!("{leg} ?"))
    }
}

macro_rules! slips_caught_by {
    ($case:ident: $($slip:ident)+) => {
        #[tokio::test]
        async fn $case() {
            $(
                let case = async { webhooks::$case(&Toy { slip: Slip::$slip }) };
                assert!(caught(case).await, "{:?} went unnoticed", Slip::$slip);
            )+
        }
    };
}

mod webhooks_catch {
    use super::{Slip, Toy, caught, webhooks};

    slips_caught_by!(an_altered_request_is_refused: SignsNoTarget SignsNoBody ComparesInPart);
    slips_caught_by!(an_unsigned_request_is_refused: AcceptsUnsigned SignsNoBody);
    slips_caught_by!(a_signed_request_is_read: ReadsNothing MissesTheCall);
    slips_caught_by!(every_plan_can_be_written: WritesNothing WritesTheSame);
}
