//! The arrows between the crates, and the things that have one home.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, PackageId};

/// Which of our crates each may depend on. Those that are not listed here,
/// examples and benches, may use what they like.
const ARROWS: [(&str, &[&str]); 7] = [
    ("voip-core", &[]),
    ("voip-twilio", &["voip-core"]),
    ("voip-push", &["voip-core"]),
    ("voip-store", &["voip-core"]),
    ("voip-sim", &["voip-twilio"]),
    ("voip-testkit", &["voip-core", "voip-sim"]),
    (
        "voip-server",
        &[
            "voip-core",
            "voip-twilio",
            "voip-push",
            "voip-store",
            "voip-sim",
            "voip-testkit",
        ],
    ),
];

/// What the domain must not even reach: HTTP, SQL, Redis, web frameworks.
const FOREIGN_TO_CORE: [&str; 13] = [
    "reqwest",
    "hyper",
    "h2",
    "http",
    "axum",
    "tower",
    "sqlx",
    "rusqlite",
    "libsqlite3-sys",
    "redis",
    "tungstenite",
    "socketioxide",
    "rustls",
];

fn workspace() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    // What only other platforms need may never have been downloaded.
    let options = ["--locked", "--filter-platform", &host()];
    MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(options.map(str::to_owned))
        .exec()
        .expect("cargo knows its workspace")
}

/// The platform that the compiler builds for.
fn host() -> String {
    let version = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("the compiler runs");
    let version = String::from_utf8(version.stdout).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("the compiler knows its host").to_owned()
}

/// Names by id, and what each package needs to be built and run: its
/// dependencies but for those of its tests.
struct Graph {
    names: HashMap<PackageId, String>,
    needs: HashMap<PackageId, Vec<PackageId>>,
    ours: BTreeMap<String, PackageId>,
}

impl Graph {
    fn of(workspace: &Metadata) -> Self {
        let names =
            |package: &cargo_metadata::Package| (package.id.clone(), package.name.to_string());
        let ours = workspace.workspace_packages();
        let nodes = &workspace
            .resolve
            .as_ref()
            .expect("a resolved workspace")
            .nodes;
        Self {
            names: workspace.packages.iter().map(names).collect(),
            needs: nodes
                .iter()
                .map(|node| (node.id.clone(), needs(node)))
                .collect(),
            ours: ours
                .iter()
                .map(|package| (package.name.to_string(), package.id.clone()))
                .collect(),
        }
    }

    fn direct(&self, of: &str) -> BTreeSet<&str> {
        let id = self
            .ours
            .get(of)
            .unwrap_or_else(|| panic!("{of} is in the workspace"));
        self.needs[id]
            .iter()
            .map(|id| self.names[id].as_str())
            .collect()
    }

    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let (mut seen, mut ahead) = (BTreeSet::new(), vec![&self.ours[from]]);
        while let Some(id) = ahead.pop() {
            for next in &self.needs[id] {
                if seen.insert(self.names[next].as_str()) {
                    ahead.push(next);
                }
            }
        }
        seen
    }
}

fn needs(node: &Node) -> Vec<PackageId> {
    let for_tests_only = |kinds: &[cargo_metadata::DepKindInfo]| {
        !kinds.is_empty()
            && kinds
                .iter()
                .all(|kind| kind.kind == DependencyKind::Development)
    };
    let needed = node
        .deps
        .iter()
        .filter(|dependency| !for_tests_only(&dependency.dep_kinds));
    needed.map(|dependency| dependency.pkg.clone()).collect()
}

#[test]
fn crates_depend_on_each_other_along_the_arrows_only() {
    let graph = Graph::of(&workspace());
    let free = ["examples", "benches"];
    for name in graph.ours.keys() {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
            assert!(
                free.iter().any(|free| name.contains(free)),
                "{name} has no place in the arrows"
            );
            continue;
        };
        for other in graph
            .direct(name)
            .into_iter()
            .filter(|other| graph.ours.contains_key(*other))
        {
            assert!(
                allowed.contains(&other),
                "{name} must not depend on {other}"
            );
        }
    }
    for (name, _) in ARROWS {
        assert!(graph.ours.contains_key(name), "{name} is gone");
    }
}

