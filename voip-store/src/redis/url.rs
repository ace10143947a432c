use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion};

/// Where Redis is.
///
/// | form | what is there |
/// |---|---|
/// | `redis://user:password@host:6379/0` | one server |
/// | `redis+sentinel://user:password@host:26379,host:26379/mymaster/0` | Sentinels, which know the server named `mymaster` |
/// | `redis+cluster://user:password@host:6379,host:6379` | some servers of a cluster, which know the rest |
///
/// User, password, ports and the number of the database may be left out;
/// characters such as `@` and `/` are written as `%40` and `%2F`. With
/// `rediss` in place of `redis` every connection is encrypted, and the
/// server's certificate must be one that the public authorities vouch for.
/// User and password are those of the servers; for Sentinels that ask for
/// some, add `?sentinel_user=…&sentinel_password=…`.
///
/// `Debug` and `Display` show where, and no password.
///
/// ```
/// use voip_store::RedisUrl;
/// let url: RedisUrl = "rediss+sentinel://:secret@a,b:26380/calls".parse()?;
/// assert_eq!(url.to_string(), "Redis by Sentinels a:26379, b:26380");
/// # Ok::<_, voip_store::InvalidRedisUrl>(())
/// ```
#[derive(Clone)]
pub struct RedisUrl(pub(super) Target);

/// What is there.
#[derive(Clone)]
pub(super) enum Target {
    Server(ConnectionInfo),
    Sentinel(Sentinels),
    /// At least one server.
    Cluster(Vec<ConnectionInfo>),
}

/// Who knows which server is the one to write to.
#[derive(Clone)]
pub(super) struct Sentinels {
    /// At least one, with what they ask for.
    pub(super) at: Vec<ConnectionInfo>,
    /// The name of the server.
    pub(super) name: String,
    /// The server, but for its address.
    pub(super) server: ConnectionInfo,
    pub(super) encrypted: bool,
}

/// The text is not where a Redis is; says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct InvalidRedisUrl(&'static str);

const FORMS: InvalidRedisUrl = InvalidRedisUrl(
    "redis://host:6379, rediss://host:6379, redis+sentinel://host:26379,host:26379/name or redis+cluster://host:6379,host:6379",
);

/// The port of a Sentinel.
const SENTINEL_PORT: u16 = 26_379;

impl std::str::FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(FORMS)?;
        let (encrypted, kind) = match scheme.split_once('+') {
            None => (scheme, ""),
            Some((redis, kind)) => (redis, kind),
        };
        let encrypted = match encrypted {
            "redis" => false,
            "rediss" => true,
            _ => return Err(FORMS),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        if rest.contains('#') || query.contains('#') {
            return Err(InvalidRedisUrl("without what follows a #; write it as %23"));
        }
        let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = place.rsplit_once('@').unwrap_or(("", place));
        let at = |host: &str, login: &str, database: &str| server(encrypted, login, host, database);
        match kind {
            "" if hosts.contains(',') => Err(InvalidRedisUrl(
                "one host; for several write redis+sentinel: or redis+cluster:",
            )),
            "" | "cluster" if !query.is_empty() => {
                Err(InvalidRedisUrl("without a ? and what follows it"))
            }
            "" => Ok(Self(Target::Server(at(hosts, login, path)?))),
            "cluster" if !path.is_empty() => Err(InvalidRedisUrl(
                "without a database number, which a cluster does not have",
            )),
            "cluster" => {
                let servers = hosts.split(',').map(|host| at(host, login, ""));
                Ok(Self(Target::Cluster(servers.collect::<Result<_, _>>()?)))
            }
            "sentinel" => {
                let (name, database) = path.split_once('/').unwrap_or((path, ""));
                if name.is_empty() {
                    return Err(InvalidRedisUrl(
                        "redis+sentinel://host:26379/name, with the name that the Sentinels know the server by",
                    ));
                }
                let sentinel_login = sentinel_login(query)?;
                let sentinels = hosts.split(',').map(|host| {
                    let host = match has_port(host) {
                        true => host.to_owned(),
                        false => format!("{host}:{SENTINEL_PORT}"),
                    };
                    at(&host, &sentinel_login, "")
                });
                Ok(Self(Target::Sentinel(Sentinels {
                    at: sentinels.collect::<Result<_, _>>()?,
                    name: name.to_owned(),
                    server: at("by-sentinel", login, database)?,
                    encrypted,
                })))
            }
            _ => Err(FORMS),
        }
    }
}

