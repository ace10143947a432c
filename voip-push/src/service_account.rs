//! The Google service account that pays for pushes.

use std::{fmt, io, path::Path, sync::Arc};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value};
use url::Url;

/// A Google service account, as its JSON key file describes it.
///
/// Reading one proves that its key can sign, so a bad file shows at the start
/// and not at the first call. `Debug` shows neither the key nor the e-mail.
#[derive(Clone)]
pub struct ServiceAccount {
    project_id: Arc<str>,
    client_email: Arc<str>,
    private_key_id: Option<Arc<str>>,
    token_uri: Url,
    key: Arc<EncodingKey>,
}

/// Why a service account cannot be used. Quotes nothing from the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidServiceAccount {
    /// The file cannot be read.
    #[error("the service account file {path:?} cannot be read")]
    Unreadable {
        /// Where it should be.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// The text is not a JSON object.
    #[error("a service account is a JSON object, as downloaded from the Google console")]
    NotJson,
    /// The JSON is some other kind of credential.
    #[error("the JSON is a credential of another kind: \"type\" must be \"service_account\"")]
    WrongType,
    /// Fields are missing, empty, or not text.
    #[error("the service account lacks {}", .0.join(", "))]
    Lacks(Vec<&'static str>),
    /// The project id cannot be part of a URL.
    #[error("\"project_id\" of the service account is not a project id")]
    BadProjectId,
    /// The token URI is not one.
    #[error("\"token_uri\" of the service account is not an http(s) URL")]
    BadTokenUri,
    /// The key is not a PEM of an RSA key.
    #[error("\"private_key\" of the service account is not an RSA private key in PEM")]
    BadKey,
}

impl ServiceAccount {
    /// Where Google mints access tokens, unless the file says otherwise.
    const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

    /// Reads the account from `source`: a path, or the JSON itself, which
    /// begins with a brace. A setting can so be either.
    ///
    /// # Errors
    /// [`InvalidServiceAccount`] says what is wrong.
    pub fn load(source: &str) -> Result<Self, InvalidServiceAccount> {
        if source.trim_start().starts_with('{') {
            Self::from_json(source)
        } else {
            Self::from_file(source)
        }
    }

    /// Reads the account from a JSON key file. Blocks for a moment: meant for
    /// the start of a program.
    ///
    /// # Errors
    /// [`InvalidServiceAccount`] says what is wrong.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, InvalidServiceAccount> {
        let path = path.as_ref();
        let text =
            std::fs::read_to_string(path).map_err(|source| InvalidServiceAccount::Unreadable {
                path: path.display().to_string(),
                source,
            })?;
        Self::from_json(&text)
    }

    /// Reads the account from the text of a JSON key file.
    ///
    /// # Errors
    /// [`InvalidServiceAccount`] says what is wrong.
    pub fn from_json(text: &str) -> Result<Self, InvalidServiceAccount> {
        // Editors on Windows put a byte order mark in front.
        let text = text.trim_start_matches('\u{feff}');
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
            return Err(InvalidServiceAccount::NotJson);
        };
        if fields
            .get("type")
            .is_some_and(|kind| kind != "service_account")
        {
            return Err(InvalidServiceAccount::WrongType);
        }
        let lacking: Vec<_> = ["type", "project_id", "client_email", "private_key"]
            .into_iter()
            .filter(|name| text_of(&fields, name).is_none())
            .collect();
        let (Some(project_id), Some(client_email), Some(pem), true) = (
            text_of(&fields, "project_id"),
            text_of(&fields, "client_email"),
            text_of(&fields, "private_key"),
            lacking.is_empty(),
        ) else {
            return Err(InvalidServiceAccount::Lacks(lacking));
        };
        // Ids are lower-case letters, digits and hyphens; old ones have a
        // domain in front, with dots and a colon.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
        if !project_id.bytes().all(plain) {
            return Err(InvalidServiceAccount::BadProjectId);
        }
        let token_uri = text_of(&fields, "token_uri").unwrap_or(Self::TOKEN_URI);
        Ok(Self {
            project_id: Arc::from(project_id),
            client_email: Arc::from(client_email),
            private_key_id: text_of(&fields, "private_key_id").map(Arc::from),
            token_uri: http_url(token_uri).ok_or(InvalidServiceAccount::BadTokenUri)?,
            key: Arc::new(signing_key(pem).ok_or(InvalidServiceAccount::BadKey)?),
        })
    }

    /// The same account with its tokens minted somewhere else, such as a test
    /// server. It is the audience of the assertion, too.
    #[must_use]
    pub fn with_token_uri(mut self, token_uri: Url) -> Self {
        self.token_uri = token_uri;
        self
    }

    /// The project whose messages it may send.
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// Where its access tokens are minted.
    pub fn token_uri(&self) -> &Url {
        &self.token_uri
    }

    pub(crate) fn client_email(&self) -> &str {
        &self.client_email
    }

    pub(crate) fn private_key_id(&self) -> Option<&str> {
        self.private_key_id.as_deref()
    }

    pub(crate) fn key(&self) -> &EncodingKey {
        &self.key
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("project_id", &self.project_id)
            .field("token_uri", &self.token_uri.as_str())
            .finish_non_exhaustive()
    }
}