#[test]
fn the_domain_reaches_no_network_no_storage_and_no_framework() {
    let graph = Graph::of(&workspace());
    let reached = graph.reachable("voip-core");
    for foreign in FOREIGN_TO_CORE {
        assert!(!reached.contains(foreign), "voip-core reaches {foreign}");
    }
    // The rule looks at the right crates: those that do reach them.
    assert!(graph.reachable("voip-server").contains("hyper"));
    assert!(graph.reachable("voip-store").contains("rusqlite"));
}

/// The sources of our library crates, by path from the root, without tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for (name, _) in ARROWS {
        collect(&root.join(name).join("src"), &mut found);
    }
    let relative = |path: &PathBuf| {
        path.strip_prefix(&root)
            .expect("below the root")
            .to_string_lossy()
            .into_owned()
    };
    found
        .iter()
        .map(|path| (relative(path), code(path)))
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A file without its comments and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source");
    let (code, _tests) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
    let lines = code
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

/// Where `words` occur as code, outside of the places that may say them.
fn elsewhere(words: &[&str], allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, code) in sources() {
        for word in words.iter().filter(|word| code.contains(**word)) {
            if !allowed(&path) {
                found.push(format!("{path}: {word}"));
            }
        }
    }
    found
}

#[test]
fn only_one_place_names_every_adapter() {
    let adapters = [
        "SqliteStore",
        "PostgresStore",
        "MySqlStore",
        "MemoryStore",
        "MemoryBus",
        "RedisBus",
        "RedisCache",
        "TwilioTelephony",
        "TwilioWebhooks",
        "HttpTransport",
        "FcmSender",
        "ApnsSender",
        "Simulator::start",
    ];
    let home = "voip-server/src/compose"; // The file and its folder.
    let own_rooms = |path: &str| {
        ["voip-store/", "voip-twilio/", "voip-push/", "voip-sim/"]
            .iter()
            .any(|room| path.starts_with(room))
    };
    assert_eq!(
        elsewhere(&adapters, |path| path.starts_with(home) || own_rooms(path)),
        [""; 0]
    );
    let all = sources();
    let compose: String = all
        .iter()
        .filter(|(path, _)| path.starts_with(home))
        .map(|(_, text)| text.as_str())
        .collect();
    for adapter in adapters {
        assert!(compose.contains(adapter), "{adapter} is not composed");
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let words = [
        "env::var",
        "env::vars",
        "env::set_var",
        "dotenvy",
        "option_env!",
    ];
    let homes = [
        "voip-server/src/config/",
        // Which servers there are to test with.
        "voip-testkit/src/servers/",
        // Whether there is a browser to test with.
        "voip-testkit/src/browser.rs",
        "voip-store/src/row/many.rs",
    ];
    let at_home = |path: &str| homes.iter().any(|home| path.starts_with(home));
    assert_eq!(elsewhere(&words, at_home), [""; 0]);
    assert!(
        elsewhere(&words, |_| false)
            .iter()
            .any(|found| found.contains("env::vars"))
    );
}

#[test]
fn only_the_clock_reads_the_wall_clock() {
    let words = [
        "SystemTime::now",
        "OffsetDateTime::now",
        "UtcDateTime::now",
        "Utc::now",
        "Local::now",
    ];
    // The simulator stands for an outside party, which has a clock of its own.
    let homes = [
        "voip-core/src/ports/clock.rs",
        "voip-sim/src/shell/clock.rs",
    ];
    assert_eq!(elsewhere(&words, |path| homes.contains(&path)), [""; 0]);
    let found = elsewhere(&words, |_| false);
    for home in homes {
        assert!(
            found.iter().any(|found| found.starts_with(home)),
            "{home} reads no clock"
        );
    }
}
