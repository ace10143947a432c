//! The passwords that are tried first: words, keyboard runs and repetitions,
//! with the usual decorations around and inside them.

use std::{collections::HashSet, sync::LazyLock};

use crate::Email;

/// Words that make a password common, alone or twice in a row or with digits
/// and signs around them. Written as they are typed without decoration:
/// lower case, letters only; see [`plain`].
const WORDS: &str = "\
abc abcd abcdef admin administrator adrian airplane alejandra alexander alexandra alexis alicia \
amanda amazing america andrea andrew android angel angela angelina animal anthony apple april \
arsenal ashley asshole august austin australia awesome babygirl backup bailey banana barbara \
barcelona baseball basketball batman beautiful becky benjamin bigdaddy biscuit blessed blink \
bonnie brandon brandy brian brooklyn bubbles buddy buster butterfly california camaro canada \
caroline casper change changeme charles charlie cheese chelsea cherry chester chicken chocolate \
christian christina christine christmas christopher claudia clinton coffee compaq computer cookie \
cooper corvette cowboy cowboys daniel daniela danielle darling database david december default \
demo destiny dexter diamond dialer doctor dolphin donald dragon dreams eagles eduardo edward \
einstein elephant elizabeth eminem england enter estrella evergreen everton facebook falcon \
family fernando ferrari firebird fishing florida flower flowers football forever france frankie \
freedom friday friend friends gabriel gabriela garfield gateway george germany giants ginger \
godzilla goldfish google grandma greenday guest guitar hammer hannah happy harley harrypotter \
heather heaven hello hellokitty helpme hockey holiday homer honda honey house hunter iceman \
iloveu iloveyou india infinity internet isabella jackson jaguar january jasmine jason jasper \
jennifer jeremy jessica jessie jesus jesuschrist johnny jonathan jordan joseph joshua junior \
justin karina katherine kevin killer kimberly kitten knight ladybug lakers lasvegas lauren \
leonardo letmein liberty lincoln little liverpool login london lovelove lovely loveme \
lover loveyou lucky madison maggie manchester manuel margaret maria mariana marie marina marine \
marlboro martin master matrix matthew maverick mercedes merlin metallica mexico michael michelle \
mickey midnight miguel minecraft monday money monica monkey monster montana morgan mother \
mountain movie music mustang nathan natasha newpass newyork nicholas nicole nintendo nirvana \
nothing november october office oliver orange pakistan panther paradise parker pass passcode \
passphrase passw passwd password passwort patricia patrick peaches peanut pepper phoenix phone \
pineapple pokemon police porsche precious prince princess private pumpkin purple qazwsx qwer \
qwerty qwertz rachel rainbow ranger raymond rebecca redsox ricardo richard robert roberto \
rockstar root rosebud runner sabrina samantha samsung sandra santiago saturday scooby scooter \
scorpion sebastian secret security september server sesame shadow shannon sierra silver simple \
slipknot smokey snoopy snowball soccer softball sophie spiderman spring starwars stephanie \
steven summer sunday sunflower sunshine superman superstar support sweetheart sweetie sydney \
system tamara taylor teddybear telephone temp temporary test tester testing test tiffany tigger \
tiger tinkerbell tomcat trustno twilio twitter undefined united user valentina valentine \
vanessa veronica victor victoria viking vincent voip volcano vision warrior webmaster welcome \
whatever william windows winner winter wizard yankees yellow yourname youtube zxcvbn zxcvbnm";

/// Runs of keys and letters; a password that walks along them is no secret.
const RUNS: [&str; 12] = [
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()_+",
    "147258369159357123654789",
];

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());

/// Whether anybody who tries the usual things finds this password soon.
pub(super) fn is_guessable(password: &str, email: &Email) -> bool {
    let lower = password.to_lowercase();
    let lower = lower.trim();
    is_few_characters(lower)
        || is_repetition(lower)
        || is_along_runs(lower)
        || is_about(lower, email)
        || is_common_word(lower)
}

/// `aaaaaaaa`, `ababbaab`: one or two different characters.
fn is_few_characters(text: &str) -> bool {
    text.chars().collect::<HashSet<_>>().len() <= 2
}

/// `abcabcabc`, `hellohello!` is not: a short unit and nothing else, whole or
/// broken off at the end. Units of up to five characters are short.
fn is_repetition(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=5).any(|unit| {
        chars.len() >= 2 * unit
            && chars
                .iter()
                .zip(&chars[unit..])
                .all(|(one, next)| one == next)
    })
}