fn text_of<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields
        .get(name)?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// The key, proven by signing something.
fn signing_key(pem: &str) -> Option<EncodingKey> {
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &(), &key).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const PEM: &str = include_str!("../tests/push/keys/test-only-rsa.pem");

    fn file() -> Value {
        json!({
            "type": "service_account",
            "project_id": "demo-project",
            "private_key_id": "key-1",
            "private_key": PEM,
            "client_email": "push@demo-project.iam.gserviceaccount.com",
        })
    }

    fn with(name: &str, value: Value) -> Result<ServiceAccount, InvalidServiceAccount> {
        let mut file = file();
        file[name] = value;
        ServiceAccount::from_json(&file.to_string())
    }

    #[test]
    fn a_key_file_is_read_with_googles_own_token_uri_by_default() {
        let account = ServiceAccount::from_json(&file().to_string()).unwrap();
        assert_eq!(account.project_id(), "demo-project");
        assert_eq!(account.private_key_id(), Some("key-1"));
        assert_eq!(account.token_uri().as_str(), ServiceAccount::TOKEN_URI);
    }

    #[test]
    fn debug_shows_no_key_and_no_email() {
        let shown = format!(
            "{:?}",
            ServiceAccount::from_json(&file().to_string()).unwrap()
        );
        assert!(shown.contains("demo-project"), "{shown}");
        assert!(
            !shown.contains("PRIVATE") && !shown.contains('@'),
            "{shown}"
        );
    }

    #[test]
    fn a_path_and_the_json_itself_are_both_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("account.json");
        std::fs::write(&path, format!("\u{feff}{}", file())).unwrap();
        ServiceAccount::load(path.to_str().unwrap()).unwrap();
        ServiceAccount::load(&format!("\n {}", file())).unwrap();
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = ServiceAccount::from_file("/nowhere/account.json").unwrap_err();
        assert!(matches!(error, InvalidServiceAccount::Unreadable { .. }));
        assert!(
            error.to_string().contains("/nowhere/account.json"),
            "{error}"
        );
    }

    #[test]
    fn every_missing_field_is_named_at_once() {
        let error = ServiceAccount::from_json(r#"{"type":"service_account","client_email":7}"#);
        let error = error.unwrap_err().to_string();
        assert_eq!(
            error,
            "the service account lacks project_id, client_email, private_key"
        );
        let error = ServiceAccount::from_json("{}").unwrap_err().to_string();
        assert!(error.contains("lacks type,"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_told_apart_without_quoting_it() {
        use InvalidServiceAccount as E;
        assert!(matches!(
            ServiceAccount::from_json("nonsense"),
            Err(E::NotJson)
        ));
        assert!(matches!(ServiceAccount::from_json("[]"), Err(E::NotJson)));
        assert!(matches!(
            with("type", json!("authorized_user")),
            Err(E::WrongType)
        ));
        assert!(matches!(
            with("project_id", json!("a/../b")),
            Err(E::BadProjectId)
        ));
        assert!(matches!(
            with("token_uri", json!("file:///etc/passwd")),
            Err(E::BadTokenUri)
        ));
        let ec = include_str!("../tests/push/keys/test-only-p256.p8");
        for key in [
            ec,
            "secret",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            let error = with("private_key", json!(key)).unwrap_err();
            assert!(matches!(error, E::BadKey));
            assert!(!format!("{error} {error:?}").contains(key));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = ServiceAccount::from_json(&text);
        }
    }
}
