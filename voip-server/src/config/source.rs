use std::{
    collections::{BTreeMap, HashMap},
    fmt, fs, io,
    path::Path,
    str::FromStr,
    time::Duration,
};

use super::{
    SETTINGS, Setting,
    env_file::{self, BadLine},
    spelling,
};

/// Where settings come from: flags, environment and `.env`, already merged.
///
/// `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Source {
    values: HashMap<&'static str, String>,
    /// What is wrong with the `.env` file.
    faults: Faults,
    mistyped: Vec<Mistyped>,
}

/// A name in the `.env` file or the environment that is no setting's and looks
/// like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistyped {
    /// What stands there.
    pub name: String,
    /// Where: in `.env` or in the environment.
    pub place: &'static str,
    /// The setting it may have been meant for.
    pub meant: &'static str,
}

/// How long a name in the environment is that is hardly another program's by
/// chance: `SIP_PORT` may well be one, and is near `SIM_PORT`.
const LONG: usize = 10;

impl Source {
    /// Merges the flags with the process environment and the `.env` file of
    /// the working directory. What is wrong with the file is among
    /// [`faults`](Self::faults).
    #[allow(clippy::disallowed_methods)] // This is the place the lint points at.
    pub fn from_process(flags: HashMap<&'static str, String>) -> Self {
        let (file, faults) = read_env_file(Path::new(".env"));
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            faults,
            ..Self::merged(flags, &environment, &file)
        }
    }

    /// What was wrong before any setting was looked at.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// The names in the `.env` file and in the environment that are no setting's
    /// and look like one.
    pub fn mistyped(&self) -> &[Mistyped] {
        &self.mistyped
    }

    /// Merges flags, environment and file, in this order of precedence. An
    /// empty value counts as not set.
    pub fn merged(
        mut flags: HashMap<&'static str, String>,
        environment: &BTreeMap<String, String>,
        file: &BTreeMap<String, String>,
    ) -> Self {
        let mut values = HashMap::new();
        for Setting { name, .. } in SETTINGS {
            let candidates = [
                flags.remove(name),
                environment.get(*name).cloned(),
                file.get(*name).cloned(),
            ];
            if let Some(value) = candidates
                .into_iter()
                .flatten()
                .find(|value| !value.trim().is_empty())
            {
                values.insert(*name, value);
            }
        }
        // Others have names there too, so only long ones are looked at.
        let foreign = environment
            .keys()
            .filter(|name| name.len() >= LONG && !file.contains_key(*name));
        let foreign = foreign.map(|name| (name, "the environment"));
        let all = file.keys().map(|name| (name, ".env")).chain(foreign);
        let mistyped: Vec<_> = all
            .filter_map(|(name, place)| {
                Some(Mistyped {
                    name: name.clone(),
                    place,
                    meant: spelling::meant(name).filter(|meant| !values.contains_key(meant))?,
                })
            })
            .collect();
        Self {
            values,
            mistyped,
            faults: Faults::default(),
        }
    }

    /// The settings given here and nothing else; for tests and embedding.
    pub fn of(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self {
            values: values.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The value of a setting, without blanks around it.
    pub fn text(&self, name: &str) -> Option<String> {
        debug_assert!(
            SETTINGS.iter().any(|setting| setting.name == name),
            "{name} is listed"
        );
        self.values.get(name).map(|value| value.trim().to_owned())
    }

    /// The value of a setting, or its default.
    pub fn parsed<T: FromStr>(&self, name: &'static str, default: T, faults: &mut Faults) -> T {
        match self.text(name).map(|text| text.parse()) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                faults.add(
                    name,
                    "cannot be read; see --help for what it should look like",
                );
                default
            }
        }
    }

    /// The port that a setting names, or its default.
    pub fn port(&self, name: &'static str, default: u16, faults: &mut Faults) -> u16 {
        match self.text(name).map(|text| text.parse()) {
            None => default,
            Some(Ok(port)) => port,
            Some(Err(_)) => {
                faults.add(name, "must be a port: a whole number from 0 to 65535");
                default
            }
        }
    }

    /// The value of a setting in whole seconds, or its default.
    pub fn seconds(&self, name: &'static str, default: Duration, faults: &mut Faults) -> Duration {
        Duration::from_secs(self.parsed(name, default.as_secs(), faults))
    }

    /// Those of `names` that are set.
    pub fn set_among(&self, names: &[&'static str]) -> Vec<&'static str> {
        names
            .iter()
            .copied()
            .filter(|name| self.values.contains_key(name))
            .collect()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// Adds a fault of the setting `name`.
    pub fn add(&mut self, name: &'static str, what: impl Into<String>) {
        self.0.push((name, what.into()));
    }

    /// `value`, if there is no fault.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// The settings at fault.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.0
            .iter()
            .try_for_each(|(name, what)| write!(f, "\n  {name} {what}"))
    }
}

impl std::error::Error for Faults {}

fn read_env_file(path: &Path) -> (BTreeMap<String, String>, Faults) {
    let mut faults = Faults::default();
    let values = match fs::read_to_string(path) {
        Ok(text) => {
            let (values, bad) = env_file::read(&text);
            for BadLine(line) in bad {
                faults.add(".env", format!("has on line {line} what is not NAME=value"));
            }
            values
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => {
            faults.add(".env", format!("is there but cannot be read: {error}"));
            BTreeMap::new()
        }
    };
    (values, faults)
}