/// Reads one server by the driver's own form of a URL.
fn server(
    encrypted: bool,
    login: &str,
    host: &str,
    database: &str,
) -> Result<ConnectionInfo, InvalidRedisUrl> {
    if host.is_empty() {
        return Err(FORMS);
    }
    let scheme = if encrypted { "rediss" } else { "redis" };
    let at = if login.is_empty() { "" } else { "@" };
    let info = format!("{scheme}://{login}{at}{host}/{database}").into_connection_info();
    // What the driver says may quote a password.
    let info = info.map_err(|_| FORMS)?;
    // With RESP3 the server says when it goes away.
    let settings = info.redis_settings().clone();
    Ok(info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3)))
}

fn has_port(host: &str) -> bool {
    match host.rsplit_once(']') {
        Some((_, after)) => after.starts_with(':'),
        None => host.contains(':'),
    }
}

fn sentinel_login(query: &str) -> Result<String, InvalidRedisUrl> {
    let (mut user, mut password) = ("", "");
    for field in query.split('&').filter(|field| !field.is_empty()) {
        match field.split_once('=') {
            Some(("sentinel_user", value)) => user = value,
            Some(("sentinel_password", value)) => password = value,
            Some(_) | None => {
                return Err(InvalidRedisUrl(
                    "without a ? but for sentinel_user and sentinel_password",
                ));
            }
        }
    }
    Ok(match (user, password) {
        ("", "") => String::new(),
        (user, password) => format!("{user}:{password}"),
    })
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, at) = match &self.0 {
            Target::Server(server) => ("", std::slice::from_ref(server)),
            Target::Sentinel(sentinels) => ("by Sentinels ", &sentinels.at[..]),
            Target::Cluster(servers) => ("cluster ", &servers[..]),
        };
        write!(f, "Redis {what}")?;
        for (place, server) in at.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            match server.addr() {
                ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                    write!(f, "{comma}{host}:{port}")?;
                }
                // The set is the driver's.
                _ => write!(f, "{comma}elsewhere")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> RedisUrl {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_form_is_read() {
        let Target::Server(server) = read("redis://ann:p%40ss@host/3").0 else {
            panic!("one server");
        };
        let settings = server.redis_settings();
        assert_eq!(settings.username(), Some("ann"));
        assert_eq!(settings.password(), Some("p@ss"));
        assert_eq!(settings.db(), 3);
        assert_eq!(server.addr().to_string(), "host:6379");

        let text = "rediss+sentinel://:secret@a,[::1]:7/calls/2?sentinel_password=other";
        let Target::Sentinel(sentinels) = read(text).0 else {
            panic!("Sentinels");
        };
        assert_eq!(sentinels.name, "calls");
        assert_eq!(sentinels.server.redis_settings().password(), Some("secret"));
        assert_eq!(sentinels.server.redis_settings().db(), 2);
        assert!(sentinels.encrypted);
        for sentinel in &sentinels.at {
            assert_eq!(sentinel.redis_settings().password(), Some("other"));
            assert!(matches!(sentinel.addr(), ConnectionAddr::TcpTls { .. }));
        }

        let Target::Cluster(servers) = read("redis+cluster://a,b:7").0 else {
            panic!("a cluster");
        };
        assert_eq!(servers.len(), 2);
    }

    #[test]
    fn no_password_is_shown() {
        for text in [
            "redis://:hush@host",
            "redis+sentinel://ann:hush@a,b/calls?sentinel_password=hush",
            "rediss+cluster://ann:hush@a:1,b:2",
        ] {
            let url = read(text);
            let shown = format!("{url} {url:?}");
            assert!(!shown.contains("hush"), "{shown}");
        }
        assert_eq!(read("redis://:hush@host/1").to_string(), "Redis host:6379");
    }

    #[test]
    fn what_is_wrong_is_said_without_quoting_it() {
        for text in [
            "",
            "host:6379",
            "http://host",
            "redis://",
            "redis://a,b",
            "redis://:hush@host:port",
            "redis://:hush@host/calls",
            "redis://host?x=hush",
            "redis://host#hush",
            "redis+sentinel://a,b",
            "redis+sentinel://a/calls?password=hush",
            "redis+cluster://a,/0",
            "redis+cluster://a,",
            "redis+ring://a",
        ] {
            let error = text.parse::<RedisUrl>().expect_err(text).to_string();
            assert!(error.starts_with("must be "), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
