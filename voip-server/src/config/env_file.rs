//! The `.env` file, read as the `dotenv` package of Node.js reads it: the files
//! that are brought along were written for that. No `$` is special, for
//! passwords have them.

use std::collections::BTreeMap;

/// The line, counted from 1, that is neither `NAME=value` nor a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadLine(pub(super) usize);

/// Reads the text of a file; of two lines with one name the later counts. Lines
/// that cannot be read are left out, and named.
pub(super) fn read(text: &str) -> (BTreeMap<String, String>, Vec<BadLine>) {
    let text = text.trim_start_matches('\u{feff}');
    let (mut values, mut bad) = (BTreeMap::new(), Vec::new());
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = match line.starts_with('#') {
            true => after,
            false => match named(rest) {
                Some((name, value)) => {
                    let (value, after) = read_value(value);
                    values.insert(name.to_owned(), value);
                    after
                }
                None => {
                    let lines_before = text[..text.len() - rest.len()].matches('\n').count();
                    bad.push(BadLine(lines_before + 1));
                    after
                }
            },
        }
        .trim_start();
    }
    (values, bad)
}

/// The name that a text begins with, and the text behind its `=`.
fn named(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end();
    let name = name.strip_prefix("export ").map_or(name, str::trim_start);
    let good = !name.is_empty() && name.chars().all(is_part_of_a_name);
    good.then_some((name, value))
}

/// The value that a text begins with, and the text behind its line.
fn read_value(text: &str) -> (String, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    if let Some(quote) = text.chars().next().filter(|first| "'\"`".contains(*first))
        && let Some((inner, after)) = quoted(&text[1..], quote)
        && let Some(after) = nothing_but_a_comment(after)
    {
        let value = match quote {
            '"' => inner.replace("\\n", "\n").replace("\\r", "\r"),
            _ => inner.to_owned(),
        };
        return (value, after);
    }
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let value = line.split_once('#').map_or(line, |(value, _comment)| value);
    (value.trim().to_owned(), after)
}

/// The text up to the closing quote, which may be lines away, and what follows.
fn quoted(text: &str, quote: char) -> Option<(&str, &str)> {
    let closes = |&(at, _): &(usize, &str)| !text[..at].ends_with('\\');
    let (at, _) = text.match_indices(quote).find(closes)?;
    Some((&text[..at], &text[at + 1..]))
}

/// What follows the line, if it has nothing more to say.
fn nothing_but_a_comment(text: &str) -> Option<&str> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let line = line.trim();
    (line.is_empty() || line.starts_with('#')).then_some(after)
}

fn is_part_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &str) -> String {
        let (mut values, bad) = read(text);
        assert_eq!(bad, []);
        values.remove("A").unwrap()
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        for (text, expected) in [
            ("A=", ""),
            ("A=\nB=1", ""),
            ("A=x#y", "x"),
            ("A='x", "'x"),
            ("A='x'y", "'x'y"),
            ("A=\"x\\\"y\"", "x\\\"y"),
            ("A='x\ny' # z\nB=1", "x\ny"),
            ("#\n\n  # x\n\tA=1", "1"),
            ("A=${B}$C", "${B}$C"),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn every_bad_line_is_named_and_hides_no_other() {
        for (text, lines, good) in [
            ("x", &[1][..], 0),
            ("A=1\nx\n", &[2], 1),
            ("A='1\n2'\n\nx", &[4], 1),
            ("=1", &[1], 0),
            ("A\nB=1", &[1], 1),
            ("a b=1\nA=1\n\n# c\n!\nB=2", &[1, 5], 2),
        ] {
            let (values, bad) = read(text);
            let bad: Vec<usize> = bad.iter().map(|BadLine(line)| *line).collect();
            assert_eq!((values.len(), &bad[..]), (good, lines), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,100}|[A-C='\"`#\\\\\\n \r$é]{0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn what_is_quoted_comes_back(inner in "[^'\\\\\\r]{0,40}") {
            prop_assert_eq!(value(&format!("A='{inner}'\nB=1")), inner);
        }
    }
}