/// `1234qwer`, `9876543210`, `abcd1234`: nothing but pieces of at least four
/// keys along a run, in either direction.
fn is_along_runs(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let Some(piece) = longest_piece(rest) else {
            return false;
        };
        rest = &rest[piece..];
    }
    true
}

/// The bytes of the longest beginning of `text` that lies along a run.
fn longest_piece(text: &str) -> Option<usize> {
    const SHORTEST: usize = 4;
    let ends = text.char_indices().map(|(at, char)| at + char.len_utf8());
    let ends: Vec<usize> = ends.take(40).collect();
    let along = |piece: &str| {
        let back: String = piece.chars().rev().collect();
        RUNS.iter()
            .any(|run| run.contains(piece) || run.contains(&back))
    };
    let mut found = None;
    for end in ends.into_iter().skip(SHORTEST - 1) {
        match along(&text[..end]) {
            true => found = Some(end),
            false => break,
        }
    }
    found
}

/// The e-mail address, or what stands before its `@`, decorated or not.
fn is_about(text: &str, email: &Email) -> bool {
    let local = email.local();
    text == email.expose() || text == local || {
        let bare = bare(text);
        bare.chars().count() >= 4 && bare == self::bare(local)
    }
}

/// A common word, or two, in any of its usual disguises.
fn is_common_word(text: &str) -> bool {
    let is_common = |word: &str| COMMON.contains(word);
    let (read, inner) = (plain(text), plain(bare(text)));
    [bare(text), &read, bare(&read), &inner]
        .into_iter()
        .any(|word| {
            let halves = (1..word.len())
                .filter_map(|at| word.split_at_checked(at))
                .any(|(one, other)| is_common(one) && is_common(other));
            is_common(word) || halves
        })
}

/// Without the digits and signs before and after it.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphabetic())
}

/// With letters in the place of the digits and signs that stand for them, and
/// without blanks, dots, dashes and underscores in between.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !" ._-".contains(*c))
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            '8' => 'b',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessable(text: &str) -> bool {
        is_guessable(text, &"ann.lee@example.com".parse().unwrap())
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for text in [
            "password",
            "Password",
            "PASSWORD1",
            "password123",
            "P@ssw0rd",
            "p4$$w0rd!",
            "Passw0rd2026",
            "12345678",
            "123456789",
            "1234567890",
            "87654321",
            "qwertyuiop",
            "QWERTY123",
            "1q2w3e4r",
            "1q2w3e4r5t",
            "1qaz2wsx",
            "asdfghjkl",
            "abcd1234",
            "abcdefgh",
            "qwer1234",
            "11111111",
            "aaaaaaaa",
            "abababab",
            "abcabcabc",
            "12121212",
            "iloveyou",
            "ILoveYou!!",
            "sunshine",
            "princess1",
            "letmein1",
            "welcome123",
            "Welcome2026!",
            "football",
            "baseball99",
            "superman",
            "trustno1",
            "dragon123",
            "admin123",
            "adminadmin",
            "changeme",
            "Change-Me-1",
            "testtest",
            "test1234",
            "secret123",
            "summer2026",
            "Winter2025!",
            "monkey12",
            "passwordpassword",
        ] {
            assert!(guessable(text), "{text}");
        }
    }

    #[test]
    fn the_own_address_is_refused() {
        for text in [
            "ann.lee@example.com",
            "Ann.Lee@Example.com",
            "ann.lee1",
            "Ann.Lee2026",
            "!ann.lee!",
        ] {
            assert!(guessable(text), "{text}");
        }
    }

    #[test]
    fn what_takes_guessing_is_taken() {
        for text in [
            "correct horse battery staple",
            "tr0ub4dor&3x",
            "hunter2-hunter3-x",
            "Wq9vTz4K",
            "xK4é山9q😀",
            "my dog eats socks",
            "blauer Himmel im Mai",
            "пароль-мой-42",
            "a1b2c3d4e5zz",
            "dragonfly upon water",
        ] {
            assert!(!guessable(text), "{text}");
        }
    }

    #[test]
    fn every_word_of_the_list_is_refused_in_its_usual_disguises() {
        assert!(COMMON.len() > 400, "{}", COMMON.len());
        for word in COMMON.iter() {
            let upper = word.to_uppercase();
            let title: String = upper[..1].to_owned() + &word[1..];
            for text in [
                format!("{word}123"),
                format!("{title}2026!"),
                format!("{upper}!!!"),
                format!("{word}{word}"),
            ] {
                assert!(guessable(&text), "{text}");
            }
        }
    }
}
