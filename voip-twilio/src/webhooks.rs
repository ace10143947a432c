//! The `Webhooks` port: the provider's requests to us.

use url::Url;
use voip_core::{
    CallId, Plan,
    ports::{Notice, Reply, Unsigned, WebhookError, WebhookRequest, Webhooks},
};

use crate::{
    CallbackUrls, TwilioConfig,
    callback_urls::{CALL_ID_FIELD, TURN_FIELD},
    form::Form,
    notice, plan_writer,
    signature::{self, Claim, Key, SignedUrl},
};

/// Reads the provider's requests and writes our answers to them.
///
/// The signature is checked against the configured public URL and the raw
/// target of the request, so no header of a proxy has a say.
#[derive(Clone, Debug)]
pub struct TwilioWebhooks {
    keys: Vec<Key>,
    callbacks: CallbackUrls,
    public: PublicUrl,
}

/// Our public address in the pieces that are signed.
#[derive(Clone, Debug)]
struct PublicUrl {
    scheme: String,
    host: String,
    port: Option<String>,
    /// Its path without the trailing slash.
    prefix: String,
}

impl TwilioWebhooks {
    /// A reader for requests that one of the auth tokens of `config` signs.
    pub fn new(config: &TwilioConfig) -> Self {
        let tokens = std::iter::once(&config.auth_token).chain(&config.other_auth_tokens);
        Self {
            keys: tokens.map(|token| Key::new(token.expose())).collect(),
            callbacks: config.callbacks.clone(),
            public: PublicUrl::of(config.callbacks.base()),
        }
    }

    /// Checks the signature of `request`, whose form is `form`.
    fn check(&self, request: &WebhookRequest<'_>, content: &Content<'_>) -> Result<(), Unsigned> {
        let header = request.signature.ok_or(Unsigned::Missing)?;
        let claim = Claim::read(header).ok_or(Unsigned::NotASignature)?;
        let url = self.public.with(request.path_and_query);
        let signed = match content {
            Content::Form(form) => signature::join(form.pairs()),
            Content::Query(_) | Content::Other => String::new(),
        };
        if !claim.holds(&self.keys, &url, &signed) {
            return Err(signature::diagnose(&claim, &self.keys, &url, &signed));
        }
        if request.method != "POST" {
            return Ok(());
        }
        match (
            signature::digest_of(query_of(request.path_and_query)),
            content,
        ) {
            (Some(digest), _) if !signature::covers(digest, request.body) => {
                Err(Unsigned::BodyChanged)
            }
            // The signature covers the URL alone, and nothing the body.
            (None, Content::Other) => Err(Unsigned::FieldsChanged),
            (Some(_) | None, _) => Ok(()),
        }
    }
}

impl Webhooks for TwilioWebhooks {
    fn read<'a>(&self, request: &WebhookRequest<'a>) -> Result<Notice, WebhookError> {
        let content = Content::of(request);
        self.check(request, &content)
            .map_err(WebhookError::Unsigned)?;
        let (Content::Form(form) | Content::Query(form)) = content else {
            return Err(WebhookError::Malformed("its body is not a form".to_owned()));
        };
        let (path, query) = split_target(request.path_and_query);
        notice::read(&form, path, &Named::in_query(query))
    }

    fn write(&self, plan: &Plan) -> Reply {
        plan_writer::write(plan, &self.callbacks)
    }
}

/// Where the fields of a request are.
enum Content<'a> {
    /// In the body.
    Form(Form<'a>),
    /// In the query.
    Query(Form<'a>),
    /// Nowhere: the body is something else.
    Other,
}

impl<'a> Content<'a> {
    fn of(request: &WebhookRequest<'a>) -> Self {
        if request.method != "POST" {
            return Self::Query(Form::decode(query_of(request.path_and_query).as_bytes()));
        }
        match request.content_type {
            Some(media_type) if !is_form(media_type) => Self::Other,
            Some(_) | None => Self::Form(Form::decode(request.body)),
        }
    }
}

impl PublicUrl {
    fn of(base: &Url) -> Self {
        Self {
            scheme: base.scheme().to_owned(),
            host: base.host_str().unwrap_or_default().to_owned(),
            port: base.port().map(|port| port.to_string()),
            prefix: base.path().trim_end_matches('/').to_owned(),
        }
    }

    /// The address of a request to `target`. A proxy may or may not have taken
    /// our path off it.
    fn with<'a>(&'a self, target: &'a str) -> SignedUrl<'a> {
        let whole = target
            .strip_prefix(self.prefix.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        SignedUrl {
            scheme: &self.scheme,
            host: &self.host,
            port: self.port.as_deref(),
            prefix: if whole { "" } else { &self.prefix },
            target,
            slash: signature::Slash::Untouched,
        }
    }
}

/// What of ours the address of a request names.
pub(crate) struct Named {
    pub(crate) call: Option<CallId>,
    pub(crate) turn: Option<u32>,
}

impl Named {
    fn in_query(query: &str) -> Self {
        // A UUID and a number have no escapes, so nothing needs decoding.
        let field = |name: &str| {
            query
                .split('&')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        Self {
            call: field(CALL_ID_FIELD).and_then(|text| text.parse().ok()),
            turn: field(TURN_FIELD).and_then(|text| text.parse().ok()),
        }
    }
}

fn is_form(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn query_of(target: &str) -> &str {
    split_target(target).1
}

fn split_target(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}
