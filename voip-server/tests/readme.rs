//! README's first call, typed as printed.

mod process;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use process::{Machine, free_port};

const SECTION: &str = "## A first call in a minute";

/// A command of the page, and what the page says it prints.
struct Example {
    command: String,
    output: String,
}

#[tokio::test]
async fn the_first_call_works_exactly_as_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("README.md")).expect("README.md at the root");
    let examples = examples(&page);
    assert!(
        !examples.is_empty(),
        "README.md has no ```console block under “{SECTION}”"
    );

    // `scripts/test` sees to it that curl is there; Rust alone does not.
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("curl is not installed, so README's commands were not run");
        return;
    }

    let (sockets, simulator) = (free_port(), free_port());
    let machine = Machine::bare()
        .set("WS_PORT", &sockets.to_string())
        .set("SIM_PORT", &simulator.to_string());
    let _process = machine.start().await;
    let ports = [(8080, machine.port()), (8081, sockets), (8082, simulator)];
    for example in examples {
        let Example { command, output } = example;
        // The page's ports may be in use here.
        let ours = ports
            .iter()
            .fold(command.clone(), |command, (printed, port)| {
                command.replace(&format!(":{printed}"), &format!(":{port}"))
            });
        let (status, printed, errors) = type_in(&root, ours).await;
        assert!(status, "this fails: {command}\n{printed}{errors}");
        assert!(
            matches(output.trim_end(), printed.trim_end()),
            "{command}\nprints, by the page:\n{output}\nbut really:\n{printed}\n{errors}"
        );
    }
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    assert!(matches("same", "same") && matches("…", "") && matches("a…", "a\nb"));
    assert!(matches("{\"a\":\"…\",\"b\":…}", "{\"a\":\"1\",\"b\":null}"));
    for (pattern, text) in [
        ("same", "other"),
        ("a…b", "a"),
        ("a…", "ba"),
        ("…b", "bc"),
        ("ab…b", "ab"),
    ] {
        assert!(!matches(pattern, text), "{pattern} and {text}");
    }
}

/// The examples of the section, in order. What is marked `console ignore` is
/// for people to try.
fn examples(page: &str) -> Vec<Example> {
    let section = page.split_once(SECTION).map_or("", |(_, rest)| rest);
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in section.lines() {
        match line.strip_prefix("```") {
            Some(info) => inside = !inside && info.trim() == "console",
            None if !inside => {}
            None => match (line.strip_prefix("$ "), examples.last_mut()) {
                (Some(command), _) => {
                    let (command, output) = (command.to_owned(), String::new());
                    examples.push(Example { command, output });
                }
                (None, Some(example)) => {
                    example.output.push_str(line);
                    example.output.push('\n');
                }
                (None, None) => panic!("output before any command: {line}"),
            },
        }
    }
    examples
}

/// Has a shell at the root of the repository run a command: whether it went
/// well, what it printed, and what it complained of.
async fn type_in(root: &Path, command: String) -> (bool, String, String) {
    let root: PathBuf = root.to_owned();
    let ran = tokio::task::spawn_blocking(move || {
        Command::new("sh")
            .args(["-c", &command])
            .current_dir(root)
            .output()
    });
    let output = ran.await.expect("no panic").expect("every Unix has sh");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Whether a text is as the pattern says, in which `…` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('…');
    // Splitting gives at least one piece.
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}
