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
};

/// Where settings come from: flags, environment and `.env`, already merged.
///
/// `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Source {
    values: HashMap<&'static str, String>,
}

impl Source {
    /// Merges the flags with the process environment and the `.env` file of
    /// the working directory.
    ///
    /// # Errors
    /// When the `.env` file is there but cannot be read.
    #[allow(clippy::disallowed_methods)] // This is the place the lint points at.
    pub fn from_process(flags: HashMap<&'static str, String>) -> Result<Self, Faults> {
        let file = read_env_file(Path::new(".env"))?;
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self::merged(flags, &environment, &file))
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
        Self { values }
    }

    /// The settings given here and nothing else; for tests and embedding.
    pub fn of(values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self {
            values: values.into_iter().collect(),
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
#[derive(Debug, Default, PartialEq, Eq)]
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

fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, Faults> {
    let fault = |what: String| {
        let mut faults = Faults::default();
        faults.add(".env", what);
        faults
    };
    match fs::read_to_string(path) {
        Ok(text) => env_file::read(&text)
            .map_err(|BadLine(line)| fault(format!("has on line {line} what is not NAME=value"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(fault(format!("is there but cannot be read: {error}"))),
    }
}
